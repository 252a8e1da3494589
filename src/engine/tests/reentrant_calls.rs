//! Calls of the engine within a step of `drive`, as handlers, sockets and stores make them.

use super::wire::{five, incoming, Wire};
use crate::engine::{drive, Change, Delivery, Engine, Event, Flow, Generation, Io, Millis};

/// A wire on which something is done within a step.
struct Reentrant {
    wire: Wire,
    within_transmit: fn(&mut Wire) -> Flow,
    within_deliver: fn(&mut Wire),
}

impl Reentrant {
    fn new(wire: Wire) -> Reentrant {
        Reentrant {
            wire,
            within_transmit: |_| Flow::Ready,
            within_deliver: |_| {},
        }
    }

    fn inject(&mut self, bytes: &[u8]) {
        let wire = &mut self.wire;
        wire.engine.space(bytes.len()).copy_from_slice(bytes);
        wire.engine.received(wire.now, wire.generation, bytes.len());
        drive(self);
    }
}

impl Io for Reentrant {
    fn now(&mut self) -> Millis {
        self.wire.now
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.wire.engine)
    }

    fn store(&mut self, changes: Vec<Change>) -> Flow {
        self.wire.store(changes)
    }

    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        self.wire.transmit(generation, bytes);
        (self.within_transmit)(&mut self.wire)
    }

    fn deliver(&mut self, delivery: Delivery) {
        self.wire.deliver(delivery);
        (self.within_deliver)(&mut self.wire);
    }

    fn event(&mut self, event: Event) {
        self.wire.event(event);
    }
}

#[test]
fn nothing_follows_disconnect_when_stoptimeout_is_over_while_a_message_is_delivered() {
    let mut client = Reentrant::new(Wire::online(five(), &[]));
    client.wire.sent();
    client.within_deliver = |wire| {
        wire.engine.stop(wire.now, None);
        wire.now += 10_000;
        wire.engine.tick(wire.now);
    };
    client.inject(&incoming("a", &[], 1, 7));
    assert_eq!(client.wire.topics, ["a"]);
    assert_eq!(client.wire.sent(), [[0xe0, 0]], "[MQTT-3.14.4-2]");
}

#[test]
fn a_transport_that_closes_while_it_is_given_bytes_and_says_that_it_is_full_does_not_block_the_next_one() {
    let mut client = Reentrant::new(Wire::online(five(), &[]));
    client.within_transmit = |wire| {
        wire.engine.closed(wire.now, wire.generation, "gone");
        Flow::Full
    };
    client.wire.engine.set_network(client.wire.now, true); // PINGREQ
    drive(&mut client);
    client.within_transmit = |_| Flow::Ready;
    client.wire.sent();
    client.wire.now += 300_000;
    client.wire.engine.tick(client.wire.now);
    drive(&mut client);
    let sent = client.wire.open();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0][0], 0x10, "CONNECT");
}
