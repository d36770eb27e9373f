//! Walks the archive for a query, a bounded piece at a time.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use jiff::civil::Date;

use super::entry::{Entry, InstanceEntry, SeriesEntry};
use super::holdings::{Holdings, Record};
use super::level::Level;
use super::matching::{Matcher, in_moments};
use super::query::{Compared, Key, Query};
use super::shelf::Day;
use crate::wire::dicom::dataset::{Tag, tags};
use crate::world::{PatientFilter, Study, StudyFilter};

/// Most patients looked up one by one for a name; a more common name is cheaper by one look at all
/// days.
const MAX_NAMED: usize = 500;

/// Most studies of a common name that are held at once, some 20 MB; for more, the days are walked.
const MAX_STUDIES: usize = 24_576;

/// Most UIDs of one key that are looked up; products' clients send a few hundred at most.
const MAX_UIDS: usize = 4096;

/// Studies looked at in one go, so that a connection never holds a thread for long.
const STUDIES_AT_ONCE: usize = 1024;

/// What matched: a study, and below its level a series and an instance.
pub struct Hit {
    /// Study and patient.
    pub entry: Arc<Entry>,
    /// The series, from SERIES level on.
    pub series: Option<SeriesEntry>,
    /// The instance, at IMAGE level.
    pub instance: Option<InstanceEntry>,
}

/// What a step brought.
pub enum Found {
    /// A match.
    Hit(Box<Hit>),
    /// Nothing yet; go on later.
    Pause,
    /// There is no more.
    End,
}

/// A walk through the archive.
pub struct Search {
    source: Source,
    /// What the peer made up comes last.
    own: VecDeque<Arc<Entry>>,
    patients: HashSet<String>,
    ready: VecDeque<Hit>,
    looked_at: usize,
}

enum Source {
    List(VecDeque<Arc<Entry>>),
    Studies(VecDeque<Study>),
    Days { next: Option<Date>, last: Date, day: Day, at: usize },
}

impl Search {
    /// Chooses the shortest way to everything that can match.
    pub fn new(query: &Query, holdings: &Holdings) -> Self {
        let source = listed(query, holdings)
            .map(Source::List)
            .or_else(|| named(query, holdings).map(Source::Studies))
            .unwrap_or_else(|| days(query, holdings));
        Search {
            source,
            own: holdings.own_studies().into(),
            patients: HashSet::new(),
            ready: VecDeque::new(),
            looked_at: 0,
        }
    }

    /// The next match.
    pub fn next(&mut self, query: &Query, holdings: &Holdings) -> Found {
        loop {
            if let Some(hit) = self.ready.pop_front() {
                return Found::Hit(Box::new(hit));
            }
            if self.looked_at >= STUDIES_AT_ONCE {
                self.looked_at = 0;
                return Found::Pause;
            }
            self.looked_at += 1;
            match self.source.next(holdings).or_else(|| self.own.pop_front()) {
                Some(entry) => self.compare(entry, query, holdings),
                None => return Found::End,
            }
        }
    }

    fn compare(&mut self, entry: Arc<Entry>, query: &Query, holdings: &Holdings) {
        let upper = Record { holdings, entry: &entry, series: None, instance: None };
        if ![Level::Patient, Level::Study].iter().all(|level| matches_at(query, &upper, *level)) {
            return;
        }
        if query.first_instance && query.level < Level::Series && !first_matches(&entry, query, holdings) {
            return;
        }
        match query.level {
            Level::Patient => {
                if self.patients.insert(entry.patient_id().to_owned()) {
                    self.ready.push_back(Hit { entry, series: None, instance: None });
                }
            }
            Level::Study => self.ready.push_back(Hit { entry, series: None, instance: None }),
            Level::Series | Level::Image => self.ready.extend(below(&entry, query, holdings)),
        }
    }
}

/// Series or instances of a study that match.
pub fn below(entry: &Arc<Entry>, query: &Query, holdings: &Holdings) -> Vec<Hit> {
    let mut hits = Vec::new();
    for series in holdings.series(entry) {
        let record = Record { holdings, entry, series: Some(&series), instance: None };
        if !matches_at(query, &record, Level::Series) {
            continue;
        }
        if query.level == Level::Series {
            hits.push(Hit { entry: Arc::clone(entry), series: Some(series), instance: None });
            continue;
        }
        for instance in holdings.instances(entry, &series) {
            let record = Record { holdings, entry, series: Some(&series), instance: Some(&instance) };
            if matches_at(query, &record, Level::Image) {
                let series = Some(series.clone());
                hits.push(Hit { entry: Arc::clone(entry), series, instance: Some(instance) });
            }
        }
    }
    hits
}

/// Whether the first instance of a study matches the keys below the level that is asked.
fn first_matches(entry: &Entry, query: &Query, holdings: &Holdings) -> bool {
    let below = |key: &&Key| key.level > query.level && !key.comparison.is_any();
    if !query.keys.iter().any(|key| below(&key)) {
        return true;
    }
    let series = holdings.series(entry).into_iter().next();
    let instance = series.as_ref().and_then(|series| holdings.instances(entry, series).into_iter().next());
    let record = Record { holdings, entry, series: series.as_ref(), instance: instance.as_ref() };
    query.keys.iter().filter(below).all(|key| matches(query, &record, key))
}

/// Whether all keys of a level match.
fn matches_at(query: &Query, record: &Record<'_>, level: Level) -> bool {
    let mut keys = query.keys.iter().filter(|key| key.level == level && query.counts(key));
    let mut nested = query.sequences.iter().filter(|(_, of, _)| *of == level && query.counts_sequence(*of));
    keys.all(|key| matches(query, record, key))
        && nested.all(|(tag, _, keys)| keys.is_any() || keys.matches(&record.items(*tag).unwrap_or_default()))
}

fn matches(query: &Query, record: &Record<'_>, key: &Key) -> bool {
    if key.comparison.is_any() {
        return true;
    }
    if let Some(((date, days), (time, clock))) = query.moment(key.tag) {
        return in_moments(days, clock, &record.text(date), &record.text(time));
    }
    let text = record.text(key.tag);
    match query.compared {
        Compared::Kept(charset) if !text.is_ascii() => key.comparison.matches(&charset.encode(&text)),
        Compared::Kept(_) | Compared::Unicode => key.comparison.matches(text.as_bytes()),
    }
}

impl Source {
    fn next(&mut self, holdings: &Holdings) -> Option<Arc<Entry>> {
        match self {
            Source::List(list) => list.pop_front(),
            Source::Studies(studies) => loop {
                if let Some(entry) = holdings.entry(studies.pop_front()?) {
                    return Some(entry);
                }
            },
            Source::Days { next, last, day, at } => loop {
                if let Some(entry) = day.get(*at) {
                    *at += 1;
                    return Some(Arc::clone(entry));
                }
                let date = next.filter(|date| date <= last)?;
                *day = holdings.day(date);
                *at = 0;
                *next = date.tomorrow().ok();
            },
        }
    }
}

/// Studies that a key names, oldest first; `None` when no key does.
fn listed(query: &Query, holdings: &Holdings) -> Option<VecDeque<Arc<Entry>>> {
    if let Some(Matcher::Uids(uids)) = query.matcher(tags::STUDY_INSTANCE_UID) {
        let texts = uids.iter().take(MAX_UIDS).filter_map(|uid| std::str::from_utf8(uid).ok());
        return Some(ordered(texts.filter_map(|uid| holdings.world_study(uid)).collect()));
    }
    if let Some(entries) = below_the_study(query, holdings) {
        return Some(entries);
    }
    if let Some(accession) = single(query, tags::ACCESSION_NUMBER) {
        return Some(holdings.by_accession(&accession).into_iter().collect());
    }
    if let Some(mrn) = single(query, tags::PATIENT_ID) {
        return Some(holdings.world_of_patient(&mrn).into());
    }
    let filter = PatientFilter { name: Some(name_piece(query)?), limit: Some(MAX_NAMED + 1), born: None };
    let patients = holdings.view().patients(&filter);
    if patients.len() > MAX_NAMED {
        return None;
    }
    Some(ordered(patients.iter().flat_map(|patient| holdings.world_of_patient(&patient.mrn)).collect()))
}

/// Studies of the series or instances that a relational query names.
fn below_the_study(query: &Query, holdings: &Holdings) -> Option<VecDeque<Arc<Entry>>> {
    let found = |tag: Tag, find: &dyn Fn(&str) -> Option<Hit>| {
        let Some(Matcher::Uids(uids)) = query.matcher(tag) else { return None };
        let texts = uids.iter().take(MAX_UIDS).filter_map(|uid| std::str::from_utf8(uid).ok());
        let entries = texts.filter_map(|uid| find(uid).map(|hit| hit.entry));
        Some(ordered(entries.filter(|entry| entry.world().is_some()).collect()))
    };
    found(tags::SERIES_INSTANCE_UID, &|uid| holdings.find_series(uid))
        .or_else(|| found(tags::SOP_INSTANCE_UID, &|uid| holdings.find_instance(uid)))
}

/// Studies of a common name in the dates asked for, oldest first; `None` when there are too many.
fn named(query: &Query, holdings: &Holdings) -> Option<VecDeque<Study>> {
    let (first, last) = dates(query, holdings);
    let filter = StudyFilter {
        from: Some(first),
        to: Some(last),
        name: Some(name_piece(query)?),
        limit: Some(MAX_STUDIES + 1),
        ..StudyFilter::default()
    };
    let mut studies = holdings.view().studies(&filter);
    studies.sort_by(|a, b| (a.started, &a.uid).cmp(&(b.started, &b.uid)));
    (studies.len() <= MAX_STUDIES).then(|| studies.into())
}

/// A pattern for the world that every name matches which matches the query's.
fn name_piece(query: &Query) -> Option<String> {
    let pattern = query.comparison(tags::PATIENT_NAME)?.pattern()?;
    wide_pattern(&pattern_text(query, pattern))
}

fn single(query: &Query, tag: Tag) -> Option<String> {
    let key = query.comparison(tag)?.single()?;
    std::str::from_utf8(key).ok().map(str::to_owned)
}

fn pattern_text(query: &Query, pattern: &[u8]) -> String {
    match query.compared {
        Compared::Unicode => String::from_utf8_lossy(pattern).into_owned(),
        Compared::Kept(charset) => charset.decode(pattern).into_owned(),
    }
}

/// The letters of one script of a name's pattern in their order: whoever matches the pattern has them
/// so, since a name has each script in one component group.
fn wide_pattern(pattern: &str) -> Option<String> {
    let letters = |latin: bool| -> Vec<&str> {
        let pieces = pattern.split(move |c: char| !c.is_alphabetic() || c.is_ascii() != latin);
        pieces.filter(|piece| !piece.is_empty()).collect()
    };
    let [latin, han] = [letters(true), letters(false)];
    let length = |pieces: &[&str]| pieces.iter().map(|piece| piece.len()).sum::<usize>();
    let pieces = if length(&han) > length(&latin) { han } else { latin };
    let first = pieces.first()?;
    // The Latin group comes first, so what begins with letters of it begins the name.
    let open = if first.is_ascii() && pattern.starts_with(first) { "" } else { "*" };
    Some(format!("{open}{}*", pieces.join("*")))
}

fn ordered(mut entries: Vec<Arc<Entry>>) -> VecDeque<Arc<Entry>> {
    entries.sort_by(|a, b| (a.started(), a.uid()).cmp(&(b.started(), b.uid())));
    entries.dedup_by(|a, b| a.uid() == b.uid());
    entries.into()
}

fn days(query: &Query, holdings: &Holdings) -> Source {
    let (first, last) = dates(query, holdings);
    Source::Days { next: Some(first), last, day: Vec::new().into(), at: 0 }
}

/// First and last day that can match.
fn dates(query: &Query, holdings: &Holdings) -> (Date, Date) {
    let (mut first, mut last) = holdings.dates();
    if let Some(Matcher::Dates(range)) = query.matcher(tags::STUDY_DATE) {
        first = range.first.map_or(first, |day| first.max(civil(day, Date::MIN)));
        last = range.last.map_or(last, |day| last.min(civil(day, Date::MAX)));
    }
    (first, last)
}

/// A date from its eight digits; days that a month lacks count to its last.
fn civil(day: u64, otherwise: Date) -> Date {
    let part = |number: u64| i8::try_from(number % 100).ok();
    let read = || {
        let year = i16::try_from(day / 10_000).ok()?;
        let first = Date::new(year, part(day / 100)?, 1).ok()?;
        Some(first.with().day(part(day)?.min(first.days_in_month())).build().unwrap_or(first))
    };
    read().unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_a_month_lacks() {
        assert_eq!(civil(20_260_230, Date::MAX), jiff::civil::date(2026, 2, 28));
        assert_eq!(civil(20_260_105, Date::MAX), jiff::civil::date(2026, 1, 5));
        assert_eq!(civil(99_999_999, Date::MAX), Date::MAX);
    }

    #[test]
    fn a_wide_pattern_has_the_letters_of_one_script_in_order() {
        let wide = |pattern: &str| wide_pattern(pattern).unwrap_or_default();
        assert_eq!(wide("Zhang^Jie*"), "Zhang*Jie*");
        assert_eq!(wide("*hang^J?e"), "*hang*J*e*");
        assert_eq!(wide("Zhang^San=\u{5f20}^\u{4e09}"), "Zhang*San*");
        assert_eq!(wide("*\u{5f20}*\u{4e09}*"), "*\u{5f20}*\u{4e09}*");
        assert_eq!(wide("Li*\u{5f20}\u{4e09}\u{4e30}*"), "*\u{5f20}\u{4e09}\u{4e30}*");
        assert_eq!(wide_pattern("*"), None);
    }
}
