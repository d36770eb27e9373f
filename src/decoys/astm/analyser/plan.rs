//! When an analyser calls and with what: pure in the world and the span that is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Analyser;
use super::caller::Caller;
use super::collector::Collector;
use crate::decoys::astm::behaviour::Collect;
use crate::session::{Destination, Errand, Habit, Span};
use crate::world::{LabOrder, World};

/// Specimens are many: of the operator's interval for one exam each so many'th part has one.
pub(crate) const PER_INTERVAL: u32 = 12;

/// Longest time from a specimen's question to its results.
const AHEAD: SignedDuration = SignedDuration::from_mins(4);

/// Longest time from a measurement to its message.
const BEHIND: SignedDuration = SignedDuration::from_mins(1);

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Query,
    Results,
}

impl Kind {
    fn purpose(self) -> &'static str {
        match self {
            Kind::Query => "tests of a specimen",
            Kind::Results => "results",
        }
    }
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) at: Timestamp,
    pub(super) kind: Kind,
    pub(super) specimen: String,
}

/// An analyser that calls.
pub(super) struct Calling(pub(super) Arc<Analyser>);

impl Habit for Calling {
    fn due(self: Arc<Self>, span: Span, interval: Duration) -> Vec<Errand> {
        let Some(to) = self.0.host() else { return Vec::new() };
        let planned = due(&self.0.world, &self.0.instrument.code, span, interval).into_iter();
        let queries = self.0.behaviour.host.as_ref().is_some_and(|host| host.queries);
        let calls = planned.filter(|planned| queries || planned.kind == Kind::Results);
        let errand = |planned: Planned| Errand {
            at: planned.at,
            purpose: planned.kind.purpose(),
            to: to.clone(),
            machine: Box::new(Caller::new(Arc::clone(&self.0), planned)),
        };
        calls.map(errand).collect()
    }
}

/// A laboratory's system that calls analysers which don't call by themselves.
pub(crate) struct Collecting {
    pub(crate) collect: Vec<Collect>,
    pub(crate) world: Arc<World>,
}

impl Habit for Collecting {
    fn due(self: Arc<Self>, span: Span, interval: Duration) -> Vec<Errand> {
        let mut found: Vec<Errand> = self
            .collect
            .iter()
            .flat_map(|one| {
                let results = due(&self.world, &one.instrument, span, interval).into_iter();
                results.filter(|planned| planned.kind == Kind::Results).map(|planned| Errand {
                    at: planned.at,
                    purpose: "results of a serial analyser",
                    to: Destination { host: one.host.clone(), port: one.port },
                    machine: Box::new(Collector::new()),
                })
            })
            .collect();
        found.sort_by_key(|errand| errand.at);
        found
    }
}

/// What is due in a span, in order of time.
pub(super) fn due(world: &Arc<World>, instrument: &str, span: Span, interval: Duration) -> Vec<Planned> {
    let chosen = chosen(world, instrument, (span.from - BEHIND, span.until + AHEAD), interval);
    let calls = chosen.iter().flat_map(of_order);
    let mut found: Vec<Planned> =
        calls.filter(|planned| (span.from..span.until).contains(&planned.at)).collect();
    found.sort_by_key(|planned| (planned.at, planned.kind));
    found
}

/// One specimen measured in each part of the interval, over whole parts, so that each choice is the
/// same whichever span is asked for.
pub(crate) fn chosen(
    world: &Arc<World>,
    instrument: &str,
    (from, until): (Timestamp, Timestamp),
    interval: Duration,
) -> Vec<LabOrder> {
    let part = i64::try_from((interval / PER_INTERVAL).as_secs()).unwrap_or(3600).max(1);
    let slot = |at: Timestamp| at.as_second().div_euclid(part);
    let second = |slot: i64| Timestamp::from_second(slot * part).unwrap_or(Timestamp::MAX);
    let (first, last) = (second(slot(from)), second(slot(until) + 1));
    let mut chosen: BTreeMap<i64, LabOrder> = BTreeMap::new();
    for order in world.at(last).measured(instrument, first, last) {
        if let Some(analysed) = order.analysed {
            chosen.entry(slot(analysed)).or_insert(order);
        }
    }
    chosen.into_values().collect()
}

/// The calls of one specimen: the same for ever.
fn of_order(order: &LabOrder) -> Vec<Planned> {
    let Some(analysed) = order.analysed else { return Vec::new() };
    let draw = order.specimen.bytes().fold(17i64, |h, b| (h * 31 + i64::from(b)).rem_euclid(1_000_003));
    let after = SignedDuration::from_secs(4 + draw % 40);
    let before = SignedDuration::from_secs(75 + draw % 120);
    let planned = |at, kind| Planned { at, kind, specimen: order.specimen.clone() };
    // What is measured as soon as it was drawn has nobody asked for.
    let asked = analysed - before;
    let known = order.collected.is_some_and(|collected| collected < asked);
    let query = known.then(|| planned(asked, Kind::Query));
    query.into_iter().chain([planned(analysed + after, Kind::Results)]).collect()
}
