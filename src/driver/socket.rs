//! One transport: a `WebSocket`, or an object that behaves like one (Node's sockets are dressed so
//! by js/node). What it tells goes to `Client::hear`, as long as it is the socket in use.

use js_sys::{ArrayBuffer, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, WebSocket};

use super::host;
use crate::engine::Generation;

pub struct Socket {
    socket: WebSocket,
    pub generation: Generation,
}

/// Above this `bufferedAmount` messages wait in the engine, where they are bounded.
const HIGH_MARK: u32 = 4 << 20;

impl Socket {
    /// `connect` is the hook that makes a socket for a URL; without it the host's `WebSocket`.
    /// What `credentials` say of certificates and headers is for the hook alone. `ears` are told everything.
    pub fn open(
        url: &str,
        connect: Option<&Function>,
        credentials: &JsValue,
        generation: Generation,
        ears: &Function,
    ) -> Result<Socket, JsValue> {
        let mut protocols = host::get(&host::get(credentials, "websocket"), "protocols");
        if !protocols.is_truthy() {
            protocols = SUBPROTOCOL.into();
        }
        let socket: WebSocket = match connect {
            Some(connect) => connect
                .call3(&JsValue::UNDEFINED, &url.into(), &protocols, credentials)?
                .unchecked_into(),
            None => WebSocket::new_with_str_sequence(url, &protocols)?,
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let socket = Socket { socket, generation };
        socket.tell(Some(ears));
        Ok(socket)
    }

    fn tell(&self, ears: Option<&Function>) {
        self.socket.set_onopen(ears);
        self.socket.set_onmessage(ears);
        self.socket.set_onerror(ears);
        self.socket.set_onclose(ears);
        let drain = ears.map_or(JsValue::NULL, JsValue::from);
        super::host::set(&self.socket, "ondrain", &drain);
    }

    pub fn as_js(&self) -> &JsValue {
        &self.socket
    }

    /// The bytes are a view of wasm memory: the socket copies what it does not send at once.
    pub fn send(&self, bytes: &[u8]) {
        // Fails only on a socket that is not open, whose onclose tells more.
        let _ = self.socket.send_with_u8_array(bytes);
    }

    /// With so many bytes more that are to come.
    pub fn has_enough(&self, more: usize) -> bool {
        self.socket.buffered_amount() as usize + more > HIGH_MARK as usize
    }

    pub fn close(&self) {
        let _ = self.socket.close();
    }

    /// What it says from here on goes nowhere.
    pub fn abandon(&self) {
        self.tell(None);
    }
}

/// The registered WebSocket subprotocol [MQTT-6.0.0-3].
const SUBPROTOCOL: &str = "mqtt";

/// The bytes of a message; none if it is text.
pub fn bytes(data: JsValue) -> Option<Uint8Array> {
    if data.is_string() {
        return None;
    }
    // Not by its class: under jsdom the socket's bytes are of another realm than the page's classes.
    match ArrayBuffer::is_view(&data) {
        true => Some(data.unchecked_into()),
        false => Some(Uint8Array::new(&data)),
    }
}
