//! The keys of `certs`, `websocket` and `transport`, and what each platform takes of them; settings that were built without
//! the validator.

use super::validation::{set, text};
use crate::engine::endpoint::Platform;
use crate::engine::validate::{Builder, Value};
use crate::engine::{Code, Config, Engine, Error, Will};

/// With `certs` or `websocket`, and a key of it.
fn with_object(server: &str, key: &str, value: Value, platform: Platform) -> Result<Config, Error> {
    let mut builder = Builder::default();
    builder.set("mqttserver", text(server))?;
    builder.set_inner(key, value)?;
    builder.set(key.split('.').next().unwrap(), Value::Other("an object"))?;
    builder.finish(platform)
}

#[test]
fn certs_mean_tls() {
    for (server, url) in [
        ("h", "mqtts://h:8883"),
        ("h:9999", "mqtts://h:9999"),
        ("h:1883", "mqtts://h:1883"),
        ("wss://h/p", "wss://h:443/p"),
    ] {
        let cfg = with_object(server, "certs.ca", text("ca.pem"), Platform::Node).unwrap();
        assert_eq!(cfg.servers, [url]);
        assert!(!cfg.unverified);
    }
    for server in ["mqtt://h", "ws://h"] {
        let error = with_object(server, "certs.ca", text("ca.pem"), Platform::Node).unwrap_err();
        assert!(error.message.contains("not encrypted"), "{}", error.message);
    }
    let off = "certs.dangerouslyDisableServerVerification";
    assert!(
        with_object("h", off, Value::Bool(true), Platform::Node)
            .unwrap()
            .unverified
    );
}

#[test]
fn what_only_node_can_do_is_refused_elsewhere() {
    let page = Platform::Browser {
        secure: true,
        streams: true,
    };
    let wasi = Platform::Wasi { tls: false };
    for (platform, why) in [(wasi, " needs TLS: use "), (page, " is for Node only: ")] {
        for (key, value) in [
            ("certs.ca", text("ca.pem")),
            ("websocket.headers", Value::Other("an object")),
            ("websocket.agent", Value::Other("an object")),
        ] {
            let error = with_object("h", key, value, platform).unwrap_err();
            assert!(error.message.contains(why), "{}", error.message);
        }
    }
    assert!(with_object("h", "websocket.protocols", text("a"), page).is_ok());
}

#[test]
fn a_page_takes_a_transport_when_it_can_open_one() {
    let platform = |streams| Platform::Browser {
        secure: false,
        streams,
    };
    let with = |platform| {
        let mut builder = Builder::default();
        builder.set("transport", Value::Other("a function")).unwrap();
        builder.finish(platform)
    };
    for able in [Platform::Node, platform(true)] {
        assert!(with(able).is_ok());
    }
    let error = with(platform(false)).unwrap_err();
    assert!(error.message.contains("import"), "{}", error.message);
}

#[test]
fn keys_of_an_object_are_checked_like_all_others_and_never_shown() {
    let inner = |key: &str, value| Builder::default().set_inner(key, value).unwrap_err();
    assert!(inner("certs.certt", text("a"))
        .message
        .contains("did you mean \"certs.cert\"?"));
    for (key, value) in [
        ("certs.ca", Value::Number(1234.0)),
        ("certs.passphrase", Value::Number(1234.0)),
        ("certs.dangerouslyDisableServerVerification", text("1234")),
        ("websocket.headers", text("1234")),
        ("websocket.protocols", Value::Number(1234.0)),
    ] {
        let error = inner(key, value);
        assert_eq!(error.code, Code::InvalidOption);
        assert!(
            error.message.contains(key) && !error.message.contains("1234"),
            "{}",
            error.message
        );
    }
    assert!(Builder::default()
        .set_inner("certs.ca", text(&"x".repeat(100_000)))
        .is_ok());
    assert!(set("certs.ca", text("a")).is_err());
    assert!(set("certs", text("a"))
        .unwrap_err()
        .message
        .contains("must be an object"));
}

#[test]
fn a_client_is_not_made_of_settings_that_it_cannot_work_with() {
    let good = super::harness::config;
    let twice = [0x21, 0, 9].repeat(2);
    let with_will = |topic: &str, qos, properties: &[u8]| Config {
        will: Some(Will {
            topic: topic.into(),
            payload: Vec::new(),
            qos,
            retain: false,
            properties: properties.to_vec(),
        }),
        ..good()
    };
    let wrong = [
        Config {
            servers: Vec::new(),
            ..good()
        },
        Config {
            properties: twice.clone(),
            ..good()
        },
        with_will("a/#", 0, &[]),
        with_will("a", 3, &[]),
        with_will("a", 0, &twice),
        Config {
            will: Some(Will {
                topic: "a".into(),
                payload: vec![0; 65_536],
                qos: 0,
                retain: false,
                properties: Vec::new(),
            }),
            ..good()
        },
        Config {
            username: Some("x".repeat(70_000)),
            ..good()
        },
        Config {
            password: Some(vec![0; 65_536]),
            ..good()
        },
        Config {
            client_id: "a\0".into(),
            ..good()
        },
        Config {
            max_inflight: 0,
            ..good()
        },
        Config {
            keepalive: Some(65_536_000),
            ..good()
        },
        Config {
            connect_timeout: 0,
            ..good()
        },
    ];
    for (number, config) in wrong.into_iter().enumerate() {
        assert!(Engine::new(config, 1).is_err(), "{number}");
    }
    assert!(Engine::new(with_will("a", 2, &[]), 1).is_ok());
}
