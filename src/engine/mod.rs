//! MQTT itself, as a state machine without input or output.
//!
//! The engine is given user calls, bytes, the fate of its transport, and the time; it answers what is to be done. Its
//! methods are of four kinds:
//!
//! - **inputs** of the application, such as `start`, `publish`, `subscribe`, `acknowledge`; of the transport: `opened`,
//!   `space` + `received`, `transmitted`, `set_blocked`, `set_transport_error`, `closed`; of the store: `stored`; of the
//!   platform: `set_network`, and `tick` for the time;
//! - **output**: `poll`, which says what to do next: see [`Output`] and [`drive()`];
//! - **views** that hold until the next bytes: `messages`, `received_bytes`, `topic`, `route`;
//! - **getters**: `state`, `stats`, `config`.
//!
//! After every input an adapter drains the engine with [`drive()`]. Time is milliseconds of any clock that does not go
//! back; randomness is the seed given to `new`.
//!
//! Six machines do the work, and none of them knows another: `Connection`, `Session`, `Outbox`, `Subscriptions`, `Lifecycle`
//! and `Search`.
//! The engine routes between them. Tests that need all of them are in `tests/`.

#![forbid(unsafe_code)]

mod acknowledging;
mod connecting;
mod connection;
mod deadline;
mod drive;
mod effects;
mod handling;
mod interner;
mod journal;
mod keys;
mod large_payloads;
mod large_publishes;
mod lifecycle;
pub(crate) mod message;
mod outbox;
mod output;
mod publishes;
mod publishing;
mod random;
mod receiving;
mod record;
mod restoring;
mod session;
mod stopping;
mod subscribing;
mod subscriptions;
mod suspecting;
mod suspicion;
#[cfg(test)]
mod tests;
mod topic_cache;
mod withdrawing;

pub mod config;
pub mod endpoint;
pub mod error;
pub(crate) mod format;
pub mod stats;
pub mod validate;

pub use crate::codec::Version;
pub use config::{Config, Policy, Versions, Will};
pub use deadline::Millis;
pub use drive::{drive, transmit_if_full, Flow, Io};
pub use error::{Class, Code, Error};
pub use message::{check_topic, Message};
pub use output::{Change, Delivery, Event, Generation, MessageView, Outcome, Output, Ticket, Token};
pub use publishing::Published;
pub use stats::Stats;
pub use subscriptions::{is_ours, Filter, Handler, NOT_FOR};
pub use withdrawing::Withdrawn;

use connection::{Connection, Phase, SEND_CAP};
use deadline::NEVER;
use effects::Effects;
use interner::HashKeys;
use lifecycle::Lifecycle;
use outbox::{Limits, Outbox};
use random::Random;
use session::Session;
use subscriptions::Subscriptions;
use suspecting::Search;

/// What a user sees as `client.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not started.
    Idle,
    /// The first connection is being made, with as many attempts as it takes.
    Connecting,
    /// CONNACK has accepted the connection.
    Connected,
    /// A connection was lost, and the next one is being made.
    Reconnecting,
    /// `stop` was called.
    Stopped,
}

impl State {
    /// The name that a user sees.
    pub fn name(self) -> &'static str {
        match self {
            State::Idle => "idle",
            State::Connecting => "connecting",
            State::Connected => "connected",
            State::Reconnecting => "reconnecting",
            State::Stopped => "stopped",
        }
    }
}

/// A client. See the documentation of the module.
#[derive(Debug)]
pub struct Engine {
    connection: Connection,
    session: Session,
    outbox: Outbox,
    subscriptions: Subscriptions,
    lifecycle: Lifecycle,
    search: Search,
    effects: Effects,
    /// PUBLISH packets written, resent ones not counted again.
    sent: u64,
    /// The application is dealing with the messages before this ticket.
    delivering: Option<output::Ticket>,
    /// The store has enough to do: no changes are given out.
    store_busy: bool,
}

impl Engine {
    /// A client that is not started. `seed` is the source of its client identifier, of delays and of the keys of its
    /// hash tables.
    ///
    /// # Errors
    /// The configuration cannot work: see [`Config::check`].
    pub fn new(config: Config, seed: u64) -> Result<Self, Error> {
        config.check()?;
        let mut random = Random::new(seed);
        let mut hash_seed = Random::new(random.next());
        let keys = HashKeys::new(&mut hash_seed);
        let limits = Limits::new(&config);
        let connection = Connection::new(config, random, keys);
        Ok(Engine {
            outbox: Outbox::new(limits, connection.version(), keys),
            connection,
            session: Session::default(),
            subscriptions: Subscriptions::new(keys),
            lifecycle: Lifecycle::new(),
            search: Search::default(),
            effects: Effects::default(),
            sent: 0,
            delivering: None,
            store_busy: false,
        })
    }

    // ---- getters

    /// The settings in force.
    pub fn config(&self) -> &Config {
        self.connection.config()
    }

    /// The protocol that the current connection speaks, or the next one will.
    pub fn version(&self) -> Version {
        self.connection.version()
    }

    /// As a user sees it.
    pub fn state(&self) -> State {
        self.connection.state()
    }

    /// Counters, since the client was made.
    pub fn stats(&self) -> Stats {
        Stats {
            sent: self.sent,
            received: self.session.received().received,
            bytes_sent: self.connection.bytes_sent,
            bytes_received: self.connection.bytes_received,
            in_flight: self.session.len() as u64,
            queued: self.outbox.len() as u64,
            bytes_queued: self.outbox.bytes() as u64,
            dropped: self.outbox.dropped(),
            reconnects: self.connection.reconnects,
            unhandled: self.session.received().deferred() as u64,
            suspects: self.suspects() as u64,
        }
    }

    /// When the next attempt to connect is made, if one is planned.
    pub fn retries_at(&self) -> Option<Millis> {
        Some(self.connection.retries_at()).filter(|&at| at != NEVER)
    }

    /// How many attempts were made since `start` or the last accepted connection, and what ended the last one, or that
    /// connection.
    pub fn last_attempt(&self) -> (u32, Option<&Error>) {
        self.connection.last_attempt()
    }

    /// The number of the current connection, or the last one.
    pub fn generation(&self) -> Generation {
        self.connection.generation()
    }

    /// Whether CONNACK has accepted the current connection.
    pub fn is_online(&self) -> bool {
        self.connection.is_online()
    }

    /// Whether `stop` was called and has not ended.
    pub fn is_stopping(&self) -> bool {
        self.lifecycle.is_stopping()
    }

    /// Stopped to the end: no transport is wanted and no timer.
    #[inline(always)]
    pub fn is_stopped(&self) -> bool {
        matches!(self.connection.phase(), Phase::Stopped)
    }

    /// When `tick` is to be called next.
    pub fn next_deadline(&self) -> Option<Millis> {
        Some(self.deadline()).filter(|&at| at != NEVER)
    }

    #[cfg_attr(small_code, optimize(speed))]
    fn deadline(&self) -> Millis {
        let machines = self.connection.next_deadline().min(self.session.next_deadline());
        let machines = machines.min(self.outbox.next_deadline());
        let machines = machines.min(self.subscriptions.next_deadline());
        let machines = machines.min(self.search.next_deadline());
        machines.min(self.lifecycle.next_deadline())
    }

    /// Whether the transport takes no more for now.
    pub fn is_blocked(&self) -> bool {
        self.connection.is_blocked()
    }

    // ---- the output

    /// What is to be done next, until it is [`Output::Idle`]. The order is the engine's:
    ///
    /// 1. messages are delivered and events reported, in the order in which they happened;
    /// 2. then what was delivered counts as handled, and its acknowledgements are written [MQTT-4.6.0-2];
    /// 3. what must outlive the process is stored;
    /// 4. bytes are transmitted, before their transport is closed.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn poll(&mut self, now: Millis) -> Output {
        if let Some(ticket) = self.delivering.take() {
            self.session
                .inbound()
                .handlers_returned(ticket, &mut self.effects.journal);
        }
        loop {
            if let Some(output) = self.effects.queue.pop_front() {
                match output {
                    Output::Event(Event::Close { generation }) => return self.close(now, generation),
                    Output::Deliver(delivery) => self.delivering = Some(delivery.ticket),
                    _ => {}
                }
                return output;
            }
            self.write_acknowledgements();
            self.fill(now);
            self.stop_if_drained(now);
            self.end_flushes();
            if self.effects.queue.is_empty() {
                break;
            }
        }
        match self.next_bytes(now) {
            Some(output) => output,
            None => Output::Idle(self.next_deadline()),
        }
    }

    /// The end of a transport; changes and bytes that precede it come first.
    fn close(&mut self, now: Millis, generation: Generation) -> Output {
        let close = Event::Close { generation };
        if self.connection.unsent() == 0 {
            return Output::Event(close);
        }
        self.effects.queue.push_front(Output::Event(close));
        if self.effects.journal.has_changes() {
            return Output::Store(self.effects.journal.take_changes());
        }
        self.transmit(now, generation)
    }

    /// Changes, then bytes, as far as store and transport take them.
    #[cfg_attr(small_code, optimize(speed))]
    fn next_bytes(&mut self, now: Millis) -> Option<Output> {
        if self.store_busy {
            return None;
        }
        if self.effects.journal.has_changes() {
            return Some(Output::Store(self.effects.journal.take_changes()));
        }
        if self.connection.unsent() == 0 || self.connection.is_blocked() {
            return None;
        }
        Some(self.transmit(now, self.connection.generation()))
    }

    /// Only changes and bytes, once there are many bytes: for a loop of publishes that leaves no room for events.
    pub fn poll_full(&mut self, now: Millis) -> Option<Output> {
        match self.is_full() {
            true => self.next_bytes(now),
            false => None,
        }
    }

    /// Whether there are so many bytes to transmit that they should not wait for more.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.connection.unsent() >= SEND_CAP
    }

    #[cfg_attr(small_code, optimize(speed))]
    fn transmit(&mut self, now: Millis, generation: Generation) -> Output {
        self.session.inbound().transmitted();
        Output::Transmit {
            generation,
            bytes: self.connection.take_out(now),
        }
    }

    /// The bytes of [`Output::Transmit`] were given to the transport; the buffer is used again.
    pub fn transmitted(&mut self, bytes: Vec<u8>, flow: Flow) {
        self.connection.recycle(bytes);
        if flow == Flow::Full {
            self.connection.set_blocked(true);
        }
    }

    /// The changes of [`Output::Store`] were given to the store. When it is full, nothing is stored or transmitted until
    /// this is called again, apart from the last changes and bytes before a transport is closed.
    pub fn stored(&mut self, flow: Flow) {
        self.store_busy = flow == Flow::Full;
    }

    /// Whether the transport takes no more for now: then messages wait in the offline queue, which is bounded.
    pub fn set_blocked(&mut self, blocked: bool) {
        self.connection.set_blocked(blocked);
    }

    /// The time has come, or gone by: works on everything that is due.
    pub fn tick(&mut self, now: Millis) {
        loop {
            if self.connection.connect_expired(now) {
                self.connect_overdue(now);
            } else if self.connection.retry_expired(now) {
                self.connection.attempt(now, &mut self.effects);
            } else {
                self.connection.note_stable(now);
                self.search.tick(now);
                self.check_keepalive(now);
                self.outbox.tick(now, &mut self.effects);
                self.check_acknowledgements(now);
                self.check_ages(now);
                if self.lifecycle.stop_due.expire(now) {
                    self.stop_overdue(now);
                }
            }
            self.stop_if_drained(now);
            if self.deadline() > now {
                return;
            }
        }
    }

    /// A burst made buffers large: they are given back when there is nothing to do.
    fn shrink(&mut self) {
        self.connection.shrink();
        if self.effects.queue.is_empty() && self.delivering.is_none() {
            self.session.inbound().shrink();
            self.connection.received().shrink();
        }
    }

    /// A call that only its caller's promise waits for has ended.
    pub fn ended(&mut self, token: Option<Token>) {
        self.effects.succeeded(token);
    }

    #[cfg(test)]
    pub(crate) fn buffers(&self) -> usize {
        self.connection.capacity() + self.session.received().capacity()
    }
}
