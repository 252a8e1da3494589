//! Runs random sequences of the steps of the model, and compares what is there in the end.

use std::collections::BTreeMap;

use super::{Fate, Made, Mode, World, NAMES};
use crate::engine::subscriptions::Kind;
use crate::engine::withdrawing::Withdrawn;

/// How many steps a sequence has.
const STEPS: u64 = 48;
/// How many sequences are run, unless the environment says more in `SEQUENCES`.
const FEW: u64 = 200;

impl World {
    /// The calls whose subscription to the filter is in force, each with its QoS.
    fn holders(&self, name: &str) -> BTreeMap<u64, u8> {
        let mut holders = BTreeMap::new();
        for (&seq, made) in &self.made {
            match (made.kind, made.fate) {
                _ if !made.names.contains(&name) => {}
                (Kind::Subscribe, Fate::Done) => drop(holders.insert(seq, made.qos)),
                // The broker has handled one that is overdue, or has not.
                (Kind::Unsubscribe, Fate::Done | Fate::Overdue | Fate::Withdrawn(Withdrawn::Sent)) => {
                    holders.clear();
                }
                _ => {}
            }
        }
        holders
    }

    fn check(&self) {
        for (seq, made) in &self.made {
            assert_ne!(made.fate, Fate::Pending, "call {seq} has not ended");
        }
        assert_eq!(self.all.pending(), 0, "something is pending");
        let believed: BTreeMap<String, u8> = self
            .all
            .list(true)
            .into_iter()
            .map(|(one, _)| (one.filter, one.options))
            .collect();
        assert_eq!(believed, self.broker, "what is granted, and what the broker has");
        for name in NAMES {
            let holders = self.holders(name);
            let qos = self.broker.get(name);
            let routed = self.all.route(name);
            // What was granted to a call of several packets before it failed or was withdrawn may stay, and what an UNSUBSCRIBE that
            // nobody waits for has not ended before a stop.
            let may_stay = self.made.values().any(|made| {
                let is_ended_by_stop = self.mode.stops && made.kind == Kind::Unsubscribe;
                made.fate != Fate::Done && made.names.len() > 1
                    || made.fate == Fate::Overdue && is_ended_by_stop
            });
            assert!(
                qos.is_some() != routed.is_empty() || qos.is_some() && may_stay,
                "{name}: {qos:?}, {routed:?}"
            );
            // What is sent behind an UNSUBSCRIBE has its own QoS, also if that is refused or taken back then.
            let is_refused = |made: &Made| {
                let fates = [Fate::Failed, Fate::Withdrawn(Withdrawn::Unsent)];
                made.kind == Kind::Unsubscribe && fates.contains(&made.fate)
            };
            assert!(
                qos >= holders.values().max() || self.made.values().any(is_refused),
                "{name}: {qos:?}, {holders:?}"
            );
            let mut routed: Vec<u64> = routed.into_iter().map(u64::from).collect();
            routed.sort_unstable();
            if may_stay {
                continue;
            }
            let key_of = |seq: &u64| self.made[seq].key;
            let mut last = BTreeMap::new();
            for seq in holders.keys() {
                last.insert(key_of(seq), *seq);
            }
            let mut expected: Vec<u64> = last.into_values().collect();
            expected.sort_unstable();
            assert_eq!(routed, expected, "handlers of {name}");
        }
    }
}

/// Runs sequences of this mode; the error of the first that fails has its steps.
fn sequences(mode: Mode) {
    let more = std::env::var("SEQUENCES").ok();
    let count = more.and_then(|count| count.parse().ok()).unwrap_or(FEW);
    for seed in 0..count {
        let mut world = World::new(seed, mode);
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..STEPS {
                world.step();
            }
            world.settle();
            world.check();
        }));
        assert!(run.is_ok(), "seed {seed}, {mode:?}:\n{}", world.log.join("\n"));
    }
}

const PLAIN: Mode = Mode {
    refusals: 0,
    loses_sessions: false,
    stops: false,
    late_unsubacks: false,
    has_overdue: false,
};

#[test]
fn calls_that_are_withdrawn_leave_what_the_others_ask_for() {
    sequences(PLAIN);
}

#[test]
fn so_do_they_when_sessions_are_lost() {
    let loses_sessions = true;
    sequences(Mode {
        loses_sessions,
        ..PLAIN
    });
}

#[test]
fn so_do_they_beside_calls_that_are_refused() {
    let refusals = 30;
    sequences(Mode { refusals, ..PLAIN });
}

#[test]
fn what_was_granted_before_a_stop_is_there_after_the_next_start() {
    let (loses_sessions, stops) = (true, true);
    let mode = Mode {
        loses_sessions,
        stops,
        ..PLAIN
    };
    sequences(mode);
}

#[test]
fn what_was_granted_stands_when_an_unsuback_of_before_comes_late() {
    let late_unsubacks = true;
    sequences(Mode {
        late_unsubacks,
        ..PLAIN
    });
}

#[test]
fn so_do_calls_whose_answers_are_overdue() {
    let (loses_sessions, has_overdue) = (true, true);
    for stops in [false, true] {
        sequences(Mode {
            loses_sessions,
            has_overdue,
            stops,
            ..PLAIN
        });
    }
}
