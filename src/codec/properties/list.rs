//! Reads a list of properties: one after the other, or one that is looked for.

use super::table::{Definition, Property, ValueType};
use crate::codec::decode_error::{malformed, DecodeError};
use crate::codec::{strings, varint};

/// The value of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Of the four integer types.
    Number(u32),
    /// A UTF-8 string.
    Text(&'a str),
    /// Binary data.
    Binary(&'a [u8]),
    /// A UTF-8 string pair: name and value.
    Pair(&'a str, &'a str),
}

/// Walks over an encoded list. As an iterator it is for lists that were checked: it ends at an error.
#[derive(Debug, Clone)]
pub struct Properties<'a>(pub &'a [u8]);

/// A list ends in the middle of a property.
pub(super) const CUT_SHORT: DecodeError = malformed!("a property passes the end of its list");

impl<'a> Properties<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, len: usize) -> Result<u32, DecodeError> {
        let bytes = self.take(len)?.iter();
        Ok(bytes.fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    fn binary(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.number(2)?;
        self.take(len as usize)
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        strings::text(self.binary()?)
    }

    /// The next property, none at the end.
    pub(super) fn read(&mut self) -> Result<Option<(&'static Definition, Value<'a>)>, DecodeError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let row =
            Definition::of(self.take(1)?[0]).ok_or(malformed!("a property has an unknown identifier"))?;
        let value = match row.value_type {
            ValueType::Byte => Value::Number(self.number(1)?),
            ValueType::TwoByteInteger => Value::Number(self.number(2)?),
            ValueType::FourByteInteger => Value::Number(self.number(4)?),
            ValueType::VariableByteInteger => {
                let (number, rest) = varint::read(self.0)?.ok_or(CUT_SHORT)?;
                self.0 = rest;
                Value::Number(number)
            }
            ValueType::Utf8String => Value::Text(self.text()?),
            ValueType::BinaryData => Value::Binary(self.binary()?),
            ValueType::Utf8StringPair => Value::Pair(self.text()?, self.text()?),
        };
        Ok(Some((row, value)))
    }
}

impl<'a> Iterator for Properties<'a> {
    type Item = (&'static Definition, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.read().ok().flatten()
    }
}

/// The first value of a property in a checked list.
#[inline(never)]
pub fn find(list: &[u8], property: Property) -> Option<Value<'_>> {
    let found = Properties(list).find(|(row, _)| row.property == property);
    found.map(|(_, value)| value)
}

/// Likewise, of a property whose value is a number.
#[inline(never)]
pub fn number(list: &[u8], property: Property) -> Option<u32> {
    match find(list, property) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// Likewise, of a property whose value is a string.
#[inline(never)]
pub fn string(list: &[u8], property: Property) -> Option<&str> {
    match find(list, property) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}
