//! The table of operations and the packet identifiers.

use crate::engine::ops::{Key, Ops, Work, MAX_PIDS, ROTATION};

fn publish(ops: &mut Ops) -> Key {
    ops.insert(1, Work::Publish(Vec::new()))
}

#[test]
fn all_identifiers_can_be_taken_and_none_is_handed_out_twice() {
    let mut ops = Ops::default();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..MAX_PIDS {
        let key = publish(&mut ops);
        assert!(ops.assign_pid(key));
        let pid = ops.get(key).unwrap().pid;
        assert!(pid != 0 && seen.insert(pid));
    }
    let waits = publish(&mut ops);
    assert!(!ops.assign_pid(waits));
    let (first, _) = ops.by_pid(7).unwrap();
    ops.remove(first);
    assert!(ops.assign_pid(waits));
    assert_eq!(ops.get(waits).unwrap().pid, 7);
    assert_eq!(ops.in_flight(), MAX_PIDS);
}

#[test]
fn a_freed_identifier_rests_before_it_is_used_again() {
    let mut ops = Ops::default();
    let key = publish(&mut ops);
    ops.assign_pid(key);
    ops.remove(key);
    for _ in 0..ROTATION - 1 {
        let key = publish(&mut ops);
        ops.assign_pid(key);
        assert_ne!(ops.get(key).unwrap().pid, 1);
        ops.remove(key);
    }
    let key = publish(&mut ops);
    ops.assign_pid(key);
    assert_eq!(ops.get(key).unwrap().pid, 1);
}

#[test]
fn a_key_of_an_ended_operation_finds_nothing_even_when_its_slot_is_reused() {
    let mut ops = Ops::default();
    let old = publish(&mut ops);
    ops.remove(old);
    let new = publish(&mut ops);
    assert!(ops.get(old).is_none());
    assert!(ops.remove(old).is_none());
    assert!(ops.get(new).is_some());
    assert_eq!(ops.drain().len(), 1);
    assert_eq!(ops.publishes(), 0);
}
