//! Tests of the subscriptions alone.

use super::super::output::Token;
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
    subscriptions.sent(0, slot, PacketId::new(1).unwrap(), 100);
    let answered = subscriptions.on_answer(Version::V5, Kind::Subscribe, slot, codes, &[], effects);
    answered.unwrap();
}

#[test]
fn what_was_granted_is_restored_after_a_lost_session_and_what_was_refused_is_not() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a", "b"]), Some(None), &mut effects);
    answer(&mut all, &[1, 0x80], &mut effects);
    assert!(!all.has_request());
    all.connected(true, 8, &mut || 2, &mut effects);
    assert!(!all.has_request());
    all.connected(false, 8, &mut || 2, &mut effects);
    let (_, asks) = all.next_request().expect("a request that restores");
    assert_eq!(asks.kind, Kind::Subscribe);
    assert_eq!(asks.filters, filters(&["a"]));
}

#[test]
fn a_request_that_was_not_answered_is_sent_again_without_its_identifier() {
    let mut effects = Effects::default();
    let mut all = subscriptions();
    all.subscribe(call(1, &["a"]), Some(None), &mut effects);
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(7).unwrap(), 100);
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
    all.subscribe(call, Some(Some(4)), &mut effects);
    let (slot, _) = all.next_request().unwrap();
    all.sent(0, slot, PacketId::new(7).unwrap(), 100);
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
    all.subscribe(call(1, &["a"]), Some(Some(2)), &mut effects);
    all.subscribe(call(2, &["a"]), Some(Some(4)), &mut effects);
    answer(&mut all, &[0x80], &mut effects);
    assert_eq!(all.route("a"), [4]);
    answer(&mut all, &[1], &mut effects);
    assert_eq!(all.route("a"), [4]);
}
