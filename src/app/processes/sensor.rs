//! The sensor: decoys on inherited sockets.

use std::os::fd::AsFd;
use std::sync::Arc;

use serde_json::json;

use super::{DRAIN, keep_status, sandbox};
use crate::app::Layout;
use crate::app::launch::{BoundService, Launch};
use crate::event::SystemEvent;
use crate::link::Outlet;
use crate::persona::{Installation, Transport};
use crate::record::Artefacts;
use crate::runtime::{Shutdown, shutdown};
use crate::sensor::{Bound, Claim, Sensor, SensorParts, Socket};
use crate::sys;
use crate::world::World;

/// Serves until told to stop, then ends every session and hands all events to core.
pub(super) async fn run(launch: Launch, layout: Layout, ear: Shutdown) -> Result<(), String> {
    let settings = launch.config.sensor.clone();
    let outlet = Outlet::open(&layout.spool("sensor"), "sensor", settings.spool_mib << 20)
        .map_err(|e| format!("spool: {e}"))?;
    let sensor = build(&launch, &layout, outlet.clone(), ear.clone())?;
    outlet.system(SystemEvent::Started { pid: std::process::id() });
    let (stop_shipping, shipping_ear) = shutdown();
    let shipping = tokio::spawn(outlet.clone().ship(layout.core_socket(), shipping_ear));
    let states = sensor.states();
    let link = outlet.clone();
    let status = move || {
        let (services, open, refused) = states();
        json!({ "services": services, "open_connections": open, "refused_connections": refused, "link": link.state() })
    };
    tokio::spawn(keep_status(layout, "sensor", status, ear));
    sensor.serve().await;
    outlet.system(SystemEvent::Stopped { pid: std::process::id() });
    if !outlet.drained(DRAIN).await {
        tracing::warn!(waiting = outlet.state().waiting, "core did not take all; the spool keeps it");
    }
    stop_shipping.fire();
    let _ = shipping.await;
    Ok(())
}

/// Goes where there is no way out, and puts up the walls. Before any thread is made: each would stay
/// where it was.
///
/// # Errors
/// In plain words; the sensor must not run then.
pub(super) fn confine(launch: &Launch, layout: &Layout) -> Result<(), String> {
    if let Some(network) = &launch.network {
        let inside = sys::network::inherited_descriptor(network.inside).map_err(|e| e.to_string())?;
        sys::network::enter_network(inside.as_fd()).map_err(|e| format!("the sensor's namespace: {e}"))?;
    }
    sandbox::apply(launch, layout)
}

fn build(launch: &Launch, layout: &Layout, outlet: Outlet, ear: Shutdown) -> Result<Sensor, String> {
    let settings = launch.config.sensor.clone();
    let pack = Arc::new(launch.config.load_pack(installation(launch)?).map_err(|e| e.to_string())?);
    let world = Arc::new(World::new(Arc::clone(&pack.hospital), &pack.installation));
    let artefacts = Artefacts::open(&layout.artefacts(), settings.artefacts_mib << 20)
        .map_err(|e| format!("artefacts: {e}"))?;
    let devices = &launch.config.detection.device;
    let parts = SensorParts {
        pack,
        world,
        outlet,
        sessions: layout.sessions(),
        artefacts,
        settings,
        privacy: launch.config.privacy.clone(),
        devices: devices.iter().map(|device| (device.source, device.name.clone())).collect(),
    };
    let bound = launch.services.iter().map(take_socket).collect::<Result<_, _>>()?;
    Sensor::new(parts, bound, ear)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn installation(launch: &Launch) -> Result<Installation, String> {
    let secret = launch.decoy_secret.as_deref().ok_or("the sensor was given no secret")?;
    let bytes = hex::decode(secret).map_err(|e| e.to_string())?;
    Ok(Installation::new(bytes.try_into().map_err(|_| "the sensor's secret has not 32 bytes")?))
}

fn take_socket(service: &BoundService) -> Result<Bound, String> {
    let socket = match service.protocol.transport() {
        Transport::Tcp => sys::inherited_listener(service.fd).map(Socket::Listener),
        Transport::Udp => sys::inherited_datagrams(service.fd).map(Socket::Datagrams),
    };
    let socket = socket.map_err(|e| format!("{} {}: {e}", service.host, service.protocol.as_str()))?;
    let inner = service.inner.map(sys::inherited_listener).transpose();
    let inner = inner.map_err(|e| format!("{} {}: {e}", service.host, service.protocol.as_str()))?;
    Ok(Bound {
        claim: Claim { host: service.host.clone(), protocol: service.protocol, wanted: service.wanted },
        address: service.address,
        socket,
        inner,
    })
}
