//! The one timer of a client, for the engine's next deadline. A deadline that moves away does not
//! disturb it: it fires early once, finds nothing to do, and is set anew.

use gloo_timers::callback::Timeout;

use crate::engine::Millis;

#[derive(Default)]
pub struct Timer {
    armed: Option<(Millis, Timeout)>,
}

/// Hosts hold the delay in a signed 32-bit number. Options have such a value where there is to be no limit: then no timer
/// keeps a process alive.
const MAX_DELAY: Millis = 2_147_000_000;

impl Timer {
    pub fn arm(&mut self, deadline: Option<Millis>, now: Millis, set: impl FnOnce(u32) -> Timeout) {
        let Some(deadline) = deadline.filter(|deadline| deadline.saturating_sub(now) < MAX_DELAY) else {
            self.armed = None;
            return;
        };
        if self.armed.as_ref().is_some_and(|(at, _)| *at <= deadline) {
            return;
        }
        let delay = deadline.saturating_sub(now);
        self.armed = Some((deadline, set(delay as u32)));
    }

    pub fn fired(&mut self) {
        if let Some((_, timeout)) = self.armed.take() {
            timeout.forget();
        }
    }
}
