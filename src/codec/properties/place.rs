//! Where a list of properties appears: a packet and its direction, because the two directions of a packet may differ.

/// A packet with a list of properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    /// CONNECT.
    Connect,
    /// CONNACK.
    ConnAck,
    /// PUBLISH to a server: without subscription identifiers [MQTT-3.3.4-6].
    Publish,
    /// PUBLISH from a server.
    ReceivedPublish,
    /// The will, in CONNECT.
    Will,
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.
    Ack,
    /// SUBSCRIBE.
    Subscribe,
    /// UNSUBSCRIBE.
    Unsubscribe,
    /// DISCONNECT to a server.
    Disconnect,
    /// DISCONNECT from a server: without Session Expiry Interval [MQTT-3.14.2-2].
    ReceivedDisconnect,
    /// AUTH.
    Auth,
    /// The user's answer to an AUTH, to which the engine adds the authentication method.
    AuthAnswer,
}

impl Place {
    /// Every place.
    pub const ALL: [Place; 12] = [
        Place::Connect,
        Place::ConnAck,
        Place::Publish,
        Place::ReceivedPublish,
        Place::Will,
        Place::Ack,
        Place::Subscribe,
        Place::Unsubscribe,
        Place::Disconnect,
        Place::ReceivedDisconnect,
        Place::Auth,
        Place::AuthAnswer,
    ];
}
