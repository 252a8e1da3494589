//! The checksum of everything that a store keeps: CRC-32, continued from a seed. The seed of a record contains the client id
//! and its place, so that one in another place, or of another client, does not match.

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut number = 0;
    while number < 256 {
        let mut value = number as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xedb8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[number] = value;
        number += 1;
    }
    table
}

/// CRC-32 of the bytes behind those of which `seed` is the CRC-32.
pub fn checksum(bytes: &[u8], seed: u32) -> u32 {
    let mut crc = !seed;
    for &byte in bytes {
        crc = TABLE[(crc as u8 ^ byte) as usize] ^ (crc >> 8);
    }
    !crc
}

/// The checksum of a record at its place.
pub fn sum_of(value: &[u8], place: u64, owner: u32) -> u32 {
    let high = ((place >> 32) as u32).wrapping_mul(0x9e37_79b1);
    checksum(value, owner ^ place as u32 ^ high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_crc_32() {
        assert_eq!(checksum(b"123456789", 0), 0xcbf4_3926);
        assert_eq!(checksum(b"456789", checksum(b"123", 0)), 0xcbf4_3926);
    }
}
