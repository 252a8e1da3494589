//! wasi:messaging over MQTT: the world `broker` with the edge. It converts, and decides what the proposal leaves open.

mod clients;
mod environment;
mod message;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mqtt_lib_edge::{Filter, Outgoing, Subscription};

wit_bindgen::generate!({
    path: "../wit",
    world: "broker",
    generate_all,
});

use clients::{connect, given, Connection, Shared};
use exports::mqtt_lib::messaging::inbox;
use exports::wasi::messaging::types::{self, ClientBorrow, Error, Message as Handle, MessageBorrow};
use exports::wasi::messaging::{producer, request_reply};
use message::{Content, Message};

struct Component;

export!(Component);

/// As long as it takes.
const FOREVER_S: f64 = 2_147_483.0;

impl types::Guest for Component {
    type Client = Connection;
    type Message = Message;
}

impl producer::Guest for Component {
    fn send(client: ClientBorrow<'_>, topic: String, message: Handle) -> Result<(), Error> {
        let content = message.into_inner::<Message>().0.into_inner();
        let shared = client.get::<Connection>().shared().map_err(given)?;
        publish(&shared, &topic, &content)
    }
}

fn publish(shared: &Shared, topic: &str, content: &Content) -> Result<(), Error> {
    let properties = content.properties();
    let message = outgoing(topic, content, shared.qos, &properties);
    let published = shared.client.borrow_mut().publish(&message, None);
    published.map(drop).map_err(given)
}

fn outgoing<'a>(topic: &'a str, content: &'a Content, qos: u8, properties: &'a [u8]) -> Outgoing<'a> {
    Outgoing {
        topic,
        payload: &content.data,
        qos,
        retain: false,
        properties,
    }
}

#[derive(Default)]
struct RequestOptions {
    timeout_ms: Cell<Option<u32>>,
    replies: Cell<Option<u32>>,
}

impl request_reply::GuestRequestOptions for RequestOptions {
    fn new() -> Self {
        RequestOptions::default()
    }

    fn set_timeout_ms(&self, timeout_ms: u32) {
        self.timeout_ms.set(Some(timeout_ms));
    }

    fn set_expected_replies(&self, expected_replies: u32) {
        self.replies.set(Some(expected_replies));
    }
}

impl request_reply::Guest for Component {
    type RequestOptions = RequestOptions;

    fn request(
        client: ClientBorrow<'_>,
        topic: String,
        message: MessageBorrow<'_>,
        options: Option<request_reply::RequestOptions>,
    ) -> Result<Vec<Handle>, Error> {
        let options = options
            .map(|options| options.into_inner::<RequestOptions>())
            .unwrap_or_default();
        let timeout = options
            .timeout_ms
            .get()
            .map_or(FOREVER_S, |millis| f64::from(millis) / 1000.0);
        let replies = options.replies.get().unwrap_or(1).max(1) as usize;
        let shared = client.get::<Connection>().shared().map_err(given)?;
        let content = message.get::<Message>().0.borrow();
        let properties = content.properties();
        let request = outgoing(&topic, &content, shared.qos, &properties);
        let answers = shared
            .client
            .borrow_mut()
            .request_several(&request, Some(timeout), replies);
        let answers = answers.map_err(given)?.into_iter();
        Ok(answers
            .map(|answer| Content::received(answer, &shared).into_handle())
            .collect())
    }

    fn reply(reply_to: MessageBorrow<'_>, message: Handle) -> Result<(), Error> {
        let asked = reply_to.get::<Message>().0.borrow();
        let content = message.into_inner::<Message>().0.into_inner();
        let Some(shared) = &asked.client else {
            return Err(Error::Other(
                "a message that was not received cannot be replied to".to_owned(),
            ));
        };
        let properties = content.properties();
        let response = outgoing("", &content, shared.qos, &properties);
        let replied = shared
            .client
            .borrow_mut()
            .respond(&asked.received, &response, None);
        replied.map(drop).map_err(given)
    }
}

/// The connection of the consumer, and the message that its handler has.
struct Inbox {
    shared: Rc<Shared>,
    ticket: Option<u32>,
}

thread_local! {
    static INBOX: RefCell<Option<Inbox>> = const { RefCell::new(None) };
}

impl inbox::Guest for Component {
    fn next(dealt_with: bool) -> Result<Handle, String> {
        INBOX.with_borrow_mut(|place| {
            if place.is_none() {
                *place =
                    Some(subscribed().map_err(|error| format!("{} {}", error.code.name(), error.message))?);
            }
            let Some(inbox) = place else {
                return Err("there is no connection".to_owned());
            };
            let mut client = inbox.shared.client.borrow_mut();
            match (inbox.ticket.take(), dealt_with) {
                (Some(ticket), true) => client.ack(ticket),
                (Some(ticket), false) => client.leave(ticket),
                (None, _) => {}
            }
            loop {
                match client.next_message(None) {
                    Ok(Some(message)) => {
                        inbox.ticket = message.ticket;
                        return Ok(Content::received(message, &inbox.shared).into_handle());
                    }
                    Ok(None) => {}
                    Err(error) => return Err(format!("{} {}", error.code.name(), error.message)),
                }
            }
        })
    }
}

fn subscribed() -> Result<Inbox, mqtt_lib_edge::Error> {
    let filters = environment::filters();
    if filters.is_empty() {
        let text = "the environment has no MQTT_SUBSCRIBE: topic filters with commas between them, such as jobs/#,status";
        return Err(mqtt_lib_edge::Error::new(
            mqtt_lib_edge::Code::InvalidOption,
            text,
        ));
    }
    let shared = connect("")?;
    let options = shared.qos;
    let filters = filters.into_iter().map(|filter| Filter { filter, options });
    shared.client.borrow_mut().subscribe(Subscription {
        filters: filters.collect(),
        manual: true,
        ..Subscription::default()
    })?;
    Ok(Inbox { shared, ticket: None })
}
