//! Numbers for the topics of received messages, so that a caller can keep the string of each and
//! need not make it again for every message. Bounded: when it is full it starts anew and says so
//! by a new epoch.

use super::names::Names;
use crate::codec::{publish, Malformed};

/// Beyond either of these the cache starts anew.
const MAX_TOPICS: usize = 16_384;
const MAX_BYTES: usize = 2 << 20;

#[derive(Debug, Default)]
pub struct Topics {
    names: Names,
    bytes: usize,
    epoch: u32,
    last: u32,
}

impl Topics {
    /// Which numbering is in force; a caller's own cache is void when it changes.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Makes what a caller has kept void, as when handlers change. Numbers given out stay good: there
    /// may be messages of this chunk that carry them.
    pub fn renew(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Called between chunks: numbers must hold while one chunk is worked on.
    pub fn trim(&mut self) {
        if self.names.len() > MAX_TOPICS || self.bytes > MAX_BYTES {
            *self = Topics {
                epoch: self.epoch.wrapping_add(1),
                ..Topics::default()
            };
        }
    }

    pub fn name(&self, number: u32) -> Option<&str> {
        std::str::from_utf8(self.names.name(number)?).ok()
    }

    /// A topic is checked when it is seen for the first time: what has a number is good.
    pub fn number(&mut self, topic: &str) -> Result<u32, Malformed> {
        if self.names.name(self.last) == Some(topic.as_bytes()) {
            return Ok(self.last);
        }
        self.last = match self.names.find(topic.as_bytes()) {
            Some(number) => number,
            None => {
                publish::check_topic(topic)?;
                self.bytes += topic.len();
                self.names.insert(topic.as_bytes())
            }
        };
        Ok(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_keeps_its_number_and_its_name() {
        let mut topics = Topics::default();
        let names: Vec<String> = (0..3000).map(|i| format!("a/{i}/é")).collect();
        let numbers: Vec<u32> = names.iter().map(|n| topics.number(n).unwrap()).collect();
        for (name, number) in names.iter().zip(numbers) {
            assert_eq!(topics.number(name), Ok(number));
            assert_eq!(topics.name(number), Some(&**name));
        }
    }

    #[test]
    fn what_is_no_topic_is_refused_as_often_as_it_comes() {
        let mut topics = Topics::default();
        for bad in ["", "a/+", "#", "a\0", "\u{7f}"] {
            for _ in 0..2 {
                assert_eq!(topics.number(bad).unwrap_err().reason, 0x81, "{bad:?}");
                topics.number("good").unwrap();
            }
        }
        assert_eq!(topics.number("good"), Ok(0));
    }

    #[test]
    fn it_is_bounded_by_count_and_by_bytes() {
        let mut topics = Topics::default();
        for i in 0..=MAX_TOPICS {
            topics.number(&i.to_string()).unwrap();
        }
        topics.trim();
        assert_eq!((topics.epoch(), topics.name(0)), (1, None));
        for i in 0..=MAX_BYTES / 60_000 {
            topics.number(&format!("{i}{}", "x".repeat(60_000))).unwrap();
        }
        topics.trim();
        assert_eq!(topics.epoch(), 2);
    }
}
