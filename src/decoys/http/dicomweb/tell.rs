//! What is told of queries and retrievals.

use crate::archive::{Hit, Level, Query};
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;

/// A query that went out with so many answers.
pub(crate) fn query(session: &Session, query: &Query, filter: &str, answers: u64, hits: &[Hit]) {
    session.emit(Observation::Query {
        subject: query.subject(),
        filter: Tainted::new(filter),
        answers: u32::try_from(answers).unwrap_or(u32::MAX),
        unbounded: query.unbounded(),
        detail: None,
    });
    let ids = hits.iter().take(MAX_IDS).map(|hit| id(hit, query.level));
    read(session, query.subject(), hits.len(), ids.collect());
}

/// The world's id of what a match tells at a level.
pub(crate) fn id(hit: &Hit, level: Level) -> String {
    let study = hit.entry.uid();
    match level {
        Level::Patient => hit.entry.patient_id().to_owned(),
        Level::Study => study.to_owned(),
        Level::Series => hit.series.as_ref().map_or(study, |series| series.uid()).to_owned(),
        Level::Image => hit.instance.as_ref().map_or(study, |instance| instance.uid()).to_owned(),
    }
}

/// Records that went out: `ids` are the first of `count`.
pub(crate) fn read(session: &Session, subject: RecordKind, count: usize, ids: Vec<String>) {
    if count == 0 {
        return;
    }
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let ids = ids.into_iter().take(MAX_IDS).collect();
    session.emit(Observation::RecordRead { subject, count, ids });
}

/// Instances that went out.
pub(crate) fn instances(session: &Session, hits: &[Hit]) {
    let ids = hits.iter().take(MAX_IDS).map(|hit| id(hit, Level::Image)).collect();
    read(session, RecordKind::Instance, hits.len(), ids);
}

/// An object that came in, by the UID that it gives itself.
pub(crate) fn stored(session: &Session, uid: &str) {
    session.emit(Observation::RecordWrite {
        subject: RecordKind::Instance,
        count: 1,
        ids: vec![Tainted::new(uid)],
    });
}
