//! The parts of a server's address as it was written: `mqttserver` may be a host name or a whole URL. Owns what is no address.

use super::{Platform, Protocol};
use crate::engine::format::{find, format, split_once};

/// What an address names; what it leaves open is None or empty.
pub(super) struct Parts<'a> {
    pub protocol: Option<Protocol>,
    host: &'a str,
    pub port: Option<u16>,
    /// With its query and fragment.
    pub path: &'a str,
}

impl<'a> Parts<'a> {
    /// Or what is wrong with the address.
    pub fn read(server: &'a str) -> Result<Parts<'a>, &'static str> {
        let colon = find(server, b':').unwrap_or(0);
        let (protocol, rest) = match server[colon..].strip_prefix("://") {
            Some(rest) => match Protocol::parse(&server[..colon].to_ascii_lowercase()) {
                Some(protocol) => (Some(protocol), rest),
                None => return Err("has a scheme that is not known"),
            },
            None => (None, server),
        };
        let cut = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        let (authority, path) = rest.split_at(cut.unwrap_or(rest.len()));
        if find(authority, b'@').is_some() {
            return Err("has a user name in it: put it in mqttusername and mqttpassword");
        }
        if protocol.is_none() && !path.is_empty() {
            return Err("has a path but no scheme");
        }
        let (host, port) = split_port(authority).ok_or("has a port that is not 1 to 65535")?;
        if host.is_empty() || host.chars().any(is_blank) {
            return Err("has no host name");
        }
        Ok(Parts {
            protocol,
            host,
            port,
            path,
        })
    }

    /// The host as it stands in a URL: an IPv6 address in brackets.
    pub fn host_of_url(&self, platform: Platform) -> Result<String, &'static str> {
        let Parts { host, .. } = *self;
        if find(host, b':').is_none() {
            return Ok(host.to_owned());
        }
        let bare = !host.starts_with('[');
        let (address, zone) = split_once(host, b'%');
        let is_address = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.' | b'[' | b']');
        if bare && self.protocol.is_some() || !address.bytes().all(is_address) {
            return Err("has colons, but no IPv6 address in brackets, as in mqtt://[::1]:1883");
        }
        if zone.is_some() && matches!(platform, Platform::Browser { .. }) {
            return Err("has an IPv6 zone, which a page cannot use");
        }
        Ok(match bare {
            true => format("[%]", &[host]),
            false => host.to_owned(),
        })
    }
}

pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// None: the port is not one. IPv6 addresses stand in brackets, or alone without a port.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
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
