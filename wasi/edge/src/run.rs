//! Runs the engine inside a call of the host: gives it what the transport and the clock say, drains it with `drive`, and
//! waits where the call waits. There are no threads, so between two calls nothing happens.

use wasip2::io::poll::{poll, Pollable};

use mqtt_lib::engine::{drive, Change, Delivery, Engine, Event, Flow, Generation, Io, Millis};

use crate::client::Client;
use crate::clock;
use crate::events;
use crate::routes;
use crate::stream::Stream;
use crate::transport::{Transport, TransportEvent};

/// A broker that never stops sending does not keep a call from looking at the clock.
const READS_AT_ONCE: usize = 64;

impl Client {
    /// Does what can be done without waiting.
    pub(crate) fn run_ready(&mut self) {
        self.turn(&mut |_| false);
        self.write();
    }

    /// Runs until `done`, until the time has come, or until nothing can happen any more. Bytes that the last step had
    /// for the broker are not written yet: the caller calls `write`.
    pub(crate) fn run(&mut self, until: Option<Millis>, mut done: impl FnMut(&mut Client) -> bool) {
        loop {
            let Turn { found, busy } = self.turn(&mut done);
            if found || until.is_some_and(|until| clock::now() >= until) {
                return;
            }
            if !self.write() && !busy && !self.wait(until) {
                return;
            }
        }
    }

    /// Drains what the call has begun, writes, reads until `done`, and does what is due. Bytes that have arrived are
    /// processed before the clock is looked at, so that no deadline passes while its answer is here already.
    fn turn(&mut self, done: &mut dyn FnMut(&mut Client) -> bool) -> Turn {
        self.drain();
        self.write();
        let mut turn = Turn {
            found: false,
            busy: true,
        };
        for _ in 0..READS_AT_ONCE {
            turn.busy = !self.is_full() && self.read();
            turn.found = done(self);
            if turn.found || !turn.busy {
                break;
            }
        }
        self.engine.tick(clock::now());
        self.drain();
        if self.engine.is_stopped() {
            self.transport = None;
            if let Some(store) = &mut self.store {
                store.close();
            }
        }
        turn.found = turn.found || done(self);
        turn
    }

    /// Whether the host has so much to take that nothing more is read, unless the broker's answer is awaited.
    fn is_full(&self) -> bool {
        let config = self.engine.config();
        let is_full =
            self.events.len() >= config.max_unhandled || self.events.bytes() >= config.max_unhandled_bytes;
        is_full && !self.engine.awaits_answer()
    }

    /// Tells the engine the next thing that the transport has to say; false if there is nothing.
    fn read(&mut self) -> bool {
        let Some(transport) = &mut self.transport else {
            return false;
        };
        let generation = transport.generation;
        let Some(event) = transport.next_event() else {
            return false;
        };
        let now = clock::now();
        match event {
            TransportEvent::Opened => self.engine.opened(now, generation),
            TransportEvent::Bytes(bytes) => {
                self.engine.space(bytes.len()).copy_from_slice(&bytes);
                self.engine.received(now, generation, bytes.len());
            }
            TransportEvent::Closed(why, code) => {
                self.transport = None;
                self.engine.set_transport_error(code);
                self.engine.closed(now, generation, &why);
            }
        }
        self.drain();
        true
    }

    fn drain(&mut self) {
        drive(self);
        self.watch.drained(&self.engine, &mut self.events);
    }

    /// Runs until the time has come.
    pub(crate) fn sleep(&mut self, until: Millis) {
        self.run(Some(until), |_| false);
        self.write();
    }

    /// Writes the bytes that the stream holds, and what the engine sends when there is room again. True if that failed,
    /// so that reading says at once that the connection has ended.
    pub(crate) fn write(&mut self) -> bool {
        while let Some(stream) = self.stream() {
            stream.write();
            if stream.has_failed() {
                return true;
            }
            if stream.is_full() || !self.engine.is_blocked() {
                break;
            }
            self.engine.set_blocked(false);
            drive(self);
        }
        false
    }

    fn stream(&mut self) -> Option<&mut Stream> {
        self.transport.as_mut().and_then(Transport::stream)
    }

    /// What the host can wait for beside other things; none of them once nothing happens by itself.
    pub fn pollables(&mut self) -> Vec<Pollable> {
        self.run_ready();
        let mut pollables = Vec::new();
        if self.events.len() > 0 {
            pollables.push(clock::alarm(0));
            return pollables;
        }
        if let Some(transport) = &self.transport {
            transport.pollables(&mut pollables);
        }
        pollables.extend(self.engine.next_deadline().map(clock::alarm));
        pollables
    }

    /// Waits for the transport, the next deadline or `until`; false if there is nothing to wait for.
    fn wait(&self, until: Option<Millis>) -> bool {
        let mut pollables = Vec::new();
        if let Some(transport) = &self.transport {
            transport.pollables(&mut pollables);
        }
        let due = self.engine.next_deadline();
        if pollables.is_empty() && due.is_none() {
            // Stopped: no time brings anything.
            return false;
        }
        if let Some(when) = [due, until].into_iter().flatten().min() {
            pollables.push(clock::alarm(when));
        }
        poll(&pollables.iter().collect::<Vec<&Pollable>>());
        true
    }
}

impl Client {
    /// AUTH has come. The host answers while the call goes on, where there is one; the last AUTH wants no answer.
    fn on_auth(&mut self, reason: u8, properties: Vec<u8>) {
        let Some(host) = self.host.as_mut().filter(|_| reason != 0) else {
            return self.events.push(events::Event::Auth { reason, properties });
        };
        let answer = host.answer_auth(reason, &properties);
        let sent = answer.and_then(|list| self.engine.authenticate(&list));
        if let Err(error) = sent {
            self.events.push(events::Event::Error(error));
        }
    }
}

/// How a turn ended.
struct Turn {
    /// `done` said so.
    found: bool,
    /// The transport may have more at once.
    busy: bool,
}

impl Io for Client {
    fn now(&mut self) -> Millis {
        clock::now()
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    fn store(&mut self, changes: Vec<Change>) -> Flow {
        self.write_store(&changes)
    }

    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        let current = self.transport.as_mut().filter(|t| t.generation == generation);
        let Some(stream) = current.and_then(Transport::stream) else {
            return Flow::Ready;
        };
        stream.push(bytes);
        match stream.is_full() {
            true => Flow::Full,
            false => Flow::Ready,
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        routes::deliver(&mut self.engine, delivery, &mut self.events, &mut self.takers);
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Open { generation, server } => {
                self.attempts += 1;
                // The old transport is dropped before there is a new one.
                self.transport = None;
                match Transport::open(&self.engine.config().servers[server], generation, &self.settings) {
                    Ok(transport) => self.transport = Some(transport),
                    Err(why) => self.engine.closed(clock::now(), generation, &why),
                }
            }
            Event::Close { generation } => {
                let current = self.transport.as_mut().filter(|t| t.generation == generation);
                if !current.is_some_and(Transport::close) {
                    self.engine.closed(clock::now(), generation, "");
                }
            }
            Event::Connected {
                session_present,
                code,
                properties,
            } => {
                self.watch.state(&self.engine, &mut self.events);
                self.events.push(events::Event::Connect {
                    session_present,
                    rc: code,
                    properties,
                });
            }
            Event::Disconnected { rc, error } => {
                self.watch.state(&self.engine, &mut self.events);
                self.events.push(events::Event::Disconnect { rc, error });
            }
            Event::Done { token, result } if Some(token) == self.awaited => self.ended = Some(result),
            Event::Error(error) => self.events.push(events::Event::Error(error)),
            Event::Auth { reason, properties } => self.on_auth(reason, properties),
            Event::CredentialsRequested {
                generation,
                attempt,
                last,
            } => {
                if let Some(host) = &mut self.host {
                    let answer = host.credentials(attempt, last.as_ref());
                    self.engine.credentials_given(clock::now(), generation, answer);
                }
            }
            // Of calls that have returned; handlers are numbers here.
            Event::Done { .. } | Event::HandlerRemoved(_) => {}
        }
    }
}
