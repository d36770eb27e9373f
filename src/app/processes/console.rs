//! The console.

mod desk;
mod gallery;

use serde_json::json;

use super::{DRAIN, keep_status};
use crate::app::launch::Launch;
use crate::app::{Layout, find, status};
use crate::console::oidc::Question;
use crate::console::{self, DecoySegment, Given, Places, Process};
use crate::event::SystemEvent;
use crate::forward::{self, Asking};
use crate::link::Outlet;
use crate::privileged::netd::Segment;
use crate::runtime::{Shutdown, shutdown};
use crate::sys;

/// What users do is little.
const SPOOL_CAP: u64 = 64 << 20;

/// Processes whose state the first page shows.
const SHOWN: [&str; 3] = ["sensor", "core", "capd"];

/// Serves until told to stop, then hands what users did to core.
pub(super) async fn run(launch: Launch, layout: Layout, ear: Shutdown) -> Result<(), String> {
    let bound = launch.console.as_ref().ok_or("the console was given no socket")?;
    let listener = sys::inherited_listener(bound.fd).map_err(|e| e.to_string())?;
    let outlet =
        Outlet::open(&layout.spool("console"), "console", SPOOL_CAP).map_err(|e| format!("spool: {e}"))?;
    outlet.system(SystemEvent::Started { pid: std::process::id() });
    let (stop_shipping, shipping_ear) = shutdown();
    let shipping = tokio::spawn(outlet.clone().ship(layout.core_socket(), shipping_ear));
    let (address, link) = (bound.address, outlet.clone());
    let state = move || json!({ "address": address, "link": link.state() });
    tokio::spawn(keep_status(layout.clone(), "console", state, ear.clone()));
    let served = console::run(given(&launch, &layout, &outlet)?, listener, ear).await;
    outlet.system(SystemEvent::Stopped { pid: std::process::id() });
    outlet.drained(DRAIN).await;
    stop_shipping.fire();
    let _ = shipping.await;
    served
}

fn given(launch: &Launch, layout: &Layout, outlet: &Outlet) -> Result<Given, String> {
    let (tell, shown) = (outlet.clone(), layout.clone());
    let netd = launch.network.is_some().then_some("netd");
    let all: Vec<&str> = SHOWN.into_iter().chain(netd).collect();
    Ok(Given {
        settings: launch.config.console.clone(),
        places: Places {
            store: layout.store().map_err(|e| e.to_string())?,
            sessions: layout.sessions(),
            artefacts: layout.artefacts(),
            packets: layout.packets(),
            own: layout.console(),
        },
        decoys: launch.decoys.clone(),
        segments: segments(launch),
        processes: Box::new(move || all.iter().map(|name| process(&shown, name)).collect()),
        carrier: find::carrier,
        desk: desk::desk(launch, layout),
        ask: Box::new(ask),
        gallery: gallery::gallery(launch, layout),
        tell: Box::new(move |event| tell.system(event)),
    })
}

/// Longest answer of a provider of logins: a list of keys, or a token with hundreds of groups.
const ANSWER: usize = 256 << 10;

/// Asks a provider of logins.
fn ask(question: &Question<'_>) -> Result<Vec<u8>, String> {
    let asking = Asking {
        url: question.url,
        ca: question.ca,
        proxy: None,
        kind: "application/x-www-form-urlencoded",
        authorization: question.authorization,
        longest: ANSWER,
    };
    let asked = async {
        match &question.form {
            Some(form) => forward::ask(&asking, form.clone().into_bytes()).await,
            None => forward::fetch(&asking).await,
        }
    };
    tokio::runtime::Handle::current().block_on(asked).map_err(|e| e.to_string())
}

/// Where the decoys stand, if they have a network of their own.
fn segments(launch: &Launch) -> Vec<DecoySegment> {
    let Some(made) = &launch.network else { return Vec::new() };
    let hosts_of = |at: usize| made.plan.hosts.iter().filter(move |host| host.segment == at);
    let segment = |(at, segment): (usize, &Segment)| DecoySegment {
        name: segment.name.clone(),
        vlan: segment.vlan,
        network: segment.network.into(),
        prefix: segment.prefix,
        hosts: hosts_of(at).map(|host| host.name.clone()).collect(),
    };
    made.plan.segments.iter().enumerate().map(segment).collect()
}

fn process(layout: &Layout, name: &str) -> Process {
    let status = status::read(layout, name).filter(status::lives);
    Process {
        name: name.to_owned(),
        up: status.is_some(),
        detail: status.map(|s| s.state).unwrap_or_default(),
    }
}
