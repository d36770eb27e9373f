//! The hospital's hosts within this process, at a moment that the test chooses.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::{Buf, BytesMut};
use honeyward::database::{Catalog, ClientLogin, Connection, Item, Request};
use honeyward::decoys::{Making, build};
use honeyward::event::{Event, Observation, Origin, SessionId};
use honeyward::persona::{Account, DEFAULT_PACK, Installation, Pack, PackFiles, Protocol, load};
use honeyward::session::{
    Artefact, ArtefactSink, Clock, Conversation, Decoy, Emit, Machine, Next, Outbox, Recorder, RelayEvent,
    Session, SessionParts, TerminalSink, Wake,
};
use honeyward::world::overlay::Overlay;
use honeyward::world::{View, World};
use jiff::Timestamp;

/// Rows pulled at a time.
const ROWS: usize = 1000;

/// All hosts of the default pack, their services and databases.
pub(super) struct Stage {
    pub(super) pack: Arc<Pack>,
    pub(super) world: Arc<World>,
    decoys: BTreeMap<(String, u16), Arc<dyn Decoy>>,
    catalogs: BTreeMap<&'static str, Arc<Catalog>>,
    overlay: Arc<Overlay>,
    moment: Arc<Moment>,
}

/// The clock of all sessions, milliseconds.
#[derive(Default)]
struct Moment(AtomicI64);

impl Clock for Moment {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// Nobody here sends what a decoy can't read.
struct Told;

impl Emit for Told {
    fn emit(&self, event: Event) {
        if let Event::Session(event) = event
            && let Observation::Malformed { .. } = event.observation
        {
            panic!("{} {}: {:?}", event.origin.host, event.origin.service, event.observation);
        }
    }
}

struct Nothing;

impl Recorder for Nothing {
    fn transcript(&self, _: Timestamp, _: bool, _: &[u8]) {}
    fn artefact(&self) -> Box<dyn ArtefactSink> {
        Box::new(Nothing)
    }
    fn read_artefact(&self, _: &str, _: usize) -> Option<Vec<u8>> {
        None
    }
    fn terminal(&self, _: Timestamp, _: u16, _: u16, _: &str) -> Box<dyn TerminalSink> {
        Box::new(Nothing)
    }
}

impl ArtefactSink for Nothing {
    fn write(&mut self, _: &[u8]) {}
    fn finish(self: Box<Self>) -> Artefact {
        Artefact { sha256: "00".repeat(32), size: 0 }
    }
}

impl TerminalSink for Nothing {
    fn output(&self, _: Timestamp, _: &[u8]) {}
    fn input(&self, _: Timestamp, _: &[u8]) {}
    fn resize(&self, _: Timestamp, _: u16, _: u16) {}
}

impl Stage {
    pub(super) fn new(seed: u8) -> Self {
        let installation = Installation::new([seed; 32]);
        let files = PackFiles::embedded(DEFAULT_PACK).unwrap();
        let pack = Arc::new(load(DEFAULT_PACK, files, installation.clone()).unwrap());
        let world = Arc::new(World::new(Arc::clone(&pack.hospital), &installation));
        let mut decoys = BTreeMap::new();
        for host in &pack.hosts {
            let making = Making {
                pack: Arc::clone(&pack),
                host: Arc::clone(host),
                world: Arc::clone(&world),
                imaging: Arc::default(),
            };
            for service in &host.services {
                decoys.insert((host.name.clone(), service.port), build(&making, service).unwrap());
            }
        }
        let catalog = |name| {
            let host = pack.host(name).unwrap();
            (name, Arc::new(Catalog::load(&pack, host, &format!("{name}/database.toml")).unwrap()))
        };
        let catalogs = ["hisdb", "phis"].map(catalog).into();
        Stage { pack, world, decoys, catalogs, overlay: Arc::default(), moment: Arc::default() }
    }

    /// Turns all clocks.
    pub(super) fn set(&self, now: Timestamp) {
        self.moment.0.store(now.as_millisecond(), Ordering::Relaxed);
    }

    pub(super) fn view(&self) -> View {
        self.world.at(self.moment.now())
    }

    /// An account of a host for its web pages.
    pub(super) fn account(&self, host: &str) -> &Account {
        let accounts = &self.pack.host(host).unwrap().accounts;
        accounts.iter().find(|account| account.services.contains(&Protocol::Http)).unwrap()
    }

    /// Connects to a service.
    pub(super) fn connect(&self, host: &str, port: u16) -> Line {
        let decoy = self.decoys.get(&(host.to_owned(), port)).unwrap_or_else(|| panic!("no {host}:{port}"));
        let Conversation::Machine(machine) = decoy.converse(self.session(host, port)) else {
            panic!("{host}:{port} is no machine")
        };
        let mut line =
            Line { machine, input: BytesMut::new(), sent: Vec::new(), clock: Arc::clone(&self.moment) };
        let mut out = Outbox::default();
        let next = line.machine.open(line.clock.now(), &mut out);
        line.follow(next, out);
        line
    }

    fn session(&self, host: &str, port: u16) -> Session {
        let host = Arc::clone(self.pack.host(host).unwrap());
        Session::new(SessionParts {
            origin: Origin {
                session: SessionId(uuid::Uuid::nil()),
                source: SocketAddr::from(([127, 0, 0, 9], 40000)),
                target: SocketAddr::new(host.address, port),
                host: host.name.clone(),
                service: "thousand".to_owned(),
                transport: honeyward::event::Transport::Tcp,
                own: false,
                led: None,
            },
            pack: Arc::clone(&self.pack),
            host,
            world: Arc::clone(&self.world),
            overlay: Arc::clone(&self.overlay),
            clock: Arc::clone(&self.moment) as Arc<dyn Clock>,
            events: Arc::new(Told),
            recorder: Arc::new(Nothing),
            seed: [3; 32],
            pacing: false,
            privacy: Arc::default(),
            lead: None,
        })
    }

    /// One HTTP request on a connection of its own: status, head, body.
    pub(super) fn http(&self, host: &str, port: u16, request: &str) -> Response {
        let answer = self.connect(host, port).exchange(request.as_bytes());
        Response::read(&answer)
    }

    /// Rows of a statement on a host's database.
    pub(super) fn sql(&self, host: &str, account: &str, statement: &str) -> Vec<Vec<String>> {
        let login = ClientLogin {
            name: account.to_owned(),
            server: host.to_owned(),
            session: 51,
            ..ClientLogin::default()
        };
        let (world, overlay, now) = (Arc::clone(&self.world), Arc::clone(&self.overlay), self.moment.now());
        let mut connection =
            Connection::open(Arc::clone(&self.catalogs[host]), world, overlay, login, now).unwrap();
        connection.begin(Request::batch(statement), now);
        let mut rows = Vec::new();
        loop {
            let pulled = connection.pull(ROWS);
            for item in pulled.items {
                match item {
                    Item::Row(row) => {
                        rows.push(row.iter().map(|value| value.as_text().unwrap_or_default()).collect());
                    }
                    Item::Message(message) => assert!(!message.is_error(), "{statement}: {}", message.text),
                    _ => {}
                }
            }
            if !pulled.more {
                return rows;
            }
        }
    }
}

/// A connection to a machine.
pub(super) struct Line {
    machine: Box<dyn Machine>,
    input: BytesMut,
    sent: Vec<u8>,
    clock: Arc<Moment>,
}

impl Line {
    /// Sends bytes; gives all that came back until the machine waits.
    pub(super) fn exchange(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.input.extend_from_slice(bytes);
        let mut out = Outbox::default();
        let next = self.machine.receive(self.clock.now(), &mut self.input, &mut out);
        self.follow(next, out);
        std::mem::take(&mut self.sent)
    }

    fn follow(&mut self, mut next: Next, mut out: Outbox) {
        loop {
            self.sent.extend(out.joined());
            out = Outbox::default();
            let cause = match next {
                Next::Read(_) | Next::Close | Next::Reset => return,
                Next::Think(_) => Wake::Thought,
                Next::More => Wake::More,
                Next::Connect(_) => Wake::Relay(RelayEvent::Refused),
            };
            next = self.machine.wake(self.clock.now(), cause, &mut out);
        }
    }
}

/// An HTTP answer.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Response {
    fn read(answer: &[u8]) -> Self {
        let split = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
        let head = String::from_utf8_lossy(&answer[..split]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = &answer[split..];
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        Response { status, head, body: if chunked { unchunked(body) } else { body.to_vec() } }
    }

    pub(super) fn text(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.head);
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The value of a cookie that was set.
    pub(super) fn cookie(&self, name: &str) -> String {
        let line = self.head.lines().find(|line| line.starts_with(&format!("Set-Cookie: {name}=")));
        let line = line.unwrap_or_else(|| panic!("no cookie {name}: {}", self.head));
        line["Set-Cookie: ".len()..].split(';').next().unwrap().to_owned()
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    loop {
        let end = body.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        body.advance(end + 2);
        if size == 0 {
            return plain;
        }
        plain.extend_from_slice(&body[..size]);
        body.advance(size + 2);
    }
}
