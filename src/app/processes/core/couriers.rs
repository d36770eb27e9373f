//! Joins the store to the destinations: each gets a courier with a reader of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::keeper::Progress;
use crate::app::config::Config;
use crate::app::launch::Launch;
use crate::app::{Layout, managed};
use crate::event::health::{Check, KINDS};
use crate::event::{Alert, Event, Health, SystemEvent, SystemRecord};
use crate::forward::{AlertSource, Courier, Destination, DestinationState, Notice};
use crate::link::{Batch, Item};
use crate::runtime::{Shutdown, Trigger, shutdown};
use crate::store::{Entry, Reader, Record};

/// Heartbeats older than this are not told any more.
const HEARTBEATS: SignedDuration = SignedDuration::from_hours(1);

/// How often the console's settings are looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Starts a courier per destination, and follows what users of the console make of them; gives a view of
/// them for the status page.
pub(super) fn start(
    launch: &Launch,
    layout: &Layout,
    progress: &watch::Receiver<Progress>,
    batches: &mpsc::Sender<Batch>,
    ear: &Shutdown,
) -> Result<impl Fn() -> Vec<DestinationState> + Clone + Send + 'static, String> {
    let (news, heard) = watch::channel(0);
    tokio::spawn(announce(progress.clone(), news, ear.clone()));
    let shown = Arc::new(Mutex::new(Vec::new()));
    let mut fleet = Fleet {
        own: launch.config.clone(),
        layout: layout.clone(),
        heard,
        voice: Voice::new(batches),
        running: Vec::new(),
        shown: Arc::clone(&shown),
    };
    let written = managed::written(layout);
    let wanted = fleet.wanted()?;
    for destination in wanted {
        fleet.send_out(destination)?;
    }
    tokio::spawn(fleet.follow(written, ear.clone()));
    Ok(move || {
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.iter().map(|s: &View| s.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    })
}

type View = Arc<Mutex<DestinationState>>;

/// One destination and who carries to it.
struct Running {
    destination: Destination,
    stop: Trigger,
    task: JoinHandle<()>,
    state: View,
}

/// All couriers.
struct Fleet {
    own: Config,
    layout: Layout,
    heard: watch::Receiver<u64>,
    voice: Voice,
    running: Vec<Running>,
    shown: Arc<Mutex<Vec<View>>>,
}

impl Fleet {
    /// The destinations that there shall be.
    fn wanted(&self) -> Result<Vec<Destination>, String> {
        let whole = managed::effective(&self.own, &self.layout);
        whole
            .map(|config| config.destination)
            .map_err(|e| format!("{}: {e}", self.layout.managed().display()))
    }

    async fn follow(mut self, mut written: Option<SystemTime>, mut ear: Shutdown) {
        loop {
            tokio::select! {
                () = ear.requested() => break,
                () = tokio::time::sleep(PERIOD) => {}
            }
            let now = managed::written(&self.layout);
            if now == written {
                continue;
            }
            match self.wanted() {
                Ok(wanted) => {
                    written = now;
                    self.become_these(wanted).await;
                }
                Err(error) => tracing::warn!(%error, "the last known destinations stay"),
            }
        }
        for running in &self.running {
            running.stop.fire();
        }
        for running in self.running {
            let _ = running.task.await;
        }
    }

    /// Ends the couriers of what is gone or changed, then sends out those that are new. One that changed
    /// goes on where the last was: the cursor is the name's.
    async fn become_these(&mut self, wanted: Vec<Destination>) {
        let running = std::mem::take(&mut self.running);
        let (stay, go): (Vec<_>, Vec<_>) =
            running.into_iter().partition(|running| wanted.contains(&running.destination));
        self.running = stay;
        for running in go {
            running.stop.fire();
            let _ = running.task.await;
        }
        for destination in wanted {
            if self.running.iter().all(|running| running.destination != destination)
                && let Err(error) = self.send_out(destination)
            {
                tracing::error!(error, "a destination gets no alerts");
            }
        }
        self.show();
    }

    fn send_out(&mut self, destination: Destination) -> Result<(), String> {
        let name = destination.name.clone();
        let source = Arc::new(Alerts::open(&self.layout)?);
        let voice = self.voice.clone();
        let tell = Box::new(move |event| voice.say(event));
        let courier = Courier::new(destination.clone(), source, &self.layout.forward(), tell)
            .map_err(|e| format!("destination {name}: {e}"))?;
        let (state, (stop, ear)) = (courier.state(), shutdown());
        let task = tokio::spawn(courier.run(self.heard.clone(), ear));
        self.running.push(Running { destination, stop, task, state });
        self.show();
        Ok(())
    }

    fn show(&self) {
        let views = self.running.iter().map(|running| Arc::clone(&running.state)).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = views;
    }
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
        layout.store().and_then(Reader::open).map(Mutex::new).map(Alerts).map_err(|e| e.to_string())
    }
}

/// People hear of what is under way, not of each of a hundred sources that are part of it. With the number of
/// the record up to which this is all.
fn alerts_after(
    reader: &Reader,
    mut sequence: u64,
    destination: &Destination,
    limit: usize,
) -> Result<(Vec<(u64, Alert)>, u64), String> {
    let is_told = |alert: &Alert| !destination.format.is_for_people() || alert.parent.is_none();
    loop {
        let page =
            reader.alerts_after(sequence, destination.min_severity, limit).map_err(|e| e.to_string())?;
        let last = page.last().filter(|_| page.len() == limit).map(|(seq, _)| *seq);
        let told: Vec<_> = page.into_iter().filter(|(_, alert)| is_told(alert)).collect();
        match last {
            Some(last) if told.is_empty() => sequence = last,
            last => return Ok((told, last.unwrap_or(u64::MAX))),
        }
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
        let (alerts, alerts_to) = alerts_after(&reader, sequence, destination, limit)?;
        let mut notices: Vec<_> =
            alerts.into_iter().map(|(seq, alert)| (seq, Notice::Alert(Box::new(alert)))).collect();
        if destination.health {
            let (health, whole_to) = health_after(&reader, sequence, destination, limit)?;
            notices.retain(|(seq, _)| *seq <= whole_to);
            notices.extend(health.into_iter().filter(|(seq, _)| *seq <= alerts_to));
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
        health.check != Check::Heartbeat || (health.at >= fresh && !destination.format.is_for_people())
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

/// Core's own way to its store: facts about destinations and packets, as a stream like any other. What is
/// said first is kept first: an event that another had overtaken would count as a repeat.
#[derive(Clone)]
pub(super) struct Voice(mpsc::UnboundedSender<Event>);

impl Voice {
    pub(super) fn new(batches: &mpsc::Sender<Batch>) -> Self {
        let (say, said) = mpsc::unbounded_channel();
        tokio::spawn(pass_on(said, batches.downgrade()));
        Voice(say)
    }

    pub(super) fn say(&self, event: SystemEvent) {
        let event = Event::System(SystemRecord { process: "core".into(), at: Timestamp::now(), event });
        // Nobody hears it once core ends.
        let _ = self.0.send(event);
    }
}

async fn pass_on(mut said: mpsc::UnboundedReceiver<Event>, batches: mpsc::WeakSender<Batch>) {
    let stream = Uuid::now_v7();
    let mut position = 0;
    while let Some(event) = said.recv().await {
        let (done, _) = oneshot::channel();
        let items = vec![Item { position, event }];
        let Some(batches) = batches.upgrade() else { return };
        let _ = batches.send(Batch { stream, process: "core".into(), items, done }).await;
        position += 1;
    }
}

#[cfg(test)]
mod tests;
