//! Connections to a SIEM.

mod http;
mod tls;

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};

use self::http::Poster;
use super::format::syslog::octet_counted;
use super::{Destination, Transport};

/// A receiver that does not answer within this is away.
const CONNECT: Duration = Duration::from_secs(10);

/// A receiver that takes nothing for this long is away.
const WRITE: Duration = Duration::from_secs(10);

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// What became of one alert.
pub(super) enum Fate {
    /// It left; whether it arrives shows later.
    Sent,
    /// It arrived, or nothing more will ever be known.
    Settled,
    /// The receiver takes none now; how long it asked to be left alone.
    Later { reason: String, after: Duration },
    /// The receiver does not take this one.
    Refused(String),
}

/// A standing connection.
pub(super) enum Connection {
    /// Nothing is ever known of delivery.
    Udp(UdpSocket),
    /// Octet-counted over TCP or TLS.
    Stream { stream: Box<dyn Duplex>, fd: i32 },
    /// Each alert is answered.
    Http(Box<Poster>),
}

impl Connection {
    /// Connects.
    pub(super) async fn open(destination: &Destination) -> io::Result<Self> {
        tokio::time::timeout(CONNECT, connect(destination)).await.map_err(|_| timed_out("gave no answer"))?
    }

    /// Sends one alert. `key` is the same whenever the same revision is sent again.
    pub(super) async fn send(&mut self, key: &str, message: &[u8]) -> io::Result<Fate> {
        match self {
            Connection::Udp(socket) => socket.send(message).await.map(|_| Fate::Settled),
            Connection::Stream { stream, .. } => {
                let framed = octet_counted(message);
                let write = async {
                    stream.write_all(&framed).await?;
                    stream.flush().await.map(|()| Fate::Sent)
                };
                tokio::time::timeout(WRITE, write).await.map_err(|_| timed_out("takes nothing"))?
            }
            Connection::Http(poster) => tokio::time::timeout(WRITE, poster.post(key, message))
                .await
                .map_err(|_| timed_out("gave no answer"))?,
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
            Connection::Udp(_) | Connection::Http(_) => true,
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
            let host = destination.address.rsplit_once(':').map_or("", |(host, _)| host);
            let stream = tls::handshake(destination, host, stream).await?;
            Ok(Connection::Stream { stream: Box::new(stream), fd })
        }
        Transport::Http | Transport::Https => {
            Poster::open(destination).await.map(|poster| Connection::Http(Box::new(poster)))
        }
    }
}

fn timed_out(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the receiver {what} for 10 s"))
}
