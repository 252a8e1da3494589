//! Where to connect: from `mqttserver`, `mqttport`, `mqttprotocol` and `mqttpath` to one URL a server. The parts of a
//! whole URL take precedence over the separate settings.

mod parts;
#[cfg(test)]
mod tests;

use super::error::{excerpt, Code, Error};
use super::format::{before, count, find, format};
use parts::{is_blank, split_port, Parts};

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

    fn is_encrypted(self) -> bool {
        matches!(self, Protocol::Wss | Protocol::Mqtts)
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
    url(server, settings).map_err(|why| {
        Error::format(
            Code::InvalidOption,
            "mqttserver \"%\" %; give a host name (\"localhost\") or a URL (ws://host:9001/mqtt, wss://, mqtt://, mqtts://)",
            &[&excerpt(shown(server)), why],
        )
    })
}

/// Or what is wrong with the server.
fn url(server: &str, settings: &Settings<'_>) -> Result<String, &'static str> {
    if server.starts_with("unix:///") {
        return unix_socket(server, settings);
    }
    let parts = Parts::read(server)?;
    let host = parts.host_of_url(settings.platform)?;
    let port = match settings.port_wins {
        true => settings.port.or(parts.port),
        false => parts.port.or(settings.port),
    };
    let protocol = parts.protocol.or(settings.protocol);
    let protocol = protocol.unwrap_or_else(|| usual_protocol(settings, port));
    check_protocol(protocol, settings)?;
    let port = port.unwrap_or_else(|| usual_port(parts.protocol, protocol));
    let path = match (protocol.is_websocket(), parts.path) {
        (false, _) => "",
        (true, "") => settings.path,
        (true, path) => before(path, b'#'),
    };
    let arguments = [protocol.scheme(), &host, &count(port as usize), path];
    Ok(format("%%:%%", &arguments))
}

fn unix_socket(server: &str, settings: &Settings<'_>) -> Result<String, &'static str> {
    match settings.platform {
        Platform::Node if !settings.tls => Ok(server.to_owned()),
        Platform::Node => Err("is a Unix socket, which is not encrypted, and certs was given"),
        _ => Err("is a Unix socket, which Node alone can reach"),
    }
}

/// Where neither the server nor `mqttprotocol` names one.
fn usual_protocol(settings: &Settings<'_>, port: Option<u16>) -> Protocol {
    match (settings.platform, port) {
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
    }
}

/// Whether the platform has it, and certificates are of use.
fn check_protocol(protocol: Protocol, settings: &Settings<'_>) -> Result<(), &'static str> {
    match settings.platform {
        Platform::Browser { .. } if !protocol.is_websocket() => {
            Err("cannot be reached from a page, which has WebSockets only: use ws or wss")
        }
        #[cfg(not(feature = "package"))]
        Platform::Wasi { tls: false } if protocol.is_encrypted() => {
            Err("needs TLS: use the component whose name ends in -tls.wasm")
        }
        _ if settings.tls && !protocol.is_encrypted() => {
            Err("is not encrypted, and certs was given: use mqtts or wss")
        }
        _ => Ok(()),
    }
}

/// A whole WebSocket URL without a port means that of its scheme, as everywhere.
fn usual_port(given: Option<Protocol>, protocol: Protocol) -> u16 {
    match given {
        Some(Protocol::Ws) => 80,
        Some(Protocol::Wss) => 443,
        _ if protocol.is_encrypted() => 8883,
        _ => 1883,
    }
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
