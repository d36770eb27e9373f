//! A session and a server without a sensor.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use jiff::Timestamp;
use uuid::Uuid;

use super::super::behaviour::Behaviour;
use super::super::front::Front;
use super::super::portal::Portal;
use super::super::server::Server;
use super::super::site;
use super::super::statics::Statics;
use crate::decoys::Making;
use crate::event::{Event, Observation, Origin, SessionId};
use crate::persona::{Account, Host, Installation, OperatingSystem, Pack, PackFiles, Protocol};
use crate::session::{
    Artefact, ArtefactSink, Clock, Emit, Machine, Next, Outbox, Recorder, Session, SessionParts,
    TerminalSink, Wake,
};
use crate::world::World;
use crate::world::overlay::Overlay;

/// Password of the account `hisadmin` in tests.
pub(super) const PASSWORD: &str = "Clzx@1234";

/// The moment of all tests: a Monday morning.
pub(super) fn now() -> Timestamp {
    "2026-03-02T01:30:00Z".parse().unwrap()
}

struct Fixed;
impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// Events of a session.
#[derive(Default)]
pub(super) struct Kept(Mutex<Vec<Observation>>);
impl Emit for Kept {
    fn emit(&self, event: Event) {
        if let Event::Session(event) = event {
            self.0.lock().unwrap().push(event.observation);
        }
    }
}
impl Kept {
    pub(super) fn all(&self) -> Vec<Observation> {
        self.0.lock().unwrap().clone()
    }
}

/// Keeps artefacts in memory.
#[derive(Default, Clone)]
struct Memory(Arc<Mutex<std::collections::BTreeMap<String, Vec<u8>>>>);
struct Sink(Memory, Vec<u8>);
impl ArtefactSink for Sink {
    fn write(&mut self, bytes: &[u8]) {
        self.1.extend_from_slice(bytes);
    }
    fn finish(self: Box<Self>) -> Artefact {
        use sha2::Digest;
        let sha256 = hex::encode(sha2::Sha256::digest(&self.1));
        let size = self.1.len() as u64;
        self.0.0.lock().unwrap().insert(sha256.clone(), self.1);
        Artefact { sha256, size }
    }
}
impl Recorder for Memory {
    fn transcript(&self, _: Timestamp, _: bool, _: &[u8]) {}
    fn artefact(&self) -> Box<dyn ArtefactSink> {
        Box::new(Sink(self.clone(), Vec::new()))
    }
    fn read_artefact(&self, sha256: &str, cap: usize) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(sha256).map(|b| b[..cap.min(b.len())].to_vec())
    }
    fn terminal(&self, _: Timestamp, _: u16, _: u16, _: &str) -> Box<dyn TerminalSink> {
        panic!("the portal has no terminal")
    }
}

/// One host with its server.
pub(super) struct Bench {
    pub(super) making: Making,
    server: Arc<Server>,
    overlay: Arc<Overlay>,
    recorder: Memory,
    port: u16,
}

impl Bench {
    /// The portal of the default pack.
    pub(super) fn portal(protocol: Protocol, port: u16) -> Self {
        let making = making();
        let statics = site::statics(&making, &behaviour(&making)).unwrap();
        Self::with(making, statics, protocol, port)
    }

    /// The files that a real nginx served when its answers were recorded.
    pub(super) fn recorded() -> Self {
        let modified: Timestamp = "2024-03-12T01:41:07Z".parse().unwrap();
        let mut statics = Statics::default();
        statics.add("/his/static/a.html", "hello world, this is a static page\n".as_bytes(), modified);
        statics.add("/his/static/a.css", "body{color:red}\n".as_bytes(), modified);
        statics.add("/his/static/a.png", "PNGDATA".as_bytes(), modified);
        for name in ["a.js", "a.ico", "a.svg", "noext", "a.unk"] {
            statics.add(&format!("/his/static/{name}"), "x".as_bytes(), modified);
        }
        Self::with(making(), statics, Protocol::Http, 18080)
    }

    fn with(making: Making, statics: Statics, protocol: Protocol, port: u16) -> Self {
        let behaviour = behaviour(&making);
        let portal = Portal::new(&making, &behaviour, protocol).unwrap();
        let secure = protocol == Protocol::Https;
        let server = Arc::new(Server { behaviour, secure, statics, portal });
        Bench { making, server, overlay: Arc::default(), recorder: Memory::default(), port }
    }

    /// A new connection.
    pub(super) fn connect(&self, seed: u8) -> Connection {
        self.connection(seed, false)
    }

    /// A new connection of a peer that does not speak the TLS of its port.
    pub(super) fn connect_plain(&self) -> Connection {
        self.connection(1, true)
    }

    fn connection(&self, seed: u8, plain: bool) -> Connection {
        let events = Arc::new(Kept::default());
        let session = Session::new(SessionParts {
            origin: Origin {
                session: SessionId(Uuid::nil()),
                source: "127.0.0.1:40000".parse().unwrap(),
                target: SocketAddr::from(([127, 0, 0, 1], self.port)),
                host: "his".into(),
                service: "http".into(),
                transport: crate::event::Transport::Tcp,
                own: false,
                led: None,
            },
            pack: Arc::clone(&self.making.pack),
            host: Arc::clone(&self.making.host),
            world: Arc::clone(&self.making.world),
            overlay: Arc::clone(&self.overlay),
            clock: Arc::new(Fixed),
            events: Arc::clone(&events) as Arc<dyn Emit>,
            recorder: Arc::new(self.recorder.clone()),
            seed: [seed; 32],
            pacing: seed % 2 == 1,
            privacy: Arc::default(),
            lead: None,
        });
        let mut front = Front::new(Arc::clone(&self.server), session);
        if plain {
            front = front.plain();
        }
        let mut out = Outbox::default();
        let next = front.open(now(), &mut out);
        Connection { front, input: BytesMut::new(), out, next, events }
    }
}

/// One connection.
pub(super) struct Connection {
    front: Front,
    input: BytesMut,
    out: Outbox,
    next: Next,
    events: Arc<Kept>,
}

impl Connection {
    /// Sends bytes, unless the connection is closed.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        if self.closed() {
            return;
        }
        self.input.extend_from_slice(bytes);
        self.next = self.front.receive(now(), &mut self.input, &mut self.out);
        while let Next::Think(_) = self.next {
            self.next = self.front.wake(now(), Wake::Thought, &mut self.out);
        }
    }

    /// Whether the decoy closed.
    pub(super) fn closed(&self) -> bool {
        self.next == Next::Close
    }

    /// All that was sent to the peer.
    pub(super) fn received(&self) -> Vec<u8> {
        self.out.joined()
    }

    /// What was told.
    pub(super) fn events(&self) -> Vec<Observation> {
        self.events.all()
    }
}

fn behaviour(making: &Making) -> Behaviour {
    let text = making.pack.files.text("his/http.toml").unwrap();
    toml::from_str(text).unwrap()
}

fn making() -> Making {
    let files = PackFiles::embedded("chenglan").unwrap();
    let hospital = Arc::new(toml::from_str(files.text("hospital.toml").unwrap()).unwrap());
    let installation = Installation::new([9; 32]);
    let account = Account {
        lure: "his/hisadmin".into(),
        name: "hisadmin".into(),
        password: PASSWORD.into(),
        services: vec![Protocol::Http, Protocol::Https],
        full_name: "系统管理员".into(),
        place: "a note".into(),
    };
    let host = Arc::new(Host {
        name: "his".into(),
        folder: "his".into(),
        mac: [0, 0x50, 0x56, 0, 0, 1],
        mac_pattern: String::new(),
        title: "HIS".into(),
        address: "127.0.0.1".parse().unwrap(),
        hostname: "clzx-his01".into(),
        os: OperatingSystem {
            family: "linux".into(),
            name: "Debian GNU/Linux 12 (bookworm)".into(),
            kernel: "6.1.0-41-amd64".into(),
            timezone: "Asia/Shanghai".into(),
            domain: String::new(),
            installed: None,
            restart_days: 0,
        },
        services: Vec::new(),
        accounts: vec![account],
    });
    let world = Arc::new(World::new(Arc::clone(&hospital), &installation));
    let pack = Arc::new(Pack {
        name: "chenglan".into(),
        hospital,
        hosts: vec![Arc::clone(&host)],
        absent: Vec::new(),
        files,
        installation,
    });
    Making { pack, host, world, imaging: Arc::default() }
}
