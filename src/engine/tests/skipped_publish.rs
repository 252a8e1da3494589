//! Packets beyond `maxpacketsize`: a PUBLISH is passed over, anything else breaks the protocol.

use mqttbytes::v4::Packet;

use super::broker::write_publish;
use super::harness::{config, Sim};
use crate::engine::Config;

fn small() -> Config {
    Config {
        max_packet_size: 50,
        clean_session: false,
        ..config()
    }
}

fn packet(topic: &str, size: usize, qos: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let pid = 7 * (qos > 0) as u16;
    write_publish(&mut out, topic.as_bytes(), &vec![b'x'; size], qos, pid);
    out
}

fn reports(sim: &Sim) -> Vec<&str> {
    sim.errors.iter().map(|error| error.code.name()).collect()
}

#[test]
fn a_packet_of_just_maxpacketsize_is_taken() {
    let mut sim = Sim::online(small());
    let fits = packet("a", 45, 0);
    assert_eq!(fits.len(), 50);
    sim.inject(&fits);
    sim.inject(&packet("a", 46, 0));
    assert_eq!((sim.messages.len(), reports(&sim)), (1, vec!["PACKET_TOO_LARGE"]));
}

#[test]
fn it_is_acknowledged_reported_and_counted_wherever_the_stream_is_cut() {
    for qos in 0..3 {
        let mut bytes = packet("before", 1, 0);
        bytes.extend(packet("big/t\u{e9}", 300, qos));
        bytes.extend(packet("after", 1, 0));
        for cut in 0..=bytes.len() {
            let mut sim = Sim::online(small());
            sim.auto = false;
            let before = sim.broker.packets.len();
            for part in [&bytes[..cut], &bytes[cut..]] {
                sim.inject(part);
            }
            check(&mut sim, qos, before);
        }
        let mut sim = Sim::online(small());
        sim.auto = false;
        let before = sim.broker.packets.len();
        for byte in &bytes {
            sim.inject(&[*byte]);
            let (len, _) = sim.engine.receive_buffer();
            assert!(len <= 50, "{len}");
        }
        check(&mut sim, qos, before);
    }
}

fn check(sim: &mut Sim, qos: u8, before: usize) {
    sim.auto = true;
    sim.settle();
    assert!(sim.engine.is_online(), "{:?}", sim.errors);
    assert_eq!(sim.topics(), ["before", "after"]);
    assert_eq!(reports(sim), ["PACKET_TOO_LARGE"]);
    let text = &sim.errors[0].message;
    assert!(
        text.contains("\"big/t\u{e9}\"") && text.contains(" of 31"),
        "{text}"
    );
    assert_eq!((sim.engine.stats().dropped, sim.engine.stats().received), (1, 2));
    let answers = &sim.broker.packets[before..];
    match (qos, answers) {
        (0, []) => {}
        (1, [Packet::PubAck(ack)]) => assert_eq!(ack.pkid, 7),
        (2, [Packet::PubRec(rec), Packet::PubComp(comp)]) => assert_eq!((rec.pkid, comp.pkid), (7, 7)),
        _ => panic!("{qos}: {answers:?}"),
    }
}

#[test]
fn nothing_but_its_head_is_kept_however_large_it_is() {
    let mut sim = Sim::online(small());
    let size = 100 << 20;
    let head = packet("big", size, 1);
    for chunk in head.chunks(64 << 10) {
        sim.inject(chunk);
        assert!(sim.engine.receive_buffer().0 <= 64 << 10);
    }
    assert!(sim.engine.receive_buffer().1 <= 256 << 10);
    assert_eq!((reports(&sim), sim.broker.pings()), (vec!["PACKET_TOO_LARGE"], 0));
}

#[test]
fn it_is_answered_only_when_all_of_it_has_come() {
    let mut sim = Sim::online(small());
    let before = sim.broker.packets.len();
    let bytes = packet("big", 300, 1);
    sim.inject(&bytes[..bytes.len() - 1]);
    assert_eq!((sim.broker.packets.len(), sim.errors.len()), (before, 0));
    sim.inject(&bytes[bytes.len() - 1..]);
    assert_eq!((sim.broker.packets.len(), sim.errors.len()), (before + 1, 1));
}

#[test]
fn one_that_was_cut_off_leaves_nothing_for_the_next_connection() {
    let mut sim = Sim::online(small());
    sim.inject(&packet("big", 300, 1)[..100]);
    sim.reconnect();
    assert_eq!(sim.engine.stats().dropped, 0);
    sim.inject(&packet("a", 1, 0));
    assert_eq!(sim.messages.len(), 1);
}

#[test]
fn the_broker_does_not_bring_it_again_and_again() {
    for qos in [1, 2] {
        let mut sim = Sim::online(small());
        sim.subscribe(&[("a/#", 2)], None);
        sim.incoming("a/b", &"x".repeat(500), qos);
        sim.incoming("a/b", "small", qos);
        for _ in 0..3 {
            sim.drop_connection();
            sim.start();
        }
        assert_eq!(sim.broker.owes(), 0);
        assert_eq!(sim.texts(), ["small"]);
        let large = reports(&sim).iter().filter(|c| **c == "PACKET_TOO_LARGE").count();
        assert_eq!(large, 1);
    }
}

#[test]
fn a_repeated_one_of_qos_2_is_reported_once() {
    let mut sim = Sim::online(small());
    sim.inject(&packet("big", 300, 2).repeat(2));
    assert_eq!(sim.errors.len(), 1);
}

#[test]
fn a_head_that_cannot_be_is_a_violation() {
    let longer_than_the_packet = [&[0x32, 100, 0, 99][..], &[b'a'; 20]].concat();
    let wildcard = [&[0x32, 100, 0, 1, b'#', 0, 1][..], &[b'x'; 95]].concat();
    let no_identifier = [&[0x32, 100, 0, 1, b'a', 0, 0][..], &[b'x'; 95]].concat();
    for bytes in [longer_than_the_packet, wildcard, no_identifier] {
        let mut sim = Sim::online(small());
        sim.inject(&bytes);
        assert_eq!(sim.disconnects, [2], "{bytes:02x?}");
    }
}

#[test]
fn any_other_packet_is_refused_from_its_header() {
    let mut sim = Sim::online(small());
    sim.inject(&[0x90, 49]);
    assert_eq!(sim.disconnects, [2]);
}
