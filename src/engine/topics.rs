//! Numbers for the topics of received messages, so that a caller can keep the string of each and
//! need not make it again for every message. Bounded: when it is full it starts anew and says so
//! by a new epoch.

/// Beyond either of these the cache starts anew.
const MAX_TOPICS: usize = 4_096;
const MAX_BYTES: usize = 1 << 20;

#[derive(Debug, Default)]
pub struct Topics {
    names: Vec<Box<str>>,
    /// Open addressing over `names`; 0 is empty, otherwise number + 1.
    table: Vec<u32>,
    bytes: usize,
    epoch: u32,
    last: usize,
}

fn hash(bytes: &[u8]) -> u32 {
    let mut h: u32 = 0x811c_9dc5;
    let mut words = bytes.chunks_exact(4);
    for w in &mut words {
        let word = u32::from_le_bytes([w[0], w[1], w[2], w[3]]);
        h = (h.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b1);
    }
    for &b in words.remainder() {
        h = (h.rotate_left(5) ^ b as u32).wrapping_mul(0x9e37_79b1);
    }
    h ^ (h >> 15)
}

impl Topics {
    /// Which numbering is in force; a caller's own cache is void when it changes.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Makes every number void, as when handlers change.
    pub fn renew(&mut self) {
        self.names.clear();
        self.table.clear();
        self.bytes = 0;
        self.last = 0;
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Called between chunks: numbers must hold while one chunk is worked on.
    pub fn trim(&mut self) {
        if self.names.len() > MAX_TOPICS || self.bytes > MAX_BYTES {
            self.renew();
        }
    }

    pub fn name(&self, number: u32) -> Option<&str> {
        self.names.get(number as usize).map(|name| &**name)
    }

    pub fn number(&mut self, topic: &str) -> u32 {
        if self.names.get(self.last).is_some_and(|n| **n == *topic) {
            return self.last as u32;
        }
        if (self.names.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut at = hash(topic.as_bytes()) as usize & mask;
        self.last = loop {
            match self.table[at] {
                0 => {
                    self.names.push(topic.into());
                    self.bytes += topic.len();
                    self.table[at] = self.names.len() as u32;
                    break self.names.len() - 1;
                }
                n if *self.names[n as usize - 1] == *topic => break n as usize - 1,
                _ => at = (at + 1) & mask,
            }
        };
        self.last as u32
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(16);
        self.table.clear();
        self.table.resize(size, 0);
        for (i, name) in self.names.iter().enumerate() {
            let mut at = hash(name.as_bytes()) as usize & (size - 1);
            while self.table[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.table[at] = i as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_keeps_its_number_and_its_name() {
        let mut topics = Topics::default();
        let names: Vec<String> = (0..3000).map(|i| format!("a/{i}/é")).collect();
        let numbers: Vec<u32> = names.iter().map(|n| topics.number(n)).collect();
        for (name, number) in names.iter().zip(numbers) {
            assert_eq!(topics.number(name), number);
            assert_eq!(topics.name(number), Some(&**name));
        }
    }

    #[test]
    fn it_is_bounded_by_count_and_by_bytes() {
        let mut topics = Topics::default();
        for i in 0..=MAX_TOPICS {
            topics.number(&i.to_string());
        }
        topics.trim();
        assert_eq!((topics.epoch(), topics.name(0)), (1, None));
        topics.number(&"x".repeat(MAX_BYTES + 1));
        topics.trim();
        assert_eq!(topics.epoch(), 2);
    }
}
