//! The entries of a store as a log, in the format of the npm package in Node (`js/persistent/entries-log.mjs` describes it):
//! a file to which changes are appended, and a mark that says how far it is written. Everything has a checksum that contains
//! its place and the client id. Never looks into a value.

use mqtt_lib::engine::Change;
use std::collections::BTreeMap;

use crate::checksum::{checksum, sum_of};
use crate::folder::{Failure, File, Folder};

pub const ENTRIES: &str = "entries";
pub const MARKER: &str = "mark";
/// A log that is being written.
const FRESH: &str = "entries.new";

const LOG: &[u8; 8] = b"mqttlog2";
const MARK: &[u8; 8] = b"mqttmark";
const HEADER: usize = 28;
const RECORD_HEAD: usize = 12;
const CHANGE_HEAD: usize = 12;
const LENGTH_XOR: u32 = 0x6d71_7474;
/// A log that is shorter is not written anew, nor one with less than three quarters of history.
const MIN_LENGTH: u64 = 1 << 20;
const MAX_SHARE: u64 = 4;

pub type Entries = BTreeMap<u64, Vec<u8>>;

/// What the files of a log have.
pub struct Found {
    pub entries: Entries,
    /// Nothing is damaged, and nothing is missing.
    pub is_sound: bool,
    generation: u64,
    length: u64,
    exists: bool,
}

pub struct Log {
    folder: Folder,
    owner: u32,
    log: File,
    mark: File,
    /// What it was given last.
    marked: Vec<u8>,
    generation: u64,
    length: u64,
    /// How many bytes each entry takes, and all of them.
    sizes: BTreeMap<u64, u64>,
    live: u64,
}

impl Log {
    /// Takes up what was found, or begins anew.
    pub fn open(folder: Folder, owner: u32, found: &Found) -> Result<Log, Failure> {
        let (mut generation, mut length) = (found.generation, found.length);
        let is_kept = found.exists && found.is_sound;
        if !is_kept {
            generation += 1;
            length = write_anew(&folder, owner, generation, &found.entries)?;
        }
        let mut opened = Log {
            log: folder.file(ENTRIES)?,
            mark: folder.file(MARKER)?,
            marked: Vec::new(),
            folder,
            owner,
            generation,
            length,
            sizes: BTreeMap::new(),
            live: 0,
        };
        if is_kept {
            // What is behind the mark was cut off by the end of the program.
            opened.log.set_length(length)?;
        }
        for (key, value) in &found.entries {
            opened.count(*key, Some(value));
        }
        opened.write_mark()?;
        Ok(opened)
    }

    /// # Errors
    /// Also if the mark is no longer what this client wrote: something else has the log.
    pub fn append(&mut self, changes: &[Change]) -> Result<(), Failure> {
        if self.mark.head(HEADER)? != self.marked {
            return Err(Failure::Foreign);
        }
        let record = record(changes, self.length, self.owner);
        self.log.write_at(self.length, &record)?;
        self.length += record.len() as u64;
        self.write_mark()?;
        for (key, value) in changes {
            self.count(*key, value.as_ref());
        }
        if self.length > MIN_LENGTH && self.length > MAX_SHARE * self.live {
            self.shorten()?;
        }
        Ok(())
    }

    /// Writes it anew, without its history.
    ///
    /// # Errors
    /// Also if it was damaged while it was open: what is left would be given out as all.
    fn shorten(&mut self) -> Result<(), Failure> {
        let (entries, _, is_whole) = read_records(&self.log.content()?, self.owner);
        if !is_whole {
            return Err(Failure::Damaged);
        }
        self.generation += 1;
        self.length = write_anew(&self.folder, self.owner, self.generation, &entries)?;
        self.log = self.folder.file(ENTRIES)?;
        self.write_mark()
    }

    fn write_mark(&mut self) -> Result<(), Failure> {
        self.marked = frame(MARK, self.generation, self.length, self.owner);
        self.mark.write_at(0, &self.marked)
    }

    fn count(&mut self, key: u64, value: Option<&Vec<u8>>) {
        self.live -= self.sizes.remove(&key).unwrap_or(0);
        if let Some(value) = value {
            let size = (CHANGE_HEAD + value.len()) as u64;
            self.sizes.insert(key, size);
            self.live += size;
        }
    }
}

/// Reads the files of a folder.
pub fn read(folder: &Folder, owner: u32) -> Result<Found, Failure> {
    let bytes = folder.content(ENTRIES)?;
    let mark = folder.content(MARKER)?;
    let exists = bytes.is_some() || mark.is_some();
    let has_mark = mark.is_some();
    let header = bytes.as_deref().and_then(|bytes| parse(LOG, bytes, owner));
    let mark = mark.as_deref().and_then(|bytes| parse(MARK, bytes, owner));
    let bytes = bytes.unwrap_or_default();
    let length = match (header, mark) {
        (Some((begun, _)), Some((marked, length))) if marked == begun => Some(length),
        (Some((begun, length)), Some((marked, _))) if marked + 1 == begun => Some(length),
        (Some((1, length)), None) if !has_mark && length == bytes.len() as u64 => Some(length),
        _ => None,
    };
    let end = length.map_or(bytes.len(), |length| bytes.len().min(length as usize));
    let (entries, read, is_whole) = read_records(&bytes[..end], owner);
    let generation = |frame: Option<(u64, u64)>| frame.map_or(0, |(generation, _)| generation);
    Ok(Found {
        entries,
        is_sound: !exists || is_whole && Some(read) == length,
        generation: generation(header).max(generation(mark)),
        length: read,
        exists,
    })
}

/// A new log in place of the one that is there; its length.
fn write_anew(folder: &Folder, owner: u32, generation: u64, entries: &Entries) -> Result<u64, Failure> {
    let mut bytes = vec![0; HEADER];
    let changes: Vec<Change> = entries
        .iter()
        .map(|(key, value)| (*key, Some(value.clone())))
        .collect();
    for part in changes.chunks(1000) {
        let record = record(part, bytes.len() as u64, owner);
        bytes.extend_from_slice(&record);
    }
    let header = frame(LOG, generation, bytes.len() as u64, owner);
    bytes[..HEADER].copy_from_slice(&header);
    folder.write(FRESH, &bytes)?;
    folder.rename(FRESH, ENTRIES)?;
    Ok(bytes.len() as u64)
}

fn frame(word: &[u8; 8], generation: u64, length: u64, owner: u32) -> Vec<u8> {
    let mut frame = word.to_vec();
    frame.extend_from_slice(&(generation as f64).to_be_bytes());
    frame.extend_from_slice(&(length as f64).to_be_bytes());
    let sum = checksum(&frame, owner);
    frame.extend_from_slice(&sum.to_be_bytes());
    frame
}

/// Generation and length.
fn parse(word: &[u8; 8], bytes: &[u8], owner: u32) -> Option<(u64, u64)> {
    let frame = bytes.get(..HEADER)?;
    let double = |at: usize| Some(f64::from_be_bytes(frame.get(at..at + 8)?.try_into().ok()?) as u64);
    let is_sound = frame.starts_with(word) && number(frame, 24) == Some(checksum(&frame[..24], owner));
    is_sound.then_some(())?;
    Some((double(8)?, double(16)?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn record(changes: &[Change], place: u64, owner: u32) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in changes {
        body.extend_from_slice(&(*key as f64).to_be_bytes());
        let length = value.as_ref().map_or(0, |value| value.len() as u32 + 1);
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    let length = body.len() as u32;
    let mut record = Vec::with_capacity(RECORD_HEAD + body.len());
    for word in [length, length ^ LENGTH_XOR, sum_of(&body, place, owner)] {
        record.extend_from_slice(&word.to_be_bytes());
    }
    record.append(&mut body);
    record
}

/// The entries of all records that are sound, where they end, and whether each one was.
fn read_records(bytes: &[u8], owner: u32) -> (Entries, u64, bool) {
    let mut entries = Entries::new();
    let mut is_whole = true;
    let mut at = HEADER;
    while at < bytes.len() {
        let body =
            body_at(bytes, at).filter(|body| number(bytes, at + 8) == Some(sum_of(body, at as u64, owner)));
        match body {
            Some(body) => {
                take_changes(body, &mut entries);
                at += RECORD_HEAD + body.len();
            }
            None => {
                is_whole = false;
                at += 1;
            }
        }
    }
    (entries, at as u64, is_whole)
}

fn body_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = number(bytes, at)?;
    (number(bytes, at + 4)? == length ^ LENGTH_XOR).then_some(())?;
    let start = at + RECORD_HEAD;
    bytes.get(start..start.checked_add(length as usize)?)
}

fn take_changes(body: &[u8], entries: &mut Entries) {
    let mut rest = body;
    while let Some((head, behind)) = rest.split_at_checked(CHANGE_HEAD) {
        let (Ok(key), Some(length)) = (head[..8].try_into(), number(head, 8)) else {
            return;
        };
        let key = f64::from_be_bytes(key) as u64;
        let Some((value, behind)) = behind.split_at_checked((length as usize).saturating_sub(1)) else {
            return;
        };
        match length {
            0 => drop(entries.remove(&key)),
            _ => drop(entries.insert(key, value.to_vec())),
        }
        rest = behind;
    }
}
