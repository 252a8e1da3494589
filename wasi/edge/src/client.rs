//! The calls of the host: each begins an operation of the engine and returns when that has ended. How the engine is run
//! meanwhile is `run.rs`; what concerns received messages is `receiving.rs`.

use std::collections::BTreeSet;

use mqtt_lib::codec::ReasonCode;
use mqtt_lib::engine::{
    self, Code, Config, Engine, Error, Filter, Millis, Outcome, Published, State, Stats, Ticket, Token,
};

use crate::clock;
use crate::events::Events;
use crate::host::Host;
use crate::layers::Settings;
use crate::limit::Limit;
use crate::routes::{self, Takers};
use crate::store::Store;
use crate::transport::Transport;
use crate::watch::Watch;

/// A message to be published.
pub type Outgoing<'a> = engine::Message<'a>;

/// A reason code or several, and encoded properties, as an acknowledgement brings them.
pub type Answer<Codes> = (Codes, Vec<u8>);

/// What one call subscribes to.
#[derive(Default)]
pub struct Subscription {
    /// With their QoS and options, as in SUBSCRIBE.
    pub filters: Vec<Filter>,
    /// Encoded.
    pub properties: Vec<u8>,
    /// The host says when it has dealt with a message.
    pub manual: bool,
    pub timeout: Option<f64>,
}

/// Those of the engine, and of this edge.
pub struct Statistics {
    pub engine: Stats,
    /// How often a connection was begun.
    pub attempts: u64,
    /// Milliseconds until the next attempt.
    pub reconnect_in: Option<Millis>,
}

pub struct Client {
    pub(crate) engine: Engine,
    pub(crate) transport: Option<Transport>,
    pub(crate) events: Events,
    pub(crate) watch: Watch,
    pub(crate) takers: Takers,
    pub(crate) host: Option<Box<dyn Host>>,
    pub(crate) settings: Settings,
    pub(crate) store: Option<Store>,
    /// The message that the host has, if asking for the next one acknowledges it.
    pub(crate) current: Option<Ticket>,
    /// Those that it has otherwise.
    pub(crate) held: BTreeSet<Ticket>,
    /// Filters that the host has subscribed to.
    pub(crate) subscribed: BTreeSet<String>,
    pub(crate) response_topic: Option<String>,
    pub(crate) requests: u64,
    pub(crate) attempts: u64,
    /// The operation that the current call waits for, and how it ended.
    pub(crate) awaited: Option<Token>,
    pub(crate) ended: Option<Result<Outcome, Error>>,
    last_token: u32,
}

impl Client {
    /// Begins to connect. With `ask` in the configuration the host gives the credentials.
    ///
    /// # Errors
    /// The configuration cannot work.
    pub fn new(mut config: Config, settings: Settings, host: Option<Box<dyn Host>>) -> Result<Client, Error> {
        settings.check()?;
        if config.ask && settings.store.is_some() {
            let text = "store needs credentials that the constructor is given: it is read before a host is asked; take it out, or leave ask-host";
            return Err(Error::new(Code::InvalidOption, text));
        }
        if config.ask {
            config = Config::asking();
        }
        let mut client = Client {
            engine: Engine::new(config, clock::seed())?,
            transport: None,
            events: Events::default(),
            watch: Watch::default(),
            takers: Takers::default(),
            host,
            store: settings.store.as_deref().map(Store::new),
            settings,
            current: None,
            held: BTreeSet::new(),
            subscribed: BTreeSet::new(),
            response_topic: None,
            requests: 0,
            attempts: 0,
            awaited: None,
            ended: None,
            last_token: 0,
        };
        client.open_store()?;
        client.engine.start(clock::now(), None);
        client.run_ready();
        Ok(client)
    }

    pub fn start(&mut self) -> Result<(), Error> {
        self.open_store()?;
        self.until_done(&Limit::NONE, |engine, now, token| {
            engine.start(now, token);
            Ok(())
        })
        .map(drop)
    }

    /// The host is done with the message that it has; what it has not taken stays the broker's.
    pub fn stop(&mut self, reason: u8, properties: &[u8]) -> Result<(), Error> {
        if !matches!(reason, 0 | 4 | 128..) {
            let text =
                format!("reason-code of stop must be 0, 4 (the broker publishes the will) or 128 to 255; {reason} was given");
            return Err(Error::new(Code::OutOfRange, &text));
        }
        if reason != 0 || !properties.is_empty() {
            self.engine.set_disconnect(ReasonCode(reason), properties)?;
        }
        self.leave_all();
        self.until_done(&Limit::NONE, |engine, now, token| {
            engine.stop(now, token);
            Ok(())
        })
        .map(drop)
    }

    /// What the acknowledgement said beside plain success.
    pub fn publish(
        &mut self,
        message: &Outgoing<'_>,
        timeout: Option<f64>,
    ) -> Result<Option<Answer<u8>>, Error> {
        let limit = Limit::new(timeout)?;
        let token = self.next_token();
        match self.engine.publish(clock::now(), message, token)? {
            Published::Buffered => {
                self.run_ready();
                Ok(None)
            }
            Published::Pending => Ok(match self.end_of_call(&limit, true)? {
                Outcome::Acked { reason, properties } => Some((reason, properties)),
                _ => None,
            }),
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
        self.until_done(&Limit::NONE, |engine, now, token| {
            engine.flush(now, token);
            Ok(())
        })
        .map(drop)
    }

    /// Granted QoS, one a filter.
    pub fn subscribe(&mut self, asked: Subscription) -> Result<Answer<Vec<u8>>, Error> {
        let limit = Limit::new(asked.timeout)?;
        let names: Vec<String> = asked.filters.iter().map(|f| f.filter.clone()).collect();
        let outcome = self.until_done(&limit, |engine, _, token| {
            let handler = routes::host(asked.manual);
            engine.subscribe_as(asked.filters, asked.properties, Some(handler), token)
        })?;
        self.subscribed.extend(names);
        Ok(granted(outcome))
    }

    pub fn unsubscribe(
        &mut self,
        filters: Vec<String>,
        properties: Vec<u8>,
        timeout: Option<f64>,
    ) -> Result<Answer<Vec<u8>>, Error> {
        let limit = Limit::new(timeout)?;
        for filter in &filters {
            self.subscribed.remove(filter);
        }
        let filters = filters.into_iter().map(Filter::from).collect();
        let outcome = self.until_done(&limit, |engine, _, token| {
            engine.unsubscribe(filters, properties, token)
        })?;
        Ok(granted(outcome))
    }

    /// Answers an AUTH, or begins to authenticate again.
    pub fn authenticate(&mut self, properties: &[u8]) -> Result<(), Error> {
        self.engine.authenticate(properties)?;
        self.run_ready();
        Ok(())
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

    /// Of the connection; none without one.
    pub fn version(&self) -> Option<u8> {
        let is_online = self.engine.is_online();
        is_online.then(|| self.engine.version() as u8)
    }

    pub fn stats(&self) -> Statistics {
        let mut engine = self.engine.stats();
        engine.dropped += self.events.dropped;
        let retry = self.engine.retries_at();
        Statistics {
            engine,
            attempts: self.attempts,
            reconnect_in: retry.map(|at| at.saturating_sub(clock::now())),
        }
    }

    pub(crate) fn until_done(
        &mut self,
        limit: &Limit,
        begin: impl FnOnce(&mut Engine, Millis, Option<Token>) -> Result<(), Error>,
    ) -> Result<Outcome, Error> {
        let token = self.next_token();
        begin(&mut self.engine, clock::now(), token)?;
        self.end_of_call(limit, false)
    }

    /// A number that no pending operation has: the answer to an earlier call must not end this one.
    pub(crate) fn next_token(&mut self) -> Option<Token> {
        self.last_token = self.last_token.checked_add(1).unwrap_or(1);
        self.awaited = Token::new(self.last_token);
        self.ended = None;
        self.awaited
    }

    fn end_of_call(&mut self, limit: &Limit, withdraws: bool) -> Result<Outcome, Error> {
        self.run(limit.until(), |client| client.ended.is_some());
        self.write();
        if let Some(ended) = self.ended.take() {
            return ended;
        }
        if let (Some(token), true) = (self.awaited.take(), withdraws) {
            self.engine.withdraw(token);
        }
        limit.check()?;
        Err(Error::stopped())
    }
}

fn granted(outcome: Outcome) -> Answer<Vec<u8>> {
    match outcome {
        Outcome::Granted { codes, properties } => (codes, properties),
        _ => Default::default(),
    }
}
