//! Handlers of filters that overlap, at brokers that send a copy for each subscription, at brokers that send one copy for
//! all, and at those that name one of the subscriptions: each handler is called once, by subscription identifiers that the
//! engine chooses (§3.3.4).

use super::overlapping_peer::{subscribe_of, Copies, Peer, ID};
use super::wire::{five, number, packet, Wire};
use crate::codec::properties::Property;
use crate::engine::{is_ours, Config, Outcome, Versions, NOT_FOR};

/// At brokers of each kind.
fn at_all(test: impl Fn(Peer)) {
    for copies in [Copies::One, Copies::Each, Copies::OneOfThem] {
        test(Peer::new(copies));
    }
}

#[test]
fn each_handler_of_overlapping_filters_is_called_once() {
    at_all(|mut peer| {
        peer.subscribe("a/+", 1);
        peer.subscribe("a/#", 2);
        assert_eq!(peer.calls("a/b", &[1, 2]), [1, 1]);
        assert_eq!(peer.calls("a/b/c", &[1, 2]), [0, 1]);
        peer.subscribe("+/b", 3);
        assert_eq!(peer.calls("a/b", &[1, 2, 3]), [1, 1, 1]);
    });
}

#[test]
fn a_filter_that_has_an_earlier_subscription_is_subscribed_again_without_its_retained_messages() {
    at_all(|mut peer| {
        peer.subscribe("a/+", 1);
        assert_eq!(peer.ids(), [0]);
        peer.subscribe("a/#", 2);
        assert_eq!(peer.filters(), [["a/+"], ["a/+"], ["a/#"]]);
        let ids = peer.ids();
        assert!(ids[1] != 0 && ids[2] != 0 && ids[1] != ids[2], "{ids:?}");
        let options: Vec<u8> = peer.packets.iter().map(|packet| packet[0].1).collect();
        assert_eq!(options, [1, 0x21, 1]);
    });
}

#[test]
fn identifiers_of_the_engine_alone_are_no_properties_of_a_message() {
    let mut peer = Peer::new(Copies::Each);
    peer.subscribe("a/+", 1);
    peer.subscribe("a/#", 2);
    peer.calls("a/b", &[1, 2]);
    assert!(!peer.wire.properties.is_empty() && peer.wire.properties.iter().all(|&bytes| bytes == 0));
}

#[test]
fn calls_of_one_turn_need_no_second_subscribe() {
    at_all(|mut peer| {
        peer.ask(&["a/+"], &[], 1);
        peer.ask(&["a/#"], &[], 2);
        peer.serve();
        assert_eq!(peer.filters(), [["a/+"], ["a/#"]]);
        assert_eq!(peer.calls("a/b", &[1, 2]), [1, 1]);
    });
}

#[test]
fn a_subscribe_that_is_on_the_wire_counts_as_one_without_an_identifier() {
    at_all(|mut peer| {
        peer.ask(&["a/+"], &[], 1);
        peer.wire.drain();
        peer.ask(&["a/#"], &[], 2);
        peer.serve();
        assert_eq!(peer.filters(), [["a/+"], ["a/+"], ["a/#"]]);
        assert_eq!(peer.calls("a/b", &[1, 2]), [1, 1]);
    });
}

#[test]
fn filters_that_overlap_with_none_stay_together_and_have_no_identifier() {
    let mut peer = Peer::new(Copies::Each);
    peer.ask(&["a", "b", "c/+", "d/#"], &[], 1);
    peer.ask(&["e"], &[], 0);
    peer.serve();
    assert_eq!(peer.filters(), [&["a", "b", "c/+", "d/#"][..], &["e"]]);
    assert_eq!(peer.ids(), [0, 0]);
    // Neither have filters of which none has a handler.
    peer.subscribe("e/+", 0);
    peer.subscribe("e/#", 0);
    assert_eq!(peer.ids(), [0; 4]);
    assert_eq!(peer.packets.len(), 4);
}

#[test]
fn a_filter_without_a_handler_brings_those_of_others_no_further_copy() {
    at_all(|mut peer| {
        peer.subscribe("#", 0);
        peer.subscribe("a/+", 1);
        assert_eq!(peer.filters(), [["#"], ["#"], ["a/+"]]);
        for _ in 0..3 {
            assert_eq!(peer.calls("a/b", &[1]), [1]);
        }
        // What nobody else has goes to nobody: that is, to `on_message`.
        peer.publish("b");
        assert!(peer.wire.engine.route("b").is_empty());
        let key = format!("a/b\0{}", char::from_u32(peer.ids()[1] & 0x1f_ffff).unwrap());
        assert_eq!(peer.wire.engine.route(&key), [1 | NOT_FOR]);
    });
}

#[test]
fn a_filter_whose_messages_have_no_handler_is_subscribed_again_once() {
    at_all(|mut peer| {
        peer.subscribe("none/#", 0);
        peer.subscribe("handled/#", 1);
        // Both are subscribed again: one of the two overlaps with a filter that has a handler.
        peer.subscribe("#", 0);
        assert_eq!(
            peer.filters()[2..],
            [vec!["none/#"], vec!["handled/#"], vec!["#"]]
        );
        assert!(peer.ids()[2..].iter().all(|&id| id != 0), "{:?}", peer.ids());
        peer.subscribe("none/+", 2);
        assert_eq!(peer.packets.len(), 6);
        assert_eq!(peer.calls("none/a", &[1, 2]), [0, 1]);
        assert_eq!(peer.calls("handled/a", &[1, 2]), [1, 0]);
    });
}

#[test]
fn of_a_call_of_several_filters_those_that_overlap_go_apart_and_the_codes_keep_their_order() {
    at_all(|mut peer| {
        peer.refused = Some("x");
        peer.subscribe("b/#", 2);
        peer.ask(&["a", "b/+", "x", "c"], &[], 1);
        peer.serve();
        let filters = peer.filters();
        assert_eq!(filters[1], ["b/#"]);
        assert_eq!(filters[2..].iter().map(Vec::len).sum::<usize>(), 4, "{filters:?}");
        assert!(filters.contains(&vec!["b/+"]), "{filters:?}");
        assert_eq!(peer.calls("b/1", &[1, 2]), [1, 1]);
        assert_eq!(peer.calls("a", &[1, 2]), [1, 0]);
        let error = peer.wire.error(2);
        assert!(error.message.contains("\"x\""), "{}", error.message);
    });
}

#[test]
fn two_overlapping_filters_of_one_call_have_a_packet_each() {
    let mut peer = Peer::new(Copies::Each);
    peer.ask(&["a/+", "b", "a/#"], &[], 1);
    peer.serve();
    let mut filters = peer.filters();
    filters.sort();
    assert_eq!(filters, [["a/#"], ["a/+"], ["b"]]);
    let ended = &peer.wire.done;
    assert!(
        matches!(&ended[..], [(1, Ok(Outcome::Granted { codes, .. }))] if codes == &[1, 1, 1]),
        "{ended:?}"
    );
}

#[test]
fn a_lost_session_is_restored_with_identifiers_and_a_kept_one_keeps_them() {
    at_all(|mut peer| {
        peer.subscribe("a/+", 1);
        peer.subscribe("a/#", 2);
        peer.subscribe("z", 3);
        peer.reconnect(true);
        assert!(peer.packets.is_empty());
        assert_eq!(peer.calls("a/b", &[1, 2]), [1, 1]);
        peer.reconnect(false);
        assert_eq!(peer.packets.len(), 3);
        assert!(
            peer.packets.iter().all(|packet| packet[0].1 == 1),
            "{:?}",
            peer.packets
        );
        assert_eq!(peer.calls("a/b", &[1, 2]), [1, 1]);
        assert_eq!(peer.calls("z", &[3]), [1]);
    });
}

#[test]
fn after_unsubscribe_the_other_handler_still_gets_everything() {
    at_all(|mut peer| {
        peer.subscribe("a/+", 1);
        peer.subscribe("a/#", 2);
        peer.unsubscribe("a/#");
        assert_eq!(peer.calls("a/b", &[1, 2]), [1, 0]);
        peer.subscribe("a/#", 4);
        assert_eq!(peer.calls("a/b", &[1, 4]), [1, 1]);
    });
}

#[test]
fn a_filter_that_is_being_unsubscribed_is_not_subscribed_again() {
    let mut peer = Peer::new(Copies::Each);
    peer.subscribe("a/+", 1);
    let engine = &mut peer.wire.engine;
    engine.unsubscribe(vec!["a/+".into()], Vec::new(), None).unwrap();
    peer.ask(&["a/#"], &[], 2);
    peer.serve();
    assert_eq!(peer.filters(), [["a/+"], ["a/#"]]);
    assert_eq!(peer.subscriptions.len(), 1);
    assert_eq!(peer.calls("a/b", &[1, 2]), [0, 1]);
}

#[test]
fn several_handlers_of_one_filter_are_called_once_each() {
    at_all(|mut peer| {
        peer.subscribe("a/+", 1);
        peer.subscribe("a/#", 2);
        peer.subscribe("a/+", 3);
        peer.subscribe("a/#", 4);
        assert_eq!(peer.calls("a/b", &[1, 2, 3, 4]), [1, 1, 1, 1]);
    });
}

#[test]
fn a_shared_subscription_and_another_one_of_the_same_topics_are_told_apart() {
    for copies in [Copies::One, Copies::Each] {
        let mut peer = Peer::new(copies);
        peer.subscribe("a/+", 1);
        peer.subscribe("$share/g/a/+", 2);
        let id = peer.subscriptions.iter().find(|one| one.0 == "a/+").unwrap().2;
        for _ in 0..2 {
            // Another member of the group gets this one.
            assert_eq!(peer.deliver("a/b", vec![vec![id]]), [[1]]);
            assert_eq!(peer.calls("a/b", &[1, 2]), [1, 1]);
        }
    }
}

#[test]
fn one_that_watches_a_subscribed_filter_gets_a_message_once() {
    at_all(|mut peer| {
        peer.wire.engine.watch("a/+", 8).unwrap();
        peer.subscribe("a/+", 0);
        peer.subscribe("a/#", 0);
        peer.wire.engine.watch("a/#", 9).unwrap();
        peer.subscribe("a/b", 1);
        for _ in 0..3 {
            assert_eq!(peer.calls("a/b", &[1, 8, 9]), [1, 1, 1]);
        }
        peer.wire.engine.unwatch("a/#", 9);
        peer.unsubscribe("a/+");
        assert_eq!(peer.calls("a/b", &[1, 9]), [1, 0]);
    });
}

#[test]
fn one_that_watches_a_filter_that_is_not_subscribed_gets_each_copy() {
    let mut peer = Peer::new(Copies::Each);
    peer.subscribe("a/+", 1);
    peer.subscribe("a/#", 2);
    peer.wire.engine.watch("a/b", 9).unwrap();
    peer.publish("a/b");
    peer.publish("a/c");
    assert_eq!(peer.calls("a/b", &[1, 2, 9]), [1, 1, 2]);
}

#[test]
fn a_message_without_identifiers_or_with_one_of_an_earlier_process_goes_to_all_that_match() {
    let mut peer = Peer::new(Copies::Each);
    peer.subscribe("a/+", 1);
    peer.subscribe("a/#", 2);
    let ids = peer.ids();
    let unknown = (0..)
        .map(|more| ids[1] ^ (more + 1))
        .find(|id| !ids.contains(id))
        .unwrap();
    for copy in [vec![], vec![unknown]] {
        assert_eq!(peer.deliver("a/b", vec![copy]), [[1, 2]]);
    }
    assert_eq!(peer.deliver("a/b", vec![vec![ids[1], unknown]]), [[1]]);
}

#[test]
fn an_identifier_of_the_user_is_left_as_it_is_and_its_filter_is_not_subscribed_again() {
    let mut peer = Peer::new(Copies::Each);
    peer.ask(&["a/+"], &number(ID, 7), 1);
    peer.serve();
    peer.subscribe("a/#", 2);
    assert_eq!(peer.filters(), [["a/+"], ["a/#"]]);
    assert_eq!(peer.ids()[0], 7);
    assert_eq!(peer.deliver("a/b", vec![vec![7]]), [[1, 2]]);
}

#[test]
fn the_topic_of_a_message_is_not_changed_by_identifiers() {
    let mut peer = Peer::new(Copies::One);
    peer.subscribe("a/+", 1);
    peer.subscribe("a/#", 2);
    peer.publish("a/b");
    assert_eq!(peer.wire.topics, ["a/b"]);
}

#[test]
fn a_broker_without_identifiers_and_one_of_3_1_1_get_none() {
    let none = number(Property::SubscriptionIdentifierAvailable, 0);
    let mut peer = Peer::of(Wire::online(five(), &none), Copies::Each);
    peer.subscribe("a/+", 1);
    peer.subscribe("a/#", 2);
    assert_eq!(peer.filters(), [["a/+"], ["a/#"]]);
    assert_eq!(peer.ids(), [0, 0]);
    assert_eq!(peer.calls("a/b", &[1, 2]), [2, 2]);

    let cfg = Config {
        version: Versions::V4,
        ..five()
    };
    let mut wire = Wire::new(cfg);
    wire.open();
    wire.inject(&[0x20, 2, 0, 0]);
    for (filter, handler) in [("a/+", 1), ("a/#", 2)] {
        let asked = wire
            .engine
            .subscribe(vec![filter.into()], Vec::new(), Some(handler), None);
        asked.unwrap();
    }
    let sent = wire.sent();
    assert_eq!(sent[0], [0x82, 8, 0, 1, 0, 3, b'a', b'/', b'+', 0]);
    assert_eq!(sent.len(), 2);
}

#[test]
fn a_refusal_of_the_second_subscribe_leaves_everything_as_it_was() {
    at_all(|mut peer| {
        peer.subscribe("a/+", 1);
        peer.refused = Some("a/+");
        peer.subscribe("a/#", 2);
        assert_eq!(peer.wire.errors(), ["SUBSCRIBE_FAILED"]);
        let called = peer.calls("a/b", &[1, 2]);
        assert!(called.iter().all(|&calls| calls >= 1), "{called:?}");
        let before = peer.packets.len();
        peer.subscribe("a/1", 3);
        assert_eq!(peer.packets.len(), before + 1, "{:?}", peer.packets);
    });
}

#[test]
fn a_subscribe_after_which_connections_end_is_sent_without_an_identifier() {
    let mut peer = Peer::new(Copies::One);
    peer.subscribe("a/+", 1);
    peer.ask(&["a/#"], &[], 2);
    let is_identified = |packet: &Vec<u8>| packet[0] == 0x82 && subscribe_of(packet).1[0].2 != 0;
    let mut ended = 0;
    let last = loop {
        let sent = peer.wire.sent();
        if !sent.iter().any(is_identified) {
            break sent;
        }
        ended += 1;
        assert!(ended < 5);
        let before = peer.wire.generation;
        peer.wire.engine.closed(peer.wire.now, before, "gone");
        while peer.wire.generation == before {
            peer.wire.advance(500);
        }
        peer.wire.open();
        peer.wire.connack(true, &[]);
    };
    for packet in last.iter().filter(|packet| packet[0] == 0x82) {
        peer.subscribed(packet);
    }
    for _ in 0..4 {
        peer.serve();
        peer.wire.advance(2_000);
    }
    assert!(
        peer.wire.done.iter().all(|(_, result)| result.is_ok()),
        "{:?}",
        peer.wire.done
    );
    assert_eq!((peer.wire.done.len(), peer.subscriptions.len()), (2, 2));
    let called = peer.calls("a/b", &[1, 2]);
    assert!(called.iter().all(|&calls| calls >= 1), "{called:?}");
}

#[test]
fn thousands_of_filters_are_compared_quickly_and_stay_in_few_packets() {
    let mut peer = Peer::new(Copies::Each);
    let names: Vec<String> = (0..4_000).map(|i| format!("device/{i}/+")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    peer.ask(&names, &[], 1);
    peer.wire.drain();
    assert_eq!(peer.wire.sent().len(), 500);
}

/// Properties of messages have identifiers of the user only.
#[test]
fn identifiers_of_the_engine_are_known_by_their_range() {
    let mut peer = Peer::new(Copies::Each);
    peer.subscribe("a/+", 1);
    peer.subscribe("a/#", 2);
    for id in peer.ids() {
        assert_eq!(is_ours(id), id != 0);
    }
    assert!(!is_ours(1) && !is_ours(268_435_455));
    let ack = packet(0x90, &[0, 1], &[]);
    assert_eq!(ack.len(), 5);
}
