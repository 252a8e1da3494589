//! Outgoing messages: taken from the user, put on the wire at once or when there is room,
//! acknowledged to the end (§3.3, §4.3).

use super::event::{Outcome, Token};
use super::message::{check_message, check_topic, Message};
use super::ops::{Key, Stage, Work};
use super::text::count;
use super::timers::{Millis, Timer};
use super::{Code, Engine, Error, SEND_CAP};
use crate::codec::{publish, write, Ack, Version};

/// What became of a publish when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// QoS 0, and it is in `outgoing`: no `Done` follows.
    Now,
    /// A `Done` with the token follows.
    Later,
}

/// Messages and bytes that wait: offline, behind the window, in the queue, in batches.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub messages: usize,
    pub bytes: usize,
}

impl Engine {
    pub fn publish(&mut self, now: Millis, message: &Message<'_>, token: Token) -> Result<Taken, Error> {
        check_topic(message.topic)?;
        self.publish_checked(now, message, token)
    }

    /// For a caller that has checked the topic before, with `check_topic`.
    pub fn publish_checked(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Token,
    ) -> Result<Taken, Error> {
        self.accepting()?;
        check_message(message)?;
        if !self.can_send_now() {
            return self.wait(now, message, token);
        }
        if message.qos == 0 {
            encode(&mut self.out, message, 0);
            self.stats.sent += 1;
            return Ok(Taken::Now);
        }
        if self.ops.in_flight() >= self.cfg.max_inflight {
            return self.wait(now, message, token);
        }
        let key = self.ops.insert(token, Work::Publish(Vec::new()));
        if !self.ops.assign_pid(key) {
            self.ops.remove(key);
            return self.wait(now, message, token);
        }
        if let Some(op) = self.ops.put_on_wire(key, now) {
            let start = self.out.len();
            encode(&mut self.out, message, op.pid);
            op.work = Work::Publish(self.out[start..].to_vec());
        }
        self.ops.write_down(key);
        self.stats.sent += 1;
        self.expect_ack(now);
        self.await_end(key, now);
        Ok(Taken::Later)
    }

    fn can_send_now(&self) -> bool {
        self.is_online()
            && !self.link.blocked
            && self.out.len() < SEND_CAP
            && self.waiting.is_empty()
            && self.resend.is_empty()
            && self.control.is_empty()
    }

    fn wait(&mut self, now: Millis, message: &Message<'_>, token: Token) -> Result<Taken, Error> {
        let key = self.hold(message, token)?;
        self.line_up(key, now);
        Ok(Taken::Later)
    }

    /// Encodes a message to be kept until it can be sent, if there is room.
    pub(super) fn hold(&mut self, message: &Message<'_>, token: Token) -> Result<Key, Error> {
        self.make_room(message.topic.len() + message.payload.len(), message.topic)?;
        Ok(self.keep(message, token))
    }

    pub(super) fn keep(&mut self, message: &Message<'_>, token: Token) -> Key {
        let mut packet = Vec::new();
        encode(&mut packet, message, 0);
        self.held.messages += 1;
        self.held.bytes += packet.len();
        self.ops.insert(token, Work::Publish(packet))
    }

    /// More than may wait: an older message of the same topic is to give way.
    pub(super) fn is_overfull(&self) -> bool {
        self.held.messages > self.cfg.offline_size || self.held.bytes > self.cfg.offline_bytes
    }

    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.held.messages < self.cfg.offline_size && self.held.bytes + bytes <= self.cfg.offline_bytes
    }

    /// Sees to it that a message of so many bytes may wait, by dropping others where that is the policy.
    pub(super) fn make_room(&mut self, bytes: usize, topic: &str) -> Result<(), Error> {
        if self.has_room(bytes) || self.make_way(bytes, topic) {
            return Ok(());
        }
        Err(Error::say(
            Code::QueueFull,
            &[
                &count(self.held.messages),
                " messages of ",
                &count(self.held.bytes),
                " bytes already wait to be sent (offlinesize ",
                &count(self.cfg.offline_size),
                ", offlinebytes ",
                &count(self.cfg.offline_bytes),
                "); wait for earlier publishes, or raise the bound",
            ],
        ))
    }

    /// Moves what waits into `outgoing`, up to the cap: control packets, then what is sent again,
    /// then messages in the order they were given.
    pub(super) fn fill(&mut self, now: Millis) {
        if !self.is_online() {
            return;
        }
        while self.out.len() < SEND_CAP && !self.link.blocked {
            if let Some(key) = self.control.pop_front() {
                if !self.send_control(key, now) {
                    self.control.push_front(key);
                    return;
                }
            } else if let Some(key) = self.resend.pop_front() {
                self.send_again(key, now);
            } else if let Some(&key) = self.waiting.front() {
                if !self.send_waiting(key, now) {
                    return;
                }
                self.waiting.pop_front();
            } else {
                return;
            }
        }
    }

    /// False: no place in the window.
    fn send_waiting(&mut self, key: Key, now: Millis) -> bool {
        let Some(op) = self.ops.get(key) else { return true };
        let Work::Publish(packet) = &op.work else {
            return true;
        };
        let size = packet.len();
        let first_time = op.order == 0;
        if publish::qos(packet) == 0 {
            self.patience.forget_topic(key, packet);
            self.out.extend_from_slice(packet);
            let token = op.token;
            self.ops.remove(key);
            self.done(token, Ok(Outcome::None));
        } else {
            if self.ops.in_flight() >= self.cfg.max_inflight || !self.ops.assign_pid(key) {
                return false;
            }
            if let Some(op) = self.ops.put_on_wire(key, now) {
                let pid = op.pid;
                if let Work::Publish(packet) = &mut op.work {
                    self.patience.forget_topic(key, packet);
                    publish::set_pid(packet, pid);
                    self.out.extend_from_slice(packet);
                }
            }
            self.expect_ack(now);
        }
        let held = if first_time {
            &mut self.held
        } else {
            &mut self.again
        };
        held.messages -= 1;
        held.bytes -= size;
        self.stats.sent += first_time as u64;
        true
    }

    /// The session was kept: PUBLISH with DUP [MQTT-3.3.1-1], or PUBREL.
    fn send_again(&mut self, key: Key, now: Millis) {
        let Some(op) = self.ops.get(key) else { return };
        op.since = now;
        if op.stage == Stage::Released {
            write::ack(&mut self.out, Ack::PubRel, op.pid);
        } else if let Work::Publish(packet) = &mut op.work {
            publish::set_dup(packet);
            self.out.extend_from_slice(packet);
        }
        self.expect_ack(now);
    }

    /// PUBACK and PUBCOMP: the last step of QoS 1 and 2.
    pub(super) fn on_publish_done(&mut self, pid: u16, qos: u8, now: Millis) -> Result<(), &'static str> {
        let expected = if qos == 1 { Stage::Sent } else { Stage::Released };
        match self.ops.by_pid(pid) {
            Some((key, op)) if op.stage == expected && publish_qos(&op.work) == qos => {
                let token = op.token;
                self.ops.remove(key);
                self.link.last_ack = now;
                self.done(token, Ok(Outcome::None));
                Ok(())
            }
            Some(_) => self.misfit(),
            None => self.out_of_place(pid),
        }
    }

    /// PUBREC: the broker has it; from here on only PUBREL is sent [MQTT-4.3.3-1].
    pub(super) fn on_pubrec(&mut self, pid: u16, now: Millis) -> Result<(), &'static str> {
        let order = self.ops.next_order();
        match self.ops.by_pid(pid) {
            Some((_, op)) if publish_qos(&op.work) == 2 => {
                let first = op.stage == Stage::Sent;
                if first {
                    op.stage = Stage::Released;
                    op.order = order;
                }
                op.since = now;
                self.link.last_ack = now;
                let stored = op.stored;
                if first {
                    self.ops.journal.state(stored, Stage::Released, pid, order);
                }
            }
            Some(_) => self.misfit()?,
            None => self.out_of_place(pid)?,
        }
        write::ack(&mut self.out, Ack::PubRel, pid);
        Ok(())
    }

    /// Given up while they were in flight; see `Ops::reserved`.
    pub(super) fn reserve_identifiers(&mut self) {
        for key in self.ops.sent_publishes() {
            if self.ops.get(key).is_some_and(|op| publish_qos(&op.work) == 2) {
                self.ops.reserve_pid(key);
            }
        }
    }

    pub(super) fn expect_ack(&mut self, now: Millis) {
        if !self.timers.is_set(Timer::Ack) {
            self.timers.set(Timer::Ack, now + self.cfg.ack_timeout);
        }
    }

    pub(super) fn waiting_messages(&self) -> usize {
        self.held.messages + self.again.messages
    }
}

/// QoS of a publish, 0 for anything else.
fn publish_qos(work: &Work) -> u8 {
    match work {
        Work::Publish(packet) => publish::qos(packet),
        _ => 0,
    }
}

fn encode(out: &mut Vec<u8>, message: &Message<'_>, pid: u16) {
    publish::encode(out, Version::V4, &message.parts(), pid);
}
