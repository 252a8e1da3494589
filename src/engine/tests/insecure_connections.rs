//! What a transport says of certificates becomes the error, and what is not safe is reported once.

use super::harness::{config, Dial, Sim};
use crate::engine::{Code, Config};

fn codes(sim: &Sim) -> Vec<Code> {
    sim.errors.iter().map(|error| error.code).collect()
}

fn with_password(server: &str) -> Config {
    Config {
        username: Some("me".into()),
        password: Some(b"secret".to_vec()),
        servers: vec![server.into()],
        ..config()
    }
}

#[test]
fn a_transport_that_knows_why_is_believed_before_it_is_open_and_before_connack() {
    for open in [false, true] {
        let mut sim = Sim::new(config());
        sim.dial = Dial::Silent;
        sim.start();
        let (generation, _) = sim.wire.unwrap();
        if open {
            sim.engine.opened(sim.now, generation);
        }
        sim.engine.set_transport_error(Some(Code::CertificateRefused));
        sim.engine.closed(sim.now, generation, "it wants a certificate");
        sim.settle();
        let error = sim.ended.values().next().unwrap().clone().unwrap_err();
        assert_eq!(error.code, Code::CertificateRefused);
        assert_eq!(
            error.message,
            "cannot connect to mqtt://h:1883: it wants a certificate"
        );
    }
}

#[test]
fn an_old_reason_says_nothing_of_a_new_attempt() {
    let mut sim = Sim::new(config());
    sim.engine.set_transport_error(Some(Code::ServerUntrusted));
    sim.dial = Dial::Refuse;
    sim.start();
    let error = sim.ended.values().next().unwrap().clone().unwrap_err();
    assert_eq!(error.code, Code::ConnectionRefused);
}

#[test]
fn a_password_in_the_clear_is_reported_once() {
    for server in [
        "mqtt://h:1883",
        "ws://h:80/mqtt?a=b",
        "mqtt://[fe80::1]:1883",
        "mqtt://127.evil.example:1883",
        "ws://127.0.0.1.nip.io:80/mqtt",
    ] {
        let mut sim = Sim::online(with_password(server));
        assert_eq!(codes(&sim), [Code::Insecure], "{server}");
        assert!(!sim.errors[0].message.contains("secret") && !sim.errors[0].message.contains('?'));
        sim.stop();
        sim.start();
        assert_eq!(codes(&sim), [Code::Insecure], "{server}");
    }
}

#[test]
fn nothing_is_reported_for_this_machine_for_tls_and_without_a_password() {
    for server in [
        "mqtt://localhost:1883",
        "ws://localhost:80/mqtt",
        "mqtt://127.0.0.1:1883",
        "ws://127.1.2.3:80/",
        "mqtt://[::1]:1883",
        "mqtts://h:8883",
        "wss://h:443/mqtt",
    ] {
        assert_eq!(codes(&Sim::online(with_password(server))), [], "{server}");
    }
    assert_eq!(codes(&Sim::online(config())), []);
}

#[test]
fn a_server_that_is_not_verified_is_reported_once() {
    let mut sim = Sim::online(Config {
        unverified: true,
        servers: vec!["mqtts://h:8883".into()],
        ..config()
    });
    assert_eq!(codes(&sim), [Code::Insecure]);
    sim.stop();
    sim.start();
    assert_eq!(codes(&sim), [Code::Insecure]);
}
