//! Between a client of MQTT 5 and a broker that thinks in 3.1.1: packets of the client without what only
//! MQTT 5 has, packets of the broker with it. Names what a topic alias stands for; never judges.

use std::collections::BTreeMap;

use crate::codec::properties::{number, Property};
use crate::codec::varint;

/// How many aliases the broker takes: few, so that some topics have one and some have not.
const ALIASES: u8 = 3;

#[derive(Debug, Default)]
pub struct Dialect {
    /// The client has said that it speaks MQTT 5.
    pub five: bool,
    aliases: BTreeMap<u32, Vec<u8>>,
    /// Filters of an UNSUBSCRIBE, by its identifier: its answer has a code for each.
    unsubscribed: BTreeMap<[u8; 2], usize>,
}

/// CONNACK's return code of 3.1.1 as a reason of MQTT 5.
pub fn reason(code: u8) -> u8 {
    [0, 0x84, 0x85, 0x88, 0x86, 0x87][usize::from(code)]
}

/// Length of the packet at the front, and where its body begins; none if it is not whole.
pub fn whole(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut body = 0;
    for at in 1..5 {
        let byte = usize::from(*bytes.get(at)?);
        body |= (byte & 0x7f) << (7 * (at - 1));
        if byte & 0x80 == 0 {
            let len = at + 1 + body;
            return (len <= bytes.len()).then_some((len, at + 1));
        }
    }
    None
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    varint::write(&mut out, body.len());
    out.extend_from_slice(body);
    out
}

/// A list of properties at the front, and what follows it.
fn cut_list(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (len, at) = whole(&[&[0], bytes].concat()).expect("a list of properties");
    bytes[at - 1..].split_at(len - at)
}

/// A text or bytes with their length in front, and what follows.
fn cut_field(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(2 + usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
}

impl Dialect {
    /// A whole packet of the client, as 3.1.1 would have it.
    pub fn hear(&mut self, raw: &[u8]) -> Vec<u8> {
        let (_, at) = whole(raw).expect("a whole packet");
        let (first, body) = (raw[0], &raw[at..]);
        if first == 0x10 {
            *self = Dialect {
                five: body[6] == 5,
                ..Dialect::default()
            };
        }
        if !self.five {
            return raw.to_vec();
        }
        packet(
            first,
            &match first >> 4 {
                1 => connect(body),
                3 => self.publish(first, body),
                8 => subscribe(body),
                10 => {
                    let filters = cut_list(&body[2..]).1;
                    let pid = [body[0], body[1]];
                    let (mut rest, mut count) = (filters, 0);
                    while !rest.is_empty() {
                        rest = cut_field(rest).1;
                        count += 1;
                    }
                    self.unsubscribed.insert(pid, count);
                    [&pid[..], filters].concat()
                }
                14 => Vec::new(),
                12 => body.to_vec(),
                _ => body[..2].to_vec(),
            },
        )
    }

    fn publish(&mut self, first: u8, body: &[u8]) -> Vec<u8> {
        let (mut topic, rest) = cut_field(body);
        let (pid, rest) = rest.split_at(if first & 6 == 0 { 0 } else { 2 });
        let (list, payload) = cut_list(rest);
        if let Some(alias) = number(list, Property::TopicAlias) {
            assert!((1..=ALIASES.into()).contains(&alias));
            if topic.len() > 2 {
                self.aliases.insert(alias, topic.to_vec());
            }
            topic = &self.aliases[&alias];
        }
        [topic, pid, payload].concat()
    }

    /// What the broker says in 3.1.1, as the client is to hear it. What is no whole packet stays as it is.
    pub fn say(&self, bytes: &[u8]) -> Vec<u8> {
        if !self.five {
            return bytes.to_vec();
        }
        let mut out = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some((len, at)) = whole(rest) else {
                return bytes.to_vec();
            };
            out.extend(self.say_one(rest[0], &rest[at..len]));
            rest = &rest[len..];
        }
        out
    }

    fn say_one(&self, first: u8, body: &[u8]) -> Vec<u8> {
        let mut body = body.to_vec();
        match first >> 4 {
            2 if body[1] == 0 => body.extend([3, Property::TopicAliasMaximum as u8, 0, ALIASES]),
            2 => (body[1], _) = (reason(body[1]), body.push(0)),
            3 => {
                let pid = if first & 6 == 0 { 0 } else { 2 };
                let at = cut_field(&body).0.len() + pid;
                body.insert(at, 0);
            }
            9 => body.insert(2, 0),
            11 => {
                let filters = self.unsubscribed.get(&body[..2]).copied().unwrap_or(1);
                body.resize(3 + filters, 0);
            }
            _ => {}
        }
        packet(first, &body)
    }
}

fn connect(body: &[u8]) -> Vec<u8> {
    let will = body[7] & 4 != 0;
    let (id, rest) = cut_field(cut_list(&body[10..]).1);
    let rest = if will { cut_list(rest).1 } else { rest };
    [&body[..6], &[4], &body[7..10], id, rest].concat()
}

fn subscribe(body: &[u8]) -> Vec<u8> {
    let mut out = body[..2].to_vec();
    let mut rest = cut_list(&body[2..]).1;
    while !rest.is_empty() {
        let (filter, behind) = cut_field(rest);
        out.extend_from_slice(filter);
        out.push(behind[0] & 3);
        rest = &behind[1..];
    }
    out
}
