//! The format of the log and of its mark: entries to bytes and back. `js/persistent/log-format.mjs` is the same for Node, and
//! describes it. Never opens a file, never looks into a value.

use std::collections::BTreeMap;

use mqtt_lib::engine::Change;

use crate::checksum::{checksum, sum_of};

/// Of header and mark.
pub const HEADER_LENGTH: usize = 36;
pub const CHANGE_HEAD: usize = 12;
const RECORD_HEAD: usize = 12;
const SALT_PLACE: usize = 24;
/// The search for records computes checksums of at most so many times the bytes of the log.
const MAX_HASHED: usize = 4;

pub type Entries = BTreeMap<u64, Vec<u8>>;

/// The random numbers of a log: one is the XOR of the second length of each record, the other is part of the seed of its
/// checksum. Nobody who sends a payload knows them, so that none contains a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt {
    length_xor: u32,
    seed: u32,
}

/// Of version 2.
const NO_SALT: Salt = Salt {
    length_xor: 0x6d71_7474,
    seed: 0,
};

impl Salt {
    pub fn new(random: u64) -> Salt {
        Salt {
            length_xor: (random >> 32) as u32,
            seed: random as u32,
        }
    }

    /// That of a frame.
    fn of(frame: &[u8]) -> Option<Salt> {
        Some(Salt {
            length_xor: number(frame, SALT_PLACE)?,
            seed: number(frame, SALT_PLACE + 4)?,
        })
    }
}

/// Version 2 is read, not written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Two,
    Three,
}

impl Version {
    fn frame_length(self) -> usize {
        match self {
            Version::Two => 28,
            Version::Three => HEADER_LENGTH,
        }
    }
}

/// The first word of a header or of a mark, in version 2 and in version 3.
type Words = [&'static [u8; 8]; 2];

const LOG: Words = [b"mqttlog2", b"mqttlog3"];
const MARK: Words = [b"mqttmark", b"mqttmrk3"];

/// A header or a mark that was read.
#[derive(Clone, Copy)]
struct Frame {
    version: Version,
    generation: u64,
    length: u64,
    salt: Salt,
}

pub fn header_of(generation: u64, length: u64, salt: Salt, owner: u32) -> Vec<u8> {
    frame(LOG[1], generation, length, salt, owner)
}

pub fn mark_of(generation: u64, length: u64, salt: Salt, owner: u32) -> Vec<u8> {
    frame(MARK[1], generation, length, salt, owner)
}

fn frame(word: &[u8; 8], generation: u64, length: u64, salt: Salt, owner: u32) -> Vec<u8> {
    let mut frame = word.to_vec();
    frame.extend_from_slice(&(generation as f64).to_be_bytes());
    frame.extend_from_slice(&(length as f64).to_be_bytes());
    frame.extend_from_slice(&salt.length_xor.to_be_bytes());
    frame.extend_from_slice(&salt.seed.to_be_bytes());
    let sum = checksum(&frame, owner);
    frame.extend_from_slice(&sum.to_be_bytes());
    frame
}

fn parse(words: Words, bytes: &[u8], owner: u32) -> Option<Frame> {
    let version = match bytes.get(..8)? {
        word if word == words[0] => Version::Two,
        word if word == words[1] => Version::Three,
        _ => return None,
    };
    let frame = bytes.get(..version.frame_length())?;
    let (content, sum) = frame.split_at(frame.len() - 4);
    (number(sum, 0) == Some(checksum(content, owner))).then_some(())?;
    Some(Frame {
        version,
        generation: double(frame, 8)? as u64,
        length: double(frame, 16)? as u64,
        salt: match version {
            Version::Two => NO_SALT,
            Version::Three => Salt::of(frame)?,
        },
    })
}

/// What a log and its mark have.
pub struct Read {
    /// Of all records that are sound.
    pub entries: Entries,
    /// Nothing is damaged, and nothing is missing.
    pub is_sound: bool,
    /// Where the last sound record ends.
    pub end: u64,
    /// It is of the version that is written.
    pub is_current: bool,
    pub salt: Salt,
    pub generation: u64,
}

impl Default for Read {
    /// Of files that do not exist.
    fn default() -> Read {
        Read {
            entries: Entries::new(),
            is_sound: true,
            end: 0,
            is_current: false,
            salt: NO_SALT,
            generation: 0,
        }
    }
}

pub fn read_log(log: &[u8], mark: &[u8], owner: u32) -> Read {
    let header = parse(LOG, log, owner);
    let parsed_mark = parse(MARK, mark, owner);
    let least = least_length(header, parsed_mark, log.len(), mark.len());
    // The salt of a header with a wrong checksum may be right all the same.
    let (version, salt) = header.or(parsed_mark).map_or_else(
        || (Version::Three, Salt::of(log).unwrap_or(NO_SALT)),
        |frame| (frame.version, frame.salt),
    );
    let records = read_records(log, version.frame_length(), salt, owner);
    let generation = |frame: Option<Frame>| frame.map_or(0, |frame| frame.generation);
    Read {
        is_sound: records.is_whole && least.is_some_and(|least| records.end >= least),
        entries: records.entries,
        end: records.end,
        is_current: version == Version::Three,
        salt,
        generation: generation(header).max(generation(parsed_mark)),
    }
}

/// How long the log is at least; none if header and mark do not belong together.
fn least_length(
    header: Option<Frame>,
    mark: Option<Frame>,
    length: usize,
    mark_length: usize,
) -> Option<u64> {
    let header = header?;
    let Some(mark) = mark else {
        let is_first = header.generation == 1 && mark_length == 0;
        return (is_first && header.length == length as u64).then_some(header.length);
    };
    let is_before = Some(header.generation) == mark.generation.checked_add(1);
    (is_before || mark.generation == header.generation).then_some(())?;
    // The log of version 2 was written anew, and the program ended before it had written the mark.
    let is_migration = is_before && mark.version == Version::Two;
    (is_migration || mark.salt == header.salt).then_some(())?;
    Some(if is_before {
        header.length
    } else {
        header.length.max(mark.length)
    })
}

/// The records of a log.
pub struct Records {
    pub entries: Entries,
    /// Where the last sound one ends.
    pub end: u64,
    /// Nothing is between them. An incomplete one at the end was being written when the program ended.
    pub is_whole: bool,
}

/// Behind a record that is not sound it searches for the next, byte by byte: not without a salt, because the next may be in a
/// payload.
pub fn read_records(bytes: &[u8], start: usize, salt: Salt, owner: u32) -> Records {
    let mut entries = Entries::new();
    let mut is_whole = true;
    let (mut end, mut at) = (start, start);
    let mut budget = MAX_HASHED.saturating_mul(bytes.len());
    while at < bytes.len() {
        let body = body_at(bytes, at, salt);
        let Some(left) = budget.checked_sub(body.map_or(0, <[u8]>::len)) else {
            is_whole = false;
            break;
        };
        budget = left;
        match body {
            Some(body) if is_sound(bytes, at, body, salt, owner) => {
                is_whole &= at == end;
                take_changes(body, &mut entries);
                at += RECORD_HEAD + body.len();
                end = at;
            }
            _ if salt != NO_SALT => at += 1,
            Some(body) => at += RECORD_HEAD + body.len(),
            None => break,
        }
    }
    // It is complete, but not sound.
    is_whole &= body_at(bytes, end, salt).is_none();
    Records {
        entries,
        end: end as u64,
        is_whole,
    }
}

fn is_sound(bytes: &[u8], at: usize, body: &[u8], salt: Salt, owner: u32) -> bool {
    number(bytes, at + 8) == Some(sum_of(body, at as u64, owner ^ salt.seed))
}

/// The body of a record that may begin here.
fn body_at(bytes: &[u8], at: usize, salt: Salt) -> Option<&[u8]> {
    let length = number(bytes, at)?;
    (number(bytes, at + 4)? == length ^ salt.length_xor).then_some(())?;
    let start = at + RECORD_HEAD;
    bytes.get(start..start.checked_add(length as usize)?)
}

/// `place` is that in the log.
pub fn record_of(changes: &[Change], place: u64, salt: Salt, owner: u32) -> Vec<u8> {
    let mut record = vec![0; RECORD_HEAD];
    for (key, value) in changes {
        record.extend_from_slice(&(*key as f64).to_be_bytes());
        let length = value.as_ref().map_or(0, |value| value.len() as u32 + 1);
        record.extend_from_slice(&length.to_be_bytes());
        record.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    let length = (record.len() - RECORD_HEAD) as u32;
    let sum = sum_of(&record[RECORD_HEAD..], place, owner ^ salt.seed);
    record[..4].copy_from_slice(&length.to_be_bytes());
    record[4..8].copy_from_slice(&(length ^ salt.length_xor).to_be_bytes());
    record[8..RECORD_HEAD].copy_from_slice(&sum.to_be_bytes());
    record
}

fn take_changes(body: &[u8], entries: &mut Entries) {
    let mut rest = body;
    while let Some((head, behind)) = rest.split_at_checked(CHANGE_HEAD) {
        let (Some(key), Some(length)) = (double(head, 0), number(head, 8)) else {
            return;
        };
        let Some((value, behind)) = behind.split_at_checked((length as usize).saturating_sub(1)) else {
            return;
        };
        match length {
            0 => drop(entries.remove(&(key as u64))),
            _ => drop(entries.insert(key as u64, value.to_vec())),
        }
        rest = behind;
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn double(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests;
