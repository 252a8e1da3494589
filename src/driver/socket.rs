//! One transport: a `WebSocket`, or an object that behaves like one (Node's sockets are dressed so
//! by js/node). Turns its events into calls of the client, each with the connection's generation.

use std::rc::Weak;

use js_sys::{ArrayBuffer, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::{host, Client};
use crate::engine::Generation;

/// Handlers live as long as the socket is ours.
type Handler = Closure<dyn FnMut(JsValue)>;

pub struct Socket {
    socket: WebSocket,
    pub generation: Generation,
    _handlers: [Handler; 5],
}

/// Above this `bufferedAmount` messages wait in the engine, where they are bounded.
const HIGH_MARK: u32 = 4 << 20;

impl Socket {
    /// `connect` is the hook that makes a socket for a URL; without it the host's `WebSocket`.
    /// What `credentials` say of certificates and headers is for the hook alone.
    pub fn open(
        url: &str,
        connect: Option<&Function>,
        credentials: &JsValue,
        generation: Generation,
        client: &Weak<Client>,
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

        let on = |work: fn(&Client, Generation, JsValue)| -> Handler {
            let client = client.clone();
            Closure::wrap(Box::new(move |event: JsValue| {
                if let Some(client) = client.upgrade() {
                    work(&client, generation, event);
                }
            }))
        };
        let handlers = [
            on(|client, generation, _| client.on_open(generation)),
            on(|client, generation, event| client.on_data(generation, &data(event))),
            on(|client, generation, event| {
                let kind = host::get(&event, "kind").as_f64();
                client.on_failure(generation, reason(&event, "message"), kind);
            }),
            on(|client, generation, event| client.on_close(generation, reason(&event, "reason"))),
            on(|client, _, _| client.on_drain()),
        ];
        let [open, message, error, close, drain] = &handlers;
        let function = |handler: &Handler| Some(handler.as_ref().unchecked_ref::<Function>().clone());
        socket.set_onopen(function(open).as_ref());
        socket.set_onmessage(function(message).as_ref());
        socket.set_onerror(function(error).as_ref());
        socket.set_onclose(function(close).as_ref());
        super::errors::set(&socket, "ondrain", drain.as_ref());
        Ok(Socket {
            socket,
            generation,
            _handlers: handlers,
        })
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

    /// Hears nothing more.
    pub fn abandon(&self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onerror(None);
        self.socket.set_onclose(None);
        super::errors::set(&self.socket, "ondrain", &JsValue::NULL);
    }
}

/// The registered WebSocket subprotocol [MQTT-6.0.0-3].
const SUBPROTOCOL: &str = "mqtt";

/// The bytes of a message event; none for a text frame.
fn data(event: JsValue) -> Option<Uint8Array> {
    let data = event.unchecked_into::<MessageEvent>().data();
    if data.is_string() {
        return None;
    }
    // Not by its class: under jsdom the socket's bytes are of another realm than the page's classes.
    match ArrayBuffer::is_view(&data) {
        true => Some(data.unchecked_into()),
        false => Some(Uint8Array::new(&data)),
    }
}

/// Why, in the socket's own words; browsers say nothing.
fn reason(event: &JsValue, key: &str) -> String {
    host::get(event, key).as_string().unwrap_or_default()
}
