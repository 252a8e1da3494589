//! CONNECT and CONNACK (§3.1, §3.2).

use mqttbytes::v4::{Connect, LastWill, Login, Packet};
use mqttbytes::{Protocol, QoS};

use super::harness::{config, is_five, refusal, Dial, Sim};
use crate::engine::{Config, Engine, State, Will};

fn full() -> Config {
    Config {
        client_id: "id-é".into(),
        clean_session: false,
        keepalive: Some(30_000),
        will: Some(Will {
            topic: "last/words".into(),
            payload: b"bye".to_vec(),
            qos: 1,
            retain: true,
            properties: Vec::new(),
        }),
        username: Some("me".into()),
        password: Some(b"secret".to_vec()),
        ..config()
    }
}

fn expected() -> Connect {
    Connect {
        protocol: Protocol::V4,
        keep_alive: 30,
        client_id: "id-é".into(),
        clean_session: false,
        last_will: Some(LastWill {
            topic: "last/words".into(),
            message: "bye".into(),
            qos: QoS::AtLeastOnce,
            retain: true,
        }),
        login: Some(Login {
            username: "me".into(),
            password: "secret".into(),
        }),
    }
}

#[test]
fn connect_carries_will_user_password_keepalive_and_the_clean_flag() {
    let sim = Sim::online(full());
    assert_eq!(sim.broker.connects, [expected()]);
}

#[test]
fn connect_is_the_same_on_every_connection() {
    let mut sim = Sim::online(full());
    sim.reconnect();
    sim.broker.lose_session();
    sim.reconnect();
    sim.stop();
    sim.start();
    assert_eq!(sim.broker.connects, vec![expected(); 4]);
}

#[test]
fn connect_without_options_has_none() {
    let sim = Sim::online(config());
    let connect = &sim.broker.connects[0];
    assert!(connect.clean_session && connect.last_will.is_none() && connect.login.is_none());
    assert_eq!(connect.keep_alive, 60);
}

#[test]
fn a_keepalive_of_part_of_a_second_is_rounded_up_and_never_off() {
    for (ms, told) in [(1, 1), (1_500, 2), (65_535_000, 65_535), (0, 0)] {
        let sim = Sim::online(Config {
            keepalive: Some(ms).filter(|&ms| ms > 0),
            ..config()
        });
        assert_eq!(sim.broker.connects[0].keep_alive, told);
    }
}

#[test]
fn a_client_id_is_made_up_once_and_kept() {
    let mut sim = Sim::online(Config {
        client_id: String::new(),
        ..config()
    });
    sim.reconnect();
    let ids: Vec<&str> = sim.broker.connects.iter().map(|c| &*c.client_id).collect();
    assert_eq!(ids[0].len(), 23);
    assert!(ids[0].bytes().all(|c| c.is_ascii_alphanumeric()));
    assert_eq!(ids[0], ids[1]);
    let other = Engine::new(config(), 2).unwrap();
    assert_ne!(other.config().client_id, ids[0]);
}

#[test]
fn nothing_but_connect_is_sent_before_connack() {
    let mut sim = Sim::new(config());
    sim.auto = false;
    sim.start();
    sim.publish("a", "0", 0);
    sim.publish("a", "1", 1);
    sim.subscribe(&[("a", 0)], None);
    assert!(sim.broker.packets.iter().all(|p| matches!(p, Packet::Connect(_))));
    assert_eq!(sim.engine.state(), State::Connecting);
    sim.auto = true;
    sim.settle();
    assert_eq!(sim.broker.texts(), ["0", "1"]);
}

#[test]
fn start_ends_with_connack_and_the_event_comes_first() {
    let mut sim = Sim::new(config());
    sim.auto = false;
    let token = sim.start();
    assert!(sim.is_pending(token));
    sim.auto = true;
    sim.settle();
    sim.ok(token);
    assert_eq!(sim.log, ["connected 0"]);
    assert_eq!(sim.engine.state(), State::Connected);
}

#[test]
fn every_start_before_connack_ends_with_it_and_only_one_transport_is_opened() {
    let mut sim = Sim::new(config());
    sim.auto = false;
    let tokens = [sim.start(), sim.start(), sim.start()];
    sim.auto = true;
    sim.settle();
    for token in tokens {
        sim.ok(token);
    }
    let online = sim.start();
    sim.ok(online);
    assert_eq!(sim.opens.len(), 1);
}

#[test]
fn each_refusal_reaches_start_and_on_connect_with_its_code() {
    for (code, name) in [
        (
            1,
            if is_five() {
                "NOT_SUPPORTED"
            } else {
                "CONNECTION_REFUSED"
            },
        ),
        (2, "CONNECTION_REFUSED"),
        (3, "CONNECTION_REFUSED"),
        (4, "NOT_AUTHORIZED"),
        (5, "NOT_AUTHORIZED"),
    ] {
        let mut sim = Sim::new(config());
        sim.broker.connack = Some(code);
        let token = sim.start();
        assert_eq!(sim.fate(token), name);
        assert_eq!(
            sim.error(token).reason,
            Some(crate::codec::ReasonCode(refusal(code)))
        );
        assert_eq!(sim.connacks, [(false, refusal(code))]);
        assert_eq!(sim.engine.state(), State::Connecting);
        assert!(sim.disconnects.is_empty() && sim.errors.is_empty());
        assert_eq!(sim.wire, None);
    }
}

#[test]
fn a_refusal_that_nobody_awaits_is_an_error_event() {
    let mut sim = Sim::new(config());
    sim.broker.connack = Some(5);
    sim.engine.start(sim.now, None);
    sim.settle();
    let refused = format!("connected {}", refusal(5));
    assert_eq!(sim.log, [&*refused, "error NOT_AUTHORIZED"]);
}

#[test]
fn after_a_refusal_everything_waits_and_goes_out_once_accepted() {
    let mut sim = Sim::new(config());
    sim.broker.connack = Some(5);
    sim.start();
    let publish = sim.publish("a", "x", 1);
    assert!(sim.is_pending(publish));
    sim.broker.connack = Some(0);
    let start = sim.start();
    sim.ok(start);
    sim.ok(publish);
}

#[test]
fn connack_and_what_follows_it_may_come_in_one_chunk() {
    let mut sim = Sim::new(config());
    sim.broker.connack = None;
    sim.start();
    sim.inject(b"\x20\x02\x00\x00\x30\x04\x00\x01ax\x30\x04\x00\x01by");
    assert_eq!(sim.log, ["connected 0", "message a", "message b"]);
}

#[test]
fn servers_are_tried_in_turn_until_one_accepts_and_it_is_kept() {
    let mut sim = Sim::new(Config {
        servers: vec!["mqtt://a:1".into(), "mqtt://b:1".into(), "mqtt://c:1".into()],
        ..config()
    });
    sim.dial = Dial::Refuse;
    sim.start();
    sim.start();
    sim.dial = Dial::Accept;
    sim.start();
    sim.drop_connection();
    sim.start();
    let servers: Vec<usize> = sim.opens.iter().map(|(_, server)| *server).collect();
    assert_eq!(servers, [0, 1, 2, 2]);
    assert!(sim.errors.last().unwrap().message.contains("mqtt://c:1"));
}

#[test]
fn the_state_has_the_name_users_know() {
    let mut sim = Sim::new(config());
    assert_eq!(sim.engine.state().name(), "idle");
    sim.dial = Dial::Refuse;
    sim.start();
    assert_eq!(sim.engine.state().name(), "connecting");
    sim.dial = Dial::Accept;
    sim.start();
    assert_eq!(sim.engine.state().name(), "connected");
    sim.drop_connection();
    assert_eq!(sim.engine.state().name(), "reconnecting");
    sim.stop();
    assert_eq!(sim.engine.state().name(), "stopped");
}

#[test]
fn bytes_behind_a_refusal_do_not_belong_to_the_next_connection() {
    let mut sim = Sim::new(config());
    sim.broker.connack = None;
    sim.start();
    let refusal: &[u8] = if is_five() {
        &[0x20, 3, 0, 0x87, 0]
    } else {
        &[0x20, 2, 0, 5]
    };
    sim.inject_raw(&[refusal, &[0x30, 0x50, 0]].concat());
    assert!(!sim.engine.is_online());
    sim.broker.connack = Some(0);
    let attempts = sim.broker.connects.len();
    sim.start();
    assert_eq!(
        (sim.engine.is_online(), sim.broker.connects.len()),
        (true, attempts + 1)
    );
}
