//! How long a call may take: the `timeout` among its options. What began is not undone here.

use mqtt_lib::engine::{Code, Error, Millis};

use crate::clock;

/// From when a call began.
#[derive(Clone, Copy)]
pub struct Limit {
    until: Option<Millis>,
    seconds: f64,
}

impl Limit {
    pub const NONE: Limit = Limit {
        until: None,
        seconds: 0.0,
    };

    /// # Errors
    /// `OUT_OF_RANGE`.
    pub fn new(timeout: Option<f64>) -> Result<Limit, Error> {
        let Some(seconds) = timeout else {
            return Ok(Limit::NONE);
        };
        if seconds > 0.0 && seconds <= crate::MOST_SECONDS {
            return Ok(Limit::within(seconds));
        }
        Err(Error::new(
            Code::OutOfRange,
            &format!("timeout must be a number of seconds above 0, at most 2147483; {seconds} was given"),
        ))
    }

    fn within(seconds: f64) -> Limit {
        Limit {
            until: Some(clock::now().saturating_add((seconds * 1000.0).ceil() as Millis)),
            seconds,
        }
    }

    /// Another limit from now on, unless this one is sooner.
    pub fn sooner(self, seconds: f64) -> Limit {
        let other = Limit::within(seconds);
        match self.until {
            Some(until) if other.until.is_some_and(|other| until < other) => self,
            _ => other,
        }
    }

    pub fn until(self) -> Option<Millis> {
        self.until
    }

    /// The time so many milliseconds from now, unless this limit is sooner.
    pub fn at_most(self, millis: Millis) -> Millis {
        let then = clock::now().saturating_add(millis);
        self.until.map_or(then, |until| until.min(then))
    }

    /// # Errors
    /// `TIMEOUT` once it has passed.
    pub fn check(self) -> Result<(), Error> {
        match self.until {
            Some(until) if clock::now() >= until => {
                Err(self.error(&format!("it took longer than timeout, {} s", self.seconds)))
            }
            _ => Ok(()),
        }
    }

    pub fn error(self, sentence: &str) -> Error {
        Error::new(Code::Timeout, sentence)
    }

    pub fn is_timeout(error: &Error) -> bool {
        error.code == Code::Timeout
    }
}
