//! Why a command ends without having done its work: one sentence each, with options in place of keys of `credentials`.

use mqtt_lib_edge::{Code, Error};

use crate::table::VERBS;

pub enum Failure {
    /// The command line is wrong.
    Usage(String),
    /// The broker, the network or a file.
    Failed(String),
}

pub type Outcome<T> = Result<T, Failure>;

pub fn usage<T>(sentence: impl Into<String>) -> Outcome<T> {
    Err(Failure::Usage(sentence.into()))
}

pub fn failed<T>(sentence: impl Into<String>) -> Outcome<T> {
    Err(Failure::Failed(sentence.into()))
}

impl Failure {
    pub fn sentence(&self) -> &str {
        match self {
            Failure::Usage(sentence) | Failure::Failed(sentence) => sentence,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let sentence = with_options(&error.message);
        match error.code {
            Code::InvalidOption | Code::OutOfRange | Code::InvalidTopic | Code::InvalidPayload => {
                Failure::Usage(sentence)
            }
            code => Failure::Failed(format!("{} {sentence}", code.name())),
        }
    }
}

/// Names of the options in place of the keys that they set.
fn with_options(message: &str) -> String {
    let mut text = message.to_owned();
    for option in VERBS.iter().flat_map(|verb| verb.options) {
        if let Some(key) = option.key {
            // Of the options that set the server --host is the plainest.
            let name = if key == "mqttserver" { "host" } else { option.name };
            text = text.replace(&format!("credentials.{key} "), &format!("--{name} "));
        }
    }
    // Each of them makes one of the connection's keys.
    text.replace(
        "credentials.certs ",
        "an option of TLS (--cafile, --cert, --key, --insecure, --tls-alpn) ",
    )
}
