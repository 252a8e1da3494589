//! TLS as a layer: rustls, with cryptography in Rust alone, so that it compiles to WebAssembly. The CAs are those of Mozilla,
//! unless others are given.

use std::io::{Read, Write};
use std::sync::Arc;

use mqtt_lib::engine::{Code, Error};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName, SignatureVerificationAlgorithm, UnixTime,
};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore,
    SignatureScheme, SupportedProtocolVersion,
};
use webpki::EndEntityCert;

use crate::certificates::Certificates;
use crate::layer::Layer;

pub struct Tls {
    connection: ClientConnection,
    ended: bool,
    failure: Option<Code>,
}

impl Tls {
    pub fn new(host: &str, certificates: &Certificates) -> Result<Tls, String> {
        let name = certificates.servername.as_deref().unwrap_or(host);
        let server = server_name(name)?;
        let connection = ClientConnection::new(Arc::new(config(certificates)?), server)
            .map_err(|error| error.to_string())?;
        Ok(Tls {
            connection,
            ended: false,
            failure: None,
        })
    }

    /// Hands over what it has for the network.
    fn write(&mut self, out: &mut Vec<u8>) {
        while self.connection.wants_write() {
            // A vector takes everything.
            let _ = self.connection.write_tls(out);
        }
    }

    fn explain(&mut self, error: rustls::Error) -> String {
        match error {
            rustls::Error::InvalidCertificate(why) => {
                self.failure = Some(Code::ServerUntrusted);
                match why {
                    CertificateError::UnknownIssuer => {
                        "its certificate is of a CA that is not trusted; give its CA as certs.ca".to_owned()
                    }
                    CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                        "its certificate has expired".to_owned()
                    }
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                        "its certificate is for another host; connect by the name in it, or give certs.servername".to_owned()
                    }
                    why => format!("its certificate cannot be trusted: {why:?}"),
                }
            }
            rustls::Error::AlertReceived(alert) => {
                if is_of_certificates(alert) {
                    self.failure = Some(Code::CertificateRefused);
                }
                let advice = match alert {
                    AlertDescription::ProtocolVersion => {
                        "; it may know no TLS 1.2, or certs.min-version is above what it knows"
                    }
                    AlertDescription::NoApplicationProtocol => "; it does not know certs.iot-protocol-name",
                    _ if self.failure.is_some() => {
                        "; does it require certs.cert, and accept the one that was given?"
                    }
                    _ => "",
                };
                format!("it sent the TLS alert {alert:?}{advice}")
            }
            rustls::Error::InvalidMessage(_) => "it does not answer with TLS".to_owned(),
            error => error.to_string(),
        }
    }
}

fn is_of_certificates(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
            | AlertDescription::HandshakeFailure
    )
}

impl Layer for Tls {
    fn is_open(&self) -> bool {
        !self.connection.is_handshaking()
    }

    fn receive(&mut self, bytes: &[u8], inner: &mut Vec<u8>, reply: &mut Vec<u8>) -> Result<(), String> {
        let mut rest = bytes;
        while !rest.is_empty() && !self.ended {
            let taken = self
                .connection
                .read_tls(&mut rest)
                .map_err(|error| error.to_string())?;
            match self.connection.process_new_packets() {
                Ok(state) => {
                    self.ended = state.peer_has_closed();
                    let begin = inner.len();
                    inner.resize(begin + state.plaintext_bytes_to_read(), 0);
                    self.connection
                        .reader()
                        .read_exact(&mut inner[begin..])
                        .map_err(|error| error.to_string())?;
                }
                Err(error) => {
                    self.write(reply);
                    return Err(self.explain(error));
                }
            }
            if taken == 0 {
                break;
            }
        }
        self.write(reply);
        Ok(())
    }

    fn send(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        // In parts: what it keeps has a bound.
        for part in bytes.chunks(16 << 10) {
            let _ = self.connection.writer().write_all(part);
            self.write(out);
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.connection.send_close_notify();
        self.write(out);
    }

    fn end(&self) -> Option<&str> {
        self.ended.then_some("")
    }

    fn failure(&self) -> Option<Code> {
        self.failure
    }
}

impl Certificates {
    /// # Errors
    /// `CERTIFICATE_INVALID` for what TLS cannot use.
    pub fn check(&self) -> Result<(), Error> {
        config(self)
            .and_then(|_| self.check_names_and_key())
            .map_err(|why| Error::new(Code::CertificateInvalid, &why))
    }

    fn check_names_and_key(&self) -> Result<(), String> {
        if let Some(name) = &self.servername {
            server_name(name).map_err(|why| format!("certs.servername: {why}"))?;
        }
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) if is_of_another(cert, key).unwrap_or(false) => {
                Err("certs.key is not the key of certs.cert; give the two that belong together".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Whether what a key signs is not what a certificate confirms; none if that cannot be tried.
fn is_of_another(cert: &[u8], key: &[u8]) -> Option<bool> {
    const MESSAGE: &[u8] = b"whose key is it?";
    let provider = rustls_rustcrypto::provider();
    let algorithms = provider.signature_verification_algorithms;
    let cert = certificates("certs.cert", cert).ok()?.into_iter().next()?;
    let key = PrivateKeyDer::from_pem_slice(key).ok()?;
    let key = provider.key_provider.load_private_key(key).ok()?;
    let signer = key.choose_scheme(&algorithms.supported_schemes())?;
    let (_, verifiers) = algorithms
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == signer.scheme())?;
    let signed = signer.sign(MESSAGE).ok()?;
    let cert = EndEntityCert::try_from(&cert).ok()?;
    let confirms =
        |with: &&dyn SignatureVerificationAlgorithm| cert.verify_signature(*with, MESSAGE, &signed).is_ok();
    Some(!verifiers.iter().any(confirms))
}

fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("\"{name}\" is no name that a certificate can have"))
}

/// # Errors
/// What cannot be used, by the name of its option.
fn config(given: &Certificates) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls_rustcrypto::provider());
    let versions: &[&SupportedProtocolVersion] = match given.min_version.as_deref() {
        None | Some("TLSv1.2") => rustls::DEFAULT_VERSIONS,
        Some("TLSv1.3") => &[&rustls::version::TLS13],
        Some(other) => {
            return Err(format!(
                "certs.min-version must be TLSv1.2 or TLSv1.3; \"{other}\" was given"
            ))
        }
    };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(|error| error.to_string())?;
    let roots = Arc::new(roots(given)?);
    let verifier: Arc<dyn ServerCertVerifier> = match given.unverified {
        true => Arc::new(Anybody(provider.clone())),
        false => WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|error| format!("certs.ca cannot be used: {error}"))?,
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match (&given.cert, &given.key) {
        (Some(cert), Some(key)) => {
            let chain = certificates("certs.cert", cert)?;
            let key = PrivateKeyDer::from_pem_slice(key)
                .map_err(|_| "certs.key has no private key in PEM that is not encrypted".to_owned())?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("certs.cert and certs.key cannot be used: {error}"))?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => return Err("certs.cert and certs.key need each other; give both".to_owned()),
    };
    if let Some(name) = &given.protocol {
        if name.is_empty() || name.len() > 255 {
            return Err("certs.iot-protocol-name must have 1 to 255 bytes".to_owned());
        }
        config.alpn_protocols = vec![name.clone().into_bytes()];
    }
    Ok(config)
}

fn certificates(name: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let list: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let list = list.map_err(|error| format!("{name} is no PEM: {error:?}"))?;
    match list.is_empty() {
        true => Err(format!("{name} has no certificate in PEM")),
        false => Ok(list),
    }
}

fn roots(given: &Certificates) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match &given.ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in certificates("certs.ca", pem)? {
                roots
                    .add(certificate)
                    .map_err(|error| format!("certs.ca cannot be used: {error}"))?;
            }
        }
    }
    Ok(roots)
}

/// Accepts any certificate, and checks signatures all the same: whoever answers has the key of the one that it showed.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
