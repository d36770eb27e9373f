//! A decoy's first days: what touches it because it always touched that address, and what it asks for.
//!
//! A decoy takes an address that somebody's monitor, bookmark or mapped drive may still know. So in its first
//! days nothing below High is told of it; it is kept and counted, and sources that come back are proposed
//! as allowances. What opens the gate to High is told from the first second.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Class, Settings};
use crate::event::{Observation, SessionEvent};

/// Sessions after which an even pace shows a machine.
const PACED: usize = 20;

/// Deviation of the pauses between sessions, as a share of their mean, below which the pace is even.
const EVEN: f64 = 0.1;

/// Days on which a source came that show a habit.
const HABIT_DAYS: usize = 3;

/// Pauses remembered of a source; the newest stay.
const MAX_PAUSES: usize = 64;

/// Hosts, services and accounts named of a source: an allowance that needs more is none.
const MAX_NAMED: usize = 32;

/// Sources that are looked at; those that come after are not proposed.
const MAX_SOURCES: usize = 4_096;

/// Sessions that a proposal allows for each that was seen on the busiest day: habits vary.
const ROOM: u32 = 2;

/// What came in so far, by source.
#[derive(Debug, Default)]
pub struct Regulars {
    sources: BTreeMap<IpAddr, Regular>,
}

#[derive(Debug, Default)]
struct Regular {
    sessions: u64,
    last: Option<Timestamp>,
    pauses: Vec<i64>,
    /// Sessions by day, days since 1970.
    days: BTreeMap<i64, u32>,
    hosts: BTreeSet<String>,
    services: BTreeSet<String>,
    accounts: BTreeSet<String>,
    strongest: Option<Class>,
}

/// A source that comes back, and the allowance that would cover what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The source.
    pub source: IpAddr,
    /// The strongest evidence it gave.
    pub covers: Class,
    /// Sessions.
    pub sessions: u64,
    /// Days on which it came.
    pub days: usize,
    /// Seconds between its sessions, where they come at an even pace.
    pub every_seconds: Option<i64>,
    /// Deception hosts that it used.
    pub hosts: Vec<String>,
    /// Services that it used.
    pub services: Vec<String>,
    /// Accounts that it tried.
    pub accounts: Vec<String>,
    /// Sessions a day that the allowance would bear.
    pub sessions_per_day: u32,
    /// Its last session.
    pub last: Timestamp,
}

impl Settings {
    /// Whether a host is in its first days.
    pub(super) fn is_new(&self, host: &str, now: Timestamp) -> bool {
        let span = SignedDuration::from_hours(24 * i64::from(self.burn_in_days));
        self.born.get(host).is_some_and(|born| now.duration_since(*born) < span)
    }
}

impl Regulars {
    /// Takes in an event and the evidence that it gave.
    pub fn note(&mut self, event: &SessionEvent, class: Option<Class>) {
        let source = event.origin.source.ip();
        if event.origin.own || (self.sources.len() >= MAX_SOURCES && !self.sources.contains_key(&source)) {
            return;
        }
        let regular = self.sources.entry(source).or_default();
        regular.strongest = regular.strongest.max(class);
        remember(&mut regular.hosts, &event.origin.host);
        remember(&mut regular.services, &event.origin.service);
        if let Observation::Opened { .. } = &event.observation {
            regular.opened(event.at);
        }
        if let Observation::AuthAttempt { account, .. } = &event.observation {
            remember(&mut regular.accounts, account.as_untrusted());
        }
    }

    /// Sources that come back and never did what no allowance covers, the busiest first.
    pub fn proposals(&self, settings: &Settings) -> Vec<Proposal> {
        let unknown =
            |source: &IpAddr| !settings.own.contains(source) && settings.allowances(*source).next().is_none();
        let all = self.sources.iter().filter(|(source, _)| unknown(source));
        let mut all: Vec<_> = all.filter_map(|(source, regular)| regular.proposal(*source)).collect();
        all.sort_by_key(|one| (std::cmp::Reverse(one.sessions), one.source));
        all
    }
}

impl Regular {
    fn opened(&mut self, at: Timestamp) {
        if let Some(last) = self.last {
            if self.pauses.len() >= MAX_PAUSES {
                self.pauses.remove(0);
            }
            self.pauses.push(at.duration_since(last).as_secs());
        }
        self.last = Some(at);
        self.sessions += 1;
        *self.days.entry(at.as_second().div_euclid(86_400)).or_default() += 1;
    }

    fn proposal(&self, source: IpAddr) -> Option<Proposal> {
        let every_seconds = self.pace();
        if every_seconds.is_none() && self.days.len() < HABIT_DAYS {
            return None;
        }
        let names = [&self.hosts, &self.services, &self.accounts];
        if names.iter().any(|names| names.len() > MAX_NAMED) {
            return None;
        }
        let listed = |names: &BTreeSet<String>| names.iter().cloned().collect();
        Some(Proposal {
            source,
            covers: coverable(self.strongest?)?,
            sessions: self.sessions,
            days: self.days.len(),
            every_seconds,
            hosts: listed(&self.hosts),
            services: listed(&self.services),
            accounts: listed(&self.accounts),
            sessions_per_day: self.days.values().copied().max()?.saturating_mul(ROOM),
            last: self.last?,
        })
    }

    /// Seconds between sessions, where they are a machine's.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "pauses are some days at most"
    )]
    fn pace(&self) -> Option<i64> {
        if self.pauses.len() < PACED {
            return None;
        }
        let count = self.pauses.len() as f64;
        let mean = self.pauses.iter().sum::<i64>() as f64 / count;
        let spread = self.pauses.iter().map(|pause| (*pause as f64 - mean).powi(2)).sum::<f64>() / count;
        (mean >= 1.0 && spread.sqrt() / mean < EVEN).then(|| mean.round() as i64)
    }
}

impl Proposal {
    /// The allowance as a table of the config, without who answers for it, why and until when: these a
    /// person must say, and without them it is refused.
    pub fn table(&self) -> String {
        let list = |names: &[String]| format!("{names:?}");
        format!(
            "[[detection.allowance]]\nname = \"regular-{0}\"\nsource = \"{0}\"\ncovers = \"{1}\"\nhosts = {2}\n\
             services = {3}\naccounts = {4}\nsessions_per_day = {5}\nowner = \"\"\nreason = \"\"\napprover = \"\"\n\
             # approved = 2026-01-31, expires: at most 90 days later\n",
            self.source,
            self.covers.as_str(),
            list(&self.hosts),
            list(&self.services),
            list(&self.accounts),
            self.sessions_per_day,
        )
    }
}

/// What an allowance would have to cover; none where none may.
fn coverable(class: Class) -> Option<Class> {
    match class {
        Class::E1 | Class::E2 | Class::E3 | Class::E2Sweep | Class::E4 => Some(class),
        Class::E3Clinical => Some(Class::E3),
        Class::E4Guessing | Class::E5 | Class::E6 | Class::E7 => None,
    }
}

/// One more than may be named is kept, so that it shows.
fn remember(set: &mut BTreeSet<String>, name: &str) {
    if set.len() <= MAX_NAMED && !name.is_empty() && !set.contains(name) {
        set.insert(name.to_owned());
    }
}
