//! A point in time at which a part of the engine wants to be called. Knows no clock; milliseconds come in as
//! arguments, and a deadline that is noticed late is normal.

/// Milliseconds on a clock that never goes back; where it starts does not matter.
pub type Millis = u64;

/// Between "overdue" and "dead": bytes that have arrived but stand behind a late timer in the platform's
/// event queue are processed first.
const GRACE: Millis = 250;

/// Later than every moment. A value of its own instead of an `Option`, which is twice as large and wherever it is
/// compared a branch more.
pub(super) const NEVER: Millis = Millis::MAX;

/// A moment in time, or `NEVER`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Millis,
    confirming: bool,
}

impl Default for Deadline {
    fn default() -> Self {
        Deadline {
            at: NEVER,
            confirming: false,
        }
    }
}

impl Deadline {
    pub fn set(&mut self, at: Millis) {
        self.at = at;
        self.confirming = false;
    }

    pub fn clear(&mut self) {
        *self = Deadline::default();
    }

    /// Sets it, unless it comes sooner already.
    pub fn hasten(&mut self, at: Millis) {
        self.at = self.at.min(at);
    }

    pub fn is_set(&self) -> bool {
        self.at != NEVER
    }

    pub fn at(&self) -> Millis {
        self.at
    }

    pub fn is_due(&self, now: Millis) -> bool {
        self.at <= now
    }

    /// Whether it is due; then it is off, and what `confirm` has begun stays.
    pub fn expire(&mut self, now: Millis) -> bool {
        let due = self.is_due(now);
        if due {
            self.at = NEVER;
        }
        due
    }

    /// For deadlines that declare something dead, once `expire` said so: false the first time, and the deadline is set
    /// again, a short grace period later; true when that is over and nobody has cleared it.
    pub fn confirm(&mut self, now: Millis) -> bool {
        let confirmed = std::mem::replace(&mut self.confirming, false);
        if !confirmed {
            self.at = now + GRACE;
            self.confirming = true;
        }
        confirmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_due_from_its_moment_on_and_only_once() {
        let mut deadline = Deadline::default();
        assert!(!deadline.is_set() && !deadline.expire(u64::MAX - 1));
        deadline.set(10);
        assert!(!deadline.expire(9));
        assert!(deadline.expire(25));
        assert!(!deadline.is_set() && !deadline.expire(25));
    }

    #[test]
    fn hasten_never_moves_a_deadline_away() {
        let mut deadline = Deadline::default();
        for (given, expected) in [(30, 30), (40, 30), (20, 20)] {
            deadline.hasten(given);
            assert_eq!(deadline.at(), expected);
        }
    }

    #[test]
    fn what_declares_something_dead_is_asked_twice_and_a_new_deadline_begins_anew() {
        let mut deadline = Deadline::default();
        assert!(!deadline.confirm(100));
        assert_eq!(deadline.at(), 100 + GRACE);
        assert!(deadline.confirm(100 + GRACE));
        assert!(!deadline.confirm(1_000));
        deadline.set(2_000);
        assert!(!deadline.confirm(2_000));
    }
}
