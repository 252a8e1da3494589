//! What the application makes of a message: its handlers have returned, it goes on with the message, acknowledges or refuses
//! it, or leaves it to the broker. Also of messages whose connection was lost meanwhile.

use super::{is_before, retain, Inbound};
use crate::codec::{Ack, ReasonCode};
use crate::engine::journal::Journal;
use crate::engine::output::Ticket;
use crate::engine::session::owed::{Owed, State};

impl Inbound {
    /// The handlers of everything before this ticket have returned: what is not deferred is handled.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn handlers_returned(&mut self, ticket: Ticket, journal: &mut Journal) {
        retain(&mut self.earlier, &mut |owed| {
            let returned = owed.state == State::Delivered && is_before(owed.ticket, ticket);
            if returned {
                journal.received(owed.packet_id, true);
            }
            !returned
        });
        // Behind one that is deferred an acknowledgement may have to wait for long: the store knows already.
        if self.deferred > 0 {
            let from = self.returned;
            for owed in self.owed.iter_mut().rev() {
                if is_before(owed.ticket, from) {
                    break;
                }
                if owed.kind == Ack::PubRec
                    && owed.state == State::Delivered
                    && is_before(owed.ticket, ticket)
                {
                    owed.state = State::Handled(ReasonCode::SUCCESS);
                    journal.received(owed.packet_id, true);
                }
            }
        }
        if is_before(self.returned, ticket) {
            self.returned = ticket;
        }
    }

    /// The application goes on with a message after its handlers have returned.
    pub fn defer(&mut self, ticket: Option<Ticket>) {
        let Some(ticket) = ticket else {
            self.deferred += 1;
            return;
        };
        let Some(place) = self.place(ticket) else {
            // Its connection was lost meanwhile.
            let earlier = self.earlier.iter_mut().find(|owed| owed.ticket == ticket);
            if let Some(owed) = earlier.filter(|owed| owed.state == State::Delivered) {
                owed.state = State::Deferred;
                self.deferred += 1;
            }
            return;
        };
        let owed = &mut self.owed[place];
        if owed.state == State::Delivered {
            owed.state = State::Deferred;
            self.deferred += 1;
        }
    }

    /// The application has dealt with a message that was deferred. A reason of 128 or more refuses it, with a text.
    pub fn acknowledge(
        &mut self,
        ticket: Option<Ticket>,
        (reason, text): (ReasonCode, &str),
        journal: &mut Journal,
    ) {
        let Some(owed) = self.end_deferral(ticket, State::Handled(reason)) else {
            return;
        };
        if owed.kind == Ack::PubRec && !reason.is_error() {
            journal.received(owed.packet_id, true);
        }
        if !text.is_empty() {
            self.texts.push((owed.ticket, text.to_owned()));
        }
    }

    /// The application leaves a message that was deferred to the broker.
    pub fn leave(&mut self, ticket: Option<Ticket>) {
        self.end_deferral(ticket, State::Left);
    }

    fn end_deferral(&mut self, ticket: Option<Ticket>, state: State) -> Option<Owed> {
        let Some(ticket) = ticket else {
            self.deferred -= (self.deferred > 0) as usize;
            return None;
        };
        if let Some(place) = self.place(ticket) {
            let owed = &mut self.owed[place];
            if owed.state != State::Deferred {
                return None;
            }
            owed.state = state;
            self.deferred -= 1;
            return Some(*owed);
        }
        let is_it = |owed: &Owed| owed.ticket == ticket && owed.state == State::Deferred;
        let place = self.earlier.iter().position(is_it)?;
        self.deferred -= 1;
        let mut ended = self.earlier.swap_remove(place);
        ended.state = state;
        if ended.kind != Ack::PubRec {
            return None;
        }
        for owed in self.owed.iter_mut() {
            if owed.packet_id == ended.packet_id && owed.kind == Ack::PubRec && owed.state == State::Deferred
            {
                // It has come again on this connection.
                owed.state = state;
                ended.ticket = owed.ticket;
                return Some(ended);
            }
        }
        match state {
            State::Left => {
                self.unreleased.clear(ended.packet_id);
            }
            State::Handled(ReasonCode::SUCCESS) => {}
            _ => self.earlier.push(ended),
        }
        Some(ended)
    }
}
