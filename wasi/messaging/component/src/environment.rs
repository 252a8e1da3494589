//! What the environment says of the connection: MQTT_SERVER, MQTT_USERNAME, MQTT_KEEPALIVE and so on, each a key of
//! `credentials` in capitals, without its `mqtt`; and what a handler is to get: MQTT_SUBSCRIBE, MQTT_QOS.

use mqtt_lib_edge::{file_content, is_key, typed, Builder, Code, Config, Error, Settings, Value, PLATFORM};

const PREFIX: &str = "MQTT_";
/// What is no key of `credentials`.
const OWN: [&str; 5] = ["SUBSCRIBE", "QOS", "CAFILE", "CERT", "KEY"];

/// Filters to subscribe to, with commas between them.
pub fn filters() -> Vec<String> {
    let given = own("SUBSCRIBE").unwrap_or_default();
    let names = given.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// # Errors
/// It is no QoS.
pub fn qos() -> Result<u8, Error> {
    match own("QOS").as_deref() {
        None | Some("1") => Ok(1),
        Some("0") => Ok(0),
        Some("2") => Ok(2),
        Some(other) => Err(wrong(&format!(
            "MQTT_QOS must be 0, 1 or 2; \"{other}\" was given"
        ))),
    }
}

/// # Errors
/// A variable that is none, or has a value that is wrong.
pub fn connection(name: &str) -> Result<(Config, Settings), Error> {
    let (mut builder, mut settings) = (Builder::default(), Settings::default());
    builder.set("mqttversion", Value::Text("auto".to_owned()))?;
    let is_url = name.contains("://");
    let mut has_server = is_url;
    for (variable, value) in std::env::vars() {
        let Some(rest) = variable.strip_prefix(PREFIX).filter(|rest| !OWN.contains(rest)) else {
            continue;
        };
        let rest = rest.to_lowercase();
        let key = [format!("mqtt{rest}"), rest].into_iter().find(|key| is_key(key));
        let Some(key) = key else {
            return Err(wrong(&format!(
                "the environment has {variable}, which is no option: write MQTT_SERVER, MQTT_USERNAME, MQTT_KEEPALIVE and so on"
            )));
        };
        has_server |= key == "mqttserver";
        if key == "store" {
            settings.store = Some(value.clone());
        }
        if !(is_url && key == "mqttserver") {
            builder.set(&key, typed(&key, &value))?;
        }
    }
    if is_url {
        builder.set("mqttserver", Value::Text(name.to_owned()))?;
    }
    if !has_server {
        let text = format!("which broker is \"{name}\"? give the environment MQTT_SERVER, or connect to a URL such as mqtt://localhost");
        return Err(wrong(&text));
    }
    let certificates = &mut settings.certificates;
    for (name, place) in [
        ("CAFILE", &mut certificates.ca),
        ("CERT", &mut certificates.cert),
        ("KEY", &mut certificates.key),
    ] {
        if let Some(path) = own(name) {
            let content = file_content(&path);
            *place =
                Some(content.map_err(|why| wrong(&format!("cannot read \"{path}\" of MQTT_{name}: {why}")))?);
            builder.set("certs", Value::Other("an object"))?;
        }
    }
    Ok((builder.finish(PLATFORM)?, settings))
}

fn own(name: &str) -> Option<String> {
    std::env::var(format!("{PREFIX}{name}")).ok()
}

fn wrong(text: &str) -> Error {
    Error::new(Code::InvalidOption, text)
}
