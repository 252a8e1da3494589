//! The entries of a store as a log, as the npm package has it in Node (`js/persistent/entries-log.mjs`): a file to which
//! changes are appended, written anew when most of it is history. A second file, the mark, has how far the log is written; it
//! is written after the log, so that the log may be longer. Owns both files; the bytes are `log_format.rs`.

use std::collections::BTreeMap;

use mqtt_lib::engine::Change;

use crate::clock;
use crate::folder::{Failure, File, Folder};
use crate::log_format::{
    header_of, mark_of, read_log, read_records, record_of, Entries, Read, Salt, CHANGE_HEAD, HEADER_LENGTH,
};

pub const ENTRIES: &str = "entries";
pub const MARKER: &str = "mark";
/// A log that is being written.
const FRESH: &str = "entries.new";

/// About so many bytes of entries go into one record of a new log.
const RECORD_LENGTH: usize = 1 << 20;
/// A log that is shorter is not written anew, nor one with less than three quarters of history.
const MIN_LENGTH: u64 = 1 << 20;
const MAX_SHARE: u64 = 4;
/// More history than this is never kept: Node reads no file of 2 GiB.
const MAX_HISTORY: u64 = 512 << 20;

pub struct EntriesLog {
    folder: Folder,
    /// The seed of all checksums.
    owner: u32,
    log: File,
    mark: File,
    /// What was last written to the mark.
    marked: Vec<u8>,
    generation: u64,
    length: u64,
    salt: Salt,
    /// How many bytes each entry takes, and all of them.
    sizes: BTreeMap<u64, u64>,
    live: u64,
}

impl EntriesLog {
    /// Continues the files that were read if they are sound and of the present version; replaces them by new ones otherwise.
    pub fn open(folder: Folder, owner: u32, found: &Read) -> Result<EntriesLog, Failure> {
        let (mut generation, mut length, mut salt) = (found.generation, found.end, found.salt);
        let is_kept = found.is_current && found.is_sound;
        if !is_kept {
            generation += 1;
            salt = Salt::new(clock::seed());
            length = write_anew(&folder, generation, salt, owner, &found.entries)?;
        }
        let mut opened = EntriesLog {
            log: folder.file(ENTRIES)?,
            mark: folder.file(MARKER)?,
            marked: Vec::new(),
            folder,
            owner,
            generation,
            length,
            salt,
            sizes: BTreeMap::new(),
            live: 0,
        };
        if is_kept {
            opened.log.set_length(length)?;
        }
        for (key, value) in &found.entries {
            opened.count(*key, Some(value));
        }
        opened.write_mark()?;
        Ok(opened)
    }

    /// Nothing of the changes is in the log if it fails and the file can be cut off.
    ///
    /// # Errors
    /// Also if the mark is no longer what this client wrote: something else has the log.
    pub fn append(&mut self, changes: &[Change]) -> Result<(), Failure> {
        if self.mark.head(HEADER_LENGTH)? != self.marked {
            return Err(Failure::Foreign);
        }
        let is_mostly_history = self.length > MIN_LENGTH && self.length > MAX_SHARE * self.live;
        if is_mostly_history || self.length.saturating_sub(self.live) > MAX_HISTORY {
            self.rewrite()?;
        }
        let place = self.length;
        if let Err(error) = self.write_record(changes) {
            self.length = place;
            // The error of the write says what is wrong.
            let _ = self.log.set_length(place);
            return Err(error);
        }
        for (key, value) in changes {
            self.count(*key, value.as_ref());
        }
        Ok(())
    }

    fn write_record(&mut self, changes: &[Change]) -> Result<(), Failure> {
        let record = record_of(changes, self.length, self.salt, self.owner);
        self.log.write_at(self.length, &record)?;
        self.length += record.len() as u64;
        self.write_mark()
    }

    /// Replaces the log by one without its history. With the same salt, because the mark may remain that of the old log.
    ///
    /// # Errors
    /// Also if it was damaged while it was open: what is left would be given out as all.
    fn rewrite(&mut self) -> Result<(), Failure> {
        let read = read_records(&self.log.content()?, HEADER_LENGTH, self.salt, self.owner);
        if !read.is_whole || read.end != self.length {
            return Err(Failure::Damaged);
        }
        let generation = self.generation + 1;
        self.length = write_anew(&self.folder, generation, self.salt, self.owner, &read.entries)?;
        self.generation = generation;
        self.log = self.folder.file(ENTRIES)?;
        self.write_mark()
    }

    fn write_mark(&mut self) -> Result<(), Failure> {
        self.marked = mark_of(self.generation, self.length, self.salt, self.owner);
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

/// What the files of a folder have; sound and without entries if there are none.
pub fn read(folder: &Folder, owner: u32) -> Result<Read, Failure> {
    let log = folder.content(ENTRIES)?;
    let mark = folder.content(MARKER)?;
    if log.is_none() && mark.is_none() {
        return Ok(Read::default());
    }
    Ok(read_log(
        &log.unwrap_or_default(),
        &mark.unwrap_or_default(),
        owner,
    ))
}

/// A new log in place of the one that is there; its length.
fn write_anew(
    folder: &Folder,
    generation: u64,
    salt: Salt,
    owner: u32,
    entries: &Entries,
) -> Result<u64, Failure> {
    let mut bytes = vec![0; HEADER_LENGTH];
    for changes in in_parts(entries) {
        let record = record_of(&changes, bytes.len() as u64, salt, owner);
        bytes.extend_from_slice(&record);
    }
    let length = bytes.len() as u64;
    bytes[..HEADER_LENGTH].copy_from_slice(&header_of(generation, length, salt, owner));
    folder.write(FRESH, &bytes)?;
    folder.rename(FRESH, ENTRIES)?;
    Ok(length)
}

/// The changes of each record of a new log.
fn in_parts(entries: &Entries) -> Vec<Vec<Change>> {
    let mut parts: Vec<Vec<Change>> = Vec::new();
    let mut length = RECORD_LENGTH;
    for (key, value) in entries {
        if length >= RECORD_LENGTH {
            parts.push(Vec::new());
            length = 0;
        }
        if let Some(part) = parts.last_mut() {
            part.push((*key, Some(value.clone())));
        }
        length += CHANGE_HEAD + value.len();
    }
    parts
}
