//! Ports where peers of a session connect a second time, as for FTP's data.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// A host's name, its port as the persona has it, and who is expected.
type Place = (String, u16, IpAddr);

/// Sessions that expect a second connection. Each expects one at most.
#[derive(Default)]
pub(super) struct SideDoors(Mutex<HashMap<Place, oneshot::Sender<TcpStream>>>);

impl SideDoors {
    /// Expects a source at a port of a host; who expected him there before does so no more.
    pub(super) fn expect(&self, host: &str, port: u16, source: IpAddr) -> oneshot::Receiver<TcpStream> {
        let (sender, receiver) = oneshot::channel();
        let mut expected = self.lock();
        expected.retain(|_, sender| !sender.is_closed());
        expected.insert((host.to_owned(), port, source), sender);
        receiver
    }

    /// Hands a connection to who expects it; gives it back when nobody does.
    pub(super) fn hand_over(
        &self,
        (host, port): (&str, u16),
        source: IpAddr,
        stream: TcpStream,
    ) -> Option<TcpStream> {
        match self.lock().remove(&(host.to_owned(), port, source)) {
            Some(sender) => sender.send(stream).err(),
            None => Some(stream),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, oneshot::Sender<TcpStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where one session's peer may connect a second time.
pub(super) struct Expecting {
    pub(super) doors: Arc<SideDoors>,
    pub(super) host: String,
    pub(super) source: IpAddr,
}

impl Expecting {
    /// Expects the peer at a port.
    pub(super) fn at(&self, port: u16) -> oneshot::Receiver<TcpStream> {
        self.doors.expect(&self.host, port, self.source)
    }
}
