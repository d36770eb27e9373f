//! An incident that takes in what the same source did under another address.

use super::*;
use crate::detect::identity::{self, Trait};
use crate::detect::rules::Words;

/// Further addresses of one source; the newest stay.
const MAX_OTHERS: usize = 16;

/// A further address of the source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Other {
    address: IpAddr,
    last: Timestamp,
}

impl Incident {
    /// By what the source is known again.
    pub(in crate::detect) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Takes in what a session showed of who it is.
    pub(in crate::detect) fn shows(&mut self, session: SessionId, shown: &[Trait]) {
        shown.iter().for_each(|shown| self.identity.show(session, shown));
    }

    /// Further addresses under which it went on, each with when it was last seen there.
    pub(in crate::detect) fn others(&self) -> impl Iterator<Item = (IpAddr, Timestamp)> {
        self.others.iter().map(|other| (other.address, other.last))
    }

    /// What this address has in common with an intruder's, in words, if that makes them one source.
    pub(in crate::detect) fn is_of(&self, intruder: &Incident) -> Option<(String, String)> {
        let shared = self.identity.shared(&intruder.identity);
        let succeeds = intruder.last_seen < self.opened;
        identity::suffices(&shared, succeeds).then(|| identity::in_words(&shared))
    }

    /// Takes in all that the same source did under another address, because of what they have in common.
    pub(in crate::detect) fn take_in(
        &mut self,
        younger: Incident,
        common: &(String, String),
        seq: u64,
        event: &SessionEvent,
    ) {
        self.age(seq, event);
        let (address, before) = (younger.source, self.addresses());
        let mut words = Words {
            en: format!("goes on as {address}, earlier as {before}: same {}", common.0),
            zh: format!("更换地址为{address}后继续活动（此前为{before}），相同特征：{}", common.1),
        };
        if younger.revision > 0 {
            words.en = format!("{}; told before as {}", words.en, younger.id);
            words.zh = format!("{}；此前告警编号{}", words.zh, younger.id);
        }
        self.evidence.retain(|evidence| evidence.rule != rules::MOVED.id);
        self.told.retain(|told| told.rule != rules::MOVED.id);
        self.memory.moved = Some(words);
        self.add_other(address, event.at);
        younger.others.iter().for_each(|other| self.add_other(other.address, other.last));
        self.merge(younger);
    }

    /// The last that is told of an incident whose source turned out to be that of another.
    pub(in crate::detect) fn ends_in(mut self, other: Uuid, event: &SessionEvent) -> Option<Box<Alert>> {
        let news = Fired { rule: &rules::MOVED, class: rules::MOVED.class, allowance: None, outside: None };
        (self.revision > 0).then(|| {
            let parent = Some(other.to_string());
            Box::new(Alert { parent, ..self.tell(&news, &[], event) })
        })
    }

    /// Its id.
    pub(in crate::detect) fn id(&self) -> Uuid {
        self.id
    }

    /// Notes that the address of this event is still its own.
    pub(super) fn stays(&mut self, event: &SessionEvent) {
        let source = event.origin.source.ip();
        self.others.retain(|other| event.at.duration_since(other.last) <= WINDOW);
        if source != self.source {
            self.add_other(source, event.at);
        }
    }

    fn add_other(&mut self, address: IpAddr, last: Timestamp) {
        self.others.retain(|other| other.address != address);
        if self.others.len() >= MAX_OTHERS {
            self.others.remove(0);
        }
        self.others.push(Other { address, last });
    }

    fn addresses(&self) -> String {
        let all = std::iter::once(self.source).chain(self.others.iter().map(|other| other.address));
        all.map(|address| address.to_string()).collect::<Vec<_>>().join(", ")
    }

    fn merge(&mut self, younger: Incident) {
        for evidence in younger.evidence {
            let is_same =
                |known: &&mut Evidence| known.rule == evidence.rule && known.allowance == evidence.allowance;
            match self.evidence.iter_mut().find(is_same) {
                Some(known) => known.last = known.last.max(evidence.last),
                None => self.evidence.push(evidence),
            }
        }
        self.told.extend(younger.told.into_iter().filter(|told| told.rule != rules::MOVED.id));
        self.covered.extend(younger.covered);
        self.covered.drain(..self.covered.len().saturating_sub(MAX_COVERED));
        younger.sessions.into_iter().for_each(|session| self.join(session));
        self.memory.absorb(younger.memory);
        self.identity.absorb(younger.identity);
        self.last_seen = self.last_seen.max(younger.last_seen);
    }
}
