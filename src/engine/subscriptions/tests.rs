//! Tests of the subscriptions alone.

use super::super::output::{Event, Token};
use super::super::random::Random;
use super::*;

pub(super) fn subscriptions() -> Subscriptions {
    Subscriptions::new(HashKeys::new(&mut Random::new(1)))
}

fn filters(names: &[&str]) -> Vec<Filter> {
    let filter = |name: &&str| Filter {
        filter: name.to_string(),
        options: 1,
    };
    names.iter().map(filter).collect()
}

pub(super) fn call(seq: u64, names: &[&str]) -> Call {
    Call {
        seq,
        filters: filters(names),
        properties: Vec::new(),
        token: None,
        together: 8,
    }
}

/// Sends the next request, which is answered with these codes.
pub(super) fn answer(subscriptions: &mut Subscriptions, codes: &[u8], effects: &mut Effects) {
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
