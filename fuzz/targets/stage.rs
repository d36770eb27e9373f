//! Whole decoys of the default pack, with a pinned clock and nothing behind them.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use honeyward::decoys::{Making, build};
use honeyward::event::{Event, Origin, SessionId};
use honeyward::persona::{DEFAULT_PACK, Installation, Pack, PackFiles, load};
use honeyward::rpc::{Pipe, Rights, Setting};
use honeyward::session::{
    Artefact, ArtefactSink, Clock, Conversation, Decoy, Emit, Machine, Next, Outbox, Recorder, RelayEvent,
    Session, SessionParts, TerminalSink, Wake,
};
use honeyward::world::World;
use honeyward::world::overlay::Overlay;
use jiff::Timestamp;

/// A Monday at ten in China.
const NOW: &str = "2026-03-02T02:00:00Z";

/// Most calls that a piece of input may lead to: a query that matches nothing walks a year of studies
/// in hundreds, so what needs more is left where it stands.
const MOST_CALLS: usize = 32;

struct Hospital {
    pack: Arc<Pack>,
    world: Arc<World>,
    decoys: Vec<(String, String, Arc<dyn Decoy>)>,
}

fn hospital() -> &'static Hospital {
    static HOSPITAL: OnceLock<Hospital> = OnceLock::new();
    HOSPITAL.get_or_init(|| {
        let installation = Installation::new([7; 32]);
        let files = small(PackFiles::embedded(DEFAULT_PACK).expect("the default pack"));
        let pack = Arc::new(load(DEFAULT_PACK, files, installation.clone()).expect("it loads"));
        let world = Arc::new(World::new(Arc::clone(&pack.hospital), &installation));
        let mut decoys = Vec::new();
        for host in &pack.hosts {
            let making = Making {
                pack: Arc::clone(&pack),
                host: Arc::clone(host),
                world: Arc::clone(&world),
                imaging: Arc::default(),
            };
            for service in &host.services {
                let decoy = build(&making, service).expect("its behaviour is sound");
                decoys.push((host.name.clone(), service.protocol.as_str().to_owned(), decoy));
            }
        }
        Hospital { pack, world, decoys }
    })
}

/// Archives that hold two days: a query that matches nothing walks all days of an archive, and takes
/// seconds where there is a year of them.
fn small(files: PackFiles) -> PackFiles {
    let tables: Vec<String> =
        files.below("").filter(|path| path.ends_with("/dicom.toml")).map(str::to_owned).collect();
    tables.into_iter().fold(files, |files, path| {
        let table = files.text(&path).expect("text").to_owned();
        let lines = table.lines().map(|line| match line.starts_with("online_days") {
            true => "online_days = 2",
            false => line,
        });
        let table = lines.collect::<Vec<_>>().join("\n");
        files.replacing(&path, table.into_bytes())
    })
}

/// Plays an input to a service's machine: its first byte says how it is split, then the peer closes.
pub(super) fn play(host: &str, service: &str, input: &[u8]) {
    let Some((split, bytes)) = input.split_first() else { return };
    let hospital = hospital();
    let wanted = |(h, s, _): &&(String, String, Arc<dyn Decoy>)| h == host && s == service;
    let (_, _, decoy) = hospital.decoys.iter().find(wanted).expect("a service of the pack");
    let Conversation::Machine(machine) = decoy.converse(session(hospital, host, service)) else {
        panic!("{host} {service} is no machine");
    };
    let mut player = Player::new(machine);
    let size = usize::from(*split).max(1) * 8;
    for chunk in bytes.chunks(size) {
        player.input.extend_from_slice(chunk);
        if !player.receive() {
            return;
        }
    }
    player.end();
}

/// Writes an input to a named pipe of an administrator: its first byte chooses the pipe and says how it
/// is split.
pub(super) fn pipe(input: &[u8]) {
    let Some((split, bytes)) = input.split_first() else { return };
    let names =
        ["srvsvc", "lsarpc", "svcctl", "atsvc", "winreg", "spoolss", "eventlog", "wkssvc", "epmapper"];
    let name = names[usize::from(*split) % names.len()];
    let hospital = hospital();
    let host = hospital.pack.host("hisdb").expect("a host of the pack");
    let mut setting = Setting::of(&hospital.pack, host);
    setting.caller.rights = Rights::Administrator;
    let mut pipe = Pipe::open(name, Arc::new(setting)).expect("a pipe of the host");
    let mut session = session(hospital, "hisdb", "smb");
    for chunk in bytes.chunks(usize::from(*split).max(1) * 8) {
        pipe.write(&mut session, chunk);
        while pipe.is_waiting() {
            assert!(pipe.read(4280).bytes.len() <= 4280);
        }
    }
}

struct Player {
    machine: Box<dyn Machine>,
    input: BytesMut,
    now: Timestamp,
}

impl Player {
    fn new(mut machine: Box<dyn Machine>) -> Self {
        let now = NOW.parse().expect("a time");
        machine.open(now, &mut Outbox::default());
        Player { machine, input: BytesMut::new(), now }
    }

    /// Hands the input over; tells whether the machine goes on listening.
    fn receive(&mut self) -> bool {
        let next = self.machine.receive(self.now, &mut self.input, &mut Outbox::default());
        self.follow(next)
    }

    /// Lets its patience run out twice, then closes the peer's side.
    fn end(&mut self) {
        for cause in [Wake::Deadline, Wake::Deadline, Wake::PeerClosed] {
            let next = self.machine.wake(self.now, cause, &mut Outbox::default());
            if !self.follow(next) {
                return;
            }
        }
    }

    /// Does what the machine asks until it reads again or has ended; tells which.
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

fn session(hospital: &Hospital, host: &str, service: &str) -> Session {
    let host = Arc::clone(hospital.pack.host(host).expect("a host of the pack"));
    Session::new(SessionParts {
        origin: Origin {
            session: SessionId(uuid::Uuid::nil()),
            source: SocketAddr::from(([127, 0, 0, 9], 40000)),
            target: SocketAddr::new(host.address, 1),
            host: host.name.clone(),
            service: service.to_owned(),
            transport: honeyward::event::Transport::Tcp,
            own: false,
            led: None,
        },
        pack: Arc::clone(&hospital.pack),
        host,
        world: Arc::clone(&hospital.world),
        overlay: Arc::<Overlay>::default(),
        clock: Arc::new(Nothing),
        events: Arc::new(Nothing),
        recorder: Arc::new(Nothing),
        seed: [3; 32],
        pacing: false,
        privacy: Arc::default(),
        lead: None,
    })
}

/// Takes all and keeps nothing; its clock stands.
struct Nothing;

impl Clock for Nothing {
    fn now(&self) -> Timestamp {
        NOW.parse().expect("a time")
    }
}

impl Emit for Nothing {
    fn emit(&self, event: Event) {
        let mut frame = Vec::new();
        honeyward::event::frame::encode(&event, &mut frame).expect("an event fits a frame");
    }
}

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
