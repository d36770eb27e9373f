//! Core: keeps, judges, tells.

mod ageing;
mod allowances;
mod baiting;
mod clock;
mod couriers;
mod following;
mod health;
mod keeper;
mod keeping;
mod managing;
mod newcomers;
mod roots;
mod settling;
mod stamping;
mod withholding;

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use self::keeper::Keeper;
use self::roots::Notary;
use super::keep_status;
use crate::app::launch::Launch;
use crate::app::{Layout, status};
use crate::detect;
use crate::event::SystemEvent;
use crate::link::{Batch, Inlet};
use crate::runtime::Shutdown;
use crate::store::{Signer, StoreError};

/// Batches that wait while a transaction runs: they make the next one.
const WAITING: usize = 8;

/// Takes events until told to stop; then keeps what was taken and ends.
pub(super) async fn run(launch: Launch, layout: Layout, ear: Shutdown) -> Result<(), String> {
    let opened = patiently(
        &ear,
        |error| wait_openly(&layout, error),
        || {
            let (mut keeper, progress) = Keeper::open(&layout, settings(&launch))?;
            keeper.note(SystemEvent::Started { pid: std::process::id() })?;
            Ok((keeper, progress))
        },
    );
    let Some((keeper, progress)) = opened.await.map_err(|e| e.to_string())? else { return Ok(()) };
    let inlet =
        Inlet::bind(&layout.core_socket()).map_err(|e| format!("{}: {e}", layout.core_socket().display()))?;
    let (batches, taken) = mpsc::channel(WAITING);
    tokio::spawn(clock::run(couriers::Voice::new(&batches), ear.clone()));
    tokio::spawn(roots::run(layout.clone(), notary(&launch)?, couriers::Voice::new(&batches), ear.clone()));
    if let Some(authority) = launch.config.evidence.timestamp.clone() {
        let voice = couriers::Voice::new(&batches);
        tokio::spawn(stamping::run(layout.clone(), authority, voice, ear.clone()));
    }
    let (retention, voice) = (launch.config.retention.clone(), couriers::Voice::new(&batches));
    tokio::spawn(ageing::run(layout.clone(), retention, voice, ear.clone()));
    tokio::spawn(withholding::run(layout.clone(), couriers::Voice::new(&batches), ear.clone()));
    let allowances = launch.config.detection.allowance.clone();
    let voice = couriers::Voice::new(&batches);
    tokio::spawn(allowances::run(layout.clone(), allowances, voice, ear.clone()));
    let destinations = couriers::start(&launch, &layout, &progress, &batches, &ear)?;
    let voice = couriers::Voice::new(&batches);
    tokio::spawn(managing::run(launch.clone(), layout.clone(), progress.clone(), voice, ear.clone()));
    tokio::spawn(keeping::run(layout.clone(), progress.clone(), ear.clone()));
    let health = health::Shown::default();
    let (states, voice) = (destinations.clone(), couriers::Voice::new(&batches));
    tokio::spawn(health::run(launch.clone(), layout.clone(), states, voice, health.clone(), ear.clone()));
    let state = move || {
        let health = health.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let store = progress.borrow().clone();
        let note = store.stalled.clone();
        json!({ "note": note, "store": store, "destinations": destinations(), "health": health })
    };
    tokio::spawn(keep_status(layout, "core", state, ear.clone()));
    let ended = on_own_thread(keeper, taken, ear.clone())?;
    inlet.serve(batches, ear).await;
    ended.await.map_err(|_| "the store's thread died".to_owned())
}

/// Pauses before the store is tried again, from the first to the longest.
const RETRY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];

/// Does what needs the store, however often it takes, as long as what is wrong may pass; nothing when
/// told to stop before. `waiting` is told why it takes so long.
async fn patiently<T>(
    ear: &Shutdown,
    waiting: impl Fn(&StoreError),
    mut attempt: impl FnMut() -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut ear = ear.clone();
    let [mut pause, longest] = RETRY;
    loop {
        match tokio::task::block_in_place(&mut attempt) {
            Ok(done) => return Ok(Some(done)),
            Err(error) if error.may_pass() => waiting(&error),
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = ear.requested() => return Ok(None),
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(longest),
        }
    }
}

/// Says in the status why core does not take events yet: the processes' spools hold them.
fn wait_openly(layout: &Layout, error: &StoreError) {
    tracing::error!(%error, "core waits for the store");
    let why = error.to_string();
    if let Err(error) = status::write(layout, "core", json!({ "note": why, "store": { "stalled": why } })) {
        tracing::warn!(%error, "the status file can't be written");
    }
}

fn notary(launch: &Launch) -> Result<Notary, String> {
    let seed = launch.evidence_seed.as_deref().ok_or("core was given no key to sign with")?;
    let seed = hex::decode(seed).map_err(|e| e.to_string())?;
    let seed: [u8; 32] = seed.try_into().map_err(|_| "the key to sign with has not 32 bytes")?;
    let signer = Signer::new(&seed).ok_or("the key to sign with is none")?;
    let evidence = &launch.config.evidence;
    Ok(Notary { signer, every: Duration::from_secs(evidence.root_minutes * 60), sm3: evidence.sm3 })
}

fn settings(launch: &Launch) -> detect::Settings {
    let own: BTreeSet<_> = launch
        .services
        .iter()
        .flat_map(|service| [service.wanted.ip(), service.address.ip()])
        .filter(|address| !address.is_unspecified())
        .collect();
    let hosts = launch.services.iter().map(|service| service.host.clone());
    // Since when each is there the keeper knows.
    let born = hosts.map(|host| (host, Timestamp::UNIX_EPOCH)).collect();
    detect::Settings { own, born, ..launch.config.detection.clone() }
}

fn on_own_thread(
    keeper: Keeper,
    taken: mpsc::Receiver<Batch>,
    ear: Shutdown,
) -> Result<oneshot::Receiver<()>, String> {
    let (ending, ended) = oneshot::channel();
    std::thread::Builder::new()
        .name("store".into())
        .spawn(move || {
            keeper.run(taken, &ear);
            let _ = ending.send(());
        })
        .map_err(|e| e.to_string())?;
    Ok(ended)
}
