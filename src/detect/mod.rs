//! Judges what was seen: evidence, incidents, confidence, alerts.
//!
//! Pure: the same events in the same order give the same alerts, so every alert can be worked out
//! again from the records. It reads no clock (time is the events'), does no I/O and draws no
//! randomness. The model, with its reasons, is in `docs/detection.md`; each rule is one file in
//! `rules/`.

mod allowance;
mod bait;
mod bounds;
mod burn_in;
mod class;
mod damage;
mod identity;
mod incident;
mod memory;
mod moving;
mod rules;
mod score;
mod settings;
mod storm;

#[cfg(test)]
mod tests;

pub use allowance::{ANNOUNCED_DAYS, Allowance, KnownMark, LONGEST_DAYS, Network, Standing};
pub use bait::{Bait, Baits};
pub use burn_in::{Proposal, Regulars};
pub use class::Class;
pub use settings::{Device, Settings};

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::event::{Alert, Event, SessionEvent, Severity, SystemEvent};
use identity::Trait;
use incident::Incident;
use moving::Moves;
use storm::Storm;

/// Sources known at a time: a large hospital has fewer addresses; past it the quiet ones give way.
const MAX_SOURCES: usize = 65_536;

/// How long a source that went quiet keeps its incident's id.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Evidence counts for this long after it was last seen.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// What one event meant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// The strongest evidence it gave.
    pub class: Option<Class>,
    /// ATT&CK techniques that it showed.
    pub techniques: Vec<&'static str>,
    /// What is to be told. The store fills in the chain's head.
    pub alert: Option<Box<Alert>>,
    /// The last that is to be told of an incident whose source turned out to be that of another, before the
    /// alert.
    pub joined: Option<Box<Alert>>,
    /// What is to be told of many sources that came at once.
    pub storm: Option<Box<Alert>>,
    /// The allowance within which it was seen, by name.
    pub allowed: Option<String>,
}

/// All incidents, one per source.
#[derive(Debug, Default)]
pub struct Detector {
    settings: Settings,
    incidents: BTreeMap<IpAddr, Incident>,
    changed: BTreeSet<IpAddr>,
    moves: Moves,
    storm: Storm,
}

/// What is known of one source, to be saved with the events that changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The source.
    pub source: IpAddr,
    /// Its last event.
    pub last: Timestamp,
    /// Everything, as JSON.
    pub state: String,
}

impl Detector {
    /// A detector that knows no source yet.
    pub fn new(settings: Settings) -> Self {
        Detector { settings, ..Detector::default() }
    }

    /// Knows these baits from now on.
    pub fn set_baits(&mut self, baits: Baits) {
        self.settings.baits = baits;
    }

    /// Allows this from now on.
    pub fn set_allowances(&mut self, allowances: Vec<Allowance>) {
        self.settings.allowance = allowances;
    }

    /// Takes back what [`Detector::changed`] gave for one source.
    ///
    /// # Errors
    /// The state is not one of this version; the source is then unknown.
    pub fn restore(&mut self, source: IpAddr, state: &str) -> Result<(), serde_json::Error> {
        // Nothing: what was known of this address is part of another's incident.
        let Some(incident) = serde_json::from_str::<Option<Incident>>(state)? else {
            return Ok(());
        };
        self.storm.restore(&incident);
        self.moves.learn(&incident);
        self.incidents.insert(source, incident);
        Ok(())
    }

    /// Judges one event, which is record number `seq`.
    pub fn observe(&mut self, seq: u64, event: &Event) -> Verdict {
        match event {
            Event::Session(event) => self.observe_session(seq, event),
            Event::System(record) => {
                if let SystemEvent::Neighbour { address, card } = &record.event {
                    self.moves.card(*address, card);
                }
                Verdict::default()
            }
        }
    }

    /// The sources that changed since the last call, for saving.
    ///
    /// # Errors
    /// Never in practice: the state is plain data.
    pub fn changed(&mut self) -> Result<Vec<Saved>, serde_json::Error> {
        let changed = std::mem::take(&mut self.changed);
        let state = |source: IpAddr| {
            let known = self.incidents.get(&source);
            // One that was taken in is saved as nothing.
            let last = known.map(Incident::last_seen).or_else(|| self.moved_at(source));
            Some((source, last?, known))
        };
        let saved = changed.into_iter().filter_map(state);
        saved
            .map(|(source, last, incident)| {
                Ok(Saved { source, last, state: serde_json::to_string(&incident)? })
            })
            .collect()
    }

    /// When an address was last seen that belongs to the incident of another one.
    fn moved_at(&self, source: IpAddr) -> Option<Timestamp> {
        let home = self.incidents.get(&self.moves.leads_to(source)?)?;
        Some(home.last_seen())
    }

    fn observe_session(&mut self, seq: u64, event: &SessionEvent) -> Verdict {
        let source = event.origin.source.ip();
        // The PACS sending images to the HIS is the honeynet at work, a console's day too.
        if event.origin.own || self.settings.own.contains(&source) {
            return Verdict::default();
        }
        let bait = self.settings.baits.in_what(&event.observation).cloned();
        let (home, joined) = self.place(seq, event, bait.as_ref());
        let Some(incident) = self.incidents.get_mut(&home) else {
            return Verdict::default();
        };
        let mut verdict = incident.observe(&self.settings, seq, event, bait.as_ref());
        if verdict.class.is_some_and(Class::opens_gate) {
            self.moves.learn(incident);
        }
        verdict.joined = joined;
        if let Some(alert) = verdict.alert.as_deref_mut() {
            let begins = incident.begins(alert);
            verdict.storm = self.storm.note(seq, alert, begins, &mut self.incidents);
            if verdict.storm.is_some() {
                self.changed.extend(self.storm.members());
            }
            // The address under which he is seen now.
            alert.source = source;
        }
        verdict
    }

    /// The address under which the incident of this event's source is kept; what is to be told where the
    /// event shows it to be another's.
    fn place(&mut self, seq: u64, event: &SessionEvent, bait: Option<&Bait>) -> (IpAddr, Option<Box<Alert>>) {
        let source = event.origin.source.ip();
        let home = self.moves.home(source, event.at, &self.incidents);
        if self.incidents.len() >= MAX_SOURCES && !self.incidents.contains_key(&home) {
            self.make_room(event.at);
        }
        self.changed.insert(home);
        let mut shown = Trait::of(event, bait);
        shown.extend(self.moves.card_of(source));
        let incident = self.incidents.entry(home).or_insert_with(|| Incident::open(seq, event));
        incident.shows(event.origin.session, &shown);
        if home != source || shown.is_empty() {
            return (home, None);
        }
        match self.moves.join(source, seq, event, &mut self.incidents) {
            Some((elder, end)) => {
                self.changed.insert(elder);
                (elder, end)
            }
            None => (home, None),
        }
    }

    /// Forgets sources without live evidence, then the quieter half of those that only touched.
    fn make_room(&mut self, now: Timestamp) {
        self.incidents.retain(|_, incident| now.duration_since(incident.last_seen()) <= WINDOW);
        if self.incidents.len() < MAX_SOURCES {
            return self.moves.learn_anew(&self.incidents);
        }
        let mut times: Vec<_> = self.incidents.values().map(Incident::last_seen).collect();
        times.sort_unstable();
        let middle = times.get(times.len() / 2).copied().unwrap_or(now);
        self.incidents
            .retain(|_, incident| incident.last_seen() > middle || incident.severity() > Severity::Low);
        self.moves.learn_anew(&self.incidents);
    }
}
