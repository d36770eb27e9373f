//! Connections to a SIEM.

mod http;
mod kafka;
mod mail;
mod relp;
mod tls;

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs, UdpSocket, lookup_host};

pub(super) use self::http::Parcel;
use self::http::Poster;
pub use self::http::{Asking, ask, fetch};
use self::kafka::Topic;
use self::mail::Mailer;
use self::relp::Relp;
use super::format::syslog::octet_counted;
use super::{Destination, Transport};

/// A receiver that does not answer within this is away.
const CONNECT: Duration = Duration::from_secs(10);

/// A receiver that takes nothing for this long is away.
const WRITE: Duration = Duration::from_secs(10);

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// What became of one alert.
#[derive(Debug, Clone)]
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
    /// Each message is answered.
    Relp(Box<Relp>),
    /// Each POST is answered.
    Http(Box<Poster>),
    /// Each letter is answered.
    Mail(Box<Mailer>),
    /// Each request is answered.
    Kafka(Box<Topic>),
}

impl Connection {
    /// Connects.
    pub(super) async fn open(destination: &Destination) -> io::Result<Self> {
        within(connect(destination), CONNECT, "gave no answer").await
    }

    /// How many of these alerts are sent at once.
    pub(super) fn batch(&self, parcels: &[Parcel]) -> usize {
        match self {
            Connection::Udp(_) | Connection::Stream { .. } | Connection::Relp(_) => 1,
            Connection::Http(poster) => poster.batch(parcels),
            Connection::Mail(mailer) => mailer.batch(parcels),
            Connection::Kafka(topic) => topic.batch(parcels),
        }
    }

    /// Sends alerts, as many as [`Self::batch`] says; tells of each what became of it.
    pub(super) async fn send(&mut self, parcels: &[Parcel]) -> io::Result<Vec<Fate>> {
        match self {
            Connection::Http(poster) => return poster.post(parcels).await,
            Connection::Mail(mailer) => return mailer.send(parcels).await,
            Connection::Kafka(topic) => return topic.send(parcels).await,
            Connection::Udp(_) | Connection::Stream { .. } | Connection::Relp(_) => {}
        }
        let mut fates = Vec::new();
        for parcel in parcels {
            fates.push(self.send_one(&parcel.body).await?);
        }
        Ok(fates)
    }

    async fn send_one(&mut self, message: &[u8]) -> io::Result<Fate> {
        match self {
            Connection::Udp(socket) => socket.send(message).await.map(|_| Fate::Settled),
            Connection::Stream { stream, .. } => {
                let framed = octet_counted(message);
                let write = async {
                    stream.write_all(&framed).await?;
                    stream.flush().await.map(|()| Fate::Sent)
                };
                within(write, WRITE, "takes nothing").await
            }
            Connection::Relp(line) => within(line.send(message), WRITE, "gave no answer").await,
            Connection::Http(_) | Connection::Mail(_) | Connection::Kafka(_) => {
                Err(io::Error::other("what is sent together is not sent alone"))
            }
        }
    }

    /// Waits until the receiver ends the connection; for ever where nothing tells.
    pub(super) async fn ended(&mut self) -> io::Error {
        let stream = match self {
            Connection::Stream { stream, .. } => stream,
            Connection::Relp(line) => return line.ended().await,
            Connection::Udp(_) | Connection::Http(_) | Connection::Mail(_) | Connection::Kafka(_) => {
                return std::future::pending().await;
            }
        };
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
            Connection::Udp(_)
            | Connection::Relp(_)
            | Connection::Http(_)
            | Connection::Mail(_)
            | Connection::Kafka(_) => true,
            Connection::Stream { fd, .. } => crate::sys::unacknowledged(*fd).is_ok_and(|bytes| bytes == 0),
        }
    }

    /// Ends in order: TLS says so, or receivers log a broken connection.
    pub(super) async fn close(self) {
        match self {
            Connection::Stream { mut stream, .. } => {
                let _ = tokio::time::timeout(WRITE, stream.shutdown()).await;
            }
            Connection::Relp(line) => {
                let _ = tokio::time::timeout(WRITE, line.close()).await;
            }
            Connection::Mail(mailer) => mailer.close().await,
            Connection::Udp(_) | Connection::Http(_) | Connection::Kafka(_) => {}
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
            let stream = dial(&destination.address).await?;
            let fd = stream.as_raw_fd();
            Ok(Connection::Stream { stream: Box::new(stream), fd })
        }
        Transport::Tls => {
            let stream = dial(&destination.address).await?;
            let fd = stream.as_raw_fd();
            let stream = tls::handshake(&destination.into(), host(destination), stream).await?;
            Ok(Connection::Stream { stream: Box::new(stream), fd })
        }
        Transport::Relp => {
            let stream = dial(&destination.address).await?;
            Ok(Connection::Relp(Box::new(Relp::open(Box::new(stream)).await?)))
        }
        Transport::RelpTls => {
            let stream = dial(&destination.address).await?;
            let stream = tls::handshake(&destination.into(), host(destination), stream).await?;
            Ok(Connection::Relp(Box::new(Relp::open(Box::new(stream)).await?)))
        }
        Transport::Http | Transport::Https => {
            Poster::open(destination).await.map(|poster| Connection::Http(Box::new(poster)))
        }
        Transport::Smtp | Transport::SmtpStarttls | Transport::SmtpTls => {
            Mailer::open(destination).await.map(|mailer| Connection::Mail(Box::new(mailer)))
        }
        Transport::Kafka | Transport::KafkaTls => {
            Box::pin(Topic::open(destination)).await.map(|topic| Connection::Kafka(Box::new(topic)))
        }
    }
}

/// Without delay: an answer that is waited for must not wait for the next message.
async fn dial(place: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(place).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn host(destination: &Destination) -> &str {
    destination.address.rsplit_once(':').map_or("", |(host, _)| host)
}

/// One word in a file.
fn secret(file: &Path) -> io::Result<String> {
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|e| io::Error::new(e.kind(), format!("{shown}: {e}")))?;
    let word = text.trim();
    if word.is_empty() || !word.bytes().all(|b| b.is_ascii_graphic()) {
        let problem = format!("{shown}: expected one word of printable ASCII");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    Ok(word.to_owned())
}

/// Waits no longer than `limit`.
async fn within<T>(work: impl Future<Output = io::Result<T>>, limit: Duration, what: &str) -> io::Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let problem = format!("the receiver {what} for {} s", limit.as_secs());
        Err(io::Error::new(io::ErrorKind::TimedOut, problem))
    })
}
