//! The one way to drain the engine, for every adapter: the JavaScript client, the WASI component, the native example,
//! the simulation and the fuzzer. Owns no order (the engine's `poll` decides), and holds the engine only within one
//! step, so that an adapter may call user code, a socket or a store that calls the engine again.

use super::deadline::Millis;
use super::output::{Change, Delivery, Event, Generation, Output};
use super::Engine;

/// Whether a transport or a store takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It takes more.
    Ready,
    /// It has enough for now: [`Engine::set_blocked`] or [`Engine::stored`] says when it takes more.
    Full,
}

/// What an adapter provides.
pub trait Io {
    /// The time.
    fn now(&mut self) -> Millis;

    /// Gives the engine to `step`, and takes it back. Nothing else may run meanwhile.
    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R;

    /// Writes changes to the store, all or none. Bytes given to `transmit` later may leave only when they are written.
    fn store(&mut self, changes: Vec<Change>) -> Flow;

    /// Gives bytes to the transport of this generation; if there is none any more, they are dropped.
    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow;

    /// Hands messages to the application: [`Engine::messages`] in this range.
    fn deliver(&mut self, delivery: Delivery);

    /// Reports an event, or acts on the transport.
    fn event(&mut self, event: Event);
}

/// Drains the engine: does what it says, until it is idle. Returns when [`Engine::tick`] is to be called.
#[cfg_attr(small_code, optimize(speed))]
pub fn drive(io: &mut impl Io) -> Option<Millis> {
    loop {
        let now = io.now();
        match io.with_engine(|engine| engine.poll(now)) {
            Output::Idle(deadline) => return deadline,
            output => act(io, output),
        }
    }
}

/// For a loop of calls that leaves no room for events: hands over full buffers, and nothing else.
#[inline(always)]
#[cfg_attr(small_code, optimize(speed))]
pub fn transmit_if_full(io: &mut impl Io) {
    if io.with_engine(|engine| engine.is_full()) {
        transmit_full(io);
    }
}

#[inline(never)]
fn transmit_full(io: &mut impl Io) {
    let now = io.now();
    while let Some(output) = io.with_engine(|engine| engine.poll_full(now)) {
        act(io, output);
    }
}

#[cfg_attr(small_code, optimize(speed))]
fn act(io: &mut impl Io, output: Output) {
    match output {
        Output::Store(changes) => {
            let flow = io.store(changes);
            io.with_engine(|engine| engine.stored(flow));
        }
        Output::Transmit { generation, bytes } => {
            let flow = io.transmit(generation, &bytes);
            io.with_engine(|engine| engine.transmitted(bytes, flow));
        }
        Output::Deliver(delivery) => io.deliver(delivery),
        Output::Event(event) => io.event(event),
        Output::Idle(_) => {}
    }
}
