//! Calls of more filters than fit into one packet, `maxfilters`.

use super::harness::{config, Sim};
use crate::codec::ReasonCode;
use crate::engine::{Config, Outcome, Token};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("t/{i}")).collect()
}

fn subscribe(sim: &mut Sim, names: &[String]) -> Token {
    let filters: Vec<(&str, u8)> = names.iter().zip((0..3).cycle()).map(|(n, q)| (&**n, q)).collect();
    sim.subscribe(&filters, Some(1))
}

fn unsubscribe(sim: &mut Sim, names: &[String]) -> Token {
    let filters: Vec<&str> = names.iter().map(|name| &**name).collect();
    sim.unsubscribe(&filters)
}

fn sizes(sim: &Sim) -> Vec<usize> {
    sim.broker.subscribes().iter().map(Vec::len).collect()
}

#[test]
fn a_call_of_many_filters_becomes_packets_of_8_and_ends_once_with_all_codes_in_order() {
    let mut sim = Sim::online(config());
    let token = subscribe(&mut sim, &names(20));
    assert_eq!(sizes(&sim), [8, 8, 4]);
    match sim.ok(token) {
        Outcome::Granted { codes, .. } => {
            let expected: Vec<u8> = (0..3).cycle().take(20).collect();
            assert_eq!(codes, &expected);
        }
        other => panic!("{other:?}"),
    }
    let token = unsubscribe(&mut sim, &names(20));
    sim.ok(token);
    assert!(sim.broker.session().subscriptions.is_empty());
    assert_eq!(sim.unrouted, [1]);
    sim.assert_empty();
}

#[test]
fn maxfilters_holds_for_calls_and_for_what_is_restored() {
    let mut sim = Sim::online(Config {
        max_filters: 3,
        ..config()
    });
    subscribe(&mut sim, &names(7));
    sim.reconnect();
    assert_eq!(sizes(&sim), [3, 3, 1, 3, 3, 1]);
    sim.assert_empty();
}

#[test]
fn refused_filters_of_several_packets_are_all_named_and_the_others_stand() {
    let mut sim = Sim::online(config());
    sim.broker.forbidden = vec!["t/2".into(), "t/11".into()];
    let token = subscribe(&mut sim, &names(12));
    let error = sim.error(token);
    assert_eq!(
        (error.code.name(), error.reason),
        ("SUBSCRIBE_FAILED", Some(ReasonCode(0x80)))
    );
    let named = "\"t/2\" (128), \"t/11\" (128)";
    assert!(error.message.contains(named), "{}", error.message);
    assert_eq!(sim.broker.session().subscriptions.len(), 10);
    sim.assert_empty();
}

#[test]
fn packets_that_a_lost_connection_left_unanswered_are_sent_again_and_the_call_ends_once() {
    let mut sim = Sim::online(config());
    sim.auto = false;
    let token = subscribe(&mut sim, &names(20));
    // The first SUBACK arrives: 5 bytes of header and 8 codes are 12 or 13.
    let first = sim.broker.out.len() * 13 / 36;
    sim.cut_down = Some(first);
    sim.auto = true;
    sim.settle();
    assert!(sim.is_pending(token));
    sim.advance(2_000);
    assert!(matches!(sim.ok(token), Outcome::Granted { codes, .. } if codes.len() == 20));
    assert_eq!(sim.broker.session().subscriptions.len(), 20);
    sim.assert_empty();
}

#[test]
fn a_call_of_several_packets_that_nothing_answers_ends_once() {
    let mut sim = Sim::online(config());
    sim.broker.subacks = false;
    let overdue = subscribe(&mut sim, &names(20));
    sim.advance(31_000);
    assert_eq!(sim.fate(overdue), "TIMEOUT");
    let stopped = subscribe(&mut sim, &names(20));
    sim.stop();
    assert_eq!(sim.fate(stopped), "STOPPED");
    sim.assert_empty();
}

#[test]
fn unsubscribe_cancels_a_call_of_several_packets_only_if_it_names_all_of_it() {
    let mut sim = Sim::new(config());
    let kept = subscribe(&mut sim, &names(12));
    unsubscribe(&mut sim, &names(8));
    assert!(sim.is_pending(kept));
    unsubscribe(&mut sim, &names(12));
    assert_eq!(sim.fate(kept), "SUBSCRIBE_FAILED");
    sim.start();
    assert!(sim.broker.session().subscriptions.is_empty());
    sim.assert_empty();
}
