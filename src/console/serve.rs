//! Connections of browsers.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::router::Console;
use crate::runtime::Shutdown;

/// Connections at once: a few analysts with a few tabs each.
const CONNECTIONS: usize = 256;

/// A browser that does not finish its hello or its head within this is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest life of a connection: browsers make new ones.
const LIFE: Duration = Duration::from_secs(600);

/// Serves until told to stop.
pub(super) async fn run(
    console: Arc<Console>,
    acceptor: TlsAcceptor,
    listener: std::net::TcpListener,
    mut ear: Shutdown,
) -> Result<(), String> {
    listener.set_nonblocking(true).map_err(|e| e.to_string())?;
    let listener = TcpListener::from_std(listener).map_err(|e| e.to_string())?;
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ear.requested() => return Ok(()),
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors: the next one may find some.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        let (console, acceptor) = (Arc::clone(&console), acceptor.clone());
        tokio::spawn(async move {
            let _ = tokio::time::timeout(LIFE, connection(console, acceptor, stream)).await;
            drop(place);
        });
    }
}

async fn connection(console: Arc<Console>, acceptor: TlsAcceptor, stream: TcpStream) {
    let Ok(peer) = stream.peer_addr() else { return };
    let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    let service = service_fn(move |request| {
        let console = Arc::clone(&console);
        async move { Ok::<_, std::convert::Infallible>(console.answer(request, peer.ip()).await.into_response()) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a browser's connection broke");
    }
}
