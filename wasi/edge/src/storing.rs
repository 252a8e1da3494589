//! How a client uses its store. It is opened before the first connection and closed after
//! `stop`; a change is written before the bytes that follow from it leave. Owns what becomes of a damaged one.

use mqtt_lib::engine::{Change, Code, Error, Flow};

use crate::checksum::checksum;
use crate::client::Client;
use crate::clock;
use crate::entries_log::{read, EntriesLog, ENTRIES, MARKER};
use crate::events::Event;
use crate::folder::{Failure, Folder};
use crate::lock::Lock;
use crate::store::Store;

fn failed(what: &str, store: &Store, error: &Failure) -> Error {
    let text = format!("the store in {} cannot be {what}: {error}", store.folder);
    Error::new(Code::StoreFailed, &text)
}

impl Client {
    /// Takes up what the store has, unless it is open.
    pub(crate) fn open_store(&mut self) -> Result<(), Error> {
        let Some(store) = self.store.as_mut().filter(|store| store.log.is_none()) else {
            return Ok(());
        };
        let owner = checksum(self.engine.config().client_id.as_bytes(), 0);
        let opened = Lock::take(&store.folder).and_then(|lock| {
            let folder = Folder::open(&store.folder)?;
            let found = read(&folder, owner)?;
            if !found.is_sound {
                keep_damaged(&folder)?;
            }
            store.log = Some(EntriesLog::open(folder, owner, &found)?);
            store.lock = lock;
            Ok(found)
        });
        let found = opened.map_err(|error| failed("opened", store, &error))?;
        if !found.is_sound {
            let text = format!(
                "the store in {} was damaged; the entries that could be read are sent, a copy of its files is beside them",
                store.folder
            );
            self.events
                .push(Event::Error(Error::new(Code::StoreDamaged, &text)));
        }
        let entries = found.entries.into_iter().collect();
        let unread = self.engine.restore(clock::now(), entries);
        if unread > 0 {
            let text = format!("records of the store that cannot be read and were left out: {unread}");
            self.events
                .push(Event::Error(Error::new(Code::StoreDamaged, &text)));
        }
        Ok(())
    }

    /// Writes changes. When that fails the client is stopped: what the store has is what the broker knows.
    pub(crate) fn write_store(&mut self, changes: &[Change]) -> Flow {
        if let Some(Store { log: Some(log), .. }) = &mut self.store {
            if let Err(error) = log.append(changes) {
                self.store_failed(&error);
            }
        }
        Flow::Ready
    }

    fn store_failed(&mut self, error: &Failure) {
        let Some(store) = &mut self.store else { return };
        let error = failed("written, so the client is stopped", store, error);
        store.close();
        self.engine.fail(clock::now(), &error);
        self.events.push(Event::Error(error));
    }
}

/// Copies of the files, under names that are free.
fn keep_damaged(folder: &Folder) -> Result<(), Failure> {
    for name in [ENTRIES, MARKER] {
        let Some(content) = folder.content(name)? else {
            continue;
        };
        let names = (1..).map(|number| format!("{name}.damaged-{number}"));
        if let Some(copy) = names.into_iter().find(|copy| !folder.has(copy)) {
            folder.write(&copy, &content)?;
        }
    }
    Ok(())
}
