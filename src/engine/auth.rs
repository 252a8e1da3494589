//! Enhanced authentication (§4.12): AUTH packets go to the user and the user's answers to the server. What
//! they say is a matter between those two; here is only when they may be said.

use super::connection::Phase;
use super::event::Event;
use super::{Code, Engine, Error};
use crate::codec::properties::{self, string, Property};
use crate::codec::{protocol_error, write, DecodeError, ReasonCode, Version};

pub(super) const CONTINUE: u8 = 0x18;
const REAUTHENTICATE: u8 = 0x19;

impl Engine {
    pub(super) fn on_auth(&mut self, reason: u8, properties: &[u8]) -> Result<(), DecodeError> {
        let online = self.link.phase == Phase::Online;
        let method = string(&self.cfg.properties, Property::AuthenticationMethod);
        if method.is_none() {
            return Err(protocol_error!(
                "an AUTH without an authentication method [MQTT-4.12.0-6]",
            ));
        }
        if string(properties, Property::AuthenticationMethod) != method {
            return Err(protocol_error!(
                "an AUTH of another authentication method [MQTT-4.12.0-5]",
            ));
        }
        if online && !self.link.reauthenticates || !online && reason != CONTINUE {
            return Err(protocol_error!("an AUTH that nothing asked for"));
        }
        self.link.reauthenticates &= reason == CONTINUE;
        self.events.push_back(Event::Auth {
            reason,
            properties: properties.to_vec(),
        });
        Ok(())
    }

    /// Answers an AUTH; on a connection that is up and has none to answer, begins to re-authenticate. The method is
    /// added here, so `properties` need not have it.
    pub fn authenticate(&mut self, properties: &[u8]) -> Result<(), Error> {
        let method = string(&self.cfg.properties, Property::AuthenticationMethod);
        let Some(method) = method.filter(|_| self.version == Version::V5) else {
            return Err(Error::new(
                Code::NotSupported,
                "there is no authentication to go on with; it takes MQTT 5 and authenticationMethod in the properties of credentials",
            ));
        };
        let reason = match self.link.phase {
            Phase::Handshake => CONTINUE,
            Phase::Online if self.link.reauthenticates => CONTINUE,
            Phase::Online => REAUTHENTICATE,
            _ => {
                return Err(Error::new(
                    Code::ConnectionLost,
                    "there is no connection to authenticate on; the next one does so by itself",
                ))
            }
        };
        let mut list = properties::without(properties, Property::AuthenticationMethod);
        properties::put(
            &mut list,
            Property::AuthenticationMethod,
            properties::Value::Text(method),
        );
        let start = self.out.len();
        write::auth(&mut self.out, ReasonCode(reason), &list);
        if let Err(error) = self.server.takes_size(self.out.len() - start) {
            self.out.truncate(start);
            return Err(error);
        }
        self.link.reauthenticates = self.link.phase == Phase::Online;
        Ok(())
    }
}
