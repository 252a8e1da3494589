//! What a user calls. Each call ends with a full drain and, if `auto`, with what that leads to.

use super::harness::{message, Sim};
use crate::engine::Filter;
use crate::engine::{Message, Outcome, Taken, Token};

impl Sim {
    pub fn token(&mut self) -> Token {
        self.next_token += 1;
        self.pending.insert(self.next_token);
        self.next_token
    }

    pub fn start(&mut self) -> Token {
        let token = self.token();
        self.engine.start(self.now, token);
        self.settle();
        token
    }

    pub fn stop(&mut self) -> Token {
        let token = self.token();
        self.engine.stop(self.now, token);
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
            .publish(self.now, &message(topic, payload, qos), token);
        match taken {
            Ok(Taken::Now) => self.end(token, Ok(Outcome::None)),
            Ok(Taken::Later) => {}
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
        let ends_as = match self.engine.batch(self.now, item, token) {
            Ok(ends_as) => {
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
            .queue(self.now, &message(topic, payload.as_bytes(), qos), token);
        if let Err(error) = taken {
            self.end(token, Err(error));
        }
        self.settle();
        token
    }

    pub fn flush(&mut self) {
        self.engine.flush(self.now);
        self.settle();
    }

    pub fn subscribe(&mut self, filters: &[(&str, u8)], handler: Option<u32>) -> Token {
        let token = self.token();
        let filters = filters.iter().map(|&(filter, options)| Filter {
            filter: filter.to_owned(),
            options,
        });
        let result = self
            .engine
            .subscribe(filters.collect(), Vec::new(), handler, token);
        if let Err(error) = result {
            self.end(token, Err(error));
        }
        self.settle();
        token
    }

    pub fn unsubscribe(&mut self, filters: &[&str]) -> Token {
        let token = self.token();
        let filters = filters.iter().map(|f| f.to_string()).collect();
        if let Err(error) = self.engine.unsubscribe(filters, Vec::new(), token) {
            self.end(token, Err(error));
        }
        self.settle();
        token
    }

    pub fn network(&mut self, online: bool) {
        self.engine.network(online, self.now);
        self.settle();
    }

    pub fn block(&mut self, blocked: bool) {
        self.engine.set_blocked(blocked);
        self.settle();
    }
}
