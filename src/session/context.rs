//! What a decoy is handed for one connection.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustls::{KeyLog, ServerConfig};
use sha2::{Digest, Sha256};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{Lead, Privacy};
use crate::event::observation::Direction;
use crate::event::{Event, Observation, Origin, SessionEvent, Tainted};
use crate::persona::{Host, Pack};
use crate::world::World;
use crate::world::overlay::Overlay;

/// The time, so that a test can pin it.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
}

/// Where events go: durable in the sensor's spool when the call returns.
pub trait Emit: Send + Sync {
    /// Keeps one event.
    fn emit(&self, event: Event);
}

/// Where the bytes of one session go.
pub trait Recorder: Send + Sync {
    /// Plain bytes of the conversation, in order. `to_peer` tells the direction.
    fn transcript(&self, at: Timestamp, to_peer: bool, bytes: &[u8]);
    /// Starts a file that the peer hands over.
    fn artefact(&self) -> Box<dyn ArtefactSink>;
    /// Reads back an artefact by SHA-256 (lower-case hex): at most `cap` bytes.
    fn read_artefact(&self, sha256: &str, cap: usize) -> Option<Vec<u8>>;
    /// Encrypts an artefact for the hospital's key and removes it: gives the encrypted file, or
    /// `None` when there is no key or the artefact was not kept. In both cases it is gone.
    fn seal(&self, sha256: &str) -> Option<Artefact> {
        self.discard(sha256);
        None
    }
    /// Removes an artefact.
    fn discard(&self, sha256: &str) {
        let _ = sha256;
    }
    /// Keeps none of the peer's bytes of this session, those that are kept already included.
    fn withhold(&self) {}
    /// Keeps a secret of the session's TLS, so that its packets can be read later: its label in a key
    /// log (RFC 9850), the ClientHello's random and the secret.
    fn tls_secret(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let _ = (label, client_random, secret);
    }
    /// Starts a terminal recording of this many columns and rows.
    fn terminal(&self, at: Timestamp, columns: u16, rows: u16, title: &str) -> Box<dyn TerminalSink>;
}

/// A file coming in.
pub trait ArtefactSink: Send {
    /// Appends bytes. Past the quota they are counted and hashed, not kept.
    fn write(&mut self, bytes: &[u8]);
    /// Ends the file.
    fn finish(self: Box<Self>) -> Artefact;
}

/// A file that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// SHA-256 of all its bytes, lower-case hex.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Same as [`Artefact`], under the name decoys use for what they kept.
pub type Kept = Artefact;

/// A terminal being recorded, in asciicast v2 terms.
pub trait TerminalSink: Send + Sync {
    /// The decoy printed this.
    fn output(&self, at: Timestamp, bytes: &[u8]);
    /// The peer typed this.
    fn input(&self, at: Timestamp, bytes: &[u8]);
    /// The window changed.
    fn resize(&self, at: Timestamp, columns: u16, rows: u16);
}

/// The connection below a session, as far as work that goes on may ask of it.
pub trait Line: Send + Sync {
    /// Whether the peer has closed it, with nothing left to read.
    fn is_gone(&self) -> bool;
}

/// All that a [`Session`] is made of; the sensor fills it in.
pub struct SessionParts {
    /// Identity, stamped by the sensor.
    pub origin: Origin,
    /// The persona pack.
    pub pack: Arc<Pack>,
    /// The deception host that was reached.
    pub host: Arc<Host>,
    /// The hospital.
    pub world: Arc<World>,
    /// What this intruder changed so far, over all his sessions.
    pub overlay: Arc<Overlay>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Events out.
    pub events: Arc<dyn Emit>,
    /// Bytes out.
    pub recorder: Arc<dyn Recorder>,
    /// Seed of this session's randomness.
    pub seed: [u8; 32],
    /// Whether delays of the product are kept (off in benchmarks).
    pub pacing: bool,
    /// What the hospital set for real data.
    pub privacy: Arc<Privacy>,
    /// The way to other services of the honeynet, where there is one.
    pub lead: Option<Arc<dyn Lead>>,
}

struct Inner {
    parts: SessionParts,
    next_index: AtomicU32,
    line: Mutex<Option<Box<dyn Line>>>,
}

/// One connection's context. Cheap to clone; all clones are the same session.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

impl Session {
    /// Binds the parts. The first event will have index 0.
    pub fn new(parts: SessionParts) -> Self {
        Session(Arc::new(Inner { parts, next_index: AtomicU32::new(0), line: Mutex::default() }))
    }

    /// Identity of this session.
    pub fn origin(&self) -> &Origin {
        &self.0.parts.origin
    }

    /// The peer's address as the decoy sees it.
    pub fn source(&self) -> IpAddr {
        self.peer().ip()
    }

    /// The persona pack: hospital, all hosts.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.0.parts.pack
    }

    /// The deception host that was reached.
    pub fn host(&self) -> &Arc<Host> {
        &self.0.parts.host
    }

    /// The hospital.
    pub fn world(&self) -> &Arc<World> {
        &self.0.parts.world
    }

    /// What this intruder changed so far, over all his sessions and hosts.
    pub fn overlay(&self) -> &Arc<Overlay> {
        &self.0.parts.overlay
    }

    /// Now, UTC.
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// Tells what was seen. Durable in the spool when this returns.
    pub fn emit(&self, observation: Observation) {
        let index = self.0.next_index.fetch_add(1, Ordering::Relaxed);
        let event = SessionEvent { origin: self.origin().clone(), index, at: self.now(), observation };
        self.0.parts.events.emit(Event::Session(event));
    }

    /// Tells of malformed input, with a sample.
    pub fn malformed(&self, rule: &str, input: &[u8]) {
        self.emit(Observation::malformed(rule, input));
    }

    /// Adds plain bytes to the transcript: only for [`super::Conversation::Opaque`] decoys and for
    /// what a machine itself decrypts or encrypts, since the driver records all else.
    pub fn transcript(&self, to_peer: bool, bytes: &[u8]) {
        self.0.parts.recorder.transcript(self.now(), to_peer, bytes);
    }

    /// Starts a file that the peer hands over.
    pub fn artefact(&self) -> Box<dyn ArtefactSink> {
        self.0.parts.recorder.artefact()
    }

    /// Keeps a whole file and tells of the transfer.
    pub fn keep(&self, name: Tainted, bytes: &[u8]) -> Kept {
        let mut sink = self.artefact();
        sink.write(bytes);
        let kept = sink.finish();
        self.examine(&name, &kept);
        self.emit(Observation::Transfer {
            direction: Direction::Upload,
            name,
            size: kept.size,
            sha256: kept.sha256.clone(),
        });
        kept
    }

    /// Reads back an artefact that was kept, at most `cap` bytes.
    pub fn read_artefact(&self, sha256: &str, cap: usize) -> Option<Vec<u8>> {
        self.0.parts.recorder.read_artefact(sha256, cap)
    }

    /// Starts a terminal recording.
    pub fn terminal(&self, columns: u16, rows: u16, title: &str) -> Box<dyn TerminalSink> {
        self.0.parts.recorder.terminal(self.now(), columns, rows, title)
    }

    pub(super) fn parts_privacy(&self) -> &Privacy {
        &self.0.parts.privacy
    }

    pub(super) fn leader(&self) -> Option<&dyn Lead> {
        self.0.parts.lead.as_deref()
    }

    pub(super) fn recorder(&self) -> &dyn Recorder {
        &*self.0.parts.recorder
    }

    /// The settings of a server with which this session's TLS secrets become evidence.
    pub fn keyed(&self, config: &ServerConfig) -> Arc<ServerConfig> {
        let mut keyed = config.clone();
        keyed.key_log = Arc::new(Secrets(self.clone()));
        Arc::new(keyed)
    }

    /// Seeded randomness, its own stream for each purpose.
    pub fn rng(&self, purpose: &str) -> StdRng {
        let mut hash = Sha256::new();
        hash.update(self.0.parts.seed);
        hash.update(purpose.as_bytes());
        StdRng::from_seed(hash.finalize().into())
    }

    /// Does work that takes milliseconds (drawing an image) without holding up other sessions.
    pub fn heavy<T>(&self, work: impl FnOnce() -> T) -> T {
        heavy(work)
    }

    /// Watches a connection for its peer's end while it lasts; `None` when it is over.
    pub fn watch(&self, line: Option<Box<dyn Line>>) {
        *self.0.line.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }

    /// Whether nobody waits for an answer any more: to be asked now and then by work of seconds.
    pub fn is_gone(&self) -> bool {
        let line = self.0.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.as_ref().is_some_and(|line| line.is_gone())
    }

    /// Whether the honeynet itself made the connection: its consoles at work, and nobody's evidence.
    pub fn is_own(&self) -> bool {
        self.origin().own
    }

    /// Does work that this session will soon ask for, beside it; nothing where there is one thread.
    pub fn ahead(&self, work: impl FnOnce() + Send + 'static) {
        if let Ok(runtime) = Handle::try_current()
            && runtime.runtime_flavor() == RuntimeFlavor::MultiThread
        {
            runtime.spawn_blocking(work);
        }
    }

    /// A delay of the product, or none where pacing is off.
    pub fn pace(&self, delay: Duration) -> Duration {
        if self.0.parts.pacing { delay } else { Duration::ZERO }
    }
}

/// Hands TLS secrets to the session's recorder.
struct Secrets(Session);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl KeyLog for Secrets {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        self.0.recorder().tls_secret(label, client_random, secret);
    }

    fn will_log(&self, _label: &str) -> bool {
        // What the honeynet's own consoles say is nobody's evidence.
        !self.0.is_own()
    }
}

/// Does work that takes milliseconds without holding up what else runs on this thread.
pub fn heavy<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
