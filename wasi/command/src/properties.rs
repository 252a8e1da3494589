//! Turns `-D COMMAND NAME VALUE`, properties of MQTT 5 by mosquitto's names, into encoded lists.

use mqtt_lib_edge::properties::{check, put, Definition, Place, Property, Value, ValueType, TABLE};

use crate::failure::{usage, Outcome};
use crate::table::PROPERTIES;
use crate::words::Words;

const USER: &str = "user-property";

/// By packet.
#[derive(Default)]
pub struct Lists {
    pub connect: Vec<u8>,
    pub will: Vec<u8>,
    pub publish: Vec<u8>,
    pub subscribe: Vec<u8>,
    pub disconnect: Vec<u8>,
    /// A property was given.
    pub any: bool,
}

impl Lists {
    pub fn of(words: &Words) -> Outcome<Lists> {
        let mut lists = Lists::default();
        let mut interval = words.text("session-expiry-interval");
        for given in &words.properties {
            let is_interval = given.first().is_some_and(|packet| packet == "connect")
                && given.get(1).is_some_and(|name| name == "session-expiry-interval");
            // The option is stronger.
            if !(is_interval && interval.is_some()) {
                lists.add(words.verb.name, given)?;
            }
        }
        if let Some(seconds) = interval.take() {
            let words = ["connect", "session-expiry-interval", seconds].map(str::to_owned);
            lists.add("sub", &words)?;
        }
        Ok(lists)
    }

    fn add(&mut self, verb: &str, given: &[String]) -> Outcome<()> {
        let own = if verb == "sub" { "subscribe" } else { "publish" };
        let packet = given.first().map_or("", String::as_str);
        let (list, place) = match packet {
            "connect" => (&mut self.connect, Place::Connect),
            "will" => (&mut self.will, Place::Will),
            "disconnect" => (&mut self.disconnect, Place::Disconnect),
            "publish" if own == packet => (&mut self.publish, Place::Publish),
            "subscribe" if own == packet => (&mut self.subscribe, Place::Subscribe),
            _ => {
                return usage(format!(
                    "-D of mqtt-lib {verb} must be followed by connect, will, disconnect, {own}; \"{packet}\" was given"
                ))
            }
        };
        let Some(name) = given.get(1) else {
            return usage(format!("-D {packet} needs a property and its value"));
        };
        let known = PROPERTIES.iter().find(|(known, _)| *known == packet);
        let known = known.map_or::<&[(&str, &str)], _>(&[], |(_, known)| known);
        let row = known.iter().find(|(flag, _)| flag == name);
        let row = row.and_then(|(_, name)| TABLE.iter().find(|row| row.name == *name));
        let Some(row) = row else {
            let names: Vec<&str> = known.iter().map(|(flag, _)| *flag).collect();
            return usage(format!(
                "-D {packet} has no property \"{name}\"; the properties are: {}",
                names.join(", ")
            ));
        };
        let option = format!("-D {packet} {name}");
        let before = list.len();
        match (given.get(2), given.get(3)) {
            (Some(key), Some(value)) if name == USER => put(list, row.property, Value::Pair(key, value)),
            _ if name == USER => return usage(format!("{option} needs a name and a value")),
            (None, _) => return usage(format!("{option} needs a value")),
            (Some(value), _) => add_value(list, row, &option, value)?,
        }
        if list.len() == before {
            return usage(format!("{option} must be at most 65,535 bytes long"));
        }
        self.any = true;
        let list = match place {
            Place::Connect => &self.connect,
            Place::Will => &self.will,
            Place::Disconnect => &self.disconnect,
            Place::Publish => &self.publish,
            _ => &self.subscribe,
        };
        check(list, place).or_else(|error| usage(format!("{option}: {}", error.sentence)))
    }
}

fn add_value(list: &mut Vec<u8>, row: &Definition, option: &str, text: &str) -> Outcome<()> {
    let most = match row.value_type {
        ValueType::Utf8String => {
            put(list, row.property, Value::Text(text));
            return Ok(());
        }
        ValueType::BinaryData => {
            put(list, row.property, Value::Binary(text.as_bytes()));
            return Ok(());
        }
        ValueType::Byte => {
            let flag = match text {
                "1" | "true" => 1,
                "0" | "false" => 0,
                _ => return usage(format!("{option} must be 0 or 1; \"{text}\" was given")),
            };
            put(list, row.property, Value::Number(flag));
            return Ok(());
        }
        ValueType::TwoByteInteger => u16::MAX.into(),
        ValueType::VariableByteInteger => 268_435_455,
        _ => u32::MAX,
    };
    match text.parse() {
        Ok(number) if number <= most => put(list, row.property, Value::Number(number)),
        _ => {
            return usage(format!(
                "{option} must be a whole number up to {most}; \"{text}\" was given"
            ))
        }
    }
    Ok(())
}

/// Whether a property is one of yes and no.
pub fn is_flag(property: Property) -> bool {
    let row = TABLE.iter().find(|row| row.property == property);
    // The largest QoS is a byte, too, but is received by CONNACK alone.
    row.is_some_and(|row| row.value_type == ValueType::Byte)
}
