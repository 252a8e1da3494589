//! A small generator for jitter, client identifiers and the keys of hash tables, seeded by whoever creates the
//! engine. Not for secrets.

/// splitmix64.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `0..=max`.
    pub fn up_to(&mut self, max: u64) -> u64 {
        self.next() % max.saturating_add(1).max(1)
    }

    /// 23 letters and digits: every server must accept these [MQTT-3.1.3-5].
    pub fn client_id(&mut self) -> String {
        const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut id = String::from("mqttlib");
        while id.len() < 23 {
            id.push(ALPHABET[self.up_to(35) as usize] as char);
        }
        id
    }
}
