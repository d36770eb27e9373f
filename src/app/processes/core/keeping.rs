//! Tells capd which packets must stay: those of every incident that is still open.
//!
//! An incident is open as long as detection would go on with it. Only what is worth a look counts:
//! a first sign must not fill the quota.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::keeper::Progress;
use super::patiently;
use crate::app::Layout;
use crate::detect::REMEMBERED;
use crate::event::{Alert, Severity};
use crate::record::packets::{Keep, retention};
use crate::runtime::Shutdown;
use crate::store::{AlertFilter, Reader, StoreError};

/// From this severity on, packets are kept.
const WORTH_A_LOOK: Severity = Severity::Medium;

/// The first event follows the first packet: a scan before it belongs to the incident too.
const BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// Alerts read at once.
const CHUNK: usize = 500;

/// The list is renewed at most this often.
const PAUSE: Duration = Duration::from_secs(1);

/// Incidents end by time alone, so that the list is renewed this often without an alert too.
const PERIOD: Duration = Duration::from_secs(3600);

/// Keeps the list up to date until told to stop.
pub(super) async fn run(layout: Layout, mut progress: watch::Receiver<Progress>, mut ear: Shutdown) {
    let waiting = |error: &StoreError| tracing::warn!(%error, "packets of incidents are not marked yet");
    let mut open = match patiently(&ear, waiting, || Open::new(&layout, Timestamp::now())).await {
        Ok(Some(open)) => open,
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, "packets of incidents are not marked"),
    };
    let mut renewed: Option<(u64, Instant)> = None;
    loop {
        let last = progress.borrow_and_update().last_alert;
        if renewed.is_none_or(|(alert, when)| alert != last || when.elapsed() >= PERIOD) {
            renewed = match tokio::task::block_in_place(|| open.renew(Timestamp::now())) {
                Ok(()) => Some((last, Instant::now())),
                Err(error) => {
                    tracing::warn!(%error, "packets of incidents are not marked");
                    None
                }
            };
        }
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(PERIOD) => {}
            changed = progress.changed() => if changed.is_err() { return },
        }
    }
}

/// The open incidents, one per source.
struct Open {
    reader: Reader,
    packets: PathBuf,
    /// Last alert that was read.
    after: u64,
    /// First and last event.
    incidents: BTreeMap<IpAddr, (Timestamp, Timestamp)>,
    written: Option<Vec<Keep>>,
}

impl Open {
    fn new(layout: &Layout, now: Timestamp) -> Result<Self, StoreError> {
        let reader = Reader::open(&layout.store()?)?;
        let filter = AlertFilter { since: Some(now - REMEMBERED), min_severity: Some(WORTH_A_LOOK) };
        let alerts = reader.alerts(&filter)?;
        let after = alerts.first().map_or(0, |(seq, _)| *seq);
        let mut open =
            Open { reader, packets: layout.packets(), after, incidents: BTreeMap::new(), written: None };
        alerts.iter().for_each(|(_, alert)| open.take(alert));
        Ok(open)
    }

    fn renew(&mut self, now: Timestamp) -> io::Result<()> {
        loop {
            let alerts = self
                .reader
                .alerts_after(self.after, WORTH_A_LOOK, CHUNK)
                .map_err(|error| io::Error::other(error.to_string()))?;
            let Some((last, _)) = alerts.last() else {
                break;
            };
            self.after = *last;
            alerts.iter().for_each(|(_, alert)| self.take(alert));
        }
        self.incidents.retain(|_, (_, last)| now.duration_since(*last) <= REMEMBERED);
        let kept: Vec<_> = self
            .incidents
            .iter()
            .map(|(source, (first, _))| Keep { source: *source, from: *first - BEFORE, to: None })
            .collect();
        if self.written.as_ref() != Some(&kept) {
            retention::keep(&self.packets, &kept)?;
            self.written = Some(kept);
        }
        Ok(())
    }

    fn take(&mut self, alert: &Alert) {
        if alert.test {
            return;
        }
        let span = self.incidents.entry(alert.source).or_insert((alert.first_seen, alert.last_seen));
        *span = (span.0.min(alert.first_seen), span.1.max(alert.last_seen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn alert(source: &str, severity: &str, test: bool) -> Alert {
        let (first, last) = ("2026-11-01T00:00:00Z", "2026-11-01T01:00:00Z");
        serde_json::from_value(serde_json::json!({
            "id": format!("{source}/{severity}"), "revision": 1, "at": last, "first_seen": first,
            "last_seen": last, "source": source, "source_port": 4000, "target": "127.0.10.11",
            "target_port": 22, "host": "his", "service": "ssh", "severity": severity, "confidence": 97,
            "rule": "HW-X", "title": "x", "title_zh": "试", "reasons": [], "techniques": [],
            "accounts": [], "sessions": [], "hosts": [], "chain_head": "", "chain_sequence": 0,
            "test": test
        }))
        .unwrap()
    }

    #[test]
    fn sources_of_incidents_are_kept_for_as_long_as_they_are_open() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        std::fs::create_dir_all(layout.packets()).unwrap();
        let mut store = Store::open(&layout.database()).unwrap();
        let now: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
        let mut open = Open::new(&layout, now).unwrap();
        let list = || -> serde_json::Value {
            let file = std::fs::read(layout.packets().join(retention::KEEP)).unwrap();
            serde_json::from_slice(&file).unwrap()
        };
        let told = [("10.0.0.7", "low", false), ("10.0.0.8", "high", true), ("10.0.0.9", "high", false)];
        for (source, severity, test) in told {
            let mut transaction = store.begin().unwrap();
            transaction.alert(now, "core", alert(source, severity, test)).unwrap();
            transaction.commit().unwrap();
            open.renew(now).unwrap();
        }
        let kept = serde_json::json!([{ "source": "10.0.0.9", "from": "2026-10-31T23:50:00Z", "to": null }]);
        assert_eq!(list(), kept);
        open.written = None;
        Open::new(&layout, now).unwrap().renew(now).unwrap();
        assert_eq!(list(), kept, "a restart reads it from the store");
        open.renew(now + REMEMBERED).unwrap();
        assert_eq!(list(), serde_json::json!([]));
    }
}
