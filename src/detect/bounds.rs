//! How a source keeps to what it is allowed: counted, and watched for another program.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::allowance::{Allowance, Day, Outside};
use super::{Class, Settings, WINDOW};
use crate::event::{Observation, SessionEvent, SessionId};

/// Sessions of a source that are known to be of another program; the newest stay.
const MAX_STRANGE: usize = 64;

/// What is remembered of one source for its allowances.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Bounds {
    /// When the day that is counted began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Sessions of that day.
    #[serde(default)]
    sessions: u32,
    /// Sessions in which a mark differs from the one that an allowance declares.
    #[serde(default)]
    strange: Vec<Strange>,
}

/// A session of another program than an allowance declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Strange {
    session: SessionId,
    allowance: String,
}

impl Bounds {
    /// Takes one event in. Sources without an allowance cost nothing.
    pub(super) fn note(&mut self, settings: &Settings, event: &SessionEvent) {
        let source = event.origin.source.ip();
        if settings.allowances(source).next().is_none() {
            return;
        }
        if let Observation::Opened { .. } = &event.observation {
            self.count(event.at);
        }
        if let Observation::Fingerprint { mark, value } = &event.observation {
            let contradicted =
                settings.allowances(source).filter(|one| one.contradicts(*mark, value.as_untrusted()));
            contradicted.for_each(|allowance| self.suspect(event.origin.session, &allowance.name));
        }
    }

    /// The allowance that covers evidence of this class from this event; or, when the source has some and
    /// none does, which bound of the first was crossed.
    pub(super) fn allowance<'s>(
        &self,
        settings: &'s Settings,
        class: Class,
        event: &SessionEvent,
    ) -> Option<Result<&'s Allowance, Outside>> {
        let session = event.origin.session;
        let mut crossed = None;
        for allowance in settings.allowances(event.origin.source.ip()) {
            let day = Day { sessions: self.sessions, is_strange: self.is_strange(session, &allowance.name) };
            match allowance.covers(class, event, day) {
                Ok(()) => return Some(Ok(allowance)),
                Err(outside) => crossed = crossed.or(Some(outside)),
            }
        }
        crossed.map(Err)
    }

    fn count(&mut self, at: Timestamp) {
        if self.since.is_none_or(|since| at.duration_since(since) > WINDOW) {
            self.since = Some(at);
            self.sessions = 0;
        }
        self.sessions = self.sessions.saturating_add(1);
    }

    fn is_strange(&self, session: SessionId, allowance: &str) -> bool {
        self.strange.iter().any(|strange| strange.session == session && strange.allowance == allowance)
    }

    fn suspect(&mut self, session: SessionId, allowance: &str) {
        if self.is_strange(session, allowance) {
            return;
        }
        if self.strange.len() >= MAX_STRANGE {
            self.strange.remove(0);
        }
        self.strange.push(Strange { session, allowance: allowance.to_owned() });
    }
}
