//! Request and response over MQTT 5 (§4.10): a request carries a response topic, and correlation data that assigns the
//! response to it. One subscription serves all requests of a client.

use mqtt_lib::codec::properties::{find, put, string, without, Property, Value};
use mqtt_lib::engine::{Error, Filter, Handler, Published, Token};

use crate::client::{Client, Outgoing};
use crate::clock;
use crate::events::Message;
use crate::limit::Limit;
use crate::routes::{Request, RESPONSES};

const DEFAULT_TIMEOUT_S: f64 = 30.0;

impl Client {
    /// Publishes a request, and waits for its response.
    ///
    /// # Errors
    /// `TIMEOUT` without a response; as `publish` and `subscribe`.
    pub fn request(&mut self, message: &Outgoing<'_>, timeout: Option<f64>) -> Result<Message, Error> {
        let mut responses = self.request_several(message, timeout, 1)?;
        responses.pop().ok_or_else(Error::stopped)
    }

    /// Likewise, for so many responses, or those that have come within the time.
    ///
    /// # Errors
    /// `TIMEOUT` without any.
    pub fn request_several(
        &mut self,
        message: &Outgoing<'_>,
        timeout: Option<f64>,
        most: usize,
    ) -> Result<Vec<Message>, Error> {
        let limit = Limit::new(Some(timeout.unwrap_or(DEFAULT_TIMEOUT_S)))?;
        let topic = self.response_topic(&limit)?;
        self.requests += 1;
        let id = self.requests.to_string().into_bytes();
        let mut properties = without(message.properties, Property::ResponseTopic);
        properties = without(&properties, Property::CorrelationData);
        put(&mut properties, Property::ResponseTopic, Value::Text(&topic));
        put(&mut properties, Property::CorrelationData, Value::Binary(&id));
        self.takers.request = Some(Request {
            data: id,
            responses: Vec::new(),
            most,
        });
        let request = Outgoing {
            properties: &properties,
            ..*message
        };
        let result = self.await_response(&request, &limit);
        let responses = self.takers.request.take().map(|request| request.responses);
        result?;
        match responses.unwrap_or_default() {
            none if none.is_empty() => Err(match self.engine.is_stopped() {
                true => Error::stopped(),
                false => limit.error(&format!(
                    "no response to the request to \"{}\" arrived within {} s; check that a responder is subscribed to this topic",
                    message.topic,
                    timeout.unwrap_or(DEFAULT_TIMEOUT_S)
                )),
            }),
            responses => Ok(responses),
        }
    }

    fn await_response(&mut self, request: &Outgoing<'_>, limit: &Limit) -> Result<(), Error> {
        let token = self.next_token();
        if self.engine.publish(clock::now(), request, token)? == Published::Buffered {
            self.awaited = None;
        }
        self.run(limit.until(), |client| {
            let is_answered = client.takers.request.as_ref().is_none_or(Request::is_answered);
            matches!(client.ended, Some(Err(_))) || is_answered
        });
        self.write();
        match self.ended.take() {
            Some(Err(error)) => Err(error),
            ended => {
                if ended.is_none() {
                    self.withdraw(token);
                }
                Ok(())
            }
        }
    }

    fn withdraw(&mut self, token: Option<Token>) {
        if let (Some(token), Some(_)) = (token, self.awaited.take()) {
            self.engine.withdraw(token);
        }
    }

    /// The topic of all responses, subscribed to: a response may come at once.
    fn response_topic(&mut self, limit: &Limit) -> Result<String, Error> {
        if let Some(topic) = &self.response_topic {
            return Ok(topic.clone());
        }
        let topic = format!("mqttlib/response/{:016x}{:016x}", clock::seed(), clock::seed());
        let filters = vec![Filter {
            filter: topic.clone(),
            options: 1,
        }];
        self.until_done(limit, |engine, _, token| {
            engine.subscribe_as(filters, Vec::new(), Some(Handler::new(RESPONSES)), token)
        })?;
        self.response_topic = Some(topic.clone());
        Ok(topic)
    }

    /// Publishes the response to a request that had these properties. False: it wants none.
    ///
    /// # Errors
    /// As `publish`.
    pub fn respond(
        &mut self,
        request: &[u8],
        response: &Outgoing<'_>,
        timeout: Option<f64>,
    ) -> Result<bool, Error> {
        let Some(topic) = string(request, Property::ResponseTopic) else {
            return Ok(false);
        };
        let mut properties = without(response.properties, Property::CorrelationData);
        if let Some(data @ Value::Binary(_)) = find(request, Property::CorrelationData) {
            put(&mut properties, Property::CorrelationData, data);
        }
        let response = Outgoing {
            topic,
            properties: &properties,
            ..*response
        };
        self.publish(&response, timeout).map(|_| true)
    }
}

impl Message {
    pub(crate) fn correlation_data(&self) -> Option<&[u8]> {
        match find(&self.properties, Property::CorrelationData) {
            Some(Value::Binary(data)) => Some(data),
            _ => None,
        }
    }
}
