//! The component: implements the world of `wit/` with the edge. It converts arguments and results, and decides nothing.

mod credentials;
mod properties;

use std::cell::RefCell;

use mqtt_lib_edge as edge;
use mqtt_lib_edge::{Client, Code, Outgoing};

wit_bindgen::generate!({ path: "../../wit", world: "client" });

use exports::mqtt_lib::client::mqtt::{
    Connack, Credentials, Disconnection, Error, Event, Guest, GuestMqttCustom, HighPriorityOptions, Message,
    PublishOptions, State, Stats, SubscribeOptions,
};

struct Component;

struct MqttCustom(RefCell<Client>);

impl Guest for Component {
    type MqttCustom = MqttCustom;
}

export!(Component);

impl GuestMqttCustom for MqttCustom {
    fn new(credentials: Credentials) -> Result<Self, Error> {
        let config = credentials::builder(credentials)?.finish(edge::PLATFORM)?;
        Ok(MqttCustom(RefCell::new(Client::new(config)?)))
    }

    fn start(&self) -> Result<(), Error> {
        Ok(self.0.borrow_mut().start()?)
    }

    fn stop(&self) -> Result<(), Error> {
        Ok(self.0.borrow_mut().stop()?)
    }

    fn publish(&self, topic: String, payload: Vec<u8>, options: Option<PublishOptions>) -> Result<(), Error> {
        let list = properties_of(&options)?;
        let message = outgoing(&topic, &payload, options, &list);
        Ok(self.0.borrow_mut().publish(&message)?)
    }

    fn batch_publish(
        &self,
        topic: String,
        item: String,
        options: Option<PublishOptions>,
    ) -> Result<(), Error> {
        check_json(&item)?;
        let list = properties_of(&options)?;
        let message = outgoing(&topic, item.as_bytes(), options, &list);
        Ok(self.0.borrow_mut().batch(&message)?)
    }

    fn qpublish(
        &self,
        topic: String,
        payload: Vec<u8>,
        options: Option<PublishOptions>,
    ) -> Result<(), Error> {
        let list = properties_of(&options)?;
        let message = outgoing(&topic, &payload, options, &list);
        Ok(self.0.borrow_mut().queue(&message)?)
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(self.0.borrow_mut().flush()?)
    }

    fn subscribe(&self, topic: String, options: Option<SubscribeOptions>) -> Result<u8, Error> {
        let granted = self.subscribe_topics(vec![topic], options)?;
        Ok(granted.first().copied().unwrap_or_default())
    }

    fn subscribe_topics(
        &self,
        topics: Vec<String>,
        options: Option<SubscribeOptions>,
    ) -> Result<Vec<u8>, Error> {
        let qos = options.and_then(|options| options.qos).unwrap_or(0);
        let filters = topics.into_iter().map(|topic| (topic, qos)).collect();
        Ok(self.0.borrow_mut().subscribe(filters)?)
    }

    fn unsubscribe(&self, topic: String) -> Result<(), Error> {
        Ok(self.0.borrow_mut().unsubscribe(vec![topic])?)
    }

    fn publish_high_priority(
        topic: String,
        payload: Vec<u8>,
        options: Option<HighPriorityOptions>,
    ) -> Result<(), Error> {
        let (config, options) = credentials::one_shot(options)?;
        Ok(edge::publish_high_priority(
            config,
            &outgoing(&topic, &payload, Some(options), &[]),
        )?)
    }

    fn next_message(&self, timeout: Option<f64>) -> Result<Option<Message>, Error> {
        let timeout = timeout.map(edge::timeout).transpose()?;
        let message = self.0.borrow_mut().next_message(timeout)?;
        Ok(message.map(Message::from))
    }

    fn next_event(&self, timeout: Option<f64>) -> Result<Option<Event>, Error> {
        let timeout = timeout.map(edge::timeout).transpose()?;
        let event = self.0.borrow_mut().next_event(timeout)?;
        Ok(event.map(Event::from))
    }

    fn poll(&self) -> Option<f64> {
        let due = self.0.borrow_mut().poll()?;
        Some(due as f64 / 1000.0)
    }

    fn connected(&self) -> bool {
        self.0.borrow().is_connected()
    }

    fn state(&self) -> State {
        match self.0.borrow().state() {
            edge::State::Idle => State::Idle,
            edge::State::Connecting => State::Connecting,
            edge::State::Connected => State::Connected,
            edge::State::Reconnecting => State::Reconnecting,
            edge::State::Stopped => State::Stopped,
        }
    }

    fn stats(&self) -> Stats {
        let stats = self.0.borrow().stats();
        Stats {
            sent: stats.sent,
            received: stats.received,
            bytes_sent: stats.bytes_sent,
            bytes_received: stats.bytes_received,
            in_flight: stats.in_flight,
            queued: stats.queued,
            dropped: stats.dropped,
            reconnects: stats.reconnects,
            unhandled: stats.unhandled,
            suspects: stats.suspects,
        }
    }
}

fn outgoing<'a>(
    topic: &'a str,
    payload: &'a [u8],
    options: Option<PublishOptions>,
    properties: &'a [u8],
) -> Outgoing<'a> {
    let (qos, retain) = options.map_or((None, None), |options| (options.qos, options.retain));
    Outgoing {
        topic,
        payload,
        qos: qos.unwrap_or(0),
        retain: retain.unwrap_or(false),
        properties,
    }
}

fn properties_of(options: &Option<PublishOptions>) -> Result<Vec<u8>, edge::Error> {
    properties::list(options.as_ref().and_then(|options| options.properties.as_ref()))
}

/// A batch is the items as they are, with commas between them: one that is not JSON would make the whole array invalid.
fn check_json(item: &str) -> Result<(), edge::Error> {
    let parsed: Result<serde::de::IgnoredAny, _> = serde_json::from_str(item);
    parsed.map(drop).map_err(|why| {
        let text = format!("a batch item must be JSON text; this is not: {why}");
        edge::Error::new(Code::InvalidPayload, &text)
    })
}

impl From<edge::Error> for Error {
    fn from(error: edge::Error) -> Self {
        Error {
            code: error.code.name().to_owned(),
            message: error.message.to_string(),
            reason_code: error.reason.map(|reason| reason.0),
        }
    }
}

impl From<edge::Message> for Message {
    fn from(message: edge::Message) -> Self {
        Message {
            topic: message.topic,
            payload: message.payload,
            qos: message.qos,
            retain: message.retain,
            dup: message.dup,
            properties: properties::record(&message.properties),
        }
    }
}

impl From<edge::Event> for Event {
    fn from(event: edge::Event) -> Self {
        match event {
            edge::Event::Connect { session_present, rc } => Event::Connect(Connack { session_present, rc }),
            edge::Event::Disconnect { rc, error } => Event::Disconnect(Disconnection {
                rc,
                error: error.map(Error::from),
            }),
            edge::Event::Message(message) => Event::Message(message.into()),
            edge::Event::Error(error) => Event::Error(error.into()),
        }
    }
}
