//! Turns what the engine says of itself into events: another state, another attempt that is planned, the end.

use mqtt_lib::engine::{Engine, Millis, State};

use crate::clock;
use crate::events::{Event, Events};

/// What the last event of each kind said.
pub struct Watch {
    state: State,
    retry: Option<Millis>,
    closed: bool,
}

impl Default for Watch {
    fn default() -> Self {
        Watch {
            state: State::Idle,
            retry: None,
            closed: false,
        }
    }
}

impl Watch {
    /// Before an event that says why the state is another one, and after each drain.
    pub fn state(&mut self, engine: &Engine, events: &mut Events) {
        let state = engine.state();
        if std::mem::replace(&mut self.state, state) != state {
            events.push(Event::StateChange(state));
        }
    }

    /// After each drain.
    pub fn drained(&mut self, engine: &Engine, events: &mut Events) {
        self.state(engine, events);
        let retry = engine.retries_at();
        if std::mem::replace(&mut self.retry, retry) != retry {
            if let Some(at) = retry {
                let (attempts, error) = engine.last_attempt();
                events.push(Event::Reconnecting {
                    attempt: attempts + 1,
                    delay: at.saturating_sub(clock::now()),
                    error: error.cloned(),
                });
            }
        }
        let closed = engine.is_stopped();
        if !std::mem::replace(&mut self.closed, closed) && closed {
            events.push(Event::Close);
        }
    }
}
