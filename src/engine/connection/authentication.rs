//! AUTH, by which client and broker go on to authenticate, during the handshake and again while online (§4.12). Whether one
//! may come now, and what answers it; what the application says in it is not looked at.

use super::{Connection, Phase};
use crate::codec::properties::*;
use crate::codec::{protocol_error, write, DecodeError, ReasonCode, Version};
use crate::engine::error::{Code, Error};
use crate::engine::output::Event;

impl Connection {
    /// AUTH arrived: whether it may come now, and of this method.
    pub fn on_auth(&mut self, reason: ReasonCode, properties: &[u8]) -> Result<(), DecodeError> {
        let method = string(&self.config.properties, Property::AuthenticationMethod);
        if method.is_none() {
            return Err(protocol_error!(
                "an AUTH without an authentication method [MQTT-4.12.0-6]"
            ));
        }
        if string(properties, Property::AuthenticationMethod) != method {
            return Err(protocol_error!(
                "an AUTH of another authentication method [MQTT-4.12.0-5]"
            ));
        }
        let expected = match &mut self.phase {
            Phase::Online(online) => {
                let expected = online.reauthenticating;
                online.reauthenticating &= reason == ReasonCode::CONTINUE_AUTHENTICATION;
                expected
            }
            _ => reason == ReasonCode::CONTINUE_AUTHENTICATION,
        };
        match expected {
            true => Ok(()),
            false => Err(protocol_error!("an AUTH that nothing asked for")),
        }
    }

    /// Answers an AUTH; online, where there is none to answer, begins to re-authenticate. The method is added here.
    pub fn authenticate(&mut self, properties: &[u8]) -> Result<(), Error> {
        let method = string(&self.config.properties, Property::AuthenticationMethod);
        let Some(method) = method.filter(|_| self.version == Version::V5) else {
            return Err(Error::new(
                Code::NotSupported,
                "there is no authentication to continue; set authenticationMethod in the properties of credentials",
            ));
        };
        let mut list = without(properties, Property::AuthenticationMethod);
        put(&mut list, Property::AuthenticationMethod, Value::Text(method));
        let start = self.out.len();
        match &mut self.phase {
            Phase::Handshake(_) => write::auth(&mut self.out, ReasonCode::CONTINUE_AUTHENTICATION, &list),
            Phase::Online(online) => {
                let reason = match online.reauthenticating {
                    true => ReasonCode::CONTINUE_AUTHENTICATION,
                    false => ReasonCode::RE_AUTHENTICATE,
                };
                write::auth(&mut self.out, reason, &list);
                if let Err(error) = online.limits.check_size(self.out.len() - start) {
                    self.out.truncate(start);
                    return Err(error);
                }
                online.reauthenticating = true;
            }
            _ => {
                return Err(Error::new(
                    Code::ConnectionLost,
                    "there is no connection to authenticate on; the next one authenticates by itself",
                ))
            }
        }
        Ok(())
    }

    /// Reports an AUTH to the application.
    pub fn auth_event(reason: ReasonCode, properties: &[u8]) -> Event {
        Event::Auth {
            reason: reason.0,
            properties: properties.to_vec(),
        }
    }
}
