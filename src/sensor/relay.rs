//! Connections between services of the honeynet, on a decoy's behalf.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpSocket, TcpStream};

use crate::session::Destination;

/// Where the honeynet's services are: the only places that a decoy can reach.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory {
    /// By host and the persona's port.
    services: HashMap<(String, u16), SocketAddr>,
}

impl Directory {
    pub(super) fn new(services: impl IntoIterator<Item = ((String, u16), SocketAddr)>) -> Self {
        Directory { services: services.into_iter().collect() }
    }

    /// Connects from a decoy's own address to another service of the honeynet.
    ///
    /// # Errors
    /// When there is no such service or it can't be reached.
    pub(super) async fn connect(&self, from: IpAddr, to: &Destination) -> io::Result<TcpStream> {
        let key = (to.host.clone(), to.port);
        let address =
            *self.services.get(&key).ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::new(from, 0).into())?;
        TcpSocket::from_std_stream(socket.into()).connect(address).await
    }
}
