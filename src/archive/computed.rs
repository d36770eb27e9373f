//! Attributes that no object has but an archive can say (PS3.4 C.3.4): counts and summaries.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::entry::Entry;
use super::holdings::{Holdings, Record};
use crate::wire::dicom::dataset::{Tag, tags};

/// What is counted of studies.
#[derive(Clone, Copy)]
enum Count {
    Studies,
    Series,
    Instances,
}

/// The value of a computed attribute; `None` for any other attribute.
pub(super) fn text(record: &Record<'_>, tag: Tag) -> Option<String> {
    let (holdings, entry) = (record.holdings, record.entry);
    let of_patient = |what| {
        let studies = holdings.of_patient(entry.patient_id());
        studies.iter().map(|study: &Arc<Entry>| count(holdings, study, what)).sum::<u64>().to_string()
    };
    let of_study = |what| count(holdings, entry, what).to_string();
    Some(match tag {
        tags::NUMBER_OF_PATIENT_RELATED_STUDIES => of_patient(Count::Studies),
        tags::NUMBER_OF_PATIENT_RELATED_SERIES => of_patient(Count::Series),
        tags::NUMBER_OF_PATIENT_RELATED_INSTANCES => of_patient(Count::Instances),
        tags::NUMBER_OF_STUDY_RELATED_SERIES => of_study(Count::Series),
        tags::NUMBER_OF_STUDY_RELATED_INSTANCES => of_study(Count::Instances),
        tags::NUMBER_OF_SERIES_RELATED_INSTANCES => {
            record.series.map(|series| holdings.instance_count(entry, series).to_string()).unwrap_or_default()
        }
        tags::MODALITIES_IN_STUDY => {
            joined(holdings.series(entry).iter().map(|series| series.modality().to_owned()))
        }
        tags::SOP_CLASSES_IN_STUDY => joined(classes(holdings, entry)),
        _ => return None,
    })
}

fn count(holdings: &Holdings, entry: &Entry, what: Count) -> u64 {
    match what {
        Count::Studies => 1,
        Count::Series => u64::try_from(holdings.series(entry).len()).unwrap_or(u64::MAX),
        Count::Instances => holdings
            .series(entry)
            .iter()
            .map(|series| u64::from(holdings.instance_count(entry, series)))
            .sum(),
    }
}

/// The classes of all instances.
fn classes(holdings: &Holdings, entry: &Entry) -> impl Iterator<Item = String> {
    holdings.series(entry).into_iter().flat_map(|series| {
        holdings.instances(entry, &series).into_iter().map(|instance| instance.sop_class().to_owned())
    })
}

/// Each value once, sorted.
fn joined(values: impl Iterator<Item = String>) -> String {
    let values: BTreeSet<String> = values.collect();
    values.into_iter().collect::<Vec<_>>().join("\\")
}
