//! What happens around the client: connections break, bytes come, time passes. And questions about what
//! became of it.

use super::harness::Sim;
use crate::engine::{Error, Generation, Millis, Outcome, State, Token};

impl Sim {
    /// The transport breaks.
    pub fn drop_connection(&mut self) {
        if let Some((generation, _)) = self.wire.take() {
            self.broker.gone();
            self.engine.closed(self.now, generation, "reset");
        }
        self.settle();
    }

    /// The transport breaks, the broker comes back `ms` later at the latest.
    pub fn reconnect(&mut self) {
        self.drop_connection();
        self.advance(2_000);
        assert!(self.engine.is_online(), "{:?}", self.log);
    }

    /// These bytes come from the broker; packets of 3.1.1 that are whole, in the client's version.
    pub fn inject(&mut self, bytes: &[u8]) {
        let bytes = self.broker.dialect.say(bytes);
        self.inject_raw(&bytes);
    }

    pub fn inject_raw(&mut self, bytes: &[u8]) {
        let generation = self.generation();
        self.feed(generation, bytes);
        self.settle();
    }

    pub fn generation(&self) -> Generation {
        self.wire.map_or(0, |(generation, _)| generation)
    }

    /// Another client publishes.
    pub fn incoming(&mut self, topic: &str, payload: &str, qos: u8) -> bool {
        let routed = self.broker.publish(topic, payload.as_bytes(), qos);
        self.settle();
        routed
    }

    /// Time passes, timers are punctual.
    pub fn advance(&mut self, ms: Millis) {
        let end = self.now + ms;
        self.settle();
        while let Some(at) = self.engine.next_deadline().filter(|&at| at <= end) {
            if at > self.now {
                self.now = at;
                self.ticks_now = 0;
            }
            self.tick();
        }
        self.now = end;
        self.ticks_now = 0;
    }

    /// Time passes and no timer fires before its end.
    pub fn sleep(&mut self, ms: Millis) {
        self.now += ms;
        self.ticks_now = 0;
    }

    pub fn tick(&mut self) {
        self.ticks_now += 1;
        assert!(
            self.ticks_now < 100,
            "a busy loop at {}: {:?}",
            self.now,
            self.engine
        );
        self.engine.tick(self.now);
        let next = self.engine.next_deadline();
        assert!(
            next.is_none_or(|at| at > self.now),
            "a deadline that stays in the past"
        );
        self.settle();
    }

    pub fn is_pending(&self, token: Token) -> bool {
        self.pending.contains(&token)
    }

    #[track_caller]
    pub fn ok(&self, token: Token) -> &Outcome {
        match self.ended.get(&token) {
            Some(Ok(outcome)) => outcome,
            other => panic!("{token:?} is not done: {other:?}"),
        }
    }

    #[track_caller]
    pub fn error(&self, token: Token) -> &Error {
        match self.ended.get(&token) {
            Some(Err(error)) => error,
            other => panic!("{token:?} did not fail: {other:?}"),
        }
    }

    /// "OK", "pending" or the code of the error.
    pub fn fate(&self, token: Token) -> &'static str {
        match self.ended.get(&token) {
            None => "pending",
            Some(Ok(_)) => "OK",
            Some(Err(error)) => error.code.name(),
        }
    }

    /// Nothing is kept any more: every operation ended, every counter is back.
    #[track_caller]
    pub fn assert_empty(&self) {
        let engine = &self.engine;
        assert!(self.pending.is_empty(), "pending: {:?}", self.pending);
        assert_eq!(engine.usage(), [(0, 0); 2]);
        assert_eq!((engine.stats().in_flight, engine.stats().queued), (0, 0));
        assert!(engine.is_empty());
        // An identifier of a lost connection is held until the next one.
        if engine.state() == State::Connected {
            assert_eq!(engine.held_ids(), 0);
        }
    }

    /// Stopped for good: nothing is kept and no timer runs.
    #[track_caller]
    pub fn assert_stopped(&self) {
        self.assert_empty();
        assert_eq!(self.engine.held_ids(), 0);
        assert_eq!(self.engine.state(), State::Stopped);
        assert_eq!(self.engine.next_deadline(), None);
        assert_eq!(self.wire, None);
    }

    pub fn topics(&self) -> Vec<&str> {
        self.messages.iter().map(|m| &*m.topic).collect()
    }

    pub fn texts(&self) -> Vec<&str> {
        let texts = self
            .messages
            .iter()
            .map(|m| std::str::from_utf8(&m.payload).unwrap());
        texts.collect()
    }
}
