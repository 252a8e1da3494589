//! The connection of a command: opens it, reports its state on standard error, and closes it with a DISCONNECT. Owns the time
//! limit.

use std::cell::Cell;

use mqtt_lib_edge::{Client, Code, Error, Event, Pollable};
use wasip2::clocks::monotonic_clock::{now, subscribe_duration};

use crate::credentials::Connection;
use crate::failure::{failed, Failure, Outcome};
use crate::properties::Lists;
use crate::words::Words;

const NANOS: f64 = 1e9;

/// When the command gives up.
pub struct Deadline {
    pub seconds: Option<f64>,
    /// Nanoseconds.
    begin: u64,
}

impl Deadline {
    pub fn new(seconds: Option<f64>) -> Deadline {
        Deadline {
            seconds,
            begin: now(),
        }
    }

    /// Seconds that are left.
    pub fn left(&self) -> Option<f64> {
        let passed = now().saturating_sub(self.begin) as f64 / NANOS;
        self.seconds.map(|seconds| (seconds - passed).max(0.0))
    }

    /// The same for a call, which must have some.
    pub fn limit(&self) -> Option<f64> {
        self.left().map(|left| left.max(0.001))
    }

    pub fn left_millis(&self) -> Option<u64> {
        self.left().map(|left| (left * 1000.0).ceil() as u64)
    }

    pub fn is_over(&self) -> bool {
        self.left() == Some(0.0)
    }

    pub fn alarm(&self) -> Option<Pollable> {
        Some(subscribe_duration((self.left()? * NANOS) as u64))
    }
}

/// The failure of a call that may have been ended by the time limit, in words of the command.
pub fn in_time<T>(result: Result<T, Error>, deadline: &Deadline, late: impl Fn() -> Failure) -> Outcome<T> {
    result.map_err(|error| match error.code {
        Code::Timeout if deadline.is_over() => late(),
        _ => error.into(),
    })
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static DEBUG: Cell<bool> = const { Cell::new(false) };
    static LOST: Cell<bool> = const { Cell::new(false) };
}

/// A sentence on standard error, unless --quiet.
pub fn notice(text: &str) {
    if !QUIET.get() {
        print(text);
    }
}

/// With --debug.
pub fn debug(text: &str) {
    if DEBUG.get() {
        print(text);
    }
}

/// Nothing in it that a terminal obeys.
pub fn print(text: &str) {
    let safe: String = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    eprintln!("mqtt-lib: {safe}");
}

pub fn connect(connection: Connection, words: &Words, deadline: &Deadline) -> Outcome<Client> {
    QUIET.set(words.flag("quiet"));
    DEBUG.set(words.flag("debug"));
    let mut client = Client::new(connection.config, connection.settings, None)?;
    client.start().map_err(|error| match deadline.seconds {
        Some(seconds) if error.code == Code::Timeout => {
            Failure::Failed(format!("there was no connection within {seconds} s"))
        }
        _ => error.into(),
    })?;
    debug("connected");
    Ok(client)
}

/// Sends DISCONNECT after the work, however that ended.
pub fn close(mut client: Client, lists: &Lists, outcome: Outcome<()>) -> Outcome<()> {
    debug("disconnecting");
    let stopped = client.stop(0, &lists.disconnect);
    outcome?;
    Ok(stopped?)
}

/// Says what has happened to the connection; an error that is of something else.
pub fn report(event: &Event) -> Option<String> {
    match event {
        Event::Disconnect { rc, error } if *rc != 0 => {
            LOST.set(true);
            let why = error
                .as_ref()
                .map_or("the connection was lost", |error| &error.message);
            notice(&format!("{why}; reconnecting"));
        }
        Event::Connect { rc: 0, .. } if LOST.replace(false) => notice("reconnected"),
        // The loss of the connection was said.
        Event::Error(error) if LOST.get() => debug(&error.message),
        Event::Error(error) => {
            let sentence = Failure::from(error.clone()).sentence().to_owned();
            debug(&sentence);
            return Some(sentence);
        }
        _ => {}
    }
    None
}

/// Runs the client for so long; what failed meanwhile.
pub fn pause(client: &mut Client, seconds: f64) -> Outcome<()> {
    let pause = Deadline::new(Some(seconds));
    while !pause.is_over() {
        if let Some(event) = client.next_event(pause.left_millis())? {
            if let Some(sentence) = report(&event) {
                return failed(sentence);
            }
        }
    }
    Ok(())
}
