//! Routes incoming bytes: cut into packets, checked, and each given to the machine that owns what it is about.

use super::connecting::RC_LOST;
use super::connection::{Phase, SkippedPublish};
use super::deadline::Millis;
use super::error::{excerpt, Code, Error};
use super::format::{before, count};
use super::output::{Generation, MessageView};
use super::session::inbound::Released;
use super::subscriptions::Kind;
use super::{Engine, Version};
use crate::codec::properties::{number, Place, Properties, Property};
use crate::codec::{
    self, decode_error, frame, protocol_error, publish, write, Ack, DecodeError, Packet, PacketId,
    PacketType, ReasonCode,
};

/// A million acknowledgements that the transport did not take.
const MAX_UNSENT: usize = 4 << 20;

/// The longest list of properties, and the longest packet that has no payload. What a broker has a reason for is far
/// shorter, and an object for the application is made of each list.
const MAX_LIST: usize = 256 << 10;

const TOO_LARGE: DecodeError = decode_error!(
    ReasonCode::PACKET_TOO_LARGE,
    "a packet is larger than maxpacketsize, or than 256 KiB and no PUBLISH"
);
const TOO_MANY: DecodeError = decode_error!(
    ReasonCode::RECEIVE_MAXIMUM_EXCEEDED,
    "more messages are unacknowledged than receiveMaximum allows"
);

impl Engine {
    /// How large a buffer `space` has to make for so many bytes; 0 if it has one.
    pub fn growth(&mut self, len: usize) -> usize {
        self.connection.received().growth(len)
    }

    /// Room for bytes that have arrived; write them, then call `received`. The views are void from here on.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn space(&mut self, len: usize) -> &mut [u8] {
        self.session.inbound().clear_views();
        self.subscriptions.topics().trim();
        self.connection.received().space(len)
    }

    /// The bytes in `space` are there.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn received(&mut self, now: Millis, generation: Generation, len: usize) {
        if !self.connection.listens_to(generation) {
            return self.connection.received().take_back(len);
        }
        self.connection.note_received(now, len);
        // The buffer is moved out while packets are processed, and back: no copy.
        let received = self.connection.received();
        let (mut at, end) = received.range();
        let bytes = received.take();
        let result = loop {
            match self.next_packet(now, &bytes[..end], at) {
                Ok(Some(next)) => at = next,
                Ok(None) => break Ok(()),
                Err(what) => break Err(what),
            }
            if !self.connection.listens_to(generation) {
                break Ok(());
            }
        };
        self.connection.received().put_back(bytes, at);
        match result {
            Err(what) => self.protocol_violated(now, what),
            Ok(()) if !self.connection.listens_to(generation) => self.connection.received().clear(),
            Ok(()) if self.connection.unsent() > MAX_UNSENT => self.flooded(now),
            Ok(()) => {}
        }
        self.stop_if_drained(now);
    }

    /// The broker sends and does not read: the acknowledgements of what it sends have no other bound.
    fn flooded(&mut self, now: Millis) {
        let error = self.connection.flood_error();
        self.give_up_connection(now, RC_LOST, error);
    }

    /// Processes the packet at `at` if it is whole; where the next one begins.
    #[cfg_attr(small_code, optimize(speed))]
    fn next_packet(&mut self, now: Millis, bytes: &[u8], at: usize) -> Result<Option<usize>, DecodeError> {
        let rest = &bytes[at..];
        if let Some(skipped) = self.skip(rest.len()) {
            return Ok(skipped.map(|skipped| at + skipped));
        }
        let Some(frame) = frame::frame(rest, self.connection.version())? else {
            return Ok(None);
        };
        let early = matches!(frame.packet_type, PacketType::ConnAck | PacketType::Auth);
        if matches!(self.connection.phase(), Phase::Handshake(_)) && !early {
            return Err(protocol_error!("another packet came before CONNACK"));
        }
        let is_publish = frame.packet_type == PacketType::Publish;
        let most = self.config().max_packet_size;
        if frame.total() > if is_publish { most } else { most.min(MAX_LIST) } {
            if !is_publish || self.connection.version() == Version::V5 {
                return Err(TOO_LARGE);
            }
            let begun = self.begin_skipping(&frame, &rest[frame.header..])?;
            return Ok(begun.then_some(at));
        }
        let mut total = frame.total();
        if self.connection.received().beside.is_some() {
            total = rest.len();
        }
        let Some(body) = rest.get(frame.header..total) else {
            self.connection.received().begun = is_publish.then_some(frame);
            return Ok(None);
        };
        if is_publish {
            if let Err(what) = self.on_publish(frame.first, body, at + frame.header) {
                self.pass_over(what)?;
            }
        } else {
            let packet = codec::decode(self.connection.version(), frame.packet_type, body)?;
            self.on_control(now, packet)?;
        }
        Ok(Some(at + total))
    }

    /// Passes over bytes of a PUBLISH beyond `maxpacketsize`. None: there is none. Otherwise how many bytes; none of
    /// them if more are needed. At its end it is acknowledged like any other, or it would come again for ever.
    fn skip(&mut self, len: usize) -> Option<Option<usize>> {
        let skipped = self.connection.received().skipped.as_mut()?;
        let now_skipped = skipped.left.min(len);
        skipped.left -= now_skipped;
        if skipped.left > 0 {
            return Some(Some(now_skipped).filter(|&n| n > 0));
        }
        let SkippedPublish {
            qos,
            packet_id,
            error,
            ..
        } = self.connection.received().skipped.take()?;
        // See `on_publish`.
        if !self.lifecycle.is_stopping() && self.session.inbound().arrived(packet_id, qos) {
            self.outbox.count_dropped();
            self.effects.error(error);
        }
        Some(Some(now_skipped))
    }

    /// A PUBLISH beyond `maxpacketsize`: false while its topic and packet identifier are not there.
    fn begin_skipping(&mut self, frame: &frame::Frame, body: &[u8]) -> Result<bool, DecodeError> {
        let Some(head) = publish::head(Version::V4, frame.first, body, frame.body)? else {
            return Ok(false);
        };
        let message = publish::read(Version::V4, frame.first, &body[..head])?;
        let error = Error::format(
            Code::PacketTooLarge,
            "a message on \"%\" of % bytes was skipped; maxpacketsize is %",
            &[
                &excerpt(publish::check_topic(message.topic)?),
                &count(frame.total()),
                &count(self.config().max_packet_size),
            ],
        );
        self.connection.received().skipped = Some(SkippedPublish {
            left: frame.total(),
            qos: message.qos,
            packet_id: message.packet_id,
            error,
        });
        Ok(true)
    }

    /// A malformed message ends the connection [MQTT-4.8.0-1]. One that a broker keeps, and sends again on each, would let
    /// nothing else through: after several short ones it is skipped, and not acknowledged.
    #[inline(never)]
    fn pass_over(&mut self, what: DecodeError) -> Result<(), DecodeError> {
        if !self.connection.fails_again() || what.reason == ReasonCode::RECEIVE_MAXIMUM_EXCEEDED {
            return Err(what);
        }
        self.outbox.count_dropped();
        self.effects.error(self.connection.violation_error(what));
        Ok(())
    }

    #[cfg_attr(small_code, optimize(speed))]
    fn on_publish(&mut self, first: u8, body: &[u8], body_at: usize) -> Result<(), DecodeError> {
        let beside = self.connection.received().beside.take().is_some();
        let message = publish::read(self.connection.version(), first, body)?;
        let mut topic = message.topic;
        if self.connection.version() == Version::V5 {
            if let Some(alias) = number(message.properties, Property::TopicAlias) {
                topic = self.connection.inbound_alias(alias, topic)?;
            }
        }
        // `stop` takes no further messages: the broker keeps what is not acknowledged.
        if self.lifecycle.is_stopping() {
            return Ok(());
        }
        let topic = self.subscriptions.topics().number(topic)?;
        let inbound = self.session.inbound();
        let ticket = inbound.next_ticket();
        if message.qos > 0 && inbound.is_full() {
            return Err(TOO_MANY);
        }
        if !inbound.arrived(message.packet_id, message.qos) {
            return Ok(());
        }
        let mut topic = topic;
        let mut list = message.properties;
        if !list.is_empty() {
            match self.with_properties(topic, &message, &mut list) {
                Some(key) => topic = key,
                None => return Ok(()),
            }
        }
        let inbound = self.session.inbound();
        let payload_at = body_at + body.len() - message.payload.len();
        inbound.push(MessageView {
            topic,
            offset: payload_at as u32,
            len: message.payload.len() as u32,
            flags: message.qos as u32
                | (message.retain as u32) << 2
                | (message.dup as u32) << 3
                | (beside as u32) << 4,
            properties: (payload_at - message.properties.len()) as u32,
            properties_len: list.len() as u32,
            ticket,
        });
        let place = inbound.views().len() - 1;
        self.effects.deliver(place, inbound.next_ticket());
        Ok(())
    }

    /// The number of a topic with what else routes the message; none if it is skipped, as a further copy, or for what is
    /// wrong with it: a message that the broker merely forwards is no reason to leave the broker, it would come again.
    #[inline(never)]
    fn with_properties(
        &mut self,
        topic: u32,
        message: &publish::Publish<'_>,
        list: &mut &[u8],
    ) -> Option<u32> {
        if list.len() <= MAX_LIST && publish::is_content_valid(list) {
            return self.subscriptions.with_identifiers(topic, message, list);
        }
        self.outbox.count_dropped();
        self.effects.error(Error::format(
            Code::ProtocolError,
            "a message on \"%\" was skipped: its response topic is no topic name, its payload format above 1, or its properties have more than 256 KiB; correct its publisher",
            &[&excerpt(self.topic_key(topic))],
        ));
        None
    }

    /// Where the user wants no problem information there is none, but in CONNACK, PUBLISH and DISCONNECT (§3.1.2.11.7).
    fn check_problem_information(&self, packet: &Packet<'_>) -> Result<(), DecodeError> {
        let has_some = match packet {
            // They have no other properties.
            Packet::Ack { properties, .. }
            | Packet::SubAck { properties, .. }
            | Packet::UnsubAck { properties, .. } => !properties.is_empty(),
            Packet::Auth { properties, .. } => {
                Properties(properties).any(|(row, _)| row.may_appear_in(Place::Ack))
            }
            _ => false,
        };
        if has_some && number(&self.config().properties, Property::RequestProblemInformation) == Some(0) {
            return Err(protocol_error!(
                "a packet has problem information, which was declined"
            ));
        }
        Ok(())
    }

    fn on_control(&mut self, now: Millis, packet: Packet<'_>) -> Result<(), DecodeError> {
        self.check_problem_information(&packet)?;
        let Packet::Ack {
            kind,
            packet_id,
            reason,
            properties,
        } = packet
        else {
            return self.on_rare(now, packet);
        };
        match kind {
            Ack::PubAck => self.on_last_ack(now, (packet_id, reason, properties), 1),
            Ack::PubRec => self.on_pubrec(now, (packet_id, reason, properties)),
            Ack::PubComp => self.on_last_ack(now, (packet_id, reason, properties), 2),
            Ack::PubRel => {
                self.on_pubrel(packet_id);
                Ok(())
            }
        }
    }

    /// What does not come with each message: compiled for size.
    #[inline(never)]
    fn on_rare(&mut self, now: Millis, packet: Packet<'_>) -> Result<(), DecodeError> {
        match packet {
            Packet::ConnAck {
                session_present,
                reason,
                properties,
            } => self.on_connack(now, session_present, reason, properties),
            Packet::SubAck {
                packet_id,
                codes,
                properties,
            } => self.on_answer(now, Kind::Subscribe, packet_id, codes, properties),
            Packet::UnsubAck {
                packet_id,
                codes,
                properties,
            } => self.on_answer(now, Kind::Unsubscribe, packet_id, codes, properties),
            Packet::Auth { reason, properties } => self.on_auth(reason, properties),
            Packet::Disconnect { reason, properties } => {
                self.on_disconnect(now, reason, properties);
                Ok(())
            }
            Packet::PingResp | Packet::Ack { .. } => Ok(()),
        }
    }

    /// PUBREL: the broker will not send the message again (§4.3.3).
    fn on_pubrel(&mut self, id: PacketId) {
        let version = self.connection.version();
        match self.session.inbound().released(id, &mut self.effects.journal) {
            Released::Later => {}
            Released::Unknown if version == Version::V5 => {
                let reason = ReasonCode::PACKET_IDENTIFIER_NOT_FOUND;
                write::ack_with_reason(self.connection.out(), Ack::PubComp, id, reason);
            }
            Released::Complete | Released::Unknown => write::ack(self.connection.out(), Ack::PubComp, id),
        }
    }

    // ---- views

    /// Messages of the bytes last received.
    pub fn messages(&self) -> &[MessageView] {
        self.session.received().views()
    }

    /// The bytes that [`MessageView`] counts in.
    pub fn received_bytes(&self) -> &[u8] {
        self.connection.received_bytes()
    }

    /// The topic of a message.
    pub fn topic(&self, number: u32) -> &str {
        before(self.topic_key(number), 0)
    }

    /// Likewise, as `route` takes it: with the subscription identifiers of the message behind it.
    pub fn topic_key(&self, number: u32) -> &str {
        self.subscriptions.topic_key(number)
    }

    /// Changes whenever topic numbers or their routes are void.
    pub fn topic_epoch(&self) -> u32 {
        self.subscriptions.topic_epoch()
    }
}
