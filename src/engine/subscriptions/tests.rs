//! Tests of the subscriptions alone.

use super::super::deadline::NEVER;
use super::super::error::Code;
use super::super::output::{Event, Token};
use super::super::random::Random;
use super::super::suspicion::RIGHT_AFTER;
use super::filter::check_filters;
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
    assert_eq!(all.on_wire().all, 1);
    all.end_overdue(400, 100, &error, &mut effects);
    assert_eq!(effects.events()[0], &Event::HandlerRemoved(4));
    assert_eq!((effects.queue.len(), all.on_wire().all), (2, 0));
    assert!(all.route("a").is_empty());
    // A session that is kept may have the subscription.
    all.connected(true, 8, &mut || 2, &mut effects);
    let next = all.next_request().map(|(_, contents)| contents.kind);
    assert_eq!((next, all.requests.len()), (Some(Kind::Unsubscribe), 1));
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
    answer(&mut all, &[1], &mut effects);
    for seq in 3..100 {
        all.unsubscribe(call(seq, &["a"]), true, &mut effects);
    }
    assert_eq!((all.requests.orders.take(), all.requests.len()), (0, 98));
    all.subscribe(call(100, &["a"]), None);
    all.unsubscribe(call(101, &["a"]), true, &mut effects);
    assert_eq!(
        all.requests.orders.take(),
        1,
        "the SUBSCRIBE may be one that ends"
    );
}

#[test]
fn an_overdue_call_that_waits_to_be_sent_again_is_not_sent() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    let call = Call {
        token: Token::new(9),
        ..call(1, &["a"])
    };
    all.subscribe(call, None);
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(7).unwrap(), 100, 0);
    all.connected(true, 8, &mut || 2, &mut effects);
    assert!(all.has_request());
    for now in [100, 400] {
        all.end_overdue(now, 100, &Error::stopped(), &mut effects);
    }
    let next = all.next_request().map(|(_, contents)| contents.kind);
    assert_eq!((next, all.requests.len()), (Some(Kind::Unsubscribe), 1));
}

#[test]
fn an_unsubscribe_behind_which_a_subscribe_was_granted_ends_with_its_connection() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), None);
    answer(&mut all, &[1], &mut effects);
    let token = Token::new(2);
    all.unsubscribe(
        Call {
            token,
            ..call(2, &["a"])
        },
        true,
        &mut effects,
    );
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(2).unwrap(), 100, 0);
    all.subscribe(call(3, &["a"]), Some(Handler::new(4)));
    answer(&mut all, &[1], &mut effects);
    all.connected(true, 8, &mut || 4, &mut effects);
    assert!(!all.has_request());
    let done = effects
        .events()
        .iter()
        .any(|event| matches!(event, Event::Done { token: ended, .. } if Some(*ended) == token));
    assert!(done);
    assert_eq!(all.route("a"), [4]);
}

/// Two connections end so long after the next request was sent, and the session is kept.
fn end_two_connections(all: &mut Subscriptions, later: Millis) {
    for _ in 0..2 {
        let (slot, _) = all.next_request().unwrap();
        all.sent(1_000, slot, PacketId::new(1).unwrap(), 100, 0);
        all.suspect(1_000 + later, true);
        all.connected(true, 8, &mut || 9, &mut Effects::default());
    }
}

#[test]
fn what_was_sent_right_before_connections_ended_is_a_suspect_and_what_was_sent_long_before_is_not() {
    for (later, is_suspect) in [(RIGHT_AFTER, true), (RIGHT_AFTER + 1, false)] {
        let mut all = subscriptions();
        all.subscribe(call(1, &["a"]), None);
        assert!(!all.has_suspect());
        end_two_connections(&mut all, later);
        assert_eq!(all.has_suspect(), is_suspect);
    }
}

#[test]
fn a_call_that_had_joined_a_suspect_is_a_suspect_after_the_session_was_lost() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), None);
    answer(&mut all, &[1], &mut effects);
    all.connected(false, 8, &mut || 2, &mut effects);
    all.subscribe(call(3, &["a"]), None);
    assert_eq!(all.requests.len(), 1, "it has joined what restores");
    end_two_connections(&mut all, 0);
    all.connected(false, 8, &mut || 4, &mut effects);
    assert!(all.has_suspect());
}

#[test]
fn an_answer_is_awaited_from_the_call_to_the_answer() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    assert!(!all.awaits_answer());
    all.subscribe(call(1, &["a"]), None);
    assert!(all.awaits_answer());
    answer(&mut all, &[1], &mut effects);
    assert!(!all.awaits_answer());
}

#[test]
fn an_unsubscribe_is_found_among_places_that_are_free() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    for (seq, name) in (1..).zip(["a", "b", "c", "d", "e", "f"]) {
        all.subscribe(call(seq, &[name]), None);
    }
    all.unsubscribe(call(7, &["x"]), true, &mut effects);
    for _ in 0..3 {
        answer(&mut all, &[1], &mut effects);
    }
    assert_eq!(all.requests.last_unsubscribe("x"), 7);
    assert!(all.requests.is_pending("x") && all.requests.is_pending("d") && !all.requests.is_pending("a"));
}

#[test]
fn a_filter_is_too_long_or_wrong() {
    for (length, code) in [(65_535, Code::InvalidTopic), (65_536, Code::OutOfRange)] {
        let wrong = "#".repeat(length);
        let checked = check_filters("subscribe", &mut [&*wrong].into_iter());
        assert_eq!(checked.unwrap_err().code, code);
    }
}

/// A call that ends with token 9, which is sent, of a filter that was granted with QoS 2.
fn unsubscribed() -> (Subscriptions, u32) {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    let mut asked = call(1, &["a"]);
    asked.filters[0].options = 2;
    all.subscribe(asked, None);
    answer(&mut all, &[2], &mut effects);
    let unsubscribe = Call {
        token: Token::new(9),
        ..call(2, &["a"])
    };
    all.unsubscribe(unsubscribe, true, &mut effects);
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(7).unwrap(), 100, 0);
    (all, slot)
}

#[test]
fn an_overdue_unsubscribe_goes_on_until_it_is_answered() {
    let mut effects = Effects::default();
    let (mut all, _) = unsubscribed();
    for now in [100, 400] {
        assert!(all.ack_expired(now));
        all.end_overdue(now, 100, &Error::stopped(), &mut effects);
    }
    assert!(matches!(
        effects.events()[..],
        [Event::Done { result: Err(_), .. }]
    ));
    assert_eq!((all.on_wire().all, all.next_deadline()), (0, NEVER));
    all.connected(true, 8, &mut || 3, &mut effects);
    let (slot, contents) = all.next_request().unwrap();
    assert_eq!(contents.kind, Kind::Unsubscribe);
    all.sent(500, slot, PacketId::new(8).unwrap(), 100, 0);
    all.on_answer(Version::V5, Kind::Unsubscribe, slot, &[0], &[], &mut effects)
        .unwrap();
    assert_eq!((all.pending(), all.filters.len()), (0, 0));
    assert_eq!(effects.events().len(), 1, "the call has ended before");
}

#[test]
fn a_refused_unsubscribe_leaves_the_qos_that_was_granted() {
    let mut effects = Effects::default();
    let (mut all, slot) = unsubscribed();
    all.on_answer(Version::V5, Kind::Unsubscribe, slot, &[0x87], &[], &mut effects)
        .unwrap();
    let mut asked = call(3, &["a"]);
    asked.filters[0].options = 0;
    all.subscribe(asked, None);
    let (_, contents) = all.next_request().unwrap();
    assert_eq!(contents.filters[0].options, 2);
}
