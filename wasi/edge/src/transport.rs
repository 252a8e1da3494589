//! One TCP connection over WASI sockets. Nothing here waits: `advance` does what can be done at once, and
//! `pollables` says what has to happen before it can do more.

use std::collections::VecDeque;
use std::net::IpAddr;

use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::{resolve_addresses, ResolveAddressStream};
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, Network,
};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use mqtt_lib::engine::{Generation, SEND_CAP};

/// So much is read at once.
const PIECE: u64 = 64 << 10;

/// What happened on the connection.
pub enum Step {
    Opened,
    Bytes(Vec<u8>),
    /// It is over, or never came to be; in whose words ("" if nobody said anything).
    Closed(String),
}

enum Stage {
    Resolving(ResolveAddressStream),
    Connecting(TcpSocket),
    Open(Streams),
    Over,
}

/// The host wants the streams dropped before their socket, and fields are dropped in this order.
struct Streams {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
}

pub struct Transport {
    pub generation: Generation,
    stage: Stage,
    network: Network,
    addresses: VecDeque<IpAddress>,
    port: u16,
    /// Why the last address could not be reached, or the last write failed.
    failure: Option<String>,
    /// What the host has not taken, from `taken` on.
    unsent: Vec<u8>,
    taken: usize,
    closing: bool,
}

impl Transport {
    /// Begins to connect to a URL as `endpoint::resolve` makes it.
    pub fn open(url: &str, generation: Generation) -> Result<Transport, String> {
        let authority = url.strip_prefix("mqtt://").unwrap_or(url);
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "1883"));
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let network = instance_network();
        let mut addresses = VecDeque::new();
        let stage = match host.parse() {
            Ok(address) => {
                addresses.push_back(from_std(address));
                Stage::Over
            }
            Err(_) => Stage::Resolving(resolve_addresses(&network, host).map_err(say)?),
        };
        let mut transport = Transport {
            generation,
            stage,
            network,
            addresses,
            port: port.parse().unwrap_or(1883),
            failure: None,
            unsent: Vec::new(),
            taken: 0,
            closing: false,
        };
        if matches!(transport.stage, Stage::Over) {
            transport.connect_next();
        }
        Ok(transport)
    }

    /// Does what can be done at once; nothing, if all of it needs time.
    pub fn advance(&mut self) -> Option<Step> {
        loop {
            match &mut self.stage {
                Stage::Resolving(stream) => match stream.resolve_next_address() {
                    Ok(Some(address)) => self.addresses.push_back(address),
                    Ok(None) => self.connect_next(),
                    Err(ErrorCode::WouldBlock) => return None,
                    Err(code) => return self.end(say(code)),
                },
                Stage::Connecting(socket) => match socket.finish_connect() {
                    Ok((input, output)) => {
                        if let Stage::Connecting(socket) = std::mem::replace(&mut self.stage, Stage::Over) {
                            self.stage = Stage::Open(Streams {
                                input,
                                output,
                                socket,
                            });
                        }
                        return Some(Step::Opened);
                    }
                    Err(ErrorCode::WouldBlock) => return None,
                    Err(code) => {
                        self.failure = Some(say(code));
                        self.connect_next();
                    }
                },
                Stage::Open(streams) => match streams.input.read(PIECE) {
                    Ok(bytes) if !bytes.is_empty() => return Some(Step::Bytes(bytes)),
                    Ok(_) => {
                        self.write();
                        let failure = self.failure.take()?;
                        return self.end(failure);
                    }
                    Err(error) => return self.end(said(error)),
                },
                Stage::Over => return self.failure.take().map(Step::Closed),
            }
        }
    }

    /// What `advance` waits for.
    pub fn pollables(&self, into: &mut Vec<Pollable>) {
        match &self.stage {
            Stage::Resolving(stream) => into.push(stream.subscribe()),
            Stage::Connecting(socket) => into.push(socket.subscribe()),
            Stage::Open(streams) => {
                into.push(streams.input.subscribe());
                if self.unsent_bytes() > 0 {
                    into.push(streams.output.subscribe());
                }
            }
            Stage::Over => {}
        }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        self.write();
    }

    /// Whether messages had better wait in the engine.
    pub fn has_enough(&self) -> bool {
        self.unsent_bytes() > SEND_CAP
    }

    /// Sends what is left, then says goodbye; false if there is no connection that could end.
    pub fn close(&mut self) -> bool {
        self.closing = true;
        if !matches!(self.stage, Stage::Open(_)) {
            self.stage = Stage::Over;
            return false;
        }
        self.write();
        true
    }

    fn unsent_bytes(&self) -> usize {
        self.unsent.len() - self.taken
    }

    fn write(&mut self) {
        let Stage::Open(streams) = &mut self.stage else {
            return;
        };
        let before = self.taken;
        let result = loop {
            if self.taken == self.unsent.len() {
                break Ok(());
            }
            match streams.output.check_write() {
                Ok(0) => break Ok(()),
                Ok(room) => {
                    let room = usize::try_from(room).unwrap_or(usize::MAX);
                    let upto = self.unsent.len().min(self.taken.saturating_add(room));
                    if let Err(error) = streams.output.write(&self.unsent[self.taken..upto]) {
                        break Err(error);
                    }
                    self.taken = upto;
                }
                Err(error) => break Err(error),
            }
        };
        let flushed = match result {
            Ok(()) if self.taken > before => streams.output.flush(),
            result => result,
        };
        if let Err(error) = flushed {
            self.failure = Some(said(error));
            self.taken = self.unsent.len();
        }
        if self.taken == self.unsent.len() {
            self.unsent.clear();
            self.taken = 0;
            if std::mem::take(&mut self.closing) {
                // Fails only if the connection is gone, which reading will say.
                let _ = streams.socket.shutdown(ShutdownType::Send);
            }
        }
    }

    fn connect_next(&mut self) {
        while let Some(address) = self.addresses.pop_front() {
            match connect(&self.network, address, self.port) {
                Ok(socket) => {
                    self.stage = Stage::Connecting(socket);
                    return;
                }
                Err(code) => self.failure = Some(say(code)),
            }
        }
        self.stage = Stage::Over;
        self.failure
            .get_or_insert_with(|| say(ErrorCode::NameUnresolvable));
    }

    fn end(&mut self, why: String) -> Option<Step> {
        self.stage = Stage::Over;
        Some(Step::Closed(why))
    }
}

fn connect(network: &Network, address: IpAddress, port: u16) -> Result<TcpSocket, ErrorCode> {
    let (family, remote) = match address {
        IpAddress::Ipv4(address) => (
            IpAddressFamily::Ipv4,
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }),
        ),
        IpAddress::Ipv6(address) => (
            IpAddressFamily::Ipv6,
            IpSocketAddress::Ipv6(Ipv6SocketAddress {
                port,
                flow_info: 0,
                address,
                scope_id: 0,
            }),
        ),
    };
    let socket = create_tcp_socket(family)?;
    socket.start_connect(network, remote)?;
    Ok(socket)
}

fn from_std(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    }
}

/// For the end of a sentence that already says what was tried.
fn say(code: ErrorCode) -> String {
    let words = match code {
        ErrorCode::AccessDenied => {
            "the host does not allow it; give the component network permission (wasmtime run -S inherit-network -S allow-ip-name-lookup)"
        }
        ErrorCode::NotSupported => "the host has no TCP sockets",
        ErrorCode::ConnectionRefused => "connection refused",
        ErrorCode::ConnectionReset => "connection reset",
        ErrorCode::ConnectionAborted => "connection aborted",
        ErrorCode::RemoteUnreachable => "the address cannot be reached",
        ErrorCode::Timeout => "the network did not answer in time",
        ErrorCode::NameUnresolvable => "the host name is not known",
        ErrorCode::TemporaryResolverFailure => "the host name could not be looked up for now",
        ErrorCode::PermanentResolverFailure => {
            "the host name could not be looked up; does the host allow it (wasmtime run -S allow-ip-name-lookup)?"
        }
        ErrorCode::OutOfMemory | ErrorCode::NewSocketLimit => "the host has no room for another socket",
        code => return format!("the host says {}", code.name()),
    };
    words.to_owned()
}

fn said(error: StreamError) -> String {
    match error {
        StreamError::Closed => String::new(),
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
    }
}
