//! The event queue: what the host has yet to take, in the order in which it happened, with a bound. A message of QoS 1 or 2
//! is never dropped: it is acknowledged after the host has taken it, so the broker stops in time.

use std::collections::VecDeque;

use mqtt_lib::engine::{Code, Error, Millis, State, Ticket};

#[derive(Clone)]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
    /// Encoded, and checked; MQTT 5.
    pub properties: Vec<u8>,
    /// By which the engine knows it; none at QoS 0.
    pub ticket: Option<Ticket>,
    /// The host says by its ticket when it has dealt with it.
    pub manual: bool,
}

impl Message {
    /// The ticket by which it is acknowledged when the next one is asked for.
    pub(crate) fn handled_ticket(&self) -> Option<Ticket> {
        self.ticket.filter(|_| !self.manual)
    }
}

pub enum Event {
    Connect {
        session_present: bool,
        rc: u8,
        /// Encoded; MQTT 5.
        properties: Vec<u8>,
    },
    Disconnect {
        rc: u8,
        error: Option<Error>,
    },
    Message(Message),
    Error(Error),
    Auth {
        reason: u8,
        /// Encoded.
        properties: Vec<u8>,
    },
    /// Another attempt is planned: its number, in how many milliseconds, and why the one before failed.
    Reconnecting {
        attempt: u32,
        delay: Millis,
        error: Option<Error>,
    },
    StateChange(State),
    Close,
}

impl Event {
    pub(crate) fn message(&self) -> Option<&Message> {
        match self {
            Event::Message(message) => Some(message),
            _ => None,
        }
    }

    fn size(&self) -> usize {
        self.message().map_or(0, |message| message.payload.len())
    }

    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.message().and_then(|message| message.ticket)
    }
}

const MAX_EVENTS: usize = 10_000;

#[derive(Default)]
pub struct Events {
    queue: VecDeque<Event>,
    /// Bytes of the payloads in it.
    bytes: usize,
    /// Events dropped since the last error that said so.
    unreported: u64,
    /// Messages dropped in all.
    pub dropped: u64,
    /// Codes of errors that were written to stderr.
    warned: Vec<&'static str>,
}

impl Events {
    pub fn push(&mut self, event: Event) {
        if self.queue.len() >= MAX_EVENTS {
            let oldest = self.queue.iter().position(|event| event.ticket().is_none());
            if let Some(dropped) = oldest.and_then(|place| self.queue.remove(place)) {
                self.unreported += 1;
                self.dropped += matches!(dropped, Event::Message(_)) as u64;
                self.bytes -= dropped.size();
            }
        }
        self.bytes += event.size();
        self.queue.push_back(event);
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes out the messages that are not acknowledged, by their tickets.
    pub fn take_unacknowledged(&mut self) -> Vec<Ticket> {
        let tickets = self.queue.iter().filter_map(Event::ticket).collect();
        self.queue.retain(|event| event.ticket().is_none());
        self.bytes = self.queue.iter().map(Event::size).sum();
        tickets
    }

    pub fn next(&mut self) -> Option<Event> {
        if self.unreported > 0 {
            let text = format!(
                "{} events were dropped, because {MAX_EVENTS} were waiting; call next-message or next-event more often",
                std::mem::take(&mut self.unreported)
            );
            return Some(Event::Error(Error::new(Code::QueueFull, &text)));
        }
        let event = self.queue.pop_front()?;
        self.bytes -= event.size();
        Some(event)
    }

    /// The next message. Other events before it are skipped; errors among them are written to stderr.
    pub fn next_message(&mut self) -> Option<Message> {
        while let Some(event) = self.next() {
            match event {
                Event::Message(message) => return Some(message),
                Event::Error(error)
                | Event::Disconnect {
                    error: Some(error), ..
                } => self.warn(&error),
                _ => {}
            }
        }
        None
    }

    fn warn(&mut self, error: &Error) {
        let code = error.code.name();
        if !self.warned.contains(&code) {
            self.warned.push(code);
            eprintln!(
                "mqtt-lib (next-event gives this to the host): {code} {}",
                error.message
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: usize) -> Event {
        Event::Message(Message {
            topic: number.to_string(),
            payload: Vec::new(),
            qos: 0,
            retain: false,
            dup: false,
            properties: Vec::new(),
            ticket: None,
            manual: false,
        })
    }

    #[test]
    fn at_the_bound_a_message_that_is_not_acknowledged_stays() {
        let mut events = Events::default();
        events.push(acknowledged(7));
        for number in 0..MAX_EVENTS {
            events.push(message(number));
        }
        assert_eq!((events.len(), events.dropped), (MAX_EVENTS, 1));
        assert_eq!(events.take_unacknowledged(), [7]);
        assert_eq!(events.len(), MAX_EVENTS - 1);
    }

    fn acknowledged(ticket: Ticket) -> Event {
        match message(0) {
            Event::Message(message) => Event::Message(Message {
                qos: 1,
                ticket: Some(ticket),
                ..message
            }),
            other => other,
        }
    }

    #[test]
    fn at_the_bound_the_oldest_are_dropped_counted_and_reported_once() {
        let mut events = Events::default();
        for number in 0..MAX_EVENTS + 3 {
            events.push(message(number));
        }
        assert_eq!(events.dropped, 3);
        let report = events.next();
        assert!(
            matches!(report, Some(Event::Error(error)) if error.code == Code::QueueFull
            && error.message.starts_with("3 events were dropped"))
        );
        assert!(matches!(events.next(), Some(Event::Message(message)) if message.topic == "3"));
        let left = std::iter::from_fn(|| events.next()).count();
        assert_eq!(left, MAX_EVENTS - 1);
    }

    #[test]
    fn next_message_skips_other_events_and_keeps_the_order() {
        let mut events = Events::default();
        events.push(Event::Connect {
            session_present: false,
            rc: 0,
            properties: Vec::new(),
        });
        events.push(message(1));
        events.push(Event::Error(Error::stopped()));
        events.push(message(2));
        for expected in ["1", "2"] {
            assert_eq!(
                events.next_message().map(|message| message.topic).as_deref(),
                Some(expected)
            );
        }
        assert!(events.next_message().is_none());
        assert_eq!(events.warned, ["STOPPED"]);
    }
}
