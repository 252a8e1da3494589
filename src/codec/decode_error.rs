//! Why received bytes break the specification. Never says what to do about it: that is the engine's matter.

use super::reason_code::ReasonCode;
use std::fmt;
use std::ops::Deref;

/// Bytes that break the specification. A reference to a constant: one word for every function that returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError(&'static Description);

/// What a [`DecodeError`] says.
#[derive(Debug, PartialEq, Eq)]
pub struct Description {
    /// What the DISCONNECT of MQTT 5 carries (§4.13).
    pub reason: ReasonCode,
    /// Which rule was broken, in one sentence.
    pub sentence: &'static str,
}

impl DecodeError {
    /// Use the macros: they make the constant.
    pub(crate) const fn new(description: &'static Description) -> Self {
        DecodeError(description)
    }
}

impl Deref for DecodeError {
    type Target = Description;

    fn deref(&self) -> &Description {
        self.0
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence)
    }
}

impl std::error::Error for DecodeError {}

/// A [`DecodeError`] with this reason code and sentence.
macro_rules! decode_error {
    ($reason:expr, $sentence:expr $(,)?) => {
        const {
            $crate::codec::DecodeError::new(&$crate::codec::Description {
                reason: $reason,
                sentence: $sentence,
            })
        }
    };
}

/// The packet cannot be read according to the specification.
macro_rules! malformed {
    ($sentence:expr $(,)?) => {
        $crate::codec::decode_error!($crate::codec::ReasonCode::MALFORMED_PACKET, $sentence)
    };
}

/// The packet can be read, and is not allowed.
macro_rules! protocol_error {
    ($sentence:expr $(,)?) => {
        $crate::codec::decode_error!($crate::codec::ReasonCode::PROTOCOL_ERROR, $sentence)
    };
}

pub(crate) use {decode_error, malformed, protocol_error};
