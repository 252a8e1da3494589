//! MQTT 5 properties (§2.2.2). Everywhere in the crate a list of properties is its encoded bytes, without the length in
//! front of it; no properties is the empty slice. A list from a peer has been through [`check`], so [`find`] and
//! [`Properties`] need not fail.
//!
//! | file | idea |
//! | --- | --- |
//! | `table.rs` | what each property is, in which packets it may appear |
//! | `place.rs` | the packet, and the direction, that a list belongs to |
//! | `list.rs` | reading a list |
//! | `check.rs` | whether a list may appear in a packet |
//! | `edit.rs` | writing and changing a list |
//!
//! Nothing here is hot, and one copy of each function is half a KiB less of a download: hence `inline(never)`.

mod check;
mod edit;
mod list;
mod place;
mod table;

#[cfg(test)]
mod tests;

pub use check::check;
pub(super) use check::split;
pub use edit::{put, with_number, without};
pub use list::{find, number, string, Properties, Value};
pub use place::Place;
pub use table::{Definition, Property, ValueType, TABLE};
