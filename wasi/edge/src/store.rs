//! A store of a client: a folder that the host has preopened, and its log and lock while it is open.

use crate::entries_log::EntriesLog;
use crate::lock::Lock;

pub struct Store {
    pub folder: String,
    /// While it is open.
    pub log: Option<EntriesLog>,
    /// Likewise, unless the host allows none.
    pub lock: Option<Lock>,
}

impl Store {
    pub fn new(folder: &str) -> Store {
        Store {
            folder: folder.into(),
            log: None,
            lock: None,
        }
    }

    pub fn close(&mut self) {
        self.log = None;
        self.lock = None;
    }
}
