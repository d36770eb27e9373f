//! The worklist over HTTP: scheduled procedure steps that wait.

use super::Dcm4chee;
use super::outputs::{Output, not_acceptable};
use super::query::{invalid, manner};
use crate::archive::{Comparison, worklist};
use crate::decoys::http::dicomweb::attributes::{Attributes, Values, of_data_set, of_text};
use crate::decoys::http::dicomweb::qido::Parameters;
use crate::decoys::http::dicomweb::tell;
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::uri::split_target;
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, tags, vr_of};
use crate::world::{View, WorklistEntry};

/// Attributes of an entry that come unasked.
const ENTRY: [Tag; 21] = [
    tags::ACCESSION_NUMBER,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::REFERENCED_STUDY_SEQUENCE,
    tags::REFERENCED_PATIENT_SEQUENCE,
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::PATIENT_WEIGHT,
    tags::MEDICAL_ALERTS,
    tags::ALLERGIES,
    tags::PREGNANCY_STATUS,
    tags::STUDY_INSTANCE_UID,
    tags::REQUESTING_PHYSICIAN,
    tags::REQUESTED_PROCEDURE_DESCRIPTION,
    tags::REQUESTED_PROCEDURE_CODE_SEQUENCE,
    tags::ADMISSION_ID,
    tags::CURRENT_PATIENT_LOCATION,
    tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE,
    tags::REQUESTED_PROCEDURE_ID,
    tags::REQUESTED_PROCEDURE_PRIORITY,
];

/// What is asked of an entry.
struct Asked {
    /// Attributes of the entry itself.
    own: Vec<(Tag, Comparison)>,
    /// Attributes of its step.
    step: Vec<(Tag, Comparison)>,
    /// The text of the step's start date.
    day: String,
}

impl Asked {
    fn of(parameters: &Parameters) -> Self {
        let key = |tag: Tag, text: &str| {
            let vr = vr_of(tag);
            (tag, Comparison::of(vr, text.trim().as_bytes(), manner(vr)))
        };
        let steps = parameters.nested();
        let of_step = || {
            let steps = steps.iter().filter(|(of, ..)| *of == tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE);
            steps.map(|(_, tag, text)| (*tag, *text))
        };
        let day = of_step().find(|(tag, _)| *tag == tags::SCHEDULED_PROCEDURE_STEP_START_DATE);
        Asked {
            own: parameters.keys().into_iter().map(|(tag, text)| key(tag, text)).collect(),
            step: of_step().map(|(tag, text)| key(tag, text)).collect(),
            day: day.map(|(_, text)| text.to_owned()).unwrap_or_default(),
        }
    }

    fn is_open(&self) -> bool {
        self.own.iter().chain(&self.step).all(|(_, comparison)| comparison.is_any())
    }

    fn fits(&self, entry: &DataSet) -> bool {
        let steps = entry.items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE);
        holds(&self.own, entry) && steps.iter().any(|step| holds(&self.step, step))
    }
}

fn holds(keys: &[(Tag, Comparison)], set: &DataSet) -> bool {
    keys.iter().all(|(tag, comparison)| {
        comparison.is_any()
            || comparison.matches(set.text_in(*tag, Charset::Utf8).unwrap_or_default().as_bytes())
    })
}

/// Answers a search for steps, or their count.
pub(super) fn search(app: &Dcm4chee, ask: &Ask<'_>, count: bool) -> Reply {
    let (_, query) = split_target(ask.head.target());
    let parameters = Parameters::read(query);
    if let Some(fault) = invalid(&parameters) {
        return fault;
    }
    let output = match Output::of(ask) {
        Some(output) => output,
        None if count => Output::Json,
        None => return not_acceptable(),
    };
    let asked = Asked::of(&parameters);
    let seen = app.shelf.seen(ask.session);
    let found = ask.session.heavy(|| found(seen.view(), &asked));
    report(ask, &asked, &found, count);
    if count {
        return super::query::counted(u64::try_from(found.len()).unwrap_or(u64::MAX));
    }
    let number = |name: &str| parameters.get(name).and_then(|text| text.parse::<usize>().ok());
    let most = usize::try_from(app.behaviour.max_results).unwrap_or(usize::MAX);
    let page =
        found.iter().skip(number("offset").unwrap_or(0)).take(number("limit").unwrap_or(most).min(most));
    let matches: Vec<Attributes> = page.map(|(_, entry)| shown(entry, &parameters)).collect();
    if matches.is_empty() {
        return Reply::new(204);
    }
    output.reply(ask, &matches, &ENTRY)
}

fn found(view: &View, asked: &Asked) -> Vec<(WorklistEntry, DataSet)> {
    let days = worklist::days(view, asked.day.as_bytes());
    let steps = days.into_iter().flat_map(|day| view.worklist(day));
    let entries = steps.filter_map(|step| {
        let entry = worklist::entry(view, &step)?;
        Some((step, entry))
    });
    entries.filter(|(_, entry)| asked.fits(entry)).collect()
}

/// What a client sees of an entry: what has a value.
fn shown(entry: &DataSet, parameters: &Parameters) -> Attributes {
    let more: Vec<Tag> =
        parameters.list("includefield").filter_map(crate::decoys::http::dicomweb::qido::attribute).collect();
    let all = parameters.list("includefield").any(|field| field == "all");
    let wanted = |tag: Tag| all || ENTRY.contains(&tag) || more.contains(&tag);
    let mut attributes = valued(of_data_set(entry, Charset::Utf8, &|_| None));
    attributes.retain(|attribute| wanted(attribute.tag));
    attributes.insert(0, of_text(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 192"));
    attributes
}

fn valued(attributes: Attributes) -> Attributes {
    let mut kept = attributes;
    kept.retain(|attribute| attribute.values != Values::Empty);
    for attribute in &mut kept {
        if let Values::Items(items) = &mut attribute.values {
            *items = std::mem::take(items).into_iter().map(valued).collect();
        }
    }
    kept
}

fn report(ask: &Ask<'_>, asked: &Asked, found: &[(WorklistEntry, DataSet)], count: bool) {
    let subject = RecordKind::Worklist;
    ask.session.emit(Observation::Query {
        subject,
        filter: Tainted::from_bytes(ask.head.target()),
        answers: u32::try_from(found.len()).unwrap_or(u32::MAX),
        unbounded: asked.is_open(),
        detail: None,
    });
    if !count {
        let id = |(step, _): &(WorklistEntry, DataSet)| {
            step.order.accession.clone().unwrap_or_else(|| step.order.placer.clone())
        };
        tell::read(ask.session, subject, found.len(), found.iter().take(MAX_IDS).map(id).collect());
    }
}
