//! The one who writes: each group of batches is one transaction with all that follows from it.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{mpsc, watch};

use super::RETRY;
use super::baiting::Baiting;
use super::following::Following;
use super::newcomers::born;
use super::settling::Settling;
use crate::app::{Layout, find};
use crate::detect::{self, Class, Detector};
use crate::event::observation::CloseReason;
use crate::event::{Event, Observation, SessionEvent, SystemEvent, SystemRecord};
use crate::link::Batch;
use crate::runtime::Shutdown;
use crate::store::{Detected, SessionRow, Store, StoreError, Transaction};

/// Events after which a transaction takes no more batches: commits stay well below a second.
const GROUP: usize = 4_096;

const PROCESS: &str = "core";

/// How far the store is: for the status page and for whoever waits for alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Progress {
    /// Number of the last record.
    pub(crate) records: u64,
    /// Number of the last record that is an alert, since this start; 0 before the first.
    pub(crate) last_alert: u64,
    /// Events kept since this start.
    pub(crate) events: u64,
    /// Events that were sent again and known already, since this start.
    pub(crate) repeated: u64,
    /// Transactions since this start.
    pub(crate) commits: u64,
    /// Why nothing is taken at the moment, if so.
    pub(crate) stalled: Option<String>,
}

/// Store and detection, in step.
pub(super) struct Keeper {
    store: Store,
    settings: detect::Settings,
    detector: Detector,
    baiting: Baiting,
    /// What is known of baits and not kept yet.
    untold: VecDeque<SystemEvent>,
    following: Following,
    settling: Settling,
    /// Whether the detector may be ahead of the store.
    stale: bool,
    progress: watch::Sender<Progress>,
}

impl Keeper {
    /// Opens the store and goes on where it ended.
    pub(super) fn open(
        layout: &Layout,
        mut settings: detect::Settings,
    ) -> Result<(Self, watch::Receiver<Progress>), StoreError> {
        let store = Store::open(layout.store()?)?;
        let baiting = Baiting::open(layout)?;
        let following = Following::new(layout, settings.allowance.clone());
        let records = store.head().seq;
        settings.born = born(layout, settings.born.into_keys(), records > 0)
            .map_err(|error| StoreError::Io { path: layout.hosts(), error })?;
        let (progress, watching) = watch::channel(Progress { records, ..Progress::default() });
        let detector = Detector::default();
        let untold = VecDeque::new();
        let settling = Settling::new(layout);
        let mut keeper =
            Keeper { store, settings, detector, baiting, untold, following, settling, stale: true, progress };
        keeper.learn()?;
        keeper.recover()?;
        Ok((keeper, watching))
    }

    /// Keeps batches until all senders are gone, or until it can't and is told to stop.
    pub(super) fn run(mut self, mut batches: mpsc::Receiver<Batch>, ear: &Shutdown) {
        while let Some(first) = batches.blocking_recv() {
            let group = gather(first, &mut batches);
            if !self.insist(&group, ear) {
                return;
            }
            for batch in group {
                // A connection that is gone asks again when it comes back.
                let _ = batch.done.send(());
            }
        }
        if let Err(error) = self.note(SystemEvent::Stopped { pid: std::process::id() }) {
            tracing::warn!(%error, "the end of core is not in the store");
        }
    }

    /// Keeps a fact about core itself.
    pub(super) fn note(&mut self, event: SystemEvent) -> Result<(), StoreError> {
        let at = Timestamp::now();
        let record = Event::System(SystemRecord { process: PROCESS.into(), at, event });
        self.transact(|transaction, _| transaction.append(at, PROCESS, &record).map(drop))
    }

    /// Keeps a group, however often it takes; `false` when told to stop before it could.
    fn insist(&mut self, group: &[Batch], ear: &Shutdown) -> bool {
        let [mut pause, longest] = RETRY;
        while let Err(error) = self.keep(group) {
            tracing::error!(%error, "events wait: the store can't take them");
            self.progress.send_modify(|progress| progress.stalled = Some(error.to_string()));
            if ear.is_requested() {
                return false;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(longest);
        }
        true
    }

    fn keep(&mut self, group: &[Batch]) -> Result<(), StoreError> {
        self.learn()?;
        self.settling.settle(group);
        self.transact(|transaction, work| {
            group.iter().try_for_each(|batch| work.keep_batch(transaction, batch))
        })
    }

    /// Knows what is allowed and which baits are out by now, and keeps what is new of these before what
    /// they raise.
    fn learn(&mut self) -> Result<(), StoreError> {
        if let Some(allowances) = self.following.news() {
            self.settings.allowance.clone_from(&allowances);
            self.detector.set_allowances(allowances);
        }
        if let Some(news) = self.baiting.news() {
            self.settings.baits = news.baits.clone();
            self.detector.set_baits(news.baits);
            self.untold.extend(news.events);
        }
        while let Some(event) = self.untold.front().cloned() {
            self.note(event)?;
            self.untold.pop_front();
        }
        Ok(())
    }

    /// One transaction: all that `fill` does, with what detection makes of it, or nothing.
    fn transact(
        &mut self,
        fill: impl FnOnce(&mut Transaction<'_>, &mut Work<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.recover()?;
        self.stale = true;
        let mut work = Work {
            at: Timestamp::now(),
            detector: &mut self.detector,
            events: 0,
            repeated: 0,
            last_alert: 0,
        };
        let mut transaction = self.store.begin()?;
        fill(&mut transaction, &mut work)?;
        work.save(&mut transaction)?;
        transaction.commit()?;
        self.stale = false;
        let Work { events, repeated, last_alert, .. } = work;
        let records = self.store.head().seq;
        self.progress.send_modify(|progress| {
            progress.records = records;
            progress.events += events;
            progress.repeated += repeated;
            progress.last_alert = progress.last_alert.max(last_alert);
            progress.commits += 1;
            progress.stalled = None;
        });
        Ok(())
    }

    /// Brings the detector back to what the store knows, after a start or a failure.
    fn recover(&mut self) -> Result<(), StoreError> {
        if !self.stale {
            return Ok(());
        }
        self.detector = Detector::new(self.settings.clone());
        for saved in self.store.detected(Timestamp::now() - detect::REMEMBERED)? {
            if let Err(error) = self.detector.restore(saved.source, &saved.state) {
                tracing::warn!(%error, source = %saved.source, "an incident of another version is left behind");
            }
        }
        self.stale = false;
        Ok(())
    }
}

/// More of what waits, up to a group.
fn gather(first: Batch, batches: &mut mpsc::Receiver<Batch>) -> Vec<Batch> {
    let mut events = first.items.len();
    let mut group = vec![first];
    while events < GROUP
        && let Ok(more) = batches.try_recv()
    {
        events += more.items.len();
        group.push(more);
    }
    group
}

/// What one transaction has done so far.
struct Work<'d> {
    at: Timestamp,
    detector: &'d mut Detector,
    events: u64,
    repeated: u64,
    last_alert: u64,
}

impl Work<'_> {
    fn keep_batch(&mut self, transaction: &mut Transaction<'_>, batch: &Batch) -> Result<(), StoreError> {
        let known = transaction.position(batch.stream)?;
        let mut last = None;
        for item in &batch.items {
            if known.is_some_and(|known| item.position <= known) {
                self.repeated += 1;
                continue;
            }
            self.keep_event(transaction, &batch.process, &item.event)?;
            if starts_sensor(&item.event) {
                self.close_lost(transaction)?;
            }
            last = Some(item.position);
        }
        if let Some(position) = last {
            transaction.advance(batch.stream, &batch.process, position);
        }
        Ok(())
    }

    fn keep_event(
        &mut self,
        transaction: &mut Transaction<'_>,
        process: &str,
        event: &Event,
    ) -> Result<(), StoreError> {
        let seq = transaction.append(self.at, process, event)?.seq;
        self.events += 1;
        let verdict = self.detector.observe(seq, event);
        if let (Some(class), Some(session)) = (verdict.class, event.session())
            && Class::named(transaction.class_of(session)) < Some(class)
        {
            transaction.rate(session, class.as_str(), class.severity());
        }
        if let Some(session) = event.session() {
            transaction.label(session, &verdict.techniques);
        }
        for alert in [verdict.joined, verdict.alert, verdict.storm].into_iter().flatten() {
            self.last_alert = transaction.alert(self.at, PROCESS, *alert)?;
        }
        Ok(())
    }

    /// Ends the sessions that a killed sensor left open: nobody else will.
    fn close_lost(&mut self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        for row in transaction.open_sessions()? {
            self.keep_event(transaction, PROCESS, &lost(&row))?;
        }
        Ok(())
    }

    fn save(&mut self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        let changed = self
            .detector
            .changed()
            .map_err(|error| StoreError::Unreadable { seq: 0, why: error.to_string() })?;
        for detect::Saved { source, last, state } in changed {
            transaction.save(Detected { source, last, state });
        }
        Ok(())
    }
}

/// A sensor's first word: whatever is open was its predecessor's.
fn starts_sensor(event: &Event) -> bool {
    let Event::System(record) = event else { return false };
    record.process == "sensor" && matches!(record.event, SystemEvent::Started { .. })
}

/// The end of a session that its sensor did not live to tell; the last that was seen is its time.
fn lost(row: &SessionRow) -> Event {
    Event::Session(SessionEvent {
        origin: row.origin(find::carrier(&row.service)),
        index: u32::try_from(row.events_made).unwrap_or(u32::MAX),
        at: row.last,
        observation: Observation::Closed {
            reason: CloseReason::SensorLost,
            bytes_in: 0,
            bytes_out: 0,
            duration_ms: u64::try_from(row.last.duration_since(row.opened).as_millis()).unwrap_or(0),
            transcript: None,
        },
    })
}

#[cfg(test)]
mod tests;
