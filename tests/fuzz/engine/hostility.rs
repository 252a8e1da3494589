//! What an adapter and the code behind it may do while the engine is drained: call the engine again, be full, close.
//! Only a run of the target `hostile_io` does it.

use mqtt_lib::engine::{transmit_if_full, Flow};

use super::{Transport, World};

impl World<'_> {
    /// Within the delivery of a message or the report of an event, user code calls the client.
    pub(super) fn disturb(&mut self) {
        if !self.may_disturb() {
            return;
        }
        self.disturbing = true;
        match self.input.byte() % 32 {
            11 => transmit_if_full(self),
            12 => self.opened(),
            13 => self.publish_burst(),
            how => self.call(how),
        }
        self.disturbing = false;
    }

    /// Within a write to the store: it fails, it is full, or the client is called.
    pub(super) fn disturb_store(&mut self) -> Flow {
        if !self.may_disturb() {
            return Flow::Ready;
        }
        self.disturbing = true;
        let how = self.input.byte() % 32;
        match how {
            11 => self.store_fails(),
            how => self.call(how),
        }
        self.disturbing = false;
        match how {
            16.. => Flow::Full,
            _ => Flow::Ready,
        }
    }

    /// The transport closes before it takes the bytes, or the client is called.
    pub(super) fn disturb_before_bytes(&mut self) {
        if self.may_disturb() {
            self.disturbing = true;
            let how = self.input.byte() % 32;
            self.call(how);
            self.disturbing = false;
        }
    }

    /// The transport closes after it has taken the bytes, the client is called, or the transport is full.
    pub(super) fn disturb_after_bytes(&mut self) -> Flow {
        if !self.may_disturb() {
            return Flow::Ready;
        }
        self.disturbing = true;
        let how = self.input.byte() % 32;
        self.call(how);
        self.disturbing = false;
        match how {
            16.. => Flow::Full,
            _ => Flow::Ready,
        }
    }

    fn may_disturb(&self) -> bool {
        self.hostile && !self.disturbing && !self.input.is_over()
    }

    /// One call of the engine; none for most numbers.
    fn call(&mut self, how: u8) {
        match how {
            1 | 17 => self.cut(),
            2 => self.publish(),
            3 => self.subscribe(),
            4 => self.unsubscribe(),
            5 => self.flush(),
            6 | 18 => self.stop(),
            7 => self.start(),
            8 => {
                let online = self.input.one_in(2);
                self.engine.set_network(self.now, online);
            }
            9 => self.authenticate(),
            11..=13 => self.handle_late(how * 16),
            10 => {
                self.now += self.input.pick(&[1, 1_000, 100_000]);
                self.tick();
            }
            14 if !matches!(self.transport, Transport::None) => {
                let blocked = self.input.one_in(2);
                self.set_blocked(blocked);
            }
            _ => {}
        }
    }

    /// Publishes until the outgoing buffer is full, as a loop in a handler does.
    fn publish_burst(&mut self) {
        for _ in 0..self.input.byte() % 4 {
            self.publish();
            transmit_if_full(self);
        }
    }
}
