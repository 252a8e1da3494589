//! The engine and its connection, driven by the calls of the host: feed, drain, act, and wait where a call
//! waits. All that this side knows of the engine is here.

use wasip2::io::poll::{poll, Pollable};

use mqtt_lib::engine::{
    self, Config, Engine, Error, Filter, Millis, Outcome, State, Stats, Taken, Token, NOBODY,
};

use crate::clock;
use crate::events::{Event, Events, Message};
use crate::transport::{Step, Transport};

/// A peer that never stops sending does not keep a call for ever.
const STEPS_AT_ONCE: usize = 64;

/// What is to be published.
pub type Outgoing<'a> = engine::Message<'a>;

pub struct Client {
    engine: Engine,
    transport: Option<Transport>,
    events: Events,
    /// The operation that a call waits for; there is one call at a time.
    awaited: Token,
    ended: Option<Result<Outcome, Error>>,
}

impl Client {
    /// Begins to connect.
    pub fn new(config: Config) -> Client {
        let mut client = Client {
            engine: Engine::new(config, clock::seed()),
            transport: None,
            events: Events::default(),
            awaited: NOBODY,
            ended: None,
        };
        client.engine.start(clock::now(), NOBODY);
        client.pump();
        client
    }

    pub fn start(&mut self) -> Result<(), Error> {
        self.until_done(|engine, now, token| {
            engine.start(now, token);
            Ok(())
        })
        .map(drop)
    }

    pub fn stop(&mut self) -> Result<(), Error> {
        self.until_done(|engine, now, token| {
            engine.stop(now, token);
            Ok(())
        })
        .map(drop)
    }

    pub fn publish(&mut self, message: &Outgoing<'_>) -> Result<(), Error> {
        let token = self.next_token();
        match self.engine.publish(clock::now(), message, token)? {
            Taken::Now => {
                self.pump();
                Ok(())
            }
            Taken::Later => self.end_of(token).map(drop),
        }
    }

    /// `item.payload` is JSON.
    pub fn batch(&mut self, item: &Outgoing<'_>) -> Result<(), Error> {
        self.engine.batch(clock::now(), item, NOBODY)?;
        self.pump();
        Ok(())
    }

    pub fn queue(&mut self, message: &Outgoing<'_>) -> Result<(), Error> {
        self.engine.queue(clock::now(), message, NOBODY)?;
        self.pump();
        Ok(())
    }

    /// Sends batches and queue, and waits until all that was begun has ended.
    pub fn flush(&mut self) {
        self.engine.flush(clock::now());
        let mark = self.engine.mark();
        self.run(None, |client| client.engine.ended_up_to(mark));
    }

    /// Granted QoS, one a filter.
    pub fn subscribe(&mut self, filters: Vec<(String, u8)>) -> Result<Vec<u8>, Error> {
        let filters = filters
            .into_iter()
            .map(|(filter, options)| Filter { filter, options });
        let filters = filters.collect();
        let outcome =
            self.until_done(|engine, _, token| engine.subscribe(filters, Vec::new(), None, token))?;
        Ok(match outcome {
            Outcome::Granted { codes, .. } => codes,
            _ => Vec::new(),
        })
    }

    pub fn unsubscribe(&mut self, filters: Vec<String>) -> Result<(), Error> {
        self.until_done(|engine, _, token| engine.unsubscribe(filters, Vec::new(), token))
            .map(drop)
    }

    /// The next event; none after the timeout. An error once the client is stopped and nothing is left.
    pub fn next_event(&mut self, timeout: Option<Millis>) -> Result<Option<Event>, Error> {
        self.next(timeout, Events::next)
    }

    pub fn next_message(&mut self, timeout: Option<Millis>) -> Result<Option<Message>, Error> {
        self.next(timeout, Events::next_message)
    }

    /// What can be done at once; how many milliseconds may pass before something is due.
    pub fn poll(&mut self) -> Option<Millis> {
        self.pump();
        let due = self.engine.next_deadline()?;
        Some(due.saturating_sub(clock::now()))
    }

    pub fn state(&self) -> State {
        self.engine.state()
    }

    pub fn is_connected(&self) -> bool {
        self.engine.is_online()
    }

    pub fn stats(&self) -> Stats {
        let mut stats = self.engine.stats();
        stats.dropped += self.events.dropped;
        stats
    }

    fn next<T>(
        &mut self,
        timeout: Option<Millis>,
        take: fn(&mut Events) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let until = timeout.map(|timeout| clock::now().saturating_add(timeout));
        let mut found = None;
        self.run(until, |client| {
            found = take(&mut client.events);
            found.is_some()
        });
        match found {
            None if self.engine.is_stopped() => Err(Error::stopped()),
            found => Ok(found),
        }
    }

    fn until_done(
        &mut self,
        begin: impl FnOnce(&mut Engine, Millis, Token) -> Result<(), Error>,
    ) -> Result<Outcome, Error> {
        let token = self.next_token();
        begin(&mut self.engine, clock::now(), token)?;
        self.end_of(token)
    }

    fn next_token(&mut self) -> Token {
        // The answer to a call that is over must not end the next one.
        self.awaited = self.awaited.checked_add(1).unwrap_or(NOBODY + 1);
        self.ended = None;
        self.awaited
    }

    fn end_of(&mut self, token: Token) -> Result<Outcome, Error> {
        debug_assert_eq!(token, self.awaited);
        self.run(None, |client| client.ended.is_some());
        self.ended.take().unwrap_or_else(|| Err(Error::stopped()))
    }

    /// Runs until `done`, or nothing can happen any more, or the time has come.
    fn run(&mut self, until: Option<Millis>, mut done: impl FnMut(&mut Self) -> bool) {
        loop {
            let busy = self.pump();
            if done(self) || until.is_some_and(|until| clock::now() >= until) {
                return;
            }
            if !busy && !self.wait(until) {
                return;
            }
        }
    }

    /// Waits for the connection, the next deadline or `until`; false if there is nothing to wait for.
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

    /// What has come goes in first, so that no deadline passes it by; then the clock. True if the connection
    /// may have more at once.
    fn pump(&mut self) -> bool {
        self.drain();
        let mut busy = true;
        for _ in 0..STEPS_AT_ONCE {
            let Some(transport) = &mut self.transport else {
                busy = false;
                break;
            };
            let generation = transport.generation;
            match transport.advance() {
                Some(Step::Opened) => self.engine.opened(generation, clock::now()),
                Some(Step::Bytes(bytes)) => {
                    self.engine.space(bytes.len()).copy_from_slice(&bytes);
                    self.engine.received(generation, bytes.len(), clock::now());
                }
                Some(Step::Closed(why)) => {
                    self.transport = None;
                    self.engine.closed(generation, &why, clock::now());
                }
                None => {
                    busy = false;
                    break;
                }
            }
            self.drain();
        }
        self.engine.tick(clock::now());
        self.drain();
        if self.engine.is_stopped() {
            self.transport = None;
        }
        busy
    }

    /// Bytes, then events, until there is neither.
    fn drain(&mut self) {
        let now = clock::now();
        loop {
            if let Some(transport) = &mut self.transport {
                let enough = transport.has_enough();
                if enough != self.engine.is_blocked() {
                    self.engine.set_blocked(enough && self.engine.is_online());
                }
                if !self.engine.is_blocked() {
                    let bytes = self.engine.outgoing(now);
                    if !bytes.is_empty() {
                        transport.send(bytes);
                        self.engine.sent(now);
                        continue;
                    }
                }
            }
            match self.engine.next_event() {
                Some(event) => self.act(event, now),
                None => return,
            }
        }
    }

    fn act(&mut self, event: engine::Event, now: Millis) {
        match event {
            engine::Event::Open { generation, server } => {
                // The old one goes before the new one comes.
                self.transport = None;
                match Transport::open(&self.engine.config().servers[server], generation) {
                    Ok(transport) => self.transport = Some(transport),
                    Err(why) => self.engine.closed(generation, &why, now),
                }
            }
            engine::Event::Close { generation } => {
                let current = self.transport.as_mut().filter(|t| t.generation == generation);
                if !current.is_some_and(Transport::close) {
                    self.engine.closed(generation, "", now);
                }
            }
            engine::Event::Connected {
                session_present,
                code,
                ..
            } => self.events.push(Event::Connect {
                session_present,
                rc: code,
            }),
            engine::Event::Disconnected { rc, error } => self.events.push(Event::Disconnect { rc, error }),
            engine::Event::Messages { from, upto } => {
                for record in &self.engine.records()[from..upto] {
                    self.events.push(Event::Message(Message {
                        topic: self.engine.topic(record.topic).to_owned(),
                        payload: self.engine.inbound()[record.range()].to_vec(),
                        qos: record.qos(),
                        retain: record.retain(),
                        dup: record.dup(),
                        properties: self.engine.inbound()[record.properties()].to_vec(),
                    }));
                }
            }
            engine::Event::Done { token, result } if token == self.awaited => self.ended = Some(result),
            engine::Event::Done { .. }
            | engine::Event::Unrouted(_)
            | engine::Event::Auth { .. }
            | engine::Event::Ask { .. } => {}
            engine::Event::Error(error) => self.events.push(Event::Error(error)),
        }
    }
}
