//! Many sources at once: a worm, a campaign, a scanner with many addresses. Then one incident stands for all
//! of them, so that people hear of one thing and not of a hundred; each source keeps an incident of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::incident::Incident;
use crate::event::alert::Reason;
use crate::event::{Alert, Severity};

/// More new incidents than this within [`SPAN`] are a storm: people at their machines never make so many.
const MANY: usize = 50;

/// Within so long; a storm without a new source for as long is over.
const SPAN: SignedDuration = SignedDuration::from_mins(10);

/// Sources at which a storm is told again.
const TOLD_AGAIN: [usize; 3] = [100, 1_000, 10_000];

/// Sources named in words.
const NAMED: usize = 8;

/// Hosts named in an alert.
const MAX_HOSTS: usize = 64;

const RULE: &str = "HW-STORM";
const TITLE: &str = "Many sources at once: a worm, a campaign or a wide scan";
const TITLE_ZH: &str = "大量来源同时出现：蠕虫、有组织攻击或大范围扫描";

/// What is known of sources that came together.
#[derive(Debug, Default)]
pub(super) struct Storm {
    /// New incidents within [`SPAN`], oldest first.
    begun: VecDeque<(Timestamp, IpAddr)>,
    under_way: Option<UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    id: Uuid,
    first: Timestamp,
    last: Timestamp,
    sources: usize,
    /// How often it was told.
    revision: u32,
    severity: Severity,
    confidence: u8,
    hosts: BTreeSet<String>,
    techniques: BTreeSet<String>,
}

impl Storm {
    /// Takes an alert of a source in; tells what it makes of it. The alert, and the incidents that came
    /// before it, learn what they are part of.
    pub(super) fn note(
        &mut self,
        seq: u64,
        alert: &mut Alert,
        begins: bool,
        incidents: &mut BTreeMap<IpAddr, Incident>,
    ) -> Option<Box<Alert>> {
        self.forget(alert.at);
        let news = if begins { self.begin(alert, incidents) } else { self.grow(alert, incidents) }?;
        let storm = self.under_way.as_mut()?;
        alert.parent = Some(storm.id.to_string());
        storm.revision += u32::from(news);
        let incident = incidents.get_mut(&alert.source)?;
        incident.joins(storm.id, if news { storm.revision } else { 0 });
        news.then(|| Box::new(storm.alert(seq, alert, &self.begun)))
    }

    /// A source more: whether that is worth telling; nothing where no storm is under way.
    fn begin(&mut self, alert: &Alert, incidents: &mut BTreeMap<IpAddr, Incident>) -> Option<bool> {
        self.begun.push_back((alert.at, alert.source));
        if let Some(storm) = &mut self.under_way {
            let worse = storm.take(alert);
            storm.sources += 1;
            storm.last = alert.at;
            return Some(worse || TOLD_AGAIN.contains(&storm.sources));
        }
        if self.begun.len() <= MANY {
            return None;
        }
        let storm = self.under_way.insert(UnderWay::new(alert, &self.begun));
        for (_, source) in &self.begun {
            if let Some(incident) = incidents.get_mut(source) {
                storm.absorb(incident);
                incident.joins(storm.id, 0);
            }
        }
        Some(true)
    }

    /// More of a source that is part of it: only what is worse than all before is worth telling.
    fn grow(&mut self, alert: &Alert, incidents: &BTreeMap<IpAddr, Incident>) -> Option<bool> {
        let storm = self.under_way.as_mut()?;
        let member = incidents.get(&alert.source)?.campaign();
        member.filter(|(id, _)| *id == storm.id).map(|_| storm.take(alert))
    }

    /// Sources whose incidents changed when something was told.
    pub(super) fn members(&self) -> impl Iterator<Item = IpAddr> {
        self.begun.iter().map(|(_, source)| *source)
    }

    /// Learns again from an incident what was known before a restart.
    pub(super) fn restore(&mut self, incident: &Incident) {
        let Some(begun) = incident.begun() else { return };
        let place = self.begun.partition_point(|(at, _)| *at <= begun);
        self.begun.insert(place, (begun, incident.source()));
        let Some((id, told)) = incident.campaign() else { return };
        let storm = self.under_way.get_or_insert_with(|| UnderWay::known(id, begun));
        // Of two, the later one is under way.
        if storm.id != id {
            if storm.last >= begun {
                return;
            }
            *storm = UnderWay::known(id, begun);
        }
        storm.sources += 1;
        storm.revision = storm.revision.max(told);
        storm.first = storm.first.min(begun);
        storm.last = storm.last.max(begun);
        storm.absorb(incident);
    }

    fn forget(&mut self, now: Timestamp) {
        while self.begun.front().is_some_and(|(at, _)| now.duration_since(*at) > SPAN) {
            self.begun.pop_front();
        }
        if self.under_way.as_ref().is_some_and(|storm| now.duration_since(storm.last) > SPAN) {
            self.under_way = None;
        }
    }
}

impl UnderWay {
    /// Its id is drawn from the incident that made it one: the same records give the same id.
    fn new(alert: &Alert, begun: &VecDeque<(Timestamp, IpAddr)>) -> Self {
        let digest: [u8; 32] = Sha256::digest(format!("honeyward/storm/1\n{}", alert.id)).into();
        let mut random = [0; 10];
        random.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
        let millis = u64::try_from(alert.at.as_millisecond()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        let mut storm = UnderWay::known(id, alert.at);
        storm.sources = begun.len();
        storm.first = begun.front().map_or(alert.at, |(at, _)| *at);
        storm.take(alert);
        storm
    }

    fn known(id: Uuid, at: Timestamp) -> Self {
        UnderWay {
            id,
            first: at,
            last: at,
            sources: 0,
            revision: 0,
            severity: Severity::Medium,
            confidence: 0,
            hosts: BTreeSet::new(),
            techniques: BTreeSet::new(),
        }
    }

    /// Whether this is worse than all before.
    fn take(&mut self, alert: &Alert) -> bool {
        let worse = alert.severity > self.severity;
        self.severity = self.severity.max(alert.severity);
        self.confidence = self.confidence.max(alert.confidence);
        self.techniques.extend(alert.techniques.iter().cloned());
        self.name_hosts(alert.hosts.iter());
        worse
    }

    fn absorb(&mut self, incident: &Incident) {
        self.severity = self.severity.max(incident.severity());
        self.confidence = self.confidence.max(incident.confidence());
        self.techniques.extend(incident.techniques());
        self.name_hosts(incident.hosts());
    }

    fn name_hosts<'h>(&mut self, hosts: impl Iterator<Item = &'h String>) {
        let room = MAX_HOSTS.saturating_sub(self.hosts.len());
        self.hosts.extend(hosts.take(room).cloned());
    }

    /// As the newest of its sources, with what all of them did.
    fn alert(&self, seq: u64, newest: &Alert, begun: &VecDeque<(Timestamp, IpAddr)>) -> Alert {
        let named: Vec<String> = begun.iter().rev().take(NAMED).map(|(_, at)| at.to_string()).collect();
        let (named, sources) = (named.join(", "), self.sources);
        let strongest = newest.reasons.iter().max_by_key(|reason| reason.probability);
        Alert {
            id: self.id.to_string(),
            revision: self.revision,
            first_seen: self.first,
            severity: self.severity,
            confidence: self.confidence,
            rule: RULE.to_owned(),
            title: TITLE.to_owned(),
            title_zh: TITLE_ZH.to_owned(),
            reasons: vec![Reason {
                class: strongest.map(|reason| reason.class.clone()).unwrap_or_default(),
                probability: strongest.map_or(0, |reason| reason.probability),
                en: format!(
                    "{sources} sources began within {} minutes of each other, the last: {named}",
                    SPAN.as_mins()
                ),
                zh: format!(
                    "{sources} 个来源相继出现，间隔不超过 {} 分钟，最近的有：{named}",
                    SPAN.as_mins()
                ),
                record: seq,
            }],
            techniques: self.techniques.iter().cloned().collect(),
            hosts: self.hosts.iter().cloned().collect(),
            parent: None,
            ..newest.clone()
        }
    }
}
