//! Connections by their names: those that are asked for twice are shared, and a connection ends with its last user.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use mqtt_lib_edge::{Client, Code, Error};

use crate::environment;
use crate::exports::wasi::messaging::types::{self, GuestClient};

pub struct Shared {
    pub client: RefCell<Client>,
    pub qos: u8,
}

thread_local! {
    static OPEN: RefCell<BTreeMap<String, Weak<Shared>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The connection of this name, begun if there is none.
///
/// # Errors
/// What the environment says is wrong, or the broker does not accept it.
pub fn connect(name: &str) -> Result<Rc<Shared>, Error> {
    if let Some(open) = OPEN.with_borrow(|open| open.get(name).and_then(Weak::upgrade)) {
        return Ok(open);
    }
    let qos = environment::qos()?;
    let (config, settings) = environment::connection(name)?;
    let mut client = Client::new(config, settings, None)?;
    client.start()?;
    let shared = Rc::new(Shared {
        client: RefCell::new(client),
        qos,
    });
    OPEN.with_borrow_mut(|open| open.insert(name.to_owned(), Rc::downgrade(&shared)));
    Ok(shared)
}

impl Drop for Shared {
    fn drop(&mut self) {
        // A guest that has gone wants no error.
        let _ = self.client.borrow_mut().stop(0, &[]);
    }
}

/// What a guest has of a connection.
pub struct Connection {
    shared: RefCell<Option<Rc<Shared>>>,
    is_over: Cell<bool>,
}

impl Connection {
    /// # Errors
    /// It was disconnected.
    pub fn shared(&self) -> Result<Rc<Shared>, Error> {
        let shared = self.shared.borrow().clone();
        shared.ok_or_else(|| Error::new(Code::Stopped, "the client was disconnected"))
    }
}

impl GuestClient for Connection {
    fn connect(name: String) -> Result<types::Client, types::Error> {
        let shared = connect(&name).map_err(given)?;
        Ok(types::Client::new(Connection {
            shared: RefCell::new(Some(shared)),
            is_over: Cell::new(false),
        }))
    }

    /// Sends what is pending, if nobody else has the connection.
    fn disconnect(&self) -> Result<(), types::Error> {
        self.is_over.set(true);
        let Some(shared) = self.shared.take() else {
            return Ok(());
        };
        match Rc::try_unwrap(shared) {
            Ok(last) => last.client.borrow_mut().stop(0, &[]).map_err(given),
            Err(_) => Ok(()),
        }
    }
}

/// An error of the client as the guest knows it.
pub fn given(error: Error) -> types::Error {
    let text = format!("{} {}", error.code.name(), error.message);
    match error.code {
        Code::Timeout => types::Error::Timeout,
        Code::NotAuthorized | Code::CredentialsFailed => types::Error::PermissionDenied(text),
        Code::ConnectionRefused | Code::ConnectionLost | Code::Stopped => types::Error::Connection(text),
        _ => types::Error::Other(text),
    }
}
