//! When a console does what: pure in the world and the span that is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Time, time};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::session::Span;
use crate::world::{Device, Study, StudyFilter, View, World};

/// From the first errand of an exam to its start: the longest that is drawn below, and some.
const BEFORE: SignedDuration = SignedDuration::from_mins(12);

/// From the start of an exam to its last errand: the longest exam and what is drawn below.
const AFTER: SignedDuration = SignedDuration::from_hours(2);

/// Exams that begin in these hours of the department's day go over the network; its nights are quiet.
const WORKING: [Time; 2] = [time(7, 30, 0, 0), time(20, 30, 0, 0)];

/// One exam in so many is preceded by a verification.
const VERIFIED: u32 = 3;

/// What an errand is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// C-ECHO at the archive.
    Verify,
    /// The worklist of the day.
    Worklist,
    /// A performed step begins.
    Begin,
    /// Images.
    Store,
    /// The step is completed.
    End,
    /// The images are to be committed.
    Commit,
}

impl Kind {
    pub(crate) const ALL: [Kind; 6] =
        [Kind::Verify, Kind::Worklist, Kind::Begin, Kind::Store, Kind::End, Kind::Commit];

    /// In a few words.
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Kind::Verify => "verification",
            Kind::Worklist => "worklist",
            Kind::Begin => "step begins",
            Kind::Store => "images",
            Kind::End => "step ends",
            Kind::Commit => "commitment",
        }
    }
}

/// An errand of an exam.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
    pub(crate) study: Arc<Study>,
    /// When the device had made all of it.
    pub(crate) acquired: Timestamp,
}

/// What is due in a span, one exam of each interval, in order of time.
pub(crate) fn due(world: &Arc<World>, device: &Device, span: Span, interval: Duration) -> Vec<Planned> {
    let Span { since, from, until } = span;
    let mut found: Vec<_> = exams(world, device, from - AFTER, until + BEFORE, interval)
        .into_iter()
        .map(|(study, acquired)| of_exam(&Arc::new(study), acquired))
        // No step is completed that nobody was told of.
        .filter(|errands| errands.iter().all(|planned| planned.at >= since))
        .flatten()
        .filter(|planned| (from..until).contains(&planned.at))
        .collect();
    found.sort_by_key(|planned| (planned.at, planned.kind));
    found
}

/// The exams that go over the network among those that begin in a span, with their ends.
fn exams(
    world: &Arc<World>,
    device: &Device,
    from: Timestamp,
    until: Timestamp,
    interval: Duration,
) -> Vec<(Study, Timestamp)> {
    let interval = SignedDuration::try_from(interval).unwrap_or(SignedDuration::from_hours(24));
    // Whole intervals, so that each choice is the same whichever span is asked for; and late enough
    // that what is planned has happened.
    let (first, last) = (from - interval, until + interval);
    let view = world.at(last + SignedDuration::from_hours(24));
    let filter = StudyFilter {
        from: Some(view.local(first).date()),
        to: Some(view.local(last).date()),
        modalities: vec![device.modality],
        ..StudyFilter::default()
    };
    let mut chosen: BTreeMap<i64, Study> = BTreeMap::new();
    let own = view.studies(&filter).into_iter().filter(|study| study.device.ae_title == device.ae_title);
    for study in own.filter(|study| works(&view, study)) {
        let slot = study.started.as_second().div_euclid(interval.as_secs().max(1));
        if chosen.get(&slot).is_none_or(|other| (study.seed, &study.uid) < (other.seed, &other.uid)) {
            chosen.insert(slot, study);
        }
    }
    let within = chosen.into_values().filter(|study| (from..until).contains(&study.started));
    within.filter_map(|study| view.acquired(&study).map(|acquired| (study, acquired))).collect()
}

fn works(view: &View, study: &Study) -> bool {
    let [opens, closes] = WORKING;
    (opens..closes).contains(&view.local(study.started).time())
}

/// The errands of one exam: the same for ever.
fn of_exam(study: &Arc<Study>, acquired: Timestamp) -> Vec<Planned> {
    let mut dice = StdRng::seed_from_u64(study.seed);
    let mut after =
        |at: Timestamp, low: i64, high: i64| at + SignedDuration::from_secs(dice.random_range(low..=high));
    let worklist = after(study.started, -540, -240);
    let verify = after(worklist, -60, -20);
    let begin = after(study.started, 5, 25);
    let store = after(acquired.max(begin), 5, 40);
    let end = after(store, 20, 60);
    let commit = after(end, 30, 90);
    let verified = dice.random_range(0..VERIFIED) == 0;
    let times = [
        (Kind::Verify, verify),
        (Kind::Worklist, worklist),
        (Kind::Begin, begin),
        (Kind::Store, store),
        (Kind::End, end),
        (Kind::Commit, commit),
    ];
    let done = times.into_iter().filter(|(kind, _)| verified || *kind != Kind::Verify);
    done.map(|(kind, at)| Planned { at, kind, study: Arc::clone(study), acquired }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::session::bench::{Bench, NOW};

    const HOUR: Duration = Duration::from_secs(3600);

    fn planned(bench: &Bench, device: &Device, [from, until]: [Timestamp; 2]) -> Vec<Planned> {
        due(&bench.world, device, Span { since: day()[0], from, until }, HOUR)
    }

    fn day() -> [Timestamp; 2] {
        // Local midnight to midnight: 2026-03-02 in China.
        let start: Timestamp = "2026-03-01T16:00:00Z".parse().unwrap();
        [start, start + SignedDuration::from_hours(24)]
    }

    fn consoles(bench: &Bench) -> Vec<Device> {
        let mut devices = bench.world.at(NOW.parse().unwrap()).devices();
        devices.retain(|device| ["CT01", "MR01", "DR01", "US01"].contains(&device.ae_title.as_str()));
        assert_eq!(devices.len(), 4);
        devices
    }

    fn told(planned: &[Planned]) -> Vec<(Timestamp, Kind, String)> {
        planned.iter().map(|p| (p.at, p.kind, p.study.uid.clone())).collect()
    }

    #[test]
    fn each_exam_is_done_once_and_in_order_and_by_day() {
        let bench = Bench::new();
        let [midnight, next] = day();
        for device in consoles(&bench) {
            let planned = planned(&bench, &device, [midnight, next]);
            let mut exams: BTreeMap<&str, Vec<(Kind, Timestamp)>> = BTreeMap::new();
            for errand in &planned {
                assert_eq!(errand.study.device.ae_title, device.ae_title);
                let local = bench.world.at(next).local(errand.at);
                assert!((7..22).contains(&local.hour()), "{} {local}", device.ae_title);
                exams.entry(&errand.study.uid).or_default().push((errand.kind, errand.at));
            }
            assert!((5..=13).contains(&exams.len()), "{}: {} exams", device.ae_title, exams.len());
            for errands in exams.values() {
                let kinds: Vec<_> = errands.iter().map(|(kind, _)| *kind).collect();
                let skipped = Kind::ALL.len() - kinds.len();
                assert!(skipped <= 1 && kinds == Kind::ALL[skipped..], "{kinds:?}");
            }
        }
    }

    #[test]
    fn errands_fit_the_exam_that_they_are_for() {
        let bench = Bench::new();
        for device in consoles(&bench) {
            for errand in planned(&bench, &device, day()) {
                let view = bench.world.at(errand.at);
                let date = view.local(errand.study.started).date();
                let waits = view.worklist(date).iter().any(|step| step.study_uid == errand.study.uid);
                match errand.kind {
                    Kind::Verify => {}
                    Kind::Worklist => assert!(waits, "{}: asked for what is ordered", errand.at),
                    Kind::Begin => assert!(!waits && errand.at >= errand.study.started),
                    Kind::Store | Kind::End | Kind::Commit => {
                        assert_eq!(view.acquired(&errand.study), Some(errand.acquired));
                        assert!(!view.series(&errand.study).is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn spans_that_follow_one_another_give_what_the_whole_gives() {
        let bench = Bench::new();
        let [midnight, next] = day();
        let device = &consoles(&bench)[0];
        let interval = Duration::from_secs(1800);
        let span = |from, until| Span { since: midnight, from, until };
        let whole = told(&due(&bench.world, device, span(midnight, next), interval));
        let (mut parts, mut from) = (Vec::new(), midnight);
        while from < next {
            let until = (from + SignedDuration::from_mins(47)).min(next);
            parts.extend(told(&due(&bench.world, device, span(from, until), interval)));
            from = until;
        }
        assert_eq!(parts, whole);
        assert!(whole.len() > planned(&bench, device, [midnight, next]).len());
    }

    #[test]
    fn a_console_goes_on_with_no_exam_that_it_did_not_begin() {
        let bench = Bench::new();
        let [midnight, next] = day();
        let device = &consoles(&bench)[0];
        for errand in planned(&bench, device, [midnight, next]) {
            let since = errand.at + SignedDuration::from_secs(1);
            let later = due(&bench.world, device, Span { since, from: since, until: next }, HOUR);
            assert!(later.iter().all(|planned| planned.study.uid != errand.study.uid), "{}", errand.at);
        }
    }
}
