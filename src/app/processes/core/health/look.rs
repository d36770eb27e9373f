//! One look at the appliance: what its processes say of themselves, its disks, its clock.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::app::launch::Launch;
use crate::app::status::{self, Status};
use crate::app::{Layout, find};
use crate::event::{Event, SystemEvent};
use crate::forward::DestinationState;
use crate::store::Entry;
use crate::sys;

/// A process that has written nothing for so long does not answer; it writes twice a second.
const SILENT: SignedDuration = SignedDuration::from_secs(10);

/// How often disks, the clock and the self-test are looked at.
const SLOWLY: Duration = Duration::from_secs(5);

/// Processes whose events go through a spool.
const SPOOLED: [&str; 4] = ["sensor", "capd", "console", "netd"];

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Looked {
    /// The sensor, when it lives and answers.
    pub(super) sensor: Option<Sensor>,
    /// Why the sensor is not there.
    pub(super) absent: &'static str,
    /// Spools: process, events that wait, bytes.
    pub(super) spools: Vec<(String, u64, u64)>,
    /// Disks: what is kept on them, and their room.
    pub(super) disks: Vec<(&'static str, sys::disk::Room)>,
    /// Destinations.
    pub(super) destinations: Vec<DestinationState>,
    /// Why no packets are kept, if so against the config.
    pub(super) no_capture: Option<String>,
    /// Whether a time service keeps the clock.
    pub(super) synchronised: Option<bool>,
    /// Walls around the decoys that do not hold.
    pub(super) broken: Vec<String>,
}

/// The sensor as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sensor {
    /// Its process id.
    pub(super) pid: u32,
    /// Deception hosts.
    pub(super) hosts: BTreeSet<String>,
    /// How many services they have.
    pub(super) services: usize,
}

/// Looks, again and again.
pub(super) struct Looker {
    layout: Layout,
    captures: bool,
    /// What changes slowly, and when it was looked at.
    slow: Option<(Instant, Looked)>,
}

impl Looker {
    pub(super) fn new(launch: &Launch, layout: Layout) -> Self {
        Looker { layout, captures: launch.config.capture.enabled, slow: None }
    }

    /// One look.
    pub(super) fn look(&mut self, destinations: Vec<DestinationState>) -> Looked {
        let slow = match self.slow.take().filter(|(when, _)| when.elapsed() < SLOWLY) {
            Some(known) => known,
            None => (Instant::now(), self.look_slowly()),
        };
        let mut seen = slow.1.clone();
        self.slow = Some(slow);
        let now = Timestamp::now();
        seen.destinations = destinations;
        match status::read(&self.layout, "sensor") {
            None => seen.absent = "the sensor has not started",
            Some(status) if !status::lives(&status) => seen.absent = "the sensor does not run",
            Some(status) if now.duration_since(status.at) > SILENT => seen.absent = "the sensor is silent",
            Some(status) => seen.sensor = Some(sensor(&status)),
        }
        let statuses = SPOOLED.into_iter().filter_map(|name| status::read(&self.layout, name));
        seen.spools = statuses.filter(status::lives).filter_map(|status| spool(&status)).collect();
        seen
    }

    fn look_slowly(&self) -> Looked {
        let mut disks: Vec<(&'static str, sys::disk::Room)> = Vec::new();
        let places: [(&'static str, PathBuf); 2] =
            [("data", self.layout.root().to_owned()), ("packets", self.layout.packets())];
        for (name, path) in places {
            match sys::disk::room(&path) {
                Ok(room) if disks.iter().all(|(_, known)| known.id != room.id) => disks.push((name, room)),
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, name, "the room of a disk is not known"),
            }
        }
        Looked {
            disks,
            synchronised: sys::clock::clock_state().ok().map(|state| state.synchronised),
            no_capture: self.no_capture(),
            broken: self.broken(),
            ..Looked::default()
        }
    }

    fn no_capture(&self) -> Option<String> {
        let status = status::read(&self.layout, "capd").filter(status::lives).filter(|_| self.captures)?;
        let note = status.state["note"].as_str().filter(|note| *note != "starting")?;
        Some(note.to_owned())
    }

    /// What the last self-test found open.
    fn broken(&self) -> Vec<String> {
        let Ok(reader) = find::store(&self.layout) else { return Vec::new() };
        let found = reader.newest_beside(&["system/containment_tested"], None, 1).unwrap_or_default();
        match found.into_iter().next().map(|record| record.entry) {
            Some(Entry::Event(Event::System(system))) => match system.event {
                SystemEvent::ContainmentTested { broken, .. } => broken,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

fn sensor(status: &Status) -> Sensor {
    let services = status.state["services"].as_array().map_or(&[][..], Vec::as_slice);
    let hosts = services.iter().filter_map(|service| service["host"].as_str()).map(str::to_owned).collect();
    Sensor { pid: status.pid, hosts, services: services.len() }
}

fn spool(status: &Status) -> Option<(String, u64, u64)> {
    let link = &status.state["link"];
    Some((status.process.clone(), link["waiting"].as_u64()?, link["spool_bytes"].as_u64()?))
}
