//! The one validator: every key with values of wrong types, every number beyond its bounds, every text that MQTT cannot
//! carry; of all other rules some examples. Keys of objects: `validation_objects.rs`.

use crate::engine::endpoint::Platform;
use crate::engine::format::number;
use crate::engine::keys::{Kind, KEYS};
use crate::engine::validate::{unknown, Builder, Value};
use crate::engine::{Class, Code, Config, Error};

/// Whole numbers, with their bounds.
const WHOLE: [(&str, f64, f64); 13] = [
    ("mqttport", 1.0, 65_535.0),
    ("willsetqos", 0.0, 2.0),
    ("queuesize", 1.0, 1e6),
    ("batchsize", 1.0, 1e6),
    ("maxinflight", 1.0, 65_535.0),
    ("maxinflightqos2", 1.0, 65_535.0),
    ("maxinflightbytes", 1.0, 2_147_483_648.0),
    ("maxunhandled", 1.0, 65_535.0),
    ("maxunhandledbytes", 1.0, 2_147_483_648.0),
    ("maxfilters", 1.0, 65_535.0),
    ("maxpacketsize", 16.0, 268_435_460.0),
    ("offlinesize", 0.0, 1e7),
    ("offlinebytes", 0.0, 2_147_483_648.0),
];
const SECONDS: [(&str, f64, f64); 8] = [
    ("offlineexpiry", 0.0, 2_147_483.0),
    ("publishtimeout", 0.0, 2_147_483.0),
    ("mqttkeepalive", 0.0, 65_535.0),
    ("maxmqttreconnectdelay", 0.0, 86_400.0),
    ("publishinterval", 0.0, 2_147_483.0),
    ("connecttimeout", 0.001, 2_147_483.0),
    ("acktimeout", 0.001, 2_147_483.0),
    ("stoptimeout", 0.0, 2_147_483.0),
];

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

pub(super) fn set(key: &str, value: Value) -> Result<(), Error> {
    Builder::default().set(key, value)
}

fn finish(pairs: &[(&str, Value)]) -> Result<Config, Error> {
    let mut builder = Builder::default();
    for (key, value) in pairs {
        builder.set(key, value.clone())?;
    }
    builder.finish(Platform::Node)
}

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::TextOrBytes | Kind::TextOrList)
}

#[test]
fn every_number_is_in_the_lists_with_its_bounds_and_nothing_else_is() {
    let mut listed = [&WHOLE[..], &SECONDS].concat();
    for (key, _, kind) in KEYS {
        let (list, min, max) = match kind {
            Kind::Whole(min, max) => (&WHOLE[..], min, max),
            Kind::Seconds(min, max) => (&SECONDS[..], min, max),
            _ => continue,
        };
        assert!(list.contains(&(key, min, max)), "{key}");
        listed.retain(|entry| entry.0 != key);
    }
    assert_eq!(listed, []);
}

#[test]
fn without_any_key_the_defaults_are_those_of_the_api() {
    let cfg = finish(&[]).unwrap();
    let expected = Config {
        servers: vec!["mqtt://localhost:1883".into()],
        ..Config::default()
    };
    assert_eq!(cfg, expected);
    assert_eq!((cfg.keepalive, cfg.max_reconnect_delay), (Some(60_000), 256_000));
    assert_eq!(
        (cfg.queue_size, cfg.batch_size, cfg.publish_interval),
        (5, 5, 60_000)
    );
    assert!(cfg.clean_session && cfg.will.is_none());
}

#[test]
fn every_key_may_be_absent() {
    for (key, ..) in KEYS {
        assert_eq!(set(key, Value::Absent), Ok(()), "{key}");
    }
}

#[test]
fn a_wrong_type_is_a_type_error_that_names_key_value_and_what_is_allowed() {
    for (key, _, kind) in KEYS {
        let mut wrong = vec![(Value::Other("an array"), "an array")];
        if !is_text(kind) {
            wrong.push((text("five"), "\"five\""));
        } else {
            wrong.push((Value::Number(5.5), "5.5"));
        }
        if !matches!(kind, Kind::Bool) {
            wrong.push((Value::Bool(true), "true"));
        }
        if !matches!(kind, Kind::TextOrBytes | Kind::Properties) {
            wrong.push((Value::Bytes(vec![1]), "bytes"));
        }
        for (value, shown) in wrong {
            let error = set(key, value).unwrap_err();
            assert_eq!(error.code.class(), Class::Type, "{key}");
            let says = |part: &str| error.message.contains(part);
            assert!(says(key) && says(" must be "), "{}", error.message);
            assert_eq!(says(shown), key != "mqttpassword", "{}", error.message);
        }
    }
}

#[test]
fn numbers_out_of_range_are_range_errors_and_the_bounds_themselves_are_good() {
    for (key, min, max) in WHOLE.into_iter().chain(SECONDS) {
        for good in [min, max] {
            assert_eq!(set(key, Value::Number(good)), Ok(()), "{key} {good}");
        }
        for bad in [
            min - 1.0,
            max + 1.0,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            -f64::INFINITY,
        ] {
            let error = set(key, Value::Number(bad)).unwrap_err();
            assert_eq!(error.code.class(), Class::Range, "{key} {bad}");
            let says = |part: &str| error.message.contains(part);
            assert!(says(key) && says(&number(bad)) && says(&number(max)));
        }
    }
    for (key, min, max) in WHOLE {
        if min < max {
            let error = set(key, Value::Number(min + 0.5)).unwrap_err();
            assert!(error.message.contains("whole"), "{}", error.message);
        }
    }
}

#[test]
fn seconds_may_have_fractions_and_never_become_nothing() {
    let cfg = finish(&[
        ("publishinterval", Value::Number(0.25)),
        ("mqttkeepalive", Value::Number(0.0001)),
    ])
    .unwrap();
    assert_eq!((cfg.publish_interval, cfg.keepalive), (250, Some(1)));
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    for (given, nearest) in [
        ("mqttserv", "mqttserver"),
        ("MQTTPort", "mqttport"),
        ("keepalive", "mqttkeepalive"),
        ("batchSize", "batchsize"),
        ("mqtt_password", "mqttpassword"),
        ("willsettopik", "willsettopic"),
    ] {
        let error = set(given, Value::Bool(true)).unwrap_err();
        assert_eq!(error.code, Code::InvalidOption);
        let hint = format!("did you mean \"{nearest}\"");
        assert!(
            error.message.contains(given) && error.message.contains(&hint),
            "{}",
            error.message
        );
    }
    let far = set("zzz", Value::Absent).unwrap_err();
    assert!(!far.message.contains("did you mean"), "{}", far.message);
    let far = unknown("options", "q-o-s", &|number| ["qos"].get(number).copied());
    assert!(!far.message.contains("did you mean"), "{}", far.message);
    let long = set(&"x".repeat(1_000_000), Value::Absent).unwrap_err();
    assert!(long.message.len() < 300);
    let empty = unknown("options", "", &|number| ["qos"].get(number).copied());
    assert!(empty.message.starts_with("options has no key \"\""));
}

#[test]
fn secrets_are_never_shown() {
    let secret = "hunter2";
    let long = secret.repeat(20_000);
    let errors = [
        set("mqttpassword", text(&long)).unwrap_err(),
        set("mqttpassword", Value::Bytes(long.clone().into_bytes())).unwrap_err(),
        set("mqttpassword", Value::Number(4711.0)).unwrap_err(),
        finish(&[("mqttpassword", text(secret))]).unwrap_err(),
        finish(&[("mqttserver", text("mqtt://me:hunter2@h"))]).unwrap_err(),
        finish(&[("mqttserver", text("http://me:hunter2@h"))]).unwrap_err(),
        finish(&[("mqttserver", text("me:hunter2@h:x"))]).unwrap_err(),
        finish(&[("mqttserver", text("me:hunter2@h/p@q"))]).unwrap_err(),
    ];
    for error in errors {
        let says = |part: &str| error.message.contains(part);
        assert!(!says(secret) && !says("4711"), "{}", error.message);
    }
    let cfg = finish(&[("mqttserver", text("ws://h:1/p?token=hunter2"))]).unwrap();
    let mut sim = super::harness::Sim::new(cfg);
    sim.dial = super::harness::Dial::Refuse;
    let token = sim.start();
    assert!(!sim.error(token).message.contains(secret));
}

#[test]
fn an_error_names_a_server_without_its_credentials() {
    for server in ["http://me:hunter2@h", "http://me:p@ss@h?token=hunter2"] {
        let error = finish(&[("mqttserver", text(server))]).unwrap_err();
        assert!(
            error.message.starts_with("mqttserver \"h\" "),
            "{}",
            error.message
        );
    }
}

#[test]
fn a_password_needs_a_user_name_and_may_be_bytes() {
    let error = finish(&[("mqttpassword", text("x"))]).unwrap_err();
    assert!(error.message.contains("mqttusername"));
    let cfg = finish(&[
        ("mqttpassword", Value::Bytes(vec![0, 0xff])),
        ("mqttusername", text("me")),
    ])
    .unwrap();
    assert_eq!(cfg.password.as_deref(), Some(&[0, 0xff][..]));
}

#[test]
fn the_will_is_off_while_its_topic_is_empty_and_its_topic_is_checked() {
    let will = |topic: &str| {
        finish(&[
            ("willsetpayload", text("bye")),
            ("willsetqos", Value::Number(2.0)),
            ("willsetretain", Value::Bool(true)),
            ("willsettopic", text(topic)),
        ])
    };
    assert_eq!(will("").unwrap().will, None);
    let set = will("a/b").unwrap().will.unwrap();
    assert_eq!(
        (&*set.topic, &*set.payload, set.qos, set.retain),
        ("a/b", &b"bye"[..], 2, true)
    );
    for bad in ["a/#", "+"] {
        let error = will(bad).unwrap_err();
        assert!(error.message.starts_with("willsettopic: "), "{}", error.message);
    }
}

#[test]
fn texts_that_mqtt_cannot_carry_are_refused() {
    for (key, _, kind) in KEYS.into_iter().filter(|row| is_text(row.2)) {
        let error = set(key, text(&"x".repeat(65_536))).unwrap_err();
        assert_eq!(error.code.class(), Class::Range, "{key}");
        if matches!(kind, Kind::TextOrBytes) {
            let error = set(key, Value::Bytes(vec![0; 65_536])).unwrap_err();
            assert_eq!(error.code.class(), Class::Range, "{key}");
        } else {
            let error = set(key, text("a\0b")).unwrap_err();
            assert!(error.message.contains("U+0000"), "{key}");
        }
    }
}

#[test]
fn protocol_and_path_are_checked() {
    for bad in ["http", "WS", "", "tcp"] {
        let error = set("mqttprotocol", text(bad)).unwrap_err();
        assert!(error.message.contains("\"wss\""), "{}", error.message);
    }
    for bad in ["mqtt", "", "/a#b"] {
        assert!(set("mqttpath", text(bad)).is_err(), "{bad}");
    }
    let cfg = finish(&[("mqttprotocol", text("ws")), ("mqttpath", text("/x"))]).unwrap();
    assert_eq!(cfg.servers, ["ws://localhost:1883/x"]);
}

#[test]
fn several_servers_may_be_given_each_as_if_alone() {
    let list = |servers: &[&str]| Value::List(servers.iter().map(|s| s.to_string()).collect());
    let servers = |value| finish(&[("mqttserver", value)]).map(|cfg| cfg.servers);
    assert_eq!(
        servers(list(&["a", "ws://b:9001/x", "mqtts://c"])).unwrap(),
        ["mqtt://a:1883", "ws://b:9001/x", "mqtts://c:8883"]
    );
    assert_eq!(servers(text("a")).unwrap(), ["mqtt://a:1883"]);
    let error = servers(list(&["a", "http://b"])).unwrap_err();
    assert!(error.message.contains("http://b"), "{}", error.message);
    let error = set("mqttserver", list(&[])).unwrap_err();
    assert_eq!(error.code, Code::InvalidOption);
    assert!(error
        .message
        .contains("an array of strings; an empty array was given"));
    assert!(set("mqttusername", list(&["a"]))
        .unwrap_err()
        .message
        .contains("an array was given"));
}

#[test]
fn the_policies_are_known_by_their_names() {
    use crate::engine::Policy;
    for (name, policy) in [
        ("refuse", Policy::Refuse),
        ("drop-oldest", Policy::DropOldest),
        ("latest", Policy::Latest),
    ] {
        let cfg = finish(&[("offlinepolicy", text(name))]).unwrap();
        assert_eq!(cfg.offline_policy, policy);
    }
    let error = set("offlinepolicy", text("newest")).unwrap_err();
    assert!(error
        .message
        .contains("\"refuse\", \"drop-oldest\" or \"latest\""));
}

#[test]
fn an_empty_client_id_asks_for_one_in_mqtt_5_only() {
    for (version, asks) in [
        (Value::Number(4.0), false),
        (Value::Number(5.0), true),
        (text("auto"), false),
    ] {
        let cfg = finish(&[("mqttclientid", text("")), ("mqttversion", version)]).unwrap();
        assert_eq!((cfg.assigned_id, &*cfg.client_id), (asks, ""));
        let engine = crate::engine::Engine::new(cfg, 1).unwrap();
        assert_eq!(engine.config().client_id.is_empty(), asks);
    }
    assert!(
        !finish(&[("mqttversion", Value::Number(5.0))])
            .unwrap()
            .assigned_id
    );
}

#[test]
fn a_session_that_is_kept_needs_a_client_id() {
    let clean = |clean| ("mqttcleansession", Value::Bool(clean));
    let id = |id: &str| ("mqttclientid", Value::Text(id.to_owned()));
    for entries in [
        vec![clean(false)],
        vec![clean(false), id("")],
        vec![clean(false), id(""), ("mqttversion", Value::Number(5.0))],
    ] {
        let error = finish(&entries).unwrap_err();
        assert_eq!(error.code.name(), "INVALID_OPTION");
        assert!(error.message.contains("mqttclientid"), "{}", error.message);
    }
    assert!(!finish(&[clean(false), id("me")]).unwrap().clean_session);
    assert!(finish(&[clean(true)]).unwrap().clean_session);
}

#[test]
fn every_number_and_flag_goes_to_a_setting_of_its_own_and_a_store_may_be_an_object() {
    let default = finish(&[]).unwrap();
    let mut seen = vec![default.clone()];
    for (key, min, max) in SECONDS.into_iter().chain(WHOLE) {
        if ["mqttport", "willsetqos"].contains(&key) {
            continue;
        }
        let cfg = finish(&[(key, Value::Number((min + 3.5).min(max).floor()))]).unwrap();
        assert!(!seen.contains(&cfg), "{key}");
        seen.push(cfg);
    }
    for key in [
        "topicAliases",
        "followServerReference",
        "resubscribe",
        "reconnect",
    ] {
        let of = |flag| finish(&[(key, Value::Bool(flag))]).unwrap();
        let [cfg] = [of(false), of(true)]
            .into_iter()
            .filter(|cfg| !seen.contains(cfg))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        seen.push(cfg);
    }
    let store = |value| finish(&[("store", value), ("mqttclientid", text("a"))]).unwrap();
    assert!(store(Value::Other("an object")).persist);
    assert!(store(text("persistent")).persist);
    assert!(!store(text("memory")).persist);
}
