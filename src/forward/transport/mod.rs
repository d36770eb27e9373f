//! Connections to a SIEM.

mod tls;

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};

use super::format::syslog::octet_counted;
use super::{Destination, Transport};

/// A receiver that does not answer within this is away.
const CONNECT: Duration = Duration::from_secs(10);

/// A receiver that takes nothing for this long is away.
const WRITE: Duration = Duration::from_secs(10);

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A standing connection.
pub(super) enum Connection {
    /// Nothing is ever known of delivery.
    Udp(UdpSocket),
    /// Octet-counted over TCP or TLS.
    Stream { stream: Box<dyn Duplex>, fd: i32 },
}

impl Connection {
    /// Connects.
    pub(super) async fn open(destination: &Destination) -> io::Result<Self> {
        tokio::time::timeout(CONNECT, connect(destination)).await.map_err(|_| timed_out("no answer"))?
    }

    /// Sends one message.
    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Connection::Udp(socket) => socket.send(message).await.map(drop),
            Connection::Stream { stream, .. } => {
                let framed = octet_counted(message);
                let write = async {
                    stream.write_all(&framed).await?;
                    stream.flush().await
                };
                tokio::time::timeout(WRITE, write).await.map_err(|_| timed_out("takes nothing"))?
            }
        }
    }

    /// Waits until the receiver ends the connection; for ever where nothing tells.
    pub(super) async fn ended(&mut self) -> io::Error {
        let Connection::Stream { stream, .. } = self else { return std::future::pending().await };
        let mut ignored = [0; 256];
        loop {
            match stream.read(&mut ignored).await {
                Ok(0) => return io::Error::new(io::ErrorKind::ConnectionReset, "the receiver closed"),
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    /// Whether the receiver's kernel has acknowledged all that was sent.
    pub(super) fn all_acknowledged(&self) -> bool {
        match self {
            Connection::Udp(_) => true,
            Connection::Stream { fd, .. } => crate::sys::unacknowledged(*fd).is_ok_and(|bytes| bytes == 0),
        }
    }

    /// Ends in order: TLS says so, or receivers log a broken connection.
    pub(super) async fn close(self) {
        if let Connection::Stream { mut stream, .. } = self {
            let _ = tokio::time::timeout(WRITE, stream.shutdown()).await;
        }
    }
}

async fn connect(destination: &Destination) -> io::Result<Connection> {
    match destination.transport {
        Transport::Udp => {
            let address = lookup_host(&destination.address)
                .await?
                .next()
                .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))?;
            let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = UdpSocket::bind(any).await?;
            socket.connect(address).await?;
            Ok(Connection::Udp(socket))
        }
        Transport::Tcp => {
            let stream = TcpStream::connect(&destination.address).await?;
            let fd = stream.as_raw_fd();
            Ok(Connection::Stream { stream: Box::new(stream), fd })
        }
        Transport::Tls => {
            let stream = TcpStream::connect(&destination.address).await?;
            let fd = stream.as_raw_fd();
            let stream = tls::handshake(destination, stream).await?;
            Ok(Connection::Stream { stream: Box::new(stream), fd })
        }
    }
}

fn timed_out(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the receiver {what} for 10 s"))
}
