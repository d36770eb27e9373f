//! What is not as it should be: pure, from one look to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::look::{Looked, Sensor};
use crate::app::config::Health as Settings;
use crate::event::SystemEvent;
use crate::event::health::Check;

/// How long the sensor may take to its first word.
const GRACE: Duration = Duration::from_secs(60);

/// Events that may wait for core: bursts do for moments.
const WAITING: u64 = 5_000;

/// Looks in a row after which waiting events are a backlog: ten seconds.
const LOOKS: u32 = 20;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Failing {
    check: Check,
    /// Which; empty where there is only one.
    object: String,
    /// Since when.
    since: Timestamp,
    /// Why, in plain words.
    reason: String,
}

impl Failing {
    /// `destination siem`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.check.name(), self.object).trim_end().to_owned()
    }
}

/// What is known of the appliance's state.
pub(super) struct Conditions {
    settings: Settings,
    failing: BTreeMap<(Check, String), Failing>,
    /// The sensor as it answered last.
    sensor: Option<Sensor>,
    /// Looks in a row at which a process's events waited.
    waited: BTreeMap<String, u32>,
    settled: bool,
}

impl Conditions {
    pub(super) fn new(settings: Settings) -> Self {
        let (failing, waited) = (BTreeMap::new(), BTreeMap::new());
        Conditions { settings, failing, sensor: None, waited, settled: false }
    }

    /// Everything that is not as it should be.
    pub(super) fn failing(&self) -> Vec<Failing> {
        self.failing.values().cloned().collect()
    }

    /// Whether the sensor has said its first word, or took too long to.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// What is to be told after a look. Destinations, capture, the clock and the self-test tell for
    /// themselves; here they only stand in the list.
    pub(super) fn news(&mut self, seen: &Looked, uptime: Duration) -> Vec<SystemEvent> {
        let mut news = Vec::new();
        news.extend(self.decoys(seen, uptime));
        for (place, room) in &seen.disks {
            news.extend(self.disk(place, room.free, room.total));
        }
        for (process, waiting, bytes) in &seen.spools {
            news.extend(self.spool(process, *waiting, *bytes));
        }
        for to in &seen.destinations {
            let reason = (to.state == "down").then(|| to.reason.clone().unwrap_or_default());
            self.set(Check::Destination, &to.name, reason);
        }
        self.set(Check::Capture, "", seen.no_capture.clone());
        let unkept = seen.synchronised == Some(false);
        self.set(Check::Clock, "", unkept.then(|| "no time service keeps it".to_owned()));
        let broken = &seen.broken;
        self.set(Check::SelfTest, "", (!broken.is_empty()).then(|| broken.join(", ")));
        news
    }

    /// Notes how one thing stands; tells whether that is news.
    fn set(&mut self, check: Check, object: &str, reason: Option<String>) -> bool {
        let key = (check, object.to_owned());
        match (reason, self.failing.get_mut(&key)) {
            (Some(reason), Some(known)) => {
                known.reason = reason;
                false
            }
            (Some(reason), None) => {
                let since = Timestamp::now();
                self.failing.insert(key, Failing { check, object: object.to_owned(), since, reason });
                true
            }
            (None, _) => self.failing.remove(&key).is_some(),
        }
    }

    fn decoys(&mut self, seen: &Looked, uptime: Duration) -> Vec<SystemEvent> {
        let known = self.sensor.take();
        let Some(sensor) = &seen.sensor else {
            self.sensor = known;
            // Before its first word there is nothing to miss, unless it never comes.
            if self.sensor.is_none() && uptime < GRACE {
                return Vec::new();
            }
            self.settled = true;
            let hosts = self.sensor.as_ref().map(|sensor| &sensor.hosts).cloned().unwrap_or_default();
            let is_news = self.set(Check::Decoys, "", Some(seen.absent.to_owned()));
            return Vec::from_iter(is_news.then(|| decoys("down", &hosts, seen.absent)));
        };
        self.settled = true;
        self.sensor = Some(sensor.clone());
        let up = decoys("up", &sensor.hosts, "the sensor runs");
        let was_down = self.set(Check::Decoys, "", None);
        match known.filter(|known| known.pid != sensor.pid && !was_down) {
            // It was away between two looks.
            Some(known) => vec![decoys("down", &known.hosts, "the sensor was started again"), up],
            None => Vec::from_iter(was_down.then_some(up)),
        }
    }

    /// Low below the limit; not so again a fifth above it.
    fn disk(&mut self, place: &str, free: u64, total: u64) -> Option<SystemEvent> {
        let limit = (total / 100).saturating_mul(u64::from(self.settings.disk_free_percent));
        let was_low = self.failing.contains_key(&(Check::Disk, place.to_owned()));
        let low = free < limit || (was_low && free < limit + limit / 5);
        let (free_mib, total_mib) = (free >> 20, total >> 20);
        let reason = low.then(|| format!("{free_mib} of {total_mib} MiB are free"));
        let state = if low { "low" } else { "ok" };
        self.set(Check::Disk, place, reason).then(|| SystemEvent::Disk {
            place: place.to_owned(),
            state: state.to_owned(),
            free_mib,
            total_mib,
        })
    }

    fn spool(&mut self, process: &str, waiting: u64, bytes: u64) -> Option<SystemEvent> {
        let looks = self.waited.entry(process.to_owned()).or_default();
        *looks = if waiting > WAITING { looks.saturating_add(1) } else { 0 };
        let was_growing = self.failing.contains_key(&(Check::Spool, process.to_owned()));
        let growing = *looks >= LOOKS || (was_growing && waiting > WAITING / 10);
        let mib = bytes >> 20;
        let reason = growing.then(|| format!("{waiting} events wait, {mib} MiB"));
        let state = if growing { "growing" } else { "ok" };
        self.set(Check::Spool, process, reason).then(|| SystemEvent::Spool {
            process: process.to_owned(),
            state: state.to_owned(),
            waiting,
            mib,
        })
    }
}

fn decoys(state: &str, hosts: &BTreeSet<String>, reason: &str) -> SystemEvent {
    let (state, reason) = (state.to_owned(), reason.to_owned());
    SystemEvent::Decoys { state, hosts: hosts.iter().cloned().collect(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forward::DestinationState;
    use crate::sys::disk::Room;

    fn seen(hosts: Option<&[&str]>) -> Looked {
        let sensor = hosts.map(|hosts| Sensor {
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            services: 2,
            pid: 7,
        });
        Looked { sensor, absent: "the sensor does not run", ..Looked::default() }
    }

    fn names(conditions: &Conditions) -> Vec<String> {
        conditions.failing().iter().map(Failing::name).collect()
    }

    #[test]
    fn decoys_that_fall_silent_are_told_once_and_once_more_when_they_answer() {
        let mut conditions = Conditions::new(Settings::default());
        let news = |conditions: &mut Conditions, looked: &Looked| conditions.news(looked, Duration::ZERO);
        assert_eq!(news(&mut conditions, &seen(None)), [], "it has not begun yet");
        assert!(!conditions.is_settled());
        assert_eq!(news(&mut conditions, &seen(Some(&["his", "pacs"]))), []);
        let down = news(&mut conditions, &seen(None));
        assert!(
            matches!(&down[..], [SystemEvent::Decoys { state, hosts, .. }] if state == "down" && hosts.len() == 2)
        );
        assert_eq!(news(&mut conditions, &seen(None)), []);
        assert_eq!(names(&conditions), ["decoys"]);
        let up = news(&mut conditions, &seen(Some(&["his", "pacs"])));
        assert!(matches!(&up[..], [SystemEvent::Decoys { state, .. }] if state == "up"));
        assert!(names(&conditions).is_empty());
        let mut again = seen(Some(&["his", "pacs"]));
        again.sensor.as_mut().unwrap().pid = 8;
        assert_eq!(news(&mut conditions, &again).len(), 2, "one that came back between two looks was away");
        let mut never = Conditions::new(Settings::default());
        assert_eq!(never.news(&seen(None), GRACE).len(), 1, "one that never comes is missed too");
    }

    #[test]
    fn a_disk_is_low_until_there_is_clearly_more_room() {
        let mut conditions = Conditions::new(Settings { disk_free_percent: 10, ..Settings::default() });
        let with = |free: u64| {
            let room = Room { free: free << 20, total: 1_000 << 20, id: 1 };
            let looked = Looked { disks: vec![("data", room)], ..seen(Some(&["his"])) };
            conditions.news(&looked, Duration::ZERO).len()
        };
        assert_eq!([200, 90, 105, 119, 130, 125].map(with), [0, 1, 0, 0, 1, 0]);
    }

    #[test]
    fn a_burst_is_no_backlog() {
        let mut conditions = Conditions::new(Settings::default());
        let mut with = |waiting: u64| {
            let looked = Looked { spools: vec![("sensor".into(), waiting, 9 << 20)], ..seen(Some(&["his"])) };
            conditions.news(&looked, Duration::ZERO)
        };
        assert!((1..LOOKS).all(|_| with(9_000).is_empty()));
        assert!(with(0).is_empty());
        let told: Vec<_> = (0..LOOKS + 3).flat_map(|_| with(9_000)).collect();
        assert!(matches!(&told[..], [SystemEvent::Spool { state, mib: 9, .. }] if state == "growing"));
        assert!(with(4_000).is_empty() && with(10).len() == 1);
    }

    #[test]
    fn a_destination_that_is_down_stands_in_the_list() {
        let mut conditions = Conditions::new(Settings::default());
        let state = DestinationState {
            name: "siem".into(),
            state: "down",
            reason: Some("refused".into()),
            since: Timestamp::now(),
            last_error: None,
            last_error_at: None,
            sent: 0,
            set_aside: 0,
            settled: 0,
        };
        let mut looked = Looked { destinations: vec![state], ..seen(Some(&["his"])) };
        assert_eq!(conditions.news(&looked, Duration::ZERO), [], "its courier tells that");
        assert_eq!(names(&conditions), ["destination siem"]);
        looked.destinations[0].state = "up";
        conditions.news(&looked, Duration::ZERO);
        assert!(names(&conditions).is_empty());
    }
}
