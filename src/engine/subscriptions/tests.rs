//! Tests of the subscriptions alone.

use super::super::output::{Event, Token};
use super::super::random::Random;
use super::*;

fn subscriptions() -> Subscriptions {
    Subscriptions::new(HashKeys::new(&mut Random::new(1)))
}

fn filters(names: &[&str]) -> Vec<Filter> {
    let filter = |name: &&str| Filter {
        filter: name.to_string(),
        options: 1,
    };
    names.iter().map(filter).collect()
}

fn call(seq: u64, names: &[&str]) -> Call {
    Call {
        seq,
        filters: filters(names),
        properties: Vec::new(),
        token: None,
        together: 8,
    }
}

/// Sends the next request, which is answered with these codes.
fn answer(subscriptions: &mut Subscriptions, codes: &[u8], effects: &mut Effects) {
    let (slot, _) = subscriptions.next_request().unwrap();
    subscriptions.sent(0, slot, PacketId::new(1).unwrap(), 100, 0);
    let answered = subscriptions.on_answer(Version::V5, Kind::Subscribe, slot, codes, &[], effects);
    answered.unwrap();
}

#[test]
fn what_was_granted_is_restored_after_a_lost_session_and_what_was_refused_is_not() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a", "b"]), None);
    answer(&mut all, &[1, 0x80], &mut effects);
    assert!(!all.has_request());
    all.connected(true, 8, &mut || 2, &mut effects);
    assert!(!all.has_request());
    all.connected(false, 8, &mut || 2, &mut effects);
    let (_, contents) = all.next_request().expect("a request that restores");
    assert_eq!(contents.kind, Kind::Subscribe);
    assert_eq!(contents.filters, filters(&["a"]));
}

#[test]
fn a_request_that_was_not_answered_is_sent_again_without_its_identifier() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), None);
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(7).unwrap(), 100, 0);
    assert!(!all.has_request());
    assert_eq!(
        all.connected(true, 8, &mut || 2, &mut effects),
        [PacketId::new(7).unwrap()]
    );
    assert_eq!(all.next_request().map(|(slot, _)| slot), Some(slot));
}

#[test]
fn an_overdue_call_ends_once_and_is_not_sent_again() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    let call = Call {
        token: Token::new(9),
        ..call(1, &["a"])
    };
    all.subscribe(call, Some(Handler::new(4)));
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(7).unwrap(), 100, 0);
    let error = Error::stopped();
    all.end_overdue(100, 100, &error, &mut effects);
    assert!(effects.queue.is_empty(), "the deadline is confirmed first");
    all.end_overdue(400, 100, &error, &mut effects);
    assert_eq!(effects.queue.len(), 1);
    all.connected(true, 8, &mut || 2, &mut effects);
    assert!(!all.has_request());
    assert_eq!(effects.events().last(), Some(&&Event::HandlerRemoved(4)));
    assert!(all.route("a").is_empty());
}

#[test]
fn the_answer_to_an_older_call_does_not_remove_what_a_later_call_asked_for() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), Some(Handler::new(2)));
    all.subscribe(call(2, &["a"]), Some(Handler::new(4)));
    assert_eq!(all.route("a"), [2, 4]);
    answer(&mut all, &[0x80], &mut effects);
    assert_eq!(all.route("a"), [4]);
    answer(&mut all, &[1], &mut effects);
    assert_eq!(all.route("a"), [4]);
    assert_eq!(effects.events()[0], &Event::HandlerRemoved(2));
}

#[test]
fn handlers_add_up_and_a_refused_call_leaves_what_was_granted() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), Some(Handler::new(2)));
    answer(&mut all, &[1], &mut effects);
    let larger = Call {
        filters: vec![Filter {
            filter: "a".into(),
            options: 2 | 8,
        }],
        ..call(2, &[])
    };
    all.subscribe(larger, Some(Handler::new(4)));
    assert_eq!(all.route("a"), [2, 4]);
    answer(&mut all, &[0x87], &mut effects);
    assert_eq!(all.route("a"), [2]);
    all.connected(false, 8, &mut || 3, &mut effects);
    let (_, contents) = all.next_request().expect("a request that restores");
    assert_eq!(contents.filters, filters(&["a"]));
}

#[test]
fn the_largest_qos_and_the_other_options_of_the_last_call_are_asked_for() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), None);
    answer(&mut all, &[1], &mut effects);
    let smaller = |seq| Call {
        filters: vec![Filter {
            filter: "a".into(),
            options: 8,
        }],
        ..call(seq, &[])
    };
    all.subscribe(smaller(2), None);
    let (_, contents) = all.next_request().unwrap();
    assert_eq!(contents.filters[0].options, 1 | 8);
    answer(&mut all, &[1], &mut effects);
    all.unsubscribe(call(3, &["a"]), true, &mut effects);
    all.subscribe(smaller(4), None);
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(1).unwrap(), 100, 0);
    let (_, contents) = all.next_request().unwrap();
    assert_eq!(contents.filters[0].options, 8, "unsubscribe() ends it");
}

#[test]
fn a_handler_takes_the_place_of_another_when_that_is_granted() {
    let first = Handler::new(2);
    let again = Handler { number: 4, ..first };
    for (code, left, removed) in [(0x80, 2, 4), (1, 4, 2)] {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(call(1, &["a"]), Some(first));
        answer(&mut all, &[1], &mut effects);
        all.subscribe(call(2, &["a"]), Some(again));
        assert_eq!(all.route("a"), [4]);
        answer(&mut all, &[code], &mut effects);
        assert_eq!(all.route("a"), [left]);
        assert_eq!(effects.events()[0], &Event::HandlerRemoved(removed));
    }
}

#[test]
fn handlers_of_an_earlier_connection_make_place_and_those_of_this_one_add_up() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    for (seq, number, connection) in [(1, 2, 3), (2, 4, 3), (3, 6, 0), (4, 8, 5), (5, 10, 5)] {
        let handler = Handler {
            connection,
            ..Handler::new(number)
        };
        all.subscribe(call(seq, &["a"]), Some(handler));
        answer(&mut all, &[1], &mut effects);
    }
    assert_eq!(all.route("a"), [6, 8, 10]);
    assert_eq!(all.entry("a").handlers.len(), 3);
}

#[test]
fn unsubscribe_ends_the_handlers_before_it_and_none_after_it() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), Some(Handler::new(2)));
    answer(&mut all, &[1], &mut effects);
    all.unsubscribe(call(2, &["a"]), true, &mut effects);
    all.subscribe(call(3, &["a"]), Some(Handler::new(4)));
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(1).unwrap(), 100, 0);
    let answered = all.on_answer(Version::V5, Kind::Unsubscribe, slot, &[0], &[], &mut effects);
    answered.unwrap();
    assert_eq!(all.route("a"), [4]);
}

#[test]
fn many_calls_of_unsubscribe_do_not_put_all_that_is_unanswered_in_order() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), Some(Handler::new(2)));
    all.unsubscribe(call(2, &["b"]), true, &mut effects);
    assert_eq!(
        all.requests.orders.take(),
        1,
        "the SUBSCRIBE may be one that ends"
    );
    answer(&mut all, &[1], &mut effects);
    all.requests.orders.set(0);
    for seq in 3..100 {
        all.unsubscribe(call(seq, &["a"]), true, &mut effects);
    }
    assert_eq!((all.requests.orders.take(), all.requests.len()), (0, 98));
}

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
    subscriptions.withdraw(Token::new(seq as u32).unwrap(), effects)
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
