//! The connection below HTTP: direct or through a proxy, with or without TLS.

use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Uri;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::dial as connect;
use super::Duplex;
use super::tls::{self, Proof};
use crate::forward::{Destination, Transport};

/// Longest head of a proxy's answer: a status line and some fields.
const PROXY_HEAD: usize = 8 << 10;

/// How a server is reached.
pub(super) struct Way<'a> {
    pub(super) secure: bool,
    pub(super) proxy: Option<&'a str>,
    pub(super) proof: Proof<'a>,
}

impl<'a> From<&'a Destination> for Way<'a> {
    fn from(destination: &'a Destination) -> Self {
        Way {
            secure: destination.transport == Transport::Https,
            proxy: destination.proxy.as_deref(),
            proof: destination.into(),
        }
    }
}

/// Connects to where something is posted.
pub(super) async fn dial(way: &Way<'_>, target: &Uri) -> io::Result<SendRequest<Full<Bytes>>> {
    let host = target.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = target.port_u16().unwrap_or(if way.secure { 443 } else { 80 });
    let stream = match way.proxy {
        Some(proxy) => through(proxy, target.host().unwrap_or_default(), port).await?,
        None => connect((host, port)).await?,
    };
    let stream: Box<dyn Duplex> = match way.secure {
        true => Box::new(tls::handshake(&way.proof, host, stream).await?),
        false => Box::new(stream),
    };
    let (line, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // It ends with the line that uses it, and what breaks it breaks the request in hand.
    tokio::spawn(connection);
    Ok(line)
}

/// A tunnel through a proxy (RFC 9110 9.3.6).
async fn through(proxy: &str, host: &str, port: u16) -> io::Result<TcpStream> {
    let place: Uri = proxy.parse().map_err(|e| invalid(format!("{proxy}: {e}")))?;
    let proxy_host = place.host().unwrap_or_default().trim_matches(['[', ']']);
    let mut stream = connect((proxy_host, place.port_u16().unwrap_or(3128))).await?;
    let ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // One byte at a time: what follows the head belongs to the receiver.
        head.push(stream.read_u8().await?);
        if head.len() > PROXY_HEAD {
            return Err(invalid(format!("{proxy}: its answer has no end")));
        }
    }
    let head = String::from_utf8_lossy(&head);
    match head.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(stream),
        status => Err(io::Error::new(
            io::ErrorKind::ConnectionRefused,
            format!("{proxy} opens no way: {}", status.unwrap_or("no status").escape_debug()),
        )),
    }
}

// The parameter is what map_err hands over.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn broken(error: hyper::Error) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, error.to_string())
}

pub(super) fn invalid(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, problem)
}
