//! A bench for decoys in tests: the default pack, a pinned clock, events and artefacts in memory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::BytesMut;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    Artefact, ArtefactSink, Clock, Emit, Machine, Next, Outbox, Recorder, Session, SessionParts,
    TerminalSink, Wake,
};
use crate::event::{Event, Observation, Origin, SessionId};
use crate::persona::{DEFAULT_PACK, Installation, Pack, PackFiles, load};
use crate::world::World;
use crate::world::overlay::Overlay;

/// The moment that the bench's clock shows: 2026-03-02 10:00 in China, a Monday.
pub(crate) const NOW: &str = "2026-03-02T02:00:00Z";

/// Everything that sessions of one test share.
pub(crate) struct Bench {
    pub(crate) pack: Arc<Pack>,
    pub(crate) world: Arc<World>,
    pub(crate) overlay: Arc<Overlay>,
    events: Arc<Events>,
    artefacts: Artefacts,
}

#[derive(Default)]
struct Events(Mutex<Vec<Observation>>);

impl Emit for Events {
    fn emit(&self, event: Event) {
        if let Event::Session(event) = event {
            self.0.lock().unwrap().push(event.observation);
        }
    }
}

struct Pinned;

impl Clock for Pinned {
    fn now(&self) -> Timestamp {
        NOW.parse().unwrap()
    }
}

struct Nowhere;

type Artefacts = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Keeps artefacts in memory and nothing else.
struct Memory(Artefacts);

impl Recorder for Memory {
    fn transcript(&self, _: Timestamp, _: bool, _: &[u8]) {}
    fn artefact(&self) -> Box<dyn ArtefactSink> {
        Box::new(File(Vec::new(), Arc::clone(&self.0)))
    }
    fn read_artefact(&self, sha256: &str, cap: usize) -> Option<Vec<u8>> {
        let bytes = self.0.lock().unwrap().get(sha256)?.clone();
        Some(bytes[..cap.min(bytes.len())].to_vec())
    }
    fn terminal(&self, _: Timestamp, _: u16, _: u16, _: &str) -> Box<dyn TerminalSink> {
        Box::new(Nowhere)
    }
}

impl TerminalSink for Nowhere {
    fn output(&self, _: Timestamp, _: &[u8]) {}
    fn input(&self, _: Timestamp, _: &[u8]) {}
    fn resize(&self, _: Timestamp, _: u16, _: u16) {}
}

struct File(Vec<u8>, Artefacts);

impl ArtefactSink for File {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn finish(self: Box<Self>) -> Artefact {
        let File(bytes, artefacts) = *self;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let size = u64::try_from(bytes.len()).unwrap();
        artefacts.lock().unwrap().insert(sha256.clone(), bytes);
        Artefact { sha256, size }
    }
}

impl Bench {
    /// The default pack on a fixed installation.
    pub(crate) fn new() -> Self {
        static HOSPITAL: OnceLock<(Arc<Pack>, Arc<World>)> = OnceLock::new();
        let (pack, world) = HOSPITAL.get_or_init(hospital).clone();
        Bench {
            pack,
            world,
            overlay: Arc::default(),
            events: Arc::default(),
            artefacts: Artefacts::default(),
        }
    }

    /// A session with a service of a host, delays off.
    pub(crate) fn session(&self, host: &str, service: &str) -> Session {
        let host = Arc::clone(self.pack.host(host).unwrap());
        Session::new(SessionParts {
            origin: Origin {
                session: SessionId(Uuid::nil()),
                source: "127.0.0.9:40000".parse::<SocketAddr>().unwrap(),
                target: SocketAddr::new(host.address, 1),
                host: host.name.clone(),
                service: service.to_owned(),
                transport: crate::event::Transport::Tcp,
                own: false,
                led: None,
            },
            pack: Arc::clone(&self.pack),
            host,
            world: Arc::clone(&self.world),
            overlay: Arc::clone(&self.overlay),
            clock: Arc::new(Pinned),
            events: Arc::clone(&self.events) as Arc<dyn Emit>,
            recorder: Arc::new(Memory(Arc::clone(&self.artefacts))),
            seed: [3; 32],
            pacing: false,
            privacy: Arc::default(),
            lead: None,
        })
    }

    /// What was told since the last call.
    pub(crate) fn told(&self) -> Vec<Observation> {
        std::mem::take(&mut *self.events.0.lock().unwrap())
    }
}

/// Loaded once for all benches: it is the same for each and holds no state of theirs.
fn hospital() -> (Arc<Pack>, Arc<World>) {
    let installation = Installation::new([7; 32]);
    let files = PackFiles::embedded(DEFAULT_PACK).unwrap();
    let pack = Arc::new(load(DEFAULT_PACK, files, installation.clone()).unwrap());
    let world = Arc::new(World::new(Arc::clone(&pack.hospital), &installation));
    (pack, world)
}

/// Plays chunks to a machine as the driver would, then closes the peer's side. Gives all bytes sent.
pub(crate) fn play(machine: &mut dyn Machine, chunks: &[&[u8]]) -> Vec<u8> {
    let mut sent = Vec::new();
    let mut input = BytesMut::new();
    let now: Timestamp = NOW.parse().unwrap();
    let mut step = |machine: &mut dyn Machine, chunk: Option<&[u8]>| {
        let mut out = Outbox::default();
        let mut next = match chunk {
            Some(chunk) => {
                input.extend_from_slice(chunk);
                machine.receive(now, &mut input, &mut out)
            }
            None => machine.wake(now, Wake::PeerClosed, &mut out),
        };
        while matches!(next, Next::Think(_) | Next::More) {
            let cause = if next == Next::More { Wake::More } else { Wake::Thought };
            next = machine.wake(now, cause, &mut out);
        }
        sent.extend(out.joined());
        matches!(next, Next::Close | Next::Reset)
    };
    let mut out = Outbox::default();
    machine.open(now, &mut out);
    for chunk in chunks {
        if step(machine, Some(chunk)) {
            return [out.joined(), sent].concat();
        }
    }
    step(machine, None);
    [out.joined(), sent].concat()
}
