//! A model of a broker and of the calls of an application, for random sequences of calls, answers, losses and stops: what the
//! broker has in the end is what the engine believes that it has, and what the calls that were neither refused nor withdrawn ask
//! for. `sequences` runs and compares.

use std::collections::{BTreeMap, VecDeque};

use crate::codec::{PacketId, Version};
use crate::engine::effects::Effects;
use crate::engine::error::{Code, Error};
use crate::engine::output::{Event, Token};
use crate::engine::random::Random;
use crate::engine::subscriptions::request::BEFORE_LATER_CALLS;
use crate::engine::subscriptions::tests::{call, subscriptions};
use crate::engine::subscriptions::{Call, Handler, Kind, Subscriptions};
use crate::engine::withdrawing::Withdrawn;

const NAMES: [&str; 3] = ["a", "b", "c"];
const REFUSED: u8 = 0x87;
const ACK_TIMEOUT: u64 = 1000;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Pending,
    Done,
    Failed,
    /// Its answer did not come in time; it may come later.
    Overdue,
    Withdrawn(Withdrawn),
}

#[derive(Debug)]
struct Made {
    kind: Kind,
    names: Vec<&'static str>,
    qos: u8,
    /// Of its handler, which takes the place of those before it that have the same.
    key: u32,
    fate: Fate,
}

/// A packet on its way to the broker, or its answer on the way back.
#[derive(Debug)]
struct OnWay {
    slot: u32,
    kind: Kind,
    filters: Vec<(String, u8)>,
    codes: Vec<u8>,
    /// The call that made it; what nobody has called the broker does not refuse.
    call: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Mode {
    /// Of each hundred SUBSCRIBE and UNSUBSCRIBE of one filter, so many are refused.
    refusals: u64,
    loses_sessions: bool,
    /// An UNSUBSCRIBE that is on the wire then may have been handled, or not.
    stops: bool,
    /// UNSUBACKs may come behind later SUBACKs.
    late_unsubacks: bool,
    /// Time passes, and `acktimeout` ends calls.
    has_overdue: bool,
}

struct World {
    all: Subscriptions,
    random: Random,
    mode: Mode,
    seq: u64,
    made: BTreeMap<u64, Made>,
    to_broker: VecDeque<OnWay>,
    answers: VecDeque<OnWay>,
    broker: BTreeMap<String, u8>,
    online: bool,
    now: u64,
    log: Vec<String>,
}

impl World {
    fn new(seed: u64, mode: Mode) -> Self {
        World {
            all: subscriptions(),
            random: Random::new(seed),
            mode,
            seq: BEFORE_LATER_CALLS,
            made: BTreeMap::new(),
            to_broker: VecDeque::new(),
            answers: VecDeque::new(),
            broker: BTreeMap::new(),
            online: true,
            now: 0,
            log: Vec::new(),
        }
    }

    /// The events tell which calls have ended.
    fn heed(&mut self, effects: &Effects) {
        for event in effects.events() {
            if let Event::Done { token, result } = event {
                let made = self.made.get_mut(&u64::from(token.get())).unwrap();
                if made.fate == Fate::Pending {
                    made.fate = match result {
                        Ok(_) => Fate::Done,
                        Err(error) if error.code == Code::Timeout => Fate::Overdue,
                        Err(_) => Fate::Failed,
                    };
                }
            }
        }
    }

    fn call(&mut self, kind: Kind) {
        self.seq += 1;
        let several = self.mode.refusals == 0 && self.random.up_to(3) == 0;
        let names = match several {
            true => NAMES.to_vec(),
            false => vec![NAMES[self.random.up_to(1) as usize]],
        };
        let qos = self.random.up_to(2) as u8;
        let mut asked = call(self.seq, &names);
        for filter in &mut asked.filters {
            filter.options = if kind == Kind::Subscribe { qos } else { 0 };
        }
        // An UNSUBSCRIBE of several packets could be withdrawn in part.
        let together = match kind {
            Kind::Subscribe => 1 + self.random.up_to(1) as usize,
            Kind::Unsubscribe => NAMES.len(),
        };
        let token = Token::new(self.seq as u32);
        let asked = Call {
            token,
            together,
            ..asked
        };
        self.log.push(format!("{kind:?} {} {names:?} {qos}", self.seq));
        let key = self.random.up_to(3) as u32;
        let number = self.seq as u32;
        let handler = Handler {
            key,
            ..Handler::new(number)
        };
        let fate = Fate::Pending;
        self.made.insert(
            self.seq,
            Made {
                kind,
                names,
                qos,
                key,
                fate,
            },
        );
        let mut effects = Effects::default();
        match kind {
            Kind::Subscribe => self.all.subscribe(asked, Some(handler)),
            Kind::Unsubscribe => self.all.unsubscribe(asked, self.online, &mut effects),
        }
        self.heed(&effects);
    }

    fn withdraw(&mut self) {
        let pending: Vec<u64> = self
            .made
            .iter()
            .filter(|(_, made)| {
                made.fate == Fate::Pending && (!self.mode.stops || made.kind == Kind::Subscribe)
            })
            .map(|(&seq, _)| seq)
            .collect();
        if pending.is_empty() {
            return;
        }
        let seq = pending[self.random.up_to(pending.len() as u64 - 1) as usize];
        let mut effects = Effects::default();
        let withdrawn = self.all.withdraw(Token::new(seq as u32).unwrap(), &mut effects);
        self.log.push(format!("withdraw {seq}: {withdrawn:?}"));
        assert_ne!(withdrawn, Withdrawn::Unknown, "a pending call is known");
        self.made.get_mut(&seq).unwrap().fate = Fate::Withdrawn(withdrawn);
        self.heed(&effects);
    }

    fn send(&mut self) {
        if !self.online {
            return;
        }
        let Some((slot, contents)) = self.all.next_request() else {
            return;
        };
        let (kind, filters) = (contents.kind, contents.filters.clone());
        let request = self
            .all
            .requests
            .look_at(slot)
            .filter(|request| !request.restores);
        let call = request
            .map(|request| request.seq)
            .filter(|seq| self.made.contains_key(seq));
        self.all.sent(
            self.now,
            slot,
            PacketId::new(slot as u16 + 1).unwrap(),
            ACK_TIMEOUT,
            0,
        );
        let filters: Vec<_> = filters.into_iter().map(|one| (one.filter, one.options)).collect();
        self.log.push(format!("send {kind:?} {filters:?}"));
        let codes = Vec::new();
        self.to_broker.push_back(OnWay {
            slot,
            kind,
            filters,
            codes,
            call,
        });
    }

    /// The broker handles the next packet.
    fn broker_answers(&mut self, refusals: u64) {
        let Some(mut packet) = self.to_broker.pop_front() else {
            return;
        };
        for (filter, options) in &packet.filters {
            let is_refused = refusals > self.random.up_to(99) && packet.call.is_some();
            packet.codes.push(match packet.kind {
                _ if is_refused => REFUSED,
                Kind::Subscribe => {
                    self.broker.insert(filter.clone(), *options);
                    *options
                }
                Kind::Unsubscribe => {
                    self.broker.remove(filter);
                    0
                }
            });
        }
        self.log
            .push(format!("broker {:?} {:?}", packet.filters, packet.codes));
        self.answers.push_back(packet);
    }

    fn deliver(&mut self) {
        let is_late = self.mode.late_unsubacks && self.random.up_to(1) == 0;
        let mut answers = self.answers.iter();
        let suback = answers.position(|one| one.kind == Kind::Subscribe);
        let next = suback.filter(|_| is_late).unwrap_or(0);
        let Some(OnWay {
            slot,
            kind,
            codes,
            call,
            ..
        }) = self.answers.remove(next)
        else {
            return;
        };
        if let (Kind::Unsubscribe, Some(seq), [REFUSED]) = (kind, call, &codes[..]) {
            self.made.get_mut(&seq).unwrap().fate = Fate::Failed;
        }
        self.log.push(format!("answer {codes:?}"));
        let mut effects = Effects::default();
        self.all
            .on_answer(Version::V5, kind, slot, &codes, &[], &mut effects)
            .unwrap();
        self.heed(&effects);
    }

    fn lose(&mut self) {
        // One that is granted, lost and then refused is subscribed, and has failed.
        if self.mode.refusals > 0 {
            return;
        }
        self.log.push("lose".to_owned());
        self.online = false;
        self.to_broker.clear();
        self.answers.clear();
    }

    /// Time passes, and each deadline that is reached is confirmed.
    fn pass_time(&mut self) {
        self.now += self.random.up_to(ACK_TIMEOUT);
        self.log.push(format!("time {}", self.now));
        let error = Error::new(Code::Timeout, "overdue");
        let mut effects = Effects::default();
        for grace in [0, 250] {
            self.now += grace;
            if self.all.ack_expired(self.now) {
                self.all.end_overdue(self.now, ACK_TIMEOUT, &error, &mut effects);
            }
        }
        self.heed(&effects);
    }

    /// The client stops, and is started again.
    fn restart(&mut self) {
        self.log.push("stop".to_owned());
        self.online = false;
        self.to_broker.clear();
        self.answers.clear();
        let mut effects = Effects::default();
        self.all.drain(&mut Vec::new(), &mut effects);
        self.all.forget_ungranted(&mut effects);
        for made in self.made.values_mut() {
            if made.fate == Fate::Pending {
                made.fate = Fate::Failed;
            }
        }
        self.connect();
    }

    fn connect(&mut self) {
        if self.online {
            return;
        }
        self.online = true;
        let present = !(self.mode.loses_sessions && self.random.up_to(1) == 0);
        if !present {
            self.broker.clear();
        }
        self.log.push(format!("connect, session present: {present}"));
        let mut effects = Effects::default();
        let seq = &mut self.seq;
        let mut next = || {
            *seq += 1;
            *seq
        };
        self.all.connected(present, 2, &mut next, &mut effects);
        self.heed(&effects);
    }

    fn step(&mut self) {
        match self
            .random
            .up_to(15 + u64::from(self.mode.stops) + u64::from(self.mode.has_overdue))
        {
            0..=2 => self.call(Kind::Subscribe),
            3 => self.call(Kind::Unsubscribe),
            4..=6 if !self.mode.late_unsubacks => self.withdraw(),
            4..=6 => {}
            7..=8 => self.send(),
            9..=10 => self.broker_answers(self.mode.refusals),
            11..=13 => self.deliver(),
            14 => self.lose(),
            15 => self.connect(),
            16 if self.mode.has_overdue => self.pass_time(),
            _ => self.restart(),
        }
    }

    /// Everything that is pending is answered.
    fn settle(&mut self) {
        self.connect();
        while self.all.has_request() || !self.to_broker.is_empty() || !self.answers.is_empty() {
            self.send();
            self.broker_answers(0);
            self.deliver();
        }
    }
}

mod sequences;
