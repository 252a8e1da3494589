//! What a driver does around the engine: hands its bytes over, acts on its events, tells what the transport and the
//! clock do. After every input it drains. Owns the tokens: each ends exactly once.

use mqtt_lib::engine::{Error, Event, Outcome, Taken, Token};

use super::{Wire, World};

impl World {
    pub(super) fn token(&mut self) -> Token {
        self.next_token += 1;
        self.pending.insert(self.next_token);
        self.next_token
    }

    pub(super) fn end(&mut self, token: Token) {
        assert!(self.pending.remove(&token), "{token} ended twice or never began");
    }

    pub(super) fn drain(&mut self) {
        loop {
            self.hand_over();
            let Some(event) = self.engine.next_event() else {
                return;
            };
            self.act(event);
        }
    }

    fn hand_over(&mut self) {
        loop {
            let blocked = self.engine.is_blocked();
            let bytes = match blocked {
                true => Vec::new(),
                false => self.engine.outgoing(self.now).to_vec(),
            };
            for (key, value) in self.engine.take_journal() {
                match value {
                    Some(value) => self.kept.insert(key, value),
                    None => self.kept.remove(&key),
                };
            }
            if bytes.is_empty() {
                return;
            }
            self.engine.sent(self.now);
            match self.wire {
                Wire::Open(_) => self.peer.read(&bytes),
                // The transport is gone, and the engine has not been told.
                Wire::None | Wire::Closing(_) => {}
                Wire::Opening(_) => panic!("bytes for a transport that is not open"),
            }
        }
    }

    fn act(&mut self, event: Event) {
        match event {
            Event::Open { generation, server } => {
                assert!(server < self.engine.config().servers.len());
                assert!(
                    !matches!(self.wire, Wire::Opening(_) | Wire::Open(_)),
                    "two transports"
                );
                self.peer.begin();
                self.wire = Wire::Opening(generation);
                if self.refuses {
                    self.wire = Wire::None;
                    self.engine.closed(generation, "refused", self.now);
                }
            }
            Event::Close { generation } => {
                let current = match self.wire {
                    Wire::Opening(g) | Wire::Open(g) => g == generation,
                    Wire::Closing(_) | Wire::None => false,
                };
                if current && self.slow_to_close {
                    self.wire = Wire::Closing(generation);
                } else {
                    if current {
                        self.wire = Wire::None;
                    }
                    self.engine.closed(generation, "", self.now);
                }
            }
            Event::Messages { from, upto } => {
                for record in &self.engine.records()[from..upto] {
                    let topic = self.engine.topic(record.topic);
                    assert!(!topic.is_empty());
                    let all = self.engine.inbound();
                    assert!(record.range().end <= all.len() && record.properties().end <= all.len());
                    self.engine.route(topic);
                }
            }
            Event::Done { token, result } => {
                if let Ok(Outcome::Granted { codes, .. }) = &result {
                    assert!(!codes.is_empty());
                }
                self.end(token);
            }
            Event::Disconnected { rc, error } => assert_eq!(rc == 0, error.is_none()),
            Event::Ask { generation, .. } => self.asked = Some(generation),
            Event::Connected { .. } | Event::Auth { .. } | Event::Unrouted(_) | Event::Error(_) => {}
        }
    }

    pub(super) fn taken(&mut self, token: Token, taken: Result<Taken, Error>) {
        match taken {
            Ok(Taken::Later) => {}
            Ok(Taken::Now) | Err(_) => self.end(token),
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8], piece: usize) {
        for part in bytes.chunks(piece.max(1)) {
            let generation = match self.wire {
                Wire::Open(generation) | Wire::Closing(generation) => generation,
                _ => return,
            };
            self.engine.space(part.len()).copy_from_slice(part);
            self.engine.received(generation, part.len(), self.now);
            if self.engine.is_online() && !self.peer.accepted {
                self.peer.accepted_by_chance();
            }
            self.drain();
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

    pub(super) fn cut(&mut self) {
        if let Wire::Opening(g) | Wire::Open(g) | Wire::Closing(g) = self.wire {
            self.wire = Wire::None;
            self.engine.closed(g, "cut", self.now);
            self.drain();
        }
    }

    /// What is asked for is answered, and what is opening is open.
    pub(super) fn opened(&mut self) {
        if let Some(generation) = self.asked.take() {
            let answer = self.answer.clone();
            self.engine.answered(generation, Ok(answer), self.now);
            self.drain();
        }
        if let Wire::Opening(generation) = self.wire {
            self.wire = Wire::Open(generation);
            self.engine.opened(generation, self.now);
            self.drain();
        }
    }
}
