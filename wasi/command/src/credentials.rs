//! Turns the values of options into a configuration, and into the topics in mqtt:// URLs, as js/cli/credentials.mjs does. Checks
//! only what concerns the command line; values are checked by the engine's validator.

use mqtt_lib_edge::{file_content, typed, Builder, Config, Settings, Value, PLATFORM};

use crate::failure::{usage, Failure, Outcome};
use crate::properties::Lists;
use crate::words::Words;

/// Shorter than the default, because a person may be waiting.
const MAX_RECONNECT_DELAY: f64 = 10.0;
const TLS_PORT: f64 = 8883.0;

pub struct Connection {
    pub config: Config,
    pub settings: Settings,
    /// In the URLs.
    pub topics: Vec<String>,
}

/// Whether a word is a URL.
pub fn is_url(word: &str) -> bool {
    word.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    })
}

pub fn connection(words: &Words, urls: &[String], lists: &Lists) -> Outcome<Connection> {
    check(words, lists)?;
    let mut builder = Builder::default();
    let mut settings = Settings::default();
    builder.set("mqttversion", version(words, lists)?)?;
    builder.set("maxmqttreconnectdelay", Value::Number(MAX_RECONNECT_DELAY))?;
    let mut has_certs = false;
    for option in words.verb.options {
        let Some(key) = option.key else { continue };
        if matches!(option.by, Some("server" | "version")) || !words.flag(option.name) {
            continue;
        }
        if key.starts_with("certs.") {
            has_certs = true;
            certificate(&mut builder, &mut settings, key, words, option.name)?;
            continue;
        }
        let value = match (option.value, option.by) {
            (None, by) => Value::Bool(by != Some("negation")),
            (Some(_), _) if option.number => Value::Number(words.number(option.name).unwrap_or_default()),
            (Some(_), _) => Value::Text(words.text(option.name).unwrap_or_default().to_owned()),
        };
        builder.set(key, value)?;
    }
    if words.flag("stdin-line") && !words.flag("queue") {
        // Each line is sent at once.
        builder.set("queuesize", Value::Number(1.0))?;
    }
    if let Some(seconds) = words.seconds("timeout")? {
        builder.set("connecttimeout", Value::Number(seconds))?;
        builder.set("publishtimeout", Value::Number(seconds))?;
    }
    if has_certs {
        builder.set("certs", Value::Other("an object"))?;
    }
    for (key, list) in [("properties", &lists.connect), ("willProperties", &lists.will)] {
        if !list.is_empty() {
            builder.set(key, Value::Bytes(list.clone()))?;
        }
    }
    let topics = server(&mut builder, words, urls, has_certs)?;
    for (key, value) in &words.keys {
        match key.as_str() {
            "store" => settings.store = Some(value.clone()),
            "certs" => return usage("--certs is an object in JavaScript; give --cafile, --cert and --key"),
            _ => {}
        }
        builder.set(key, typed(key, value))?;
    }
    Ok(Connection {
        config: builder.finish(PLATFORM)?,
        settings,
        topics,
    })
}

fn check(words: &Words, lists: &Lists) -> Outcome<()> {
    if words.flag("pw") && !words.flag("username") {
        return usage("--pw needs --username");
    }
    if words.flag("disable-clean-session") && !words.flag("id") {
        return usage("--disable-clean-session needs --id: the broker keeps a session by its client id");
    }
    let will = ["will-payload", "will-qos", "will-retain"];
    let will = will.iter().find(|name| words.flag(name));
    if !words.flag("will-topic") && (will.is_some() || !lists.will.is_empty()) {
        let name = will.map_or("-D will".to_owned(), |name| format!("--{name}"));
        return usage(format!("{name} needs --will-topic"));
    }
    Ok(())
}

/// 5 where something needs it, unless it is said.
fn version(words: &Words, lists: &Lists) -> Outcome<Value> {
    let needed = match words.verb.name {
        "request" => Some("a request"),
        _ if lists.any => Some("a property"),
        _ => None,
    };
    let Some(given) = words.text("protocol-version") else {
        return Ok(Value::Number(if needed.is_some() { 5.0 } else { 4.0 }));
    };
    let known = match given {
        "311" | "3.1.1" | "mqttv311" | "4" => Value::Number(4.0),
        "5" | "5.0" | "mqttv5" => Value::Number(5.0),
        "auto" => Value::Text("auto".to_owned()),
        _ => {
            return usage(format!(
                "--protocol-version must be 3.1.1, 5 or auto; \"{given}\" was given"
            ))
        }
    };
    match (needed, &known) {
        (Some(what), Value::Number(4.0)) => usage(format!(
            "{what} needs MQTT 5; leave --protocol-version {given} out"
        )),
        _ => Ok(known),
    }
}

/// A key of `certs`: the content of a file, a name, or a flag.
fn certificate(
    builder: &mut Builder,
    settings: &mut Settings,
    key: &str,
    words: &Words,
    name: &str,
) -> Outcome<()> {
    let certificates = &mut settings.certificates;
    let file = || -> Outcome<Option<Vec<u8>>> {
        let path = words.text(name).unwrap_or_default();
        let content = file_content(path);
        let content =
            content.map_err(|why| Failure::Failed(format!("cannot read \"{path}\" of --{name}: {why}")));
        content.map(Some)
    };
    match key {
        "certs.ca" => certificates.ca = file()?,
        "certs.cert" => certificates.cert = file()?,
        "certs.key" => certificates.key = file()?,
        "certs.iotProtocolName" => certificates.protocol = words.text(name).map(str::to_owned),
        _ => {
            certificates.unverified = true;
            builder.set_inner(key, Value::Bool(true))?;
        }
    }
    Ok(())
}

/// Sets the servers to connect to; the topics in their URLs. As in mosquitto's tools, a host name means MQTT over TCP
/// whatever the port is.
fn server(builder: &mut Builder, words: &Words, urls: &[String], tls: bool) -> Outcome<Vec<String>> {
    let given: Vec<&str> = words
        .list("url")
        .iter()
        .chain(urls)
        .map(|url| url.trim())
        .collect();
    let host = words.text("host");
    if let (Some(url), Some(_)) = (given.first(), host) {
        return usage(format!(
            "--host and the URL {} both name a server; give one",
            without_user(url)
        ));
    }
    let given = match host.filter(|host| is_url(host)) {
        Some(host) => vec![host.trim()],
        None => given,
    };
    if given.is_empty() {
        let server = host.map_or(Value::Absent, |host| Value::Text(host.to_owned()));
        builder.set("mqttserver", server)?;
        // A key that is given by its name comes later, and is stronger.
        let is_tls = tls || words.number("port") == Some(TLS_PORT);
        if !words.keys.iter().any(|(key, _)| key == "mqttserver") {
            let protocol = if is_tls { "mqtts" } else { "mqtt" };
            builder.set("mqttprotocol", Value::Text(protocol.to_owned()))?;
        }
        return Ok(Vec::new());
    }
    let (mut topics, mut servers) = (Vec::new(), Vec::new());
    for url in given {
        if url.chars().any(char::is_control) {
            return usage("the URL has a control character in it; give one such as mqtt://localhost");
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return usage("a URL is expected, such as mqtt://localhost");
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        if user.is_none() && path.contains('@') && !authority.starts_with('[') && authority.contains(':') {
            return usage(
                "the URL has an @ behind its host; write / ? # in a password as %2F %3F %23, and an @ in a topic as %40",
            );
        }
        if let Some(user) = user {
            log_in(builder, words, user)?;
        }
        let is_mqtt = scheme.eq_ignore_ascii_case("mqtt") || scheme.eq_ignore_ascii_case("mqtts");
        if is_mqtt && path.len() > 1 {
            let topic = decoded(&path[1..])?;
            if !topics.contains(&topic) {
                topics.push(topic);
            }
            servers.push(format!("{scheme}://{authority}"));
        } else {
            servers.push(format!("{scheme}://{authority}{path}"));
        }
    }
    builder.set("mqttserver", Value::List(servers))?;
    Ok(topics)
}

fn without_user(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

/// User name and password of a URL; options take precedence.
fn log_in(builder: &mut Builder, words: &Words, user: &str) -> Outcome<()> {
    let (name, password) = match user.split_once(':') {
        Some((name, password)) => (name, Some(password)),
        None => (user, None),
    };
    if !words.flag("username") {
        builder.set("mqttusername", Value::Text(decoded(name)?))?;
    }
    if let (Some(password), false) = (password, words.flag("pw")) {
        builder.set("mqttpassword", Value::Text(decoded(password)?))?;
    }
    Ok(())
}

fn decoded(text: &str) -> Outcome<String> {
    let wrong = "a % in the URL must be followed by two hexadecimal digits; write %25 for the character %";
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let digits = part
            .get(..2)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(Ok(byte)) = digits.map(|digits| u8::from_str_radix(digits, 16)) else {
            return usage(wrong);
        };
        bytes.push(byte);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).or_else(|_| usage(wrong))
}

#[cfg(test)]
mod tests {
    use super::{decoded, is_url, without_user};

    #[test]
    fn urls_are_told_from_words() {
        assert!(is_url("mqtt://localhost") && is_url("WSS://broker/mqtt"));
        for word in ["localhost", "a b://c", "://x", "1mqtt://x"] {
            assert!(!is_url(word), "{word}");
        }
        assert_eq!(without_user("mqtt://me:secret@broker"), "mqtt://broker");
    }

    #[test]
    fn percent_escapes_are_decoded() {
        assert_eq!(decoded("a%2Fb%25").ok().as_deref(), Some("a/b%"));
        for wrong in ["%", "%2", "%zz", "%ff", "%+1"] {
            assert!(decoded(wrong).is_err(), "{wrong}");
        }
    }
}
