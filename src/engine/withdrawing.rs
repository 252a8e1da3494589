//! A call that its caller withdraws: which machine has it, what becomes of it, and the error that it ends with.

use super::error::{Code, Error};
use super::output::Token;
use super::Engine;

/// How far a call was when its caller withdrew it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withdrawn {
    /// No call waits that ends with this token.
    Unknown,
    /// Nothing of it was on the wire, and nothing will be.
    Unsent,
    /// It was on the wire, at least in part.
    Sent,
}

impl Engine {
    /// The caller waits no longer: what is not on the wire is never sent. A message that is in flight is completed in this
    /// session, and not sent in another; what a SUBSCRIBE on the wire changes is changed back, and an UNSUBSCRIBE takes
    /// effect. The token ends. An item of a batch stays in it.
    pub fn withdraw(&mut self, token: Token) -> Withdrawn {
        let effects = &mut self.effects;
        let waiting = self.outbox.withdraw(token, effects);
        if waiting != Withdrawn::Unknown {
            return waiting;
        }
        if let Some(token) = self.session.abandon(token) {
            effects.failed(Some(token), withdrawn());
            return Withdrawn::Sent;
        }
        self.subscriptions.withdraw(token, effects)
    }
}

pub(super) fn withdrawn() -> Error {
    Error::new(Code::Dropped, "the call was withdrawn by its caller")
}
