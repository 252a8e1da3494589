//! An open TCP connection over WASI streams with the layers on it, and the bytes that the host has not taken yet. Never
//! waits: `read` and `write` do what can be done at once.

use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};

use mqtt_lib::engine::Code;

use crate::layers::Layers;

/// So many bytes are read at once.
const READ_SIZE: u64 = 64 << 10;
/// Beyond so many unwritten bytes messages stay in the engine, whose queue has a bound.
const FULL: usize = 64 << 10;

/// What `read` has found.
pub enum Read {
    Nothing,
    /// The handshakes of the layers are done.
    Opened,
    Bytes(Vec<u8>),
}

/// The host wants the streams dropped before their socket, and fields are dropped in this order.
pub struct Stream {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    layers: Layers,
    /// Bytes of MQTT that came along with the end of a handshake.
    early: Vec<u8>,
    /// Bytes for the broker; those before `written` were taken by the host.
    unwritten: Vec<u8>,
    written: usize,
    /// It is shut down once everything is written.
    closing: bool,
    /// Why a write failed.
    failure: Option<String>,
    /// Nothing of MQTT has come yet.
    is_fresh: bool,
    /// The other side does not speak MQTT.
    is_foreign: bool,
}

impl Stream {
    /// Begins the handshakes of the layers.
    pub fn new(
        socket: TcpSocket,
        (input, output): (InputStream, OutputStream),
        mut layers: Layers,
    ) -> Stream {
        let mut unwritten = Vec::new();
        layers.begin(&mut unwritten);
        let mut stream = Stream {
            input,
            output,
            socket,
            layers,
            early: Vec::new(),
            unwritten,
            written: 0,
            closing: false,
            failure: None,
            is_fresh: true,
            is_foreign: false,
        };
        stream.write();
        stream
    }

    pub fn is_open(&self) -> bool {
        self.layers.is_open()
    }

    /// The code of the failure that `read` has returned, where it has one of its own.
    pub fn failure(&self) -> Option<Code> {
        let foreign = self.is_foreign.then_some(Code::ConnectionRefused);
        foreign.or_else(|| self.layers.failure())
    }

    /// What has arrived.
    ///
    /// # Errors
    /// The connection has ended; why, "" if there is no reason.
    pub fn read(&mut self) -> Result<Read, String> {
        if !self.early.is_empty() {
            return Ok(Read::Bytes(std::mem::take(&mut self.early)));
        }
        loop {
            let read = self.read_wire().map_err(|why| self.layers.ended(why))?;
            let Some(bytes) = read else {
                return Ok(Read::Nothing);
            };
            if self.layers.is_plain() {
                self.check_first(&bytes)?;
                return Ok(Read::Bytes(bytes));
            }
            let was_open = self.layers.is_open();
            let inner = self.layers.receive(bytes, &mut self.unwritten);
            self.write();
            let inner = inner?;
            if !was_open && self.layers.is_open() {
                self.early = inner;
                return Ok(Read::Opened);
            }
            if !inner.is_empty() {
                self.check_first(&inner)?;
                return Ok(Read::Bytes(inner));
            }
        }
    }

    /// A web server is no broker, and says so in its first bytes.
    fn check_first(&mut self, bytes: &[u8]) -> Result<(), String> {
        if !std::mem::take(&mut self.is_fresh) {
            return Ok(());
        }
        let checked = self.layers.check_first(bytes);
        self.is_foreign = checked.is_err();
        checked
    }

    fn read_wire(&mut self) -> Result<Option<Vec<u8>>, String> {
        if let Some(farewell) = self.layers.end() {
            return Err(farewell.to_owned());
        }
        let bytes = self.input.read(READ_SIZE).map_err(describe)?;
        match (bytes.is_empty(), self.failure.take()) {
            (false, failure) => {
                self.failure = failure;
                Ok(Some(bytes))
            }
            (true, Some(failure)) => Err(failure),
            (true, None) => Ok(None),
        }
    }

    /// Ready when there is something to read, or when more can be written.
    pub fn pollables(&self, into: &mut Vec<Pollable>) {
        into.push(self.input.subscribe());
        if self.unwritten_bytes() > 0 {
            into.push(self.output.subscribe());
        }
    }

    /// Bytes for the next `write`.
    pub fn push(&mut self, bytes: &[u8]) {
        match self.layers.is_plain() {
            true => self.unwritten.extend_from_slice(bytes),
            false => self.layers.send(bytes, &mut self.unwritten),
        }
    }

    /// Whether further messages are to stay in the engine.
    pub fn is_full(&self) -> bool {
        self.unwritten_bytes() > FULL
    }

    /// Whether a write has failed: reading the rest says when the connection ends.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Writes the remaining bytes, then shuts the connection down.
    pub fn close(&mut self) {
        self.layers.close(&mut self.unwritten);
        self.closing = true;
        self.write();
    }

    /// Writes as much as the host takes.
    pub fn write(&mut self) {
        if let Err(error) = self.write_some() {
            self.failure = Some(describe(error));
            self.written = self.unwritten.len();
        }
        if self.unwritten_bytes() > 0 {
            return;
        }
        self.unwritten.clear();
        self.written = 0;
        if std::mem::take(&mut self.closing) {
            // Fails only if the connection is gone, and then reading fails too.
            let _ = self.socket.shutdown(ShutdownType::Send);
        }
    }

    fn write_some(&mut self) -> Result<(), StreamError> {
        let before = self.written;
        while self.unwritten_bytes() > 0 {
            let room = usize::try_from(self.output.check_write()?).unwrap_or(usize::MAX);
            if room == 0 {
                break;
            }
            let upto = self.unwritten.len().min(self.written.saturating_add(room));
            self.output.write(&self.unwritten[self.written..upto])?;
            self.written = upto;
        }
        match self.written > before {
            true => self.output.flush(),
            false => Ok(()),
        }
    }

    fn unwritten_bytes(&self) -> usize {
        self.unwritten.len() - self.written
    }
}

/// A host may add a backtrace of its own, from the second line on.
fn describe(error: StreamError) -> String {
    match error {
        StreamError::Closed => String::new(),
        StreamError::LastOperationFailed(error) => {
            let said = error.to_debug_string();
            said.lines().next().unwrap_or_default().to_owned()
        }
    }
}
