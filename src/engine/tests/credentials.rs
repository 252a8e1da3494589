//! Credentials that are asked for before each attempt.

use super::harness::{config, Dial, Sim};
use crate::engine::{Code, Config, Engine, Error, Event, Generation, Output, State, Versions};

/// Of a client whose credentials come from a function; started.
pub(super) fn asking() -> Sim {
    let mut sim = Sim::new(Config::asking());
    sim.start();
    sim
}

/// Started, answered and online.
fn online() -> Sim {
    let mut sim = asking();
    sim.answer(Ok(config()));
    assert!(sim.engine.is_online());
    sim
}

fn failure() -> Error {
    Error::new(Code::CredentialsFailed, "no token today")
}

impl Sim {
    pub fn answer(&mut self, answer: Result<Config, Error>) {
        let generation = self.asked().0;
        self.answer_of(generation, answer);
    }

    fn answer_of(&mut self, generation: Generation, answer: Result<Config, Error>) {
        self.engine.credentials_given(self.now, generation, answer);
        self.settle();
    }

    fn asked(&self) -> (Generation, u32, Option<&'static str>) {
        *self.asks.last().expect("a question")
    }

    /// The connection is lost, or the attempt has failed: time passes until the next question.
    pub fn next_question(&mut self) {
        let asked = self.asks.len();
        while self.asks.len() == asked {
            self.advance(100);
        }
    }

    /// Attempt and last error of each question.
    fn questions(&self) -> Vec<(u32, Option<&'static str>)> {
        self.asks
            .iter()
            .map(|&(_, attempt, last)| (attempt, last))
            .collect()
    }
}

#[test]
fn nothing_is_opened_before_the_answer_and_then_it_is_what_counts() {
    let mut sim = asking();
    assert_eq!(sim.questions(), [(1, None)]);
    assert_eq!((sim.opens.len(), sim.engine.state()), (0, State::Connecting));
    sim.answer(Ok(Config {
        username: Some("token".into()),
        password: Some(b"1".to_vec()),
        keepalive: Some(7_000),
        ..config()
    }));
    let connect = &sim.broker.connects[0];
    assert_eq!(connect.client_id, "me");
    assert_eq!(connect.login.as_ref().map(|l| &*l.password), Some("1"));
    assert_eq!(connect.keep_alive, 7);
    assert_eq!(sim.engine.config().servers, ["mqtt://h:1883"]);
}

#[test]
fn each_connection_has_its_own_and_attempts_are_counted_since_the_last_one_accepted() {
    let mut sim = online();
    sim.drop_connection();
    sim.next_question();
    sim.dial = Dial::Refuse;
    sim.answer(Ok(config()));
    sim.next_question();
    sim.dial = Dial::Accept;
    sim.broker.connack = Some(5);
    sim.answer(Ok(config()));
    sim.next_question();
    sim.answer(Err(failure()));
    sim.next_question();
    sim.broker.connack = Some(0);
    sim.answer(Ok(Config {
        username: Some("fresh".into()),
        ..config()
    }));
    assert!(sim.engine.is_online());
    let last = sim.broker.connects.last().and_then(|c| c.login.as_ref());
    assert_eq!(last.map(|l| &*l.username), Some("fresh"));
    sim.drop_connection();
    sim.next_question();
    assert_eq!(
        sim.questions(),
        [
            (1, None),
            (1, Some("CONNECTION_LOST")),
            (2, Some("CONNECTION_REFUSED")),
            (3, Some("NOT_AUTHORIZED")),
            (4, Some("CREDENTIALS_FAILED")),
            (1, Some("CONNECTION_LOST")),
        ]
    );
}

#[test]
fn stop_and_start_begin_to_count_anew() {
    let mut sim = asking();
    sim.answer(Err(failure()));
    let stop = sim.stop();
    sim.ok(stop);
    sim.start();
    assert_eq!(sim.questions(), [(1, None), (1, None)]);
}

#[test]
fn a_failure_is_a_failed_attempt_and_the_delay_grows() {
    let mut sim = Sim::new(Config::asking());
    let publish = sim.publish("a", "x", 1);
    let start = sim.start();
    sim.answer(Err(failure()));
    assert_eq!(sim.fate(start), "CREDENTIALS_FAILED");
    assert_eq!(sim.engine.state(), State::Connecting);
    assert!(sim.errors.is_empty(), "start() carried it");
    for _ in 0..9 {
        sim.next_question();
        sim.answer(Err(failure()));
    }
    assert_eq!((sim.asked().1, sim.errors.len()), (10, 9));
    assert_eq!(sim.engine.failures(), 10);
    assert_eq!(sim.fate(publish), "pending");
    assert!(sim.opens.is_empty());
}

#[test]
fn one_that_never_answers_ends_with_the_connect_timeout() {
    let mut sim = Sim::new(Config {
        connect_timeout: 4_000,
        ..Config::asking()
    });
    let start = sim.start();
    sim.advance(3_999);
    assert!(sim.is_pending(start));
    sim.advance(300);
    assert_eq!(sim.fate(start), "TIMEOUT");
    let text = &sim.error(start).message;
    assert!(
        text.contains("credentials function") && text.contains("4 s"),
        "{text}"
    );
    sim.advance(1_100);
    assert_eq!(sim.questions(), [(1, None), (2, Some("TIMEOUT"))]);
}

#[test]
fn a_late_answer_is_ignored() {
    let mut sim = asking();
    let first = sim.asked().0;
    sim.advance(11_400);
    assert_eq!(sim.asks.len(), 2);
    sim.answer_of(first, Ok(config()));
    sim.answer_of(first, Err(failure()));
    assert!(sim.opens.is_empty() && sim.engine.awaits_credentials(sim.asked().0));
    sim.answer(Ok(config()));
    assert!(sim.engine.is_online());
    // And so is a second one.
    sim.answer(Err(failure()));
    assert!(sim.engine.is_online());
}

#[test]
fn after_the_answer_the_connection_has_its_own_connect_timeout() {
    let mut sim = asking();
    sim.dial = Dial::Silent;
    sim.advance(9_000);
    sim.answer(Ok(Config {
        connect_timeout: 3_000,
        ..config()
    }));
    sim.advance(2_900);
    assert!(sim.errors.is_empty() && sim.wire.is_some());
    sim.advance(400);
    assert_eq!(sim.asks.len(), 1);
    sim.advance(1_100);
    assert_eq!(sim.asked().2, Some("TIMEOUT"));
}

#[test]
fn stop_while_the_answer_is_awaited_works_at_once() {
    let mut sim = Sim::new(Config::asking());
    let start = sim.start();
    let generation = sim.asked().0;
    let stop = sim.stop();
    sim.ok(stop);
    assert_eq!(sim.fate(start), "STOPPED");
    sim.answer_of(generation, Ok(config()));
    sim.assert_stopped();
    assert!(sim.opens.is_empty());
}

#[test]
fn what_is_pending_is_sent_by_stop_once_the_answer_comes() {
    let mut sim = asking();
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    assert!(sim.is_pending(stop));
    sim.answer(Ok(config()));
    sim.ok(publish);
    sim.ok(stop);
    sim.assert_stopped();
}

#[test]
fn the_random_client_id_stays_and_one_that_is_given_counts() {
    let mut sim = asking();
    for id in ["", "", "mine", ""] {
        sim.answer(Ok(Config {
            client_id: id.into(),
            ..config()
        }));
        sim.drop_connection();
        sim.next_question();
    }
    let ids: Vec<_> = sim.broker.connects.iter().map(|c| &*c.client_id).collect();
    assert!(ids[0].len() > 8 && ids[0] == ids[1]);
    assert_eq!(ids[2..], ["mine", "mine"]);
}

#[test]
fn servers_are_tried_in_turn_each_with_its_own_answer() {
    let three = || Config {
        servers: ["mqtt://a:1", "mqtt://b:2", "mqtt://c:3"]
            .map(String::from)
            .into(),
        ..config()
    };
    let mut sim = Sim::new(Config::asking());
    sim.dial = Dial::Refuse;
    let start = sim.start();
    for _ in 0..3 {
        assert!(sim.is_pending(start));
        sim.answer(Ok(three()));
        sim.advance(20);
    }
    assert_eq!(sim.fate(start), "CONNECTION_REFUSED");
    assert_eq!(sim.opens.iter().map(|o| o.1).collect::<Vec<_>>(), [0, 1, 2]);
    // A failing function is no server's fault: the next one is not asked for at once.
    let start = sim.start();
    sim.answer(Ok(three()));
    sim.advance(20);
    sim.answer(Err(failure()));
    assert_eq!(sim.fate(start), "CREDENTIALS_FAILED");
    // Fewer servers than before: the next one is among them.
    sim.advance(4_000);
    sim.dial = Dial::Accept;
    sim.answer(Ok(config()));
    assert_eq!(sim.opens.last().map(|o| o.1), Some(0));
    assert!(sim.engine.is_online());
}

#[test]
fn a_refusal_is_followed_by_a_short_delay_because_the_next_credentials_are_others() {
    let mut sim = asking();
    sim.broker.connack = Some(5);
    sim.answer(Ok(config()));
    sim.advance(1_000);
    assert_eq!(sim.questions(), [(1, None), (2, Some("NOT_AUTHORIZED"))]);
}

#[test]
fn a_token_that_lives_two_seconds_does_not_make_the_delay_grow() {
    let mut sim = online();
    for _ in 0..50 {
        sim.advance(2_000);
        sim.drop_connection();
        sim.advance(1_000);
        sim.answer(Ok(config()));
        assert!(sim.engine.is_online());
    }
}

#[test]
fn without_reconnect_the_first_failure_ends_everything() {
    let mut sim = Sim::new(Config {
        reconnect: false,
        ..Config::asking()
    });
    let publish = sim.publish("a", "x", 1);
    let start = sim.start();
    sim.answer(Err(failure()));
    assert_eq!(
        (sim.fate(start), sim.fate(publish)),
        ("CREDENTIALS_FAILED", "CREDENTIALS_FAILED")
    );
    sim.assert_stopped();
}

#[test]
fn without_a_network_nobody_is_asked() {
    let mut sim = online();
    sim.network(false);
    sim.drop_connection();
    sim.advance(3_600_000);
    assert_eq!(sim.asks.len(), 1);
    sim.network(true);
    assert_eq!(sim.asks.len(), 2);
}

fn next_event(engine: &mut Engine) -> Event {
    loop {
        match engine.poll(0) {
            Output::Event(event) => return event,
            Output::Transmit { .. } => {}
            other => panic!("no attempt: {other:?}"),
        }
    }
}

/// What the engine wants next: the generation, and the server once it is a transport.
fn next(engine: &mut Engine) -> (Generation, Option<usize>) {
    loop {
        match next_event(engine) {
            Event::CredentialsRequested { generation, .. } => return (generation, None),
            Event::Open { generation, server } => return (generation, Some(server)),
            _ => {}
        }
    }
}

#[test]
fn a_server_reference_is_followed_as_long_as_the_answers_want_it() {
    let answer = |follow| Config {
        version: Versions::V5,
        follow_server_reference: follow,
        ..config()
    };
    let mut engine = Engine::new(Config::asking(), 1).unwrap();
    engine.start(0, None);
    let mut opened = Vec::new();
    for (now, follow, says) in [
        // CONNACK, then DISCONNECT: use another server, which is other:1884.
        (
            0,
            true,
            b"\x20\x03\0\0\0\xe0\x0f\x9c\x0d\x1c\0\x0aother:1884".as_slice(),
        ),
        (300_000, true, b""),
        (600_000, false, b""),
    ] {
        engine.tick(now);
        let (generation, _) = next(&mut engine);
        engine.credentials_given(now, generation, Ok(answer(follow)));
        let (generation, server) = next(&mut engine);
        opened.push((server, engine.config().servers.len()));
        engine.opened(now, generation);
        engine.space(says.len()).copy_from_slice(says);
        engine.received(now, generation, says.len());
        engine.closed(now, generation, "gone");
    }
    assert_eq!(opened, [(Some(0), 1), (Some(1), 2), (Some(0), 1)]);
}

#[test]
fn an_identifier_that_the_broker_has_assigned_stays() {
    let answer = || Config {
        version: Versions::V5,
        client_id: String::new(),
        assigned_id: true,
        ..config()
    };
    let mut engine = Engine::new(Config::asking(), 1).unwrap();
    engine.start(0, None);
    let mut ids = Vec::new();
    for (now, says) in [(0, b"\x20\x09\0\0\x06\x12\0\x03srv".as_slice()), (300_000, b"")] {
        engine.tick(now);
        let (generation, _) = next(&mut engine);
        engine.credentials_given(now, generation, Ok(answer()));
        ids.push(engine.config().client_id.clone());
        engine.opened(now, generation);
        engine.space(says.len()).copy_from_slice(says);
        engine.received(now, generation, says.len());
        engine.closed(now, generation, "gone");
    }
    assert_eq!(ids, ["", "srv"]);
}
