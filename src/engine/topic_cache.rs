//! Numbers for the topics of received messages, so that an adapter can keep the string of each and need not make
//! it again for every message. Bounded: when the cache is full it starts anew under a new epoch.

use super::interner::{HashKeys, Interner};
use crate::codec::{publish, DecodeError};

/// Beyond either of these the cache starts anew.
const MAX_TOPICS: usize = 16_384;
const MAX_BYTES: usize = 2 << 20;

#[derive(Debug)]
pub(super) struct TopicCache {
    names: Interner,
    /// By number: which other topic came after it the last time. Sensors publish in turns, and a right guess costs
    /// a comparison, but no hash and no jump through memory.
    next: Vec<u32>,
    /// Whether the next guess is that topic, or the same topic again.
    in_turns: bool,
    bytes: usize,
    epoch: u32,
    last: u32,
}

impl TopicCache {
    pub fn new(keys: HashKeys) -> Self {
        TopicCache {
            names: Interner::new(keys),
            next: Vec::new(),
            in_turns: false,
            bytes: 0,
            epoch: 0,
            last: 0,
        }
    }

    /// Which numbering is in force; an adapter's own cache is void when it changes.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Voids what adapters have cached, as when handlers change. Numbers stay valid: messages of the current chunk
    /// may carry them.
    pub fn renew(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Called between chunks: numbers must hold while one chunk is worked on.
    pub fn trim(&mut self) {
        if self.names.len() > MAX_TOPICS || self.bytes > MAX_BYTES {
            self.names.clear();
            self.next.clear();
            self.in_turns = false;
            (self.bytes, self.last) = (0, 0);
            self.renew();
        }
    }

    pub fn name(&self, number: u32) -> Option<&str> {
        std::str::from_utf8(self.names.name(number)?).ok()
    }

    /// The number of a topic as it was received. One that is known has been checked.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn number(&mut self, topic: &[u8]) -> Result<u32, DecodeError> {
        let guess = match self.in_turns {
            true => self.next[self.last as usize],
            false => self.last,
        };
        if !self.names.is(guess, topic) {
            return self.look_up(topic);
        }
        self.last = guess;
        Ok(guess)
    }

    /// The number of a topic with something behind it.
    pub fn extended(&mut self, number: u32, separator: u8, with: &[u8]) -> u32 {
        let mut name = self.names.name(number).unwrap_or_default().to_vec();
        name.push(separator);
        name.extend_from_slice(with);
        self.insert(&name)
    }

    fn insert(&mut self, name: &[u8]) -> u32 {
        let number = self.names.insert(name);
        if number as usize == self.next.len() {
            self.bytes += name.len();
            self.next.push(0);
        }
        number
    }

    fn look_up(&mut self, topic: &[u8]) -> Result<u32, DecodeError> {
        let number = match self.names.find(topic) {
            Some(number) => number,
            None => {
                publish::check_topic(topic)?;
                self.insert(topic)
            }
        };
        let next = &mut self.next[self.last as usize];
        self.in_turns = *next == number;
        if number != self.last {
            *next = number;
        }
        self.last = number;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Random;

    fn cache() -> TopicCache {
        TopicCache::new(HashKeys::new(&mut Random::new(1)))
    }

    fn number(topics: &mut TopicCache, name: &str) -> u32 {
        topics.number(name.as_bytes()).unwrap()
    }

    #[test]
    fn a_topic_keeps_its_number_and_its_name() {
        let mut topics = cache();
        let names: Vec<String> = (0..3000).map(|i| format!("a/{i}/é")).collect();
        let numbers: Vec<u32> = names.iter().map(|n| number(&mut topics, n)).collect();
        for (name, known) in names.iter().zip(numbers) {
            assert_eq!(number(&mut topics, name), known);
            assert_eq!(topics.name(known), Some(&**name));
        }
    }

    #[test]
    fn whatever_order_they_come_in() {
        let mut random = Random::new(3);
        let mut topics = cache();
        let names: Vec<String> = (0..50).map(|i| format!("{i}/sensor/temperature")).collect();
        for name in &names {
            number(&mut topics, name);
        }
        for _ in 0..10_000 {
            let i = random.up_to(names.len() as u64 - 1);
            for i in (i..50).take(3) {
                assert_eq!(number(&mut topics, &names[i as usize]), i as u32);
            }
        }
    }

    #[test]
    fn what_is_no_topic_gets_no_number() {
        let mut topics = cache();
        for bad in [&b"a/+"[..], b"\xff", b"a\0"] {
            assert!(topics.number(bad).is_err());
            assert!(topics.number(bad).is_err());
        }
        assert_eq!(topics.name(0), None);
        assert_eq!(topics.number(b"a"), Ok(0));
    }

    #[test]
    fn it_is_bounded_by_count_and_by_bytes() {
        let mut topics = cache();
        for i in 0..MAX_TOPICS {
            number(&mut topics, &i.to_string());
        }
        topics.trim();
        assert_eq!((topics.epoch(), topics.name(0)), (0, Some("0")));
        number(&mut topics, "one more");
        topics.trim();
        assert_eq!((topics.epoch(), topics.name(0)), (1, None));
        for i in 10..=99 {
            number(&mut topics, &i.to_string().repeat(30_000));
        }
        topics.trim();
        assert_eq!(topics.epoch(), 2);
    }
}
