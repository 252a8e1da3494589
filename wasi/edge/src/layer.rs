//! What a layer of a connection can: TLS and a WebSocket are two; `layers.rs` puts them on each other.

use mqtt_lib::engine::Code;

/// A layer of the connection. Its bytes go outwards to the network, and inwards to MQTT.
pub trait Layer {
    /// Whether its handshake is done.
    fn is_open(&self) -> bool;

    /// Takes bytes of the network; what they hold, and what is to be answered.
    ///
    /// # Errors
    /// Why the connection is of no use.
    fn receive(&mut self, bytes: &[u8], inner: &mut Vec<u8>, reply: &mut Vec<u8>) -> Result<(), String>;

    /// Bytes for the network that carry these.
    fn send(&mut self, bytes: &[u8], out: &mut Vec<u8>);

    /// The last bytes.
    fn close(&mut self, out: &mut Vec<u8>);

    /// Whether the other side has ended it, and what it said; "" if that is nothing.
    fn end(&self) -> Option<&str>;

    /// The code of the error that `receive` has returned, where the transport has one of its own.
    fn failure(&self) -> Option<Code> {
        None
    }
}
