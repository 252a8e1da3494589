//! The acknowledgements owed on a connection, in the order of arrival: a queue in one piece of memory, because every
//! message of QoS 1 and 2 passes it. Never decides which of them may be sent.

use std::ops::{Deref, DerefMut};

use super::super::output::Ticket;
use crate::codec::{Ack, PacketId, ReasonCode};

/// What the application has made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It was handed out, and counts as handled when all handlers have returned.
    Delivered,
    /// The application goes on with it, and will say when it has dealt with it.
    Deferred,
    /// The application has dealt with it.
    Handled(ReasonCode),
    /// The application leaves it to the broker, which sends it again on the next connection.
    Left,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    pub ticket: Ticket,
    pub packet_id: PacketId,
    pub kind: Ack,
    pub state: State,
}

/// The oldest first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    all: Vec<Owed>,
    /// Those before it have left.
    from: usize,
}

impl Queue {
    #[inline(always)]
    pub fn push(&mut self, owed: Owed) {
        self.all.push(owed);
    }

    /// The oldest leave; then the rest moves to the front, if as many have left as are moved.
    pub fn skip(&mut self, count: usize) {
        self.from += count;
        if self.from * 2 >= self.all.len() {
            self.all.drain(..self.from);
            self.from = 0;
        }
    }
}

impl Deref for Queue {
    type Target = [Owed];

    #[inline(always)]
    fn deref(&self) -> &[Owed] {
        &self.all[self.from..]
    }
}

impl DerefMut for Queue {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [Owed] {
        &mut self.all[self.from..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    fn owed(ticket: Ticket) -> Owed {
        let packet_id = PacketId::new(1).unwrap();
        let (kind, state) = (Ack::PubAck, State::Delivered);
        Owed {
            ticket,
            packet_id,
            kind,
            state,
        }
    }

    #[test]
    fn behaves_like_a_queue_and_stays_as_small_as_what_is_in_it() {
        let mut random = crate::engine::random::Random::new(1);
        let (mut queue, mut model, mut longest) = (Queue::default(), VecDeque::new(), 4);
        for ticket in 0..100_000 {
            queue.push(owed(ticket));
            model.push_back(ticket);
            longest = longest.max(model.len());
            let count = random.up_to(2).min(model.len() as u64 - 1) as usize;
            if model.len() > 20 || count < 2 {
                queue.skip(count);
                model.drain(..count);
            }
            assert!(queue.iter().map(|owed| owed.ticket).eq(model.iter().copied()));
        }
        assert!(
            queue.all.capacity() <= 4 * longest,
            "{} for {longest}",
            queue.all.capacity()
        );
        queue.skip(queue.len());
        assert_eq!((queue.len(), queue.from), (0, 0));
    }
}
