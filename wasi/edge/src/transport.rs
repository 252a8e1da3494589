//! One TCP connection over WASI sockets: resolves the host name, tries its addresses in turn, and has a `Stream` then.
//! Never waits: `next_event` does what can be done at once.

use std::collections::VecDeque;
use std::net::IpAddr;

use wasip2::io::poll::Pollable;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::{resolve_addresses, ResolveAddressStream};
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, Network,
};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use mqtt_lib::engine::{Code, Generation};

use crate::layers::{Layers, Settings, Target};
use crate::stream::{Read, Stream};

/// What happened on the connection.
pub enum TransportEvent {
    Opened,
    Bytes(Vec<u8>),
    /// It has ended, or could not be made; why, "" if there is no reason, and the code of that, if it has one.
    Closed(String, Option<Code>),
}

enum Stage {
    Resolving(ResolveAddressStream),
    Connecting(TcpSocket),
    Open(Stream),
    Closed,
}

pub struct Transport {
    pub generation: Generation,
    stage: Stage,
    network: Network,
    /// Addresses that have not been tried.
    addresses: VecDeque<IpAddress>,
    port: u16,
    /// For the connection that is being made.
    layers: Layers,
    /// Why no address could be reached: the reason of the last one.
    failure: Option<String>,
}

impl Transport {
    /// Begins to connect to a URL as `endpoint::resolve` makes it.
    ///
    /// # Errors
    /// Why it cannot even begin.
    pub fn open(url: &str, generation: Generation, settings: &Settings) -> Result<Transport, String> {
        let target = Target::new(url);
        let host = target.host;
        let network = instance_network();
        let mut addresses = VecDeque::new();
        let stage = match host.parse() {
            Ok(address) => {
                addresses.push_back(from_std(address));
                Stage::Closed
            }
            Err(_) => Stage::Resolving(resolve_addresses(&network, host).map_err(describe)?),
        };
        let mut transport = Transport {
            generation,
            stage,
            network,
            addresses,
            port: target.port,
            layers: target.layers(settings)?,
            failure: None,
        };
        if matches!(transport.stage, Stage::Closed) {
            transport.connect_next();
        }
        Ok(transport)
    }

    /// What has happened; none if that takes time.
    pub fn next_event(&mut self) -> Option<TransportEvent> {
        loop {
            match &mut self.stage {
                Stage::Resolving(stream) => match stream.resolve_next_address() {
                    Ok(Some(address)) => self.addresses.push_back(address),
                    Ok(None) => self.connect_next(),
                    Err(ErrorCode::WouldBlock) => return None,
                    Err(code) => return Some(self.closed(describe(code), None)),
                },
                Stage::Connecting(socket) => match socket.finish_connect() {
                    Ok(streams) => {
                        if let Stage::Connecting(socket) = std::mem::replace(&mut self.stage, Stage::Closed) {
                            let stream = Stream::new(socket, streams, std::mem::take(&mut self.layers));
                            let is_open = stream.is_open();
                            self.stage = Stage::Open(stream);
                            if is_open {
                                return Some(TransportEvent::Opened);
                            }
                        }
                    }
                    Err(ErrorCode::WouldBlock) => return None,
                    Err(code) => {
                        self.failure = Some(describe(code));
                        self.connect_next();
                    }
                },
                Stage::Open(stream) => match stream.read() {
                    Ok(Read::Nothing) => return None,
                    Ok(Read::Opened) => return Some(TransportEvent::Opened),
                    Ok(Read::Bytes(bytes)) => return Some(TransportEvent::Bytes(bytes)),
                    Err(why) => {
                        let code = stream.failure();
                        return Some(self.closed(why, code));
                    }
                },
                Stage::Closed => return self.failure.take().map(|why| TransportEvent::Closed(why, None)),
            }
        }
    }

    /// Ready when there is another event, or when more can be written.
    pub fn pollables(&self, into: &mut Vec<Pollable>) {
        match &self.stage {
            Stage::Resolving(stream) => into.push(stream.subscribe()),
            Stage::Connecting(socket) => into.push(socket.subscribe()),
            Stage::Open(stream) => stream.pollables(into),
            Stage::Closed => {}
        }
    }

    /// The connection, once there is one.
    pub fn stream(&mut self) -> Option<&mut Stream> {
        match &mut self.stage {
            Stage::Open(stream) => Some(stream),
            _ => None,
        }
    }

    /// Writes the remaining bytes and ends the connection; false if there is none, so that no event follows.
    pub fn close(&mut self) -> bool {
        match self.stream() {
            Some(stream) => {
                stream.close();
                true
            }
            None => {
                self.stage = Stage::Closed;
                false
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
                Err(code) => self.failure = Some(describe(code)),
            }
        }
        self.stage = Stage::Closed;
        self.failure
            .get_or_insert_with(|| describe(ErrorCode::NameUnresolvable));
    }

    fn closed(&mut self, why: String, code: Option<Code>) -> TransportEvent {
        self.stage = Stage::Closed;
        self.failure = None;
        TransportEvent::Closed(why, code)
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

/// The end of a sentence that says what was tried.
fn describe(code: ErrorCode) -> String {
    let words = match code {
        ErrorCode::AccessDenied => {
            "the host does not allow it; give the component network permission (wasmtime run -S inherit-network -S allow-ip-name-lookup)"
        }
        ErrorCode::NotSupported => "the host has no TCP sockets",
        ErrorCode::ConnectionRefused => "connection refused: nothing listens there",
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
