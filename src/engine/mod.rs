//! MQTT itself, as a state machine without input or output.
//!
//! The engine is given user calls, bytes, the fate of its transport, and the time. It gives back
//! bytes, events and the next deadline. Its methods are of four kinds:
//!
//! - **inputs**: `start`, `stop`, `publish`, `batch`, `queue`, `flush`, `subscribe`,
//!   `unsubscribe`, `authenticate`, `answered`, `opened`, `closed`, `network`, `space` + `received`, `set_blocked`, `tick`;
//! - **outputs**: `outgoing` (then `sent`), `next_event`, `next_deadline`;
//! - **views** that hold until the next input: `records`, `inbound`, `topic`, `route`;
//! - **getters**: `state`, `stats`, `config`.
//!
//! After every input the driver drains all outputs: bytes until `outgoing` is empty, events until
//! there is none, then it arms one timer for `next_deadline`. Time is milliseconds of any clock
//! that does not go back; randomness is the seed given to `new`.

mod aliases;
mod auth;
mod backoff;
mod collect;
mod connection;
mod credentials;
mod handshake;
mod inbox;
mod journal;
mod keepalive;
mod keys;
mod message;
mod names;
mod ops;
mod patience;
mod publish;
mod receive;
mod resume;
mod rng;
mod router;
mod server;
mod stop;
mod subscribe;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod timers;
mod topics;

pub mod config;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod stats;
pub mod validate;

use std::collections::VecDeque;

pub use crate::codec::Version;
pub use config::{Config, Policy, Versions, Will};
pub use error::{Class, Code, Error};
pub use event::{Event, Generation, Outcome, Record, Token, NOBODY};
pub use journal::Change;
pub use message::{check_topic, Message};
pub use publish::Taken;
pub use stats::Stats;
pub use subscribe::Filter;
pub use timers::Millis;

use aliases::Aliases;
use collect::Collector;
use connection::Link;
use inbox::Inbox;
use ops::{Key, Ops};
use patience::Patience;
use publish::Held;
use receive::Received;
use rng::Rng;
use server::Server;
use stop::Stopping;
use subscribe::Subscriptions;
use timers::{Timer, Timers};
use topics::Topics;

/// What a user sees as `client.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Idle,
    Connecting,
    Connected,
    Reconnecting,
    Stopped,
}

impl State {
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

/// `outgoing` is handed over when it passes this, so that no frame is much larger.
pub const SEND_CAP: usize = 64 << 10;

#[derive(Debug)]
pub struct Engine {
    cfg: Config,
    /// Which protocol the connection speaks, and what waits is encoded in.
    version: Version,
    rng: Rng,
    timers: Timers,
    events: VecDeque<Event>,
    stats: Stats,

    link: Link,
    server: Server,
    aliases: Aliases,
    /// Bytes for the transport, one buffer for all packets of a turn.
    out: Vec<u8>,
    inbox: Inbox,
    received: Received,
    topics: Topics,

    ops: Ops,
    /// SUBSCRIBE and UNSUBSCRIBE that are not on the wire.
    control: VecDeque<Key>,
    /// In flight when the connection was lost, to be sent again, in their original order.
    resend: VecDeque<Key>,
    /// Publishes that wait for the connection or for a place in the window.
    waiting: VecDeque<Key>,
    collector: Collector,
    subs: Subscriptions,
    held: Held,
    /// Were in flight in a session that was lost, and wait as new ones: they count in no bound.
    again: Held,
    patience: Patience,
    stopping: Stopping,
}

impl Engine {
    pub fn new(mut cfg: Config, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let made_up_id = cfg.client_id.is_empty() && !cfg.assigned_id;
        if made_up_id {
            cfg.client_id = rng.client_id();
        }
        Engine {
            version: match cfg.version {
                Versions::V4 => Version::V4,
                Versions::V5 | Versions::Auto => Version::V5,
            },
            cfg,
            rng,
            timers: Timers::new(),
            events: VecDeque::new(),
            stats: Stats::default(),
            link: Link {
                made_up_id,
                ..Link::default()
            },
            server: Server::default(),
            aliases: Aliases::default(),
            out: Vec::new(),
            inbox: Inbox::default(),
            received: Received::default(),
            topics: Topics::default(),
            ops: Ops::default(),
            control: VecDeque::new(),
            resend: VecDeque::new(),
            waiting: VecDeque::new(),
            collector: Collector::default(),
            subs: Subscriptions::default(),
            held: Held::default(),
            again: Held::default(),
            patience: Patience::default(),
            stopping: Stopping::default(),
        }
    }

    pub fn config(&self) -> &Config {
        &self.cfg
    }

    /// Which protocol the current connection, or the next, speaks.
    pub fn version(&self) -> Version {
        self.version
    }

    pub fn stats(&self) -> Stats {
        Stats {
            in_flight: self.ops.in_flight() as u64,
            queued: self.waiting_messages() as u64,
            ..self.stats
        }
    }

    /// When the next attempt to connect is made, if one waits for its time.
    pub fn retries_at(&self) -> Option<Millis> {
        self.timers
            .is_set(Timer::Retry)
            .then(|| self.timers.at(Timer::Retry))
    }

    /// Bytes for the transport of the current generation; what waits is moved up first. Give them
    /// all to the transport, call `sent`, and ask again until it is empty.
    pub fn outgoing(&mut self, now: Millis) -> &[u8] {
        self.fill(now);
        // The last message of a client that stops may have been of QoS 0: nothing else ends the wait.
        self.stop_if_drained(now);
        &self.out
    }

    /// Whether there is anything on a connection for `outgoing`.
    pub fn has_outgoing(&self) -> bool {
        let waiting = self.control.len() + self.resend.len() + self.waiting.len();
        self.is_online() && self.out.len() + waiting > 0
    }

    /// What `outgoing` has without moving anything up.
    pub fn unsent(&self) -> &[u8] {
        &self.out
    }

    /// How many bytes `outgoing` has without moving anything up.
    pub fn pending_bytes(&self) -> usize {
        self.out.len()
    }

    pub fn sent(&mut self, now: Millis) {
        if self.out.is_empty() {
            return;
        }
        self.stats.bytes_sent += self.out.len() as u64;
        self.link.last_sent = now;
        self.received.answered();
        self.out.clear();
        if self.out.capacity() > 16 * SEND_CAP {
            self.out = Vec::new();
        }
    }

    /// What a burst has made large is given back when there is nothing to do.
    fn rest(&mut self) {
        if self.out.is_empty() {
            self.out = Vec::new();
        }
        if self.events.is_empty() {
            self.received.records = Vec::new();
            self.inbox.rest();
        }
    }

    #[cfg(test)]
    pub fn buffers(&self) -> usize {
        self.out.capacity() + self.inbox.buf.capacity() + self.received.records.capacity()
    }

    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// A place in the order of the calls: see `ended_up_to`.
    pub fn mark(&self) -> u64 {
        self.ops.mark()
    }

    /// Whether every publish begun up to the mark has ended.
    pub fn ended_up_to(&self, mark: u64) -> bool {
        self.ops.ended_up_to(mark)
    }

    /// Stopped to the end: no transport is wanted and no timer.
    pub fn is_stopped(&self) -> bool {
        self.link.phase == connection::Phase::Stopped
    }

    pub fn next_deadline(&self) -> Option<Millis> {
        self.timers.next()
    }

    /// The time has come, or gone by: works on every timer that is due.
    pub fn tick(&mut self, now: Millis) {
        while let Some(timer) = self.timers.expire(now) {
            match timer {
                Timer::Connect => self.connect_overdue(now),
                Timer::Retry => self.attempt(now),
                Timer::Stable => self.link.attempts = 0,
                Timer::Keepalive => self.check_keepalive(now),
                Timer::Batch => self.flush_due_batches(now, now),
                Timer::Queue => self.flush_queue(now),
                Timer::Ack => self.check_overdue(now),
                Timer::Age => self.lose_patience(now),
                Timer::Stop => self.stop_overdue(now),
            }
            self.stop_if_drained(now);
        }
    }

    pub fn is_online(&self) -> bool {
        self.link.phase == connection::Phase::Online
    }

    /// Whether the transport has enough to do: then messages wait here, where they are bounded.
    pub fn set_blocked(&mut self, blocked: bool) {
        self.link.blocked = blocked;
    }

    pub fn is_blocked(&self) -> bool {
        self.link.blocked
    }

    /// Ends a call that only the caller's promise waits for.
    pub fn ended(&mut self, token: Token) {
        self.done(token, Ok(Outcome::None));
    }

    fn done(&mut self, token: Token, result: Result<Outcome, Error>) {
        if token != NOBODY {
            self.events.push_back(Event::Done { token, result });
        } else if let Err(error) = result {
            self.events.push_back(Event::Error(error));
        }
    }
}
