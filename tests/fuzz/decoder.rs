//! Bytes of a server, whole and in pieces: the same is read from both, what is read is written the same, and nothing
//! panics.
//!
//! Byte 0 chooses version and settings, byte 1 how the stream is cut, and the rest is the stream.

use mqtt_lib::codec::frame::frame;
use mqtt_lib::codec::properties::{put, Properties, Property, Value};
use mqtt_lib::codec::{self, publish, Packet, PacketType};
use mqtt_lib::engine::{Config, Engine, Event, Filter, Message, Version, Versions, NOBODY};

const NOW: u64 = 1_000_000;

pub fn run(data: &[u8]) {
    let &[settings, cut, ref stream @ ..] = data else {
        return;
    };
    let version = match settings & 1 {
        0 => Version::V4,
        _ => Version::V5,
    };
    walk(version, stream);
    let whole = listen(version, settings, [stream].into_iter());
    let pieces = listen(version, settings, Pieces { stream, cut });
    assert_eq!(whole.heard, pieces.heard);
    if whole.broken {
        // What was answered before the end depends on the pieces; the last word does not.
        let last_word = |of: &Transcript| of.said.last().filter(|said| said[0] == 0xe0).cloned();
        assert_eq!(last_word(&whole), last_word(&pieces));
    } else {
        assert_eq!(whole.said.concat(), pieces.said.concat());
    }
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
                    let _ = publish::head(found.first, part, found.body);
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

#[derive(Default)]
struct Transcript {
    heard: Vec<String>,
    said: Vec<Vec<u8>>,
    broken: bool,
}

/// A client, online or waiting for CONNACK, hears the stream.
fn listen<'a>(version: Version, settings: u8, stream: impl Iterator<Item = &'a [u8]>) -> Transcript {
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
    let mut engine = Engine::new(cfg, 1);
    engine.start(NOW, NOBODY);
    let generation = match engine.next_event() {
        Some(Event::Open { generation, .. }) => generation,
        other => panic!("{other:?}"),
    };
    engine.opened(generation, NOW);
    engine.outgoing(NOW);
    engine.sent(NOW);
    if settings & 32 == 0 {
        let connack: &[u8] = if five {
            &[0x20, 3, 0, 0, 0]
        } else {
            &[0x20, 2, 0, 0]
        };
        engine.space(connack.len()).copy_from_slice(connack);
        engine.received(generation, connack.len(), NOW);
    }
    // Before CONNACK nothing waits: when it is moved up depends on the pieces.
    if engine.is_online() {
        begin(&mut engine, settings & 64 != 0);
    }
    let mut transcript = Transcript::default();
    drain(&mut engine, &mut transcript);
    transcript.said.clear();
    for piece in stream {
        engine.space(piece.len()).copy_from_slice(piece);
        engine.received(generation, piece.len(), NOW);
        drain(&mut engine, &mut transcript);
    }
    transcript
}

/// One operation of each kind is under way.
fn begin(engine: &mut Engine, reauthenticates: bool) {
    for (token, qos) in [(1, 1), (2, 2)] {
        let message = Message {
            topic: "topic",
            payload: b"x",
            qos,
            retain: false,
            properties: &[],
        };
        engine.publish(NOW, &message, token).unwrap();
    }
    let filter = Filter {
        filter: "in/#".into(),
        options: 2,
    };
    engine.subscribe(vec![filter], Vec::new(), None, 3).unwrap();
    engine.unsubscribe(vec!["out".into()], Vec::new(), 4).unwrap();
    if reauthenticates {
        let _ = engine.authenticate(&[]);
    }
}

fn drain(engine: &mut Engine, into: &mut Transcript) {
    loop {
        let bytes = engine.outgoing(NOW).to_vec();
        if bytes.is_empty() {
            break;
        }
        engine.sent(NOW);
        into.said.push(bytes);
    }
    while let Some(event) = engine.next_event() {
        match event {
            Event::Messages { from, upto } => {
                for record in &engine.records()[from..upto] {
                    let all = engine.inbound();
                    let (payload, properties) = (&all[record.range()], &all[record.properties()]);
                    into.heard.push(format!(
                        "{} {} {payload:02x?} {properties:02x?}",
                        engine.topic(record.topic),
                        record.flags,
                    ));
                }
            }
            // Told once for what comes at a time, so it depends on the pieces.
            Event::Error(error) if error.message.contains("that was not sent") => {}
            other => {
                into.broken |= matches!(other, Event::Close { .. });
                into.heard.push(format!("{other:?}"));
            }
        }
    }
}
