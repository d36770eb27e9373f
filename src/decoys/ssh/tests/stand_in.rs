//! A stand-in for the sensor.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::decoys::Making;
use crate::decoys::ssh::behaviour::SshBehaviour;
use crate::decoys::ssh::shell::port::Came;
use crate::decoys::ssh::shell::state::Screen;
use crate::decoys::ssh::shell::{Port, Shell, Site};
use crate::event::{Event, Observation, Origin, SessionId};
use crate::persona::{Host, Installation, Pack, PackFiles, Protocol, load};
use crate::session::{Artefact, ArtefactSink, Clock, Emit, Recorder, Session, SessionParts, TerminalSink};
use crate::world::World;
use crate::world::overlay::Overlay;

/// A moment at which every test stands.
pub(super) fn now() -> Timestamp {
    "2026-11-22T06:30:00Z".parse().unwrap()
}

struct Pinned;

impl Clock for Pinned {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// What was told and kept.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) events: Mutex<Vec<Observation>>,
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Emit for Kept {
    fn emit(&self, event: Event) {
        if let Event::Session(event) = event {
            self.events.lock().unwrap().push(event.observation);
        }
    }
}

struct Books(Arc<Kept>);

impl Recorder for Books {
    fn transcript(&self, _: Timestamp, _: bool, _: &[u8]) {}

    fn artefact(&self) -> Box<dyn ArtefactSink> {
        Box::new(File { kept: Arc::clone(&self.0), bytes: Vec::new() })
    }

    fn read_artefact(&self, sha256: &str, cap: usize) -> Option<Vec<u8>> {
        self.0.files.lock().unwrap().get(sha256).map(|b| b.iter().copied().take(cap).collect())
    }

    fn terminal(&self, _: Timestamp, _: u16, _: u16, _: &str) -> Box<dyn TerminalSink> {
        Box::new(Screenless)
    }
}

struct File {
    kept: Arc<Kept>,
    bytes: Vec<u8>,
}

impl ArtefactSink for File {
    fn write(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn finish(self: Box<Self>) -> Artefact {
        let sha256 = hex::encode(Sha256::digest(&self.bytes));
        let size = u64::try_from(self.bytes.len()).unwrap();
        self.kept.files.lock().unwrap().insert(sha256.clone(), self.bytes);
        Artefact { sha256, size }
    }
}

struct Screenless;

impl TerminalSink for Screenless {
    fn output(&self, _: Timestamp, _: &[u8]) {}
    fn input(&self, _: Timestamp, _: &[u8]) {}
    fn resize(&self, _: Timestamp, _: u16, _: u16) {}
}

/// The pack of one installation.
pub(super) fn pack() -> Arc<Pack> {
    let files = PackFiles::embedded("chenglan").unwrap();
    Arc::new(load("chenglan", files, Installation::new([5; 32])).unwrap())
}

/// What a decoy is made with.
pub(super) fn making(host: &str) -> (Making, Arc<Host>) {
    let pack = pack();
    let host = Arc::clone(pack.host(host).unwrap());
    let world = Arc::new(World::new(Arc::clone(&pack.hospital), &pack.installation));
    (Making { pack, host: Arc::clone(&host), world, imaging: Arc::default() }, host)
}

/// A session of one intruder.
pub(super) fn session(making: &Making, overlay: &Arc<Overlay>, kept: &Arc<Kept>) -> Session {
    Session::new(SessionParts {
        origin: Origin {
            session: SessionId(Uuid::nil()),
            source: "10.20.30.40:50123".parse().unwrap(),
            target: "127.0.10.11:22".parse().unwrap(),
            host: making.host.name.clone(),
            service: "ssh".into(),
            transport: crate::event::Transport::Tcp,
            own: false,
            led: None,
        },
        pack: Arc::clone(&making.pack),
        host: Arc::clone(&making.host),
        world: Arc::clone(&making.world),
        overlay: Arc::clone(overlay),
        clock: Arc::new(Pinned),
        events: Arc::clone(kept) as Arc<dyn Emit>,
        recorder: Arc::new(Books(Arc::clone(kept))),
        seed: [9; 32],
        pacing: false,
        privacy: Arc::default(),
        lead: None,
    })
}

/// A port that collects.
#[derive(Default)]
pub(super) struct Paper {
    pub(super) out: Vec<u8>,
    pub(super) error: Vec<u8>,
    pub(super) input: Vec<Vec<u8>>,
    pub(super) waited: Duration,
}

impl Port for Paper {
    fn write(&mut self, error: bool, bytes: Vec<u8>) -> BoxFuture<'_, ()> {
        if error { &mut self.error } else { &mut self.out }.extend(bytes);
        Box::pin(async {})
    }

    fn read(&mut self) -> BoxFuture<'_, Option<Vec<u8>>> {
        let next = (!self.input.is_empty()).then(|| self.input.remove(0));
        Box::pin(async move { next })
    }

    fn read_within(&mut self, duration: Duration) -> BoxFuture<'_, Came> {
        let came = if self.input.is_empty() { Came::End } else { Came::Bytes(self.input.remove(0)) };
        self.waited += duration;
        Box::pin(async { came })
    }

    fn pause(&mut self, duration: Duration) -> BoxFuture<'_, ()> {
        self.waited += duration;
        Box::pin(async {})
    }

    fn echo(&mut self, _: bool) {}

    fn raw(&mut self, _: bool) {}
}

/// A shell of the HIS operator.
pub(super) fn shell() -> (Shell, Arc<Kept>) {
    let (making, host) = making("his");
    let service = host.services.iter().find(|s| s.protocol == Protocol::Ssh).unwrap();
    let behaviour = SshBehaviour::read(&service.behaviour).unwrap();
    let site = Arc::new(Site::new(Arc::clone(&making.pack), host, behaviour));
    let kept = Arc::new(Kept::default());
    let session = session(&making, &Arc::new(Overlay::default()), &kept);
    let account = site.account("hisop").unwrap();
    (Shell::new(site, session, account, None), kept)
}

/// Runs a line: output, error output, status.
pub(super) fn run(shell: &mut Shell, line: &str, input: &[&str]) -> (String, String, i32) {
    use crate::decoys::ssh::shell::run::{explain, run};
    let mut paper =
        Paper { input: input.iter().map(|l| l.as_bytes().to_vec()).collect(), ..Paper::default() };
    let ended = futures_util::FutureExt::now_or_never(run(shell, &mut paper, line)).expect("no real waiting");
    let status = match ended {
        Ok(ended) => ended.status,
        Err(error) => {
            paper.error.extend(explain(&error, "bash", line).bytes());
            2
        }
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(paper.out), text(paper.error), status)
}

/// The same operator's shell on a terminal.
pub(super) fn seated() -> Shell {
    let (shell, _) = shell();
    let screen = Screen { columns: 80, rows: 24, name: "xterm".into(), number: 0 };
    Shell::new(Arc::clone(&shell.site), shell.session.clone(), shell.account.clone(), Some(screen))
}
