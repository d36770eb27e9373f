//! Accepts connections and gives each its session.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use super::driver::{Line, drive};
use super::life::Living;
use super::limits::{Limits, Overlays};
use super::recorder::SessionRecorder;
use super::relay::{Directory, OwnEnds};
use super::tap::{Passed, Tap};
use super::tls::FirstWords;
use super::wired::Wired;
use super::{Bound, PrivacySettings, Settings, tls};
use crate::decoys::{self, Making};
use crate::event::observation::CloseReason;
use crate::event::{Observation, Origin, SessionId, SystemEvent};
use crate::imaging::Imaging;
use crate::link::Outlet;
use crate::persona::{Fault, Host, Pack, Protocol};
use crate::record::{Artefacts, Recipient};
use crate::runtime::Shutdown;
use crate::session::{BoxStream, Clock, Conversation, Decoy, Emit, Privacy, Recorder, Session, SessionParts};
use crate::world::World;

/// How long sessions may take to end after the signal.
const DRAIN: Duration = Duration::from_secs(3);

/// A TLS handshake may take this long: the time that common web servers give a request's head.
const HANDSHAKE: Duration = Duration::from_secs(60);

/// Bytes of transcript of a connection that the honeynet made itself: its talk, not its pixels.
const OWN_TRANSCRIPT: u64 = 64 << 10;

/// Pause after a failed accept: running out of descriptors passes, and spinning helps nobody.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What a sensor is made of.
pub struct SensorParts {
    /// The persona pack.
    pub pack: Arc<Pack>,
    /// The hospital.
    pub world: Arc<World>,
    /// Events out.
    pub outlet: Outlet,
    /// Folder of transcripts and terminal recordings.
    pub sessions: PathBuf,
    /// Artefacts.
    pub artefacts: Artefacts,
    /// What the operator set.
    pub settings: Settings,
    /// What becomes of real data.
    pub privacy: PrivacySettings,
    /// The hospital's registered devices: address, and the name each calls itself by.
    pub devices: Vec<(IpAddr, String)>,
}

/// State of one service, for the status page.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct ServiceState {
    /// Deception host.
    pub host: String,
    /// Protocol.
    pub service: String,
    /// Where the persona has it.
    pub wanted: SocketAddr,
    /// Where it is.
    pub address: SocketAddr,
    /// Connections since the start.
    pub connections: u64,
}

struct Service {
    bound_to: SocketAddr,
    wanted: SocketAddr,
    host: Arc<Host>,
    protocol: Protocol,
    decoy: Arc<dyn Decoy>,
    tls: Option<TlsAcceptor>,
    connections: AtomicU64,
}

struct Shared {
    parts: SensorParts,
    limits: Arc<Limits>,
    overlays: Overlays,
    directory: Arc<Directory>,
    own_ends: Arc<OwnEnds>,
    clock: Arc<dyn Clock>,
    refused: AtomicU64,
    privacy: Arc<Privacy>,
    recipient: Option<Recipient>,
    shutdown: Shutdown,
}

/// All decoys, ready to serve.
pub struct Sensor {
    shared: Arc<Shared>,
    services: Vec<(Arc<Service>, TcpListener)>,
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Emit for Outlet {
    fn emit(&self, event: crate::event::Event) {
        Outlet::emit(self, &event);
    }
}

impl Sensor {
    /// Makes the decoys for the bound sockets.
    ///
    /// # Errors
    /// Faults of behaviour files, located; or a socket that can't be used.
    pub fn new(parts: SensorParts, bound: Vec<Bound>, shutdown: Shutdown) -> Result<Self, Vec<Fault>> {
        let directory = Arc::new(Directory::new(
            bound.iter().map(|b| ((b.claim.host.clone(), b.claim.wanted.port()), b.address)),
        ));
        let decoys = DecoyShop { parts: &parts, imaging: Arc::default() };
        let mut services = Vec::new();
        let mut faults = Vec::new();
        for socket in bound {
            match decoys.service(socket) {
                Ok(service) => services.push(service),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let limits = Limits::new(parts.settings.max_connections, parts.settings.max_per_source);
        let privacy =
            Arc::new(Privacy { objects: parts.privacy.real_objects, devices: parts.devices.clone() });
        let shared = Arc::new(Shared {
            privacy,
            recipient: parts.privacy.recipient(),
            parts,
            limits,
            overlays: Overlays::default(),
            directory,
            own_ends: Arc::default(),
            clock: Arc::new(SystemClock),
            refused: AtomicU64::new(0),
            shutdown,
        });
        Ok(Sensor { shared, services })
    }

    /// A view for the status page that outlives the serving.
    pub fn states(&self) -> impl Fn() -> (Vec<ServiceState>, usize, u64) + Send + 'static {
        let services: Vec<_> = self.services.iter().map(|(s, _)| Arc::clone(s)).collect();
        let shared = Arc::clone(&self.shared);
        move || {
            let states = services.iter().map(|s| s.state()).collect();
            (states, shared.limits.open(), shared.refused.load(Ordering::Relaxed))
        }
    }

    /// Serves until told to stop; then every session is ended and told of.
    pub async fn serve(self) {
        let mut accepting = JoinSet::new();
        for living in self.habits() {
            accepting.spawn(living.live());
        }
        for (service, listener) in self.services {
            accepting.spawn(accept(Arc::clone(&self.shared), service, listener));
        }
        while accepting.join_next().await.is_some() {}
    }

    /// The consoles' days, when there are any to be lived.
    fn habits(&self) -> Vec<Living> {
        let shared = &self.shared;
        if !shared.parts.settings.traffic {
            return Vec::new();
        }
        let living = |service: &Arc<Service>| {
            Some(Living {
                habit: service.decoy.habit()?,
                address: service.host.address,
                host: service.host.name.clone(),
                nagle: service.decoy.nagle(),
                interval: Duration::from_secs(shared.parts.settings.traffic_interval),
                clock: Arc::clone(&shared.clock),
                directory: Arc::clone(&shared.directory),
                own_ends: Arc::clone(&shared.own_ends),
                limits: Arc::clone(&shared.limits),
                shutdown: shared.shutdown.clone(),
            })
        };
        self.services.iter().filter_map(|(service, _)| living(service)).collect()
    }
}

/// Makes decoys: one for each port of each host, since two services of one protocol behave apart.
struct DecoyShop<'a> {
    parts: &'a SensorParts,
    imaging: Arc<Imaging>,
}

impl DecoyShop<'_> {
    fn service(&self, bound: Bound) -> Result<(Arc<Service>, TcpListener), Fault> {
        let (pack, claim) = (&self.parts.pack, bound.claim);
        let fault = |problem: String| {
            Fault::of_file(
                format!("{} {} port {}", claim.host, claim.protocol.as_str(), claim.wanted.port()),
                problem,
            )
        };
        let (host, wanted) = pack
            .service_at(&claim.host, claim.wanted.port())
            .ok_or_else(|| fault("the pack has no such service".into()))?;
        let making = Making {
            pack: Arc::clone(pack),
            host: Arc::clone(host),
            world: Arc::clone(&self.parts.world),
            imaging: Arc::clone(&self.imaging),
        };
        let decoy = decoys::build(&making, wanted)?;
        let web = claim.protocol == Protocol::Https;
        let alpn: &[&[u8]] = if web { &[b"http/1.1"] } else { &[] };
        let tls = wanted.tls.then(|| tls::acceptor(pack, host, alpn).map_err(&fault)).transpose()?;
        let listener = TcpListener::from_std(bound.listener).map_err(|e| fault(e.to_string()))?;
        let service = Service {
            bound_to: bound.address,
            wanted: claim.wanted,
            host: Arc::clone(host),
            protocol: claim.protocol,
            decoy,
            tls,
            connections: AtomicU64::new(0),
        };
        Ok((Arc::new(service), listener))
    }
}

impl Service {
    fn state(&self) -> ServiceState {
        ServiceState {
            host: self.host.name.clone(),
            service: self.protocol.as_str().to_owned(),
            wanted: self.wanted,
            address: self.bound_to,
            connections: self.connections.load(Ordering::Relaxed),
        }
    }
}

async fn accept(shared: Arc<Shared>, service: Arc<Service>, listener: TcpListener) {
    let mut sessions = JoinSet::new();
    let mut shutdown = shared.shutdown.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = sessions.join_next() => continue,
            () = shutdown.requested() => break,
        };
        let Ok((stream, source)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        service.connections.fetch_add(1, Ordering::Relaxed);
        let Some(admission) = shared.limits.admit(source.ip()) else {
            shared.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let (shared, service) = (Arc::clone(&shared), Arc::clone(&service));
        sessions.spawn(async move {
            connection(shared, service, stream, source).await;
            drop(admission);
        });
    }
    let ended = async { while sessions.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, ended).await.is_err() {
        tracing::warn!(service = service.protocol.as_str(), address = %service.bound_to, "sessions did not end in time");
    }
}

/// One connection from its first event to its last.
async fn connection(shared: Arc<Shared>, service: Arc<Service>, stream: TcpStream, source: SocketAddr) {
    let Ok(target) = stream.local_addr() else { return };
    let _ = stream.set_nodelay(!service.decoy.nagle());
    let opened = shared.clock.now();
    let session_id = SessionId(Uuid::now_v7());
    let own = shared.own_ends.contains(&source);
    let cap = if own { OWN_TRANSCRIPT } else { shared.parts.settings.transcript_mib << 20 };
    let recorder = SessionRecorder::new(
        shared.parts.sessions.clone(),
        session_id,
        shared.parts.artefacts.clone(),
        cap,
        shared.recipient.clone(),
    );
    let passed = Arc::<Passed>::default();
    let session = shared.session(&service, session_id, source, target, own, Arc::clone(&recorder) as _);
    session.emit(Observation::Opened { tls: service.tls.is_some() });
    let reason = converse(&shared, &service, &session, stream, &recorder, &passed).await;
    let closed = shared.clock.now();
    let (transcript, dropped) = recorder.finish(closed);
    if dropped > 0 && !own {
        shared.parts.outlet.system(SystemEvent::TranscriptDropped { session: session_id, bytes: dropped });
    }
    session.emit(Observation::Closed {
        reason,
        bytes_in: passed.bytes_in.load(Ordering::Relaxed),
        bytes_out: passed.bytes_out.load(Ordering::Relaxed),
        duration_ms: u64::try_from(closed.duration_since(opened).as_millis()).unwrap_or(0),
        transcript,
    });
}

impl Shared {
    fn session(
        &self,
        service: &Service,
        id: SessionId,
        source: SocketAddr,
        target: SocketAddr,
        own: bool,
        recorder: Arc<dyn Recorder>,
    ) -> Session {
        Session::new(SessionParts {
            origin: Origin {
                session: id,
                source,
                target,
                host: service.host.name.clone(),
                service: service.protocol.as_str().to_owned(),
                own,
            },
            pack: Arc::clone(&self.parts.pack),
            host: Arc::clone(&service.host),
            world: Arc::clone(&self.parts.world),
            overlay: self.overlays.of(source.ip()),
            clock: Arc::clone(&self.clock),
            events: Arc::new(self.parts.outlet.clone()),
            recorder,
            seed: rand::rng().random(),
            pacing: self.parts.settings.pacing,
            privacy: Arc::clone(&self.privacy),
        })
    }
}

async fn converse(
    shared: &Arc<Shared>,
    service: &Service,
    session: &Session,
    stream: TcpStream,
    recorder: &Arc<SessionRecorder>,
    passed: &Arc<Passed>,
) -> CloseReason {
    let mut shutdown = shared.shutdown.clone();
    let (wired, conversation) = match &service.tls {
        None => (Wired::Plain(stream), service.decoy.converse(session.clone())),
        Some(acceptor) => {
            let secured = tokio::select! {
                secured = secure(acceptor, service, session, stream, passed) => secured,
                () = shutdown.requested() => Err(CloseReason::Shutdown),
            };
            match secured {
                Ok(secured) => secured,
                Err(reason) => return reason,
            }
        }
    };
    let serving = match conversation {
        Conversation::Machine(machine) => {
            let line = Line {
                own_address: service.host.address,
                stream: wired,
                recorder: Some(Arc::clone(recorder)),
                clock: Arc::clone(&shared.clock),
                passed: Arc::clone(passed),
                directory: Arc::clone(&shared.directory),
                shutdown: shared.shutdown.clone(),
            };
            return drive(line, machine).await;
        }
        Conversation::Opaque(serve) => serve(counted(wired, passed)),
        Conversation::Stream(serve) => {
            let record = Arc::clone(recorder) as Arc<dyn Recorder>;
            serve(Box::new(Tap::recording(counted(wired, passed), record, Arc::clone(&shared.clock))))
        }
    };
    tokio::select! {
        () = serving => passed.close_reason(),
        () = shutdown.requested() => CloseReason::Shutdown,
    }
}

fn counted(wired: Wired, passed: &Arc<Passed>) -> BoxStream {
    if wired.counts_itself() { Box::new(wired) } else { Box::new(Tap::counting(wired, Arc::clone(passed))) }
}

/// Sets TLS up, or finds the conversation for a peer that does not speak it.
async fn secure(
    acceptor: &TlsAcceptor,
    service: &Service,
    session: &Session,
    stream: TcpStream,
    passed: &Arc<Passed>,
) -> Result<(Wired, Conversation), CloseReason> {
    let deadline = tokio::time::Instant::now() + HANDSHAKE;
    let first = tokio::time::timeout_at(deadline, tls::first_words(&stream)).await;
    match first.map_err(|_| CloseReason::Timeout)?.map_err(|_| CloseReason::PeerReset)? {
        FirstWords::None => return Err(CloseReason::Peer),
        FirstWords::Tls => {}
        FirstWords::Plain => {
            session.emit(Observation::Probe { means: "plain text on a TLS port".into() });
            if let Some(conversation) = service.decoy.converse_plain(session.clone()) {
                return Ok((Wired::Plain(stream), conversation));
            }
        }
    }
    let counted = Tap::counting(stream, Arc::clone(passed));
    match tokio::time::timeout_at(deadline, acceptor.accept(counted)).await {
        Ok(Ok(secured)) => {
            let conversation = service.decoy.converse(session.clone());
            Ok((Wired::Tls(Box::new(secured)), conversation))
        }
        Ok(Err(error)) => {
            session.emit(Observation::malformed(format!("TLS handshake: {error}"), &[]));
            Err(CloseReason::Decoy)
        }
        Err(_) => Err(CloseReason::Timeout),
    }
}
