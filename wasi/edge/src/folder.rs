//! A folder that the host has preopened, or one below it, and the files in it: WASI's own calls, at places that the caller
//! gives. Not through `std::fs`, which asks for rights that not every host knows, and is larger. Owns how a path leads to a folder.

use std::fmt;

use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// At most so much is asked for at a time.
const PIECE: u64 = 1 << 20;

pub enum Failure {
    /// No folder that was preopened leads there.
    NotPreopened,
    Damaged,
    /// Another client has it open.
    Locked,
    /// Somebody else has written to it.
    Foreign,
    Host(ErrorCode),
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Failure::Host(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotPreopened => {
                write!(
                    out,
                    "the host has preopened no folder of this name, as wasmtime run --dir FOLDER::NAME does"
                )
            }
            Failure::Damaged => write!(out, "it was damaged while it was open"),
            Failure::Locked => {
                write!(
                    out,
                    "another client has it open; stop that one, or give each a folder of its own"
                )
            }
            Failure::Foreign => {
                write!(
                    out,
                    "something else has written to it; give it to one client at a time"
                )
            }
            Failure::Host(code) => write!(out, "{}", code.message().trim_end_matches('.')),
        }
    }
}

pub struct Folder(Descriptor);

pub struct File(Descriptor);

/// What a file has, whose name leads through a folder that was preopened.
///
/// # Errors
/// It cannot be read.
pub fn file_content(path: &str) -> Result<Vec<u8>, Failure> {
    let (folder, name) = match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
        None => (".", path),
    };
    let content = Folder::at(folder, false)?.content(name)?;
    content.ok_or(Failure::Host(ErrorCode::NoEntry))
}

impl Folder {
    /// Makes what of it is missing below the preopened folder.
    pub fn open(path: &str) -> Result<Folder, Failure> {
        Folder::at(path, true)
    }

    fn at(path: &str, makes: bool) -> Result<Folder, Failure> {
        let from_root = format!("/{path}");
        let found = get_directories()
            .into_iter()
            .filter_map(|(folder, name)| {
                // A relative path begins at the root if no folder is the current one.
                let rest = below(&name, path).or_else(|| below(&name, &from_root));
                Some((rest?, folder))
            })
            .min_by_key(|(rest, _)| rest.len());
        let Some((rest, folder)) = found else {
            return Err(Failure::NotPreopened);
        };
        let mut folder = Folder(folder);
        for name in rest {
            match if makes {
                folder.0.create_directory_at(name)
            } else {
                Ok(())
            } {
                Ok(()) | Err(ErrorCode::Exist) => {}
                Err(code) => return Err(code.into()),
            }
            folder = Folder(folder.descriptor(name, OpenFlags::DIRECTORY, DescriptorFlags::READ)?);
        }
        Ok(folder)
    }

    fn descriptor(
        &self,
        name: &str,
        how: OpenFlags,
        rights: DescriptorFlags,
    ) -> Result<Descriptor, ErrorCode> {
        self.0.open_at(PathFlags::empty(), name, how, rights)
    }

    /// A file to be read and written; it is made if it is missing.
    pub fn file(&self, name: &str) -> Result<File, Failure> {
        let rights = DescriptorFlags::READ | DescriptorFlags::WRITE;
        Ok(File(self.descriptor(name, OpenFlags::CREATE, rights)?))
    }

    /// All that is in a file; none if there is no such file.
    pub fn content(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self.descriptor(name, OpenFlags::empty(), DescriptorFlags::READ) {
            Ok(descriptor) => File(descriptor).content().map(Some),
            Err(ErrorCode::NoEntry) => Ok(None),
            Err(code) => Err(code.into()),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.stat_at(PathFlags::empty(), name).is_ok()
    }

    /// Gives a file this content alone.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let file = self.file(name)?;
        file.set_length(0)?;
        file.write_at(0, bytes)
    }

    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        Ok(self.0.unlink_file_at(name)?)
    }

    /// In place of what has the new name.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        Ok(self.0.rename_at(from, &self.0, to)?)
    }
}

impl File {
    pub fn content(&self) -> Result<Vec<u8>, Failure> {
        let mut content = Vec::new();
        loop {
            let (piece, is_end) = self.0.read(PIECE, content.len() as u64)?;
            content.extend_from_slice(&piece);
            if is_end || piece.is_empty() {
                return Ok(content);
            }
        }
    }

    /// So many bytes at its beginning, or as many as it has.
    pub fn head(&self, length: usize) -> Result<Vec<u8>, Failure> {
        Ok(self.0.read(length as u64, 0)?.0)
    }

    pub fn write_at(&self, mut place: u64, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() {
            let written = self.0.write(bytes, place)?;
            if written == 0 {
                return Err(Failure::Host(ErrorCode::Io));
            }
            place += written;
            bytes = &bytes[written as usize..];
        }
        Ok(())
    }

    pub fn set_length(&self, length: u64) -> Result<(), Failure> {
        Ok(self.0.set_size(length)?)
    }
}

/// The names that lead from a preopened folder to a path; none if it is not below it.
fn below<'a>(folder: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let names = |path: &'a str| path.split('/').filter(|name| !matches!(*name, "" | "."));
    if folder.starts_with('/') != path.starts_with('/') || names(path).any(|name| name == "..") {
        return None;
    }
    let mut rest = names(path);
    for name in folder.split('/').filter(|name| !matches!(*name, "" | ".")) {
        if rest.next() != Some(name) {
            return None;
        }
    }
    Some(rest.collect())
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn a_path_leads_through_the_folder_that_was_preopened() {
        let list = |names: &[&'static str]| Some(names.to_vec());
        assert_eq!(below("/data", "/data"), list(&[]));
        assert_eq!(below("/data/", "/data/a//b/"), list(&["a", "b"]));
        assert_eq!(below("/", "/data"), list(&["data"]));
        assert_eq!(below(".", "store"), list(&["store"]));
        assert_eq!(below("store", "./store"), list(&[]));
        for (folder, path) in [
            ("/data", "/database"),
            ("/data", "data"),
            (".", "/data"),
            ("/data", "/data/../secret"),
        ] {
            assert_eq!(below(folder, path), None, "{folder} {path}");
        }
    }
}
