//! Errors: a code that programs compare, and a sentence that tells a person what was given, what is allowed and what to
//! do. The codes, `error/codes.rs`, are generated from schema/errors.json. Owns no policy.

mod codes;

use super::format::{count, format};
use crate::codec::properties::{self, Property};
use crate::codec::ReasonCode;

pub use codes::Code;

/// Which JavaScript class carries the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `MqttError`.
    Mqtt,
    /// `TypeError`.
    Type,
    /// `RangeError`.
    Range,
}

impl Code {
    /// The code that a transport gives its failure, by its number in js/node.
    pub fn of_transport(number: f64) -> Option<Code> {
        match number as u8 {
            1 => Some(Code::CertificateInvalid),
            2 => Some(Code::CertificateRefused),
            3 => Some(Code::ServerUntrusted),
            _ => None,
        }
    }
}

/// Boxed, so that a `Result` is one word, and every function that returns one is smaller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Details>);

/// The content of an [`Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What programs compare.
    pub code: Code,
    /// The return or reason code, where the broker sent one.
    pub reason: Option<ReasonCode>,
    /// Properties that came with it, encoded; MQTT 5.
    pub properties: Vec<u8>,
    /// What happened, and what to do.
    pub message: String,
}

impl std::ops::Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl std::ops::DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl Error {
    /// With a sentence as it is.
    #[inline(never)]
    pub fn new(code: Code, message: &str) -> Self {
        Error::made(code, message.to_owned())
    }

    fn made(code: Code, message: String) -> Self {
        Error(Box::new(Details {
            code,
            reason: None,
            properties: Vec::new(),
            // In the package the JavaScript that makes an error of it does this, in fewer bytes.
            message: match cfg!(feature = "package") {
                true => message,
                false => printable(&message),
            },
        }))
    }

    /// With each `%` in `template` replaced by the next of `args`; smaller in wasm than `format!`.
    #[inline(never)]
    pub fn format(code: Code, template: &str, args: &[&str]) -> Self {
        Error::made(code, format(template, args))
    }

    /// With the reason code that belongs to it.
    pub fn with_reason(mut self, reason: ReasonCode) -> Self {
        self.reason = Some(reason);
        self
    }

    /// A refusal of the broker, or the end of a connection: with the name of its reason code (§2.4), and in the broker's
    /// words where it has any.
    #[inline(never)]
    pub fn because(code: Code, what: &str, reason: ReasonCode, properties: &[u8]) -> Self {
        let text = excerpt(properties::string(properties, Property::ReasonString).unwrap_or_default());
        let colon = if text.is_empty() { "" } else { ": " };
        let reference = properties::string(properties, Property::ServerReference);
        let named = match reference {
            Some(_) => "; it names another server: ",
            None => "",
        };
        let number = count(reason.0.into());
        let reference = excerpt(reference.unwrap_or_default());
        let mut error = Error::format(
            code,
            "%, reason code % (%)%%%%",
            &[what, &number, reason.name(), colon, &text, named, &reference],
        )
        .with_reason(reason);
        error.properties = properties.to_vec();
        error
    }

    /// CONNACK reason codes of MQTT 5 (§3.2.2.2).
    pub fn refusal_because(reason: ReasonCode, properties: &[u8]) -> Self {
        let (code, what) = match reason {
            ReasonCode::UNSUPPORTED_PROTOCOL_VERSION => (
                Code::NotSupported,
                "the broker does not speak MQTT 5; set mqttversion to 4 or \"auto\"",
            ),
            ReasonCode::BAD_USER_NAME_OR_PASSWORD
            | ReasonCode::NOT_AUTHORIZED
            | ReasonCode::BANNED
            | ReasonCode::BAD_AUTHENTICATION_METHOD => (
                Code::NotAuthorized,
                "the broker does not authorise this client; check mqttusername, mqttpassword and the broker's access rules",
            ),
            _ => (Code::ConnectionRefused, "the broker refused the connection"),
        };
        Error::because(code, what, reason, properties)
    }

    /// CONNACK return codes of 3.1.1 (§3.2.2.3).
    pub fn refusal(code: ReasonCode) -> Self {
        let (kind, text) = match code.0 {
            1 => (
                Code::ConnectionRefused,
                "the broker does not speak MQTT 3.1.1 (CONNACK 1); use a broker that does",
            ),
            2 => (
                Code::ConnectionRefused,
                "the broker does not allow this client id (CONNACK 2); set another mqttclientid",
            ),
            3 => (
                Code::ConnectionRefused,
                "the broker is not available (CONNACK 3); it will be tried again",
            ),
            4 => (
                Code::NotAuthorized,
                "the broker does not accept the user name or password (CONNACK 4); check mqttusername and mqttpassword",
            ),
            _ => (
                Code::NotAuthorized,
                "the broker does not authorise this client (CONNACK 5); check mqttusername, mqttpassword and the broker's access rules",
            ),
        };
        Error::new(kind, text).with_reason(code)
    }

    /// `stop` ended the operation.
    pub fn stopped() -> Self {
        Error::new(
            Code::Stopped,
            "the client was stopped before this could be done; call start() and repeat it",
        )
    }
}

/// With characters that a terminal or a log would obey as `\u001b`: control characters, line ends, directions of text.
fn printable(text: &str) -> String {
    let mut all = String::new();
    for c in text.chars() {
        let obeyed = c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if obeyed {
            all.push_str("\\u");
            for shift in [12, 8, 4, 0] {
                all.push(HEX[(c as usize >> shift) & 15] as char);
            }
        } else {
            all.push(c);
        }
    }
    all
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The first 60 characters of what a user gave, so that an error can show it.
pub fn excerpt(text: &str) -> String {
    let mut short = String::new();
    for (number, c) in text.chars().enumerate() {
        if number == 60 {
            short.push('…');
            break;
        }
        short.push(c);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let error = Error::format(
            Code::Callback,
            "% é",
            &["\u{1b}[31m\n\u{9b}\u{202e}\u{2066}\u{7f}"],
        );
        assert_eq!(error.message, "\\u001b[31m\\u000a\\u009b\\u202e\\u2066\\u007f é");
        assert_eq!(Error::new(Code::Callback, "a \u{0} b").message, "a \\u0000 b");
    }
}
