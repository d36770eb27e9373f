//! What the archive holds: the world's studies in the order in which they came in, with a bounded
//! memory of the days that were asked for last.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};

use super::entry::Entry;
use super::holdings::Holdings;
use super::own::{self, Stored, Taken};
use crate::imaging::Imaging;
use crate::wire::dicom::dataset::{DataSet, Tag};
use crate::world::overlay::Overlay;
use crate::world::{Instance, PatientNo, Series, Study, StudyFilter, View};

/// Most studies remembered: about a dozen days of a large hospital, some 8 MB.
const MAX_REMEMBERED: usize = 8192;

/// How long a list of a day that still grows is good for.
const FRESH: SignedDuration = SignedDuration::from_secs(5);

/// After the end of a day, for as long its last studies may still come in.
const SETTLING: SignedDuration = SignedDuration::from_hours(6);

/// A study whose images must all have come in by now.
const ARRIVED: SignedDuration = SignedDuration::from_hours(6);

/// Studies of one day, oldest first.
pub type Day = Arc<[Arc<Entry>]>;

/// The archive of one host.
pub struct Archive {
    host: String,
    online_days: u32,
    one_in: u32,
    headers: Option<Headers>,
    days: Mutex<Remembered>,
}

/// What an index says of instances beyond names and numbers: read from their headers.
struct Headers {
    imaging: Arc<Imaging>,
    /// These attributes only; `None`: whatever they have.
    tags: Option<BTreeSet<Tag>>,
}

#[derive(Default)]
struct Remembered {
    /// Last used at the back.
    days: VecDeque<(Date, Timestamp, Day)>,
    studies: usize,
}

impl Archive {
    /// The archive of a host, which reaches this many days back. All archives of one host share
    /// what an intruder stored.
    pub fn new(host: &str, online_days: u32) -> Self {
        Archive { host: host.to_owned(), online_days, one_in: 1, headers: None, days: Mutex::default() }
    }

    /// The same with one in so many of the studies, always the same ones: a collection, not the
    /// hospital's whole archive.
    pub fn sampled(mut self, one_in: u32) -> Self {
        self.one_in = one_in.max(1);
        self
    }

    /// The same with attributes of instances that stand in their headers only: these, or all.
    pub fn with_headers(mut self, imaging: Arc<Imaging>, tags: Option<BTreeSet<Tag>>) -> Self {
        self.headers = Some(Headers { imaging, tags });
        self
    }

    /// The header of an instance, when the index says this attribute of it.
    pub(super) fn header(
        &self,
        tag: Tag,
        view: &View,
        (study, series, instance): (&Study, &Series, &Instance),
    ) -> Option<DataSet> {
        let headers = self.headers.as_ref()?;
        let told = headers.tags.as_ref().is_none_or(|tags| tags.contains(&tag));
        told.then(|| headers.imaging.header(view, study, series, instance))
    }

    /// What a peer sees of it at a moment; his overlay holds what he stored.
    pub fn seen(self: &Arc<Self>, view: View, overlay: &Overlay) -> Holdings {
        Holdings::new(Arc::clone(self), view, own::read(overlay, &self.host))
    }

    /// Puts an object that a peer stored at hand, to him only.
    pub fn take(&self, overlay: &Overlay, object: Stored) -> Taken {
        own::take(overlay, &self.host, object)
    }

    /// First and last local date that it holds studies of.
    pub(super) fn dates(&self, view: &View) -> (Date, Date) {
        let today = view.local(view.now()).date();
        let back = Span::new().days(i64::from(self.online_days));
        (today.checked_sub(back).unwrap_or(Date::MIN), today)
    }

    /// The studies of a day.
    pub(super) fn day(&self, view: &View, date: Date) -> Day {
        if let Some(day) = self.remembered(view, date) {
            return day;
        }
        let filter = StudyFilter { from: Some(date), to: Some(date), ..StudyFilter::default() };
        let day: Day = self.entries(view, view.studies(&filter)).into();
        self.remember(date, view.now(), &day);
        day
    }

    /// The studies of a patient, oldest first.
    pub(super) fn of_patient(&self, view: &View, patient: PatientNo) -> Vec<Arc<Entry>> {
        let (from, to) = self.dates(view);
        let filter =
            StudyFilter { from: Some(from), to: Some(to), patient: Some(patient), ..StudyFilter::default() };
        self.entries(view, view.studies(&filter))
    }

    fn entries(&self, view: &View, mut studies: Vec<Study>) -> Vec<Arc<Entry>> {
        studies.sort_by(|a, b| (a.started, &a.uid).cmp(&(b.started, &b.uid)));
        studies.into_iter().filter_map(|study| self.entry(view, study)).collect()
    }

    /// A study that is in reach and whose first images have come in.
    pub(super) fn entry(&self, view: &View, study: Study) -> Option<Arc<Entry>> {
        let (first, last) = self.dates(view);
        let date = view.local(study.started).date();
        let chosen = study.seed.is_multiple_of(u64::from(self.one_in));
        if date < first || date > last || !chosen {
            return None;
        }
        let old = view.now().duration_since(study.started) > ARRIVED;
        if !old && view.series(&study).is_empty() {
            return None;
        }
        Some(Arc::new(Entry::of(view, study)?))
    }

    fn remembered(&self, view: &View, date: Date) -> Option<Day> {
        let mut held = self.lock();
        let at = held.days.iter().position(|(held, ..)| *held == date)?;
        let (date, made, day) = held.days.remove(at)?;
        if !good(view, date, made) {
            held.studies -= day.len();
            return None;
        }
        held.days.push_back((date, made, Arc::clone(&day)));
        Some(day)
    }

    fn remember(&self, date: Date, made: Timestamp, day: &Day) {
        let mut held = self.lock();
        held.studies += day.len();
        held.days.push_back((date, made, Arc::clone(day)));
        while held.studies > MAX_REMEMBERED {
            let Some((.., oldest)) = held.days.pop_front() else { return };
            held.studies -= oldest.len();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a list made then still says all of its day now.
fn good(view: &View, date: Date, made: Timestamp) -> bool {
    let settled = |at: Timestamp| {
        let quiet = at.checked_sub(SETTLING).unwrap_or(Timestamp::MIN);
        view.local(quiet).date() > date
    };
    let age = view.now().duration_since(made);
    !age.is_negative() && (settled(made) || age <= FRESH)
}
