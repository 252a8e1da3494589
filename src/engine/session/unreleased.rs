//! QoS 2 on its way in (§4.3.3): one bit for each packet identifier between its PUBLISH and its PUBREL, by which a
//! repetition is known. Owns nothing else: what is owed for a message is in `inbound.rs`.

use crate::codec::PacketId;

/// Empty until QoS 2 is used.
#[derive(Debug, Default)]
pub(super) struct Unreleased {
    words: Vec<u64>,
}

impl Unreleased {
    /// True the first time.
    pub fn mark(&mut self, packet_id: PacketId) -> bool {
        if self.words.is_empty() {
            self.words.resize(1 << 10, 0);
        }
        let (place, bit) = bit_of(packet_id);
        let word = &mut self.words[place];
        let first = *word & bit == 0;
        *word |= bit;
        first
    }

    /// True if it was marked.
    pub fn clear(&mut self, packet_id: PacketId) -> bool {
        let (place, bit) = bit_of(packet_id);
        match self.words.get_mut(place) {
            Some(word) if *word & bit != 0 => {
                *word &= !bit;
                true
            }
            _ => false,
        }
    }

    /// Clears all, and calls `forget` with each.
    pub fn clear_all(&mut self, mut forget: impl FnMut(PacketId)) {
        for (at, word) in (0u16..).zip(&self.words) {
            for bit in 0..64 {
                match PacketId::new(at << 6 | bit) {
                    Some(id) if word & 1 << bit != 0 => forget(id),
                    _ => {}
                }
            }
        }
        self.words.clear();
    }
}

/// The word and the bit of an identifier.
fn bit_of(packet_id: PacketId) -> (usize, u64) {
    let number = packet_id.get();
    (usize::from(number >> 6), 1 << (number & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_that_is_marked_is_known_until_it_is_cleared_and_forgotten_with_all() {
        let ids = [1, 63, 64, 4_000, 65_535].map(|id| PacketId::new(id).unwrap());
        let mut unreleased = Unreleased::default();
        for id in ids {
            assert!(!unreleased.clear(id));
            assert!(unreleased.mark(id) && !unreleased.mark(id));
        }
        assert!(unreleased.clear(ids[2]) && !unreleased.clear(ids[2]));
        let mut forgotten = Vec::new();
        unreleased.clear_all(|id| forgotten.push(id));
        assert_eq!(forgotten, [ids[0], ids[1], ids[3], ids[4]]);
        assert!(unreleased.mark(ids[0]));
    }
}
