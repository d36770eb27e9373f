//! Connections between services of the honeynet, on a decoy's behalf.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpSocket, TcpStream};

use crate::session::Destination;

/// Where the honeynet's services are: the only places that a decoy can reach.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory {
    /// By host and the persona's port.
    services: HashMap<(String, u16), SocketAddr>,
}

/// The calling ends of connections that the honeynet makes of its own accord. Exact to the port, so
/// that nobody who takes over a console's address passes for it.
#[derive(Debug, Default)]
pub(super) struct OwnEnds(Mutex<HashSet<SocketAddr>>);

/// One of them, as long as this lives.
pub(super) struct OwnEnd {
    ends: Arc<OwnEnds>,
    end: SocketAddr,
}

impl OwnEnds {
    /// Whether a connection from there is our own.
    pub(super) fn contains(&self, source: &SocketAddr) -> bool {
        self.lock().contains(source)
    }

    fn add(self: &Arc<Self>, end: SocketAddr) -> OwnEnd {
        self.lock().insert(end);
        OwnEnd { ends: Arc::clone(self), end }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<SocketAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OwnEnd {
    fn drop(&mut self) {
        self.ends.lock().remove(&self.end);
    }
}

impl Directory {
    pub(super) fn new(services: impl IntoIterator<Item = ((String, u16), SocketAddr)>) -> Self {
        Directory { services: services.into_iter().collect() }
    }

    /// Whether there is such a service.
    pub(super) fn has(&self, to: &Destination) -> bool {
        self.services.contains_key(&(to.host.clone(), to.port))
    }

    /// Connects from a decoy's own address to another service of the honeynet.
    ///
    /// # Errors
    /// When there is no such service or it can't be reached.
    pub(super) async fn connect(&self, from: IpAddr, to: &Destination) -> io::Result<TcpStream> {
        let (socket, address) = self.socket(from, to)?;
        socket.connect(address).await
    }

    /// The same for an errand; the service that is called knows it for our own.
    ///
    /// # Errors
    /// When there is no such service or it can't be reached.
    pub(super) async fn call(
        &self,
        from: IpAddr,
        to: &Destination,
        ends: &Arc<OwnEnds>,
    ) -> io::Result<(TcpStream, OwnEnd)> {
        let (socket, address) = self.socket(from, to)?;
        // Known before the other side can accept.
        let end = ends.add(socket.local_addr()?);
        Ok((socket.connect(address).await?, end))
    }

    fn socket(&self, from: IpAddr, to: &Destination) -> io::Result<(TcpSocket, SocketAddr)> {
        let key = (to.host.clone(), to.port);
        let address =
            *self.services.get(&key).ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::new(from, 0).into())?;
        Ok((TcpSocket::from_std_stream(socket.into()), address))
    }
}
