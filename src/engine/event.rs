//! What leaves the engine beside bytes and deadlines. Events are collected while the engine works
//! and are acted on after it is done, so that user code never runs inside it.

use super::error::Error;

/// Names one pending operation to whoever started it; chosen by the caller, echoed in `Done`.
pub type Token = u32;
/// Nobody waits for this operation.
pub const NOBODY: Token = 0;

/// Counts connections: an event of an older socket is ignored.
pub type Generation = u32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Ask for credentials: `Engine::answered` goes on. So many attempts since start() or the last connection
    /// that was accepted, and what ended the one before.
    Ask {
        generation: Generation,
        attempt: u32,
        last: Option<Error>,
    },
    /// Open a transport to server number `server`.
    Open { generation: Generation, server: usize },
    /// Send what is outgoing, then close the transport of this generation.
    Close { generation: Generation },
    /// CONNACK arrived; `code` 0 is accepted.
    Connected {
        session_present: bool,
        code: u8,
        properties: Vec<u8>,
    },
    /// A connection that had been accepted is over; `rc` in paho's numbers, or the reason code of a server's
    /// DISCONNECT.
    Disconnected { rc: u8, error: Option<Error> },
    /// AUTH arrived: `Engine::authenticate` answers it, unless `reason` is 0.
    Auth { reason: u8, properties: Vec<u8> },
    /// These of `Engine::records` were received.
    Messages { from: usize, upto: usize },
    /// This handler is no longer used.
    Unrouted(u32),
    /// An operation ended.
    Done {
        token: Token,
        result: Result<Outcome, Error>,
    },
    /// What no promise carries.
    Error(Error),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    None,
    /// Acknowledged with more than plain success, MQTT 5.
    Acked {
        reason: u8,
        properties: Vec<u8>,
    },
    /// Granted QoS or reason codes, one a filter in the order asked (§3.9.3).
    Granted {
        codes: Vec<u8>,
        properties: Vec<u8>,
    },
}

/// A received message: where it lies in `Engine::inbound`, six words that a caller can read in
/// bulk. Valid until the next bytes are fed.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Number of the topic in the topic cache.
    pub topic: u32,
    pub offset: u32,
    pub len: u32,
    /// QoS in bits 0-1, retain 4, dup 8.
    pub flags: u32,
    /// Where its properties lie, MQTT 5.
    pub properties: u32,
    pub properties_len: u32,
}

impl Record {
    /// Where in `Engine::inbound` the payload lies.
    pub fn range(&self) -> std::ops::Range<usize> {
        let from = self.offset as usize;
        from..from + self.len as usize
    }

    /// Where in `Engine::inbound` the properties lie.
    pub fn properties(&self) -> std::ops::Range<usize> {
        let from = self.properties as usize;
        from..from + self.properties_len as usize
    }

    pub fn qos(&self) -> u8 {
        (self.flags & 3) as u8
    }

    pub fn retain(&self) -> bool {
        self.flags & 4 != 0
    }

    pub fn dup(&self) -> bool {
        self.flags & 8 != 0
    }
}
