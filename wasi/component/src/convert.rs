//! Converts what the edge gives to the records of the interface.

use mqtt_lib_edge as edge;

use crate::mqtt_lib::client::types::{
    Auth, Connack, Disconnection, Error, Event, FilterResults, Message, PublishResult, Retry, State, Stats,
};
use crate::properties::record;

pub const MILLIS: f64 = 1000.0;

impl From<edge::Error> for Error {
    fn from(error: edge::Error) -> Self {
        Error::from(&error)
    }
}

impl From<&edge::Error> for Error {
    fn from(error: &edge::Error) -> Self {
        Error {
            code: error.code.name().to_owned(),
            message: error.message.clone(),
            reason_code: error.reason.map(|reason| reason.0),
            properties: record(&error.properties),
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
            properties: record(&message.properties),
            id: message.ticket,
        }
    }
}

impl From<edge::Event> for Event {
    fn from(event: edge::Event) -> Self {
        match event {
            edge::Event::Connect {
                session_present,
                rc,
                properties,
            } => Event::Connect(Connack {
                session_present,
                rc,
                properties: record(&properties),
            }),
            edge::Event::Disconnect { rc, error } => Event::Disconnect(Disconnection {
                rc,
                error: error.map(Error::from),
            }),
            edge::Event::Message(message) => Event::Message(message.into()),
            edge::Event::Error(error) => Event::Error(error.into()),
            edge::Event::Auth { reason, properties } => Event::Auth(auth(reason, &properties)),
            edge::Event::Reconnecting {
                attempt,
                delay,
                error,
            } => Event::Reconnecting(Retry {
                attempt,
                delay: delay as f64 / MILLIS,
                error: error.map(Error::from),
            }),
            edge::Event::StateChange(state) => Event::StateChange(state.into()),
            edge::Event::Close => Event::Close,
        }
    }
}

pub fn auth(reason_code: u8, properties: &[u8]) -> Auth {
    Auth {
        reason_code,
        properties: record(properties),
    }
}

impl From<edge::State> for State {
    fn from(state: edge::State) -> Self {
        match state {
            edge::State::Idle => State::Idle,
            edge::State::Connecting => State::Connecting,
            edge::State::Connected => State::Connected,
            edge::State::Reconnecting => State::Reconnecting,
            edge::State::Stopped => State::Stopped,
        }
    }
}

impl From<edge::Statistics> for Stats {
    fn from(all: edge::Statistics) -> Self {
        let stats = all.engine;
        Stats {
            sent: stats.sent,
            received: stats.received,
            bytes_sent: stats.bytes_sent,
            bytes_received: stats.bytes_received,
            in_flight: stats.in_flight,
            queued: stats.queued,
            bytes_queued: stats.bytes_queued,
            dropped: stats.dropped,
            reconnects: stats.reconnects,
            attempts: all.attempts,
            unhandled: stats.unhandled,
            suspects: stats.suspects,
            reconnect_in: all.reconnect_in.map(|millis| millis as f64 / MILLIS),
        }
    }
}

pub fn publish_result((reason_code, properties): edge::Answer<u8>) -> PublishResult {
    PublishResult {
        reason_code,
        properties: record(&properties),
    }
}

pub fn filter_results((codes, properties): edge::Answer<Vec<u8>>) -> FilterResults {
    FilterResults {
        codes,
        properties: record(&properties),
    }
}
