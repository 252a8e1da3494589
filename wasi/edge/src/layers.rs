//! What lies between the bytes of a TCP connection and those of MQTT: TLS, a WebSocket, both or neither.

use mqtt_lib::engine::{Code, Error};

use crate::certificates::Certificates;
use crate::layer::Layer;
#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::websocket::{Handshake, WebSocket, HTTP, NO_WEBSOCKET};

/// What `credentials` say that the engine does not read: of the transport, beside where it leads, and of the store.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub websocket: Handshake,
    pub certificates: Certificates,
    /// The folder of the store.
    pub store: Option<String>,
}

impl Settings {
    /// # Errors
    /// `INVALID_OPTION`, `CERTIFICATE_INVALID`.
    pub fn check(&self) -> Result<(), Error> {
        if !self.websocket.is_sound() {
            let text = "credentials.websocket: a header or a subprotocol has characters that HTTP does not allow there";
            return Err(Error::new(Code::InvalidOption, text));
        }
        self.certificates.check()
    }
}

/// Where a URL leads, and through what.
pub struct Target<'a> {
    pub host: &'a str,
    pub port: u16,
    layers: (bool, bool),
    authority: &'a str,
    path: &'a str,
}

impl<'a> Target<'a> {
    /// Of a URL as `endpoint::resolve` makes it.
    pub fn new(url: &'a str) -> Target<'a> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("mqtt", url));
        let cut = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(cut);
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "1883"));
        Target {
            host: host.trim_start_matches('[').trim_end_matches(']'),
            port: port.parse().unwrap_or(1883),
            layers: (matches!(scheme, "mqtts" | "wss"), matches!(scheme, "ws" | "wss")),
            authority,
            path: if path.is_empty() { "/" } else { path },
        }
    }

    /// Its layers, outermost first, for a connection that is to be made.
    ///
    /// # Errors
    /// Why they cannot be made.
    pub fn layers(&self, settings: &Settings) -> Result<Layers, String> {
        let mut layers = Layers::default();
        let (tls, websocket) = self.layers;
        #[cfg(feature = "tls")]
        if tls {
            let tls = Tls::new(self.host, &settings.certificates)?;
            layers.list.push(Box::new(tls));
        }
        #[cfg(not(feature = "tls"))]
        debug_assert!(!tls, "the engine's validator refuses it");
        if websocket {
            let (websocket, request) = WebSocket::new(self.authority, self.path, &settings.websocket);
            layers.list.push(Box::new(websocket));
            layers.waiting = request;
            layers.has_websocket = true;
        }
        Ok(layers)
    }
}

#[derive(Default)]
pub struct Layers {
    /// The outermost is the first.
    list: Vec<Box<dyn Layer>>,
    /// What the innermost sends as soon as the others are open.
    waiting: Vec<u8>,
    has_websocket: bool,
}

impl Layers {
    pub fn is_open(&self) -> bool {
        self.list.iter().all(|layer| layer.is_open())
    }

    pub fn is_plain(&self) -> bool {
        self.list.is_empty()
    }

    /// What an answer in HTTP, or a reset, says of the server.
    ///
    /// # Errors
    /// The first bytes of MQTT are none.
    pub fn check_first(&self, bytes: &[u8]) -> Result<(), String> {
        let Some(scheme) = ["ws", "wss"].get(self.list.len()) else {
            return Ok(());
        };
        match !self.has_websocket && bytes.starts_with(HTTP) {
            true => Err(format!("it answered with HTTP instead of MQTT: try {scheme}://")),
            false => Ok(()),
        }
    }

    /// Why the connection has ended, while the handshake of a WebSocket without TLS is not done.
    pub fn ended(&self, why: String) -> String {
        match self.has_websocket && self.list.len() == 1 && !self.is_open() && !why.is_empty() {
            true => format!("{NO_WEBSOCKET} ({why})"),
            false => why,
        }
    }

    pub fn end(&self) -> Option<&str> {
        self.list.iter().find_map(|layer| layer.end())
    }

    pub fn failure(&self) -> Option<Code> {
        self.list.iter().find_map(|layer| layer.failure())
    }

    /// The first bytes for the network.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        let mut nothing = Vec::new();
        if self.list.first().is_some_and(|layer| !layer.is_open()) {
            // A handshake begins by itself.
            let _ = self.list[0].receive(&[], &mut nothing, out);
        }
        self.begin_inner(out);
    }

    /// The handshake of the innermost, once the others are open.
    fn begin_inner(&mut self, out: &mut Vec<u8>) {
        let outer = self.list.len().saturating_sub(1);
        if !self.waiting.is_empty() && self.list[..outer].iter().all(|layer| layer.is_open()) {
            let waiting = std::mem::take(&mut self.waiting);
            self.send_from(outer, waiting, out);
        }
    }

    /// Bytes of the network: those of MQTT in them, and what is to be answered.
    ///
    /// # Errors
    /// Why the connection is of no use.
    pub fn receive(&mut self, bytes: Vec<u8>, reply: &mut Vec<u8>) -> Result<Vec<u8>, String> {
        let mut bytes = bytes;
        for at in 0..self.list.len() {
            let (mut inner, mut answer) = (Vec::new(), Vec::new());
            let result = self.list[at].receive(&bytes, &mut inner, &mut answer);
            if !answer.is_empty() {
                self.send_from(at, answer, reply);
            }
            result?;
            bytes = inner;
        }
        self.begin_inner(reply);
        Ok(bytes)
    }

    pub fn send(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.send_from(self.list.len(), bytes.to_vec(), out);
    }

    /// Through the layers outside of this place.
    fn send_from(&mut self, place: usize, bytes: Vec<u8>, out: &mut Vec<u8>) {
        let mut bytes = bytes;
        for layer in self.list[..place].iter_mut().rev() {
            let mut outer = Vec::new();
            layer.send(&bytes, &mut outer);
            bytes = outer;
        }
        out.append(&mut bytes);
    }

    /// The last bytes for the network.
    pub fn close(&mut self, out: &mut Vec<u8>) {
        for at in (0..self.list.len()).rev() {
            let mut last = Vec::new();
            self.list[at].close(&mut last);
            self.send_from(at, last, out);
        }
    }
}
