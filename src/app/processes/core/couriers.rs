//! Joins the store to the destinations: each gets a courier with a reader of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::keeper::Progress;
use crate::app::Layout;
use crate::app::launch::Launch;
use crate::event::health::{Check, KINDS};
use crate::event::{Event, Health, SystemEvent, SystemRecord};
use crate::forward::{AlertSource, Courier, Destination, DestinationState, Notice};
use crate::link::{Batch, Item};
use crate::runtime::Shutdown;
use crate::store::{Entry, Reader, Record};

/// Heartbeats older than this are not told any more.
const HEARTBEATS: SignedDuration = SignedDuration::from_hours(1);

/// Starts a courier per destination; gives a view of them for the status page.
pub(super) fn start(
    launch: &Launch,
    layout: &Layout,
    progress: &watch::Receiver<Progress>,
    batches: &mpsc::Sender<Batch>,
    ear: &Shutdown,
) -> Result<impl Fn() -> Vec<DestinationState> + Clone + Send + 'static, String> {
    let (news, heard) = watch::channel(0);
    tokio::spawn(announce(progress.clone(), news, ear.clone()));
    let voice = Voice::new(batches);
    let mut states = Vec::new();
    for destination in &launch.config.destination {
        let name = destination.name.clone();
        let source = Arc::new(Alerts::open(layout)?);
        let voice = voice.clone();
        let tell = Box::new(move |event| voice.say(event));
        let courier = Courier::new(destination.clone(), source, &layout.forward(), tell)
            .map_err(|e| format!("destination {name}: {e}"))?;
        states.push(courier.state());
        tokio::spawn(courier.run(heard.clone(), ear.clone()));
    }
    Ok(move || states.iter().map(|s| s.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect())
}

/// Wakes the couriers only when there is a new alert, not at each commit.
async fn announce(mut progress: watch::Receiver<Progress>, news: watch::Sender<u64>, mut ear: Shutdown) {
    loop {
        let last = progress.borrow_and_update().last_alert;
        news.send_if_modified(|known| std::mem::replace(known, last) != last);
        tokio::select! {
            changed = progress.changed() => if changed.is_err() { return },
            () = ear.requested() => return,
        }
    }
}

/// The store as the couriers see it.
struct Alerts(Mutex<Reader>);

impl Alerts {
    fn open(layout: &Layout) -> Result<Self, String> {
        Reader::open(&layout.database()).map(Mutex::new).map(Alerts).map_err(|e| e.to_string())
    }
}

impl AlertSource for Alerts {
    fn notices_after(
        &self,
        sequence: u64,
        destination: &Destination,
        limit: usize,
    ) -> Result<Vec<(u64, Notice)>, String> {
        let reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alerts = reader.alerts_after(sequence, destination.min_severity, limit);
        let alerts = alerts.map_err(|e| e.to_string())?;
        let mut notices: Vec<_> =
            alerts.into_iter().map(|(seq, alert)| (seq, Notice::Alert(Box::new(alert)))).collect();
        if destination.health {
            let (health, whole_to) = health_after(&reader, sequence, destination, limit)?;
            notices.retain(|(seq, _)| *seq <= whole_to);
            notices.extend(health);
            // Each of the two is whole up to its own limit, so the first of both are whole too.
            notices.sort_unstable_by_key(|(seq, _)| *seq);
            notices.truncate(limit);
        }
        Ok(notices)
    }
}

/// What is told of the appliance's health. An old heartbeat says nothing that a newer one does not, and a
/// chat is no place for any. With it the number of the record up to which this is all.
fn health_after(
    reader: &Reader,
    mut sequence: u64,
    destination: &Destination,
    limit: usize,
) -> Result<(Vec<(u64, Notice)>, u64), String> {
    let fresh = Timestamp::now() - HEARTBEATS;
    let is_told = |health: &Health| {
        health.check != Check::Heartbeat || (health.at >= fresh && !destination.api.is_robot())
    };
    loop {
        let records = reader.oldest_beside(&KINDS, sequence, limit).map_err(|e| e.to_string())?;
        let last = records.last().map(|record| record.seq);
        let (whole, found) = (records.len() == limit, records.iter().filter_map(health));
        let told: Vec<_> = found
            .filter(|(_, health)| is_told(health))
            .map(|(seq, health)| (seq, Notice::Health(Box::new(health))))
            .collect();
        match last {
            Some(last) if whole && told.is_empty() => sequence = last,
            Some(last) if whole => return Ok((told, last)),
            _ => return Ok((told, u64::MAX)),
        }
    }
}

fn health(record: &Record) -> Option<(u64, Health)> {
    let Entry::Event(Event::System(system)) = &record.entry else { return None };
    Health::of(record.seq, &record.prev, system).map(|health| (record.seq, health))
}

/// Core's own way to its store: facts about destinations and packets, as a stream like any other.
#[derive(Clone)]
pub(super) struct Voice {
    batches: mpsc::WeakSender<Batch>,
    stream: Uuid,
    next: Arc<AtomicU64>,
}

impl Voice {
    pub(super) fn new(batches: &mpsc::Sender<Batch>) -> Self {
        Voice { batches: batches.downgrade(), stream: Uuid::now_v7(), next: Arc::default() }
    }

    pub(super) fn say(&self, event: SystemEvent) {
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        let event = Event::System(SystemRecord { process: "core".into(), at: Timestamp::now(), event });
        let (done, _) = oneshot::channel();
        let items = vec![Item { position, event }];
        let batch = Batch { stream: self.stream, process: "core".into(), items, done };
        let weak = self.batches.clone();
        tokio::spawn(async move {
            if let Some(batches) = weak.upgrade() {
                let _ = batches.send(batch).await;
            }
        });
    }
}
