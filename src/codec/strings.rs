//! Strings (§1.5.4), binary data (§1.5.6) and two byte integers (§1.5.2) of packets.

use super::decode_error::{malformed, DecodeError};

/// The largest length of a string or of binary data, in bytes.
pub const MAX_LENGTH: usize = 65_535;

/// The text of a string that was received: UTF-8 without U+0000.
pub(super) fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    match core::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|byte| byte != 0) => Ok(text),
        _ => Err(malformed!(
            "a string is not UTF-8 or contains U+0000 [MQTT-1.5.4-1]"
        )),
    }
}

/// Appends a two byte integer. Byte by byte: copying memory costs as much for two bytes as for a hundred.
#[cfg_attr(small_code, optimize(speed))]
pub(super) fn write_u16(out: &mut Vec<u8>, number: u16) {
    let [high, low] = number.to_be_bytes();
    out.push(high);
    out.push(low);
}

/// Appends a string or binary data. The caller has checked the length against [`MAX_LENGTH`].
#[inline(never)]
pub(super) fn write(out: &mut Vec<u8>, bytes: &[u8]) {
    write_u16(out, bytes.len() as u16);
    out.extend_from_slice(bytes);
}
