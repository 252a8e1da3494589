//! The component: implements the worlds of `wit/` with the edge. It converts arguments and results, and decides nothing.

#[cfg(feature = "asking")]
mod asking;
mod convert;
mod credentials;
mod properties;

use std::cell::RefCell;

use mqtt_lib_edge as edge;
use mqtt_lib_edge::properties::Place;
use mqtt_lib_edge::{Client, Code, Filter, Outgoing, Subscription};

#[cfg(not(feature = "asking"))]
wit_bindgen::generate!({
    path: "../../wit",
    world: "client",
    additional_derives: [Clone],
    with: { "wasi:io/poll@0.2.12": wasip2::io::poll },
});
#[cfg(feature = "asking")]
wit_bindgen::generate!({
    path: "../../wit",
    world: "asking-client",
    additional_derives: [Clone],
    with: { "wasi:io/poll@0.2.12": wasip2::io::poll },
});

use exports::mqtt_lib::client::mqtt::{Guest, GuestMqttCustom, MqttCustom as Handle};
use mqtt_lib::client::types::{
    Acknowledgement, Credentials, Error, Event, FilterResults, HighPriorityOptions, Message, Properties,
    PublishOptions, PublishResult, State, Stats, StopOptions, SubscribeOptions, UnsubscribeOptions,
};

struct Component;

struct MqttCustom(RefCell<Client>);

impl Guest for Component {
    type MqttCustom = MqttCustom;

    fn topic_matches(filter: String, topic: String) -> Result<bool, Error> {
        Ok(edge::topic_matches(&filter, &topic)?)
    }
}

export!(Component);

/// Without a host that can be asked.
#[cfg(not(feature = "asking"))]
mod asking {
    use super::{edge, Code, Credentials};

    pub fn host(given: &Credentials) -> Result<Option<Box<dyn edge::Host>>, edge::Error> {
        match given.ask_host {
            Some(true) => Err(edge::Error::new(
                Code::InvalidOption,
                "credentials.ask-host needs the component that can ask its host: use mqtt-lib-client-asking.wasm",
            )),
            _ => Ok(None),
        }
    }
}

impl GuestMqttCustom for MqttCustom {
    fn new(credentials: Credentials) -> Result<Self, Error> {
        let ask = credentials.ask_host == Some(true);
        let host = asking::host(&credentials)?;
        let settings = credentials::settings(&credentials);
        let mut config = credentials::builder(credentials)?.finish(edge::PLATFORM)?;
        config.ask = ask;
        Ok(MqttCustom(RefCell::new(Client::new(config, settings, host)?)))
    }

    fn create(credentials: Credentials) -> Result<Handle, Error> {
        Ok(Handle::new(Self::new(credentials)?))
    }

    fn start(&self) -> Result<(), Error> {
        Ok(self.0.borrow_mut().start()?)
    }

    fn stop(&self, options: Option<StopOptions>) -> Result<(), Error> {
        let reason = options.as_ref().and_then(|options| options.reason_code);
        let properties = options.and_then(|options| options.properties);
        let list = properties::list(properties.as_ref(), Place::Disconnect)?;
        Ok(self.0.borrow_mut().stop(reason.unwrap_or(0), &list)?)
    }

    fn publish(
        &self,
        topic: String,
        payload: Vec<u8>,
        options: Option<PublishOptions>,
    ) -> Result<Option<PublishResult>, Error> {
        let list = properties_of(&options)?;
        let timeout = options.as_ref().and_then(|options| options.timeout);
        let message = outgoing(&topic, &payload, &options, &list);
        let answer = self.0.borrow_mut().publish(&message, timeout)?;
        Ok(answer.map(convert::publish_result))
    }

    fn batch_publish(
        &self,
        topic: String,
        item: String,
        options: Option<PublishOptions>,
    ) -> Result<(), Error> {
        check_json(&item)?;
        let list = properties_of(&options)?;
        let message = outgoing(&topic, item.as_bytes(), &options, &list);
        Ok(self.0.borrow_mut().batch(&message)?)
    }

    fn qpublish(
        &self,
        topic: String,
        payload: Vec<u8>,
        options: Option<PublishOptions>,
    ) -> Result<(), Error> {
        let list = properties_of(&options)?;
        let message = outgoing(&topic, &payload, &options, &list);
        Ok(self.0.borrow_mut().queue(&message)?)
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(self.0.borrow_mut().flush()?)
    }

    fn subscribe(&self, topic: String, options: Option<SubscribeOptions>) -> Result<u8, Error> {
        let granted = self.subscribe_topics(vec![topic], options)?;
        Ok(granted.codes.first().copied().unwrap_or_default())
    }

    fn subscribe_topics(
        &self,
        topics: Vec<String>,
        options: Option<SubscribeOptions>,
    ) -> Result<FilterResults, Error> {
        let qos = options.as_ref().and_then(|options| options.qos).unwrap_or(0);
        let topics = topics.into_iter().map(|topic| (topic, qos)).collect();
        self.subscribe_each(topics, options)
    }

    fn subscribe_each(
        &self,
        topics: Vec<(String, u8)>,
        options: Option<SubscribeOptions>,
    ) -> Result<FilterResults, Error> {
        let asked = subscription(topics, options)?;
        Ok(convert::filter_results(self.0.borrow_mut().subscribe(asked)?))
    }

    fn unsubscribe(&self, topic: String, options: Option<UnsubscribeOptions>) -> Result<(), Error> {
        self.unsubscribe_topics(vec![topic], options).map(drop)
    }

    fn unsubscribe_topics(
        &self,
        topics: Vec<String>,
        options: Option<UnsubscribeOptions>,
    ) -> Result<FilterResults, Error> {
        let timeout = options.as_ref().and_then(|options| options.timeout);
        let properties = options.and_then(|options| options.properties);
        let list = properties::list(properties.as_ref(), Place::Unsubscribe)?;
        let answer = self.0.borrow_mut().unsubscribe(topics, list, timeout)?;
        Ok(convert::filter_results(answer))
    }

    fn request(
        &self,
        topic: String,
        payload: Vec<u8>,
        options: Option<PublishOptions>,
    ) -> Result<Message, Error> {
        let list = properties_of(&options)?;
        let timeout = options.as_ref().and_then(|options| options.timeout);
        let message = outgoing(&topic, &payload, &options, &list);
        Ok(self.0.borrow_mut().request(&message, timeout)?.into())
    }

    fn respond(
        &self,
        request: Option<Properties>,
        payload: Vec<u8>,
        options: Option<PublishOptions>,
    ) -> Result<bool, Error> {
        let request = properties::list(request.as_ref(), Place::ReceivedPublish)?;
        let list = properties_of(&options)?;
        let timeout = options.as_ref().and_then(|options| options.timeout);
        let mut response = outgoing("", &payload, &options, &list);
        response.qos = options.as_ref().and_then(|options| options.qos).unwrap_or(1);
        Ok(self.0.borrow_mut().respond(&request, &response, timeout)?)
    }

    fn snapshot(&self, filter: String, quiet: Option<f64>) -> Result<Vec<Message>, Error> {
        let quiet = edge::millis("quiet", quiet.unwrap_or(0.5))?;
        let messages = self.0.borrow_mut().snapshot(&filter, quiet)?;
        Ok(messages.into_iter().map(Message::from).collect())
    }

    fn authenticate(&self, given: Option<Properties>) -> Result<(), Error> {
        let list = properties::list(given.as_ref(), Place::AuthAnswer)?;
        Ok(self.0.borrow_mut().authenticate(&list)?)
    }

    fn ack(&self, id: u32) {
        self.0.borrow_mut().ack(id);
    }

    fn reject(&self, id: u32, reason_code: u8, reason_string: Option<String>) -> Result<(), Error> {
        let text = reason_string.unwrap_or_default();
        Ok(self.0.borrow_mut().reject(id, reason_code, &text)?)
    }

    fn leave(&self, id: u32) {
        self.0.borrow_mut().leave(id);
    }

    fn publish_high_priority(
        topic: String,
        payload: Vec<u8>,
        options: Option<HighPriorityOptions>,
    ) -> Result<(), Error> {
        let (config, settings, options) = credentials::one_shot(options)?;
        let options = Some(options);
        let list = properties_of(&options)?;
        let message = outgoing(&topic, &payload, &options, &list);
        Ok(edge::publish_high_priority(config, settings, &message)?)
    }

    fn next_message(&self, timeout: Option<f64>) -> Result<Option<Message>, Error> {
        let timeout = waits(timeout)?;
        let message = self.0.borrow_mut().next_message(timeout)?;
        Ok(message.map(Message::from))
    }

    fn next_event(&self, timeout: Option<f64>) -> Result<Option<Event>, Error> {
        let timeout = waits(timeout)?;
        let event = self.0.borrow_mut().next_event(timeout)?;
        Ok(event.map(Event::from))
    }

    fn poll(&self) -> Option<f64> {
        let due = self.0.borrow_mut().poll()?;
        Some(due as f64 / convert::MILLIS)
    }

    fn pollables(&self) -> Vec<edge::Pollable> {
        self.0.borrow_mut().pollables()
    }

    fn connected(&self) -> bool {
        self.0.borrow().is_connected()
    }

    fn state(&self) -> State {
        self.0.borrow().state().into()
    }

    fn protocol_version(&self) -> Option<u8> {
        self.0.borrow().version()
    }

    fn stats(&self) -> Stats {
        self.0.borrow().stats().into()
    }
}

fn outgoing<'a>(
    topic: &'a str,
    payload: &'a [u8],
    options: &Option<PublishOptions>,
    properties: &'a [u8],
) -> Outgoing<'a> {
    let options = options.as_ref();
    Outgoing {
        topic,
        payload,
        qos: options.and_then(|options| options.qos).unwrap_or(0),
        retain: options.and_then(|options| options.retain).unwrap_or(false),
        properties,
    }
}

fn waits(timeout: Option<f64>) -> Result<Option<edge::Millis>, edge::Error> {
    timeout
        .map(|seconds| edge::millis("timeout", seconds))
        .transpose()
}

fn properties_of(options: &Option<PublishOptions>) -> Result<Vec<u8>, edge::Error> {
    let given = options.as_ref().and_then(|options| options.properties.as_ref());
    properties::list(given, Place::Publish)
}

/// Filters with their QoS, and what holds for the whole call.
fn subscription(
    topics: Vec<(String, u8)>,
    given: Option<SubscribeOptions>,
) -> Result<Subscription, edge::Error> {
    let Some(given) = given else {
        return Ok(Subscription {
            filters: filters(topics, 0)?,
            ..Subscription::default()
        });
    };
    let handling = given.retain_handling.unwrap_or(0);
    if handling > 2 {
        return Err(edge::Error::new(
            Code::OutOfRange,
            "retain-handling must be 0, 1 or 2",
        ));
    }
    let bits = u8::from(given.no_local.unwrap_or(false)) << 2
        | u8::from(given.retain_as_published.unwrap_or(false)) << 3
        | handling << 4;
    Ok(Subscription {
        filters: filters(topics, bits)?,
        properties: properties::list(given.properties.as_ref(), Place::Subscribe)?,
        manual: given.ack == Some(Acknowledgement::Manual),
        timeout: given.timeout,
    })
}

fn filters(topics: Vec<(String, u8)>, bits: u8) -> Result<Vec<Filter>, edge::Error> {
    let mut filters = Vec::new();
    for (filter, qos) in topics {
        if qos > 2 {
            let text = format!("qos of \"{filter}\" must be 0, 1 or 2; {qos} was given");
            return Err(edge::Error::new(Code::OutOfRange, &text));
        }
        let options = bits | qos;
        filters.push(Filter { filter, options });
    }
    Ok(filters)
}

/// A batch is the items as they are, with commas between them: one that is not JSON would make the whole array invalid.
fn check_json(item: &str) -> Result<(), edge::Error> {
    let parsed: Result<serde::de::IgnoredAny, _> = serde_json::from_str(item);
    parsed.map(drop).map_err(|why| {
        let text = format!("a batch item must be JSON text; this is not: {why}");
        edge::Error::new(Code::InvalidPayload, &text)
    })
}
