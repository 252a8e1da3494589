//! Variable byte integers (§1.5.5): one to four bytes of seven bits each, the lowest first.

use super::decode_error::{malformed, DecodeError};

/// The largest number that four bytes can hold.
pub const MAX: usize = 268_435_455;

/// The number at the front of `bytes` and the bytes after it; none if more bytes are needed.
pub fn read(bytes: &[u8]) -> Result<Option<(u32, &[u8])>, DecodeError> {
    let mut number = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        number |= u32::from(byte & 0x7f) << (7 * at);
        at += 1;
        if byte & 0x80 == 0 {
            if byte == 0 && at > 1 {
                return Err(malformed!("a length has more bytes than it needs [MQTT-1.5.5-1]"));
            }
            return Ok(Some((number, &bytes[at..])));
        }
        if at == 4 {
            return Err(malformed!("a length has more than four bytes"));
        }
    }
    Ok(None)
}

/// Appends a number. The caller has checked it against [`MAX`].
#[inline(never)]
pub fn write(out: &mut Vec<u8>, number: usize) {
    write_inline(out, number);
}

/// Likewise, for the path of every message.
#[inline(always)]
pub fn write_inline(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// How many bytes a number takes; four for what is larger than [`MAX`].
#[inline(always)]
pub const fn size(number: usize) -> usize {
    match number {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        0x4000..=0x1f_ffff => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written_and_has_one_form() {
        for number in [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, MAX] {
            let mut bytes = Vec::new();
            write(&mut bytes, number);
            assert_eq!(bytes.len(), size(number));
            for cut in 0..bytes.len() {
                assert_eq!(read(&bytes[..cut]), Ok(None), "{number} {cut}");
            }
            bytes.push(0xaa);
            assert_eq!(read(&bytes), Ok(Some((number as u32, &[0xaa][..]))));
        }
        assert!(read(&[0x80, 0]).is_err());
        assert!(read(&[0xff, 0xff, 0xff, 0x80, 1]).is_err());
    }
}
