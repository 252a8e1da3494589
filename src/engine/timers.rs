//! Time as data: every deadline of a client in one small table, of which only the nearest leaves
//! the engine. Knows no clock; milliseconds come in as arguments.

/// Milliseconds on a clock that never goes back; where it starts does not matter.
pub type Millis = u64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// Transport or CONNACK overdue.
    Connect,
    /// Next attempt after a lost connection.
    Retry,
    /// The connection has lasted: the reconnect delay starts small again.
    Stable,
    Keepalive,
    /// Oldest batch is due.
    Batch,
    /// Oldest queued message is due.
    Queue,
    /// Look for acknowledgements that are overdue.
    Ack,
    /// A message has waited too long, or its publish takes too long.
    Age,
    /// stop() gives up on what is still pending.
    Stop,
}

const ALL: [Timer; 9] = [
    Timer::Connect,
    Timer::Retry,
    Timer::Stable,
    Timer::Keepalive,
    Timer::Batch,
    Timer::Queue,
    Timer::Ack,
    Timer::Age,
    Timer::Stop,
];

#[derive(Debug)]
pub struct Timers {
    at: [Millis; ALL.len()],
    confirming: [bool; ALL.len()],
}

const NEVER: Millis = Millis::MAX;
/// Between "overdue" and "dead": bytes that have arrived, but wait behind a late timer in the
/// host's event queue, are worked on first.
const GRACE: Millis = 250;

impl Timers {
    pub fn new() -> Self {
        Timers {
            at: [NEVER; ALL.len()],
            confirming: [false; ALL.len()],
        }
    }

    pub fn set(&mut self, timer: Timer, at: Millis) {
        self.at[timer as usize] = at;
        self.confirming[timer as usize] = false;
    }

    /// Sets it, unless it comes sooner already.
    pub fn hasten(&mut self, timer: Timer, at: Millis) {
        if at < self.at[timer as usize] {
            self.at[timer as usize] = at;
        }
    }

    pub fn clear(&mut self, timer: Timer) {
        self.set(timer, NEVER);
    }

    /// For timers that declare something dead: false the first time, and the timer comes again
    /// shortly; true if it then still stands.
    pub fn confirm(&mut self, timer: Timer, now: Millis) -> bool {
        let confirmed = std::mem::replace(&mut self.confirming[timer as usize], false);
        if !confirmed {
            self.at[timer as usize] = now + GRACE;
            self.confirming[timer as usize] = true;
        }
        confirmed
    }

    pub fn is_set(&self, timer: Timer) -> bool {
        self.at[timer as usize] != NEVER
    }

    /// When it is due, if it is set.
    pub fn at(&self, timer: Timer) -> Millis {
        self.at[timer as usize]
    }

    pub fn is_due(&self, timer: Timer, now: Millis) -> bool {
        self.at[timer as usize] <= now
    }

    pub fn next(&self) -> Option<Millis> {
        self.at.iter().copied().min().filter(|&at| at != NEVER)
    }

    /// Takes one timer that is due, earliest listed first; late is as good as punctual.
    pub fn expire(&mut self, now: Millis) -> Option<Timer> {
        let due = ALL.into_iter().find(|&t| self.at[t as usize] <= now)?;
        self.at[due as usize] = NEVER;
        Some(due)
    }
}
