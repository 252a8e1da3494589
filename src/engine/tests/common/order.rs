//! The order of messages over reconnects (§4.4, §4.6), and DUP.

use mqttbytes::v4::Packet;

use super::harness::{config, Dial, Sim};
use crate::engine::Config;

fn kept() -> Config {
    Config {
        clean_session: false,
        ..config()
    }
}

/// Payload, DUP and identifier of what was published since packet number `from`.
fn published(sim: &Sim, from: usize) -> Vec<(String, bool, u16)> {
    sim.broker.packets[from..]
        .iter()
        .filter_map(|p| match p {
            Packet::Publish(p) => Some((String::from_utf8(p.payload.to_vec()).unwrap(), p.dup, p.pkid)),
            Packet::PubRel(p) => Some(("rel".into(), false, p.pkid)),
            _ => None,
        })
        .collect()
}

fn row(text: &str, dup: bool, pid: u16) -> (String, bool, u16) {
    (text.into(), dup, pid)
}

#[test]
fn a_kept_session_has_unacknowledged_messages_again_in_order_with_dup_and_the_same_identifiers() {
    let mut sim = Sim::online(kept());
    sim.broker.acks = false;
    for i in 1..5 {
        sim.publish("a", &i.to_string(), 1 + i % 2);
    }
    sim.inject(b"\x40\x02\x00\x02");
    let from = sim.broker.packets.len();
    sim.reconnect();
    let again = published(&sim, from);
    assert_eq!(again, [row("1", true, 1), row("3", true, 3), row("4", true, 4)]);
    assert_eq!(sim.broker.texts(), ["1", "2", "3", "4", "4"]);
}

#[test]
fn what_the_broker_has_is_released_before_younger_messages_are_sent_again() {
    let mut sim = Sim::online(kept());
    sim.broker.acks = false;
    for i in 1..5 {
        sim.publish("a", &i.to_string(), 2);
    }
    sim.inject(b"\x50\x02\x00\x01");
    sim.inject(b"\x50\x02\x00\x02");
    for _ in 0..3 {
        let from = sim.broker.packets.len();
        sim.reconnect();
        // Some of them may be under suspicion by now: then one is sent with nothing else on the wire.
        let again = published(&sim, from);
        let all = [
            row("rel", false, 1),
            row("rel", false, 2),
            row("3", true, 3),
            row("4", true, 4),
        ];
        assert_eq!(again, all[..again.len()]);
    }
    sim.broker.acks = true;
    let from = sim.broker.packets.len();
    sim.drop_connection();
    sim.advance(60_000);
    let released: Vec<u16> = published(&sim, from)
        .into_iter()
        .filter(|one| one.0 == "rel")
        .map(|one| one.2)
        .collect();
    assert_eq!(released, [1, 2, 3, 4]);
}

#[test]
fn after_pubrec_only_pubrel_is_sent_again() {
    let mut sim = Sim::online(kept());
    sim.broker.acks = false;
    let token = sim.publish("a", "x", 2);
    sim.inject(b"\x50\x02\x00\x01");
    let from = sim.broker.packets.len();
    sim.broker.acks = true;
    sim.reconnect();
    assert_eq!(published(&sim, from), [row("rel", false, 1)]);
    sim.ok(token);
    assert_eq!(sim.broker.texts(), ["x"]);
}

#[test]
fn a_lost_session_has_them_as_new_ones_before_what_waited() {
    for clean_session in [true, false] {
        let mut sim = Sim::online(Config {
            clean_session,
            max_inflight: 3,
            ..config()
        });
        sim.broker.acks = false;
        for i in 1..6 {
            sim.publish("a", &i.to_string(), 1);
        }
        let from = sim.broker.packets.len();
        sim.broker.lose_session();
        sim.drop_connection();
        sim.publish("a", "6", 1);
        sim.broker.acks = true;
        sim.advance(3_000);
        let again = published(&sim, from);
        let texts: Vec<&str> = again.iter().map(|(text, ..)| &**text).collect();
        assert_eq!(texts, ["1", "2", "3", "4", "5", "6"]);
        assert!(again.iter().all(|(_, dup, _)| !dup));
        sim.assert_empty();
    }
}

#[test]
fn a_message_that_was_sent_again_is_new_once_the_session_is_lost() {
    let mut sim = Sim::online(kept());
    sim.broker.acks = false;
    sim.publish("a", "x", 1);
    sim.reconnect();
    let from = sim.broker.packets.len();
    sim.broker.lose_session();
    sim.broker.acks = true;
    sim.reconnect();
    sim.advance(5_000);
    assert!(!published(&sim, from).is_empty());
    assert!(published(&sim, from).iter().all(|(_, dup, _)| !dup));
    sim.assert_empty();
}

#[test]
fn the_order_is_that_of_sending_not_of_the_calls() {
    for clean_session in [true, false] {
        let mut sim = Sim::online(Config {
            clean_session,
            ..config()
        });
        sim.broker.acks = false;
        sim.queue("a", "queued first, sent second", 1);
        sim.publish("a", "sent first", 1);
        sim.flush();
        let from = sim.broker.packets.len();
        sim.reconnect();
        let again = published(&sim, from);
        let texts: Vec<&str> = again.iter().map(|(text, ..)| &**text).collect();
        assert_eq!(texts, ["sent first", "queued first, sent second"]);
    }
}

#[test]
fn pubrels_are_sent_again_in_the_order_of_the_pubrecs() {
    let mut sim = Sim::online(kept());
    sim.broker.acks = false;
    sim.publish("a", "1", 2);
    sim.publish("a", "2", 2);
    sim.inject(b"\x50\x02\x00\x02\x50\x02\x00\x01");
    let from = sim.broker.packets.len();
    sim.reconnect();
    assert_eq!(
        published(&sim, from),
        [row("rel", false, 2), row("rel", false, 1)]
    );
}

#[test]
fn messages_given_while_offline_go_out_in_order_at_mixed_qos() {
    let mut sim = Sim::new(config());
    let expected: Vec<String> = (0..100).map(|i| i.to_string()).collect();
    let tokens: Vec<_> = (0..100)
        .map(|i| sim.publish("a", &i.to_string(), i % 3))
        .collect();
    sim.start();
    assert_eq!(sim.broker.texts(), expected);
    for token in tokens {
        sim.ok(token);
    }
    sim.assert_empty();
}

#[test]
fn ten_thousand_in_flight_are_resent_at_once() {
    let mut sim = Sim::online(Config {
        max_inflight: 20_000,
        max_inflight_qos2: 20_000,
        ..kept()
    });
    sim.broker.silent = true;
    for i in 0..10_000u32 {
        sim.publish_undrained("a", i.to_string().as_bytes(), 1 + (i % 2) as u8);
    }
    sim.settle();
    let from = sim.broker.packets.len();
    sim.auto = false;
    sim.drop_connection();
    sim.advance(3_000);
    // CONNACK alone brings them all.
    sim.inject(b"\x20\x02\x01\x00");
    assert_eq!(published(&sim, from).len(), 10_000);
    assert!(published(&sim, from).iter().all(|(_, dup, _)| *dup));
}

#[test]
fn order_is_kept_over_many_losses_at_any_byte() {
    let mut sim = Sim::online(kept());
    let mut tokens = Vec::new();
    for i in 0..120 {
        if i % 3 == 0 {
            sim.cut_up = Some(1 + i * 7 % 40);
        }
        tokens.push(sim.publish("a", &i.to_string(), 2));
        sim.advance(if i % 4 == 0 { 3_000 } else { 0 });
    }
    sim.cut_up = None;
    sim.advance(400_000);
    let expected: Vec<String> = (0..120).map(|i| i.to_string()).collect();
    assert_eq!(sim.broker.texts(), expected);
    for token in tokens {
        sim.ok(token);
    }
    sim.assert_empty();
}

#[test]
fn messages_to_be_resent_on_a_slow_link_are_not_overdue() {
    let mut sim = Sim::online(Config {
        keepalive: None,
        ..kept()
    });
    sim.broker.acks = false;
    // Each fills a frame by itself.
    let payload = vec![0; 70_000];
    sim.publish_bytes("a", &payload, 1);
    sim.publish_bytes("a", &payload, 1);
    sim.dial = Dial::Refuse;
    sim.drop_connection();
    sim.sleep(3_600_000);
    sim.dial = Dial::Accept;
    sim.auto = false;
    sim.start();
    // After the first frame the transport takes no more.
    let connack = sim.broker.dialect.say(b"\x20\x02\x01\x00");
    sim.full_after = Some(1);
    sim.inject_raw(&connack);
    sim.inject(b"\x40\x02\x00\x01");
    sim.advance(40_000);
    assert!(sim.engine.is_online(), "{:?}", sim.log);
}
