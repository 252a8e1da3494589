//! Packet identifiers (3.1.1 §2.3.1, 5.0 §2.2.1): the one allocator, for publishes and for SUBSCRIBE and UNSUBSCRIBE. An identifier is
//! held by one operation at a time. Never knows what a packet says.

use std::collections::VecDeque;

use crate::codec::PacketId;

/// Who holds an identifier, by its place in the table of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Holder {
    Publish(u32),
    Request(u32),
}

#[derive(Debug, Default)]
pub(in crate::engine) struct PacketIds {
    /// By identifier; 0 is never used.
    holders: Vec<Option<Holder>>,
    /// Used before and free, oldest first: one that was just acknowledged is not taken again at once, so a
    /// duplicate acknowledgement hits nobody.
    free: VecDeque<PacketId>,
    /// The broker may still hold a QoS 2 message under these that was given up here: a new message under one of
    /// them would be taken for the old one.
    reserved: VecDeque<PacketId>,
}

/// So many identifiers are in rotation before any is used twice.
const ROTATION: usize = 1024;
const LARGEST: usize = 65_535;

impl PacketIds {
    /// An identifier that nobody holds; none while all 65,535 are taken. `hold` or `release` follows.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn take(&mut self) -> Option<PacketId> {
        if self.holders.is_empty() {
            self.holders.push(None);
        }
        let used = self.holders.len() - 1;
        let fresh = used < ROTATION || self.free.is_empty();
        if fresh && used < LARGEST {
            self.holders.push(None);
            return PacketId::new((used + 1) as u16);
        }
        self.free.pop_front().or_else(|| self.reserved.pop_front())
    }

    /// Gives an identifier that was taken to its holder.
    pub fn hold(&mut self, id: PacketId, holder: Holder) {
        self.holders[usize::from(id.get())] = Some(holder);
    }

    #[cfg_attr(small_code, optimize(speed))]
    pub fn release(&mut self, id: PacketId) {
        self.holders[usize::from(id.get())] = None;
        self.free.push_back(id);
    }

    pub fn holder(&self, id: PacketId) -> Option<Holder> {
        *self.holders.get(usize::from(id.get()))?
    }

    /// Whether the identifier was ever handed out.
    pub fn was_used(&self, id: PacketId) -> bool {
        usize::from(id.get()) < self.holders.len()
    }

    /// Takes the identifier from its holder, and keeps it from others until `next_reserved` frees it.
    pub fn reserve(&mut self, id: PacketId) {
        self.holders[usize::from(id.get())] = None;
        self.reserved.push_back(id);
    }

    /// Frees one reserved identifier, until there is none.
    pub fn free_reserved(&mut self) -> Option<PacketId> {
        let id = self.reserved.pop_front()?;
        self.free.push_back(id);
        Some(id)
    }

    // ---- restored from a store

    /// No identifier is in use.
    pub fn clear(&mut self) {
        *self = PacketIds::default();
    }

    /// False if another holds it.
    pub fn restore(&mut self, id: PacketId, holder: Holder) -> bool {
        let free = self.is_free(id);
        if free {
            self.hold(id, holder);
        }
        free
    }

    /// False if it is held or reserved already.
    pub fn restore_reserved(&mut self, id: PacketId) -> bool {
        let free = self.is_free(id);
        if free {
            self.reserved.push_back(id);
        }
        free
    }

    /// All are restored: the others up to the highest are free.
    pub fn complete(&mut self) {
        for number in 1..self.holders.len() {
            match PacketId::new(number as u16) {
                Some(id) if self.is_free(id) => self.free.push_back(id),
                _ => {}
            }
        }
    }

    #[cfg(test)]
    pub fn reserved(&self) -> usize {
        self.reserved.len()
    }

    /// Neither free nor reserved.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.holders.len().saturating_sub(1) - self.free.len() - self.reserved.len()
    }

    fn is_free(&mut self, id: PacketId) -> bool {
        let place = usize::from(id.get());
        while place >= self.holders.len() {
            self.holders.push(None);
        }
        let is_reserved = (0..self.reserved.len()).any(|at| self.reserved[at] == id);
        self.holders[place].is_none() && !is_reserved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn id(number: u16) -> PacketId {
        PacketId::new(number).unwrap()
    }

    fn take_and_hold(ids: &mut PacketIds) -> PacketId {
        let id = ids.take().unwrap();
        ids.hold(id, Holder::Publish(0));
        id
    }

    #[test]
    fn all_identifiers_can_be_taken_and_none_is_handed_out_twice() {
        let mut ids = PacketIds::default();
        let mut seen = HashSet::new();
        for _ in 0..LARGEST {
            assert!(seen.insert(take_and_hold(&mut ids)));
        }
        assert_eq!(ids.take(), None);
        ids.release(id(7));
        assert_eq!(ids.take(), Some(id(7)));
    }

    #[test]
    fn a_freed_identifier_rests_before_it_is_used_again() {
        let mut ids = PacketIds::default();
        let first = take_and_hold(&mut ids);
        ids.release(first);
        for _ in 0..ROTATION - 1 {
            let id = take_and_hold(&mut ids);
            assert_ne!(id, first);
            ids.release(id);
        }
        assert_eq!(ids.take(), Some(first));
    }

    #[test]
    fn a_reserved_identifier_is_taken_only_when_there_is_no_other() {
        let mut ids = PacketIds::default();
        for _ in 0..LARGEST {
            take_and_hold(&mut ids);
        }
        ids.reserve(id(5));
        ids.release(id(9));
        assert_eq!(
            (ids.take(), ids.take(), ids.take()),
            (Some(id(9)), Some(id(5)), None)
        );
    }

    #[test]
    fn a_restored_identifier_has_one_holder() {
        let mut ids = PacketIds::default();
        assert!(ids.restore(id(3), Holder::Publish(1)));
        assert!(!ids.restore(id(3), Holder::Publish(2)));
        assert!(ids.restore_reserved(id(2)) && !ids.restore_reserved(id(2)) && !ids.restore_reserved(id(3)));
        ids.complete();
        assert_eq!(ids.holder(id(3)), Some(Holder::Publish(1)));
        assert_eq!(ids.free, [id(1)]);
    }
}
