//! Which of its takers a received message goes to: the event queue of the host, acknowledged in one of two ways, the
//! request that awaits a response, or the snapshot that is being collected. Messages that nobody subscribed to, of a kept
//! session, go to the host.

use mqtt_lib::engine::{Delivery, Engine, Handler, MessageView};

use crate::events::{Event, Events, Message};
use crate::snapshot::Snapshot;

/// Numbers by which the engine routes.
pub const HANDLED: u32 = 1;
pub const MANUAL: u32 = 2;
pub const RESPONSES: u32 = 3;
pub const SNAPSHOT: u32 = 4;

/// The handler of a subscription of the host: a later call for the same filter takes its place.
pub fn host(manual: bool) -> Handler {
    Handler {
        number: if manual { MANUAL } else { HANDLED },
        key: HANDLED,
        connection: 0,
    }
}

/// The takers that are inside this edge.
#[derive(Default)]
pub struct Takers {
    /// The request whose responses are awaited.
    pub request: Option<Request>,
    pub snapshot: Option<Snapshot>,
}

pub struct Request {
    /// Its correlation data.
    pub data: Vec<u8>,
    pub responses: Vec<Message>,
    /// No more are awaited.
    pub most: usize,
}

impl Request {
    pub fn is_answered(&self) -> bool {
        self.responses.len() >= self.most
    }
}

/// Hands out what has arrived. What goes to the host is acknowledged later.
pub fn deliver(engine: &mut Engine, delivery: Delivery, events: &mut Events, takers: &mut Takers) {
    let mut deferred = Vec::new();
    for view in &engine.messages()[delivery.from..delivery.upto] {
        let handlers = engine.route(engine.topic(view.topic));
        let mut message = copy(engine, view);
        if handlers.contains(&RESPONSES) {
            takers.respond(&message);
        }
        if let (true, Some(snapshot)) = (handlers.contains(&SNAPSHOT), &mut takers.snapshot) {
            snapshot.take(&message);
        }
        let is_for_host = handlers.iter().any(|&number| number <= MANUAL);
        if is_for_host || handlers.is_empty() {
            message.manual = handlers.contains(&MANUAL);
            deferred.extend(message.ticket);
            events.push(Event::Message(message));
        }
    }
    for ticket in deferred {
        engine.defer(Some(ticket));
    }
}

impl Takers {
    fn respond(&mut self, message: &Message) {
        let awaited = self.request.as_mut().filter(|request| !request.is_answered());
        if let Some(request) = awaited {
            if message.correlation_data() == Some(request.data.as_slice()) {
                request.responses.push(message.clone());
            }
        }
    }
}

fn copy(engine: &Engine, view: &MessageView) -> Message {
    let received = engine.received_bytes();
    Message {
        topic: engine.topic(view.topic).to_owned(),
        payload: received[view.payload()].to_vec(),
        qos: view.qos(),
        retain: view.retain(),
        dup: view.dup(),
        properties: received[view.properties()].to_vec(),
        ticket: Some(view.ticket).filter(|_| view.qos() > 0),
        manual: false,
    }
}
