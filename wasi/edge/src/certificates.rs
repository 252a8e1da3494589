//! What `credentials.certs` give, as it is given: PEM. Without TLS there is nothing to check.

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

#[cfg(feature = "tls")]
impl Certificates {
    /// # Errors
    /// `CERTIFICATE_INVALID` for what TLS cannot use.
    pub fn check(&self) -> Result<(), Error> {
        crate::tls::config(self)
            .map(drop)
            .map_err(|why| Error::new(mqtt_lib::engine::Code::CertificateInvalid, &why))
    }
}
