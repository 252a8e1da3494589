//! Calls that are withdrawn at each point between the call and its answer.

use crate::codec::{PacketId, Version};
use crate::engine::effects::Effects;
use crate::engine::error::{Code, Error};
use crate::engine::output::{Event, Token};
use crate::engine::subscriptions::tests::{answer, call, subscriptions};
use crate::engine::subscriptions::{Call, Filter, Handler, Kind, Subscriptions};
use crate::engine::withdrawing::Withdrawn;

/// A call whose token is its number; `options` of each of its filters.
fn withdrawable(seq: u64, names: &[&str], options: u8) -> Call {
    let mut call = call(seq, names);
    for filter in &mut call.filters {
        filter.options = options;
    }
    let token = Token::new(seq as u32);
    Call { token, ..call }
}

fn withdraw(subscriptions: &mut Subscriptions, seq: u64, effects: &mut Effects) -> bool {
    subscriptions.withdraw(Token::new(seq as u32).unwrap(), effects) != Withdrawn::Unknown
}

/// Puts the next request on the wire; its place, kind and filters.
fn send(subscriptions: &mut Subscriptions) -> Option<(u32, Kind, Vec<Filter>)> {
    let (slot, contents) = subscriptions.next_request()?;
    let (kind, filters) = (contents.kind, contents.filters.clone());
    subscriptions.sent(0, slot, PacketId::new(1).unwrap(), 100, 0);
    Some((slot, kind, filters))
}

fn grant(subscriptions: &mut Subscriptions, slot: u32, code: u8, effects: &mut Effects) {
    let answered = subscriptions.on_answer(Version::V5, Kind::Subscribe, slot, &[code], &[], effects);
    answered.unwrap();
}

#[test]
fn a_subscribe_that_was_never_on_the_wire_leaves_nothing_when_it_is_withdrawn() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
    assert!(withdraw(&mut all, 1, &mut effects));
    assert!(!withdraw(&mut all, 1, &mut effects), "it has ended");
    assert!(!all.has_request() && all.route("a").is_empty());
    assert_eq!((all.pending(), all.filters.len()), (0, 0));
    let events = effects.events();
    assert_eq!(events[0], &Event::HandlerRemoved(2));
    assert!(matches!(events[1], Event::Done { result: Err(error), .. } if error.code == Code::Dropped));
    assert_eq!(events.len(), 2);
}

#[test]
fn what_its_caller_withdraws_on_the_wire_is_put_back() {
    // What was granted before, what the withdrawn call asks for, and what is sent at once and behind its SUBACK.
    for (before, asked, now, behind) in [
        (None, 1, Some(Kind::Unsubscribe), None),
        (Some(1), 1, None, None),
        (Some(1 | 4), 1, None, Some(1 | 4)),
        (Some(1), 2 | 8, None, Some(1)),
    ] {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        let first = Handler::new(2);
        if let Some(options) = before {
            all.subscribe(withdrawable(1, &["a"], options), Some(first));
            answer(&mut all, &[options & 3], &mut effects);
        }
        let handler = Handler { number: 4, ..first };
        all.subscribe(withdrawable(2, &["a"], asked), Some(handler));
        let (slot, ..) = send(&mut all).unwrap();
        assert!(withdraw(&mut all, 2, &mut effects));
        let left: &[u32] = if before.is_some() { &[2] } else { &[] };
        assert_eq!(all.route("a"), left);
        assert_eq!(send(&mut all).map(|(_, kind, _)| kind), now);
        grant(&mut all, slot, asked & 3, &mut effects);
        let sent = send(&mut all).map(|(_, kind, filters)| (kind, filters[0].options));
        assert_eq!(sent, behind.map(|options| (Kind::Subscribe, options)));
        assert_eq!(all.route("a"), left);
    }
}

#[test]
fn what_is_unsubscribed_meanwhile_is_not_put_back() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 1 | 4), None);
    answer(&mut all, &[1], &mut effects);
    all.subscribe(withdrawable(2, &["a", "b"], 1), None);
    let (slot, ..) = send(&mut all).unwrap();
    withdraw(&mut all, 2, &mut effects);
    all.unsubscribe(withdrawable(3, &["a"], 0), true, &mut effects);
    let answered = all.on_answer(Version::V5, Kind::Subscribe, slot, &[1, 1], &[], &mut effects);
    answered.unwrap();
    let mut sent = Vec::new();
    while let Some((_, kind, filters)) = send(&mut all) {
        sent.push((kind, filters[0].filter.clone()));
    }
    let expected = ["b", "a"].map(|filter| (Kind::Unsubscribe, filter.to_string()));
    assert_eq!(sent, expected);
}

#[test]
fn a_withdrawn_call_takes_nothing_from_an_earlier_or_a_later_one() {
    for withdrawn in [1, 2] {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
        let (slot, ..) = send(&mut all).unwrap();
        all.subscribe(withdrawable(2, &["a"], 8), Some(Handler::new(4)));
        assert!(withdraw(&mut all, withdrawn, &mut effects));
        let left = if withdrawn == 1 { 4 } else { 2 };
        assert_eq!(all.route("a"), [left]);
        grant(&mut all, slot, 1, &mut effects);
        if withdrawn == 1 {
            let (slot, kind, filters) = send(&mut all).unwrap();
            assert_eq!((kind, filters[0].options), (Kind::Subscribe, 1 | 8));
            grant(&mut all, slot, 1, &mut effects);
        }
        assert_eq!((all.pending(), all.route("a")), (0, vec![left]));
        all.connected(false, 8, &mut || 3, &mut effects);
        let (_, _, filters) = send(&mut all).expect("it is restored");
        let options = if withdrawn == 1 { 1 | 8 } else { 1 };
        assert_eq!(filters[0].options, options);
    }
}

#[test]
fn after_a_lost_connection_what_was_withdrawn_on_the_wire_is_put_back_in_the_same_session() {
    for session_present in [true, false] {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
        answer(&mut all, &[1], &mut effects);
        all.subscribe(withdrawable(2, &["a"], 2), Some(Handler::new(4)));
        send(&mut all).unwrap();
        withdraw(&mut all, 2, &mut effects);
        all.connected(session_present, 8, &mut || 3, &mut effects);
        let (slot, kind, filters) = send(&mut all).unwrap();
        assert_eq!((kind, filters[0].options), (Kind::Subscribe, 1));
        grant(&mut all, slot, 1, &mut effects);
        assert_eq!((all.pending(), all.route("a")), (0, vec![2]));
    }
}

#[test]
fn a_call_of_several_packets_is_withdrawn_whole() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    let together = 1;
    all.subscribe(
        Call {
            together,
            ..withdrawable(1, &["a", "b", "c"], 1)
        },
        Some(Handler::new(2)),
    );
    let (slot, ..) = send(&mut all).unwrap();
    withdraw(&mut all, 1, &mut effects);
    let (_, kind, left) = send(&mut all).unwrap();
    assert_eq!((kind, left[0].filter.as_str()), (Kind::Unsubscribe, "a"));
    grant(&mut all, slot, 1, &mut effects);
    assert!(!all.has_request());
    let ended = effects.events();
    assert_eq!(
        ended
            .iter()
            .filter(|one| matches!(one, Event::Done { .. }))
            .count(),
        1
    );
}

#[test]
fn an_unsubscribe_that_was_never_on_the_wire_is_withdrawn() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
    answer(&mut all, &[1], &mut effects);
    all.unsubscribe(withdrawable(2, &["a"], 0), true, &mut effects);
    assert!(withdraw(&mut all, 2, &mut effects));
    assert!(!all.has_request());
    assert_eq!(all.route("a"), [2]);
    assert_eq!(all.entry("a").options, 1);
}

#[test]
fn one_that_has_joined_what_restores_is_withdrawn_alone() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
    answer(&mut all, &[1], &mut effects);
    all.connected(false, 8, &mut || 2, &mut effects);
    all.subscribe(withdrawable(3, &["a"], 1), Some(Handler::new(4)));
    assert_eq!(all.requests.len(), 1);
    withdraw(&mut all, 3, &mut effects);
    assert_eq!(all.route("a"), [2]);
    let (slot, ..) = send(&mut all).unwrap();
    grant(&mut all, slot, 1, &mut effects);
    assert_eq!((all.pending(), all.route("a")), (0, vec![2]));
}

#[test]
fn of_three_calls_two_are_withdrawn_in_any_order_and_one_stays() {
    for order in [[1, 3], [3, 1], [1, 2], [2, 1], [2, 3], [3, 2]] {
        for sent in [true, false] {
            let mut effects = Effects::default();
            let mut all = subscriptions();
            let mut slots = Vec::new();
            for seq in 1..=3 {
                let handler = Handler::new(2 * seq as u32);
                all.subscribe(withdrawable(seq, &["a"], 1), Some(handler));
                slots.extend(sent.then(|| send(&mut all).unwrap().0));
            }
            for seq in order {
                withdraw(&mut all, seq, &mut effects);
            }
            if !sent {
                slots.push(send(&mut all).unwrap().0);
            }
            assert!(!all.has_request(), "{order:?}");
            for slot in slots {
                grant(&mut all, slot, 1, &mut effects);
            }
            let left = (1..=3).find(|seq| !order.contains(seq)).unwrap();
            assert_eq!((all.pending(), all.route("a")), (0, vec![2 * left as u32]));
            all.connected(false, 8, &mut || 4, &mut effects);
            assert!(send(&mut all).is_some(), "it is restored");
        }
    }
}

#[test]
fn what_is_withdrawn_takes_nothing_from_a_call_that_is_sent_again() {
    for (session_present, withdrawn_after) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
        all.subscribe(withdrawable(2, &["a"], 1), Some(Handler::new(4)));
        send(&mut all).unwrap();
        send(&mut all).unwrap();
        if !withdrawn_after {
            withdraw(&mut all, 2, &mut effects);
        }
        all.connected(session_present, 8, &mut || 3, &mut effects);
        if withdrawn_after {
            withdraw(&mut all, 2, &mut effects);
        }
        let (slot, kind, _) = send(&mut all).unwrap();
        assert_eq!(kind, Kind::Subscribe);
        grant(&mut all, slot, 1, &mut effects);
        while let Some((slot, kind, _)) = send(&mut all) {
            assert_eq!(kind, Kind::Subscribe);
            grant(&mut all, slot, 1, &mut effects);
        }
        assert_eq!((all.pending(), all.route("a")), (0, vec![2]));
        all.connected(false, 8, &mut || 4, &mut effects);
        assert!(send(&mut all).is_some(), "it is restored");
    }
}

#[test]
fn a_refused_call_and_a_withdrawn_one_leave_a_third() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
    all.subscribe(withdrawable(2, &["a"], 1), Some(Handler::new(4)));
    let (first, ..) = send(&mut all).unwrap();
    let (second, ..) = send(&mut all).unwrap();
    all.subscribe(withdrawable(3, &["a"], 1), Some(Handler::new(6)));
    withdraw(&mut all, 3, &mut effects);
    grant(&mut all, first, 0x87, &mut effects);
    grant(&mut all, second, 1, &mut effects);
    assert_eq!((all.pending(), all.route("a")), (0, vec![4]));
    all.connected(false, 8, &mut || 4, &mut effects);
    assert!(send(&mut all).is_some(), "it is restored");
}

#[test]
fn an_unsubscribe_that_is_withdrawn_leaves_what_was_on_the_wire() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 2), Some(Handler::new(2)));
    let (slot, ..) = send(&mut all).unwrap();
    all.subscribe(withdrawable(2, &["a"], 0), Some(Handler::new(4)));
    all.unsubscribe(withdrawable(3, &["a"], 0), true, &mut effects);
    assert_eq!(all.route("a"), [2], "what was not on the wire has ended");
    assert!(withdraw(&mut all, 3, &mut effects));
    assert!(!all.has_request());
    grant(&mut all, slot, 2, &mut effects);
    assert_eq!((all.pending(), all.route("a")), (0, vec![2]));
    all.subscribe(withdrawable(4, &["a"], 0), None);
    assert_eq!(send(&mut all).map(|(_, _, filters)| filters[0].options), Some(2));
}

#[test]
fn a_subscribe_behind_an_unsubscribe_that_is_withdrawn_lowers_no_qos() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 2), Some(Handler::new(2)));
    answer(&mut all, &[2], &mut effects);
    all.unsubscribe(withdrawable(2, &["a"], 0), true, &mut effects);
    all.subscribe(withdrawable(3, &["a"], 4), Some(Handler::new(4)));
    withdraw(&mut all, 2, &mut effects);
    let (slot, kind, filters) = send(&mut all).unwrap();
    assert_eq!((kind, filters[0].options), (Kind::Subscribe, 2 | 4));
    grant(&mut all, slot, 2, &mut effects);
    all.subscribe(withdrawable(4, &["a"], 0), None);
    assert_eq!(send(&mut all).map(|(_, _, filters)| filters[0].options), Some(2));
}

#[test]
fn what_an_earlier_unsubscribe_has_ended_stays_ended_when_a_later_one_is_withdrawn() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
    send(&mut all).unwrap();
    all.unsubscribe(withdrawable(2, &["a"], 0), true, &mut effects);
    all.unsubscribe(withdrawable(3, &["a"], 0), true, &mut effects);
    withdraw(&mut all, 3, &mut effects);
    all.connected(true, 8, &mut || 4, &mut effects);
    let kinds: Vec<_> = std::iter::from_fn(|| send(&mut all).map(|(_, kind, _)| kind)).collect();
    assert_eq!(kinds, [Kind::Unsubscribe]);
    let ended = |event: &&Event| matches!(event, Event::Done { token, .. } if Some(*token) == Token::new(1));
    assert!(
        effects.events().iter().any(ended),
        "the call that it has ended is not sent again"
    );
}

#[test]
fn a_filter_of_two_withdrawn_calls_one_on_the_wire_is_unsubscribed() {
    for order in [[1, 2], [2, 1]] {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
        let (slot, ..) = send(&mut all).unwrap();
        all.subscribe(withdrawable(2, &["a"], 1), Some(Handler::new(4)));
        for seq in order {
            withdraw(&mut all, seq, &mut effects);
        }
        let mut sent: Vec<_> = send(&mut all).map(|(_, kind, _)| kind).into_iter().collect();
        grant(&mut all, slot, 1, &mut effects);
        sent.extend(send(&mut all).map(|(_, kind, _)| kind));
        assert_eq!(sent, [Kind::Unsubscribe], "{order:?}");
    }
}

#[test]
fn an_unsubscribe_on_the_wire_goes_on_also_over_a_lost_connection() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(withdrawable(1, &["a"], 1), Some(Handler::new(2)));
    answer(&mut all, &[1], &mut effects);
    all.unsubscribe(withdrawable(2, &["a"], 0), true, &mut effects);
    send(&mut all).unwrap();
    assert_eq!(
        all.withdraw(Token::new(2).unwrap(), &mut effects),
        Withdrawn::Sent
    );
    all.connected(true, 8, &mut || 3, &mut effects);
    let (slot, kind, _) = send(&mut all).unwrap();
    assert_eq!(kind, Kind::Unsubscribe);
    let answered = all.on_answer(Version::V5, kind, slot, &[0], &[], &mut effects);
    answered.unwrap();
    assert_eq!((all.pending(), all.filters.len()), (0, 0));
}

#[test]
fn of_many_calls_that_are_overdue_each_looks_at_its_own_requests() {
    const MANY: u64 = 1000;
    let mut effects = Effects::default();
    let mut all = subscriptions();
    for seq in 2..MANY + 2 {
        all.subscribe(withdrawable(seq, &[&seq.to_string()], 1), Some(Handler::new(2)));
    }
    while send(&mut all).is_some() {}
    for now in [100, 400] {
        assert!(all.ack_expired(now));
        all.end_overdue(now, 100, &Error::stopped(), &mut effects);
    }
    let ended = effects
        .events()
        .iter()
        .filter(|one| matches!(one, Event::Done { .. }))
        .count();
    assert_eq!(ended as u64, MANY);
    assert!(
        all.requests.looks.get() < 10 * ended,
        "{}",
        all.requests.looks.get()
    );
}
