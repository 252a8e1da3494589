//! A peer that breaks the protocol: an error that says so, and a new connection.

use super::harness::{config, Sim};

/// Everything a broker must not send to a client that is online and has sent nothing.
const WRONG: [(&str, &[u8]); 22] = [
    ("a packet type of 0", b"\x00\x00"),
    ("a packet type of 15", b"\xf0\x00"),
    ("CONNECT", b"\x10\x00"),
    ("SUBSCRIBE", b"\x82\x05\x00\x01\x00\x01a"),
    ("PINGREQ", b"\xc0\x00"),
    ("DISCONNECT", b"\xe0\x00"),
    ("an HTTP answer", b"HTTP/1.1 400 Bad Request\r\n"),
    ("a second CONNACK", b"\x20\x02\x00\x00"),
    ("a length of five bytes", b"\x30\xff\xff\xff\xff\x01"),
    ("QoS 3", b"\x36\x05\x00\x01a\x00\x01"),
    ("DUP at QoS 0", b"\x38\x03\x00\x01a"),
    ("an empty topic", b"\x30\x02\x00\x00"),
    ("a topic with a wildcard", b"\x30\x03\x00\x01#"),
    ("a topic with U+0000", b"\x30\x03\x00\x01\x00"),
    ("a topic that is not UTF-8", b"\x30\x03\x00\x01\xff"),
    ("a topic that passes the end", b"\x30\x03\x00\x09a"),
    ("identifier 0", b"\x32\x05\x00\x01a\x00\x00"),
    ("PUBREL with wrong flags", b"\x60\x02\x00\x01"),
    ("SUBACK of nothing", b"\x90\x03\x00\x01\x00"),
    (
        "a PUBACK with a reason code that does not exist",
        b"\x40\x03\x00\x01\x03",
    ),
    ("a PINGRESP with a body", b"\xd0\x01\x00"),
    ("a SUBACK without codes", b"\x90\x02\x00\x01"),
];

#[track_caller]
fn assert_violated(sim: &mut Sim, what: &str) {
    assert_eq!(sim.disconnects, [2], "{what}");
    assert_eq!(sim.errors[0].code.name(), "PROTOCOL_ERROR", "{what}");
    assert!(sim.errors[0].message.contains("mqtt://h:1883"));
    sim.broker.silent = false;
    sim.advance(1_000);
    assert!(sim.engine.is_online(), "{what}");
}

#[test]
fn each_kind_is_a_protocol_error_and_leads_to_a_new_connection() {
    for (what, bytes) in WRONG {
        let mut sim = Sim::online(config());
        sim.inject(bytes);
        assert_violated(&mut sim, what);
    }
}

#[test]
fn what_came_before_in_the_same_chunk_is_delivered_and_what_comes_after_is_not() {
    for (what, bytes) in WRONG {
        let mut sim = Sim::online(config());
        let good = b"\x30\x04\x00\x01ax";
        sim.inject(&[good, bytes, good].concat());
        assert_eq!(sim.topics(), ["a"], "{what}");
        assert_violated(&mut sim, what);
    }
}

#[test]
fn answers_of_the_wrong_kind_are_violations() {
    for (qos, what, bytes) in [
        (1, "PUBREC for QoS 1", &b"\x50\x02\x00\x01"[..]),
        (1, "PUBCOMP for QoS 1", b"\x70\x02\x00\x01"),
        (1, "SUBACK for a PUBLISH", b"\x90\x03\x00\x01\x00"),
        (1, "UNSUBACK for a PUBLISH", b"\xb0\x02\x00\x01"),
        (2, "PUBCOMP before PUBREC", b"\x70\x02\x00\x01"),
    ] {
        let mut sim = Sim::online(config());
        sim.broker.silent = true;
        let token = sim.publish("a", "x", qos);
        sim.inject(bytes);
        assert_violated(&mut sim, what);
        sim.ok(token);
    }
    for (what, bytes) in [
        ("PUBACK for a SUBSCRIBE", &b"\x40\x02\x00\x01"[..]),
        ("UNSUBACK for a SUBSCRIBE", b"\xb0\x02\x00\x01"),
        ("more codes than filters", b"\x90\x04\x00\x01\x00\x00"),
        ("a reserved code", b"\x90\x03\x00\x01\x03"),
    ] {
        let mut sim = Sim::online(config());
        sim.broker.subacks = false;
        let token = sim.subscribe(&[("a", 0)], None);
        sim.inject(bytes);
        sim.broker.subacks = true;
        assert_violated(&mut sim, what);
        sim.ok(token);
    }
}

#[test]
fn instead_of_connack_every_other_answer_is_a_protocol_error() {
    let others = WRONG.iter().filter(|(what, _)| !what.contains("CONNACK"));
    let more: [(&str, &[u8]); 5] = [
        ("PINGRESP", b"\xd0\x00"),
        ("a message", b"\x30\x03\x00\x01a"),
        ("CONNACK with reserved flags", b"\x20\x02\x02\x00"),
        ("CONNACK with an unknown code", b"\x20\x02\x00\x06"),
        ("CONNACK that refuses a present session", b"\x20\x02\x01\x05"),
    ];
    for (what, bytes) in others.chain(&more) {
        let mut sim = Sim::new(config());
        sim.broker.connack = None;
        let start = sim.start();
        sim.inject(bytes);
        assert_eq!(sim.fate(start), "PROTOCOL_ERROR", "{what}");
        assert!(sim.disconnects.is_empty() && sim.connacks.is_empty());
        sim.broker.connack = Some(0);
        sim.advance(1_000);
        assert!(sim.engine.is_online(), "{what}");
    }
}

/// Online again, and no longer than it takes.
fn reconnected(sim: &mut Sim) {
    while !sim.engine.is_online() {
        sim.advance(100);
    }
}

#[test]
fn a_malformed_message_that_ended_three_connections_in_a_row_is_passed_over() {
    let malformed = b"\x32\x06\x00\x01\xff\x00\x07x";
    let good = b"\x32\x06\x00\x01a\x00\x08x";
    let mut sim = Sim::online(config());
    for times in 1..=3 {
        sim.inject(malformed);
        assert_eq!(sim.disconnects.len(), times);
        reconnected(&mut sim);
    }
    sim.inject(&[&malformed[..], good, malformed].concat());
    assert!(sim.engine.is_online() && sim.disconnects.len() == 3);
    assert_eq!((sim.topics(), sim.engine.stats().dropped), (vec!["a"], 2));
    let codes: Vec<&str> = sim.errors.iter().map(|error| error.code.name()).collect();
    assert_eq!(codes, ["PROTOCOL_ERROR"; 5]);
    // Anything else that is malformed ends the connection as ever, and so does a message on one after one that lasted.
    sim.inject(b"\x90\x03\x00\x01\x00");
    assert_eq!(sim.disconnects.len(), 4);
    reconnected(&mut sim);
    sim.advance(60_000);
    sim.inject(malformed);
    assert_eq!(sim.disconnects.len(), 5);
}

#[test]
fn a_server_that_closes_before_connack_is_named() {
    let mut sim = Sim::new(config());
    sim.broker.connack = None;
    let start = sim.start();
    sim.drop_connection();
    assert_eq!(sim.fate(start), "CONNECTION_REFUSED");
    let message = &sim.error(start).message;
    assert!(
        message.contains("mqtt://h:1883") && message.contains("closed"),
        "{message}"
    );
}

#[test]
fn random_bytes_never_do_more_than_end_the_connection() {
    let mut rng = crate::engine::random::Random::new(7);
    for _ in 0..3_000 {
        let mut sim = Sim::new(config());
        sim.broker.connack = if rng.up_to(1) == 0 { Some(0) } else { None };
        sim.start();
        sim.publish("a", "x", 1);
        sim.broker.silent = true;
        let bytes: Vec<u8> = (0..rng.up_to(60)).map(|_| rng.next() as u8).collect();
        sim.inject(&bytes);
        sim.broker.silent = false;
        sim.broker.connack = Some(0);
        sim.drop_connection();
        let start = sim.start();
        sim.ok(start);
    }
}
