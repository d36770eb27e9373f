//! All that one source did, and what was told of it.

mod fired;
mod joining;

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::bounds::Bounds;
use super::identity::Identity;
use super::memory::Memory;
use super::rules::{self, Rule, Scene};
use super::{Bait, Class, REMEMBERED, Settings, Verdict, WINDOW, score};
use crate::event::alert::Reason;
use crate::event::{Alert, SessionEvent, SessionId, Severity};
use fired::{Fired, weigh, worded};

/// Sessions named in an alert; the newest stay.
const MAX_SESSIONS: usize = 32;

/// Sessions of which it is remembered how far they were told.
const MAX_COVERED: usize = 64;

/// Most revisions told within the window: a guard, since each rule is told once.
const MAX_TOLD: usize = 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Incident {
    id: Uuid,
    revision: u32,
    source: IpAddr,
    last_seen: Timestamp,
    evidence: Vec<Evidence>,
    told: Vec<Told>,
    covered: Vec<Covered>,
    sessions: Vec<SessionId>,
    /// When it was first told of, if that was worth a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<Timestamp>,
    /// What it is part of, where many sources came at once, and the last revision of that which it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<(Uuid, u32)>,
    memory: Memory,
    /// How the source keeps to its allowances.
    #[serde(default)]
    bounds: Bounds,
    /// When it was first seen, since it was last forgotten.
    #[serde(default)]
    opened: Timestamp,
    /// By what it is known again.
    #[serde(default)]
    identity: Identity,
    /// Further addresses under which it went on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<joining::Other>,
}

/// What one rule saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Evidence {
    rule: String,
    /// As it counts: within an allowance less than the rule's.
    class: Class,
    /// The allowance within which it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowance: Option<String>,
    first: Timestamp,
    last: Timestamp,
    /// Record that proves it: the first.
    record: u64,
    en: String,
    zh: String,
}

/// One rule that an alert was about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Told {
    rule: String,
    severity: Severity,
}

/// A session in which something happened that was told, in it or in an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Covered {
    session: SessionId,
    class: Class,
}

impl Incident {
    /// The incident that this event opens.
    pub(super) fn open(seq: u64, event: &SessionEvent) -> Self {
        Incident {
            id: incident_id(seq, event),
            revision: 0,
            source: event.origin.source.ip(),
            last_seen: event.at,
            evidence: Vec::new(),
            told: Vec::new(),
            covered: Vec::new(),
            sessions: Vec::new(),
            begun: None,
            campaign: None,
            memory: Memory::default(),
            bounds: Bounds::default(),
            opened: event.at,
            identity: Identity::default(),
            others: Vec::new(),
        }
    }

    pub(super) fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    /// How sure it is, in percent.
    pub(super) fn confidence(&self) -> u8 {
        score::confidence(&self.classes(), self.memory.hosts.len())
    }

    /// Hosts touched.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &String> {
        self.memory.hosts.iter()
    }

    /// The source.
    pub(super) fn source(&self) -> IpAddr {
        self.source
    }

    /// When it was first told of, if that was worth a look.
    pub(super) fn begun(&self) -> Option<Timestamp> {
        self.begun
    }

    /// The most that was told of it within the window.
    pub(super) fn told(&self) -> Option<Severity> {
        self.told.iter().map(|told| told.severity).max()
    }

    /// What it is part of, and the last revision of that which it made.
    pub(super) fn campaign(&self) -> Option<(Uuid, u32)> {
        self.campaign
    }

    /// Is part of this from now on, and made this revision of it; 0: none.
    pub(super) fn joins(&mut self, campaign: Uuid, revision: u32) {
        let known = self.campaign.filter(|(id, _)| *id == campaign).map_or(0, |(_, revision)| revision);
        self.campaign = Some((campaign, known.max(revision)));
    }

    /// Whether this alert is the first that is worth a look: then it is noted.
    pub(super) fn begins(&mut self, alert: &Alert) -> bool {
        let first = self.begun.is_none() && alert.severity >= Severity::Medium;
        if first {
            self.begun = Some(alert.at);
        }
        first
    }

    /// How much it asks now.
    pub(super) fn severity(&self) -> Severity {
        let classes = self.classes();
        score::severity(&classes, score::confidence(&classes, self.memory.hosts.len()))
    }

    /// Takes one event in and says what it meant.
    pub(super) fn observe(
        &mut self,
        settings: &Settings,
        seq: u64,
        event: &SessionEvent,
        bait: Option<&Bait>,
    ) -> Verdict {
        self.age(seq, event);
        self.stays(event);
        self.memory.note(event);
        self.bounds.note(settings, event);
        let fired = self.collect(settings, seq, event, bait);
        self.memory.moved = None;
        let Some(strongest) = fired.iter().max_by_key(|fired| fired.class) else {
            return Verdict::default();
        };
        let (class, allowed) = (strongest.class, fired.iter().find_map(|fired| fired.allowance.clone()));
        if fired.iter().any(|fired| fired.class.opens_gate()) {
            self.identity.prove(event.origin.session);
        }
        if class > Class::E1 {
            self.join(event.origin.session);
        }
        self.cover(&fired, event.origin.session);
        let news = self
            .news(&fired, event.origin.session)
            .filter(|news| self.is_worth(news, settings, event))
            .cloned();
        let alert = news.map(|news| Box::new(self.tell(&news, &fired, event)));
        let techniques = fired.iter().flat_map(|fired| fired.rule.techniques.iter().copied()).collect();
        Verdict { class: Some(class), techniques, alert, allowed, ..Verdict::default() }
    }

    /// Lets go of what is too old to count.
    fn age(&mut self, seq: u64, event: &SessionEvent) {
        let idle = event.at.duration_since(self.last_seen);
        if idle > REMEMBERED {
            *self = Incident::open(seq, event);
        } else if idle > WINDOW {
            let identity = std::mem::take(&mut self.identity);
            *self = Incident {
                id: self.id,
                revision: self.revision,
                source: self.source,
                identity,
                ..Incident::open(seq, event)
            };
        }
        self.last_seen = self.last_seen.max(event.at);
        let alive = |evidence: &Evidence| event.at.duration_since(evidence.last) <= WINDOW;
        if !self.evidence.iter().all(alive) {
            self.evidence.retain(alive);
            self.told.retain(|told| self.evidence.iter().any(|evidence| evidence.rule == told.rule));
        }
    }

    /// Asks every rule; keeps what they saw.
    fn collect(
        &mut self,
        settings: &Settings,
        seq: u64,
        event: &SessionEvent,
        bait: Option<&Bait>,
    ) -> Vec<Fired> {
        let scene = Scene::new(event, &self.memory, settings, bait);
        let rules = rules::ALL.iter().copied().filter(|rule| scene.fires(rule));
        let fired: Vec<_> = rules.map(|rule| weigh(rule, &self.bounds, settings, event)).collect();
        for fired in &fired {
            let is_known = |evidence: &&mut Evidence| {
                evidence.rule == fired.rule.id && evidence.allowance == fired.allowance
            };
            if let Some(known) = self.evidence.iter_mut().find(is_known) {
                known.last = known.last.max(event.at);
                continue;
            }
            let (en, zh) = worded(fired, &scene);
            self.evidence.push(Evidence {
                rule: fired.rule.id.to_owned(),
                class: fired.class,
                allowance: fired.allowance.clone(),
                first: event.at,
                last: event.at,
                record: seq,
                en,
                zh,
            });
        }
        fired
    }

    fn join(&mut self, session: SessionId) {
        if !self.sessions.contains(&session) {
            if self.sessions.len() >= MAX_SESSIONS {
                self.sessions.remove(0);
            }
            self.sessions.push(session);
        }
    }

    /// The rule that is worth telling, if any.
    ///
    /// Told is what asks more than anything told before, and, once the incident is High, each
    /// further kind of attack: but within one session only what is stronger than what is known of
    /// it. So one attack makes one alert however many rules see it, and a second, different attack
    /// from the same place is not silent. A notice, which is for others than the SOC, and damage under
    /// way are told once whatever was told before.
    fn news<'f>(&self, fired: &'f [Fired], session: SessionId) -> Option<&'f Fired> {
        let severity = self.severity();
        let before = self.told().unwrap_or(Severity::Info);
        if self.told.len() >= MAX_TOLD {
            return None;
        }
        let at_any_time = |fired: &&Fired| rules::is_notice(fired.rule) || rules::is_urgent(fired.rule);
        if let Some(fired) = fired.iter().find(at_any_time)
            && self.told.iter().all(|told| told.rule != fired.rule.id)
        {
            return Some(fired);
        }
        if severity < before {
            return None;
        }
        let moved = fired.iter().find(|fired| severity == Severity::High && rules::is_move(fired.rule));
        if moved.is_some() {
            return moved;
        }
        let strongest = fired.iter().max_by_key(|fired| fired.class)?;
        let further = severity == Severity::High
            && strongest.class.opens_gate()
            && !self.is_told(strongest.rule)
            && self.covered(session).is_none_or(|class| strongest.class > class);
        (severity > before || further).then_some(strongest)
    }

    /// Whether what is new is told: of a decoy in its first days only what is High, and what is for others
    /// than the SOC.
    fn is_worth(&self, news: &Fired, settings: &Settings, event: &SessionEvent) -> bool {
        let is_new = settings.is_new(&event.origin.host, event.at);
        !is_new || self.severity() == Severity::High || rules::is_notice(news.rule)
    }

    fn is_told(&self, rule: &Rule) -> bool {
        self.told.iter().any(|told| told.severity == Severity::High && told.rule == rule.id)
    }

    fn covered(&self, session: SessionId) -> Option<Class> {
        self.covered.iter().find(|covered| covered.session == session).map(|covered| covered.class)
    }

    /// Remembers that a session shows again what was told already.
    fn cover(&mut self, fired: &[Fired], session: SessionId) {
        let told = fired.iter().filter(|fired| self.is_told(fired.rule));
        let Some(class) = told.map(|fired| fired.class).max() else {
            return;
        };
        if let Some(covered) = self.covered.iter_mut().find(|covered| covered.session == session) {
            covered.class = covered.class.max(class);
            return;
        }
        if self.covered.len() >= MAX_COVERED {
            self.covered.remove(0);
        }
        self.covered.push(Covered { session, class });
    }

    /// Makes the next revision.
    fn tell(&mut self, news: &Fired, fired: &[Fired], event: &SessionEvent) -> Alert {
        let rule = news.rule;
        let classes = self.classes();
        let confidence = score::confidence(&classes, self.memory.hosts.len());
        let severity = score::severity(&classes, confidence);
        self.revision += 1;
        for fired in fired.iter().filter(|other| other.rule.id == rule.id || other.class.opens_gate()) {
            self.told.push(Told { rule: fired.rule.id.to_owned(), severity });
        }
        self.cover(fired, event.origin.session);
        let origin = &event.origin;
        Alert {
            id: self.id.to_string(),
            revision: self.revision,
            at: event.at,
            first_seen: self.evidence.iter().map(|evidence| evidence.first).min().unwrap_or(event.at),
            last_seen: event.at,
            source: self.source,
            source_port: origin.source.port(),
            target: origin.target.ip(),
            target_port: origin.target.port(),
            host: origin.host.clone(),
            service: origin.service.clone(),
            transport: origin.transport,
            severity,
            confidence,
            rule: rule.id.to_owned(),
            title: rule.title.to_owned(),
            title_zh: rule.title_zh.to_owned(),
            reasons: self.reasons(news),
            techniques: self.techniques(),
            accounts: self.memory.accounts.clone(),
            sessions: self.sessions.clone(),
            hosts: self.memory.hosts.iter().cloned().collect(),
            parent: None,
            chain_head: String::new(),
            chain_sequence: 0,
            test: false,
        }
    }

    /// The live evidence: what raised this revision, then the strongest.
    fn reasons(&self, news: &Fired) -> Vec<Reason> {
        let mut evidence: Vec<_> = self.evidence.iter().collect();
        let raised =
            |evidence: &Evidence| evidence.rule == news.rule.id && evidence.allowance == news.allowance;
        evidence
            .sort_by_key(|evidence| (!raised(evidence), std::cmp::Reverse(evidence.class), evidence.record));
        evidence
            .into_iter()
            .map(|evidence| Reason {
                class: evidence.class.as_str().to_owned(),
                probability: evidence.class.probability(),
                en: evidence.en.clone(),
                zh: evidence.zh.clone(),
                record: evidence.record,
            })
            .collect()
    }

    pub(super) fn techniques(&self) -> Vec<String> {
        let known = self.evidence.iter().filter_map(|evidence| rules::find(&evidence.rule));
        let mut techniques: Vec<_> =
            known.flat_map(|rule| rule.techniques.iter().map(|id| (*id).to_owned())).collect();
        techniques.sort_unstable();
        techniques.dedup();
        techniques
    }

    /// Each class with the time it was first seen.
    fn classes(&self) -> BTreeMap<Class, Timestamp> {
        let mut classes = BTreeMap::new();
        for evidence in &self.evidence {
            let first = classes.entry(evidence.class).or_insert(evidence.first);
            *first = evidence.first.min(*first);
        }
        classes
    }
}

/// A UUIDv7 of the event's time whose random part is drawn from what opened the incident, so that
/// the same records give the same id.
fn incident_id(seq: u64, event: &SessionEvent) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"honeyward/incident/1");
    hash.update(event.origin.session.0.as_bytes());
    hash.update(seq.to_be_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    let millis = u64::try_from(event.at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
