//! When what is sent: pure in the world and the span that is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Sender, Stream};
use crate::session::Span;
use crate::world::{View, VisitClass, World};

/// Events are many: of the operator's interval for one exam each so many'th part has one.
const PER_INTERVAL: u32 = 12;

/// Longest time from an event to its message.
const BEHIND: SignedDuration = SignedDuration::from_mins(1);

/// Days back on which a stay that ends today may have begun.
const STAYS: i64 = 1;

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// A visit that began, by number.
    Begins(String),
    /// A visit that ended.
    Ends(String),
    /// An order or its results, by barcode.
    Specimen(String),
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) at: Timestamp,
    pub(super) subject: Subject,
}

/// What is due in a span, in order of time: one event of each part of the interval.
pub(super) fn due(world: &Arc<World>, sender: &Sender, span: Span, interval: Duration) -> Vec<Planned> {
    let part = i64::try_from((interval / PER_INTERVAL).as_secs()).unwrap_or(3600).max(1);
    let slot = |at: Timestamp| at.as_second().div_euclid(part);
    let second = |slot: i64| Timestamp::from_second(slot * part).unwrap_or(Timestamp::MAX);
    // Whole parts, so that each choice is the same whichever span is asked for.
    let (first, last) = (second(slot(span.from - BEHIND)), second(slot(span.until) + 1));
    let mut chosen: BTreeMap<i64, Planned> = BTreeMap::new();
    for event in events(&world.at(last), sender, first, last) {
        let kept = chosen.entry(slot(event.at)).or_insert_with(|| event.clone());
        if event.at < kept.at {
            *kept = event;
        }
    }
    let sent = chosen.into_values().map(sent);
    let mut found: Vec<Planned> = sent.filter(|one| (span.from..span.until).contains(&one.at)).collect();
    found.sort_by_key(|one| one.at);
    found
}

/// An event's message goes out some seconds after it.
fn sent(event: Planned) -> Planned {
    let (Subject::Begins(id) | Subject::Ends(id) | Subject::Specimen(id)) = &event.subject;
    let draw = id.bytes().fold(11i64, |h, b| (h * 31 + i64::from(b)).rem_euclid(1_000_003));
    Planned { at: event.at + SignedDuration::from_secs(1 + draw % 25), subject: event.subject }
}

fn events(view: &View, sender: &Sender, from: Timestamp, until: Timestamp) -> Vec<Planned> {
    let (first, last) = (view.local(from).date(), view.local(until).date());
    let mut found = match sender.stream {
        Stream::Measurements => {
            let measured = view.measured(&sender.instrument, from, until).into_iter();
            let event = |order: crate::world::LabOrder| {
                Some(Planned { at: order.analysed?, subject: Subject::Specimen(order.specimen) })
            };
            measured.filter_map(event).collect()
        }
        Stream::Orders => specimens(view, first, last, |order| Some(order.ordered)),
        Stream::Results => specimens(view, first, last, |order| order.verified),
        Stream::Admissions => visits(view, first, last),
    };
    found.retain(|event| (from..until).contains(&event.at));
    found
}

fn days(first: Date, last: Date, back: i64) -> impl Iterator<Item = Date> {
    let start = first.checked_sub(jiff::Span::new().days(back)).unwrap_or(first);
    start.series(jiff::Span::new().days(1)).take_while(move |day| *day <= last)
}

fn specimens(
    view: &View,
    first: Date,
    last: Date,
    at: fn(&crate::world::LabOrder) -> Option<Timestamp>,
) -> Vec<Planned> {
    let orders = days(first, last, 0).flat_map(|day| view.lab_list_on(day));
    orders.filter_map(|o| Some(Planned { at: at(&o)?, subject: Subject::Specimen(o.specimen) })).collect()
}

/// Visits that begin, and those of the days before that end.
fn visits(view: &View, first: Date, last: Date) -> Vec<Planned> {
    let all = days(first, last, STAYS).flat_map(|day| view.encounters_on(day));
    all.flat_map(|visit| {
        let begins = Planned { at: visit.started, subject: Subject::Begins(visit.number.clone()) };
        let ended = visit.ended.filter(|_| visit.class == VisitClass::Inpatient);
        let ends = ended.map(|at| Planned { at, subject: Subject::Ends(visit.number) });
        std::iter::once(begins).chain(ends)
    })
    .collect()
}
