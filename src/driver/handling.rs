//! What JavaScript says of a received message, and how a subscription wants its messages handled: checked here, done in
//! js/handling.mjs.

use wasm_bindgen::JsValue;

use super::argument_codec::{self, Argument};
use super::Client;
use crate::codec::ReasonCode;
use crate::engine::error::excerpt;
use crate::engine::format::{find, format, number};
use crate::engine::validate::unknown;
use crate::engine::{check_topic, Code, Error, Ticket};

/// Options of a subscription that say how its messages are handled.
pub const KEYS: [&str; 6] = [
    "concurrency",
    "ack",
    "onFailure",
    "retries",
    "retryDelay",
    "deadLetter",
];

/// Options of `messages()`.
const LOOP: [&str; 1] = ["ack"];

impl Client {
    /// `what`: see `bulk_settle`. Drained by the caller.
    pub fn settle_message(&self, ticket: Ticket, qos: u8, what: u32) {
        let ticket = Some(ticket).filter(|_| qos > 0);
        let mut engine = self.engine.borrow_mut();
        match what {
            0 => engine.defer(ticket),
            1 => engine.acknowledge(ticket),
            _ => engine.leave(ticket),
        }
    }

    pub fn refuse_message(&self, ticket: Ticket, qos: u8, reason: ReasonCode, text: &str) {
        let ticket = Some(ticket).filter(|_| qos > 0);
        let refused = self.engine.borrow_mut().refuse(ticket, reason, text);
        if let Err(error) = refused {
            self.report(&error, &JsValue::UNDEFINED);
        }
        self.schedule();
    }
}

/// Checks the option `key` of a subscription; `name` is how the user knows it.
pub fn check(name: &str, key: &str, value: Argument<'_>) -> Result<(), Error> {
    match key {
        "concurrency" => whole(name, value, 1.0, 65_535.0),
        "retries" => whole(name, value, 0.0, 65_535.0),
        "retryDelay" => match value {
            Argument::Number(n) if (0.0..=86_400.0).contains(&n) => Ok(()),
            _ => Err(wrong(name, value, "seconds from 0 to 86,400")),
        },
        "ack" => one_of(name, value, ["handled", "manual", ""]),
        "onFailure" => one_of(name, value, ["acknowledge", "retry", "leave"]),
        _ => match value.text() {
            Some(topic) => check_topic(topic),
            None => Err(wrong(name, value, "a topic name")),
        },
    }
}

fn whole(name: &str, value: Argument<'_>, min: f64, max: f64) -> Result<(), Error> {
    match value {
        Argument::Number(n) if n.fract() == 0.0 && (min..=max).contains(&n) => Ok(()),
        _ if min > 0.0 => Err(wrong(name, value, "a whole number from 1 to 65,535")),
        _ => Err(wrong(name, value, "a whole number from 0 to 65,535")),
    }
}

fn one_of(name: &str, value: Argument<'_>, known: [&str; 3]) -> Result<(), Error> {
    match value.text() {
        Some(text) if known.contains(&text) && !text.is_empty() => Ok(()),
        _ => Err(wrong(
            name,
            value,
            &format(ONE_OF[known[2].is_empty() as usize], &known),
        )),
    }
}

const ONE_OF: [&str; 2] = ["\"%\", \"%\" or \"%\"", "\"%\" or \"%\"%"];

fn wrong(name: &str, value: Argument<'_>, allowed: &str) -> Error {
    let code = match value {
        Argument::Number(_) => Code::OutOfRange,
        _ => Code::InvalidOption,
    };
    let given = match value.text() {
        Some(text) => format("\"%\"", &[&excerpt(text)]),
        None => value.shown(),
    };
    Error::format(code, "% must be %; % was given", &[name, allowed, &given])
}

/// Checks the options of `messages()`.
pub fn check_loop(options: &JsValue) -> Result<(), Error> {
    let options = argument_codec::flat(options, 4, "");
    for (key, value) in Argument::read(&options).entries("options")? {
        if key != LOOP[0] {
            return Err(unknown("options", key, &|number| LOOP.get(number).copied()));
        }
        if !value.is_undefined() {
            check("options.ack", key, value)?;
        }
    }
    Ok(())
}

/// The arguments of `message.reject`: a reason code that PUBACK and PUBREC may have (§3.4.2.1).
pub fn refusal(reason: &JsValue, text: &JsValue) -> Result<(ReasonCode, String), Error> {
    let code = match reason.as_f64() {
        Some(n) if [128.0, 131.0, 135.0, 144.0, 145.0, 151.0, 153.0].contains(&n) => ReasonCode(n as u8),
        n => {
            let given = n.map_or_else(|| argument_codec::kind(reason), number);
            return Err(Error::format(
                Code::OutOfRange,
                "reasonCode of reject() must be 128, 131, 135, 144, 145, 151 or 153 [MQTT-3.4.2-1]; % was given",
                &[&given],
            ));
        }
    };
    match text.as_string() {
        Some(text) if text.len() > 65_535 || find(&text, 0).is_some() => Err(Error::new(
            Code::InvalidOption,
            "reasonString of reject() must have at most 65,535 bytes and no U+0000 [MQTT-1.5.4-2]",
        )),
        Some(text) => Ok((code, text)),
        None if text.is_undefined() || text.is_null() => Ok((code, String::new())),
        None => Err(Error::format(
            Code::InvalidOption,
            "reasonString of reject() must be a string; % was given",
            &[&argument_codec::kind(text)],
        )),
    }
}
