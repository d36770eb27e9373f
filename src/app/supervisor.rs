//! `honeyward run`: binds the sockets, starts the children, keeps them alive, ends them in order.

mod child;
mod containment;
mod screen;

use std::fs::{self, File, TryLockError};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use self::child::Child;
use super::cli::Role;
use super::config::Config;
use super::exit::Exit;
use super::launch::{BoundConsole, BoundService, Launch};
use super::managed::Managed;
use super::network::{self, Network};
use super::{Layout, installation, processes, status, storing};
use crate::console::{self, DecoyHost, DecoyLure, DecoyService};
use crate::event::SystemEvent;
use crate::link::Outlet;
use crate::persona::Pack;
use crate::runtime::{Shutdown, Trigger, shutdown};
use crate::sensor::{self, Bound};

/// All children must have ended by then; who has not is killed.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// The supervisor's own events are few.
const SPOOL_CAP: u64 = 8 << 20;

/// Starts everything and stays until it is told to stop.
pub(crate) fn run(config: Config, layout: Layout) -> Exit {
    processes::log_to_stderr();
    let prepared = match Prepared::new(config, layout) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Could(error.to_string()),
    };
    match runtime.block_on(prepared.supervise()) {
        Ok(()) => Exit::Done,
        Err(reason) => Exit::Could(reason),
    }
}

/// Everything that can be wrong has been found; nothing runs yet.
struct Prepared {
    layout: Layout,
    launch: Launch,
    pack: Arc<Pack>,
    bound: Vec<Bound>,
    network: Option<Network>,
    console: Option<TcpListener>,
    /// Held as long as this process lives: two supervisors never share a data directory.
    _lock: File,
}

impl Prepared {
    fn new(mut config: Config, layout: Layout) -> Result<Self, Exit> {
        let lock = hold(&layout)?;
        let managed = Managed::load(&layout)
            .map_err(|e| Exit::Could(format!("{}: {e}", layout.managed().display())))?;
        config.capture.quota_mib = managed.quota_mib.unwrap_or(config.capture.quota_mib);
        let could = |what: &str, error: std::io::Error| Exit::Could(format!("{what}: {error}"));
        let secret = installation::decoy_secret(&layout)
            .map_err(|e| could(&layout.secret().display().to_string(), e))?;
        let seed = installation::evidence_seed(&layout)
            .map_err(|e| could(&layout.secret().display().to_string(), e))?;
        let pack = super::commands::check::load_pack(&config, crate::persona::Installation::new(secret))?;
        crate::sys::raise_open_files();
        let network = network::make(&config, &pack)?;
        let (network, bound) = match network {
            Some((network, bound)) => (Some(network), bound),
            None => (
                None,
                sensor::bind(sensor::claims(&pack), config.sensor.port_fallback)
                    .map_err(|e| Exit::Could(e.to_string()))?,
            ),
        };
        console::check(&config.console).map_err(Exit::Usage)?;
        config.store.check_files().map_err(Exit::Usage)?;
        storing::settle(&layout, &config.store)?;
        let console = bind_console(&config).map_err(|e| could("console", e))?;
        // One that ran here before says nothing of this run.
        for process in ["console", "netd"] {
            let _ = fs::remove_file(layout.status(process));
        }
        let launch = Launch {
            data: layout.root().to_owned(),
            console: console.as_ref().and_then(bound_console),
            decoys: decoys(&pack, &bound),
            config,
            services: bound.iter().map(bound_service).collect(),
            network: network.as_ref().map(Network::handed),
            decoy_secret: Some(hex::encode(secret)),
            evidence_seed: Some(hex::encode(seed)),
        };
        Ok(Prepared { layout, launch, pack, bound, network, console, _lock: lock })
    }

    async fn supervise(self) -> Result<(), String> {
        let outlet = Outlet::open(&self.layout.spool("supervisor"), "supervisor", SPOOL_CAP)
            .map_err(|e| format!("spool: {e}"))?;
        outlet.system(SystemEvent::Started { pid: std::process::id() });
        let (stop_shipping, shipping_ear) = shutdown();
        let shipping = tokio::spawn(outlet.clone().ship(self.layout.core_socket(), shipping_ear));
        // Core takes what the others say at their end, so it hears the order only when they are gone.
        let (stop, ear) = shutdown();
        let (stop_core, core_ear) = shutdown();
        let children = self.start(&outlet, &ear, &core_ear);
        let inside: Vec<_> = self.network.iter().map(|network| network.inside.as_raw_fd()).collect();
        let testing = containment::test_hourly(self.line(Role::Probe), inside, outlet.clone());
        let testing = tokio::spawn(testing);
        let ready = screen::announce(&self.layout, &self.pack, &self.launch);
        tokio::select! {
            () = ready => pause_until_told().await?,
            told = pause_until_told() => told?,
        }
        testing.abort();
        stop.fire();
        // Once everything is told, shipping ends before core does: core's end is no loss of core.
        let told = async {
            outlet.drained(processes::DRAIN).await;
            stop_shipping.fire();
            let _ = shipping.await;
        };
        let ended = children.end(&outlet, told, stop_core).await;
        let _ = status::write(&self.layout, "supervisor", json!({ "stopped": true }));
        ended
    }

    /// A child's orders.
    fn line(&self, role: Role) -> String {
        let mut launch = self.launch.clone();
        launch.decoy_secret.take_if(|_| role != Role::Sensor);
        launch.evidence_seed.take_if(|_| role != Role::Core);
        let mut line = serde_json::to_string(&launch).unwrap_or_default();
        line.push('\n');
        line
    }

    fn start(&self, outlet: &Outlet, ear: &Shutdown, core_ear: &Shutdown) -> Children {
        let line = |role| self.line(role);
        let mut sockets: Vec<_> = self.bound.iter().map(|b| b.socket.as_raw_fd()).collect();
        sockets.extend(self.bound.iter().filter_map(|b| b.inner.as_ref()).map(AsRawFd::as_raw_fd));
        sockets.extend(self.network.iter().map(|network| network.inside.as_raw_fd()));
        let netd = self.network.as_ref().map(|network| {
            let namespaces = network.namespaces.iter().map(AsRawFd::as_raw_fd).collect();
            Child::start(Role::Netd, line(Role::Netd), namespaces, outlet.clone(), ear.clone())
        });
        let child = |role, line, sockets, ear: &Shutdown| {
            Child::start(role, line, sockets, outlet.clone(), ear.clone())
        };
        let console = self
            .console
            .as_ref()
            .map(|socket| child(Role::Console, line(Role::Console), vec![socket.as_raw_fd()], ear));
        let children = Children {
            console,
            netd,
            core: child(Role::Core, line(Role::Core), Vec::new(), core_ear),
            capd: child(Role::Capd, line(Role::Capd), Vec::new(), ear),
            sensor: child(Role::Sensor, line(Role::Sensor), sockets, ear),
        };
        let (layout, states) = (self.layout.clone(), children.states());
        tokio::spawn(processes::keep_status(layout, "supervisor", move || json!(states()), ear.clone()));
        children
    }
}

/// Binds the console's socket. Where the port is taken and ports may move, it takes the one
/// that far above, or else any.
fn bind_console(config: &Config) -> std::io::Result<Option<TcpListener>> {
    let settings = &config.console;
    if !settings.enabled {
        return Ok(None);
    }
    let address = settings.address;
    let first = TcpListener::bind(address);
    if first.is_ok() || config.sensor.port_fallback == 0 {
        return first.map(Some).map_err(|e| std::io::Error::new(e.kind(), format!("{address}: {e}")));
    }
    let above = address.port().checked_add(config.sensor.port_fallback);
    let second = above.map(|port| TcpListener::bind(SocketAddr::new(address.ip(), port)));
    match second {
        Some(Ok(listener)) => Ok(Some(listener)),
        _ => TcpListener::bind(SocketAddr::new(address.ip(), 0))
            .map(Some)
            .map_err(|e| std::io::Error::new(e.kind(), format!("{address}: {e}"))),
    }
}

fn bound_console(listener: &TcpListener) -> Option<BoundConsole> {
    let address = listener.local_addr().ok()?;
    Some(BoundConsole { address, fd: listener.as_raw_fd() })
}

/// What the console says of the decoys.
fn decoys(pack: &Pack, bound: &[Bound]) -> Vec<DecoyHost> {
    let services = |host: &str| {
        let own = bound.iter().filter(|b| b.claim.host == host);
        own.map(|b| DecoyService { protocol: b.claim.protocol.as_str().to_owned(), address: b.address })
            .collect()
    };
    let host = |host: &Arc<crate::persona::Host>| DecoyHost {
        name: host.name.clone(),
        title: host.title.clone(),
        system: host.os.name.clone(),
        services: services(&host.name),
        lures: host.accounts.iter().map(lure).collect(),
    };
    pack.hosts.iter().map(host).collect()
}

fn lure(account: &crate::persona::Account) -> DecoyLure {
    DecoyLure {
        id: account.lure.clone(),
        account: account.name.clone(),
        services: account.services.iter().map(|protocol| protocol.as_str().to_owned()).collect(),
        place: account.place.clone(),
    }
}

fn bound_service(bound: &Bound) -> BoundService {
    BoundService {
        host: bound.claim.host.clone(),
        protocol: bound.claim.protocol,
        wanted: bound.claim.wanted,
        address: bound.address,
        fd: bound.socket.as_raw_fd(),
        inner: bound.inner.as_ref().map(AsRawFd::as_raw_fd),
    }
}

/// Makes the data directory and takes it for this process.
///
/// # Errors
/// It can't be made, or another process has it.
pub(crate) fn hold(layout: &Layout) -> Result<File, Exit> {
    let could = |path: &std::path::Path, e: std::io::Error| {
        Exit::Could(format!("{}: can't be made or written: {e}", path.display()))
    };
    let store = layout.database();
    let folders = [
        layout.root().to_owned(),
        layout.run(),
        store.parent().unwrap_or(layout.root()).to_owned(),
        layout.sessions(),
        layout.artefacts(),
        layout.packets(),
        layout.console(),
        layout.spool("sensor"),
    ];
    let processes = ["supervisor", "sensor", "core", "capd", "console", "netd"];
    let folders = folders.into_iter().chain(processes.map(|process| layout.status_folder(process)));
    for folder in folders {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|e| could(&folder, e))?;
    }
    let path = layout.run().join("lock");
    let lock = File::create(&path).map_err(|e| could(&path, e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Exit::Could(format!(
            "{}: another honeyward runs on this data directory",
            layout.root().display()
        ))),
        Err(TryLockError::Error(error)) => Err(could(&path, error)),
    }
}

async fn pause_until_told() -> Result<(), String> {
    let listen = |kind| signal(kind).map_err(|e| e.to_string());
    let (mut term, mut int, mut hup) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?, listen(SignalKind::hangup())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
        _ = hup.recv() => {}
    }
    Ok(())
}

struct Children {
    console: Option<Child>,
    netd: Option<Child>,
    core: Child,
    capd: Child,
    sensor: Child,
}

impl Children {
    fn states(&self) -> impl Fn() -> Vec<child::ChildState> + Send + 'static {
        let mut states = vec![self.sensor.state(), self.core.state(), self.capd.state()];
        states.extend(self.console.iter().chain(&self.netd).map(Child::state));
        move || states.iter().map(|s| s.lock().map(|s| s.clone()).unwrap_or_default()).collect()
    }

    /// Inlet first, outlet last: the sensor ends its sessions, capd its segments, and core takes
    /// what they and this process still have to say.
    async fn end(
        self,
        outlet: &Outlet,
        told: impl Future<Output = ()>,
        stop_core: Trigger,
    ) -> Result<(), String> {
        let ended = async {
            let mut first = JoinSet::new();
            self.netd.map(|netd| first.spawn(netd.end()));
            first.spawn(self.sensor.end());
            first.spawn(self.capd.end());
            self.console.map(|console| first.spawn(console.end()));
            while first.join_next().await.is_some() {}
            outlet.system(SystemEvent::Stopped { pid: std::process::id() });
            told.await;
            stop_core.fire();
            self.core.end().await;
        };
        tokio::time::timeout(STOP_DEADLINE, ended)
            .await
            .map_err(|_| "the processes did not end in time and were killed".to_owned())
    }
}
