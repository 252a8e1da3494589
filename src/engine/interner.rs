//! Numbers for byte strings: the one hash table of the engine. What belongs to a name is kept by its number in a
//! plain vector elsewhere. One table without type parameters, because every instance of a generic map is paid for
//! in the size of the wasm. Topics come from strangers, so the hash has secret keys.

/// The secret of a hash: without it nobody can choose names that collide.
#[derive(Debug, Clone, Copy)]
pub(super) struct HashKeys(u64, u64);

impl HashKeys {
    pub fn new(random: &mut super::random::Random) -> Self {
        HashKeys(random.next() | 1, random.next() | 1)
    }

    /// Two multiplications by secret odd numbers a word, with a shift between them. One alone lets a difference in
    /// the highest bit through whatever the key is, and the next word could cancel it.
    fn hash(self, mut bytes: &[u8]) -> u32 {
        let mut hash = bytes.len() as u64;
        let mut mix = |word: u64| {
            let mixed = (hash ^ word).wrapping_mul(self.0);
            hash = (mixed ^ mixed >> 32).wrapping_mul(self.1);
        };
        while let Some((word, rest)) = bytes.split_first_chunk() {
            mix(u64::from_le_bytes(*word));
            bytes = rest;
        }
        let last = bytes
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte));
        mix(last);
        (hash >> 32) as u32
    }
}

/// Byte strings by number, and numbers by byte string.
#[derive(Debug)]
pub(super) struct Interner {
    pub keys: HashKeys,
    names: Vec<Option<Box<[u8]>>>,
    free: Vec<u32>,
    /// Open addressing with linear probing: the hash, so that other names are seldom compared, and number + 1;
    /// 0 is empty.
    table: Vec<(u32, u32)>,
    #[cfg(test)]
    probes: std::cell::Cell<usize>,
}

/// Whether they are equal, a word at a time, where wasm's memcmp takes a byte. The last word may overlap the one before.
fn same(mut a: &[u8], mut b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (Some(last), Some(other)) = (a.last_chunk::<8>(), b.last_chunk()) else {
        return a == b;
    };
    while let (Some((x, more)), Some((y, rest))) = (a.split_first_chunk::<8>(), b.split_first_chunk()) {
        if x != y {
            return false;
        }
        (a, b) = (more, rest);
    }
    last == other
}

impl Interner {
    #[inline(never)]
    pub fn new(keys: HashKeys) -> Self {
        Interner {
            keys,
            names: Vec::new(),
            free: Vec::new(),
            table: Vec::new(),
            #[cfg(test)]
            probes: Default::default(),
        }
    }

    /// Forgets every name.
    pub fn clear(&mut self) {
        *self = Interner::new(self.keys);
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len() - self.free.len()
    }

    #[inline(always)]
    pub fn name(&self, number: u32) -> Option<&[u8]> {
        self.names.get(number as usize)?.as_deref()
    }

    /// Whether this number has that name.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn is(&self, number: u32, name: &[u8]) -> bool {
        matches!(self.names.get(number as usize), Some(Some(known)) if same(known, name))
    }

    /// All numbers in use are below this one.
    pub fn places(&self) -> u32 {
        self.names.len() as u32
    }

    /// The name of this number, if it is a text.
    pub fn text(&self, number: u32) -> Option<&str> {
        std::str::from_utf8(self.name(number)?).ok()
    }

    #[cfg_attr(small_code, optimize(speed))]
    pub fn find(&self, name: &[u8]) -> Option<u32> {
        let mask = self.table.len().checked_sub(1)?;
        let hash = self.keys.hash(name);
        let mut at = hash as usize & mask;
        loop {
            let (other, entry) = self.table[at];
            #[cfg(test)]
            self.probes.set(self.probes.get() + 1);
            let number = entry.checked_sub(1)?;
            if other == hash && self.is(number, name) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// The number of `name`, a new one if it has none.
    pub fn insert(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        if (self.len() + 1) * 2 > self.table.len() {
            let size = (self.table.len() * 2).max(16);
            for entry in std::mem::replace(&mut self.table, vec![(0, 0); size]) {
                if entry.1 != 0 {
                    self.enter(entry);
                }
            }
        }
        let number = self.free.pop().unwrap_or(self.names.len() as u32);
        if number as usize == self.names.len() {
            self.names.push(None);
        }
        self.names[number as usize] = Some(name.into());
        self.enter((self.keys.hash(name), number + 1));
        number
    }

    fn enter(&mut self, entry: (u32, u32)) {
        let mask = self.table.len() - 1;
        let mut at = entry.0 as usize & mask;
        while self.table[at].1 != 0 {
            at = (at + 1) & mask;
        }
        self.table[at] = entry;
    }

    pub fn remove(&mut self, number: u32) {
        let Some(Some(name)) = self.names.get_mut(number as usize).map(Option::take) else {
            return;
        };
        self.free.push(number);
        // Entries behind the hole move up, so that probing still finds them.
        let mask = self.table.len() - 1;
        let mut hole = self.keys.hash(&name) as usize & mask;
        while self.table[hole].1 != number + 1 {
            hole = (hole + 1) & mask;
        }
        let mut next = (hole + 1) & mask;
        while self.table[next].1 != 0 {
            let home = self.table[next].0 as usize & mask;
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.table[hole] = self.table[next];
                hole = next;
            }
            next = (next + 1) & mask;
        }
        self.table[hole] = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use std::collections::{HashMap, HashSet};

    fn keys(seed: u64) -> HashKeys {
        HashKeys::new(&mut Random::new(seed))
    }

    #[test]
    fn names_that_differ_in_any_place_are_spread_over_the_table() {
        let keys = keys(1);
        let some = |make: fn(u32) -> String| -> Vec<String> { (0..8192).map(make).collect() };
        for names in [
            some(|i| i.to_string()),
            some(|i| format!("{i:08}")),
            some(|i| format!("a/{i}/temperature/of/a/room")),
            some(|i| format!("sensors/{i:04x}000000000000")),
            (0..128).map(|i| "x".repeat(i)).collect(),
            (0..128u8).map(|i| format!("sensor/{}", i as char)).collect(),
        ] {
            let size = names.len() * 2;
            let places: HashSet<usize> = names
                .iter()
                .map(|n| keys.hash(n.as_bytes()) as usize & (size - 1))
                .collect();
            // Chance would fill 0.79 of as many places as there are names.
            assert!(
                places.len() * 10 > names.len() * 7,
                "{} of {}: {}",
                places.len(),
                names.len(),
                names[9]
            );
        }
    }

    /// The hash of the first edition, and names of 16 characters that all collide in it: the second word cancels
    /// what the first one leaves.
    #[test]
    fn names_chosen_to_collide_in_a_hash_without_a_key_cost_no_more_than_others() {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let after_first = |word: u64| {
            ((16u64.rotate_left(32)) ^ word)
                .wrapping_mul(FACTOR)
                .rotate_left(32)
        };
        let target = after_first(u64::from_le_bytes(*b"sensors/")) ^ u64::from_le_bytes(*b"temp/one");
        let mut names = Interner::new(keys(2));
        let chosen = (0..16_000u64).map(|i| {
            let first = format!("{i:08}");
            let first = u64::from_le_bytes(first.as_bytes().try_into().unwrap());
            let second = after_first(first) ^ target;
            [first.to_le_bytes(), second.to_le_bytes()].concat()
        });
        for name in chosen {
            names.insert(&name);
        }
        assert_eq!(names.len(), 16_000);
        let probes = names.probes.get();
        assert!(probes < 10 * 16_000, "{probes} probes");
    }

    /// A difference in the highest bit passes a multiplication by any odd number unchanged.
    #[test]
    fn a_difference_in_the_highest_bits_is_not_cancelled_by_the_next_word() {
        let pair = |a: u64, b: u64| [a.to_le_bytes(), b.to_le_bytes()].concat();
        for (one, other) in [
            (1 << 63, 1 << 31),
            (1 << 63, 1 << 63),
            (1 << 63 | 1 << 31, 1 << 63),
            (1 << 63 | 1 << 31, 1 << 31),
        ] {
            let same = (0..64u64).filter(|&seed| {
                let keys = keys(seed);
                keys.hash(&pair(seed, 7)) == keys.hash(&pair(seed ^ one, 7 ^ other))
            });
            assert_eq!(same.count(), 0, "{one:x} {other:x}");
        }
    }

    #[test]
    fn behaves_like_a_map_under_random_insertions_and_removals() {
        let mut random = Random::new(7);
        let mut names = Interner::new(keys(3));
        let mut model: HashMap<Vec<u8>, u32> = HashMap::new();
        for _ in 0..100_000 {
            let name = random.up_to(300).to_string().into_bytes();
            assert_eq!(names.find(&name), model.get(&name).copied());
            if random.up_to(2) == 0 {
                if let Some(number) = model.remove(&name) {
                    names.remove(number);
                    assert_eq!(names.name(number), None);
                }
            } else {
                let number = names.insert(&name);
                assert_eq!(*model.entry(name.clone()).or_insert(number), number);
                assert_eq!(names.name(number), Some(&name[..]));
            }
            assert_eq!(names.len(), model.len());
        }
        assert_eq!(
            (0..names.places())
                .filter_map(|number| names.name(number))
                .count(),
            model.len()
        );
    }
}
