//! Answers to calls of `subscribe` and `unsubscribe`, also of those with more filters than fit into one packet: what their
//! parts were answered, until all of them are. Never sends, and never ends a call by itself.

use super::request::Kind;
use crate::codec::ReasonCode;
use crate::engine::error::{excerpt, Code, Error};
use crate::engine::format::{count, format};
use crate::engine::output::{Outcome, Token};

/// What a broker answered.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// One for each filter; none in an UNSUBACK of 3.1.1.
    pub codes: Vec<u8>,
    /// The filters that were refused, each with its reason code, and the first of these; 0: none was.
    pub refused: String,
    pub reason: u8,
    pub properties: Vec<u8>,
}

impl Answered {
    /// Adds a refused filter.
    pub fn refuse(&mut self, filter: &str, reason: u8) {
        let filter = format("\"%\" (%)", &[filter, &count(reason.into())]);
        self.add_refused(&filter, reason);
    }

    fn add_refused(&mut self, filters: &str, reason: u8) {
        if self.reason == 0 {
            self.reason = reason;
        } else {
            self.refused.push_str(", ");
        }
        self.refused.push_str(filters);
    }

    /// How the call ends with it.
    pub fn outcome(self, kind: Kind) -> Result<Outcome, Error> {
        let (code, what) = match kind {
            _ if self.reason == 0 && self.codes.is_empty() => return Ok(Outcome::None),
            _ if self.reason == 0 => {
                return Ok(Outcome::Granted {
                    codes: self.codes,
                    properties: self.properties,
                })
            }
            Kind::Subscribe => (Code::SubscribeFailed, "the subscription to"),
            Kind::Unsubscribe => (Code::UnsubscribeFailed, "to unsubscribe from"),
        };
        let what = format(
            "the broker refused % %; check the filter and the broker's access rules",
            &[what, &excerpt(&self.refused)],
        );
        Err(Error::because(
            code,
            &what,
            ReasonCode(self.reason),
            &self.properties,
        ))
    }
}

/// A call of several packets.
#[derive(Debug)]
struct Pending {
    token: Token,
    /// Parts that have not ended.
    left: usize,
    answer: Answered,
    /// Why a part ended without an answer.
    error: Option<Error>,
}

#[derive(Debug, Default)]
pub(super) struct SplitCalls(Vec<Pending>);

impl SplitCalls {
    pub fn begin(&mut self, token: Token, parts: usize) {
        self.0.push(Pending {
            token,
            left: parts,
            answer: Answered::default(),
            error: None,
        });
    }

    /// A part becomes so many parts.
    pub fn split(&mut self, token: Token, parts: usize) {
        for call in &mut self.0 {
            if call.token == token {
                call.left += parts - 1;
            }
        }
    }

    /// A part ended, whose filters have these places among those of the call. How the whole ended, once it was the last
    /// part.
    pub fn part_ended(
        &mut self,
        token: Token,
        places: &[u32],
        result: Result<Answered, Error>,
    ) -> Option<Result<Answered, Error>> {
        let at = self.0.iter().position(|call| call.token == token)?;
        let call = &mut self.0[at];
        match result {
            Err(error) => call.error = call.error.take().or(Some(error)),
            Ok(part) => {
                let codes = &mut call.answer.codes;
                for (&place, code) in places.iter().zip(part.codes) {
                    let place = place as usize;
                    if place >= codes.len() {
                        codes.resize(place + 1, 0);
                    }
                    codes[place] = code;
                }
                if part.reason != 0 {
                    call.answer.add_refused(&part.refused, part.reason);
                }
                if !part.properties.is_empty() {
                    call.answer.properties = part.properties;
                }
            }
        }
        call.left -= 1;
        if call.left > 0 {
            return None;
        }
        let call = self.0.swap_remove(at);
        Some(call.error.map_or(Ok(call.answer), Err))
    }

    /// All of them end: the token for the first part that asks, nothing for the others.
    pub fn take(&mut self, token: Token) -> Option<Token> {
        let at = self.0.iter().position(|call| call.token == token)?;
        Some(self.0.swap_remove(at).token)
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
