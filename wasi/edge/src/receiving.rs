//! The calls by which the host takes messages and events, and says what became of a message.

use mqtt_lib::codec::ReasonCode;
use mqtt_lib::engine::{Code, Error, Millis, Ticket};

use crate::client::Client;
use crate::clock;
use crate::events::{Event, Events, Message};

/// Reason codes by which a message may be refused (§3.4.2.1).
const REFUSALS: [u8; 7] = [128, 131, 135, 144, 145, 151, 153];

impl Client {
    /// The next event; none after the timeout. An error once the client is stopped and the event queue is empty.
    pub fn next_event(&mut self, timeout: Option<Millis>) -> Result<Option<Event>, Error> {
        self.next(timeout, Events::next, Event::message)
    }

    /// The next message, likewise.
    pub fn next_message(&mut self, timeout: Option<Millis>) -> Result<Option<Message>, Error> {
        self.next(timeout, Events::next_message, |message| Some(message))
    }

    /// The host has dealt with a message; a second call does nothing.
    pub fn ack(&mut self, ticket: Ticket) {
        if self.take(ticket) {
            self.engine.acknowledge(Some(ticket));
            self.run_ready();
        }
    }

    /// The host refuses it, with a text for the broker.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` for a reason that does not refuse; `NOT_SUPPORTED` in 3.1.1, where it is acknowledged.
    pub fn reject(&mut self, ticket: Ticket, reason: u8, text: &str) -> Result<(), Error> {
        if !REFUSALS.contains(&reason) {
            let text = format!(
                "a message is refused with reason code 128, 131, 135, 144, 145, 151 or 153; {reason} was given"
            );
            return Err(Error::new(Code::OutOfRange, &text));
        }
        if !self.take(ticket) {
            return Ok(());
        }
        let refused = self.engine.refuse(Some(ticket), ReasonCode(reason), text);
        self.run_ready();
        refused
    }

    /// The host leaves it to the broker.
    pub fn leave(&mut self, ticket: Ticket) {
        if self.take(ticket) {
            self.engine.leave(Some(ticket));
            self.run_ready();
        }
    }

    /// Takes a message from the host; false: it does not have it.
    fn take(&mut self, ticket: Ticket) -> bool {
        if self.current == Some(ticket) {
            self.current = None;
            return true;
        }
        self.held.remove(&ticket)
    }

    pub(crate) fn acknowledge_current(&mut self) {
        if let Some(ticket) = self.current.take() {
            self.engine.acknowledge(Some(ticket));
        }
    }

    /// Before `stop`: the host is done with the message that it has asked the next one for; the rest stays the broker's.
    pub(crate) fn leave_all(&mut self) {
        self.acknowledge_current();
        let held = std::mem::take(&mut self.held);
        for ticket in held.into_iter().chain(self.events.take_unacknowledged()) {
            self.engine.leave(Some(ticket));
        }
    }

    /// Hands out what `take` finds. The message before it is acknowledged: the host asks for the next one.
    fn next<T>(
        &mut self,
        timeout: Option<Millis>,
        take: fn(&mut Events) -> Option<T>,
        message: fn(&T) -> Option<&Message>,
    ) -> Result<Option<T>, Error> {
        self.acknowledge_current();
        let until = timeout.map(|timeout| clock::now().saturating_add(timeout));
        let mut found = None;
        self.run(until, |client| {
            found = take(&mut client.events);
            found.is_some()
        });
        if let Some(message) = found.as_ref().and_then(message) {
            self.current = message.handled_ticket();
            self.held.extend(message.ticket.filter(|_| message.manual));
        }
        self.write();
        match found {
            None if self.engine.is_stopped() => Err(Error::stopped()),
            found => Ok(found),
        }
    }
}
