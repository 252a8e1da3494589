//! A store of a client: a folder that the host has preopened, and its log while it is open.

use crate::store_log::Log;

pub struct Store {
    pub folder: String,
    /// While it is open.
    pub log: Option<Log>,
}

impl Store {
    pub fn new(folder: &str) -> Store {
        Store {
            folder: folder.into(),
            log: None,
        }
    }

    pub fn close(&mut self) {
        self.log = None;
    }
}
