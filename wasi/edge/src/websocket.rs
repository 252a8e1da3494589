//! The client's side of a WebSocket (RFC 6455) as a layer between bytes and bytes: the handshake, then binary frames in both
//! directions. Payloads are passed on as they arrive; only control frames are kept until they are whole.

use crate::clock;
use crate::close_codes;
use crate::layer::Layer;
use crate::sha1::{base64, sha1};

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
pub const HTTP: &[u8] = b"HTTP/";
pub const NO_WEBSOCKET: &str = "it does not speak WebSocket: try mqtt://";
/// No answer of a handshake is longer.
const MAX_HEAD: usize = 16 << 10;
const CLOSE: u8 = 8;
const PING: u8 = 9;
/// What one message carries at most: some brokers take no larger ones [MQTT-6.0.0-3].
const MESSAGE: usize = 64 << 10;

/// What the handshake says, from `credentials.websocket`.
#[derive(Debug, Clone)]
pub struct Handshake {
    pub headers: Vec<(String, String)>,
    pub protocols: Vec<String>,
}

impl Default for Handshake {
    fn default() -> Self {
        Handshake {
            headers: Vec::new(),
            protocols: vec!["mqtt".to_owned()],
        }
    }
}

impl Handshake {
    /// Whether it can be written into a request.
    pub fn is_sound(&self) -> bool {
        let is_text = |text: &str| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        let is_token = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
        };
        self.headers
            .iter()
            .all(|(name, value)| is_token(name) && is_text(value))
            && self.protocols.iter().all(|name| is_token(name))
    }
}

enum State {
    /// The answer to the handshake is awaited.
    Handshake,
    /// The head of a frame.
    Head,
    /// The payload of a data frame: so many bytes are left.
    Data(u64),
    /// The payload of a control frame: its kind, its length.
    Control(u8, usize),
    Closed,
}

pub struct WebSocket {
    state: State,
    path: String,
    accept: String,
    protocols: Vec<String>,
    /// Bytes of what is not whole yet.
    kept: Vec<u8>,
    /// What the close frame of the other side said.
    farewell: String,
}

impl WebSocket {
    /// With the request that begins the handshake. `authority` is host and port.
    pub fn new(authority: &str, path: &str, handshake: &Handshake) -> (WebSocket, Vec<u8>) {
        let key = base64(&[clock::seed().to_be_bytes(), clock::seed().to_be_bytes()].concat());
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        );
        if !handshake.protocols.is_empty() {
            request += &format!("Sec-WebSocket-Protocol: {}\r\n", handshake.protocols.join(", "));
        }
        for (name, value) in &handshake.headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += "\r\n";
        let socket = WebSocket {
            state: State::Handshake,
            path: path.to_owned(),
            accept: base64(&sha1(format!("{key}{GUID}").as_bytes())),
            protocols: handshake.protocols.clone(),
            kept: Vec::new(),
            farewell: String::new(),
        };
        (socket, request.into_bytes())
    }

    /// False while the answer is not whole.
    fn read_answer(&mut self) -> Result<bool, String> {
        let known = self.kept.len().min(HTTP.len());
        if self.kept[..known] != HTTP[..known] {
            return Err(NO_WEBSOCKET.to_owned());
        }
        let Some(end) = self.kept.windows(4).position(|four| four == b"\r\n\r\n") else {
            return match self.kept.len() > MAX_HEAD {
                true => Err("it does not answer the WebSocket handshake".to_owned()),
                false => Ok(false),
            };
        };
        let head = String::from_utf8_lossy(&self.kept[..end]).into_owned();
        self.kept.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap_or_default();
        let header = |wanted: &str| {
            head.split("\r\n").skip(1).find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted).then(|| value.trim())
            })
        };
        if !status.starts_with("HTTP/1.1 101") {
            let status: String = status.chars().skip("HTTP/1.1 ".len()).take(60).collect();
            return Err(format!(
                "it answered the WebSocket handshake at {} with HTTP {status}; check port and path (mqttpath)",
                self.path.split('?').next().unwrap_or_default()
            ));
        }
        if header("Sec-WebSocket-Accept") != Some(self.accept.as_str()) {
            return Err("it answered another WebSocket handshake than ours".to_owned());
        }
        let chosen = header("Sec-WebSocket-Protocol");
        let agreed = match chosen {
            Some(name) => self.protocols.iter().any(|offered| offered == name),
            None => self.protocols.is_empty(),
        };
        match agreed {
            true => Ok(true),
            false => Err(format!(
                "it does not speak the WebSocket subprotocol {}",
                self.protocols.join(" or ")
            )),
        }
    }

    /// The next head of a frame: its length in bytes, and what follows; none while it is not whole.
    fn read_head(&mut self) -> Result<Option<(usize, State)>, String> {
        let &[first, second, ..] = self.kept.as_slice() else {
            return Ok(None);
        };
        if first & 0x70 != 0 || second & 0x80 != 0 {
            return Err("it sent a wrong WebSocket frame".to_owned());
        }
        let (head, length) = match second {
            126 => (4, self.number(2..4)),
            127 => (10, self.number(2..10)),
            short => (2, Some(short.into())),
        };
        let Some(length) = length else {
            return Ok(None);
        };
        let state = match first & 15 {
            0 | 2 => State::Data(length),
            kind @ CLOSE..=10 if second < 126 => State::Control(kind, length as usize),
            1 => return Err("it sent text over the WebSocket, and MQTT is binary [MQTT-6.0.0-1]".to_owned()),
            _ => return Err("it sent a wrong WebSocket frame".to_owned()),
        };
        Ok(Some((head, state)))
    }

    fn number(&self, range: std::ops::Range<usize>) -> Option<u64> {
        let bytes = self.kept.get(range)?;
        Some(
            bytes
                .iter()
                .fold(0, |number, &byte| number << 8 | u64::from(byte)),
        )
    }

    fn frame(&self, kind: u8, payload: &[u8], out: &mut Vec<u8>) {
        out.push(0x80 | kind);
        match payload.len() {
            short @ 0..126 => out.push(0x80 | short as u8),
            medium @ 126..65_536 => {
                out.push(0xfe);
                out.extend_from_slice(&(medium as u16).to_be_bytes());
            }
            long => {
                out.push(0xff);
                out.extend_from_slice(&(long as u64).to_be_bytes());
            }
        }
        let mask = (clock::seed() as u32).to_be_bytes();
        out.extend_from_slice(&mask);
        out.extend(
            payload
                .iter()
                .zip(mask.into_iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
    }
}

impl Layer for WebSocket {
    fn is_open(&self) -> bool {
        !matches!(self.state, State::Handshake)
    }

    fn receive(&mut self, bytes: &[u8], inner: &mut Vec<u8>, reply: &mut Vec<u8>) -> Result<(), String> {
        self.kept.extend_from_slice(bytes);
        loop {
            match self.state {
                State::Handshake => {
                    if !self.read_answer()? {
                        return Ok(());
                    }
                    self.state = State::Head;
                }
                State::Head => match self.read_head()? {
                    None => return Ok(()),
                    Some((head, state)) => {
                        self.kept.drain(..head);
                        self.state = state;
                    }
                },
                State::Data(0) => self.state = State::Head,
                State::Data(left) => {
                    if self.kept.is_empty() {
                        return Ok(());
                    }
                    let taken = self.kept.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    inner.extend(self.kept.drain(..taken));
                    self.state = State::Data(left - taken as u64);
                }
                State::Control(kind, length) => {
                    if self.kept.len() < length {
                        return Ok(());
                    }
                    let payload: Vec<u8> = self.kept.drain(..length).collect();
                    self.state = State::Head;
                    match kind {
                        PING => self.frame(10, &payload, reply),
                        CLOSE => {
                            self.frame(CLOSE, payload.get(..2).unwrap_or_default(), reply);
                            self.farewell = close_codes::text(&payload);
                            self.state = State::Closed;
                        }
                        _ => {}
                    }
                }
                State::Closed => return Ok(()),
            }
        }
    }

    fn send(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for piece in bytes.chunks(MESSAGE) {
            self.frame(2, piece, out);
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if !matches!(self.state, State::Handshake | State::Closed) {
            self.frame(CLOSE, &1000u16.to_be_bytes(), out);
        }
    }

    fn end(&self) -> Option<&str> {
        matches!(self.state, State::Closed).then_some(&self.farewell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> WebSocket {
        let (mut socket, _) = WebSocket::new("h:1", "/mqtt", &Handshake::default());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
            socket.accept
        );
        socket
            .receive(answer.as_bytes(), &mut Vec::new(), &mut Vec::new())
            .unwrap();
        assert!(socket.is_open());
        socket
    }

    #[test]
    fn frames_cut_anywhere_are_one_stream() {
        let mut sent = vec![0x82, 2, b'a', b'b', 0x89, 1, b'p', 0x02, 0, 0x80, 126, 1, 0];
        sent.extend([b'x'; 256]);
        for size in 1..sent.len() {
            let (mut socket, mut inner, mut reply) = (open(), Vec::new(), Vec::new());
            for part in sent.chunks(size) {
                socket.receive(part, &mut inner, &mut reply).unwrap();
            }
            assert_eq!(inner, [b"ab".as_slice(), &[b'x'; 256]].concat());
            assert_eq!((reply[0], reply[1], reply.len()), (0x8a, 0x81, 7));
        }
    }

    #[test]
    fn what_is_sent_is_cut_into_messages_of_64_kib() {
        let mut sent = Vec::new();
        open().send(&[b'x'; 150_000], &mut sent);
        let mut lengths = Vec::new();
        while let [0x82, form, rest @ ..] = sent.as_slice() {
            let (length, head) = match form & 0x7f {
                127 => (u64::from_be_bytes(*rest.first_chunk().unwrap()) as usize, 14),
                126 => (usize::from(u16::from_be_bytes(*rest.first_chunk().unwrap())), 8),
                short => (usize::from(short), 6),
            };
            lengths.push(length);
            sent.drain(..head + length);
        }
        assert_eq!((lengths, sent.len()), (vec![65_536, 65_536, 18_928], 0));
    }

    #[test]
    fn what_is_no_answer_and_no_frame_is_an_error() {
        for answer in [
            "HTTP/1.1 404 Not Found\r\n\r\n",
            "HTTP/1.1 101 x\r\nSec-WebSocket-Accept: x\r\n\r\n",
        ] {
            let (mut socket, _) = WebSocket::new("h:1", "/mqtt", &Handshake::default());
            assert!(socket
                .receive(answer.as_bytes(), &mut Vec::new(), &mut Vec::new())
                .is_err());
        }
        for frame in [[0x81, 0], [0x82, 0x80], [0xc2, 0], [0x83, 0], [0x89, 126]] {
            let mut bytes = frame.to_vec();
            bytes.extend([0; 8]);
            assert!(
                open().receive(&bytes, &mut Vec::new(), &mut Vec::new()).is_err(),
                "{frame:?}"
            );
        }
        let mut socket = open();
        let mut reply = Vec::new();
        socket
            .receive(&[0x88, 2, 3, 232], &mut Vec::new(), &mut reply)
            .unwrap();
        assert!(socket.end().is_some() && reply[0] == 0x88);
    }

    #[test]
    fn a_frame_is_masked_and_has_its_length() {
        for length in [1, 125, 126, 65_535, 65_536] {
            let (mut socket, mut out) = (open(), Vec::new());
            socket.send(&vec![7; length], &mut out);
            let head = if length < 126 {
                2
            } else if length < 65_536 {
                4
            } else {
                10
            };
            assert_eq!(out.len(), head + 4 + length);
            let mask = out[head..head + 4].to_vec();
            assert!(out[head + 4..]
                .iter()
                .zip(mask.iter().cycle())
                .all(|(byte, mask)| byte ^ mask == 7));
        }
    }
}
