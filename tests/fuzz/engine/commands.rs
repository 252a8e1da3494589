//! Commands of the user: messages and subscriptions, valid ones and others.

use mqtt_lib::codec::properties::{put, Property, Value};
use mqtt_lib::engine::{Error, Filter, Message, Published, Token, Version};

use super::{list, World, TOPICS};

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

impl World<'_> {
    /// The caller of something that is pending gives up; what cannot be taken back goes on.
    pub(super) fn withdraw(&mut self, chosen: u8) {
        let count = self.pending.len().max(1);
        if let Some(&token) = self.pending.iter().nth(usize::from(chosen) % count) {
            self.engine.withdraw(token);
            self.drain();
        }
    }

    pub(super) fn publish(&mut self) {
        let flags = self.input.byte();
        let topic = TOPICS[usize::from(flags >> 3) % TOPICS.len()];
        let payload = vec![b'1'; self.input.pick(&[1, 0, 30, 200, 70_000])];
        let properties = match flags & 7 {
            _ if self.engine.version() == Version::V4 => Vec::new(),
            0..=3 => Vec::new(),
            4 => {
                let seconds = self.input.pick(&[0, 1, 10, u32::MAX]);
                list(&[(Property::MessageExpiryInterval, Value::Number(seconds))])
            }
            5 => list(&[(
                Property::TopicAlias,
                Value::Number(self.input.pick(&[1, 2, 3, 300])),
            )]),
            _ => {
                let length = usize::from(self.input.byte());
                let text = "p".repeat(length);
                list(&[(Property::UserProperty, Value::Pair("", &text))])
            }
        };
        let how = self.input.byte();
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
                let published = self.engine.publish(self.now, &message, Some(token));
                self.accepted(token, published);
            }
            2 => {
                let queued = self.engine.queue(self.now, &message, Some(token));
                self.accepted(token, queued.map(|()| Published::Pending));
            }
            _ => match self.engine.batch(self.now, &message, Some(token)) {
                Ok(ends_as) if ends_as == Some(token) => {}
                // Ends with the batch it is in.
                Ok(_) | Err(_) => self.end(token),
            },
        }
        if how & 0x80 == 0 {
            self.drain();
        }
    }

    pub(super) fn subscribe(&mut self) {
        let options = self.input.byte() & 0x3f;
        let filters = (0..=self.input.byte() % 3)
            .map(|_| Filter {
                filter: self.input.pick(&FILTERS).to_owned(),
                options,
            })
            .collect();
        let mut properties = Vec::new();
        if self.input.one_in(3) && self.engine.version() == Version::V5 {
            put(
                &mut properties,
                Property::SubscriptionIdentifier,
                Value::Number(300),
            );
        }
        let handler = self.input.pick(&[None, Some(1), Some(2)]);
        let token = self.token();
        let asked = self.engine.subscribe(filters, properties, handler, Some(token));
        self.accepted(token, asked.map(|()| Published::Pending));
        self.drain();
    }

    pub(super) fn unsubscribe(&mut self) {
        let filters = vec![self.input.pick(&FILTERS).into(); usize::from(self.input.byte() % 3)];
        let token = self.token();
        let asked = self.engine.unsubscribe(filters, Vec::new(), Some(token));
        self.accepted(token, asked.map(|()| Published::Pending));
        self.drain();
    }

    pub(super) fn start(&mut self) {
        while !self.store_is_open {
            self.open_store();
        }
        let token = self.token();
        self.engine.start(self.now, Some(token));
        self.drain();
    }

    /// The application has dealt with a message that it went on with, or leaves it.
    pub(super) fn handle_late(&mut self, chosen: u8) {
        if self.late.is_empty() {
            return;
        }
        let (ticket, serial) = self.late.remove(usize::from(chosen / 3) % self.late.len());
        if chosen % 3 == 0 {
            self.broker.deliveries.left(serial);
            self.engine.leave(Some(ticket));
        } else {
            self.broker.deliveries.handled(serial);
            self.engine.acknowledge(Some(ticket));
        }
        self.drain();
    }

    pub(super) fn stop(&mut self) {
        let token = self.token();
        self.engine.stop(self.now, Some(token));
        self.drain();
    }

    pub(super) fn flush(&mut self) {
        let token = self.token();
        self.engine.flush(self.now, Some(token));
        self.drain();
    }

    pub(super) fn authenticate(&mut self) {
        let data = vec![0; usize::from(self.input.byte() % 64)];
        let data = list(&[(Property::AuthenticationData, Value::Binary(&data))]);
        let _ = self.engine.authenticate(&data);
        self.drain();
    }

    /// Whether the call was accepted, and whether its token ends later.
    fn accepted(&mut self, token: Token, result: Result<Published, Error>) {
        match result {
            Ok(Published::Pending) => {}
            Ok(Published::Buffered) | Err(_) => self.end(token),
        }
    }
}
