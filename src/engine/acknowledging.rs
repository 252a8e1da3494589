//! Routes the acknowledgements of outgoing messages: PUBACK, PUBREC and PUBCOMP (§3.4, §3.5, §3.7). PUBREL, which belongs
//! to a received message, is in `receiving.rs`.

use super::deadline::Millis;
use super::error::{Code, Error};
use super::output::Outcome;
use super::session::Acked;
use super::{Engine, Version};
use crate::codec::{protocol_error, write, Ack, DecodeError, PacketId, ReasonCode};

/// An acknowledgement: packet identifier, reason code, properties.
pub(super) type Answer<'a> = (PacketId, ReasonCode, &'a [u8]);

impl Engine {
    /// PUBACK (`qos` 1) or PUBCOMP (2): the last step.
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn on_last_ack(
        &mut self,
        now: Millis,
        (id, reason, properties): Answer<'_>,
        qos: u8,
    ) -> Result<(), DecodeError> {
        match self.session.on_last_ack(now, id, qos, &mut self.effects.journal) {
            Acked::Ended(token) => {
                let result = match reason {
                    ReasonCode::SUCCESS if properties.is_empty() => Ok(Outcome::None),
                    _ if reason.is_error() && qos == 1 => Err(publish_refused(reason, properties)),
                    // Also a PUBCOMP that does not know the identifier: it was completed before.
                    _ => Ok(Outcome::Acked {
                        reason: reason.0,
                        properties: properties.to_vec(),
                    }),
                };
                self.effects.done(token, result);
                Ok(())
            }
            Acked::Mismatch if qos == 1 && self.connection.version() == Version::V4 => {
                self.on_downgrade(now, (id, reason, properties))
            }
            Acked::Mismatch => self.mismatched_ack(),
            Acked::Progress => Ok(()),
            Acked::Unknown => {
                self.report_unexpected_ack(id);
                Ok(())
            }
        }
    }

    /// PUBACK for a message of QoS 2. In 3.1.1 a broker that does not support QoS 2 has no other way to say so; in MQTT 5
    /// there is Maximum QoS.
    fn on_downgrade(&mut self, now: Millis, (id, reason, properties): Answer<'_>) -> Result<(), DecodeError> {
        let Acked::Ended(token) = self.session.on_downgrade(now, id, &mut self.effects.journal) else {
            return self.mismatched_ack();
        };
        if self.connection.is_first_downgrade() {
            self.effects.error(Error::format(
                Code::NotSupported,
                "% acknowledged a message of QoS 2 with PUBACK, so messages may arrive twice; publish with QoS 1",
                &[&self.connection.server_name()],
            ));
        }
        let result = match reason.is_error() {
            true => Err(publish_refused(reason, properties)),
            false => Ok(Outcome::None),
        };
        self.effects.done(token, result);
        Ok(())
    }

    /// PUBREC: PUBREL follows, or the broker refuses the message.
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn on_pubrec(
        &mut self,
        now: Millis,
        (id, reason, properties): Answer<'_>,
    ) -> Result<(), DecodeError> {
        let refused = reason.is_error();
        match self
            .session
            .on_pubrec(now, id, refused, &mut self.effects.journal)
        {
            Acked::Ended(token) => {
                let error = publish_refused(reason, properties);
                self.effects.failed(token, error);
                return Ok(());
            }
            Acked::Progress => {}
            Acked::Mismatch => self.mismatched_ack()?,
            Acked::Unknown => {
                self.report_unexpected_ack(id);
                if refused {
                    return Ok(());
                }
                if self.connection.version() == Version::V5 && self.session.may_be_late(id) {
                    write::ack_with_reason(
                        self.connection.out(),
                        Ack::PubRel,
                        id,
                        ReasonCode::PACKET_IDENTIFIER_NOT_FOUND,
                    );
                    return Ok(());
                }
            }
        }
        write::ack(self.connection.out(), Ack::PubRel, id);
        Ok(())
    }

    /// An acknowledgement of nothing. It ends nothing, so the connection stays; unless it may be a late one, it is
    /// reported once a connection.
    pub(super) fn report_unexpected_ack(&mut self, id: PacketId) {
        if self.session.reports_unexpected_ack(id) {
            self.effects.error(Error::format(
                Code::ProtocolError,
                "% acknowledged a packet that was not sent; check that no other client uses this mqttclientid",
                &[&self.connection.server_name()],
            ));
        }
    }

    /// An acknowledgement of another kind than what was sent asks for.
    pub(super) fn mismatched_ack(&self) -> Result<(), DecodeError> {
        if self.session.is_resumed() {
            return Ok(());
        }
        Err(protocol_error!(
            "an acknowledgement is of another kind than the packet asks for"
        ))
    }
}

fn publish_refused(reason: ReasonCode, properties: &[u8]) -> Error {
    Error::because(
        Code::PublishRefused,
        "the broker refused the message; check the topic and the broker's access rules",
        reason,
        properties,
    )
}
