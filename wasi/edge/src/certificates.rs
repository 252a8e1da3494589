//! What `credentials.certs` give, as it is given: PEM. `tls.rs` checks it; without TLS there is nothing to check.

#[cfg(not(feature = "tls"))]
use mqtt_lib::engine::Error;

#[derive(Debug, Clone, Default)]
pub struct Certificates {
    pub ca: Option<Vec<u8>>,
    pub cert: Option<Vec<u8>>,
    pub key: Option<Vec<u8>>,
    pub servername: Option<String>,
    pub min_version: Option<String>,
    pub unverified: bool,
    /// For ALPN.
    pub protocol: Option<String>,
}

#[cfg(not(feature = "tls"))]
impl Certificates {
    pub fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}
