//! What a user calls: messages and subscriptions, allowed ones and others.

use mqtt_lib::codec::properties::{put, Property, Value};
use mqtt_lib::engine::{Filter, Message, Taken, Version};

use super::{list, World, TOPICS};
use crate::input::Input;

const FILTERS: [&str; 8] = [
    "a",
    "topic/#",
    "+/topic",
    "#",
    "$share/g/topic",
    "$share/g/+",
    "a/#/b",
    "",
];

impl World {
    pub(super) fn publish(&mut self, input: &mut Input<'_>) {
        let flags = input.byte();
        let topic = TOPICS[usize::from(flags >> 3) % TOPICS.len()];
        let payload = vec![b'1'; input.pick(&[1, 0, 30, 200, 70_000])];
        let properties = match flags & 7 {
            _ if self.engine.version() == Version::V4 => Vec::new(),
            0..=3 => Vec::new(),
            4 => {
                let seconds = input.pick(&[0, 1, 10, u32::MAX]);
                list(&[(Property::MessageExpiryInterval, Value::Number(seconds))])
            }
            5 => list(&[(Property::TopicAlias, Value::Number(input.pick(&[1, 2, 3, 300])))]),
            _ => {
                let length = usize::from(input.byte());
                let text = "p".repeat(length);
                list(&[(Property::UserProperty, Value::Pair("", &text))])
            }
        };
        let how = input.byte();
        let message = Message {
            topic,
            payload: &payload,
            qos: how & 3,
            retain: how & 4 != 0,
            properties: &properties,
        };
        let token = self.token();
        match how >> 3 & 3 {
            0 | 1 => {
                let taken = self.engine.publish(self.now, &message, token);
                self.taken(token, taken);
            }
            2 => {
                let taken = self.engine.queue(self.now, &message, token);
                self.taken(token, taken.map(|()| Taken::Later));
            }
            _ => match self.engine.batch(self.now, &message, token) {
                Ok(as_token) if as_token == token => {}
                // Ends with the batch it is in.
                Ok(_) | Err(_) => self.end(token),
            },
        }
        if how & 0x80 == 0 {
            self.drain();
        }
    }

    pub(super) fn subscribe(&mut self, input: &mut Input<'_>) {
        let options = input.byte() & 0x3f;
        let filters = (0..=input.byte() % 3)
            .map(|_| Filter {
                filter: input.pick(&FILTERS).to_owned(),
                options,
            })
            .collect();
        let mut properties = Vec::new();
        if input.one_in(3) && self.engine.version() == Version::V5 {
            put(
                &mut properties,
                Property::SubscriptionIdentifier,
                Value::Number(300),
            );
        }
        let handler = input.pick(&[None, Some(1), Some(2)]);
        let token = self.token();
        let asked = self.engine.subscribe(filters, properties, handler, token);
        self.taken(token, asked.map(|()| Taken::Later));
        self.drain();
    }

    pub(super) fn unsubscribe(&mut self, input: &mut Input<'_>) {
        let filters = vec![input.pick(&FILTERS).to_owned(); usize::from(input.byte() % 3)];
        let token = self.token();
        let asked = self.engine.unsubscribe(filters, Vec::new(), token);
        self.taken(token, asked.map(|()| Taken::Later));
        self.drain();
    }
}
