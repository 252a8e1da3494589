//! Where to connect: what each kind of address means on each platform, and what is refused.

use super::*;

const WASI: Platform = Platform::Wasi { tls: false };
const PAGE: Platform = Platform::Browser {
    secure: false,
    streams: false,
};

fn url(
    server: &str,
    port: Option<u16>,
    protocol: Option<&str>,
    platform: Platform,
) -> Result<String, String> {
    let settings = Settings {
        port,
        port_wins: false,
        protocol: protocol.and_then(Protocol::parse),
        path: "/mqtt",
        tls: false,
        platform,
    };
    resolve(server, &settings).map_err(|e| e.message.to_string())
}

#[test]
fn the_transport_is_chosen_as_api_md_says() {
    let cases = [
        ("localhost", None, None, Platform::Node, "mqtt://localhost:1883"),
        (
            "localhost",
            Some(8883),
            None,
            Platform::Node,
            "mqtts://localhost:8883",
        ),
        (
            "localhost",
            Some(9001),
            None,
            Platform::Node,
            "ws://localhost:9001/mqtt",
        ),
        (
            "localhost",
            Some(9001),
            Some("mqtt"),
            Platform::Node,
            "mqtt://localhost:9001",
        ),
        ("localhost", None, None, PAGE, "ws://localhost:1883/mqtt"),
        (
            "localhost",
            None,
            None,
            Platform::Browser {
                secure: true,
                streams: false,
            },
            "wss://localhost:8883/mqtt",
        ),
        (
            "ws://h:9001/x?a=b#c",
            Some(1883),
            Some("mqtt"),
            Platform::Node,
            "ws://h:9001/x?a=b",
        ),
        ("ws://h", None, None, Platform::Node, "ws://h:80/mqtt"),
        ("wss://h/", None, None, PAGE, "wss://h:443/"),
        ("ws://h", Some(9001), None, PAGE, "ws://h:9001/mqtt"),
        ("mqtts://h", None, None, Platform::Node, "mqtts://h:8883"),
        ("MQTT://h:1", None, None, Platform::Node, "mqtt://h:1"),
        ("::1", None, None, Platform::Node, "mqtt://[::1]:1883"),
        (
            "[::1]:1884",
            None,
            Some("mqtt"),
            Platform::Node,
            "mqtt://[::1]:1884",
        ),
        ("h:9001", None, None, Platform::Node, "ws://h:9001/mqtt"),
        ("h:9001", None, None, WASI, "mqtt://h:9001"),
        (
            "h",
            Some(8883),
            None,
            Platform::Wasi { tls: true },
            "mqtts://h:8883",
        ),
        ("ws://h", None, None, WASI, "ws://h:80/mqtt"),
        (
            "fe80::1%eth0",
            None,
            None,
            Platform::Node,
            "mqtt://[fe80::1%eth0]:1883",
        ),
        (
            "ws://[fe80::1%eth0]:9001/x",
            None,
            None,
            Platform::Node,
            "ws://[fe80::1%eth0]:9001/x",
        ),
        (
            "::ffff:127.0.0.1",
            None,
            None,
            Platform::Node,
            "mqtt://[::ffff:127.0.0.1]:1883",
        ),
    ];
    for (server, port, protocol, host, expected) in cases {
        assert_eq!(
            url(server, port, protocol, host).as_deref(),
            Ok(expected),
            "{server}"
        );
    }
}

#[test]
fn what_cannot_be_a_server_is_named() {
    for (server, host, why) in [
        ("http://h", Platform::Node, "scheme"),
        ("mqtt://h", PAGE, "page"),
        ("mqtts://h", WASI, "needs TLS"),
        ("wss://h", WASI, "needs TLS"),
        ("h:8883", WASI, "needs TLS"),
        ("h:0", Platform::Node, "port"),
        ("h:70000", Platform::Node, "port"),
        ("", Platform::Node, "host name"),
        ("ws://", Platform::Node, "host name"),
        ("a b", Platform::Node, "host name"),
        ("mqtt://::1:1883", Platform::Node, "[::1]:1883"),
        ("mqtt://::1", Platform::Node, "brackets"),
        ("a:b:cx", Platform::Node, "brackets"),
        ("[fe80::1%eth0]:9001", PAGE, "zone"),
        ("h/path", Platform::Node, "scheme"),
        ("mqtt://me:secret@h", Platform::Node, "mqttusername"),
        ("mqtt://me:a@secret@h", Platform::Node, "mqttusername"),
        ("mqtt://me:a?secret@h", Platform::Node, "port"),
        ("http://h/p?token=secret", Platform::Node, "scheme"),
        ("http://h/p?token=a@secret", Platform::Node, "scheme"),
        ("http://h/p#secret", Platform::Node, "scheme"),
    ] {
        let error = url(server, None, None, host).unwrap_err();
        assert!(
            error.contains(why) && !error.contains("secret"),
            "{server}: {error}"
        );
    }
}

#[test]
fn a_unix_socket_is_reached_by_node_alone_and_without_tls() {
    let place = "unix:///run/broker.sock";
    assert_eq!(url(place, Some(1883), None, Platform::Node), Ok(place.to_owned()));
    for (tls, platform, why) in [
        (true, Platform::Node, "not encrypted"),
        (false, PAGE, "Node alone"),
        (false, WASI, "Node alone"),
    ] {
        let settings = Settings {
            port: None,
            port_wins: false,
            protocol: None,
            path: "/mqtt",
            tls,
            platform,
        };
        let error = resolve(place, &settings).unwrap_err();
        assert!(error.message.contains(why), "{}", error.message);
    }
}
