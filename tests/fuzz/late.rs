//! Acknowledgements of messages that the application deals with late, in any order: they leave in the order of arrival, each
//! once, none before the application has dealt with it, and what it leaves to the broker is passed over and holds up nobody.
//!
//! Byte 0 chooses the version; each byte after it is a message, the end of one, or the end of the connection.

use std::collections::VecDeque;

use mqtt_lib::codec::Version;
use mqtt_lib::engine::{
    drive, Change, Config, Delivery, Engine, Event, Flow, Generation, Io, Millis, Ticket, Versions,
};

const NOW: Millis = 1_000_000;
/// PUBACK and PUBREC, by the QoS.
const ACKS: [u8; 3] = [0, 0x40, 0x50];

/// A message that arrived on this connection.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Arrived {
    id: u16,
    qos: u8,
    ticket: Ticket,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Open,
    Handled,
    Left,
}

struct World {
    engine: Engine,
    version: Version,
    generation: Generation,
    /// What has arrived and was not acknowledged, in its order.
    arrived: VecDeque<Arrived>,
    delivered: Vec<(Ticket, u8)>,
    unread: Vec<u8>,
    last_id: u16,
}

pub fn run(data: &[u8]) {
    let Some((&settings, steps)) = data.split_first() else {
        return;
    };
    let version = if settings & 1 == 0 {
        Version::V4
    } else {
        Version::V5
    };
    let config = Config {
        version: if version == Version::V5 {
            Versions::V5
        } else {
            Versions::V4
        },
        client_id: "me".into(),
        servers: vec!["mqtt://h:1".into()],
        clean_session: settings & 2 == 0,
        ..Config::default()
    };
    let mut world = World {
        engine: Engine::new(config, 1).unwrap(),
        version,
        generation: 0,
        arrived: VecDeque::new(),
        delivered: Vec::new(),
        unread: Vec::new(),
        last_id: 0,
    };
    world.engine.start(NOW, None);
    drive(&mut world);
    world.accept(false);
    for &step in steps.iter().take(200) {
        match step {
            0..=95 => world.arrive(1 + (step & 1)),
            96..=175 => world.settle(usize::from(step - 96) / 2, Fate::Handled),
            176..=239 => world.settle(usize::from(step - 176) / 2, Fate::Left),
            _ => world.reconnect(step & 1 == 1 && settings & 2 != 0),
        }
    }
    for at in (0..world.arrived.len()).rev() {
        world.settle(at, Fate::Handled);
    }
    assert!(world.arrived.iter().all(|message| message.fate == Fate::Left));
}

impl World {
    fn accept(&mut self, present: bool) {
        self.engine.opened(NOW, self.generation);
        drive(self);
        self.unread.clear();
        let connack: &[u8] = match self.version {
            Version::V4 => &[0x20, 2, u8::from(present), 0],
            Version::V5 => &[0x20, 3, u8::from(present), 0, 0],
        };
        self.feed(connack);
        assert!(self.engine.is_online());
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.engine.space(bytes.len()).copy_from_slice(bytes);
        self.engine.received(NOW, self.generation, bytes.len());
        drive(self);
        self.check();
    }

    fn arrive(&mut self, qos: u8) {
        self.last_id = self.last_id % 60_000 + 1;
        let id = self.last_id;
        let [high, low] = id.to_be_bytes();
        let body: &[u8] = match self.version {
            Version::V4 => &[0, 1, b'a', high, low],
            Version::V5 => &[0, 1, b'a', high, low, 0],
        };
        let mut packet = vec![0x30 | qos << 1, body.len() as u8];
        packet.extend_from_slice(body);
        self.delivered.clear();
        let ticket = {
            self.engine.space(packet.len()).copy_from_slice(&packet);
            self.engine.received(NOW, self.generation, packet.len());
            // Before anything can be acknowledged it is known here.
            self.arrived.push_back(Arrived {
                id,
                qos,
                ticket: 0,
                fate: Fate::Open,
            });
            drive(self);
            let [(ticket, given)] = self.delivered[..] else {
                panic!("{} deliveries of one message", self.delivered.len());
            };
            assert_eq!(given, qos);
            ticket
        };
        self.arrived.back_mut().expect("it").ticket = ticket;
        self.check();
    }

    /// The application has dealt with one of the messages, or leaves it.
    fn settle(&mut self, chosen: usize, fate: Fate) {
        let open = |message: &&mut Arrived| message.fate == Fate::Open;
        let count = self.arrived.iter_mut().filter(open).count();
        if count == 0 {
            return;
        }
        let message = self
            .arrived
            .iter_mut()
            .filter(open)
            .nth(chosen % count)
            .expect("one of them");
        message.fate = fate;
        let ticket = Some(message.ticket);
        match fate {
            Fate::Left => self.engine.leave(ticket),
            _ => self.engine.acknowledge(ticket),
        }
        drive(self);
        self.check();
    }

    fn reconnect(&mut self, present: bool) {
        self.engine.closed(NOW, self.generation, "cut");
        let tickets: Vec<_> = self.arrived.drain(..).map(|message| message.ticket).collect();
        drive(self);
        // Of an earlier connection: the broker sends them again, and nothing is acknowledged here.
        for (at, ticket) in tickets.into_iter().enumerate() {
            match at % 2 {
                0 => self.engine.acknowledge(Some(ticket)),
                _ => self.engine.leave(Some(ticket)),
            }
        }
        self.engine.start(NOW, None);
        drive(self);
        self.accept(present);
    }

    /// Everything that can be acknowledged is, in the order of arrival, and nothing else.
    fn check(&mut self) {
        let sent = std::mem::take(&mut self.unread);
        let mut rest = &sent[..];
        while let [kind, length, high, low, ..] = *rest {
            rest = &rest[2 + usize::from(length)..];
            self.arrived.retain(|message| message.fate != Fate::Left);
            let first = self.arrived.pop_front().expect("an acknowledgement of nothing");
            assert_eq!(first.fate, Fate::Handled, "before it was dealt with");
            assert_eq!(
                (kind, u16::from_be_bytes([high, low])),
                (ACKS[usize::from(first.qos)], first.id),
                "not in the order of arrival"
            );
        }
        assert!(rest.is_empty());
        let next = self.arrived.iter().find(|message| message.fate != Fate::Left);
        assert!(
            next.is_none_or(|message| message.fate == Fate::Open),
            "not acknowledged: {next:?}"
        );
    }
}

impl Io for World {
    fn now(&mut self) -> Millis {
        NOW
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    fn store(&mut self, _: Vec<Change>) -> Flow {
        panic!("changes without a store")
    }

    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        assert_eq!(generation, self.generation);
        self.unread.extend_from_slice(bytes);
        Flow::Ready
    }

    fn deliver(&mut self, delivery: Delivery) {
        for at in delivery.from..delivery.upto {
            let message = self.engine.messages()[at];
            self.delivered.push((message.ticket, message.qos()));
            self.engine.defer(Some(message.ticket));
        }
    }

    fn event(&mut self, event: Event) {
        if let Event::Open { generation, .. } = event {
            self.generation = generation;
        }
    }
}
