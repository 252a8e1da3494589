//! The adapter of the fuzzed engine: its transport, store and clock, and the tokens of its calls, each of which ends
//! exactly once. What it does to the engine within a step of `drive` is `hostility.rs`.

use std::collections::BTreeMap;

use mqtt_lib::engine::{
    drive, Change, Delivery, Engine, Error, Event, Flow, Generation, Io, Millis, Outcome, Token,
};

use super::strict_broker::Unanswered;
use super::{Transport, World};

impl World<'_> {
    pub(super) fn token(&mut self) -> Token {
        self.last_token += 1;
        let token = Token::new(self.last_token).unwrap();
        self.pending.insert(token);
        token
    }

    pub(super) fn end(&mut self, token: Token) {
        assert!(
            self.pending.remove(&token),
            "{token:?} ended twice or never began"
        );
    }

    /// During a drain it does nothing: the drain goes on.
    pub(super) fn drain(&mut self) {
        if self.draining {
            return;
        }
        self.draining = true;
        let deadline = drive(self);
        self.draining = false;
        assert_eq!(deadline, self.engine.next_deadline());
        assert!(!self.closes, "bytes for a full transport that stays open");
        let takes_bytes = !self.transport_full && !self.store_full;
        if takes_bytes && matches!(self.transport, Transport::Open(_)) {
            assert!(self.broker.version.is_some(), "an open transport without CONNECT");
        }
    }

    // ---- what the transport reports

    pub(super) fn feed(&mut self, bytes: &[u8], piece: usize) {
        for part in bytes.chunks(piece.max(1)) {
            let generation = match self.transport {
                Transport::Open(generation) | Transport::Closing(generation) => generation,
                _ => return,
            };
            self.engine.space(part.len()).copy_from_slice(part);
            self.engine.received(self.now, generation, part.len());
            if self.engine.is_online() && !self.broker.accepted {
                self.broker.accepted_by_chance();
            }
            self.drain();
        }
    }

    pub(super) fn cut(&mut self) {
        if let Transport::Opening(g) | Transport::Open(g) | Transport::Closing(g) = self.transport {
            self.transport = Transport::None;
            self.engine.closed(self.now, g, "cut");
            self.drain();
        }
    }

    /// Credentials that were requested are given, and a transport that is opening is open.
    pub(super) fn opened(&mut self) {
        if let Some(generation) = self.requested.take() {
            let answer = self.answer.clone();
            self.engine.credentials_given(self.now, generation, Ok(answer));
            self.drain();
        }
        if let Transport::Opening(generation) = self.transport {
            self.transport = Transport::Open(generation);
            self.engine.opened(self.now, generation);
            self.drain();
        }
    }

    /// A transport that was to close says that it has.
    pub(super) fn closed(&mut self) {
        if let Transport::Closing(generation) = self.transport {
            self.transport = Transport::None;
            self.engine.closed(self.now, generation, "");
            self.drain();
        }
    }

    pub(super) fn set_blocked(&mut self, blocked: bool) {
        self.transport_full = blocked && self.engine.is_online();
        self.engine.set_blocked(self.transport_full);
        self.drain();
    }

    // ---- the store and the clock

    pub(super) fn open_store(&mut self) {
        let kept = self.kept.iter().map(|(key, value)| (*key, value.clone()));
        let unread = self.engine.restore(self.now, kept.collect());
        assert_eq!(unread, 0, "{:02x?}", self.kept);
        self.store_is_open = true;
        self.drain();
    }

    /// A write has failed: the client is stopped, and what is written by then is restored before it starts again.
    pub(super) fn store_fails(&mut self) {
        self.unwritten.clear();
        self.store_is_open = false;
        self.engine.fail(self.now, &Error::stopped());
    }

    /// The store has written what it was given, and takes more.
    pub(super) fn store_is_ready(&mut self) {
        self.write_changes();
        self.store_full = false;
        self.engine.stored(Flow::Ready);
        self.drain();
    }

    fn write_changes(&mut self) {
        for (key, value) in self.unwritten.drain(..) {
            match value {
                Some(value) => self.kept.insert(key, value),
                None => self.kept.remove(&key),
            };
        }
    }

    /// A message of QoS 1 or 2 is in the store, with its packet identifier, before it is sent: `journal.rs` has the keys.
    fn check_stored(&self, before: &BTreeMap<u16, Unanswered>) {
        if !self.engine.config().persist {
            return;
        }
        for (id, what) in &self.broker.unanswered {
            if matches!(what, Unanswered::Publish(_)) && !before.contains_key(id) {
                let mut flights = self.kept.iter().filter(|(key, _)| *key & 3 == 1);
                assert!(
                    flights.any(|(_, value)| value[1..3] == id.to_be_bytes()),
                    "{id} was sent before it was stored"
                );
            }
        }
    }

    pub(super) fn tick(&mut self) {
        self.engine.tick(self.now);
        let next = self.engine.next_deadline();
        assert!(
            next.is_none_or(|at| at > self.now),
            "a deadline that stays in the past"
        );
        self.drain();
    }

    // ---- what the engine says

    fn open(&mut self, generation: Generation, server: usize) {
        assert!(server < self.engine.config().servers.len());
        assert!(
            !matches!(self.transport, Transport::Opening(_) | Transport::Open(_)),
            "two transports"
        );
        self.broker.begin();
        self.transport_full = false;
        self.transport = Transport::Opening(generation);
        if self.refuses {
            self.transport = Transport::None;
            self.engine.closed(self.now, generation, "refused");
        }
    }

    fn close(&mut self, generation: Generation) {
        self.closes = false;
        let current = match self.transport {
            Transport::Opening(g) | Transport::Open(g) => g == generation,
            Transport::Closing(_) | Transport::None => false,
        };
        if current && self.slow_to_close {
            self.transport = Transport::Closing(generation);
        } else {
            if current {
                self.transport = Transport::None;
            }
            self.engine.closed(self.now, generation, "");
        }
    }
}

impl Io for World<'_> {
    fn now(&mut self) -> Millis {
        self.now
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    fn store(&mut self, changes: Vec<Change>) -> Flow {
        assert!(self.engine.config().persist, "changes without a store");
        assert!(!changes.is_empty());
        // A full store is given nothing but the last changes before a transport closes.
        self.closes |= self.store_full;
        self.unwritten.extend(changes);
        let flow = self.disturb_store();
        if flow == Flow::Ready {
            self.write_changes();
        }
        self.store_full = flow == Flow::Full;
        flow
    }

    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        assert!(!bytes.is_empty());
        // What is full is given nothing but the last bytes before the transport closes.
        self.closes |= self.transport_full || self.store_full;
        self.write_changes();
        self.disturb_before_bytes();
        match self.transport {
            Transport::Open(current) if current == generation => {
                let before = self.broker.unanswered.clone();
                self.broker.deliveries.stopping = self.engine.is_stopping();
                self.broker.read(bytes);
                self.check_stored(&before);
            }
            Transport::Opening(current) => assert_ne!(current, generation, "it is not open"),
            // It has closed, and the engine did not know yet.
            _ => {}
        }
        let flow = self.disturb_after_bytes();
        self.transport_full |= flow == Flow::Full;
        flow
    }

    fn deliver(&mut self, delivery: Delivery) {
        assert!(delivery.from < delivery.upto && delivery.upto <= self.engine.messages().len());
        let mut acknowledged = Vec::new();
        for at in delivery.from..delivery.upto {
            // The views hold until further bytes are received, whatever is called meanwhile.
            let message = self.engine.messages()[at];
            let topic = self.engine.topic(message.topic);
            assert!(!topic.is_empty());
            self.engine.route(topic);
            let received = self.engine.received_bytes();
            assert!(message.properties().end <= received.len());
            let payload = &received[message.payload()];
            if message.qos() > 0 {
                acknowledged.push((message.ticket, payload.to_vec()));
            }
            self.disturb();
        }
        if self.broker.unknown {
            return;
        }
        for (ticket, payload) in acknowledged {
            let serial = self.broker.deliveries.delivered(&payload);
            // The application goes on with every fourth.
            if ticket % 4 == 0 {
                self.engine.defer(Some(ticket));
                self.late.push((ticket, serial));
            } else {
                self.broker.deliveries.handled(serial);
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Open { generation, server } => self.open(generation, server),
            Event::Close { generation } => self.close(generation),
            Event::Done { token, result } => {
                if let Ok(Outcome::Granted { codes, .. }) = &result {
                    assert!(!codes.is_empty());
                }
                self.end(token);
            }
            Event::Disconnected { rc, error } => assert_eq!(rc == 0, error.is_none()),
            Event::CredentialsRequested { generation, .. } => self.requested = Some(generation),
            Event::Connected { .. } | Event::Auth { .. } | Event::HandlerRemoved(_) | Event::Error(_) => {}
        }
        self.disturb();
    }
}
