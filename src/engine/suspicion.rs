//! What is held against an operation: connections that ended right after it was sent. Values only; who sends, and what
//! becomes of the operation, is decided in `suspecting.rs`.

use super::deadline::Millis;

/// A connection that ends later than this after an operation was sent did not end because of it.
pub(super) const RIGHT_AFTER: Millis = 5_000;
/// An operation is a suspect after this many connections that ended right after it was sent.
const SUSPECT: u8 = 2;
/// After this many such connections a suspect is sent with nothing else on the wire.
const SINGLED_OUT: u8 = 3;
/// An operation that was alone on this many such connections is the reason why they ended.
const GUILTY: u8 = 3;
/// For each connection that ended while a suspect was held back, [`MOST_FAULTS`] at most, an operation must have been
/// alone on this many connections more.
const MORE: u8 = 3;
pub(super) const MOST_FAULTS: u8 = 2;

/// What an operation is called in an error, with `%` where its topic or filter stands, and that topic or filter.
pub(super) type Name = (&'static str, String);

/// How an operation may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    Free,
    /// With as many suspects as this connection has cleared, and one.
    InGroups,
    /// With nothing else on the wire.
    Alone,
    /// Likewise, on a connection that has proven that it lasts.
    LastTime,
}

/// Of one PUBLISH of QoS 1 or 2, SUBSCRIBE or UNSUBSCRIBE.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Suspicion {
    /// How many connections ended right after it was sent.
    ended: u8,
    /// Those of them on which nothing else was unanswered.
    alone: u8,
}

impl Suspicion {
    /// Of an operation whose like was put aside before.
    pub fn of_known() -> Suspicion {
        Suspicion {
            ended: SUSPECT,
            alone: 0,
        }
    }

    /// It was on as many connections as a guilty one, if not alone on all of them.
    pub fn is_singled_out(self) -> bool {
        self.ended >= SINGLED_OUT
    }

    /// A connection ended right after the operation was sent.
    pub fn add(&mut self, alone: bool) {
        self.ended = (self.ended + 1).min(SINGLED_OUT);
        self.alone = self.alone.saturating_add(alone as u8);
    }

    /// What is held against one of several that are sent together is held against all.
    pub fn or(self, other: Suspicion) -> Suspicion {
        Suspicion {
            ended: self.ended.max(other.ended),
            alone: self.alone.max(other.alone),
        }
    }

    pub fn is_suspect(self) -> bool {
        self.ended >= SUSPECT
    }

    /// `faults`: connections that ended while a suspect was held back, so without a reason that an operation gave.
    pub fn is_guilty(self, faults: u8) -> bool {
        self.alone >= GUILTY + MORE * faults.min(MOST_FAULTS)
    }

    pub fn sending(self) -> Sending {
        match self {
            _ if self.ended < SUSPECT => Sending::Free,
            _ if self.alone >= GUILTY - 1 => Sending::LastTime,
            _ if self.ended < SINGLED_OUT => Sending::InGroups,
            _ => Sending::Alone,
        }
    }
}

/// Operations on the wire of this connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OnWire {
    pub all: usize,
    pub suspects: usize,
    /// Suspects that were answered on this connection.
    pub cleared: usize,
}

impl OnWire {
    pub fn sent(&mut self, suspicion: Suspicion) {
        self.all += 1;
        self.suspects += suspicion.is_suspect() as usize;
    }

    /// One that was sent on this connection was answered, or its answer is not awaited any more.
    pub fn answered(&mut self, suspicion: Suspicion) {
        self.all = self.all.saturating_sub(1);
        if suspicion.is_suspect() {
            self.suspects = self.suspects.saturating_sub(1);
            self.cleared += 1;
        }
    }

    pub fn with(self, other: OnWire) -> OnWire {
        OnWire {
            all: self.all + other.all,
            suspects: self.suspects + other.suspects,
            cleared: self.cleared + other.cleared,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(losses: &[bool]) -> Suspicion {
        let mut suspicion = Suspicion::default();
        for &alone in losses {
            suspicion.add(alone);
        }
        suspicion
    }

    #[test]
    fn what_is_on_the_wire_of_two_kinds_is_counted_together() {
        let guilty = after(&[true, true]);
        let mut publishes = OnWire::default();
        for _ in 0..3 {
            publishes.sent(guilty);
        }
        publishes.answered(guilty);
        publishes.answered(guilty);
        let mut requests = OnWire::default();
        requests.sent(guilty);
        requests.answered(guilty);
        requests.sent(Suspicion::default());
        let both = publishes.with(requests);
        assert_eq!((both.all, both.suspects, both.cleared), (2, 1, 3));
    }

    #[test]
    fn an_operation_alone_on_three_connections_that_ended_is_guilty() {
        assert_eq!(after(&[true]).sending(), Sending::Free);
        assert_eq!(after(&[true, true]).sending(), Sending::LastTime);
        assert!(!after(&[true, true]).is_guilty(0));
        assert!(after(&[true, true, true]).is_guilty(0));
        let (six, nine) = (after(&[true; 6]), after(&[true; 9]));
        assert!(!after(&[true; 5]).is_guilty(1) && six.is_guilty(1));
        assert!(!six.is_guilty(2) && nine.is_guilty(2) && nine.is_guilty(200));
    }

    #[test]
    fn one_of_many_is_first_sent_in_groups_then_alone_and_is_never_guilty_for_others() {
        assert_eq!(after(&[false]).sending(), Sending::Free);
        assert_eq!(after(&[false, false]).sending(), Sending::InGroups);
        assert_eq!(after(&[false; 3]).sending(), Sending::Alone);
        assert_eq!(after(&[false, true]).sending(), Sending::InGroups);
        let long = after(&[false; 300]);
        assert!(!long.is_guilty(0) && long.sending() == Sending::Alone);
    }

    #[test]
    fn the_wire_counts_what_is_unanswered_and_what_was_cleared() {
        let mut wire = OnWire::default();
        let suspect = after(&[false, false]);
        wire.sent(suspect);
        wire.sent(Suspicion::default());
        assert_eq!((wire.all, wire.suspects, wire.cleared), (2, 1, 0));
        wire.answered(suspect);
        wire.answered(Suspicion::default());
        wire.answered(Suspicion::default());
        assert_eq!((wire.all, wire.suspects, wire.cleared), (0, 0, 1));
    }
}
