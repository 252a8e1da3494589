//! Operations at which a broker closes the connection: they are found and put aside, and everything else goes on, in its order.

use super::harness::{config, is_five, Sim};
use crate::engine::{Code, Config, Token};

/// A broker that closes the connection at these topics and filters.
pub(super) fn closing_at(names: &[&str], config: Config) -> Sim {
    let mut sim = Sim::online(config);
    sim.broker.closes_at = names.iter().map(|&name| name.to_owned()).collect();
    sim
}

pub(super) fn kept() -> Config {
    Config {
        clean_session: false,
        ..config()
    }
}

/// Within three minutes, whatever the delays.
pub(super) fn wait(sim: &mut Sim) {
    sim.advance(180_000);
    assert!(sim.engine.is_online());
}

/// `BROKER_CLOSES` was reported so often.
pub(super) fn reports(sim: &Sim) -> usize {
    let closes = sim.errors.iter().filter(|error| error.code == Code::BrokerCloses);
    closes.count()
}

#[track_caller]
pub(super) fn assert_put_aside(sim: &Sim, token: Token, named: &str) {
    assert_eq!(sim.fate(token), "BROKER_CLOSES");
    let sentence = &sim.error(token).message;
    assert!(sentence.contains(named), "{sentence}");
}

#[test]
fn a_publish_at_which_the_broker_closes_is_put_aside_after_three_connections_and_the_others_arrive_in_order()
{
    for (qos, config) in [(1, config()), (2, config()), (1, kept()), (2, kept())] {
        let mut sim = closing_at(&["secret"], config);
        let guilty = sim.publish("secret", "no", qos);
        let innocent: Vec<Token> = (0..20).map(|i| sim.publish("open", &format!("{i}"), 1)).collect();
        assert_eq!(sim.fate(guilty), "pending");
        wait(&mut sim);
        assert_put_aside(&sim, guilty, &format!("PUBLISH of QoS {qos} to \"secret\""));
        assert_eq!(reports(&sim), 1);
        for token in innocent {
            sim.ok(token);
        }
        let expected: Vec<String> = (0..20).map(|i| i.to_string()).collect();
        assert_eq!(sim.broker.texts(), expected);
        assert_eq!(sim.connacks.len(), 5);
        assert_eq!(sim.engine.stats().suspects, 0);
        sim.assert_empty();
    }
}

#[test]
fn among_a_thousand_under_way_the_guilty_one_is_found_and_no_other_is_lost() {
    for loses_answers in [false, true] {
        for config in [config(), kept()] {
            let mut sim = closing_at(&["secret"], config);
            sim.broker.loses_answers = loses_answers;
            let mut tokens = Vec::new();
            for i in 0..1_000 {
                let topic = if i == 700 { "secret" } else { "open" };
                tokens.push(sim.publish_undrained(topic, format!("{i}").as_bytes(), 1));
            }
            sim.settle();
            wait(&mut sim);
            for (i, &token) in tokens.iter().enumerate() {
                match i {
                    700 => assert_put_aside(&sim, token, "secret"),
                    _ => drop(sim.ok(token)),
                }
            }
            let mut first: Vec<usize> = Vec::new();
            for text in sim.broker.texts() {
                let number: usize = text.parse().unwrap();
                if first.last().is_none_or(|&last| number > last) {
                    first.push(number);
                }
            }
            let expected: Vec<usize> = (0..1_000).filter(|&i| i != 700).collect();
            assert_eq!(first, expected, "each arrives first in its place");
            assert!(sim.connacks.len() <= 8, "{} connections", sim.connacks.len());
            sim.assert_empty();
        }
    }
}

#[test]
fn several_guilty_ones_are_put_aside_one_after_the_other() {
    let mut sim = closing_at(&["a", "b", "c"], kept());
    let mut guilty = Vec::new();
    let mut innocent = Vec::new();
    for round in 0..10 {
        for topic in ["a", "open/1", "b", "open/2", "c"] {
            let token = sim.publish_undrained(topic, format!("{round}").as_bytes(), 1);
            match topic.starts_with("open") {
                true => innocent.push(token),
                false => guilty.push(token),
            }
        }
    }
    sim.settle();
    sim.advance(1_800_000);
    for token in guilty {
        assert_put_aside(&sim, token, "PUBLISH");
    }
    for token in innocent {
        sim.ok(token);
    }
    assert_eq!(sim.broker.given.len(), 20);
    let connections = sim.connacks.len();
    assert!(connections <= 60, "{connections} for 30 guilty ones");
    sim.assert_empty();
}

#[test]
fn a_subscribe_at_which_the_broker_closes_is_put_aside_and_the_other_filters_of_the_call_stand() {
    for config in [config(), kept()] {
        let mut sim = closing_at(&["$share/g/t"], config);
        let before = sim.subscribe(&[("old/#", 1)], Some(1));
        sim.ok(before);
        let call = sim.subscribe(&[("a", 1), ("$share/g/t", 1), ("b", 2)], Some(2));
        let publish = sim.publish("open", "x", 1);
        wait(&mut sim);
        assert_put_aside(&sim, call, "SUBSCRIBE to \"$share/g/t\"");
        assert_eq!(reports(&sim), 1);
        sim.ok(publish);
        let filters: Vec<&String> = sim
            .broker
            .session
            .as_ref()
            .unwrap()
            .subscriptions
            .keys()
            .collect();
        assert_eq!(filters, ["a", "b", "old/#"]);
        assert_eq!(sim.engine.route("b"), [2]);
        assert!(sim.engine.route("$share/g/t").is_empty());
        sim.assert_empty();
    }
}

#[test]
fn a_filter_that_is_no_longer_allowed_is_not_restored_for_ever() {
    let mut sim = Sim::online(config());
    for filter in ["a", "b", "c", "d"] {
        sim.subscribe(&[(filter, 1)], Some(1));
    }
    sim.broker.closes_at = vec!["c".into()];
    sim.drop_connection();
    let publish = sim.publish("open", "x", 1);
    wait(&mut sim);
    sim.ok(publish);
    assert_eq!(reports(&sim), 1);
    let filters: Vec<&String> = sim
        .broker
        .session
        .as_ref()
        .unwrap()
        .subscriptions
        .keys()
        .collect();
    assert_eq!(filters, ["a", "b", "d"]);
    sim.reconnect();
    assert!(sim.engine.is_online());
    sim.assert_empty();
}

#[test]
fn a_guilty_call_of_on_connect_lets_everything_else_through_although_it_is_made_again_and_again() {
    for config in [config(), kept()] {
        let mut sim = closing_at(&["bad"], config);
        sim.broker.loses_answers = true;
        sim.on_connect = vec![("bad", 1), ("good", 1)];
        sim.drop_connection();
        let mut tokens = Vec::new();
        for i in 0..60 {
            tokens.push(sim.publish("open", &format!("{i}"), 1));
            sim.advance(1_000);
        }
        sim.advance(120_000);
        for token in tokens {
            sim.ok(token);
        }
        let calls = sim.on_connect_calls.clone();
        let ends = calls.iter().map(|&call| sim.fate(call));
        let put_aside = ends.filter(|&fate| fate == "BROKER_CLOSES").count();
        assert!((3..60).contains(&put_aside), "{put_aside} in 180 s");
        assert!(calls.iter().any(|&call| sim.fate(call) == "OK"));
    }
}

#[test]
fn what_was_put_aside_once_is_not_put_aside_for_one_connection_that_ends() {
    let mut sim = closing_at(&["t"], kept());
    let guilty = sim.publish("t", "no", 1);
    wait(&mut sim);
    assert_put_aside(&sim, guilty, "PUBLISH");
    sim.broker.closes_at.clear();
    let token = sim.publish("t", "yes", 1);
    sim.ok(token);
    sim.broker.acks = false;
    let token = sim.publish("t", "yes", 1);
    sim.drop_connection();
    sim.broker.acks = true;
    wait(&mut sim);
    sim.ok(token);
    assert_eq!(reports(&sim), 1);
}

#[test]
fn an_unsubscribe_at_which_the_broker_closes_is_put_aside() {
    let mut sim = Sim::online(kept());
    sim.subscribe(&[("a", 1)], Some(1));
    sim.broker.closes_at = vec!["a".into()];
    let call = sim.unsubscribe(&["a"]);
    wait(&mut sim);
    assert_put_aside(&sim, call, "UNSUBSCRIBE from \"a\"");
    sim.assert_empty();
}

#[test]
fn a_message_of_qos_0_at_which_the_broker_closes_brings_no_other_under_suspicion() {
    let mut sim = closing_at(&["secret"], kept());
    let mut tokens = Vec::new();
    for i in 0..200 {
        tokens.push(sim.publish("open", &format!("{i}"), 1));
        sim.publish("secret", "no", 0);
        sim.advance(700);
    }
    sim.broker.closes_at.clear();
    wait(&mut sim);
    for token in tokens {
        sim.ok(token);
    }
    assert_eq!(reports(&sim), 0);
}

#[test]
fn what_is_put_aside_leaves_the_identifier_of_a_kept_session_to_the_broker() {
    let mut sim = closing_at(&["secret"], kept());
    let guilty = sim.publish("secret", "no", 2);
    wait(&mut sim);
    assert_put_aside(&sim, guilty, "QoS 2");
    assert_eq!(sim.engine.reserved_ids(), 1);
    sim.broker.lose_session();
    sim.reconnect();
    assert_eq!(sim.engine.reserved_ids(), 0);
}

#[test]
fn stop_ends_in_its_time_during_the_search() {
    let mut sim = closing_at(&["secret"], config());
    let guilty = sim.publish("secret", "no", 1);
    sim.advance(1_000);
    let stop = sim.stop();
    sim.advance(12_000);
    sim.ok(stop);
    assert_ne!(sim.fate(guilty), "pending");
    sim.assert_stopped();
}

#[test]
fn while_a_suspect_is_under_way_everything_waits_and_stats_say_so() {
    let mut sim = closing_at(&["secret"], config());
    sim.publish("secret", "no", 1);
    while sim.engine.stats().suspects == 0 {
        sim.advance(100);
    }
    while !sim.engine.is_online() {
        sim.advance(100);
    }
    let token = sim.publish("open", "x", 0);
    assert_eq!((sim.fate(token), sim.engine.stats().suspects), ("pending", 1));
    wait(&mut sim);
    sim.ok(token);
    assert_eq!(sim.engine.stats().suspects, 0);
}

#[test]
fn a_disconnect_with_a_reason_of_the_brokers_own_counts_like_a_network_that_fails() {
    if !is_five() {
        return;
    }
    let reason = |code: u8| [0xe0, 2, code, 0];
    // After six connections, and after fourteen.
    for (code, after) in [(0x8b, [0, 1]), (0x98, [0, 1]), (0x8e, [0, 1]), (0x97, [1, 1])] {
        let mut sim = Sim::online(kept());
        sim.broker.acks = false;
        let token = sim.publish("open", "x", 1);
        for (times, ended) in [6, 8].into_iter().zip(after) {
            for _ in 0..times {
                sim.inject_raw(&reason(code));
                sim.start();
                sim.advance(5_000);
            }
            assert_eq!(reports(&sim), ended, "{code:x}");
        }
        if code == 0x97 {
            let error = sim.error(token);
            assert!(
                error.reason.is_some() && error.message.contains("reason code 151"),
                "{}",
                error.message
            );
        }
    }
}

#[test]
fn suspects_are_sent_in_groups_that_grow_by_those_that_were_answered() {
    let mut sim = Sim::online(kept());
    sim.broker.acks = false;
    for i in 0..7 {
        sim.publish("open", &i.to_string(), 1);
    }
    for _ in 0..2 {
        sim.drop_connection();
        sim.start();
    }
    let mut answered = 14;
    let mut groups = Vec::new();
    while answered < 21 {
        let sent: Vec<u16> = sim.broker.publishes()[answered..]
            .iter()
            .map(|publish| publish.pkid)
            .collect();
        groups.push(sent.len());
        answered += sent.len().max(1);
        for [high, low] in sent.into_iter().map(u16::to_be_bytes) {
            sim.inject(&[0x40, 2, high, low]);
        }
    }
    assert_eq!(groups, [1, 2, 4]);
    sim.assert_empty();
}
