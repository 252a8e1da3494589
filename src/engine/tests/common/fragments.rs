//! The byte stream may be cut anywhere (§4.2).

use super::harness::{config, Sim};

/// Everything a server may send, in one stream: what the client has asked for is on the wire.
fn script() -> (Sim, Vec<u8>) {
    let mut sim = Sim::online(config());
    sim.auto = false;
    sim.broker.silent = true;
    sim.publish("p", "one", 1);
    sim.publish("p", "two", 2);
    sim.subscribe(&[("s", 1), ("t", 2)], Some(7));
    sim.unsubscribe(&["u"]);
    let mut bytes = Vec::new();
    bytes.extend_from_slice(b"\x30\x03\x00\x01a"); // empty payload
    bytes.extend_from_slice(b"\x40\x02\x00\x01"); // PUBACK
    bytes.extend_from_slice(b"\x50\x02\x00\x02"); // PUBREC
    bytes.extend_from_slice(b"\x90\x04\x00\x03\x01\x02");
    bytes.extend_from_slice(b"\x33\x08\x00\x02\xc3\xa9\x00\x05hi"); // é, QoS 1, retain
    bytes.extend_from_slice(b"\xb0\x02\x00\x04");
    bytes.extend_from_slice(b"\xd0\x00");
    bytes.extend_from_slice(b"\x34\x06\x00\x01t\x00\x09z");
    bytes.extend_from_slice(b"\x34\x06\x00\x01t\x00\x09z"); // the same again
    bytes.extend_from_slice(b"\x62\x02\x00\x09");
    bytes.extend_from_slice(b"\x70\x02\x00\x02"); // PUBCOMP
    let long = 200;
    bytes.extend_from_slice(&[0x30, (long & 0x7f) as u8 | 0x80, (long >> 7) as u8, 0, 1, b'l']);
    bytes.resize(bytes.len() + long - 3, b'x');
    let bytes = sim.broker.dialect.say(&bytes);
    (sim, bytes)
}

fn outcome(feed: impl Fn(&mut Sim, &[u8])) -> String {
    let (mut sim, bytes) = script();
    let before = sim.broker.packets.len();
    feed(&mut sim, &bytes);
    assert!(sim.engine.is_online(), "{:?}", sim.log);
    sim.assert_empty();
    assert_eq!(sim.messages.len(), 4);
    format!(
        "{:?} {:?} {:?}",
        sim.messages,
        &sim.broker.packets[before..],
        sim.ended
    )
}

#[test]
fn the_stream_may_be_cut_at_every_point() {
    let whole = outcome(|sim, bytes| sim.inject_raw(bytes));
    let (_, bytes) = script();
    for at in 1..bytes.len() {
        let cut = outcome(|sim, bytes| {
            sim.inject_raw(&bytes[..at]);
            sim.inject_raw(&bytes[at..]);
        });
        assert_eq!(cut, whole, "cut at {at}");
    }
}

#[test]
fn the_stream_may_come_one_byte_at_a_time() {
    let whole = outcome(|sim, bytes| sim.inject_raw(bytes));
    let single = outcome(|sim, bytes| {
        for byte in bytes {
            sim.inject_raw(&[*byte]);
        }
    });
    assert_eq!(single, whole);
}

#[test]
fn an_identifier_of_qos_2_that_is_used_again_at_once_is_another_message_wherever_the_stream_is_cut() {
    let bytes = b"\x34\x06\x00\x01a\x00\x05x\x62\x02\x00\x05\x34\x06\x00\x01a\x00\x05y\x62\x02\x00\x05";
    let bytes = Sim::online(config()).broker.dialect.say(bytes);
    for at in 0..bytes.len() {
        let mut sim = Sim::online(config());
        sim.auto = false;
        sim.inject_raw(&bytes[..at]);
        sim.inject_raw(&bytes[at..]);
        assert_eq!(sim.texts(), ["x", "y"], "cut at {at}");
    }
}

#[test]
fn the_handshake_may_come_one_byte_at_a_time() {
    let mut sim = Sim::new(config());
    sim.piece = 1;
    let token = sim.start();
    sim.ok(token);
}

#[test]
fn half_a_packet_of_a_lost_connection_is_forgotten() {
    let mut sim = Sim::online(config());
    sim.inject(b"\x30\x05\x00\x01a");
    sim.reconnect();
    sim.inject(b"\x30\x04\x00\x01bx");
    assert_eq!(sim.topics(), ["b"]);
    assert_eq!(sim.disconnects, [7]);
}

#[test]
fn a_large_message_in_small_pieces_is_whole_and_its_room_is_given_back() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("big", 0)], None);
    let payload: Vec<u8> = (0..3 << 20).map(|i| (i % 251) as u8).collect();
    sim.piece = 16 << 10;
    sim.broker.publish("big", &payload, 0);
    sim.settle();
    assert!(sim.messages[0].payload == payload);
    sim.incoming("big", "small", 0);
    sim.incoming("big", "small", 0);
    assert!(sim.engine.receive_buffer().1 <= 1 << 20);
}

#[test]
fn late_bytes_of_an_old_connection_are_ignored_and_harm_no_packet_of_the_new_one() {
    let mut sim = Sim::online(config());
    let old = sim.generation();
    sim.reconnect();
    let packet = sim.broker.dialect.say(b"\x30\x05\x00\x01ahi");
    sim.inject_raw(&packet[..5]);
    sim.feed(old, b"\x30\x04\x00\x01ox");
    sim.feed(old, b"\xff\xff\xff\xff\xff");
    sim.inject_raw(&packet[5..]);
    assert_eq!(sim.texts(), ["hi"]);
    assert_eq!(sim.topics(), ["a"]);
    assert!(sim.engine.is_online());
}

#[test]
fn late_events_of_an_old_connection_are_ignored() {
    let mut sim = Sim::online(config());
    let old = sim.generation();
    sim.reconnect();
    sim.engine.closed(sim.now, old, "late");
    sim.engine.opened(sim.now, old);
    sim.settle();
    assert!(sim.engine.is_online());
    assert_eq!(sim.disconnects, [7]);
    assert_eq!(sim.broker.connects.len(), 2);
}
