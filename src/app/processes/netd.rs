//! The decoys' network: made once, then watched.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{DRAIN, keep_status, read_order};
use crate::app::exit::Exit;
use crate::app::launch::{Launch, MadeNetwork, NetworkOrder};
use crate::app::{Layout, status};
use crate::event::SystemEvent;
use crate::link::Outlet;
use crate::privileged::netd::{self, Built, Watch};
use crate::runtime::{Shutdown, shutdown};
use crate::sys::network;

/// Netd's events are few.
const SPOOL_CAP: u64 = 8 << 20;

/// A sensor that wrote nothing for so long serves nobody: its hosts leave the wire. A restart of it is
/// shorter, and connections wait meanwhile.
const SILENT: SignedDuration = SignedDuration::from_secs(4);

/// Makes the network, hands everything over, and ends.
pub(super) fn build() -> Exit {
    crate::sys::raise_open_files();
    let order: NetworkOrder = match read_order() {
        Ok(order) => order,
        Err(error) => return Exit::Usage(format!("network order: {error}")),
    };
    let done = network::inherited_descriptor(order.handover)
        .map_err(|e| e.to_string())
        .and_then(|fd| hand_over(&order, &UnixStream::from(fd)));
    match done {
        Ok(()) => Exit::Done,
        Err(reason) => Exit::Could(reason),
    }
}

fn hand_over(order: &NetworkOrder, to: &UnixStream) -> Result<(), String> {
    let built = netd::build(&order.plan)?;
    let all = in_order(order, &built);
    let mut messages = all.chunks(network::FDS_PER_MESSAGE);
    messages.try_for_each(|some| network::send_descriptors(to, some)).map_err(|e| e.to_string())
}

/// The sensor's namespace; then of each host its namespace, and of each port its sockets.
fn in_order<'a>(order: &NetworkOrder, built: &'a Built) -> Vec<BorrowedFd<'a>> {
    let mut all = vec![built.inside.as_fd()];
    for (place, host) in order.plan.hosts.iter().enumerate() {
        all.push(built.namespaces[place].as_fd());
        let mut inner = built.inner[place].iter();
        for (port, socket) in host.ports.iter().zip(&built.sockets[place]) {
            all.push(socket.as_fd());
            if port.carrier == netd::Carrier::Tcp {
                all.extend(inner.next().map(AsFd::as_fd));
            }
        }
    }
    all
}

/// Watches over the hosts until told to stop, then takes them off the wire.
pub(super) async fn run(launch: Launch, layout: Layout, ear: Shutdown) -> Result<(), String> {
    let network = launch.network.ok_or("netd was given no network")?;
    let watch = take(&network)?;
    let outlet = Outlet::open(&layout.spool("netd"), "netd", SPOOL_CAP).map_err(|e| format!("spool: {e}"))?;
    outlet.system(SystemEvent::Started { pid: std::process::id() });
    let (stop_shipping, shipping_ear) = shutdown();
    let shipping = tokio::spawn(outlet.clone().ship(layout.core_socket(), shipping_ear));
    let shown = Arc::new(Mutex::new(json!({})));
    let (seen, link) = (Arc::clone(&shown), outlet.clone());
    let state = move || {
        let hosts = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        json!({ "hosts": hosts, "link": link.state() })
    };
    tokio::spawn(keep_status(layout.clone(), "netd", state, ear.clone()));
    let events = outlet.clone();
    let watching = tokio::task::spawn_blocking(move || follow(watch, &layout, &events, &shown, &ear));
    watching.await.map_err(|e| e.to_string())?;
    outlet.system(SystemEvent::Stopped { pid: std::process::id() });
    outlet.drained(DRAIN).await;
    stop_shipping.fire();
    let _ = shipping.await;
    Ok(())
}

fn take(network: &MadeNetwork) -> Result<Watch, String> {
    let take = |fd: &i32| network::inherited_descriptor(*fd);
    let namespaces = network.namespaces.iter().map(take).collect::<Result<Vec<_>, _>>();
    Watch::new(&network.plan, &namespaces.map_err(|e| e.to_string())?)
}

fn follow(mut watch: Watch, layout: &Layout, events: &Outlet, shown: &Mutex<Value>, ear: &Shutdown) {
    while !ear.is_requested() {
        watch.step(sensor_serves(layout), |event| events.system(event));
        let states = watch.states().into_iter().map(|(host, state)| (host, Value::from(state)));
        *shown.lock().unwrap_or_else(PoisonError::into_inner) = Value::Object(states.collect());
    }
    watch.withdraw();
}

/// Whether the sensor has shown lately that it serves.
fn sensor_serves(layout: &Layout) -> bool {
    status::read(layout, "sensor").is_some_and(|status| Timestamp::now().duration_since(status.at) < SILENT)
}
