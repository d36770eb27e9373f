//! Listening sockets: all of them or none, bound before anything else starts.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use thiserror::Error;

use crate::persona::{Pack, Protocol, Transport};
use crate::sys::network;

/// A port that a persona wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Deception host.
    pub host: String,
    /// Protocol.
    pub protocol: Protocol,
    /// Address and port of the persona.
    pub wanted: SocketAddr,
}

/// A port that is bound.
#[derive(Debug)]
pub struct Bound {
    /// What was wanted.
    pub claim: Claim,
    /// Where it is: the port may be moved up when the wanted one is privileged.
    pub address: SocketAddr,
    /// The socket, non-blocking.
    pub socket: Socket,
    /// Where the service is reached by other decoys, when that is not on the wire.
    pub inner: Option<TcpListener>,
}

/// What a service is reached by.
#[derive(Debug)]
pub enum Socket {
    /// Connections.
    Listener(TcpListener),
    /// Datagrams.
    Datagrams(UdpSocket),
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Socket::Listener(listener) => listener.as_raw_fd(),
            Socket::Datagrams(socket) => socket.as_raw_fd(),
        }
    }
}

/// Why the ports can't all be bound.
#[derive(Debug, Error)]
#[error("{host} {protocol}: can't listen on {address}: {reason}")]
pub struct BindError {
    host: String,
    protocol: &'static str,
    address: SocketAddr,
    reason: String,
}

/// All ports of a pack.
pub fn claims(pack: &Pack) -> Vec<Claim> {
    pack.hosts
        .iter()
        .flat_map(|host| {
            host.services.iter().map(|service| Claim {
                host: host.name.clone(),
                protocol: service.protocol,
                wanted: SocketAddr::new(host.address, service.port),
            })
        })
        .collect()
}

/// Binds every claim. A port that this user may not bind is offered at port + `fallback`.
///
/// # Errors
/// The first port that can't be had; all others are released again.
pub fn bind(claims: Vec<Claim>, fallback: u16) -> Result<Vec<Bound>, BindError> {
    claims
        .into_iter()
        .map(|claim| {
            let moved = claim.wanted.port().checked_add(fallback).filter(|_| fallback > 0);
            let open = |address| open(claim.protocol.transport(), address);
            let first = open(claim.wanted).map(|socket| (claim.wanted, socket));
            let result = match (first, moved) {
                (Err(e), Some(port)) if e.kind() == io::ErrorKind::PermissionDenied => {
                    let address = SocketAddr::new(claim.wanted.ip(), port);
                    open(address).map(|socket| (address, socket)).map_err(|e| (address, e))
                }
                (other, _) => other.map_err(|e| (claim.wanted, e)),
            };
            match result {
                Ok((address, socket)) => Ok(Bound { claim, address, socket, inner: None }),
                Err((address, error)) => Err(BindError {
                    host: claim.host,
                    protocol: claim.protocol.as_str(),
                    address,
                    reason: in_plain_words(&error, address.ip()),
                }),
            }
        })
        .collect()
}

fn open(transport: Transport, address: SocketAddr) -> io::Result<Socket> {
    match transport {
        Transport::Tcp => network::listen(address, false).map(Socket::Listener),
        Transport::Udp => network::datagrams(address, false).map(Socket::Datagrams),
    }
}

fn in_plain_words(error: &io::Error, address: IpAddr) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program has this port (is Honeyward running already?)".into(),
        io::ErrorKind::AddrNotAvailable => format!("{address} is not an address of this machine"),
        io::ErrorKind::PermissionDenied => "this user may not bind it (needs CAP_NET_BIND_SERVICE)".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(address: SocketAddr) -> Claim {
        Claim { host: "x".into(), protocol: Protocol::Ssh, wanted: address }
    }

    #[test]
    fn a_port_in_use_is_named_and_nothing_stays_bound() {
        let taken = TcpListener::bind("127.0.77.1:0").unwrap();
        let free: SocketAddr = "127.0.77.2:39122".parse().unwrap();
        let error = bind(vec![claim(free), claim(taken.local_addr().unwrap())], 0).unwrap_err();
        assert!(error.to_string().contains("another program has this port"), "{error}");
        TcpListener::bind(free).unwrap();
    }
}
