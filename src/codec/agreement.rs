//! Tests of encoder and decoder: agreement with `mqttbytes` where it is right, in both directions; CONNECT byte by
//! byte, where it is not; and what is not written.

use super::frame::frame;
use super::properties::{check, put, Place, Property, Value};
use super::tests::{decode, from_server, publishes, they_read};
use super::write::{Connect, Will};
use super::{publish, write, Ack, PacketId, ReasonCode, Version};
use bytes::{Bytes, BytesMut};
use mqttbytes::v4 as theirs;

#[test]
fn packets_of_mqttbytes_are_read() {
    for (bytes, packet) in from_server() {
        assert_eq!(decode(&bytes), packet, "{bytes:02x?}");
    }
    for (bytes, packet) in publishes() {
        let found = frame(&bytes, Version::V4).unwrap().unwrap();
        let ours = publish::decode(Version::V4, found.first, &bytes[found.header..]).unwrap();
        assert_eq!(ours.topic, packet.topic.as_bytes());
        assert_eq!(ours.payload, packet.payload);
        assert_eq!(
            (ours.packet_id, ours.qos),
            (PacketId::new(packet.pkid), packet.qos as u8)
        );
        assert_eq!((ours.retain, ours.dup), (packet.retain, packet.dup));
        let mut out = Vec::new();
        let parts = publish::Parts {
            topic: ours.topic,
            properties: &[],
            payload: ours.payload,
            qos: ours.qos,
            retain: ours.retain,
            alias: 0,
        };
        publish::encode(&mut out, Version::V4, &parts, ours.packet_id);
        if ours.dup {
            publish::set_dup(&mut out);
        }
        assert!(out == bytes);
    }
}

#[test]
fn mqttbytes_reads_written_packets() {
    use theirs::Packet as P;
    let mut out = Vec::new();
    for pid in [1, 256, 65_535] {
        let packet_id = PacketId::new(pid).unwrap();
        for (kind, wanted) in [
            (Ack::PubAck, P::PubAck(theirs::PubAck::new(pid))),
            (Ack::PubRec, P::PubRec(theirs::PubRec::new(pid))),
            (Ack::PubRel, P::PubRel(theirs::PubRel::new(pid))),
            (Ack::PubComp, P::PubComp(theirs::PubComp::new(pid))),
        ] {
            out.clear();
            write::ack(&mut out, kind, packet_id);
            assert_eq!(they_read(&out), wanted);
        }
        for count in [1, 3, 40, 5_000] {
            let names: Vec<String> = (0..count).map(|i| format!("é/{i}/+")).collect();
            let filters: Vec<(&str, u8)> = names
                .iter()
                .map(|n| n.as_str())
                .zip([0, 1, 2].into_iter().cycle())
                .collect();
            out.clear();
            write::subscribe(&mut out, Version::V4, packet_id, &[], filters.iter().copied());
            let P::Subscribe(read) = they_read(&out) else {
                panic!("not a SUBSCRIBE");
            };
            assert_eq!(read.pkid, pid);
            let read: Vec<(&str, u8)> = read
                .filters
                .iter()
                .map(|f| (f.path.as_str(), f.qos as u8))
                .collect();
            assert_eq!(read, filters);

            let filters: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            out.clear();
            write::unsubscribe(&mut out, Version::V4, packet_id, &[], filters.iter().copied());
            let topics = names.clone();
            assert_eq!(
                they_read(&out),
                P::Unsubscribe(theirs::Unsubscribe { pkid: pid, topics })
            );
        }
    }
    out.clear();
    write::pingreq(&mut out);
    assert_eq!(they_read(&out), P::PingReq);
    out.clear();
    write::disconnect(&mut out, Version::V4, ReasonCode::SUCCESS, &[]);
    assert_eq!(they_read(&out), P::Disconnect);
}

#[test]
fn connect_is_the_same_as_that_of_mqttbytes() {
    for flags in 0..64u8 {
        let on = |bit: u8| flags >> bit & 1 != 0;
        let client_id = if on(0) { "" } else { "client-é" };
        let qos = flags >> 4 & 3;
        let mut wanted = theirs::Connect::new(client_id);
        wanted.keep_alive = 0x1234;
        wanted.clean_session = on(1);
        let mut c = Connect {
            version: Version::V4,
            properties: &[],
            client_id,
            clean_session: on(1),
            keepalive: 0x1234,
            will: None,
            username: None,
            password: None,
        };
        if on(2) {
            wanted.set_login("user", "pass");
            c.username = Some("user");
            c.password = Some(b"pass");
        }
        if qos < 3 {
            wanted.last_will = Some(theirs::LastWill {
                topic: "gone".into(),
                message: Bytes::from_static(b"bye\xff\x00"),
                qos: mqttbytes::qos(qos).unwrap(),
                retain: on(3),
            });
            c.will = Some(Will {
                topic: "gone",
                payload: b"bye\xff\x00",
                qos,
                retain: on(3),
                properties: &[],
            });
        }
        let mut theirs = BytesMut::new();
        wanted.write(&mut theirs).unwrap();
        let mut ours = Vec::new();
        write::connect(&mut ours, &c);
        assert_eq!(ours, theirs);
        assert_eq!(they_read(&ours), theirs::Packet::Connect(wanted));
    }
}

#[test]
fn connect_byte_by_byte() {
    let mut c = Connect {
        version: Version::V4,
        properties: &[],
        client_id: "c",
        clean_session: true,
        keepalive: 10,
        will: None,
        username: Some(""),
        password: None,
    };
    let write = |c: &Connect<'_>| {
        let mut out = b"before".to_vec();
        write::connect(&mut out, c);
        out.strip_prefix(b"before").unwrap().to_vec()
    };
    assert_eq!(write(&c), b"\x10\x0f\0\x04MQTT\x04\x82\0\x0a\0\x01c\0\0");
    c.password = Some(b"");
    assert_eq!(write(&c), b"\x10\x11\0\x04MQTT\x04\xc2\0\x0a\0\x01c\0\0\0\0");
    c.password = Some(b"\xff\x00");
    assert_eq!(
        write(&c),
        b"\x10\x13\0\x04MQTT\x04\xc2\0\x0a\0\x01c\0\0\0\x02\xff\0"
    );
    // A password without a user name is forbidden.
    c.username = None;
    assert_eq!(write(&c), b"\x10\x0d\0\x04MQTT\x04\x02\0\x0a\0\x01c");
    // All five at their longest: four bytes are not needed, three are.
    let long = "x".repeat(65_535);
    c.client_id = &long;
    c.username = Some(&long);
    c.password = Some(long.as_bytes());
    let will = Will {
        topic: &long,
        payload: long.as_bytes(),
        qos: 2,
        retain: true,
        properties: &[],
    };
    c.will = Some(will);
    assert_eq!(write(&c).len(), 1 + 3 + 10 + 5 * 65_537);
    // One byte more and nothing is written.
    let longer = "x".repeat(65_536);
    assert!(write(&Connect {
        client_id: &longer,
        ..c
    })
    .is_empty());
    assert!(write(&Connect {
        password: Some(longer.as_bytes()),
        ..c
    })
    .is_empty());
    assert!(write(&Connect {
        will: Some(Will { qos: 3, ..will }),
        ..c
    })
    .is_empty());
}

#[test]
fn invalid_packets_are_not_written() {
    let mut out = Vec::new();
    let longer = "x".repeat(65_536);
    let longest = &longer[1..];
    let id = PacketId::new(1).unwrap();
    write::subscribe(&mut out, Version::V4, id, &[], [].into_iter());
    write::subscribe(
        &mut out,
        Version::V4,
        id,
        &[],
        [("a", 0), (&longer, 0)].into_iter(),
    );
    write::unsubscribe(&mut out, Version::V4, id, &[], [].into_iter());
    write::unsubscribe(&mut out, Version::V4, id, &[], ["a", &longer].into_iter());
    // 268 MB and more in one packet.
    write::unsubscribe(&mut out, Version::V4, id, &[], [longest; 4_096].into_iter());
    assert!(out.is_empty());
    write::subscribe(&mut out, Version::V4, id, &[], [(longest, 1)].into_iter());
    assert_eq!(out.len(), 1 + 3 + 2 + 65_538);
}

/// Each writer with a list, and where the list appears. One that writes nothing returns nothing.
type Writer = fn(&[u8]) -> Vec<u8>;

const WRITERS: [(Place, Writer); 6] = [
    (Place::Connect, |list| connect_with(list, &[])),
    (Place::Will, |list| connect_with(&[], list)),
    (Place::Subscribe, |list| {
        let mut out = Vec::new();
        write::subscribe(&mut out, Version::V5, id(1), list, [("a", 0)].into_iter());
        out
    }),
    (Place::Unsubscribe, |list| {
        let mut out = Vec::new();
        write::unsubscribe(&mut out, Version::V5, id(1), list, ["a"].into_iter());
        out
    }),
    (Place::Disconnect, |list| {
        let mut out = Vec::new();
        write::disconnect(&mut out, Version::V5, ReasonCode::SUCCESS, list);
        out
    }),
    (Place::Auth, |list| {
        let mut out = Vec::new();
        write::auth(&mut out, ReasonCode::CONTINUE_AUTHENTICATION, list);
        out
    }),
];

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn connect_with(properties: &[u8], of_will: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::connect(
        &mut out,
        &Connect {
            version: Version::V5,
            properties,
            client_id: "c",
            clean_session: true,
            keepalive: 10,
            will: Some(Will {
                topic: "gone",
                payload: b"",
                qos: 0,
                retain: false,
                properties: of_will,
            }),
            username: None,
            password: None,
        },
    );
    out
}

#[test]
fn a_property_list_is_written_only_where_it_may_appear() {
    let mut lists = vec![vec![], vec![0xff], vec![Property::UserProperty as u8, 0, 5, b'a']];
    for (property, value) in [
        (Property::TopicAlias, Value::Number(1)),
        (Property::SessionExpiryInterval, Value::Number(1)),
        (Property::ReceiveMaximum, Value::Number(0)),
        (Property::AuthenticationMethod, Value::Text("M")),
        (Property::AuthenticationData, Value::Binary(b"x")),
        (Property::ReasonString, Value::Text("why")),
        (Property::SubscriptionIdentifier, Value::Number(1)),
        (Property::WillDelayInterval, Value::Number(1)),
        (Property::UserProperty, Value::Pair("name", "value")),
    ] {
        let mut list = Vec::new();
        put(&mut list, property, value);
        lists.push(list.clone());
        put(&mut list, property, value);
        lists.push(list);
    }
    for list in lists {
        for (place, write) in WRITERS {
            let written = !write(&list).is_empty();
            assert_eq!(written, check(&list, place).is_ok(), "{place:?} {list:02x?}");
        }
    }
}
