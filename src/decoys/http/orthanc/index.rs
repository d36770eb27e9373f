//! Orthanc's identifiers (SHA-1 of DICOM identifiers, in five groups) and what they stand for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sha1::{Digest, Sha1};

use crate::archive::{Entry, Holdings, SeriesEntry};

/// How long the list of what has come in is good for.
const FRESH: SignedDuration = SignedDuration::from_secs(20);
/// After so long a day's studies are all there.
const SETTLED: SignedDuration = SignedDuration::from_hours(36);

/// An identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id([u8; 20]);

impl Id {
    /// Of the identifiers from the patient's down, joined by bars.
    pub(super) fn of(parts: &[&str]) -> Id {
        Id(Sha1::digest(parts.join("|")).into())
    }

    /// Reads one.
    pub(super) fn read(text: &str) -> Option<Id> {
        let parts: Vec<&str> = text.split('-').collect();
        if parts.len() != 5 || parts.iter().any(|part| part.len() != 8) {
            return None;
        }
        Some(Id(hex::decode(parts.concat()).ok()?.try_into().ok()?))
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = hex::encode(self.0);
        let groups: Vec<&str> = (0..5).filter_map(|at| text.get(at * 8..at * 8 + 8)).collect();
        f.write_str(&groups.join("-"))
    }
}

/// A series with its identifiers.
pub(super) struct SeriesIds {
    pub(super) id: Id,
    pub(super) entry: SeriesEntry,
    pub(super) instances: Vec<Id>,
}

/// A study with its identifiers.
pub(super) struct StudyIds {
    pub(super) id: Id,
    pub(super) patient: Id,
    pub(super) entry: Arc<Entry>,
    pub(super) series: Vec<SeriesIds>,
}

/// What an identifier stands for, by places in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A patient, by his studies.
    Patient,
    /// A study.
    Study(usize),
    /// A series of a study.
    Series(usize, usize),
    /// An instance of a series of a study.
    Instance(usize, usize, usize),
}

/// All that is there.
pub(super) struct Catalogue {
    made: Timestamp,
    /// In the order in which they came.
    pub(super) studies: Vec<Arc<StudyIds>>,
    /// Patients in the order in which they came, each with his studies.
    pub(super) patients: Vec<(Id, Vec<usize>)>,
    places: HashMap<Id, Place>,
}

impl Catalogue {
    /// What an identifier stands for.
    pub(super) fn place(&self, id: Id) -> Option<Place> {
        self.places.get(&id).copied()
    }

    /// A patient's studies.
    pub(super) fn of_patient(&self, id: Id) -> Vec<&Arc<StudyIds>> {
        let found = self.patients.iter().find(|(patient, _)| *patient == id);
        found.map(|(_, at)| at.iter().filter_map(|at| self.studies.get(*at)).collect()).unwrap_or_default()
    }
}

/// The catalogue, kept and renewed.
#[derive(Default)]
pub(super) struct Index {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    days: BTreeMap<Date, Vec<Arc<StudyIds>>>,
    latest: Option<Arc<Catalogue>>,
}

impl Index {
    /// What one peer sees now; `common` is what every peer sees.
    pub(super) fn now(&self, common: &Holdings, seen: &Holdings) -> Arc<Catalogue> {
        let all = self.common(common);
        if seen.own().is_empty() {
            return all;
        }
        let mut studies = all.studies.clone();
        let mut touched: Vec<&str> = seen.own().iter().map(|object| object.study()).collect();
        touched.sort_unstable();
        touched.dedup();
        for entry in touched.into_iter().filter_map(|uid| seen.study(uid)) {
            let ids = study(seen, &entry);
            match studies.iter_mut().find(|known| known.id == ids.id) {
                Some(known) => *known = ids,
                None => studies.push(ids),
            }
        }
        Arc::new(catalogue(all.made, studies))
    }

    fn common(&self, holdings: &Holdings) -> Arc<Catalogue> {
        let now = holdings.view().now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |made: Timestamp| {
            let age = now.duration_since(made);
            !age.is_negative() && age < FRESH
        };
        if let Some(latest) = held.latest.as_ref().filter(|latest| fresh(latest.made)) {
            return Arc::clone(latest);
        }
        let (first, last) = holdings.dates();
        held.days.retain(|date, _| *date >= first);
        let mut studies = Vec::new();
        let mut date = first;
        while date <= last {
            let settled = settled(holdings, date);
            match held.days.get(&date).filter(|_| settled) {
                Some(day) => studies.extend(day.iter().cloned()),
                None => {
                    let day: Vec<_> = holdings.day(date).iter().map(|entry| study(holdings, entry)).collect();
                    studies.extend(day.iter().cloned());
                    held.days.insert(date, day);
                }
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        let latest = Arc::new(catalogue(now, studies));
        held.latest = Some(Arc::clone(&latest));
        latest
    }
}

fn settled(holdings: &Holdings, date: Date) -> bool {
    let view = holdings.view();
    let then = view.now().checked_sub(SETTLED).unwrap_or(Timestamp::MIN);
    view.local(then).date() > date
}

/// The identifiers of a study and of all below it.
pub(super) fn study(holdings: &Holdings, entry: &Arc<Entry>) -> Arc<StudyIds> {
    let (patient, uid) = (entry.patient_id(), entry.uid());
    let series = holdings.series(entry).into_iter().map(|series| SeriesIds {
        id: Id::of(&[patient, uid, series.uid()]),
        instances: holdings
            .instances(entry, &series)
            .iter()
            .map(|instance| Id::of(&[patient, uid, series.uid(), instance.uid()]))
            .collect(),
        entry: series,
    });
    Arc::new(StudyIds {
        id: Id::of(&[patient, uid]),
        patient: Id::of(&[patient]),
        series: series.collect(),
        entry: Arc::clone(entry),
    })
}

fn catalogue(made: Timestamp, studies: Vec<Arc<StudyIds>>) -> Catalogue {
    let mut places = HashMap::new();
    let mut patients: Vec<(Id, Vec<usize>)> = Vec::new();
    let mut known: HashMap<Id, usize> = HashMap::new();
    for (at, study) in studies.iter().enumerate() {
        let slot = *known.entry(study.patient).or_insert_with(|| {
            patients.push((study.patient, Vec::new()));
            patients.len() - 1
        });
        if let Some((_, list)) = patients.get_mut(slot) {
            list.push(at);
        }
        places.insert(study.patient, Place::Patient);
        places.insert(study.id, Place::Study(at));
        for (number, series) in study.series.iter().enumerate() {
            places.insert(series.id, Place::Series(at, number));
            let instances = series.instances.iter().enumerate();
            places.extend(instances.map(|(nth, id)| (*id, Place::Instance(at, number, nth))));
        }
    }
    Catalogue { made, studies, patients, places }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Orthanc 1.10.1 named these.
    #[test]
    fn identifiers_are_those_of_the_product() {
        let id = Id::of(&["0000361766"]);
        assert_eq!(id.to_string(), "8a66d216-486e7c82-f682d44f-c371ad04-4e211b68");
        assert_eq!(Id::read(&id.to_string()), Some(id));
        let study = "1.3.46.670589.33.1.10421767554591902770.14870863301351437512";
        assert_eq!(
            Id::of(&["0000361766", study]).to_string(),
            "4e197372-2b02871d-37af7ce8-d51bb54a-8602afac"
        );
        assert_eq!(Id::read("8a66d216"), None);
    }
}
