//! The calls of the host: each begins an operation of the engine and returns when that has ended. How the engine is run
//! meanwhile is `run.rs`.

use mqtt_lib::engine::{
    self, Config, Engine, Error, Filter, Millis, Outcome, Published, State, Stats, Ticket, Token,
};

use crate::clock;
use crate::events::{Event, Events, Message};
use crate::transport::Transport;

/// A message to be published.
pub type Outgoing<'a> = engine::Message<'a>;

pub struct Client {
    pub(crate) engine: Engine,
    pub(crate) transport: Option<Transport>,
    pub(crate) events: Events,
    /// The message that the host has, if it is to be acknowledged.
    current: Option<Ticket>,
    /// The operation that the current call waits for, and how it ended.
    pub(crate) awaited: Option<Token>,
    pub(crate) ended: Option<Result<Outcome, Error>>,
    last_token: u32,
}

impl Client {
    /// Begins to connect.
    ///
    /// # Errors
    /// The configuration cannot work.
    pub fn new(config: Config) -> Result<Client, Error> {
        let mut client = Client {
            engine: Engine::new(config, clock::seed())?,
            transport: None,
            events: Events::default(),
            current: None,
            awaited: None,
            ended: None,
            last_token: 0,
        };
        client.engine.start(clock::now(), None);
        client.run_ready();
        Ok(client)
    }

    pub fn start(&mut self) -> Result<(), Error> {
        self.until_done(|engine, now, token| {
            engine.start(now, token);
            Ok(())
        })
        .map(drop)
    }

    /// The host is done with the message that it has; what it has not taken stays the broker's.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.acknowledge_current();
        for ticket in self.events.take_unacknowledged() {
            self.engine.leave(Some(ticket));
        }
        self.until_done(|engine, now, token| {
            engine.stop(now, token);
            Ok(())
        })
        .map(drop)
    }

    pub fn publish(&mut self, message: &Outgoing<'_>) -> Result<(), Error> {
        let token = self.next_token();
        match self.engine.publish(clock::now(), message, token)? {
            Published::Buffered => {
                self.run_ready();
                Ok(())
            }
            Published::Pending => self.end_of_call().map(drop),
        }
    }

    /// `item.payload` is JSON.
    pub fn batch(&mut self, item: &Outgoing<'_>) -> Result<(), Error> {
        self.engine.batch(clock::now(), item, None)?;
        self.run_ready();
        Ok(())
    }

    pub fn queue(&mut self, message: &Outgoing<'_>) -> Result<(), Error> {
        self.engine.queue(clock::now(), message, None)?;
        self.run_ready();
        Ok(())
    }

    /// Sends batches and queue, and waits until every publish begun before has ended.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.until_done(|engine, now, token| {
            engine.flush(now, token);
            Ok(())
        })
        .map(drop)
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
        let filters = filters.into_iter().map(Filter::from).collect();
        self.until_done(|engine, _, token| engine.unsubscribe(filters, Vec::new(), token))
            .map(drop)
    }

    /// The next event; none after the timeout. An error once the client is stopped and the event queue is empty.
    pub fn next_event(&mut self, timeout: Option<Millis>) -> Result<Option<Event>, Error> {
        self.next(timeout, Events::next, Event::ticket)
    }

    /// The next message, likewise.
    pub fn next_message(&mut self, timeout: Option<Millis>) -> Result<Option<Message>, Error> {
        self.next(timeout, Events::next_message, |message| message.ticket)
    }

    /// Does what can be done at once; in how many milliseconds something is due.
    pub fn poll(&mut self) -> Option<Millis> {
        self.run_ready();
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

    fn acknowledge_current(&mut self) {
        if let Some(ticket) = self.current.take() {
            self.engine.acknowledge(Some(ticket));
        }
    }

    /// Hands out what `take` finds. The message before it is acknowledged: the host asks for the next one.
    fn next<T>(
        &mut self,
        timeout: Option<Millis>,
        take: fn(&mut Events) -> Option<T>,
        ticket: fn(&T) -> Option<Ticket>,
    ) -> Result<Option<T>, Error> {
        self.acknowledge_current();
        let until = timeout.map(|timeout| clock::now().saturating_add(timeout));
        let mut found = None;
        self.run(until, |client| {
            found = take(&mut client.events);
            found.is_some()
        });
        self.current = found.as_ref().and_then(ticket);
        self.write();
        match found {
            None if self.engine.is_stopped() => Err(Error::stopped()),
            found => Ok(found),
        }
    }

    fn until_done(
        &mut self,
        begin: impl FnOnce(&mut Engine, Millis, Option<Token>) -> Result<(), Error>,
    ) -> Result<Outcome, Error> {
        let token = self.next_token();
        begin(&mut self.engine, clock::now(), token)?;
        self.end_of_call()
    }

    /// A number that no pending operation has: the answer to an earlier call must not end this one.
    fn next_token(&mut self) -> Option<Token> {
        self.last_token = self.last_token.checked_add(1).unwrap_or(1);
        self.awaited = Token::new(self.last_token);
        self.ended = None;
        self.awaited
    }

    fn end_of_call(&mut self) -> Result<Outcome, Error> {
        self.run(None, |client| client.ended.is_some());
        self.write();
        self.ended.take().unwrap_or_else(|| Err(Error::stopped()))
    }
}
