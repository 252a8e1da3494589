//! PUBLISH, both directions: the hot path, by hand.
//!
//! Owns the layout of a PUBLISH. Never allocates when it reads, never copies a payload except into the outgoing
//! buffer, never chooses a packet identifier.
//!
//! | file | idea |
//! | --- | --- |
//! | `decode.rs` | a received PUBLISH to its parts |
//! | `encode.rs` | parts to a PUBLISH |
//! | `stored.rs` | an encoded PUBLISH: what it says, and changes to DUP and packet identifier without a second encoding |

mod decode;
mod encode;
mod stored;

#[cfg(test)]
mod tests;

pub use decode::{check_topic, decode, head, is_content_valid, read, Publish};
pub use encode::{encode, lengthen, reencoded, remaining_length, size, Parts};
pub use stored::{clear_dup, parts, qos, set_dup, set_packet_id, topic};
