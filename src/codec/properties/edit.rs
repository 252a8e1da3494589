//! Writes and changes lists of properties.

use super::list::{Properties, Value};
use super::table::{Definition, Property, ValueType};
use crate::codec::{strings, varint};

/// Appends a property. The caller has checked the value, or checks the list; a value that cannot be encoded is left
/// out.
#[inline(never)]
pub fn put(list: &mut Vec<u8>, property: Property, value: Value<'_>) {
    let Some(row) = Definition::of(property as u8) else {
        return;
    };
    let fits = match value {
        Value::Number(_) => true,
        Value::Text(text) => text.len() <= strings::MAX_LENGTH,
        Value::Binary(bytes) => bytes.len() <= strings::MAX_LENGTH,
        Value::Pair(name, value) => name.len().max(value.len()) <= strings::MAX_LENGTH,
    };
    if !fits {
        return;
    }
    list.push(property as u8);
    match value {
        Value::Number(number) => match row.value_type {
            ValueType::TwoByteInteger => strings::write_u16(list, number as u16),
            ValueType::FourByteInteger => list.extend_from_slice(&number.to_be_bytes()),
            ValueType::VariableByteInteger => varint::write(list, number as usize),
            _ => list.push(number as u8),
        },
        Value::Text(text) => strings::write(list, text.as_bytes()),
        Value::Binary(bytes) => strings::write(list, bytes),
        Value::Pair(name, value) => {
            strings::write(list, name.as_bytes());
            strings::write(list, value.as_bytes());
        }
    }
}

/// The list without a property.
pub fn without(list: &[u8], property: Property) -> Vec<u8> {
    let mut kept = Vec::with_capacity(list.len());
    let mut rest = Properties(list);
    loop {
        let from = rest.0;
        let Some((row, _)) = rest.next() else { return kept };
        if row.property != property {
            kept.extend_from_slice(&from[..from.len() - rest.0.len()]);
        }
    }
}

/// The list with this value of a property instead of any it had.
pub fn with_number(list: &[u8], property: Property, number: u32) -> Vec<u8> {
    let mut changed = without(list, property);
    put(&mut changed, property, Value::Number(number));
    changed
}
