//! What a host is asked while a call is running: credentials before each attempt to connect, and the answers of an
//! enhanced authentication. Without a host the credentials are those of the constructor, and AUTH is an event.

use mqtt_lib::engine::{Config, Error};

pub trait Host {
    /// Credentials for an attempt; `last` says why the one before failed.
    ///
    /// # Errors
    /// The attempt fails with it.
    fn credentials(&mut self, attempt: u32, last: Option<&Error>) -> Result<Config, Error>;

    /// Properties of the AUTH that answers this one, encoded.
    ///
    /// # Errors
    /// It is reported, and nothing is answered.
    fn answer_auth(&mut self, reason: u8, properties: &[u8]) -> Result<Vec<u8>, Error>;
}
