//! The configuration of a run, chosen by its first bytes. Owns which options go together.

use mqtt_lib::codec::properties::{put, Property, Value};
use mqtt_lib::engine::{Config, Policy, Versions, Will};

use super::list;
use crate::input::Input;

/// The configuration, and whether the engine has to ask for it.
pub(super) fn choose(input: &mut Input<'_>) -> (Config, bool) {
    let mut cfg = Config {
        version: input.pick(&[Versions::V5, Versions::V4, Versions::Auto]),
        client_id: "me".into(),
        servers: vec!["mqtt://h:1".into(); input.pick(&[1, 1, 2])],
        clean_session: input.one_in(2),
        keepalive: input.pick(&[None, Some(5_000), Some(60_000)]),
        max_inflight: input.pick(&[1_000, 1, 3]),
        offline_size: input.pick(&[100_000, 0, 3]),
        offline_bytes: input.pick(&[1 << 20, 300]),
        offline_policy: input.pick(&[Policy::Refuse, Policy::DropOldest, Policy::Latest]),
        offline_expiry: input.pick(&[None, Some(500)]),
        publish_timeout: input.pick(&[None, Some(2_000)]),
        max_packet_size: input.pick(&[268_435_460, 40]),
        batch_size: input.pick(&[5, 1, 2]),
        queue_size: input.pick(&[5, 1, 2]),
        publish_interval: input.pick(&[60_000, 0, 1_000]),
        ack_timeout: input.pick(&[30_000, 3_000]),
        ..Config::default()
    };
    let more = input.byte();
    cfg.follow_server_reference = more & 1 != 0;
    cfg.topic_aliases = more & 2 == 0;
    cfg.persist = more & 4 != 0;
    cfg.clean_session &= !cfg.persist;
    cfg.reconnect = more & 8 == 0;
    let five = cfg.version != Versions::V4;
    if five && more & 16 != 0 {
        let properties = &mut cfg.properties;
        put(properties, Property::ReceiveMaximum, Value::Number(2));
        put(properties, Property::SessionExpiryInterval, Value::Number(9));
    }
    if five && more & 32 != 0 {
        put(
            &mut cfg.properties,
            Property::AuthenticationMethod,
            Value::Text("M"),
        );
    }
    if more & 64 != 0 {
        cfg.will = Some(Will {
            topic: "will".into(),
            payload: b"x".to_vec(),
            qos: 1,
            retain: true,
            properties: if five {
                list(&[(Property::WillDelayInterval, Value::Number(5))])
            } else {
                Vec::new()
            },
        });
    }
    if more & 128 != 0 {
        cfg.username = Some("u".into());
        cfg.password = Some(vec![0, 255]);
        if !cfg.persist {
            cfg.client_id.clear();
            cfg.assigned_id = true;
        }
    }
    let asks = more & 0b1000_0111 == 0b1000_0011;
    (cfg, asks)
}
