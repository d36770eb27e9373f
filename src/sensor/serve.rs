//! Accepts connections and gives each its session.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use super::carrier::Carrier;
use super::datagrams;
use super::driver::{Line, drive};
use super::lead::{Leader, Leading};
use super::life::Living;
use super::limits::{Limits, Overlays};
use super::recorder::SessionRecorder;
use super::relay::{Directory, OwnEnds};
use super::shop::{DecoyShop, Door, Service, ServiceState};
use super::side_doors::{Expecting, SideDoors};
use super::tap::{Passed, Tap};
use super::tls::FirstWords;
use super::wired::Wired;
use super::{Bound, PrivacySettings, Settings, tls};
use crate::event::observation::{CloseReason, Mark};
use crate::event::{Led, Observation, Origin, SessionId, SystemEvent};
use crate::link::Outlet;
use crate::persona::{Fault, Pack, Transport};
use crate::record::{Artefacts, Recipient};
use crate::runtime::Shutdown;
use crate::session::{BoxStream, Clock, Conversation, Emit, Privacy, Recorder, Session, SessionParts};
use crate::sys;
use crate::wire::syn;
use crate::world::World;

/// How long sessions may take to end after the signal.
pub(super) const DRAIN: Duration = Duration::from_secs(3);

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

/// What all sessions share.
pub(super) struct Shared {
    parts: SensorParts,
    pub(super) limits: Arc<Limits>,
    overlays: Overlays,
    directory: Arc<Directory>,
    own_ends: Arc<OwnEnds>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) refused: AtomicU64,
    pub(super) leading: Leading,
    side_doors: Arc<SideDoors>,
    privacy: Arc<Privacy>,
    recipient: Option<Recipient>,
    pub(super) shutdown: Shutdown,
}

/// All decoys, ready to serve.
pub struct Sensor {
    shared: Arc<Shared>,
    services: Vec<(Arc<Service>, Vec<Door>)>,
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
            bound
                .iter()
                .filter(|b| b.claim.protocol.transport() == Transport::Tcp)
                .map(|b| ((b.claim.host.clone(), b.claim.wanted.port()), b.address)),
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
            side_doors: Arc::default(),
            leading: Leading::new(services.iter().map(|(service, _)| service)),
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
        let doors = self
            .services
            .into_iter()
            .flat_map(|(service, doors)| doors.into_iter().map(move |door| (Arc::clone(&service), door)));
        for (service, door) in doors {
            let shared = Arc::clone(&self.shared);
            match door {
                Door::Listener(listener) => accepting.spawn(accept(shared, service, listener)),
                Door::Datagrams(socket) => accepting.spawn(datagrams::serve(shared, service, socket)),
            };
        }
        while accepting.join_next().await.is_some() {}
        if tokio::time::timeout(DRAIN, self.shared.leading.ended()).await.is_err() {
            tracing::warn!("sessions between decoys did not end in time");
        }
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

async fn accept(shared: Arc<Shared>, service: Arc<Service>, listener: TcpListener) {
    let mut sessions = JoinSet::new();
    let mut shutdown = shared.shutdown.clone();
    if let Err(error) = sys::keep_first_packets(listener.as_fd()) {
        tracing::debug!(%error, "first packets are not kept");
    }
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
    let stream = if service.decoy.is_side_door() {
        match shared.side_doors.hand_over(service.place(), source.ip(), stream) {
            Some(stream) => stream,
            None => return,
        }
    } else {
        stream
    };
    let visit = shared.open(&service, source, target, None);
    tell_first_packet(&visit.session, &stream);
    conversation(&shared, &service, visit, Carrier::Socket(stream)).await;
}

/// Talks to a peer until one of both has enough, and tells of the end.
pub(super) async fn conversation(shared: &Arc<Shared>, service: &Service, visit: Visit, stream: Carrier) {
    let reason = converse(shared, service, &visit, stream).await;
    shared.close(&visit, reason);
}

/// Tells how a stranger's TCP opened the connection.
fn tell_first_packet(session: &Session, stream: &TcpStream) {
    let headers = if session.is_own() { None } else { sys::first_packet(stream.as_fd()).ok() };
    if let Some(signature) = headers.and_then(|headers| syn::signature(&headers)) {
        session.emit(Observation::Fingerprint { mark: Mark::TcpSyn, value: signature.into() });
    }
}

/// One session while it lasts.
pub(super) struct Visit {
    pub(super) session: Session,
    pub(super) recorder: Arc<SessionRecorder>,
    pub(super) passed: Arc<Passed>,
    opened: Timestamp,
}

impl Shared {
    /// Stamps a session's identity and tells of its first event.
    pub(super) fn open(
        self: &Arc<Self>,
        service: &Service,
        source: SocketAddr,
        target: SocketAddr,
        led: Option<Led>,
    ) -> Visit {
        let opened = self.clock.now();
        let id = SessionId(Uuid::now_v7());
        let own = led.is_none() && self.own_ends.contains(&source);
        let cap = if own { OWN_TRANSCRIPT } else { self.parts.settings.transcript_mib << 20 };
        let recorder = SessionRecorder::new(
            self.parts.sessions.clone(),
            id,
            self.parts.artefacts.clone(),
            cap,
            self.recipient.clone(),
        );
        let session = Session::new(SessionParts {
            origin: Origin {
                session: id,
                source,
                target,
                host: service.host.name.clone(),
                service: service.protocol.as_str().to_owned(),
                transport: service.protocol.transport(),
                own,
                led,
            },
            pack: Arc::clone(&self.parts.pack),
            host: Arc::clone(&service.host),
            world: Arc::clone(&self.parts.world),
            overlay: self.overlays.of(source.ip()),
            clock: Arc::clone(&self.clock),
            events: Arc::new(self.parts.outlet.clone()),
            recorder: Arc::clone(&recorder) as Arc<dyn Recorder>,
            seed: rand::rng().random(),
            pacing: self.parts.settings.pacing,
            privacy: Arc::clone(&self.privacy),
            lead: Some(Arc::new(Leader(Arc::downgrade(self)))),
        });
        session.emit(Observation::Opened { tls: service.tls.is_some() });
        Visit { session, recorder, passed: Arc::default(), opened }
    }

    /// Ends its record and tells of its last event.
    pub(super) fn close(&self, visit: &Visit, reason: CloseReason) {
        let closed = self.clock.now();
        let origin = visit.session.origin();
        let (transcript, dropped) = visit.recorder.finish(closed);
        if dropped > 0 && !origin.own {
            let lost = SystemEvent::TranscriptDropped { session: origin.session, bytes: dropped };
            self.parts.outlet.system(lost);
        }
        visit.session.emit(Observation::Closed {
            reason,
            bytes_in: visit.passed.bytes_in.load(Ordering::Relaxed),
            bytes_out: visit.passed.bytes_out.load(Ordering::Relaxed),
            duration_ms: u64::try_from(closed.duration_since(visit.opened).as_millis()).unwrap_or(0),
            transcript,
        });
    }
}

async fn converse(shared: &Arc<Shared>, service: &Service, visit: &Visit, stream: Carrier) -> CloseReason {
    let Visit { session, recorder, passed, .. } = visit;
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
            session.watch(wired.watch());
            let line = Line {
                own_address: service.host.address,
                stream: wired,
                recorder: Some(Arc::clone(recorder)),
                clock: Arc::clone(&shared.clock),
                passed: Arc::clone(passed),
                directory: Arc::clone(&shared.directory),
                expecting: session.origin().led.is_none().then(|| Expecting {
                    doors: Arc::clone(&shared.side_doors),
                    host: service.host.name.clone(),
                    source: session.source(),
                }),
                shutdown: shared.shutdown.clone(),
            };
            let reason = drive(line, machine).await;
            session.watch(None);
            return reason;
        }
        Conversation::Opaque(serve) => serve(counted(wired, passed)),
        // Built for UDP alone; a stream has no datagrams to hand over.
        Conversation::Datagrams(_) => return CloseReason::Decoy,
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
    mut stream: Carrier,
    passed: &Arc<Passed>,
) -> Result<(Wired, Conversation), CloseReason> {
    let deadline = tokio::time::Instant::now() + HANDSHAKE;
    let first = tokio::time::timeout_at(deadline, tls::first_words(&mut stream)).await;
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
    let counted = Tap::below_tls(stream, Arc::clone(passed));
    let acceptor = TlsAcceptor::from(session.keyed(acceptor.config()));
    let accepted = tokio::time::timeout_at(deadline, acceptor.accept(counted)).await;
    if let Some(ja4) = passed.ja4.get().filter(|_| !session.is_own() && session.origin().led.is_none()) {
        session.emit(Observation::Fingerprint { mark: Mark::Ja4, value: ja4.as_str().into() });
    }
    match accepted {
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
