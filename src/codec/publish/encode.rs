//! Writes a PUBLISH.

use crate::codec::frame::{MAX_REMAINING_LENGTH, RETAIN};
use crate::codec::packet_id::PacketId;
use crate::codec::packet_type::PacketType;
use crate::codec::properties::Property;
use crate::codec::strings::write_u16;
use crate::codec::varint;
use crate::codec::version::Version;

/// The content of a PUBLISH except its packet identifier. In 3.1.1 properties are left out.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// Empty where the alias replaces it.
    pub topic: &'a [u8],
    /// An encoded list, checked for [`Place::Publish`](crate::codec::properties::Place::Publish).
    pub properties: &'a [u8],
    /// The application message.
    pub payload: &'a [u8],
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether the server is to retain it.
    pub retain: bool,
    /// A topic alias to be written in addition to the properties, MQTT 5; 0: none.
    pub alias: u16,
}

/// The Remaining Length of a PUBLISH. It saturates, so that a comparison with a limit is right for every length.
#[inline(always)]
pub fn remaining_length(version: Version, parts: &Parts<'_>) -> usize {
    let list = match version {
        Version::V4 => 0,
        Version::V5 => {
            let list = list_length(parts);
            list.saturating_add(varint::size(list))
        }
    };
    let packet_id = if parts.qos == 0 { 0 } else { 2 };
    let sizes = parts.topic.len().saturating_add(parts.payload.len());
    sizes.saturating_add(list).saturating_add(2 + packet_id)
}

fn list_length(parts: &Parts<'_>) -> usize {
    parts
        .properties
        .len()
        .saturating_add(if parts.alias == 0 { 0 } else { 3 })
}

/// Bytes of the whole packet.
#[cfg_attr(small_code, optimize(speed))]
pub fn size(version: Version, parts: &Parts<'_>) -> usize {
    let body = remaining_length(version, parts);
    body.saturating_add(1 + varint::size(body))
}

/// Appends a PUBLISH without DUP. Without a packet identifier a PUBLISH of QoS 1 or 2 gets a 0 in its place, to be
/// replaced by [`set_packet_id`](super::set_packet_id) before it is sent.
///
/// The caller has checked the properties, the sizes (a topic of 65,535 bytes, [`MAX_REMAINING_LENGTH`]) and the QoS.
/// Nothing is written of a message that cannot be encoded, because a truncated length would garble all that follows.
#[cfg_attr(small_code, optimize(speed))]
pub fn encode(out: &mut Vec<u8>, version: Version, parts: &Parts<'_>, packet_id: Option<PacketId>) {
    let body = remaining_length(version, parts);
    let Ok(length) = u16::try_from(parts.topic.len()) else {
        return;
    };
    if body > MAX_REMAINING_LENGTH || parts.qos > 2 {
        return;
    }
    out.reserve(5 + body);
    let retain = if parts.retain { RETAIN } else { 0 };
    out.push(PacketType::Publish.first_byte() | parts.qos << 1 | retain);
    varint::write_inline(out, body);
    write_u16(out, length);
    out.extend_from_slice(parts.topic);
    if parts.qos != 0 {
        write_u16(out, packet_id.map_or(0, PacketId::get));
    }
    if version == Version::V5 {
        varint::write_inline(out, list_length(parts));
        if parts.alias != 0 {
            out.push(Property::TopicAlias as u8);
            write_u16(out, parts.alias);
        }
        out.extend_from_slice(parts.properties);
    }
    out.extend_from_slice(parts.payload);
}

/// Lets a payload of `more` bytes follow on the whole PUBLISH at the end of `out`, which begins at `start`. The caller has checked
/// the sizes.
pub fn lengthen(out: &mut Vec<u8>, start: usize, more: usize) {
    let packet = out.split_off(start);
    let Some((&first, rest)) = packet.split_first() else {
        return;
    };
    if let Ok(Some((body, rest))) = varint::read(rest) {
        out.push(first);
        varint::write(out, body as usize + more);
        out.extend_from_slice(rest);
    }
}

/// An encoded PUBLISH in another protocol version: 3.1.1 has no properties. None: it cannot be read.
pub fn reencoded(from: Version, to: Version, packet: &[u8], packet_id: Option<PacketId>) -> Option<Vec<u8>> {
    let parts = super::parts(from, packet)?;
    let mut other = Vec::new();
    encode(&mut other, to, &parts, packet_id);
    Some(other)
}
