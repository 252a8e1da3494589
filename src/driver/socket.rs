//! One transport: a `WebSocket`, or an object with its interface (js/node gives Node's sockets one). Its events go to
//! `Client::on_event`, as long as it is the socket in use.

use js_sys::{ArrayBuffer, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::platform;
use crate::engine::Generation;

pub struct Socket {
    socket: WebSocket,
    pub generation: Generation,
    /// A packet may lie in several WebSocket messages [MQTT-6.0.0-3], and some servers take no large ones.
    piece: usize,
}

/// The longest WebSocket message that is sent.
const PIECE: usize = 64 << 10;

/// Above this `bufferedAmount` messages wait in the engine, where they are bounded.
const HIGH_MARK: u32 = 4 << 20;

impl Socket {
    /// `connect` is the hook that makes a socket for a URL; without it the platform's `WebSocket` is used. Certificates
    /// and headers of `credentials` are for the hook alone. `listener` gets every event.
    pub fn open(
        url: &str,
        connect: Option<&Function>,
        credentials: &JsValue,
        generation: Generation,
        listener: &Function,
    ) -> Result<Socket, JsValue> {
        let mut protocols = platform::get(&platform::get(credentials, "websocket"), "protocols");
        if !protocols.is_truthy() {
            protocols = SUBPROTOCOL.into();
        }
        let socket: WebSocket = match connect {
            Some(connect) => {
                let arguments = [&url.into(), &protocols, credentials];
                platform::call(connect, &JsValue::UNDEFINED, &arguments)?.unchecked_into()
            }
            None => WebSocket::new_with_str_sequence(url, &protocols)?,
        };
        platform::set(&socket, "binaryType", &"arraybuffer".into());
        let piece = if url.starts_with("ws") { PIECE } else { usize::MAX };
        let socket = Socket {
            socket,
            generation,
            piece,
        };
        socket.set_listener(Some(listener));
        Ok(socket)
    }

    fn set_listener(&self, listener: Option<&Function>) {
        let listener = listener.map_or(JsValue::NULL, JsValue::from);
        for event in ["onopen", "onmessage", "onerror", "onclose", "ondrain"] {
            platform::set(&self.socket, event, &listener);
        }
    }

    pub fn as_js(&self) -> &JsValue {
        &self.socket
    }

    /// The bytes are a view of wasm memory: the socket copies those that it does not send at once.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn send(&self, bytes: &[u8]) {
        for piece in bytes.chunks(self.piece) {
            // Fails only on a socket that is not open, whose close event says why.
            let _ = self.socket.send_with_u8_array(piece);
        }
    }

    /// Whether it has enough, with so many bytes more that are held back.
    pub fn has_enough(&self, more: usize) -> bool {
        self.socket.buffered_amount() as usize + more > HIGH_MARK as usize
    }

    pub fn close(&self) {
        let _ = self.socket.close();
    }

    /// Its events are ignored from here on.
    pub fn abandon(&self) {
        self.set_listener(None);
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
