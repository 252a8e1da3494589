//! Bytes of a server, whole and in pieces: the same is read from both, what is read is written the same, and nothing
//! panics.
//!
//! Byte 0 chooses version and settings, byte 1 how the stream is cut, and the rest is the stream.

use mqtt_lib::codec::frame::frame;
use mqtt_lib::codec::properties::{put, Properties, Property, Value};
use mqtt_lib::codec::{self, publish, Packet, PacketType};
use mqtt_lib::engine::{
    drive, Change, Config, Delivery, Engine, Event, Filter, Flow, Generation, Io, Message, Millis, Token,
    Version, Versions,
};

const NOW: Millis = 1_000_000;

pub fn run(data: &[u8]) {
    let &[settings, cut, ref stream @ ..] = data else {
        return;
    };
    let version = match settings & 1 {
        0 => Version::V4,
        _ => Version::V5,
    };
    walk(version, stream);
    let whole = receive(version, settings, [stream].into_iter());
    let pieces = receive(version, settings, Pieces { stream, cut });
    assert_eq!(whole.reported, pieces.reported);
    if whole.closed {
        // What was answered before the end depends on the pieces; DISCONNECT does not.
        let last = |of: &Client| of.sent.last().filter(|bytes| bytes[0] == 0xe0).cloned();
        assert_eq!(last(&whole), last(&pieces));
        return;
    }
    // An answer to the broker's answer may overtake the acknowledgement of a message that is being delivered. PUBACK,
    // PUBREC and PUBREL have their order [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-4].
    let (whole, pieces) = (packets(&whole.sent), packets(&pieces.sent));
    for first in [0x40, 0x50, 0x62] {
        let of_kind = |all: &[Vec<u8>]| all.iter().filter(|p| p[0] == first).cloned().collect();
        let (whole, pieces): (Vec<_>, Vec<_>) = (of_kind(&whole), of_kind(&pieces));
        assert_eq!(whole, pieces);
    }
    let sorted = |mut all: Vec<Vec<u8>>| {
        all.sort();
        all
    };
    assert_eq!(sorted(whole), sorted(pieces));
}

/// Answers of a client; all of them are short.
fn packets(sent: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let bytes = sent.concat();
    let mut rest = &bytes[..];
    let mut all = Vec::new();
    while let [_, length, ..] = rest {
        let (packet, after) = rest.split_at(2 + usize::from(*length));
        all.push(packet.to_vec());
        rest = after;
    }
    all
}

/// The codec alone.
fn walk(version: Version, mut stream: &[u8]) {
    while let Ok(Some(found)) = frame(stream, version) {
        for cut in 0..found.header {
            assert_eq!(frame(&stream[..cut], version), Ok(None));
        }
        let Some(body) = stream.get(found.header..found.total()) else {
            for cut in found.header..stream.len() {
                let part = &stream[found.header..cut];
                if found.packet_type == PacketType::Publish {
                    let _ = publish::head(version, found.first, part, found.body);
                }
            }
            return;
        };
        if found.packet_type == PacketType::Publish {
            if let Ok(message) = publish::decode(version, found.first, body) {
                let parts = publish::Parts {
                    topic: message.topic,
                    properties: message.properties,
                    payload: message.payload,
                    qos: message.qos,
                    retain: message.retain,
                    alias: 0,
                };
                let mut out = Vec::new();
                publish::encode(&mut out, version, &parts, message.packet_id);
                if message.dup {
                    publish::set_dup(&mut out);
                }
                assert_eq!(out, stream[..found.total()]);
                assert_eq!(publish::size(version, &parts), out.len());
                same_list(message.properties);
            }
        } else if let Ok(packet) = codec::decode(version, found.packet_type, body) {
            match packet {
                Packet::ConnAck { properties, .. }
                | Packet::Ack { properties, .. }
                | Packet::SubAck { properties, .. }
                | Packet::UnsubAck { properties, .. }
                | Packet::Disconnect { properties, .. }
                | Packet::Auth { properties, .. } => same_list(properties),
                Packet::PingResp => {}
            }
        }
        stream = &stream[found.total()..];
    }
}

/// A list that was accepted is written as it was read.
fn same_list(list: &[u8]) {
    let mut again = Vec::new();
    for (row, value) in Properties(list) {
        put(&mut again, row.property, value);
    }
    assert_eq!(again, list);
}

/// The stream in pieces, whose lengths follow from `cut`; 0: byte by byte.
struct Pieces<'a> {
    stream: &'a [u8],
    cut: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.stream.is_empty() {
            return None;
        }
        let len = match self.cut {
            0 => 1,
            _ => 1 + usize::from(self.cut >> 4),
        };
        self.cut = self
            .cut
            .wrapping_mul(29)
            .wrapping_add(u8::from(self.cut != 0) * 2);
        let (piece, rest) = self.stream.split_at(len.min(self.stream.len()));
        self.stream = rest;
        Some(piece)
    }
}

/// A client without a transport: what it reports, and what it sends.
struct Client {
    engine: Engine,
    generation: Generation,
    reported: Vec<String>,
    sent: Vec<Vec<u8>>,
    closed: bool,
}

/// What a client makes of the stream; it is online, or waits for CONNACK.
fn receive<'a>(version: Version, settings: u8, stream: impl Iterator<Item = &'a [u8]>) -> Client {
    let five = version == Version::V5;
    let mut cfg = Config {
        version: if five { Versions::V5 } else { Versions::V4 },
        client_id: "me".into(),
        servers: vec!["mqtt://h:1883".into()],
        clean_session: settings & 2 == 0,
        max_packet_size: if settings & 4 == 0 { 268_435_460 } else { 64 },
        ..Config::default()
    };
    if five && settings & 8 != 0 {
        put(
            &mut cfg.properties,
            Property::AuthenticationMethod,
            Value::Text("M"),
        );
    }
    if five && settings & 16 != 0 {
        put(&mut cfg.properties, Property::TopicAliasMaximum, Value::Number(2));
    }
    let mut client = Client {
        engine: Engine::new(cfg, 1).unwrap(),
        generation: 0,
        reported: Vec::new(),
        sent: Vec::new(),
        closed: false,
    };
    client.engine.start(NOW, None);
    drive(&mut client);
    client.engine.opened(NOW, client.generation);
    drive(&mut client);
    if settings & 32 == 0 {
        let connack: &[u8] = if five {
            &[0x20, 3, 0, 0, 0]
        } else {
            &[0x20, 2, 0, 0]
        };
        client.feed(connack);
    }
    // Not before CONNACK: when the operations are sent would depend on the pieces.
    if client.engine.is_online() {
        client.begin(settings & 64 != 0);
    }
    client.reported.clear();
    client.sent.clear();
    for piece in stream {
        client.feed(piece);
    }
    client
}

impl Client {
    fn feed(&mut self, bytes: &[u8]) {
        self.engine.space(bytes.len()).copy_from_slice(bytes);
        self.engine.received(NOW, self.generation, bytes.len());
        drive(self);
    }

    /// Begins one operation of each kind.
    fn begin(&mut self, reauthenticates: bool) {
        let engine = &mut self.engine;
        for (token, qos) in [(1, 1), (2, 2)] {
            let message = Message {
                topic: "topic",
                payload: b"x",
                qos,
                retain: false,
                properties: &[],
            };
            engine.publish(NOW, &message, Token::new(token)).unwrap();
        }
        let filter = Filter {
            filter: "in/#".into(),
            options: 2,
        };
        engine
            .subscribe(vec![filter], Vec::new(), None, Token::new(3))
            .unwrap();
        engine
            .unsubscribe(vec!["out".into()], Vec::new(), Token::new(4))
            .unwrap();
        if reauthenticates {
            let _ = engine.authenticate(&[]);
        }
        drive(self);
    }
}

impl Io for Client {
    fn now(&mut self) -> Millis {
        NOW
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    fn store(&mut self, _: Vec<Change>) -> Flow {
        panic!("changes without a store")
    }

    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        assert_eq!(generation, self.generation);
        self.sent.push(bytes.to_vec());
        Flow::Ready
    }

    fn deliver(&mut self, delivery: Delivery) {
        let received = self.engine.received_bytes();
        for message in &self.engine.messages()[delivery.from..delivery.upto] {
            let topic = self.engine.topic(message.topic);
            let (payload, properties) = (&received[message.payload()], &received[message.properties()]);
            self.reported.push(format!(
                "{topic} {} {payload:02x?} {properties:02x?}",
                message.flags
            ));
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Open { generation, .. } => self.generation = generation,
            // Reported once a connection, for whichever packet is the first, so it depends on the pieces.
            Event::Error(error) if error.message.contains("that was not sent") => {}
            other => {
                self.closed |= matches!(other, Event::Close { .. });
                self.reported.push(format!("{other:?}"));
            }
        }
    }
}
