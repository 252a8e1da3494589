//! The fixed header: where a packet ends, and whether a server may send it at all.
//!
//! Owns the rules of packet types, flags and the Remaining Length. Never reads a body, and never limits the size of a
//! packet beyond what its type allows: that limit is the engine's option.

use super::decode_error::{malformed, protocol_error, DecodeError};
use super::packet_type::PacketType;
use super::varint;
use super::version::Version;

/// The largest Remaining Length that four bytes can hold.
pub const MAX_REMAINING_LENGTH: usize = varint::MAX;

/// Bytes of the largest packet that there can be.
pub const LARGEST_PACKET: usize = 5 + MAX_REMAINING_LENGTH;

/// A fixed header that has been read. The body need not have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The packet type.
    pub packet_type: PacketType,
    /// First byte of the fixed header: packet type and flags.
    pub first: u8,
    /// Bytes of the fixed header.
    pub header: usize,
    /// Remaining Length.
    pub body: usize,
}

impl Frame {
    /// Bytes of the whole packet.
    pub fn total(&self) -> usize {
        self.header + self.body
    }
}

/// Reads a fixed header at the front of `buf`, decided as early as the bytes allow.
/// `Ok(None)`: more bytes are needed.
#[cfg_attr(small_code, optimize(speed))]
pub fn frame(buf: &[u8], version: Version) -> Result<Option<Frame>, DecodeError> {
    let Some(&first) = buf.first() else {
        return Ok(None);
    };
    let packet_type = PacketType::of(first).ok_or(RESERVED)?;
    let bounds = bounds(packet_type, first, version)?;
    let length = remaining_length(buf, bounds)?;
    Ok(length.map(|(header, body)| Frame {
        packet_type,
        first,
        header,
        body,
    }))
}

const RESERVED: DecodeError = malformed!("the packet type is reserved");
const FLAGS: DecodeError = malformed!("the reserved flags of the fixed header are wrong [MQTT-2.2.2-2]");

/// The first byte decides which Remaining Lengths are possible, least and most.
fn bounds(packet_type: PacketType, first: u8, version: Version) -> Result<(usize, usize), DecodeError> {
    const MOST: usize = MAX_REMAINING_LENGTH;
    let v5 = version == Version::V5;
    let bounds = match packet_type {
        PacketType::Publish => return publish_bounds(first),
        PacketType::ConnAck => (2, if v5 { MOST } else { 2 }),
        // In 3.1.1 two bytes; some brokers add a reason code.
        PacketType::PubAck | PacketType::PubRec | PacketType::PubRel | PacketType::PubComp => {
            (2, if v5 { MOST } else { 127 })
        }
        PacketType::SubAck => (if v5 { 4 } else { 3 }, MOST),
        PacketType::UnsubAck if v5 => (4, MOST),
        PacketType::UnsubAck => (2, 2),
        PacketType::PingResp => (0, 0),
        PacketType::Disconnect | PacketType::Auth if v5 => (0, MOST),
        PacketType::Auth => return Err(RESERVED),
        PacketType::Connect
        | PacketType::Subscribe
        | PacketType::Unsubscribe
        | PacketType::PingReq
        | PacketType::Disconnect => return Err(protocol_error!("a server never sends this packet type")),
    };
    if first != packet_type.first_byte() {
        return Err(FLAGS);
    }
    Ok(bounds)
}

/// DUP of a PUBLISH.
pub(super) const DUP: u8 = 0x08;
/// QoS of a PUBLISH, two bits.
pub(super) const QOS: u8 = 0x06;
/// RETAIN of a PUBLISH.
pub(super) const RETAIN: u8 = 0x01;

/// QoS 3 and DUP with QoS 0 do not exist.
pub(super) fn check_publish_flags(first: u8) -> Result<(), DecodeError> {
    match first & (QOS | DUP) {
        DUP => Err(malformed!("a PUBLISH has DUP with QoS 0 [MQTT-3.3.1-2]")),
        flags if flags & QOS == QOS => Err(malformed!("a PUBLISH has QoS 3 [MQTT-3.3.1-4]")),
        _ => Ok(()),
    }
}

/// A topic is one byte or more, or an empty one stands before properties; a packet identifier is two.
fn publish_bounds(first: u8) -> Result<(usize, usize), DecodeError> {
    check_publish_flags(first)?;
    let least = if first & QOS == 0 { 3 } else { 5 };
    Ok((least, MAX_REMAINING_LENGTH))
}

/// Bytes of the fixed header, and the Remaining Length. A length out of bounds is an error before it is complete.
fn remaining_length(
    buf: &[u8],
    (least, most): (usize, usize),
) -> Result<Option<(usize, usize)>, DecodeError> {
    const IMPOSSIBLE: DecodeError = malformed!("the Remaining Length is impossible for the packet type");

    let mut body = 0;
    let mut at = 1;
    while let Some(&byte) = buf.get(at) {
        body |= usize::from(byte & 0x7f) << (7 * (at - 1));
        at += 1;
        if byte & 0x80 == 0 {
            if byte == 0 && at > 2 {
                return Err(malformed!("the Remaining Length has more bytes than it needs"));
            }
            if body < least || body > most {
                return Err(IMPOSSIBLE);
            }
            return Ok(Some((at, body)));
        }
        if most < 0x80 {
            return Err(IMPOSSIBLE); // a length that goes on is 128 or more
        }
        if at == 5 {
            return Err(malformed!("the Remaining Length has more than four bytes"));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_first_byte_is_decided_alone() {
        let mut allowed: Vec<u8> = vec![0x20, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0];
        allowed.extend([0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3a, 0x3b, 0x3c, 0x3d]);
        for first in 0..=255 {
            let answer = frame(&[first], Version::V4);
            if allowed.contains(&first) {
                assert_eq!(answer, Ok(None), "{first:#x}");
            } else {
                assert!(answer.is_err(), "{first:#x}");
            }
        }
        assert_eq!(frame(&[], Version::V4), Ok(None));
    }

    #[test]
    fn the_length_must_be_possible_for_the_type() {
        // first byte, least, most
        let table = [
            (0x20, 2, 2),
            (0x30, 3, MAX_REMAINING_LENGTH),
            (0x32, 5, MAX_REMAINING_LENGTH),
            (0x3d, 5, MAX_REMAINING_LENGTH),
            (0x40, 2, 127),
            (0x50, 2, 127),
            (0x62, 2, 127),
            (0x70, 2, 127),
            (0x90, 3, MAX_REMAINING_LENGTH),
            (0xb0, 2, 2),
            (0xd0, 0, 0),
        ];
        for (first, least, most) in table {
            for n in (0..300).chain([16_383, 16_384, 2_097_151, 2_097_152, MAX_REMAINING_LENGTH]) {
                let mut buf = vec![first];
                varint::write(&mut buf, n);
                let answer = frame(&buf, Version::V4);
                if (least..=most).contains(&n) {
                    let found = answer.unwrap().unwrap();
                    assert_eq!((found.first, found.body), (first, n));
                    assert_eq!(found.header, buf.len());
                    assert_eq!(found.total(), buf.len() + n);
                    assert_eq!(Some(found.packet_type), PacketType::of(first));
                    for cut in 0..buf.len() {
                        assert_eq!(frame(&buf[..cut], Version::V4), Ok(None), "{first:#x} {n} {cut}");
                    }
                } else {
                    assert!(answer.is_err(), "{first:#x} {n}");
                    // The first byte of a length of two is enough.
                    assert_eq!(frame(&buf[..2], Version::V4), answer, "{first:#x} {n}");
                }
            }
        }
    }

    #[test]
    fn the_length_has_one_form() {
        for bad in [
            &[0x30, 0x83, 0x00][..],
            &[0x30, 0x80, 0x80, 0x00],
            &[0x30, 0xff, 0xff, 0xff, 0x00],
            &[0x30, 0xff, 0xff, 0xff, 0xff],
            &[0x90, 0x80, 0x80, 0x80, 0x80, 0x01],
            &[0x40, 0x82],
            &[0xd0, 0x80],
        ] {
            assert!(frame(bad, Version::V4).is_err(), "{bad:02x?}");
        }
        // The four bytes at their largest, with and without what follows.
        let most = [0x30, 0xff, 0xff, 0xff, 0x7f, 0xff];
        assert_eq!(frame(&most, Version::V4), frame(&most[..5], Version::V4));
        assert_eq!(
            frame(&most, Version::V4).unwrap().unwrap().body,
            MAX_REMAINING_LENGTH
        );
    }
}
