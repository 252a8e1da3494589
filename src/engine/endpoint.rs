//! Where to connect: from `mqttserver`, `mqttport`, `mqttprotocol` and `mqttpath` to one URL a server. The parts of a
//! whole URL take precedence over the separate settings.

use super::error::{excerpt, Code, Error};
use super::format::{before, count, find, format, split_once};

/// How MQTT is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
    /// TCP.
    Mqtt,
    /// TLS.
    Mqtts,
}

const PROTOCOLS: [(&str, Protocol); 6] = [
    ("ws", Protocol::Ws),
    ("wss", Protocol::Wss),
    ("mqtt", Protocol::Mqtt),
    ("mqtts", Protocol::Mqtts),
    ("tcp", Protocol::Mqtt),
    ("ssl", Protocol::Mqtts),
];

impl Protocol {
    /// From the scheme of a URL, or from `mqttprotocol`.
    pub fn parse(name: &str) -> Option<Protocol> {
        let found = PROTOCOLS.iter().find(|(n, _)| *n == name)?;
        Some(found.1)
    }

    fn scheme(self) -> &'static str {
        match self {
            Protocol::Ws => "ws://",
            Protocol::Wss => "wss://",
            Protocol::Mqtt => "mqtt://",
            Protocol::Mqtts => "mqtts://",
        }
    }

    /// Whether it is `ws` or `wss`.
    pub fn is_websocket(self) -> bool {
        matches!(self, Protocol::Ws | Protocol::Wss)
    }
}

/// Where the client runs: it decides where the settings do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Node.js: WebSocket, TCP and TLS.
    Node,
    /// A page or worker: WebSocket.
    Browser {
        /// It was loaded by https.
        secure: bool,
        /// It opens a `transport`: "mqtt-lib/streams" is imported.
        streams: bool,
    },
    /// A WASI component: TCP and WebSocket. Not in the package, which it would make larger.
    #[cfg(not(feature = "package"))]
    Wasi {
        /// It was built with TLS.
        tls: bool,
    },
}

impl Platform {
    /// Whether certificates can be given.
    pub(super) fn has_certificates(self) -> bool {
        #[cfg(not(feature = "package"))]
        if let Platform::Wasi { tls } = self {
            return tls;
        }
        self == Platform::Node
    }
}

/// The settings that a URL may leave open.
pub struct Settings<'a> {
    /// `mqttport`.
    pub port: Option<u16>,
    /// The port takes precedence over that of a URL: a one-shot names it.
    pub port_wins: bool,
    /// `mqttprotocol`.
    pub protocol: Option<Protocol>,
    /// `mqttpath`.
    pub path: &'a str,
    /// `certs` was given.
    pub tls: bool,
    /// Where the client runs.
    pub platform: Platform,
}

/// The URL of one server.
pub fn resolve(server: &str, settings: &Settings<'_>) -> Result<String, Error> {
    let wrong = |why: &str| {
        Error::format(
            Code::InvalidOption,
            "mqttserver \"%\" %; give a host name (\"localhost\") or a URL (ws://host:9001/mqtt, wss://, mqtt://, mqtts://)",
            &[&excerpt(shown(server)), why],
        )
    };
    if server.starts_with("unix:///") {
        return match settings.platform {
            Platform::Node if !settings.tls => Ok(server.to_owned()),
            Platform::Node => Err(wrong(
                "is a Unix socket, which is not encrypted, and certs was given",
            )),
            _ => Err(wrong("is a Unix socket, which Node alone can reach")),
        };
    }
    let colon = find(server, b':').unwrap_or(0);
    let (given, rest) = match server[colon..].strip_prefix("://") {
        Some(rest) => match Protocol::parse(&server[..colon].to_ascii_lowercase()) {
            Some(protocol) => (Some(protocol), rest),
            None => return Err(wrong("has a scheme that is not known")),
        },
        None => (None, server),
    };
    let cut = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let cut = cut.unwrap_or(rest.len());
    let (authority, path) = rest.split_at(cut);
    if find(authority, b'@').is_some() {
        return Err(wrong(
            "has a user name in it: put it in mqttusername and mqttpassword",
        ));
    }
    if given.is_none() && !path.is_empty() {
        return Err(wrong("has a path but no scheme"));
    }
    let (host, port) = split_port(authority).ok_or_else(|| wrong("has a port that is not 1 to 65535"))?;
    if host.is_empty() || host.chars().any(is_blank) {
        return Err(wrong("has no host name"));
    }
    let is_ipv6 = find(host, b':').is_some();
    let bare_ipv6 = is_ipv6 && !host.starts_with('[');
    let (address, zone) = split_once(host, b'%');
    let is_address = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.' | b'[' | b']');
    if is_ipv6 && (bare_ipv6 && given.is_some() || !address.bytes().all(is_address)) {
        return Err(wrong(
            "has colons, but no IPv6 address in brackets, as in mqtt://[::1]:1883",
        ));
    }
    if is_ipv6 && zone.is_some() && matches!(settings.platform, Platform::Browser { .. }) {
        return Err(wrong("has an IPv6 zone, which a page cannot use"));
    }
    let host = if bare_ipv6 {
        format("[%]", &[host])
    } else {
        host.to_owned()
    };

    let port = match settings.port_wins {
        true => settings.port.or(port),
        false => port.or(settings.port),
    };
    let protocol = given
        .or(settings.protocol)
        .unwrap_or(match (settings.platform, port) {
            (Platform::Browser { secure: true, .. }, _) => Protocol::Wss,
            (Platform::Browser { secure: false, .. }, _) => Protocol::Ws,
            _ if settings.tls => Protocol::Mqtts,
            #[cfg(not(feature = "package"))]
            (Platform::Wasi { .. }, Some(8883)) => Protocol::Mqtts,
            #[cfg(not(feature = "package"))]
            (Platform::Wasi { .. }, _) => Protocol::Mqtt,
            (Platform::Node, None | Some(1883)) => Protocol::Mqtt,
            (Platform::Node, Some(8883)) => Protocol::Mqtts,
            (Platform::Node, Some(_)) => Protocol::Ws,
        });
    match settings.platform {
        Platform::Browser { .. } if !protocol.is_websocket() => {
            return Err(wrong(
                "cannot be reached from a page, which has WebSockets only: use ws or wss",
            ));
        }
        #[cfg(not(feature = "package"))]
        Platform::Wasi { tls: false } if matches!(protocol, Protocol::Wss | Protocol::Mqtts) => {
            return Err(wrong("needs TLS: use mqtt-lib-client-tls.wasm"));
        }
        _ if settings.tls && matches!(protocol, Protocol::Ws | Protocol::Mqtt) => {
            return Err(wrong("is not encrypted, and certs was given: use mqtts or wss"));
        }
        _ => {}
    }
    let tls = matches!(protocol, Protocol::Wss | Protocol::Mqtts);
    // A whole WebSocket URL without a port means that of its scheme, as everywhere.
    let port = match (given, port) {
        (Some(Protocol::Ws), None) => 80,
        (Some(Protocol::Wss), None) => 443,
        (_, Some(port)) => port,
        (_, None) if tls => 8883,
        (_, None) => 1883,
    };
    let path = match (protocol.is_websocket(), path) {
        (false, _) => "",
        (true, "") => settings.path,
        (true, path) => before(path, b'#'),
    };
    Ok(format(
        "%%:%%",
        &[protocol.scheme(), &host, &count(port as usize), path],
    ))
}

/// What an error may show of a server: no user name, password, query or fragment.
fn shown(server: &str) -> &str {
    let open = before(before(server, b'?'), b'#');
    if open.is_empty() && !server.is_empty() {
        return "…";
    }
    let Some(at) = server.bytes().rposition(|byte| byte == b'@') else {
        return open;
    };
    // What follows an @ in a query may be the end of it, or of a password.
    open.get(at + 1..).unwrap_or("…")
}

/// Whether others on the way can read what goes to this URL, which is one that `resolve` made.
pub fn is_public(url: &str) -> bool {
    let host = url.strip_prefix("mqtt://").or(url.strip_prefix("ws://"));
    host.is_some_and(|host| {
        let local = ["localhost:", "127.", "[::1]:"];
        let starts = local.iter().any(|local| host.starts_with(local));
        // 127.example.com is a name of the network.
        let is_name =
            host.starts_with("127.") && before(host, b':').bytes().any(|byte| byte.is_ascii_alphabetic());
        !starts || is_name
    })
}

/// The URL of a server that another one has named (MQTT 5, §4.11): a host with or without a port, reached as the other
/// one was, whose URL is `here`.
pub fn elsewhere(here: &str, reference: &str) -> Option<String> {
    let (scheme, rest) = here.split_at(find(here, b':')?);
    let rest = rest.strip_prefix("://")?;
    let (authority, path) = rest.split_at(find(rest, b'/').unwrap_or(rest.len()));
    let (host, port) = split_port(reference)?;
    let port = port.or(split_port(authority)?.1)?;
    let good = !host.is_empty()
        && !host
            .chars()
            .any(|c| matches!(c, '/' | '?' | '#' | '@') || is_blank(c));
    good.then(|| format("%://%:%%", &[scheme, host, &count(port as usize), path]))
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// None: the port is not one. IPv6 addresses stand in brackets, or alone without a port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end = match authority.strip_prefix('[') {
        Some(inner) => find(inner, b']')? + 2,
        None if authority.bytes().filter(|&byte| byte == b':').nth(1).is_some() => authority.len(),
        None => find(authority, b':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    match port.strip_prefix(':') {
        None if port.is_empty() => Some((host, None)),
        None => None,
        Some(digits) => match digits.parse() {
            Ok(port) if port > 0 => Some((host, Some(port))),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
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
}
