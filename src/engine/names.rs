//! Numbers for byte strings: the one hash table of the engine. What belongs to a name is kept by
//! its number in a plain vector elsewhere. One table without type parameters, because every
//! instance of a generic map is paid for in the size of the wasm.

#[derive(Debug, Default)]
pub struct Names {
    names: Vec<Option<Box<[u8]>>>,
    free: Vec<u32>,
    /// Open addressing, linear probing; 0 is empty, otherwise number + 1.
    table: Vec<u32>,
}

fn hash(bytes: &[u8]) -> usize {
    let mut h: u32 = 0x811c_9dc5;
    let mut words = bytes.chunks_exact(4);
    for w in &mut words {
        let word = u32::from_le_bytes([w[0], w[1], w[2], w[3]]);
        h = (h.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b1);
    }
    for &b in words.remainder() {
        h = (h.rotate_left(5) ^ b as u32).wrapping_mul(0x9e37_79b1);
    }
    (h ^ (h >> 15)) as usize
}

impl Names {
    pub fn len(&self) -> usize {
        self.names.len() - self.free.len()
    }

    #[inline(always)]
    pub fn name(&self, number: u32) -> Option<&[u8]> {
        self.names.get(number as usize)?.as_deref()
    }

    /// Every number in use.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..)
            .zip(&self.names)
            .filter(|(_, n)| n.is_some())
            .map(|(i, _)| i)
    }

    pub fn find(&self, name: &[u8]) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        match self.table[self.place(name)] {
            0 => None,
            entry => Some(entry - 1),
        }
    }

    /// The number of `name`, a new one if it has none.
    pub fn insert(&mut self, name: &[u8]) -> u32 {
        if (self.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        let place = self.place(name);
        if self.table[place] == 0 {
            let number = self.free.pop().unwrap_or(self.names.len() as u32);
            if number as usize == self.names.len() {
                self.names.push(None);
            }
            self.names[number as usize] = Some(name.into());
            self.table[place] = number + 1;
        }
        self.table[place] - 1
    }

    pub fn remove(&mut self, number: u32) {
        let Some(Some(name)) = self.names.get_mut(number as usize).map(Option::take) else {
            return;
        };
        self.free.push(number);
        // Entries behind the hole move up, so that probing still finds them.
        let mask = self.table.len() - 1;
        let mut hole = hash(&name) & mask;
        while self.table[hole] != number + 1 {
            hole = (hole + 1) & mask;
        }
        let mut next = (hole + 1) & mask;
        while let Some(name) = self.table[next].checked_sub(1).and_then(|n| self.name(n)) {
            let home = hash(name) & mask;
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.table[hole] = self.table[next];
                hole = next;
            }
            next = (next + 1) & mask;
        }
        self.table[hole] = 0;
    }

    /// Where `name` is in the table, or the empty place where it would be.
    fn place(&self, name: &[u8]) -> usize {
        let mask = self.table.len() - 1;
        let mut at = hash(name) & mask;
        while let Some(number) = self.table[at].checked_sub(1) {
            if self.name(number) == Some(name) {
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(16);
        self.table = vec![0; size];
        for (i, name) in self.names.iter().enumerate() {
            let Some(name) = name else { continue };
            let mut at = hash(name) & (size - 1);
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
    use crate::engine::rng::Rng;
    use std::collections::HashMap;

    #[test]
    fn behaves_like_a_map_under_random_insertions_and_removals() {
        let mut rng = Rng::new(7);
        let mut names = Names::default();
        let mut model: HashMap<Vec<u8>, u32> = HashMap::new();
        for _ in 0..100_000 {
            let name = rng.up_to(300).to_string().into_bytes();
            assert_eq!(names.find(&name), model.get(&name).copied());
            if rng.up_to(2) == 0 {
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
        assert_eq!(names.numbers().count(), model.len());
    }
}
