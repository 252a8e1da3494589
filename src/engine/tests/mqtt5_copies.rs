//! Which copies of a message go to which handlers while it is not known what a broker sends where filters overlap: none is
//! robbed, also by a broker that names one of the subscriptions, and none is called twice.

use super::overlapping_peer::{Copies, Peer, ID};
use super::wire::list;
use crate::codec::properties::Value;
use crate::codec::publish::{self, Parts};
use crate::codec::{PacketId, Version};

const NOBODY: [Vec<u32>; 0] = [];

/// Two handlers, and the identifiers of their filters.
fn two(copies: Copies) -> (Peer, u32, u32) {
    let mut peer = Peer::new(copies);
    peer.subscribe("a/+", 1);
    peer.subscribe("a/#", 2);
    let ids = peer.ids();
    (peer, ids[1], ids[2])
}

/// A copy with this identifier: the handlers that are called.
fn copy(peer: &mut Peer, payload: &[u8], id: u32, qos: u8, pid: u16) -> Vec<Vec<u32>> {
    copy_of(peer, payload, id, (qos, pid), false)
}

fn copy_of(peer: &mut Peer, payload: &[u8], id: u32, (qos, pid): (u8, u16), retain: bool) -> Vec<Vec<u32>> {
    let parts = Parts {
        topic: b"a/b",
        properties: &list(&[(ID, Value::Number(id))]),
        payload,
        qos,
        retain,
        alias: 0,
    };
    let mut bytes = Vec::new();
    publish::encode(&mut bytes, Version::V5, &parts, PacketId::new(pid));
    peer.wire.handlers.clear();
    peer.wire.inject(&bytes);
    std::mem::take(&mut peer.wire.handlers)
}

#[test]
fn a_broker_that_names_one_of_the_subscriptions_robs_no_handler() {
    let (mut peer, x, y) = two(Copies::OneOfThem);
    for i in 0..20u8 {
        assert_eq!(
            copy(&mut peer, &[i], if i % 3 == 0 { x } else { y }, 0, 0),
            [[1, 2]],
            "{i}"
        );
    }
    // Nor where messages are alike.
    for _ in 0..5 {
        assert_eq!(copy(&mut peer, b"on", y, 0, 0), [[1, 2]]);
    }
}

#[test]
fn a_further_copy_is_given_to_nobody_and_acknowledged_behind_the_first() {
    let (mut peer, x, y) = two(Copies::Each);
    peer.wire.sent();
    peer.wire.deferred = Some(Vec::new());
    assert_eq!(copy(&mut peer, b"1", x, 1, 7), [[1, 2]]);
    assert_eq!(copy(&mut peer, b"1", y, 1, 8), NOBODY);
    assert!(peer.wire.sent().is_empty());
    for ticket in peer.wire.deferred.take().unwrap() {
        peer.wire.engine.acknowledge(Some(ticket));
    }
    assert_eq!(peer.wire.sent().concat(), [0x40, 2, 0, 7, 0x40, 2, 0, 8]);
    // From now on it is known.
    assert_eq!(copy(&mut peer, b"2", y, 1, 9), [[2]]);
    assert_eq!(copy(&mut peer, b"2", x, 1, 10), [[1]]);
}

#[test]
fn a_further_copy_of_a_higher_qos_goes_to_its_handler() {
    let (mut peer, x, y) = two(Copies::Each);
    assert_eq!(copy(&mut peer, b"1", x, 0, 0), [[1, 2]]);
    assert_eq!(copy(&mut peer, b"1", y, 1, 8), [[2]]);
    assert_eq!(copy(&mut peer, b"1", x, 0, 0), [[1]]);
}

#[test]
fn a_retained_message_is_for_its_subscription() {
    let (mut peer, x, y) = two(Copies::Each);
    assert_eq!(copy_of(&mut peer, b"1", x, (0, 0), true), [[1]]);
    assert_eq!(copy_of(&mut peer, b"1", y, (0, 0), true), [[2]]);
}

#[test]
fn a_copy_that_comes_after_a_reconnect_is_known_and_one_of_a_new_session_is_a_message_of_its_own() {
    for kept in [true, false] {
        let (mut peer, x, y) = two(Copies::Each);
        assert_eq!(copy(&mut peer, b"1", x, 1, 7), [[1, 2]]);
        peer.reconnect(kept);
        let expected: &[Vec<u32>] = if kept { &[] } else { &[vec![1, 2]] };
        assert_eq!(copy(&mut peer, b"1", y, 1, 8), expected);
    }
}

#[test]
fn a_message_that_is_sent_again_goes_to_all_again() {
    let (mut peer, x, y) = two(Copies::Each);
    assert_eq!(copy(&mut peer, b"1", x, 1, 7), [[1, 2]]);
    assert_eq!(copy(&mut peer, b"1", x, 1, 7), [[1, 2]]);
    assert_eq!(copy(&mut peer, b"1", y, 1, 8), NOBODY);
}
