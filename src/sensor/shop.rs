//! Services: decoys made for the sockets that are bound.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;

use super::serve::SensorParts;
use super::{Bound, Socket, tls};
use crate::decoys::{self, Making};
use crate::imaging::Imaging;
use crate::persona::{Fault, Host, Protocol, Transport};
use crate::session::Decoy;

/// State of one service, for the status page.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct ServiceState {
    /// Deception host.
    pub host: String,
    /// Protocol.
    pub service: String,
    /// Where the persona has it.
    pub wanted: SocketAddr,
    /// Where it is.
    pub address: SocketAddr,
    /// Connections since the start; peers, where it is reached by datagrams.
    pub connections: u64,
}

/// One service, ready.
pub(super) struct Service {
    pub(super) bound_to: SocketAddr,
    wanted: SocketAddr,
    pub(super) host: Arc<Host>,
    pub(super) protocol: Protocol,
    pub(super) decoy: Arc<dyn Decoy>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) connections: AtomicU64,
}

/// Where its peers come in.
pub(super) enum Door {
    Listener(TcpListener),
    Datagrams(UdpSocket),
}

/// Makes decoys: one for each port of each host, since two services of one protocol behave apart.
pub(super) struct DecoyShop<'a> {
    pub(super) parts: &'a SensorParts,
    pub(super) imaging: Arc<Imaging>,
}

impl DecoyShop<'_> {
    pub(super) fn service(&self, bound: Bound) -> Result<(Arc<Service>, Vec<Door>), Fault> {
        let (pack, claim) = (&self.parts.pack, bound.claim);
        let fault = |problem: String| {
            Fault::of_file(
                format!("{} {} port {}", claim.host, claim.protocol.as_str(), claim.wanted.port()),
                problem,
            )
        };
        let (host, wanted) = pack
            .service_at(&claim.host, claim.protocol.transport(), claim.wanted.port())
            .ok_or_else(|| fault("the pack has no such service".into()))?;
        let making = Making {
            pack: Arc::clone(pack),
            host: Arc::clone(host),
            world: Arc::clone(&self.parts.world),
            imaging: Arc::clone(&self.imaging),
        };
        let decoy = decoys::build(&making, wanted)?;
        let web = claim.protocol == Protocol::Https;
        let alpn: &[&[u8]] = if web { &[b"http/1.1"] } else { &[] };
        let tls = wanted
            .tls
            .then(|| tls::acceptor(pack, host, alpn, wanted.client_certificate).map_err(&fault))
            .transpose()?;
        let door = match bound.socket {
            Socket::Listener(listener) => TcpListener::from_std(listener).map(Door::Listener),
            Socket::Datagrams(socket) => UdpSocket::from_std(socket).map(Door::Datagrams),
        };
        let inner = bound.inner.map(|listener| TcpListener::from_std(listener).map(Door::Listener));
        let doors = std::iter::once(door).chain(inner).collect::<Result<_, _>>();
        let doors = doors.map_err(|e: std::io::Error| fault(e.to_string()))?;
        let service = Service {
            bound_to: bound.address,
            wanted: claim.wanted,
            host: Arc::clone(host),
            protocol: claim.protocol,
            decoy,
            tls,
            connections: AtomicU64::new(0),
        };
        Ok((Arc::new(service), doors))
    }
}

impl Service {
    /// Whether peers connect to it, rather than send datagrams.
    pub(super) fn is_stream(&self) -> bool {
        self.protocol.transport() == Transport::Tcp
    }

    /// Host and port as the persona has them.
    pub(super) fn place(&self) -> (&str, u16) {
        (&self.host.name, self.wanted.port())
    }

    pub(super) fn state(&self) -> ServiceState {
        ServiceState {
            host: self.host.name.clone(),
            service: self.protocol.as_str().to_owned(),
            wanted: self.wanted,
            address: self.bound_to,
            connections: self.connections.load(Ordering::Relaxed),
        }
    }
}
