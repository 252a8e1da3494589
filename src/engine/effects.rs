//! What has not left the engine yet: events and deliveries in the order in which they happened, and changes for the store.
//! Never decides when it leaves: that is the engine's `poll`.

use std::collections::VecDeque;

use super::error::Error;
use super::journal::Journal;
use super::output::{Delivery, Event, Outcome, Output, Ticket, Token};

/// What the machines report: events and deliveries for the application, and changes for the store. Handed to whatever
/// may end an operation.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Events and deliveries, in the order in which they happened.
    pub queue: VecDeque<Output>,
    pub journal: Journal,
}

impl Effects {
    pub fn push(&mut self, event: Event) {
        self.queue.push_back(Output::Event(event));
    }

    pub fn error(&mut self, error: Error) {
        self.push(Event::Error(error));
    }

    /// An operation ended. Without a token nobody waits for it; then a failure is reported as an error.
    pub fn done(&mut self, token: Option<Token>, result: Result<Outcome, Error>) {
        match (token, result) {
            (Some(token), result) => self.push(Event::Done { token, result }),
            (None, Err(error)) => self.error(error),
            (None, Ok(_)) => {}
        }
    }

    /// An operation succeeded, with nothing more to say.
    #[inline(never)]
    pub fn succeeded(&mut self, token: Option<Token>) {
        self.done(token, Ok(Outcome::None));
    }

    #[inline(never)]
    pub fn failed(&mut self, token: Option<Token>, error: Error) {
        self.done(token, Err(error));
    }

    pub fn all_succeeded(&mut self, tokens: Vec<Option<Token>>) {
        for token in tokens {
            self.succeeded(token);
        }
    }

    #[inline(never)]
    pub fn all_failed(&mut self, tokens: Vec<Option<Token>>, error: &Error) {
        for token in tokens {
            self.failed(token, error.clone());
        }
    }

    /// The message in this place of the views is to be delivered; `ticket` is that of the message behind it.
    pub fn deliver(&mut self, place: usize, ticket: Ticket) {
        if let Some(Output::Deliver(delivery)) = self.queue.back_mut() {
            delivery.upto = place + 1;
            delivery.ticket = ticket;
            return;
        }
        let delivery = Delivery {
            from: place,
            upto: place + 1,
            ticket,
        };
        self.queue.push_back(Output::Deliver(delivery));
    }

    #[cfg(test)]
    pub fn events(&self) -> Vec<&Event> {
        fn event(queued: &Output) -> Option<&Event> {
            match queued {
                Output::Event(event) => Some(event),
                _ => None,
            }
        }
        self.queue.iter().filter_map(event).collect()
    }
}
