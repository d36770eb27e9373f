//! The pack's own decoys, driven with bytes: what they tell of them is what detection judges.

use std::sync::{Arc, Mutex, OnceLock};

use bytes::BytesMut;
use honeyward::decoys::{Making, build};
use honeyward::event::{Event, Observation, Origin};
use honeyward::persona::{DEFAULT_PACK, Installation, Pack, PackFiles, load};
use honeyward::session::{
    Artefact, ArtefactSink, Clock, Conversation, Decoy, Emit, Machine, Next, Outbox, Recorder, RelayEvent,
    Session, SessionParts, TerminalSink, Wake,
};
use honeyward::world::World;
use honeyward::world::overlay::Overlay;
use jiff::Timestamp;

/// A Monday at ten in China: the hospital is awake.
const NOW: &str = "2026-03-02T02:00:00Z";

/// Most calls that one piece of input may lead to.
const MOST_CALLS: usize = 5_000;

/// A decoy, by host and service.
type Built = (String, String, Arc<dyn Decoy>);

struct Hospital {
    pack: Arc<Pack>,
    world: Arc<World>,
    services: Vec<(String, String)>,
    decoys: Mutex<Vec<Built>>,
}

fn hospital() -> &'static Hospital {
    static HOSPITAL: OnceLock<Hospital> = OnceLock::new();
    HOSPITAL.get_or_init(|| {
        let installation = Installation::new([7; 32]);
        let files = small(PackFiles::embedded(DEFAULT_PACK).unwrap());
        let pack = Arc::new(load(DEFAULT_PACK, files, installation.clone()).unwrap());
        let world = Arc::new(World::new(Arc::clone(&pack.hospital), &installation));
        let each = pack.hosts.iter().flat_map(|host| {
            host.services.iter().map(|service| (host.name.clone(), service.protocol.as_str().to_owned()))
        });
        let services = each.collect();
        Hospital { pack, world, services, decoys: Mutex::default() }
    })
}

/// Archives that hold two days: what searches a year takes seconds.
fn small(files: PackFiles) -> PackFiles {
    let tables: Vec<String> =
        files.below("").filter(|path| path.ends_with("/dicom.toml")).map(str::to_owned).collect();
    tables.into_iter().fold(files, |files, path| {
        let table = files.text(&path).unwrap().to_owned();
        let lines = table.lines().map(|line| match line.starts_with("online_days") {
            true => "online_days = 2",
            false => line,
        });
        let table = lines.collect::<Vec<_>>().join("\n");
        files.replacing(&path, table.into_bytes())
    })
}

/// Every service of the pack, by host.
pub(super) fn services() -> &'static [(String, String)] {
    &hospital().services
}

/// Where a service is.
pub(super) fn port(host: &str, service: &str) -> std::net::SocketAddr {
    let host = hospital().pack.host(host).unwrap();
    let found = host.services.iter().find(|one| one.protocol.as_str() == service).unwrap();
    (host.address, found.port).into()
}

/// The password of a lure account.
pub(super) fn password(host: &str, account: &str) -> String {
    let host = hospital().pack.host(host).unwrap();
    let found = host.accounts.iter().find(|one| one.name == account);
    found.unwrap_or_else(|| panic!("{}: no account {account}", host.name)).password.clone()
}

/// What a decoy tells of a session in which it is sent these pieces, one after the other.
pub(super) fn play(origin: &Origin, pieces: &[Vec<u8>]) -> Vec<Observation> {
    let told = Arc::new(Told::default());
    let decoy = decoy(&origin.host, &origin.service);
    let Conversation::Machine(machine) = decoy.converse(session(origin, &told)) else {
        panic!("{} {} is no machine", origin.host, origin.service);
    };
    let mut player = Player::new(machine);
    for piece in pieces {
        player.input.extend_from_slice(piece);
        if !player.receive() {
            break;
        }
    }
    drop(player);
    std::mem::take(&mut told.0.lock().unwrap())
}

fn decoy(host: &str, service: &str) -> Arc<dyn Decoy> {
    let hospital = hospital();
    let mut known = hospital.decoys.lock().unwrap();
    if let Some((_, _, decoy)) = known.iter().find(|(h, s, _)| h == host && s == service) {
        return Arc::clone(decoy);
    }
    let found = hospital.pack.host(host).unwrap();
    let making = Making {
        pack: Arc::clone(&hospital.pack),
        host: Arc::clone(found),
        world: Arc::clone(&hospital.world),
        imaging: Arc::default(),
    };
    let wanted = found.services.iter().find(|one| one.protocol.as_str() == service).unwrap();
    let decoy = build(&making, wanted).unwrap();
    known.push((host.to_owned(), service.to_owned(), Arc::clone(&decoy)));
    decoy
}

struct Player {
    machine: Box<dyn Machine>,
    input: BytesMut,
    now: Timestamp,
}

impl Player {
    fn new(mut machine: Box<dyn Machine>) -> Self {
        let now = NOW.parse().unwrap();
        let next = machine.open(now, &mut Outbox::default());
        let mut player = Player { machine, input: BytesMut::new(), now };
        player.follow(next);
        player
    }

    fn receive(&mut self) -> bool {
        let next = self.machine.receive(self.now, &mut self.input, &mut Outbox::default());
        self.follow(next)
    }

    fn follow(&mut self, mut next: Next) -> bool {
        for _ in 0..MOST_CALLS {
            let cause = match next {
                Next::Read(_) => return true,
                Next::Close | Next::Reset => return false,
                Next::Think(delay) => {
                    self.now = self.now.checked_add(delay).unwrap_or(self.now);
                    Wake::Thought
                }
                Next::More => Wake::More,
                Next::Connect(_) => Wake::Relay(RelayEvent::Refused),
            };
            next = self.machine.wake(self.now, cause, &mut Outbox::default());
        }
        false
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let next = self.machine.wake(self.now, Wake::PeerClosed, &mut Outbox::default());
        self.follow(next);
    }
}

fn session(origin: &Origin, told: &Arc<Told>) -> Session {
    let hospital = hospital();
    Session::new(SessionParts {
        origin: origin.clone(),
        pack: Arc::clone(&hospital.pack),
        host: Arc::clone(hospital.pack.host(&origin.host).unwrap()),
        world: Arc::clone(&hospital.world),
        overlay: Arc::<Overlay>::default(),
        clock: Arc::new(Standing),
        events: Arc::clone(told) as _,
        recorder: Arc::new(Nothing),
        seed: [3; 32],
        pacing: false,
        privacy: Arc::default(),
        lead: None,
    })
}

/// A clock that stands.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW.parse().unwrap()
    }
}

/// What the decoy told.
#[derive(Default)]
struct Told(Mutex<Vec<Observation>>);

impl Emit for Told {
    fn emit(&self, event: Event) {
        if let Event::Session(event) = event {
            self.0.lock().unwrap().push(event.observation);
        }
    }
}

/// Keeps nothing.
struct Nothing;

impl Recorder for Nothing {
    fn transcript(&self, _: Timestamp, _: bool, _: &[u8]) {}
    fn artefact(&self) -> Box<dyn ArtefactSink> {
        Box::new(Counted(0))
    }
    fn read_artefact(&self, _: &str, _: usize) -> Option<Vec<u8>> {
        None
    }
    fn terminal(&self, _: Timestamp, _: u16, _: u16, _: &str) -> Box<dyn TerminalSink> {
        Box::new(Nothing)
    }
}

impl TerminalSink for Nothing {
    fn output(&self, _: Timestamp, _: &[u8]) {}
    fn input(&self, _: Timestamp, _: &[u8]) {}
    fn resize(&self, _: Timestamp, _: u16, _: u16) {}
}

struct Counted(u64);

impl ArtefactSink for Counted {
    fn write(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }
    fn finish(self: Box<Self>) -> Artefact {
        Artefact { sha256: "00".repeat(32), size: self.0 }
    }
}
