//! Topic aliases (§3.3.2.3.4): numbers in place of topics, for as long as a connection lasts, in each direction its
//! own. Ours go to topics in the order in which they are first used, as many as the broker allows and at most `MOST`.
//! Messages kept to be sent again never have one, because they may outlive the connection.

use crate::codec::{decode_error, protocol_error, DecodeError, ReasonCode};
use crate::engine::interner::{HashKeys, Interner};

/// More would cost memory on both sides and save little.
const MOST: u16 = 256;
/// Bytes of the shortest topic that gets one: an alias takes three itself.
const SHORTEST: usize = 4;
/// How many aliases the broker may use, unless the user says otherwise.
pub(super) const INBOUND_MAXIMUM: u16 = 32;

#[derive(Debug)]
pub(in crate::engine) struct Aliases {
    /// How many of ours the broker takes.
    outbound_maximum: u16,
    outbound: Interner,
    inbound_maximum: u16,
    inbound: Vec<Option<Box<[u8]>>>,
}

/// How a topic is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alias {
    None,
    /// With its topic: from here on it stands for it.
    New(u16),
    /// In place of its topic.
    Known(u16),
}

impl Aliases {
    /// For a new connection, on which the broker may use so many.
    pub fn new(inbound_maximum: u16, keys: HashKeys) -> Self {
        Aliases {
            outbound_maximum: 0,
            outbound: Interner::new(keys),
            inbound_maximum,
            inbound: Vec::new(),
        }
    }

    /// The broker takes so many.
    pub fn allow(&mut self, outbound: u16) {
        self.outbound_maximum = outbound.min(MOST);
    }

    /// How to write a topic that goes out on this connection.
    pub fn assign_outbound(&mut self, topic: &[u8]) -> Alias {
        if self.outbound_maximum == 0 || topic.len() < SHORTEST {
            return Alias::None;
        }
        if let Some(number) = self.outbound.find(topic) {
            return Alias::Known(number as u16 + 1);
        }
        if self.outbound.len() >= self.outbound_maximum.into() {
            return Alias::None;
        }
        Alias::New(self.outbound.insert(topic) as u16 + 1)
    }

    /// The user assigns aliases: ours would collide with them.
    pub fn disable_outbound(&mut self) {
        self.outbound_maximum = 0;
    }

    /// The topic of a received message that has an alias; an empty topic asks what the alias stands for.
    pub fn inbound<'a>(&'a mut self, alias: u32, topic: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        if alias > self.inbound_maximum.into() {
            return Err(decode_error!(
                ReasonCode::TOPIC_ALIAS_INVALID,
                "a topic alias is larger than topicAliasMaximum allows [MQTT-3.1.2-26]"
            ));
        }
        let place = alias as usize;
        while self.inbound.len() <= place {
            self.inbound.push(None);
        }
        if !topic.is_empty() {
            self.inbound[place] = Some(topic.into());
        }
        let known = self.inbound[place].as_deref();
        known.ok_or(protocol_error!("a topic alias stands for no topic"))
    }
}
