//! When a device calls: soon after it has measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Port;
use super::device::Device;
use crate::session::{Destination, Errand, Habit, Span};

/// Of the operator's interval for one exam each so many'th part has one specimen.
const PER_INTERVAL: u32 = 12;

/// Longest time from a measurement to the call.
const BEHIND: SignedDuration = SignedDuration::from_mins(1);

/// A device that calls.
pub(super) struct Calling(pub(super) Arc<Port>);

impl Habit for Calling {
    fn due(self: Arc<Self>, span: Span, interval: Duration) -> Vec<Errand> {
        let Some(host) = &self.0.behaviour.host else { return Vec::new() };
        let part = i64::try_from((interval / PER_INTERVAL).as_secs()).unwrap_or(3600).max(1);
        let slot = |at: Timestamp| at.as_second().div_euclid(part);
        let second = |slot: i64| Timestamp::from_second(slot * part).unwrap_or(Timestamp::MAX);
        // Whole parts, so that each choice is the same whichever span is asked for.
        let (first, last) = (second(slot(span.from - BEHIND)), second(slot(span.until) + 1));
        let mut chosen: BTreeMap<i64, (Timestamp, String)> = BTreeMap::new();
        for order in self.0.world.at(last).measured(&self.0.behaviour.instrument, first, last) {
            if let Some(at) = order.analysed {
                chosen.entry(slot(at)).or_insert((at, order.specimen));
            }
        }
        let calls = chosen.into_values().map(|(at, specimen)| {
            let draw = specimen.bytes().fold(5i64, |h, b| (h * 31 + i64::from(b)).rem_euclid(1_000_003));
            (at + SignedDuration::from_secs(3 + draw % 30), specimen)
        });
        let mut due: Vec<_> = calls.filter(|(at, _)| (span.from..span.until).contains(at)).collect();
        due.sort();
        due.into_iter()
            .map(|(at, specimen)| Errand {
                at,
                purpose: "point-of-care results",
                to: Destination { host: host.host.clone(), port: host.port },
                machine: Box::new(Device::calling(Arc::clone(&self.0), specimen)),
            })
            .collect()
    }
}
