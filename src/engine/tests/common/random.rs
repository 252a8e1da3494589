//! The laws under random sequences of calls, faults and clock jumps. Every run follows from its seed;
//! `MQTT_SEEDS=from..to cargo test random` runs others, one after the other.

use super::harness::{config, is_five, message, Dial, Sim};
use crate::engine::random::Random;
use crate::engine::{Config, Error, Outcome, Policy, Token};

struct Run {
    sim: Sim,
    rng: Random,
    /// Messages of QoS 1 and 2 that were taken: token, payload, QoS.
    sent: Vec<(Token, String, u8)>,
    /// What another client published to this one: payload, QoS.
    owed: Vec<(String, u8)>,
    /// The broker has forgotten the session at some time, or this client has given up messages.
    lost: bool,
    stopped: bool,
    next: u32,
    /// The most publishes that were pending.
    peak: usize,
    steps: Vec<String>,
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut rng = Random::new(seed);
        let pick = |rng: &mut Random, of: &[u64]| of[rng.up_to(of.len() as u64 - 1) as usize];
        let clean_session = rng.up_to(3) == 0;
        let cfg = Config {
            clean_session,
            keepalive: positive(pick(&mut rng, &[0, 5_000, 60_000])),
            max_inflight: pick(&mut rng, &[1, 3, 1_000]) as usize,
            offline_size: pick(&mut rng, &[20, 100_000]) as usize,
            batch_size: pick(&mut rng, &[1, 3, 5]) as usize,
            queue_size: pick(&mut rng, &[1, 3, 5]) as usize,
            publish_interval: pick(&mut rng, &[0, 1_000, 60_000]),
            max_reconnect_delay: pick(&mut rng, &[1, 5_000, 256_000]),
            ack_timeout: pick(&mut rng, &[3_000, 30_000]),
            servers: (0..=rng.up_to(2))
                .map(|i| ["mqtt://h:", &i.to_string()].concat())
                .collect(),
            offline_policy: [Policy::Refuse, Policy::DropOldest, Policy::Latest][rng.up_to(2) as usize],
            offline_bytes: pick(&mut rng, &[300, 1 << 20]) as usize,
            offline_expiry: positive(pick(&mut rng, &[0, 0, 500, 20_000])),
            publish_timeout: positive(pick(&mut rng, &[0, 0, 500, 20_000])),
            max_packet_size: pick(&mut rng, &[100, 268_435_460]) as usize,
            ..config()
        };
        let mut run = Run {
            sim: Sim::seeded(cfg, seed),
            rng,
            sent: Vec::new(),
            owed: Vec::new(),
            lost: clean_session,
            stopped: false,
            next: 0,
            peak: 0,
            steps: Vec::new(),
        };
        run.sim.start();
        run.sim.subscribe(&[("in/#", 2)], Some(1));
        run
    }

    fn below(&mut self, n: u64) -> u64 {
        self.rng.up_to(n - 1)
    }

    fn payload(&mut self) -> String {
        self.next += 1;
        format!("\"m{}\"", self.next)
    }

    fn step(&mut self) {
        let what = self.below(106);
        let qos = self.below(3) as u8;
        self.steps.push(format!("{what}/{qos}@{}", self.sim.now));
        match what {
            0..=24 => {
                let payload = self.payload();
                let token = self.sim.publish("out", &payload, qos);
                self.taken(token, payload, qos);
            }
            25..=29 => {
                for _ in 0..self.below(30) {
                    let payload = self.payload();
                    let token = self.sim.publish_undrained("out", payload.as_bytes(), qos);
                    self.taken(token, payload, qos);
                }
                self.sim.settle();
            }
            30..=36 => {
                let payload = self.payload();
                let token = self.sim.queue("out", &payload, qos);
                self.taken(token, payload, qos);
            }
            37..=43 => {
                let payload = self.payload();
                let token = self.sim.batch_as(&message("out", payload.as_bytes(), qos));
                self.taken(token, payload, qos);
            }
            44..=45 => self.sim.flush(),
            46..=52 => {
                let payload = self.payload();
                if self.sim.incoming("in/x", &payload, qos) {
                    self.owed.push((payload, qos));
                }
            }
            53..=55 => {
                let filter = ["x", "y/#", "in/+"][self.below(3) as usize];
                let handler = [None, Some(2), Some(3)][self.below(3) as usize];
                self.sim.subscribe(&[(filter, qos), ("z", 0)], handler);
            }
            56 => {
                self.sim.unsubscribe(&["x", "y/#"]);
            }
            57..=60 => self.sim.drop_connection(),
            61..=64 => self.sim.cut_up = Some(1 + self.below(60) as usize),
            65..=68 => self.sim.cut_down = Some(1 + self.below(40) as usize),
            69 => self.sim.dial = Dial::Refuse,
            70 => self.sim.dial = Dial::Silent,
            71..=73 => self.sim.dial = Dial::Accept,
            74 => self.sim.broker.silent = true,
            75..=76 => self.sim.broker.silent = false,
            77 => self.sim.broker.acks = false,
            78 => self.sim.broker.acks = true,
            79 => self.sim.broker.subacks = !self.sim.broker.subacks,
            80 => self.sim.broker.connack = [None, Some(3), Some(5)][self.below(3) as usize],
            81..=82 => self.sim.broker.connack = Some(0),
            83 => self.sim.block(qos > 0),
            84 => self.sim.piece = [1, 3, usize::MAX][qos as usize],
            85..=90 => {
                let ms = [10, 1_000, 40_000][self.below(3) as usize];
                let ms = self.below(ms);
                self.sim.advance(ms);
            }
            91..=92 => {
                // The machine sleeps; timers come late.
                let ms = self.below(600_000);
                self.sim.sleep(ms);
                self.sim.tick();
            }
            93 => {
                self.sim.auto = false;
                let ms = self.below(3_000);
                self.sim.advance(ms);
                self.sim.auto = true;
                self.sim.settle();
            }
            94 if qos == 0 => {
                // A broker restarts without its memory.
                self.sim.drop_connection();
                self.sim.broker.lose_session();
                self.lost = true;
            }
            95 if qos == 0 => {
                self.sim.stop();
                self.stopped = true;
            }
            96..=97 => {
                self.sim.start();
            }
            98 if qos == 0 => {
                let junk: Vec<u8> = (0..self.below(20)).map(|_| self.rng.next() as u8).collect();
                if self.sim.wire.is_some_and(|(_, open)| open) {
                    // Junk can look like an acknowledgement or a message, so nothing holds after it.
                    self.lost = true;
                    self.stopped = true;
                    self.owed.clear();
                    self.sent.clear();
                    self.sim.inject_raw(&junk);
                }
            }
            100..=101 => self.sim.network(false),
            102..=103 => self.sim.network(true),
            104 => {
                // Beyond `maxpacketsize`, where that is small.
                let payload = self.payload().repeat(30);
                let taken = self.sim.engine.config().max_packet_size > 1_000;
                // A server of MQTT 5 does not send it [MQTT-3.1.2-25].
                let sent = (taken || !is_five()) && self.sim.incoming("in/x", &payload, qos);
                if sent && taken {
                    self.owed.push((payload, qos));
                }
            }
            105 => {
                // A producer that does not wait, over several topics.
                for i in 0..self.below(50) {
                    let payload = self.payload();
                    let topic = ["out", "out/1", "out/2"][i as usize % 3];
                    let token = self.sim.publish_undrained(topic, payload.as_bytes(), qos);
                    self.taken(token, payload, qos);
                }
                self.sim.settle();
            }
            _ => {}
        }
        let engine = &self.sim.engine;
        let ([(messages, bytes), _], cfg) = (engine.usage(), engine.config());
        assert!(messages <= cfg.offline_size, "{messages}");
        assert!(bytes <= cfg.offline_bytes + 100, "{bytes}");
        // Stale entries are removed when others come.
        self.peak = self.peak.max(messages + engine.publishes());
        let most = 2 * self.peak + 200;
        assert!(engine.entries().iter().all(|&n| n <= most));
    }

    fn taken(&mut self, token: Token, payload: String, qos: u8) {
        if qos > 0 {
            self.sent.push((token, payload, qos));
        }
    }

    /// All faults end; everything must come to its end.
    fn heal(&mut self) {
        let sim = &mut self.sim;
        sim.network(true);
        sim.dial = Dial::Accept;
        sim.cut_up = None;
        sim.cut_down = None;
        sim.broker.silent = false;
        sim.broker.acks = true;
        sim.broker.subacks = true;
        sim.broker.connack = Some(0);
        sim.piece = usize::MAX;
        sim.block(false);
        sim.advance(20_000);
        // A SUBSCRIBE that was never answered is remembered for a late answer until here.
        sim.drop_connection();
        sim.start();
        sim.flush();
        sim.advance(600_000);
        assert!(sim.engine.is_online());
        sim.assert_empty();
    }

    fn check(&self) {
        let given = &self.sim.broker.given;
        // A payload is a JSON string with its quotes: it is found in its batch as well as by itself.
        let all: Vec<&str> = given
            .iter()
            .map(|g| std::str::from_utf8(&g.payload).unwrap_or(""))
            .collect();
        let count = |payload: &str| all.iter().filter(|text| text.contains(payload)).count();
        for (token, payload, qos) in &self.sent {
            let end: Option<&Result<Outcome, Error>> = self.sim.ended.get(token);
            let times = count(payload);
            match end {
                Some(Ok(_)) => assert!(times >= 1, "{payload} of QoS {qos} was acknowledged and is lost"),
                // Faults that happen to strike the same operation three times look like a broker that closes at it.
                Some(Err(error)) => assert!(
                    [
                        "QUEUE_FULL",
                        "STOPPED",
                        "DROPPED",
                        "EXPIRED",
                        "TIMEOUT",
                        "BROKER_CLOSES"
                    ]
                    .contains(&error.code.name())
                        || self.stopped,
                    "{payload}: {error:?}"
                ),
                None => panic!("{payload} did not end"),
            }
            // Nothing was sent of what says so.
            let never_sent = ["QUEUE_FULL", "DROPPED", "EXPIRED"].contains(&self.sim.fate(*token));
            assert!(!never_sent || times == 0, "{payload}: {end:?}, and it arrived");
            if *qos == 2 && !self.lost {
                assert!(times <= 1, "{payload} of QoS 2 arrived {times} times");
            }
        }
        if !self.lost {
            assert_eq!(self.sim.broker.owes(), 0);
            for (payload, qos) in &self.owed {
                let times = self
                    .sim
                    .messages
                    .iter()
                    .filter(|m| m.payload == payload.as_bytes())
                    .count();
                match qos {
                    0 => assert!(times <= 1, "{payload} of QoS 0 came {times} times"),
                    // The client may have unsubscribed nothing of `in/#`, so it is the broker's to bring.
                    1 => assert!(times >= 1, "{payload} of QoS 1 never came"),
                    _ => assert_eq!(times, 1, "{payload} of QoS 2 came {times} times"),
                }
            }
        }
    }
}

fn run(seed: u64) {
    let mut run = Run::new(seed);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for _ in 0..run.rng.up_to(150) {
            run.step();
        }
        run.heal();
        run.check();
        let stop = run.sim.stop();
        run.sim.advance(12_000);
        run.sim.ok(stop);
        run.sim.assert_stopped();
    }));
    if let Err(panic) = outcome {
        println!("steps: {}", run.steps.join(" "));
        println!(
            "seed {seed} fails; MQTT_SEEDS={seed}..{} cargo test random",
            seed + 1
        );
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn the_laws_hold_for_random_calls_faults_and_clock_jumps() {
    let given = std::env::var("MQTT_SEEDS").unwrap_or("0..300".into());
    let (from, to) = given.split_once("..").expect("MQTT_SEEDS=from..to");
    for seed in from.parse().unwrap()..to.parse().unwrap() {
        run(seed);
    }
}

#[test]
fn a_seed_leads_to_the_same_run_every_time() {
    let trace = |seed| {
        let mut run = Run::new(seed);
        for _ in 0..100 {
            run.step();
        }
        format!("{:?} {:?}", run.sim.log, run.sim.broker.packets)
    };
    for seed in 0..20 {
        assert_eq!(trace(seed), trace(seed));
    }
}

/// 0 is off.
fn positive(ms: u64) -> Option<u64> {
    Some(ms).filter(|&ms| ms > 0)
}
