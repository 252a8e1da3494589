//! The adapter that `drive` drains the engine under test with: bytes go to the simulated broker, changes to the store, and
//! everything that is reported is noted.

use super::harness::{Dial, Got, Input, Sim};
use crate::engine::{Change, Delivery, Engine, Error, Event, Flow, Generation, Io, Millis, Outcome, Token};

impl Sim {
    pub fn write(&mut self, bytes: &[u8]) {
        // Cut a moment ago, and the engine has not been told.
        let Some((generation, open)) = self.wire else {
            return;
        };
        assert!(open, "bytes for a transport that is not open");
        match &mut self.cut_up {
            Some(left) if *left <= bytes.len() => {
                let part = &bytes[..*left];
                self.cut_up = None;
                self.broker.read(part);
                self.cut(generation);
            }
            Some(left) => {
                *left -= bytes.len();
                self.broker.read(bytes);
            }
            None => self.broker.read(bytes),
        }
    }

    pub fn act(&mut self, event: Event) {
        match event {
            Event::CredentialsRequested {
                generation,
                attempt,
                last,
            } => self
                .asks
                .push((generation, attempt, last.map(|error| error.code.name()))),
            Event::Open { generation, server } => {
                assert!(self.wire.is_none(), "two transports");
                self.opens.push((self.now, server));
                match self.dial {
                    Dial::Refuse => self.inputs.push_back(Input::Closed(generation, "refused")),
                    Dial::Silent => self.wire = Some((generation, false)),
                    Dial::Accept => {
                        self.wire = Some((generation, false));
                        self.inputs.push_back(Input::Opened(generation));
                    }
                }
            }
            Event::Close { generation } => {
                if self.wire.is_some_and(|(g, _)| g == generation) {
                    self.wire = None;
                    self.broker.gone();
                }
                if !self.never_closes {
                    self.inputs.push_back(Input::Closed(generation, ""));
                }
            }
            Event::Connected {
                session_present,
                code,
                ..
            } => {
                self.log.push(format!("connected {code}"));
                self.connacks.push((session_present, code));
                let ends = self.on_connect_ends.iter().map(|&filter| filter.into());
                if ends.len() > 0 {
                    let ends = ends.collect();
                    self.engine.unsubscribe(ends, Vec::new(), None).unwrap();
                }
                for filter in self.on_connect.clone() {
                    let call = self.subscribe_undrained(&[filter], None);
                    self.on_connect_calls.push(call);
                }
            }
            Event::Auth { reason, properties } => self.auths.push((reason, properties)),
            Event::Disconnected { rc, error } => {
                assert_eq!(rc == 0, error.is_none());
                self.log.push(format!("disconnected {rc}"));
                self.disconnects.push(rc);
                self.errors.extend(error);
            }
            Event::HandlerRemoved(handler) => self.unrouted.push(handler),
            Event::Done { token, result } => self.end(token, result),
            Event::Error(error) => {
                self.log.push(format!("error {}", error.code.name()));
                self.errors.push(error);
            }
        }
    }

    fn take_messages(&mut self, from: usize, upto: usize) {
        assert_eq!(from, self.taken);
        self.taken = upto;
        let beside = self.beside.take();
        let records = &self.engine.messages()[from..upto];
        let got: Vec<Got> = records
            .iter()
            .map(|r| {
                let topic = self.engine.topic(r.topic);
                assert!(!topic.is_empty());
                Got {
                    topic: topic.to_owned(),
                    payload: match r.flags & 16 {
                        0 => self.engine.received_bytes()[r.payload()].to_vec(),
                        _ => beside.clone().unwrap().0,
                    },
                    qos: r.qos(),
                    retain: r.retain(),
                    dup: r.dup(),
                    handlers: self.engine.route(self.engine.topic_key(r.topic)),
                    ticket: Some(r.ticket).filter(|_| r.qos() > 0),
                }
            })
            .collect();
        for message in &got {
            self.log.push(format!("message {}", message.topic));
            if self.defers {
                self.engine.defer(message.ticket);
                self.deferred.push(message.clone());
            }
        }
        self.messages.extend(got);
    }

    pub fn end(&mut self, token: Token, result: Result<Outcome, Error>) {
        assert!(
            self.pending.remove(&token),
            "{token:?} ended twice: {:?}, {result:?}",
            self.ended.get(&token)
        );
        self.ended.insert(token, result);
    }
}

impl Io for Sim {
    fn now(&mut self) -> Millis {
        self.now
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    fn store(&mut self, changes: Vec<Change>) -> Flow {
        assert!(self.engine.config().persist, "changes without a store");
        self.keep(changes);
        Flow::Ready
    }

    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        assert!(!bytes.is_empty());
        if self.store.dead {
            return Flow::Ready;
        }
        self.sends += 1;
        if self.wire.is_some_and(|(current, _)| current == generation) {
            self.write(bytes);
        }
        self.store.unsettled = 0;
        self.dies_here();
        match &mut self.full_after {
            Some(left) if *left <= 1 => {
                self.full_after = None;
                Flow::Full
            }
            Some(left) => {
                *left -= 1;
                Flow::Ready
            }
            None => Flow::Ready,
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        if !self.store.dead {
            let before = self.messages.len();
            self.take_messages(delivery.from, delivery.upto);
            self.store.unsettled += self.messages.len() - before;
        }
    }

    fn event(&mut self, event: Event) {
        if !self.store.dead {
            self.act(event);
        }
    }
}
