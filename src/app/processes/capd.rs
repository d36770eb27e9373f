//! Packet capture.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::{DRAIN, keep_status};
use crate::app::Layout;
use crate::app::launch::Launch;
use crate::event::SystemEvent;
use crate::link::Outlet;
use crate::privileged::capd::{Capd, Settings, Unavailable};
use crate::runtime::{Shutdown, shutdown};

/// Capd's events are few.
const SPOOL_CAP: u64 = 8 << 20;

/// Capture outlives the order to stop by this, so that the last packets of sessions that end with
/// it are there.
const LINGER: Duration = Duration::from_millis(500);

/// Pause before a capture that could not start is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Captures until told to stop, then closes the last segment and hands all events to core.
pub(super) async fn run(launch: Launch, layout: Layout, mut ear: Shutdown) -> Result<(), String> {
    let outlet = Outlet::open(&layout.spool("capd"), "capd", SPOOL_CAP).map_err(|e| format!("spool: {e}"))?;
    outlet.system(SystemEvent::Started { pid: std::process::id() });
    let (stop_shipping, shipping_ear) = shutdown();
    let shipping = tokio::spawn(outlet.clone().ship(layout.core_socket(), shipping_ear));
    let capture = Arc::new(Mutex::new(State::Idle("starting".into())));
    let (shown, link) = (Arc::clone(&capture), outlet.clone());
    let status = move || shown_state(&locked(&shown), &link);
    tokio::spawn(keep_status(layout.clone(), "capd", status, ear.clone()));
    tokio::select! {
        () = start(&launch, &layout, &outlet, &capture) => ear.requested().await,
        () = ear.requested() => {}
    }
    stop(&capture).await;
    outlet.system(SystemEvent::Stopped { pid: std::process::id() });
    outlet.drained(DRAIN).await;
    stop_shipping.fire();
    let _ = shipping.await;
    Ok(())
}

enum State {
    Idle(String),
    Capturing(Capd),
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends once capture runs or never can. Each new reason is told once.
async fn start(launch: &Launch, layout: &Layout, outlet: &Outlet, state: &Mutex<State>) {
    let settings = &with_segments(launch);
    if !settings.enabled {
        *locked(state) = State::Idle("capture is off by the config".into());
        return;
    }
    let decoys = decoys(launch);
    let mut told = String::new();
    loop {
        let events = outlet.clone();
        match Capd::start(&layout.packets(), settings, &decoys, move |event| events.system(event)) {
            Ok(capd) => return *locked(state) = State::Capturing(capd),
            Err(error) => {
                let reason = error.to_string();
                if reason != told {
                    tracing::warn!("packets are not captured: {reason}");
                    outlet.system(SystemEvent::CaptureUnavailable { reason: reason.clone() });
                    *locked(state) = State::Idle(reason.clone());
                    told = reason;
                }
                if matches!(error, Unavailable::NoRight(_)) {
                    return;
                }
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Without interfaces of its own, the capture runs on the decoys' segments; the ring is shared out.
fn with_segments(launch: &Launch) -> Settings {
    let mut settings = launch.config.capture.clone();
    settings.days = launch.config.retention.packets_days;
    if let Some(network) = launch.network.as_ref().filter(|_| settings.interfaces.is_empty()) {
        let mut links: Vec<_> = network.plan.segments.iter().map(|segment| segment.link.clone()).collect();
        links.sort_unstable();
        links.dedup();
        settings.ring_mib =
            (settings.ring_mib / u16::try_from(links.len().max(1)).unwrap_or(u16::MAX)).max(4);
        settings.interfaces = links;
    }
    settings
}

fn decoys(launch: &Launch) -> Vec<IpAddr> {
    let mut decoys: Vec<_> = launch.services.iter().map(|service| service.address.ip()).collect();
    decoys.sort_unstable();
    decoys.dedup();
    decoys
}

async fn stop(state: &Mutex<State>) {
    let ended = std::mem::replace(&mut *locked(state), State::Idle("stopped".into()));
    if let State::Capturing(capd) = ended {
        tokio::time::sleep(LINGER).await;
        let _ = tokio::task::spawn_blocking(|| capd.stop()).await;
    }
}

fn shown_state(state: &State, link: &Outlet) -> Value {
    match state {
        State::Idle(note) => json!({ "capturing": false, "note": note, "link": link.state() }),
        State::Capturing(capd) => {
            let interfaces: Vec<_> = capd
                .state()
                .into_iter()
                .map(|(name, packets, dropped)| json!({ "name": name, "packets": packets, "dropped": dropped }))
                .collect();
            json!({ "capturing": true, "interfaces": interfaces, "link": link.state() })
        }
    }
}
