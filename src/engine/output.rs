//! Everything that leaves the engine: what an adapter has to do next ([`Output`]), what it reports to the
//! application ([`Event`]), and how an operation ended ([`Outcome`]). Outputs own what they carry, so that the
//! engine is not borrowed while an adapter acts on them.

use std::num::NonZeroU32;

use super::deadline::Millis;
use super::error::Error;

/// Names one pending operation. Chosen by the caller, echoed in [`Event::Done`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Token(NonZeroU32);

impl Token {
    /// 0 is no token.
    pub const fn new(number: u32) -> Option<Token> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Token(number)),
            None => None,
        }
    }

    /// The number it was made of.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

/// A change of the store: the value now kept under a key; none: nothing is kept under it any more.
pub type Change = (u64, Option<Vec<u8>>);

/// Counts connections: an event of an older socket is ignored.
pub type Generation = u32;

/// What an adapter does next; see [`super::drive`] for the order and the reasons.
#[must_use]
#[derive(Debug)]
pub enum Output {
    /// Write these changes to the store, all or none. Bytes that follow may leave only when they are written.
    Store(Vec<Change>),
    /// Give these bytes to the transport of this generation, then call [`super::Engine::transmitted`].
    Transmit {
        /// The connection they belong to.
        generation: Generation,
        /// One or more whole packets.
        bytes: Vec<u8>,
    },
    /// Hand these messages to the application. They count as handled at the next poll, apart from those deferred.
    Deliver(Delivery),
    /// Tell the application, or act on the transport.
    Event(Event),
    /// Nothing to do until this moment, or until the next input.
    Idle(Option<Millis>),
}

/// A range of [`super::Engine::messages`]: messages to be delivered, in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The first of them.
    pub from: usize,
    /// The one behind the last.
    pub upto: usize,
    /// That of the message behind the last.
    pub(super) ticket: Ticket,
}

/// Counts messages of QoS 1 and 2 in the order of arrival; it wraps round.
pub type Ticket = u32;

/// What an adapter reports, or does with its transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The application is asked for credentials; [`super::Engine::credentials_given`] continues.
    CredentialsRequested {
        /// To be given back with the answer.
        generation: Generation,
        /// How many attempts there were since `start` or the last accepted connection, this one included.
        attempt: u32,
        /// Why the attempt before failed.
        last: Option<Error>,
    },
    /// Open a transport.
    Open {
        /// The number of the connection.
        generation: Generation,
        /// Index into [`super::Config::servers`].
        server: usize,
    },
    /// Close the transport of this generation. Bytes for it have been transmitted before.
    Close {
        /// The number of the connection.
        generation: Generation,
    },
    /// CONNACK arrived; `code` 0 means accepted (§3.2).
    Connected {
        /// The broker resumes our session.
        session_present: bool,
        /// Return code (3.1.1) or reason code (5.0).
        code: u8,
        /// Encoded, MQTT 5.
        properties: Vec<u8>,
    },
    /// An accepted connection is over.
    Disconnected {
        /// paho's numbers, or the reason code of a server's DISCONNECT.
        rc: u8,
        /// None after `stop`.
        error: Option<Error>,
    },
    /// AUTH arrived (§3.15); [`super::Engine::authenticate`] answers it, unless `reason` is 0.
    Auth {
        /// Its reason code.
        reason: u8,
        /// Encoded.
        properties: Vec<u8>,
    },
    /// This handler is no longer used.
    HandlerRemoved(u32),
    /// An operation ended.
    Done {
        /// As given to the call.
        token: Token,
        /// How it ended.
        result: Result<Outcome, Error>,
    },
    /// Something that no pending operation carries.
    Error(Error),
}

/// How an operation succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing more to say.
    None,
    /// Acknowledged with a reason code or properties, MQTT 5.
    Acked {
        /// Below 128.
        reason: u8,
        /// Encoded.
        properties: Vec<u8>,
    },
    /// SUBACK or UNSUBACK: granted QoS or reason codes, one a filter in the order of the call (§3.9.3).
    Granted {
        /// One a filter.
        codes: Vec<u8>,
        /// Encoded, MQTT 5.
        properties: Vec<u8>,
    },
}

/// A received message: where it lies in [`super::Engine::received_bytes`], seven words that an adapter can read in
/// bulk. Valid until the next bytes are received.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageView {
    /// Number of the topic in the topic cache.
    pub topic: u32,
    /// Offset of the payload.
    pub offset: u32,
    /// Length of the payload.
    pub len: u32,
    /// QoS in bits 0-1, retain 4, dup 8, 16: the adapter has the payload.
    pub flags: u32,
    /// Offset of the properties, MQTT 5.
    pub properties: u32,
    /// Length of the properties.
    pub properties_len: u32,
    /// By which [`super::Engine::defer`] knows it. One of QoS 0 has none of its own.
    pub ticket: Ticket,
}

impl MessageView {
    /// Where in [`super::Engine::received_bytes`] the payload lies.
    pub fn payload(&self) -> std::ops::Range<usize> {
        let from = self.offset as usize;
        from..from + self.len as usize
    }

    /// Where in [`super::Engine::received_bytes`] the properties lie.
    pub fn properties(&self) -> std::ops::Range<usize> {
        let from = self.properties as usize;
        from..from + self.properties_len as usize
    }

    /// 0, 1 or 2.
    pub fn qos(&self) -> u8 {
        (self.flags & 3) as u8
    }

    /// Whether it is a retained message (§3.3.1.3).
    pub fn retain(&self) -> bool {
        self.flags & 4 != 0
    }

    /// Whether it may have been delivered before (§3.3.1.1).
    pub fn dup(&self) -> bool {
        self.flags & 8 != 0
    }
}
