//! What a user calls. Each call ends with a full drain and, if `auto`, with what that leads to.

use super::harness::{message, Sim};
use crate::engine::Filter;
use crate::engine::{Message, Outcome, Published, Token};

impl Sim {
    pub fn token(&mut self) -> Token {
        self.next_token += 1;
        let token = Token::new(self.next_token).unwrap();
        self.pending.insert(token);
        token
    }

    pub fn start(&mut self) -> Token {
        let token = self.token();
        self.engine.start(self.now, Some(token));
        self.settle();
        token
    }

    pub fn stop(&mut self) -> Token {
        let token = self.token();
        self.engine.stop(self.now, Some(token));
        self.settle();
        token
    }

    pub fn publish(&mut self, topic: &str, payload: &str, qos: u8) -> Token {
        self.publish_bytes(topic, payload.as_bytes(), qos)
    }

    pub fn publish_bytes(&mut self, topic: &str, payload: &[u8], qos: u8) -> Token {
        let token = self.publish_undrained(topic, payload, qos);
        self.settle();
        token
    }

    pub fn publish_undrained(&mut self, topic: &str, payload: &[u8], qos: u8) -> Token {
        let token = self.token();
        let taken = self
            .engine
            .publish(self.now, &message(topic, payload, qos), Some(token));
        match taken {
            Ok(Published::Buffered) => self.end(token, Ok(Outcome::None)),
            Ok(Published::Pending) => {}
            Err(error) => self.end(token, Err(error)),
        }
        token
    }

    /// The token under which the batch ends.
    pub fn batch(&mut self, topic: &str, json: &str) -> Token {
        self.batch_as(&message(topic, json.as_bytes(), 0))
    }

    pub fn batch_as(&mut self, item: &Message<'_>) -> Token {
        let token = self.token();
        let ends_as = match self.engine.batch(self.now, item, Some(token)) {
            Ok(ends_as) => {
                let ends_as = ends_as.unwrap();
                if ends_as != token {
                    self.pending.remove(&token);
                }
                ends_as
            }
            Err(error) => {
                self.end(token, Err(error));
                token
            }
        };
        self.settle();
        ends_as
    }

    pub fn queue(&mut self, topic: &str, payload: &str, qos: u8) -> Token {
        let token = self.token();
        let taken = self
            .engine
            .queue(self.now, &message(topic, payload.as_bytes(), qos), Some(token));
        if let Err(error) = taken {
            self.end(token, Err(error));
        }
        self.settle();
        token
    }

    pub fn flush(&mut self) {
        self.engine.flush(self.now, None);
        self.settle();
    }

    pub fn subscribe(&mut self, filters: &[(&str, u8)], handler: Option<u32>) -> Token {
        let token = self.subscribe_undrained(filters, handler);
        self.settle();
        token
    }

    pub fn subscribe_undrained(&mut self, filters: &[(&str, u8)], handler: Option<u32>) -> Token {
        let token = self.token();
        let filters = filters.iter().map(|&(filter, options)| Filter {
            filter: filter.to_owned(),
            options,
        });
        let result = self
            .engine
            .subscribe(filters.collect(), Vec::new(), handler, Some(token));
        if let Err(error) = result {
            self.end(token, Err(error));
        }
        token
    }

    pub fn unsubscribe(&mut self, filters: &[&str]) -> Token {
        let token = self.token();
        let filters = filters.iter().map(|&f| f.into()).collect();
        if let Err(error) = self.engine.unsubscribe(filters, Vec::new(), Some(token)) {
            self.end(token, Err(error));
        }
        self.settle();
        token
    }

    pub fn network(&mut self, online: bool) {
        self.engine.set_network(self.now, online);
        self.settle();
    }

    pub fn block(&mut self, blocked: bool) {
        self.engine.set_blocked(blocked);
        self.settle();
    }
}
