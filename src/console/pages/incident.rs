//! One incident: the way it went, why it was decided, what was touched, what the team did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::incidents::{shown, workers};
use super::{local, reader, row};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::console::words::Language;
use crate::console::{path, plain};
use crate::event::line::word;
use crate::event::observation::Direction;
use crate::event::{
    Alert, CaseChange, CaseState, Event, Observation, Severity, SystemEvent, Tainted, attack,
};
use crate::record::artefacts;
use crate::store::{Entry, Incident, Reader, Record, SessionFilter, SessionRow};

/// Sessions of the source that the page draws and lists.
const SESSIONS: usize = 200;

/// Events of one session that are counted; a flood has more, which its own page says.
const EVENTS: usize = 4_000;

/// What is counted over the sessions of an incident.
const COUNTED: [&str; 5] = [
    "session/record_read",
    "session/record_write",
    "session/lure_touched",
    "session/transfer",
    "session/tampering",
];

pub(in crate::console) fn page(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let reader = reader(visit)?;
    let revisions: Vec<Alert> = reader.incident(id)?.into_iter().map(|(_, alert)| alert).collect();
    let alert = revisions.last().cloned().ok_or(Refusal::NotFound)?;
    let language = visit.request.language();
    let sessions = sessions(&reader, &alert)?;
    let seen = Seen::of(&reader, &sessions)?;
    let given = &visit.console.given;
    visit.tell("looked at incident", id);
    let incident = Incident { case: reader.case(id)?, alert: alert.clone() };
    Ok(visit.show(
        "incident.html",
        context! {
            incident => shown(&incident, language),
            reasons => reasons(&alert, language),
            history => history(&revisions, language),
            path => path::draw(&sessions, &given.decoys, clock).map(|path| Value::from(Serde(path))),
            sessions => sessions.iter().rev().map(row).collect::<Vec<_>>(),
            software => software(&sessions),
            lanes => lanes(&alert),
            accounts => alert.accounts.iter().map(Tainted::for_terminal).collect::<Vec<_>>(),
            lures => seen.lures(visit),
            records => seen.records(),
            patients => seen.patients.len(),
            files => seen.files(visit),
            clocks => clocks(&revisions),
            journal => journal(&reader.case_records(id)?),
            states => CaseState::ALL.map(CaseState::name),
            workers => workers(visit),
            works => visit.role.works_on_cases(),
            chain => context! { seq => alert.chain_sequence, head => alert.chain_head },
        },
    ))
}

/// Hour and minute: the day stands at the top of the page.
fn clock(at: Timestamp) -> String {
    local(at).split(' ').nth(1).unwrap_or_default().to_owned()
}

/// What the source did while the incident went on, oldest first; bare touches only if there is room.
fn sessions(reader: &Reader, alert: &Alert) -> Result<Vec<SessionRow>, Refusal> {
    let filter = SessionFilter {
        source: Some(alert.source),
        since: Some(alert.first_seen),
        until: Some(alert.last_seen + SignedDuration::from_secs(1)),
        limit: Some(SESSIONS),
        ..SessionFilter::default()
    };
    let mut found = reader.sessions(&filter)?;
    for id in &alert.sessions {
        if !found.iter().any(|session| session.id == *id) {
            found.extend(reader.sessions_starting(&id.to_string(), 1)?);
        }
    }
    found.sort_by_key(|session| session.opened);
    Ok(found)
}

/// What the incident's sessions have in sum.
#[derive(Default)]
struct Seen {
    read: BTreeMap<String, (u64, BTreeSet<String>)>,
    written: BTreeMap<String, u64>,
    patients: BTreeSet<String>,
    lures: BTreeMap<String, BTreeSet<String>>,
    files: BTreeMap<String, (String, u64, bool)>,
}

impl Seen {
    fn of(reader: &Reader, sessions: &[SessionRow]) -> Result<Self, Refusal> {
        let mut seen = Seen::default();
        for session in sessions {
            for record in reader.session_records_of(session.id, &COUNTED, EVENTS)? {
                if let Entry::Event(Event::Session(event)) = &record.entry {
                    seen.add(&event.observation);
                }
            }
        }
        Ok(seen)
    }

    fn add(&mut self, observation: &Observation) {
        match observation {
            Observation::RecordRead { subject, count, ids } => {
                let known = self.read.entry(word(subject)).or_default();
                known.0 += u64::from(*count);
                known.1.extend(ids.iter().cloned());
                if word(subject) == "patient" {
                    self.patients.extend(ids.iter().cloned());
                }
            }
            Observation::RecordWrite { subject, count, .. } => {
                *self.written.entry(word(subject)).or_default() += u64::from(*count);
            }
            Observation::Tampering { subject, .. } => {
                *self.written.entry(word(subject)).or_default() += 1;
            }
            Observation::LureTouched { lure, how } => {
                self.lures.entry(lure.clone()).or_default().insert(how.clone());
            }
            Observation::Transfer { direction, name, size, sha256 } => {
                let upload = *direction == Direction::Upload;
                let name = name.for_terminal();
                self.files.entry(sha256.clone()).or_insert((name, *size, upload));
            }
            _ => {}
        }
    }

    fn records(&self) -> Vec<Value> {
        let kinds: BTreeSet<&String> = self.read.keys().chain(self.written.keys()).collect();
        kinds
            .into_iter()
            .map(|kind| {
                let (read, ids) = self.read.get(kind).map_or((0, 0), |(count, ids)| (*count, ids.len()));
                let written = self.written.get(kind).copied().unwrap_or(0);
                context! { kind => format!("kind_{}", kind.replace(' ', "_")), read, different => ids, written }
            })
            .collect()
    }

    fn lures(&self, visit: &Visit<'_>) -> Vec<Value> {
        let places: BTreeMap<&str, &str> = visit
            .console
            .given
            .decoys
            .iter()
            .flat_map(|decoy| decoy.lures.iter())
            .map(|lure| (lure.id.as_str(), lure.place.as_str()))
            .collect();
        self.lures
            .iter()
            .map(|(lure, how)| {
                let place = places.get(lure.as_str()).copied().unwrap_or_default();
                context! { lure => plain::shown(lure), place, how => how.iter().map(|h| plain::shown(h)).collect::<Vec<_>>() }
            })
            .collect()
    }

    fn files(&self, visit: &Visit<'_>) -> Vec<Value> {
        let folder = &visit.console.given.places.artefacts;
        self.files
            .iter()
            .filter(|(_, (_, _, upload))| *upload)
            .map(|(sha256, (name, size, _))| {
                let kept = artefacts::path(folder, sha256).is_some_and(|path| path.is_file());
                context! { sha256, name, size, kept }
            })
            .collect()
    }
}

fn history(revisions: &[Alert], language: Language) -> Vec<Value> {
    let step = |alert: &Alert| {
        let title = match language {
            Language::Chinese => &alert.title_zh,
            Language::English => &alert.title,
        };
        context! {
            at => local(alert.at), title, severity => word(&alert.severity), confidence => alert.confidence,
            host => alert.host.clone(), service => alert.service.clone(),
        }
    };
    revisions.iter().map(step).collect()
}

/// By what software the source is known, over all its sessions.
fn software(sessions: &[SessionRow]) -> Vec<String> {
    let all: BTreeSet<String> =
        sessions.iter().flat_map(|s| s.software.iter().map(Tainted::for_terminal)).collect();
    all.into_iter().take(24).collect()
}

/// Techniques by tactic, in the order an attack goes.
fn lanes(alert: &Alert) -> Vec<Value> {
    attack::TACTICS
        .iter()
        .map(|(tactic, _)| {
            let held = alert.techniques.iter().filter(|id| attack::tactic(id) == Some(*tactic));
            let held: Vec<(String, &str)> =
                held.map(|id| (id.clone(), attack::technique(id).unwrap_or_default())).collect();
            context! { key => format!("tactic_{tactic}"), held }
        })
        .collect()
}

/// When a report would be due: hours after the incident was first known to be surely an intruder.
///
/// 国家网络安全事件报告管理办法, in force since 2025-11-01: one hour for operators of critical
/// information infrastructure, two for organs of the central government, four for all others.
fn clocks(revisions: &[Alert]) -> Vec<Value> {
    let Some(known) = revisions.iter().find(|alert| alert.severity == Severity::High) else {
        return Vec::new();
    };
    let now = Timestamp::now();
    [("clock_cii", 1), ("clock_central", 2), ("clock_other", 4), ("clock_review", 24 * 30)]
        .into_iter()
        .map(|(key, hours)| {
            let due = known.at + SignedDuration::from_hours(hours);
            let left = due.duration_since(now).as_mins();
            context! { key, due => local(due), left, over => left < 0 }
        })
        .collect()
}

/// What the team did, oldest first.
fn journal(records: &[Record]) -> Vec<Value> {
    records
        .iter()
        .filter_map(|record| {
            let Entry::Event(Event::System(system)) = &record.entry else { return None };
            let SystemEvent::Case { account, change, .. } = &system.event else { return None };
            let (kind, what) = match change {
                CaseChange::State { to } => ("state", to.name().to_owned()),
                CaseChange::Assigned { to } => ("assigned", to.clone()),
                CaseChange::Note { text } => ("note", plain::shown(text)),
            };
            Some(context! { seq => record.seq, at => local(system.at), account, kind, what })
        })
        .collect()
}

/// Reasons may quote an intruder: what could hide in them is shown.
fn reasons(alert: &Alert, language: Language) -> Vec<Value> {
    let reason = |reason: &crate::event::alert::Reason| {
        let text = match language {
            Language::Chinese => &reason.zh,
            Language::English => &reason.en,
        };
        let text = Tainted::from(text.as_str()).for_terminal();
        context! { class => reason.class.clone(), probability => reason.probability, text, record => reason.record }
    };
    alert.reasons.iter().map(reason).collect()
}
