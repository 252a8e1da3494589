//! Formats a received message for printing: the payload, with its topic, by a format with mosquitto's letters, or JSON, as
//! js/cli/format.mjs does.

use std::collections::BTreeMap;

use mqtt_lib_edge::properties::{find, number, string, Properties, Property, Value};
use mqtt_lib_edge::Message;
use wasip2::clocks::wall_clock;

use crate::failure::{usage, Outcome};
use crate::properties::is_flag;
use crate::words::Words;

const LETTERS: &str = "% t p l q r x X j I U C D E P R S";
const DAY: u64 = 86_400;

pub enum Format {
    Payload { verbose: bool },
    Json,
    Pieces(Vec<Piece>),
}

pub enum Piece {
    Bytes(Vec<u8>),
    Letter(char),
}

pub struct Printer {
    format: Format,
    end: &'static [u8],
}

impl Printer {
    pub fn of(words: &Words) -> Outcome<Printer> {
        words.exclude(&["json", "format", "verbose"])?;
        let format = match words.text("format") {
            Some(format) => Format::Pieces(pieces(format)?),
            None if words.flag("json") => Format::Json,
            None => Format::Payload {
                verbose: words.flag("verbose"),
            },
        };
        let end: &[u8] = if words.flag("no-newline") && !words.flag("json") {
            b""
        } else {
            b"\n"
        };
        Ok(Printer { format, end })
    }

    pub fn line(&self, message: &Message) -> Vec<u8> {
        let mut line = match &self.format {
            Format::Json => json(message).into_bytes(),
            Format::Payload { verbose: false } => message.payload.clone(),
            Format::Payload { verbose: true } => [message.topic.as_bytes(), b" ", &message.payload].concat(),
            Format::Pieces(pieces) => pieces.iter().flat_map(|piece| shown(piece, message)).collect(),
        };
        line.extend_from_slice(self.end);
        line
    }
}

fn pieces(format: &str) -> Outcome<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => match letters.next() {
                Some(letter) if LETTERS.split(' ').any(|known| known.starts_with(letter)) => {
                    pieces.push(Piece::Letter(letter));
                }
                next => {
                    let next = next.map(String::from).unwrap_or_default();
                    return usage(format!(
                        "--format has \"%{next}\"; allowed after % are: {LETTERS}"
                    ));
                }
            },
            '\\' => {
                let next = letters.next().unwrap_or('\\');
                let meant = match next {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    '\\' => '\\',
                    _ => {
                        pieces.push(Piece::Bytes(b"\\".to_vec()));
                        next
                    }
                };
                pieces.push(Piece::Bytes(meant.to_string().into_bytes()));
            }
            letter => pieces.push(Piece::Bytes(letter.to_string().into_bytes())),
        }
    }
    Ok(pieces)
}

fn shown(piece: &Piece, message: &Message) -> Vec<u8> {
    let letter = match piece {
        Piece::Bytes(bytes) => return bytes.clone(),
        Piece::Letter(letter) => *letter,
    };
    let list = message.properties.as_slice();
    let text = match letter {
        'p' => return message.payload.clone(),
        'D' => {
            return match find(list, Property::CorrelationData) {
                Some(Value::Binary(data)) => data.to_vec(),
                _ => Vec::new(),
            }
        }
        't' => message.topic.clone(),
        'l' => message.payload.len().to_string(),
        'q' => message.qos.to_string(),
        'r' => u8::from(message.retain).to_string(),
        'x' => hexadecimal(&message.payload),
        'X' => hexadecimal(&message.payload).to_uppercase(),
        'j' => json(message),
        'I' => now_as_text(),
        'U' => format!("{:.3}", now_as_millis() as f64 / 1000.0),
        'C' => string(list, Property::ContentType).unwrap_or_default().to_owned(),
        'R' => string(list, Property::ResponseTopic)
            .unwrap_or_default()
            .to_owned(),
        'E' => number(list, Property::MessageExpiryInterval).map_or_else(String::new, |n| n.to_string()),
        'P' => joined(list, " ", |_, value| match value {
            Value::Pair(name, value) => Some(format!("{name}:{value}")),
            _ => None,
        }),
        'S' => joined(list, ",", |property, value| match value {
            Value::Number(number) if property == Property::SubscriptionIdentifier => Some(number.to_string()),
            _ => None,
        }),
        letter => letter.to_string(),
    };
    text.into_bytes()
}

fn joined(list: &[u8], between: &str, take: impl Fn(Property, Value<'_>) -> Option<String>) -> String {
    let all: Vec<String> = Properties(list)
        .filter_map(|(row, value)| take(row.property, value))
        .collect();
    all.join(between)
}

/// Names as in mosquitto's JSON; a payload that is not UTF-8 is in `payloadBase64`.
pub fn json(message: &Message) -> String {
    let payload = match std::str::from_utf8(&message.payload) {
        Ok(text) => format!("\"payload\":{}", quoted(text)),
        Err(_) => format!("\"payloadBase64\":\"{}\"", base64(&message.payload)),
    };
    let properties = match message.properties.as_slice() {
        [] => String::new(),
        list => format!(",\"properties\":{{{}}}", properties(list)),
    };
    format!(
        "{{\"tst\":\"{}\",\"topic\":{},\"qos\":{},\"retain\":{},\"payloadlen\":{},{payload}{properties}}}",
        now_as_text(),
        quoted(&message.topic),
        message.qos,
        message.retain,
        message.payload.len(),
    )
}

fn properties(list: &[u8]) -> String {
    let mut fields: Vec<(&str, Vec<String>)> = Vec::new();
    let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (row, value) in Properties(list) {
        let shown = match value {
            Value::Number(flag) if is_flag(row.property) => (flag != 0).to_string(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) => quoted(text),
            Value::Binary(data) => format!("\"{}\"", base64(data)),
            Value::Pair(name, value) => {
                users.entry(name).or_default().push(quoted(value));
                continue;
            }
        };
        match fields.iter_mut().find(|(name, _)| *name == row.name) {
            Some((_, values)) => values.push(shown),
            None => fields.push((row.name, vec![shown])),
        }
    }
    let mut all: Vec<String> = fields
        .into_iter()
        .map(|(name, values)| format!("\"{name}\":{}", one_or_list(&values)))
        .collect();
    if !users.is_empty() {
        let users: Vec<String> = users
            .iter()
            .map(|(name, values)| format!("{}:{}", quoted(name), one_or_list(values)))
            .collect();
        all.push(format!("\"userProperties\":{{{}}}", users.join(",")));
    }
    all.join(",")
}

fn one_or_list(values: &[String]) -> String {
    match values {
        [one] => one.clone(),
        several => format!("[{}]", several.join(",")),
    }
}

pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter < ' ' => out.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let number =
            part.iter().fold(0, |number, &byte| number << 8 | u32::from(byte)) << (8 * (3 - part.len()));
        for place in 0..4 {
            match place <= part.len() {
                true => out.push(DIGITS[(number >> (18 - 6 * place) & 63) as usize] as char),
                false => out.push('='),
            }
        }
    }
    out
}

fn now_as_millis() -> u64 {
    let now = wall_clock::now();
    now.seconds * 1000 + u64::from(now.nanoseconds / 1_000_000)
}

fn now_as_text() -> String {
    as_text(now_as_millis())
}

/// ISO 8601, in UTC.
fn as_text(millis: u64) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}

/// Year, month and day of a day, counted from the first of January 1970.
fn date(mut day: u64) -> (u64, u64, u64) {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if day < length {
            break;
        }
        day -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::{as_text, base64, quoted};

    #[test]
    fn base64_has_its_ends() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn times_are_dates() {
        assert_eq!(as_text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(as_text(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(as_text(1_795_953_599_999), "2026-11-29T11:59:59.999Z");
    }

    #[test]
    fn texts_are_quoted_as_json() {
        assert_eq!(quoted("a\"b\\\n\u{1}"), "\"a\\\"b\\\\\\n\\u0001\"");
    }
}
