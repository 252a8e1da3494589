//! Bytes in: cut into packets, checked, and each sent to the place that knows what it means.

use super::connection::{Phase, RC_LOST};
use super::error::excerpt;
use super::event::{Event, Generation, Record};
use super::inbox::Skip;
use super::journal::Journal;
use super::publish::NOT_FOUND;
use super::text::count;
use super::timers::Millis;
use super::{Code, Engine, Error};
use crate::codec::properties::{number, Place, Properties, Property};
use crate::codec::{
    self, decode_error, frame, protocol_error, publish, write, Ack, DecodeError, Packet, PacketId,
    PacketType, ReasonCode, Version,
};

/// Messages of the chunk that is being worked on, and QoS 2 identifiers seen (§4.3.3).
#[derive(Debug, Default)]
pub(super) struct Received {
    pub records: Vec<Record>,
    /// One bit an identifier between PUBLISH and PUBREL; empty until QoS 2 is used.
    exactly_once: Vec<u64>,
    /// Of this connection: QoS 2 messages between PUBLISH and PUBREL,
    open: usize,
    /// and last acknowledgements that are not sent.
    unanswered: usize,
}

impl Received {
    /// A new connection.
    pub fn begin(&mut self) {
        (self.open, self.unanswered) = (0, 0);
    }

    /// All acknowledgements are sent.
    pub fn answered(&mut self) {
        self.unanswered = 0;
    }

    /// True the first time; a repeated PUBLISH is answered, not delivered again [MQTT-4.3.3-2].
    pub fn first_time(&mut self, pid: u16) -> bool {
        if self.exactly_once.is_empty() {
            self.exactly_once.resize(1 << 10, 0);
        }
        let word = &mut self.exactly_once[pid as usize >> 6];
        let bit = 1 << (pid & 63);
        let first = *word & bit == 0;
        *word |= bit;
        first
    }

    /// False: there was no such message.
    fn released(&mut self, pid: u16) -> bool {
        let bit = 1 << (pid & 63);
        let known = match self.exactly_once.get_mut(pid as usize >> 6) {
            Some(word) if *word & bit != 0 => {
                *word &= !bit;
                true
            }
            _ => false,
        };
        if known && self.open > 0 {
            self.open -= 1;
            self.unanswered += 1;
        }
        known
    }

    /// The session is lost.
    pub fn forget(&mut self, journal: &mut Journal) {
        for (at, word) in (0u16..).zip(&self.exactly_once) {
            for bit in (0..64).filter(|bit| word & 1 << bit != 0) {
                journal.received(at << 6 | bit, false);
            }
        }
        self.exactly_once.clear();
    }
}

impl Engine {
    /// Room for bytes that have arrived; write them, then call `received`. Records and the views
    /// they point into are void from here on.
    pub fn space(&mut self, len: usize) -> &mut [u8] {
        self.received.records.clear();
        self.topics.trim();
        self.inbox.space(len)
    }

    /// The bytes in `space` are there.
    pub fn received(&mut self, generation: Generation, len: usize, now: Millis) {
        if !self.listens_to(generation) {
            return self.inbox.take_back(len);
        }
        self.stats.bytes_received += len as u64;
        self.link.last_received = now;
        self.link.pinged = None;
        // The buffer is moved out while packets are looked at, and back: no copy.
        let buf = std::mem::take(&mut self.inbox.buf);
        let mut at = self.inbox.start;
        let end = loop {
            match self.next_packet(&buf[..self.inbox.end], at, now) {
                Ok(Some(next)) => at = next,
                Ok(None) => break Ok(()),
                Err(what) => break Err(what),
            }
            if !self.listens_to(generation) {
                break Ok(());
            }
        };
        self.inbox.buf = buf;
        self.inbox.start = at;
        match end {
            Err(what) => self.violated(what, now),
            Ok(()) if self.listens_to(generation) && self.out.len() > MAX_UNSENT => self.flooded(now),
            Ok(()) if !self.listens_to(generation) => self.inbox.clear(),
            Ok(()) => {}
        }
        self.stop_if_drained(now);
    }

    /// Not of an old connection, and not after DISCONNECT, when no answer may follow [MQTT-3.14.4-2].
    fn listens_to(&self, generation: Generation) -> bool {
        generation == self.link.generation && matches!(self.link.phase, Phase::Handshake | Phase::Online)
    }

    /// Works on the packet at `at` if it is whole; where the next one begins.
    fn next_packet(&mut self, buf: &[u8], at: usize, now: Millis) -> Result<Option<usize>, DecodeError> {
        let rest = &buf[at..];
        if let Some(left) = self.skip(rest.len()) {
            return Ok(left.map(|skipped| at + skipped));
        }
        let Some(frame) = frame::frame(rest, self.version)? else {
            return Ok(None);
        };
        let early = matches!(frame.packet_type, PacketType::ConnAck | PacketType::Auth);
        if self.link.phase == Phase::Handshake && !early {
            return Err(protocol_error!("another packet before CONNACK"));
        }
        if frame.total() > self.cfg.max_packet_size {
            if frame.packet_type != PacketType::Publish || self.version == Version::V5 {
                return Err(TOO_LARGE);
            }
            return self
                .on_oversized(&frame, &rest[frame.header..])
                .map(|begun| begun.then_some(at));
        }
        let Some(body) = rest.get(frame.header..frame.total()) else {
            return Ok(None);
        };
        if frame.packet_type == PacketType::Publish {
            self.on_publish(frame.first, body, at + frame.header)?;
        } else {
            self.on_control(codec::decode(self.version, frame.packet_type, body)?, now)?;
        }
        Ok(Some(at + frame.total()))
    }

    /// Passes over bytes of an oversized PUBLISH. None: there is none. Otherwise how many bytes, none if more
    /// are needed. At its end it is acknowledged like any other, or it would come again for ever.
    fn skip(&mut self, len: usize) -> Option<Option<usize>> {
        let skip = self.inbox.skipping.as_mut()?;
        let skipped = skip.left.min(len);
        skip.left -= skipped;
        if skip.left > 0 {
            return Some(Some(skipped).filter(|&n| n > 0));
        }
        let Skip {
            qos,
            packet_id,
            error,
            ..
        } = self.inbox.skipping.take()?;
        if self.acknowledge(qos, packet_id) {
            self.stats.dropped += 1;
            self.events.push_back(Event::Error(error));
        }
        Some(Some(skipped))
    }

    /// A PUBLISH beyond `maxpacketsize`: false while its topic and packet identifier are not there.
    fn on_oversized(&mut self, frame: &frame::Frame, body: &[u8]) -> Result<bool, DecodeError> {
        let Some(head) = publish::head(frame.first, body, frame.body)? else {
            return Ok(false);
        };
        let message = publish::read(Version::V4, frame.first, &body[..head])?;
        self.inbox.skipping = Some(Skip {
            left: frame.total(),
            qos: message.qos,
            packet_id: message.packet_id,
            error: Error::say(
                Code::PacketTooLarge,
                "a message on \"%\" of % bytes was skipped; maxpacketsize is %",
                &[
                    &excerpt(publish::check_topic(message.topic)?),
                    &count(frame.total()),
                    &count(self.cfg.max_packet_size),
                ],
            ),
        });
        Ok(true)
    }

    /// Answers a PUBLISH; false if it has come before.
    fn acknowledge(&mut self, qos: u8, packet_id: Option<PacketId>) -> bool {
        match (qos, packet_id) {
            (1, Some(id)) => {
                write::ack(&mut self.out, Ack::PubAck, id);
                self.received.unanswered += 1;
            }
            (2, Some(id)) => {
                let pid = id.get();
                write::ack(&mut self.out, Ack::PubRec, id);
                let first = self.received.first_time(pid);
                if first {
                    self.received.open += 1;
                    self.ops.journal.received(pid, true);
                }
                return first;
            }
            _ => {}
        }
        true
    }

    fn on_publish(&mut self, first: u8, body: &[u8], body_at: usize) -> Result<(), DecodeError> {
        let message = publish::read(self.version, first, body)?;
        let mut topic = message.topic;
        if self.version == Version::V5 {
            if let Some(alias) = number(message.properties, Property::TopicAlias) {
                topic = self.aliases.inbound(alias, topic)?;
            }
        }
        let topic = self.topics.number(topic)?;
        if message.qos > 0 && self.received.open + self.received.unanswered >= self.link.receive_maximum {
            return Err(TOO_MANY);
        }
        if !self.acknowledge(message.qos, message.packet_id) {
            return Ok(());
        }
        self.received.records.push(Record {
            topic,
            offset: (body_at + body.len() - message.payload.len()) as u32,
            len: message.payload.len() as u32,
            flags: message.qos as u32 | (message.retain as u32) << 2 | (message.dup as u32) << 3,
            properties: (body_at + body.len() - message.payload.len() - message.properties.len()) as u32,
            properties_len: message.properties.len() as u32,
        });
        self.stats.received += 1;
        let upto = self.received.records.len();
        match self.events.back_mut() {
            Some(Event::Messages { upto: last, .. }) => *last = upto,
            _ => self.events.push_back(Event::Messages { from: upto - 1, upto }),
        }
        Ok(())
    }

    /// Where the user wants no problem information there is none, but in CONNACK, PUBLISH and DISCONNECT.
    fn check_problem(&self, packet: &Packet<'_>) -> Result<(), DecodeError> {
        let told = match packet {
            // They have no other properties.
            Packet::Ack { properties, .. }
            | Packet::SubAck { properties, .. }
            | Packet::UnsubAck { properties, .. } => !properties.is_empty(),
            Packet::Auth { properties, .. } => {
                Properties(properties).any(|(row, _)| row.may_appear_in(Place::Ack))
            }
            _ => false,
        };
        if told && number(&self.cfg.properties, Property::RequestProblemInformation) == Some(0) {
            return Err(protocol_error!("problem information that is not wanted"));
        }
        Ok(())
    }

    fn on_control(&mut self, packet: Packet<'_>, now: Millis) -> Result<(), DecodeError> {
        self.check_problem(&packet)?;
        match packet {
            Packet::ConnAck { .. } if self.link.phase == Phase::Online => {
                Err(protocol_error!("a second CONNACK"))
            }
            Packet::ConnAck {
                session_present,
                reason,
                properties,
            } => self.on_connack(session_present, reason.0, properties, now),
            Packet::Ack {
                kind,
                packet_id,
                reason,
                properties,
            } => match kind {
                Ack::PubAck => self.on_publish_done((packet_id, reason.0, properties), 1, now),
                Ack::PubRec => self.on_pubrec((packet_id, reason.0, properties), now),
                Ack::PubComp => self.on_publish_done((packet_id, reason.0, properties), 2, now),
                Ack::PubRel => {
                    let pid = packet_id.get();
                    let known = self.received.released(pid);
                    self.ops.journal.received(pid, false);
                    if known || self.version == Version::V4 {
                        write::ack(&mut self.out, Ack::PubComp, packet_id);
                    } else {
                        write::ack_with_reason(&mut self.out, Ack::PubComp, packet_id, NOT_FOUND);
                    }
                    Ok(())
                }
            },
            Packet::SubAck {
                packet_id,
                codes,
                properties,
            } => self.on_suback(packet_id.get(), codes, properties, now),
            Packet::UnsubAck {
                packet_id,
                codes,
                properties,
            } => self.on_unsuback(packet_id.get(), codes, properties, now),
            Packet::PingResp => Ok(()),
            Packet::Auth { reason, properties } => self.on_auth(reason.0, properties),
            Packet::Disconnect { reason, properties } => {
                self.on_disconnect(reason.0, properties, now);
                Ok(())
            }
        }
    }

    /// The peer sends and does not read: the acknowledgements of what it sends have no bound but this.
    fn flooded(&mut self, now: Millis) {
        let error = Error::say(
            Code::ConnectionLost,
            "% sends messages, but does not take their acknowledgements (4 MiB wait); check the broker and the network",
            &[&self.server_name()],
        );
        self.close_transport();
        self.lose(RC_LOST, error, now);
    }

    /// Whether an acknowledgement of nothing that is in flight may be a second one, or in a resumed session
    /// belong to an earlier life of this client.
    pub(super) fn is_late(&self, pid: u16) -> bool {
        self.link.resumed || self.ops.was_used(pid)
    }

    /// An acknowledgement of nothing. It ends nothing, so the connection stays; if it is not a late one,
    /// peer and client are not of one mind, and that is told.
    pub(super) fn out_of_place(&mut self, pid: u16) {
        if self.is_late(pid) || std::mem::replace(&mut self.link.told, true) {
            return;
        }
        self.events.push_back(Event::Error(Error::say(
            Code::ProtocolError,
            "% acknowledged what was not sent; is this mqttclientid used twice?",
            &[&self.server_name()],
        )));
    }

    /// An acknowledgement that does not fit what it acknowledges.
    pub(super) fn misfit(&self) -> Result<(), DecodeError> {
        if self.link.resumed {
            return Ok(());
        }
        Err(protocol_error!(
            "an acknowledgement of another kind than what was sent asks for"
        ))
    }

    /// Messages of the bytes last fed.
    pub fn records(&self) -> &[Record] {
        &self.received.records
    }

    /// The bytes that `Record::offset` counts in.
    pub fn inbound(&self) -> &[u8] {
        &self.inbox.buf
    }

    /// The topic of a record.
    pub fn topic(&self, number: u32) -> &str {
        self.topics.name(number).unwrap_or_default()
    }

    /// Changes whenever topic numbers or their routes are void.
    pub fn topic_epoch(&self) -> u32 {
        self.topics.epoch()
    }
}

/// A million acknowledgements that the transport did not take.
const MAX_UNSENT: usize = 4 << 20;

const TOO_LARGE: DecodeError = decode_error!(
    ReasonCode::PACKET_TOO_LARGE,
    "a packet is larger than maxpacketsize allows"
);
const TOO_MANY: DecodeError = decode_error!(
    ReasonCode::RECEIVE_MAXIMUM_EXCEEDED,
    "more messages are unacknowledged than receiveMaximum allows [MQTT-3.3.4-9]"
);
