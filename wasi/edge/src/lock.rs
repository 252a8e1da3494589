//! The lock of a store's folder, so that one client has it open. WASI 0.2 locks no files: the lock is a port of this machine
//! that the client listens on and never answers. The host frees it however the client ends. A file says which port it is.
//! Where the host lets nobody listen there is no lock.

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use crate::clock;
use crate::folder::{Failure, Folder};

const FILE: &str = "lock";
/// Below those that systems give to outgoing connections.
const FIRST_PORT: u16 = 20_000;
const PORTS: u64 = 12_000;
const TRIES: usize = 10;

pub struct Lock {
    folder: Folder,
    /// Listens as long as there is the lock.
    _socket: TcpSocket,
}

impl Lock {
    /// None if the host lets nobody listen.
    ///
    /// # Errors
    /// Somebody else has it.
    pub fn take(path: &str) -> Result<Option<Lock>, Failure> {
        let folder = Folder::open(path)?;
        let written = port_of(&folder.content(FILE)?.unwrap_or_default());
        if let Some(port) = written {
            return match listen(port) {
                Err(ErrorCode::AddressInUse) => Err(Failure::Locked),
                listening => Ok(listening.ok().map(|socket| Lock::new(folder, socket))),
            };
        }
        for _ in 0..TRIES {
            let port = FIRST_PORT + (clock::seed() % PORTS) as u16;
            match listen(port) {
                Ok(socket) => {
                    folder.write(FILE, port.to_string().as_bytes())?;
                    return Ok(Some(Lock::new(folder, socket)));
                }
                Err(ErrorCode::AddressInUse) => {}
                Err(_) => break,
            }
        }
        Ok(None)
    }

    fn new(folder: Folder, socket: TcpSocket) -> Lock {
        Lock {
            folder,
            _socket: socket,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // If it stays, the next client listens on the same port.
        let _ = self.folder.remove(FILE);
    }
}

/// None if the file is not one of ours.
fn port_of(content: &[u8]) -> Option<u16> {
    let port = std::str::from_utf8(content).ok()?.parse().ok()?;
    (port >= FIRST_PORT && u64::from(port - FIRST_PORT) < PORTS).then_some(port)
}

fn listen(port: u16) -> Result<TcpSocket, ErrorCode> {
    let address = IpSocketAddress::Ipv4(Ipv4SocketAddress {
        port,
        address: (127, 0, 0, 1),
    });
    let socket = create_tcp_socket(IpAddressFamily::Ipv4)?;
    socket.start_bind(&instance_network(), address)?;
    finish(&socket, TcpSocket::finish_bind)?;
    socket.start_listen()?;
    finish(&socket, TcpSocket::finish_listen)?;
    Ok(socket)
}

fn finish(socket: &TcpSocket, step: impl Fn(&TcpSocket) -> Result<(), ErrorCode>) -> Result<(), ErrorCode> {
    loop {
        match step(socket) {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            finished => return finished,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::port_of;

    #[test]
    fn a_file_that_names_no_port_of_ours_is_no_lock() {
        assert_eq!(port_of(b"20000"), Some(20_000));
        assert_eq!(port_of(b"31999"), Some(31_999));
        for content in ["", "19999", "32000", "80", "70000", "abc", "20000\n"] {
            assert_eq!(port_of(content.as_bytes()), None, "{content}");
        }
    }
}
