//! Services over UDP: one session for each peer, as long as he keeps talking.
//!
//! Anybody can forge a source. So peers, their datagrams and what is sent back are all bounded, and
//! answers are few enough that nobody gains by having them sent to a third.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::UdpSocket;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::limits::Admission;
use super::serve::{Shared, Visit};
use super::shop::Service;
use crate::event::observation::CloseReason;
use crate::session::{Conversation, Datagrams, MAX_ANSWERS, Recorder};

/// Largest datagram there is, RFC 768.
const LARGEST: usize = 65_535;
/// A peer that is silent for so long has gone: clients repeat what was lost within a second or two.
const IDLE: Duration = Duration::from_secs(5);
/// How often is looked for those.
const SWEEP: Duration = Duration::from_secs(1);
/// Most peers of one service at a time.
const MAX_PEERS: usize = 1024;
/// Most new peers of one service in each [`SWEEP`]: a flood from forged sources is counted, not kept.
const MAX_NEW: usize = 128;
/// Most datagrams to one address in each [`SWEEP`], whatever its ports: scanners send some, a
/// reflector would need thousands.
const MAX_SENT: usize = 16;

/// Answers until told to stop.
pub(super) async fn serve(shared: Arc<Shared>, service: Arc<Service>, socket: UdpSocket) {
    let mut shutdown = shared.shutdown.clone();
    let mut buffer = vec![0; LARGEST];
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut desk = Desk { shared, service, socket, peers: HashMap::new(), new: 0, sent: HashMap::new() };
    loop {
        tokio::select! {
            received = desk.socket.recv_from(&mut buffer) => desk.received(received, &buffer).await,
            _ = sweep.tick() => desk.sweep(),
            () = shutdown.requested() => break,
        }
    }
    for (_, peer) in desk.peers.drain() {
        desk.shared.close(&peer.visit, CloseReason::Shutdown);
    }
}

struct Desk {
    shared: Arc<Shared>,
    service: Arc<Service>,
    socket: UdpSocket,
    peers: HashMap<SocketAddr, Peer>,
    /// New peers since the last sweep.
    new: usize,
    /// Datagrams sent to each address since the last sweep.
    sent: HashMap<IpAddr, usize>,
}

struct Peer {
    visit: Visit,
    machine: Box<dyn Datagrams>,
    heard: Instant,
    _admission: Admission,
}

impl Desk {
    async fn received(&mut self, received: io::Result<(usize, SocketAddr)>, buffer: &[u8]) {
        // An error here is an ICMP message about an earlier answer.
        let Ok((length, source)) = received else { return };
        let datagram = buffer.get(..length).unwrap_or_default();
        let now = self.shared.clock.now();
        let Some(peer) = self.peer(source) else {
            self.shared.refused.fetch_add(1, Ordering::Relaxed);
            return;
        };
        peer.heard = Instant::now();
        peer.visit.passed.bytes_in.fetch_add(length as u64, Ordering::Relaxed);
        peer.visit.recorder.transcript(now, false, datagram);
        let answers = peer.machine.receive(now, datagram);
        for answer in answers.into_iter().take(MAX_ANSWERS) {
            self.send(source, &answer).await;
        }
        if let Some(peer) = self.peers.get(&source) {
            peer.visit.recorder.flush();
        }
    }

    async fn send(&mut self, to: SocketAddr, answer: &Bytes) {
        let sent = self.sent.entry(to.ip()).or_default();
        *sent += 1;
        if *sent > MAX_SENT || self.socket.send_to(answer, to).await.is_err() {
            return;
        }
        if let Some(peer) = self.peers.get(&to) {
            peer.visit.passed.bytes_out.fetch_add(answer.len() as u64, Ordering::Relaxed);
            peer.visit.recorder.transcript(self.shared.clock.now(), true, answer);
        }
    }

    /// The peer at an address, made at his first datagram.
    fn peer(&mut self, source: SocketAddr) -> Option<&mut Peer> {
        if !self.peers.contains_key(&source) {
            if self.peers.len() >= MAX_PEERS || self.new >= MAX_NEW {
                return None;
            }
            let peer = self.make(source)?;
            self.new += 1;
            self.peers.insert(source, peer);
        }
        self.peers.get_mut(&source)
    }

    fn make(&self, source: SocketAddr) -> Option<Peer> {
        let admission = self.shared.limits.admit(source.ip())?;
        self.service.connections.fetch_add(1, Ordering::Relaxed);
        let visit = self.shared.open(&self.service, source, self.service.bound_to, None);
        let Conversation::Datagrams(machine) = self.service.decoy.converse(visit.session.clone()) else {
            self.shared.close(&visit, CloseReason::Decoy);
            return None;
        };
        Some(Peer { visit, machine, heard: Instant::now(), _admission: admission })
    }

    /// Lets those go who are silent.
    fn sweep(&mut self) {
        self.new = 0;
        self.sent.clear();
        let gone: Vec<SocketAddr> =
            self.peers.iter().filter(|(_, peer)| peer.heard.elapsed() >= IDLE).map(|(at, _)| *at).collect();
        for address in gone {
            if let Some(peer) = self.peers.remove(&address) {
                self.shared.close(&peer.visit, CloseReason::Timeout);
            }
        }
    }
}
