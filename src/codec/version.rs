//! The version of the protocol that a connection speaks. Never decides which one.

/// MQTT 3.1.1 or 5.0; the number is the Protocol Level that CONNECT carries (§3.1.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1.
    V4 = 4,
    /// MQTT 5.0.
    V5 = 5,
}
