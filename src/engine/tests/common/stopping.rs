//! stop() at every moment: everything ends, nothing is left.

use mqttbytes::v4::Packet;

use super::harness::{config, Dial, Sim};
use crate::engine::{Config, State};

fn goodbyes(sim: &Sim) -> usize {
    sim.broker
        .packets
        .iter()
        .filter(|p| matches!(p, Packet::Disconnect))
        .count()
}

#[test]
fn online_and_idle_it_says_disconnect_and_is_done() {
    let mut sim = Sim::online(config());
    let token = sim.stop();
    sim.ok(token);
    assert_eq!(goodbyes(&sim), 1);
    assert_eq!(sim.disconnects, [0]);
    sim.assert_stopped();
}

#[test]
fn before_start_it_is_done_at_once_and_ends_what_waited() {
    let mut sim = Sim::new(config());
    let publish = sim.publish("a", "x", 1);
    let queue = sim.queue("a", "x", 0);
    let batch = sim.batch("a", "1");
    let subscribe = sim.subscribe(&[("a", 0)], Some(1));
    let stop = sim.stop();
    sim.ok(stop);
    for token in [publish, queue, batch, subscribe] {
        assert_eq!(sim.fate(token), "STOPPED");
    }
    assert_eq!(sim.unrouted, [1]);
    sim.assert_stopped();
}

#[test]
fn while_the_transport_opens() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Silent;
    let start = sim.start();
    let stop = sim.stop();
    sim.ok(stop);
    assert_eq!(sim.fate(start), "STOPPED");
    assert!(sim.disconnects.is_empty());
    sim.assert_stopped();
}

#[test]
fn while_connack_is_awaited() {
    let mut sim = Sim::new(config());
    sim.broker.connack = None;
    let start = sim.start();
    let stop = sim.stop();
    sim.ok(stop);
    assert_eq!(sim.fate(start), "STOPPED");
    assert_eq!(goodbyes(&sim), 0);
    sim.assert_stopped();
}

#[test]
fn while_connack_is_awaited_with_messages_they_are_sent_first() {
    let mut sim = Sim::new(config());
    sim.auto = false;
    sim.start();
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    assert!(sim.is_pending(stop));
    sim.auto = true;
    sim.settle();
    sim.ok(publish);
    sim.ok(stop);
    assert_eq!((goodbyes(&sim), &*sim.disconnects), (1, &[0][..]));
    sim.assert_stopped();
}

#[test]
fn online_with_messages_in_flight_it_waits_for_their_acknowledgements() {
    let mut sim = Sim::online(config());
    sim.auto = false;
    let one = sim.publish("a", "1", 1);
    let two = sim.publish("a", "2", 2);
    let stop = sim.stop();
    assert_eq!(sim.fate(stop), "pending");
    assert_eq!(goodbyes(&sim), 0);
    sim.auto = true;
    sim.settle();
    for token in [one, two, stop] {
        sim.ok(token);
    }
    assert_eq!(goodbyes(&sim), 1);
    sim.assert_stopped();
}

#[test]
fn pending_batches_and_queued_items_are_sent_at_every_qos_at_once() {
    for qos in 0..3 {
        let mut sim = Sim::online(config());
        let batch = sim.batch_as(&super::harness::message("b", b"1", qos));
        let queued: Vec<_> = (0..3).map(|i| sim.queue("q", &i.to_string(), qos)).collect();
        let stop = sim.stop();
        assert_eq!(sim.broker.texts(), ["[1]", "0", "1", "2"]);
        sim.ok(batch);
        for token in queued {
            sim.ok(token);
        }
        sim.ok(stop);
        assert_eq!(goodbyes(&sim), 1);
        sim.assert_stopped();
    }
}

#[test]
fn more_than_one_frame_of_qos_0_is_sent_before_disconnect() {
    let mut sim = Sim::online(config());
    for i in 0..200u32 {
        sim.publish_undrained("a", &vec![i as u8; 1_000], 0);
    }
    let stop = sim.stop();
    sim.ok(stop);
    assert_eq!(sim.broker.given.len(), 200);
    sim.assert_stopped();
}

#[test]
fn with_a_busy_transport_it_waits_until_there_is_room() {
    let mut sim = Sim::online(config());
    sim.block(true);
    let publish = sim.publish("a", "x", 0);
    let stop = sim.stop();
    assert!(sim.is_pending(stop));
    sim.block(false);
    sim.ok(publish);
    sim.ok(stop);
    sim.assert_stopped();
}

#[test]
fn acknowledgements_that_never_come_do_not_hold_it_longer_than_stoptimeout() {
    let mut sim = Sim::online(config());
    sim.broker.silent = true;
    let publish = sim.publish("a", "x", 1);
    let subscribe = sim.subscribe(&[("a", 1)], None);
    let stop = sim.stop();
    sim.advance(9_999);
    assert!(sim.is_pending(stop) && sim.is_pending(publish));
    sim.advance(1);
    sim.ok(stop);
    assert_eq!((sim.fate(publish), sim.fate(subscribe)), ("STOPPED", "STOPPED"));
    assert_eq!((goodbyes(&sim), &*sim.disconnects), (1, &[0][..]));
    sim.assert_stopped();
}

#[test]
fn a_subscription_that_is_pending_does_not_hold_it() {
    let mut sim = Sim::online(config());
    sim.broker.subacks = false;
    let subscribe = sim.subscribe(&[("a", 1)], Some(1));
    let stop = sim.stop();
    sim.ok(stop);
    assert_eq!(sim.fate(subscribe), "STOPPED");
    assert_eq!(sim.unrouted, [1]);
    sim.assert_stopped();
}

#[test]
fn while_it_waits_to_reconnect_with_nothing_pending_it_is_done_at_once() {
    let mut sim = Sim::online(config());
    sim.drop_connection();
    assert_eq!(sim.engine.state(), State::Reconnecting);
    let stop = sim.stop();
    sim.ok(stop);
    assert_eq!(sim.disconnects, [7]);
    assert_eq!(sim.opens.len(), 1);
    sim.assert_stopped();
}

#[test]
fn while_it_waits_to_reconnect_with_messages_it_tries_once_more_at_once() {
    let mut sim = Sim::online(config());
    sim.drop_connection();
    let publish = sim.publish("a", "x", 1);
    let batch = sim.batch("a", "1");
    let stop = sim.stop();
    for token in [publish, batch, stop] {
        sim.ok(token);
    }
    assert_eq!((goodbyes(&sim), &*sim.disconnects), (1, &[7, 0][..]));
    sim.assert_stopped();

    for dial in [Dial::Refuse, Dial::Silent] {
        let mut sim = Sim::online(config());
        sim.drop_connection();
        let publish = sim.publish("a", "x", 1);
        sim.dial = dial;
        let stop = sim.stop();
        sim.advance(10_500);
        sim.ok(stop);
        assert!(["CONNECTION_REFUSED", "STOPPED", "TIMEOUT"].contains(&sim.fate(publish)));
        sim.assert_stopped();
    }
}

#[test]
fn when_the_connection_breaks_meanwhile_it_reconnects_to_send_the_rest() {
    let mut sim = Sim::online(Config {
        clean_session: false,
        ..config()
    });
    sim.broker.acks = false;
    let publish = sim.publish("a", "x", 2);
    let stop = sim.stop();
    sim.broker.acks = true;
    sim.drop_connection();
    sim.ok(publish);
    sim.ok(stop);
    assert_eq!(sim.broker.texts(), ["x"]);
    assert_eq!(sim.disconnects, [7, 0]);
    sim.assert_stopped();
}

#[test]
fn a_connection_that_breaks_again_and_again_meanwhile_is_no_storm() {
    let mut sim = Sim::online(config());
    sim.broker.acks = false;
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    for _ in 0..10 {
        sim.drop_connection();
        sim.advance(1);
    }
    assert_eq!(sim.opens.len(), 2, "one attempt to send the rest");
    sim.ok(stop);
    assert_eq!(sim.fate(publish), "STOPPED");
    sim.assert_stopped();
}

#[test]
fn an_attempt_for_what_is_pending_that_is_dropped_is_the_only_one() {
    let mut sim = Sim::online(config());
    sim.drop_connection();
    sim.broker.acks = false;
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    assert_eq!(sim.opens.len(), 2);
    sim.drop_connection();
    sim.ok(stop);
    assert_eq!(sim.fate(publish), "STOPPED");
    sim.assert_stopped();
}

#[test]
fn during_a_failover_it_tries_again_within_stoptimeout() {
    for connack in [None, Some(3)] {
        let mut sim = Sim::online(config());
        sim.broker.acks = false;
        let publish = sim.publish("a", "x", 1);
        match connack {
            None => sim.dial = Dial::Refuse,
            refused => sim.broker.connack = refused,
        }
        let stop = sim.stop();
        sim.drop_connection();
        sim.advance(5_000);
        assert!(sim.is_pending(stop) && sim.is_pending(publish));
        assert!((3..250).contains(&sim.opens.len()), "{}", sim.opens.len());
        (sim.dial, sim.broker.connack, sim.broker.acks) = (Dial::Accept, Some(0), true);
        sim.advance(1_000);
        sim.ok(publish);
        sim.ok(stop);
        sim.assert_stopped();
    }
}

#[test]
fn a_broker_that_does_not_come_back_holds_it_no_longer_than_stoptimeout() {
    let mut sim = Sim::online(config());
    sim.drop_connection();
    sim.dial = Dial::Refuse;
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    sim.advance(9_999);
    assert!(sim.is_pending(stop));
    sim.advance(1);
    sim.ok(stop);
    assert_eq!(sim.fate(publish), "STOPPED");
    sim.assert_stopped();
}

#[test]
fn a_broker_that_refuses_the_client_is_not_asked_again() {
    let mut sim = Sim::online(config());
    sim.drop_connection();
    sim.broker.connack = Some(5);
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    sim.ok(stop);
    assert_eq!((sim.fate(publish), sim.opens.len()), ("STOPPED", 2));
    sim.assert_stopped();
}

#[test]
fn a_client_that_was_never_connected_tries_each_server_once() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Refuse;
    sim.start();
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    sim.ok(stop);
    assert_eq!((sim.fate(publish), sim.opens.len()), ("STOPPED", 2));
    sim.assert_stopped();
}

#[test]
fn called_twice_both_end_together() {
    let mut sim = Sim::online(config());
    sim.auto = false;
    sim.publish("a", "x", 1);
    let tokens = [sim.stop(), sim.stop()];
    assert!(tokens.iter().all(|t| sim.is_pending(*t)));
    sim.auto = true;
    sim.settle();
    for token in tokens {
        sim.ok(token);
    }
    let again = sim.stop();
    sim.ok(again);
    assert_eq!(sim.disconnects, [0]);
    sim.assert_stopped();
}

#[test]
fn while_the_transport_closes_it_is_not_done_before_and_not_much_later() {
    let mut sim = Sim::online(config());
    sim.never_closes = true;
    let first = sim.stop();
    assert!(sim.is_pending(first));
    let second = sim.stop();
    sim.advance(1_000);
    sim.ok(first);
    sim.ok(second);
    sim.assert_stopped();
}

#[test]
fn nothing_is_sent_after_disconnect() {
    let mut sim = Sim::new(config());
    sim.auto = false;
    sim.start();
    let generation = sim.generation();
    let publish = sim.publish("a", "0", 0);
    sim.stop();
    sim.never_closes = true;
    // CONNACK, and in the same chunk messages that want an answer.
    for said in [
        &b"\x20\x02\x00\x00\x32\x06\x00\x01a\x00\x05x\x34\x06\x00\x01a\x00\x06x"[..],
        b"\x32\x06\x00\x01a\x00\x07x",
    ] {
        let said = sim.broker.dialect.say(said);
        sim.feed(generation, &said);
    }
    sim.advance(5_000);
    sim.ok(publish);
    let last = sim.broker.packets.last();
    assert!(matches!(last, Some(Packet::Disconnect)), "{last:?}");
    sim.assert_stopped();
}

#[test]
fn a_late_stop_timer_does_its_work() {
    let mut sim = Sim::online(config());
    sim.broker.silent = true;
    sim.publish("a", "x", 1);
    let stop = sim.stop();
    sim.sleep(600_000);
    sim.tick();
    sim.ok(stop);
    sim.assert_stopped();
}

#[test]
fn without_any_time_it_ends_what_is_pending_at_once() {
    let mut sim = Sim::online(Config {
        stop_timeout: 0,
        ..config()
    });
    sim.broker.silent = true;
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    sim.advance(0);
    sim.ok(stop);
    assert_eq!(sim.fate(publish), "STOPPED");
    sim.assert_stopped();
}
