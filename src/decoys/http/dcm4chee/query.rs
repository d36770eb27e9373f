//! QIDO-RS of the archive: searches and counts.

use super::Dcm4chee;
use super::answers::plain;
use super::outputs::{Output, not_acceptable};
use crate::archive::{Case, Hit, Level, Manner, Query, Record};
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::attributes::{Attribute, Attributes, Values, of_text};
use crate::decoys::http::dicomweb::qido::{self, Parameters};
use crate::decoys::http::dicomweb::{Matrix, tell};
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::uri::split_target;
use crate::wire::dicom::dataset::{Tag, Vr, tags};

/// Attributes of a patient in answers.
const PATIENT: [Tag; 4] = [tags::PATIENT_NAME, tags::PATIENT_ID, tags::PATIENT_BIRTH_DATE, tags::PATIENT_SEX];
/// Attributes of a study in answers.
const STUDY: [Tag; 13] = [
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::MODALITIES_IN_STUDY,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_ID,
    tags::STUDY_INSTANCE_UID,
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
];
/// Attributes of a series in answers.
const SERIES: [Tag; 7] = [
    tags::MODALITY,
    tags::SERIES_DESCRIPTION,
    tags::SERIES_NUMBER,
    tags::SERIES_INSTANCE_UID,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
    tags::PERFORMED_PROCEDURE_STEP_START_DATE,
    tags::PERFORMED_PROCEDURE_STEP_START_TIME,
];
/// Attributes of an instance in answers.
const INSTANCE: [Tag; 8] = [
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::AVAILABLE_TRANSFER_SYNTAX_UID,
    tags::INSTANCE_NUMBER,
    tags::ROWS,
    tags::COLUMNS,
    tags::BITS_ALLOCATED,
    tags::NUMBER_OF_FRAMES,
];
/// What a study's `includefield=all` adds.
const ALL_STUDY: [Tag; 6] = [
    tags::STUDY_DESCRIPTION,
    tags::PATIENT_AGE,
    tags::PATIENT_SIZE,
    tags::PATIENT_WEIGHT,
    tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
    tags::SOP_CLASSES_IN_STUDY,
];
/// What a series' `includefield=all` adds.
const ALL_SERIES: [Tag; 8] = [
    tags::BODY_PART_EXAMINED,
    tags::INSTITUTION_NAME,
    tags::MANUFACTURER,
    tags::MANUFACTURER_MODEL_NAME,
    tags::PERFORMED_PROCEDURE_STEP_ID,
    tags::SERIES_DATE,
    tags::SERIES_TIME,
    tags::STATION_NAME,
];

/// What a path asks for.
struct Wanted<'a> {
    level: Level,
    study: Option<&'a str>,
    series: Option<&'a str>,
    count: bool,
}

/// How the product compares: names group by group, without case where the key has capitals only.
pub(super) fn manner(vr: Vr) -> Manner {
    let name = vr == Vr::PN;
    let case = if name { Case::FoldedIfUpper } else { Case::Exact };
    Manner { case, groups: name, each: true }
}

/// Answers a search or a count; `None` when the path is none.
pub(super) fn answer(app: &Dcm4chee, ask: &Ask<'_>, path: &[&str]) -> Option<Reply> {
    let wanted = |level, study, series, count| Wanted { level, study, series, count };
    let wanted = match path {
        ["patients"] => wanted(Level::Patient, None, None, false),
        ["studies"] => wanted(Level::Study, None, None, false),
        ["series"] => wanted(Level::Series, None, None, false),
        ["instances"] => wanted(Level::Image, None, None, false),
        ["patients", "count"] => wanted(Level::Patient, None, None, true),
        ["studies", "count"] => wanted(Level::Study, None, None, true),
        ["series", "count"] => wanted(Level::Series, None, None, true),
        ["instances", "count"] => wanted(Level::Image, None, None, true),
        ["studies", study, "series"] => wanted(Level::Series, Some(*study), None, false),
        ["studies", study, "series", "count"] => wanted(Level::Series, Some(*study), None, true),
        ["studies", study, "instances"] => wanted(Level::Image, Some(*study), None, false),
        ["studies", study, "instances", "count"] => wanted(Level::Image, Some(*study), None, true),
        ["studies", study, "series", series, "instances"] => {
            wanted(Level::Image, Some(*study), Some(*series), false)
        }
        ["studies", study, "series", series, "instances", "count"] => {
            wanted(Level::Image, Some(*study), Some(*series), true)
        }
        _ => return None,
    };
    Some(search(app, ask, &wanted))
}

fn search(app: &Dcm4chee, ask: &Ask<'_>, wanted: &Wanted<'_>) -> Reply {
    let (_, query_text) = split_target(ask.head.target());
    let parameters = Parameters::read(query_text);
    if let Some(fault) = invalid(&parameters) {
        return fault;
    }
    let output = Output::of(ask);
    if !wanted.count && output.is_none() {
        return not_acceptable();
    }
    let mut keys: Vec<(Tag, String)> =
        parameters.keys().into_iter().map(|(tag, value)| (tag, value.to_owned())).collect();
    keys.extend(wanted.study.map(|uid| (tags::STUDY_INSTANCE_UID, uid.to_owned())));
    keys.extend(wanted.series.map(|uid| (tags::SERIES_INSTANCE_UID, uid.to_owned())));
    if parameters.get("fuzzymatching") == Some("true") {
        for (tag, value) in &mut keys {
            if *tag == tags::PATIENT_NAME && !value.contains(['*', '?']) {
                *value = format!("*{}*", value.replace('^', "*"));
            }
        }
    }
    let sequences = qido::sequences(&parameters.nested(), manner);
    let query = Query { combined: true, sequences, ..qido::query(wanted.level, keys, manner) };
    let holdings = app.shelf.seen(ask.session);
    let filter = String::from_utf8_lossy(ask.head.target()).into_owned();
    if wanted.count {
        let count = ask.session.heavy(|| qido::count(&holdings, &query));
        tell::query(ask.session, &query, &filter, count, &[]);
        return counted(count);
    }
    let output = output.unwrap_or(Output::Json);
    listed(app, ask, wanted, (&parameters, output), (&holdings, &query, &filter))
}

fn listed(
    app: &Dcm4chee,
    ask: &Ask<'_>,
    wanted: &Wanted<'_>,
    (parameters, output): (&Parameters, Output),
    (holdings, query, filter): (&Seen, &Query, &str),
) -> Reply {
    let number = |name: &str| parameters.get(name).and_then(|text| text.parse::<u64>().ok());
    let (offset, most) = (number("offset").unwrap_or(0), app.behaviour.max_results);
    let asked = number("limit").filter(|limit| *limit <= most);
    let hits = ask.session.heavy(|| qido::walk(holdings, query, offset, asked.unwrap_or(most)));
    tell::query(ask.session, query, filter, u64::try_from(hits.len()).unwrap_or(u64::MAX), &hits);
    if hits.is_empty() {
        return Reply::new(204);
    }
    let full = u64::try_from(hits.len()).unwrap_or(0) >= most;
    let rest = match asked {
        None if full => {
            let all = ask.session.heavy(|| qido::count(holdings, query));
            all.saturating_sub(offset).saturating_sub(most)
        }
        None | Some(_) => 0,
    };
    let fields = fields(wanted, parameters);
    let base = retrieve_base(app, ask);
    let mut reply = ask.session.heavy(|| {
        let matches: Vec<Attributes> =
            hits.iter().map(|hit| described(app, holdings, hit, wanted.level, &fields, &base)).collect();
        output.reply(ask, &matches, &fields)
    });
    if rest > 0 {
        let host = app.origin(ask);
        let host = host.rsplit("//").next().unwrap_or_default();
        reply = reply.with(
            "Warning",
            format!("299 {host} \"There are {rest} additional results that can be requested\""),
        );
    }
    reply
}

/// A streamed body: the service does not know its length when it begins.
pub(super) fn whole(
    body: impl Into<bytes::Bytes>,
) -> impl Iterator<Item = crate::decoys::http::engine::Piece> {
    std::iter::once(crate::decoys::http::engine::Piece { bytes: body.into(), reference: None })
}

/// The answer to a count.
pub(super) fn counted(count: u64) -> Reply {
    Reply::new(200)
        .typed("application/json")
        .with("Cache-Control", "no-cache")
        .with_body(format!("{{\"count\":{count}}}"))
}

/// Parameters that the service checks by pattern.
pub(super) fn invalid(parameters: &Parameters) -> Option<Reply> {
    let given = |name: &str, ok: fn(&str) -> bool| parameters.get(name).is_some_and(|text| !ok(text));
    let wrong = [
        ("limit", given("limit", |text| number(text, 1))),
        ("offset", given("offset", |text| number(text, 0))),
        ("fuzzymatching", given("fuzzymatching", |text| matches!(text, "true" | "false"))),
    ];
    let wrong = wrong.into_iter().find(|(_, wrong)| *wrong);
    let unknown = parameters
        .list("includefield")
        .find(|field| *field != "all" && !field.is_empty() && qido::attribute(field).is_none());
    match (wrong, unknown) {
        (Some((name, _)), _) => Some(plain(400, &format!("{name}: invalid value"))),
        (None, Some(field)) => Some(plain(400, &format!("includefield={}", field.replace(['"', '\\'], "")))),
        (None, None) => None,
    }
}

/// A number of at most five digits without leading zeros.
fn number(text: &str, least: u64) -> bool {
    let led = text.starts_with('0') && text.len() > 1;
    text.len() <= 5 && !led && text.parse::<u64>().is_ok_and(|number| number >= least)
}

fn fields(wanted: &Wanted<'_>, parameters: &Parameters) -> Vec<Tag> {
    let all = parameters.list("includefield").any(|field| field == "all");
    let mut fields: Vec<Tag> = Vec::new();
    match wanted.level {
        Level::Patient => fields.extend(PATIENT),
        Level::Study => fields.extend(STUDY),
        Level::Series | Level::Image => {
            if wanted.study.is_none() {
                fields.extend(STUDY);
            }
            if wanted.series.is_none() {
                fields.extend(SERIES);
            }
        }
    }
    if wanted.level == Level::Image {
        fields.extend(INSTANCE);
    }
    if all && wanted.level >= Level::Study {
        fields.extend(STUDY);
        fields.extend(ALL_STUDY);
    }
    if all && wanted.level >= Level::Series {
        fields.extend(SERIES);
        fields.extend(ALL_SERIES);
    }
    fields.extend(parameters.list("includefield").filter_map(qido::attribute));
    // A retrieval needs all identifiers above.
    let unique = [tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID, tags::SOP_INSTANCE_UID];
    let depth = match wanted.level {
        Level::Patient => 0,
        Level::Study => 1,
        Level::Series => 2,
        Level::Image => 3,
    };
    fields.extend(unique.into_iter().take(depth));
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// Where retrieve URLs begin.
pub(super) fn retrieve_base(app: &Dcm4chee, ask: &Ask<'_>) -> String {
    let (path, _) = split_target(ask.head.target());
    let path = String::from_utf8_lossy(path).into_owned();
    let end = path.rfind("/rs/").map_or(path.len(), |at| at + 3);
    format!("{}{}", app.origin(ask), path.get(..end).unwrap_or_default())
}

fn described(
    app: &Dcm4chee,
    holdings: &Seen,
    hit: &Hit,
    level: Level,
    fields: &[Tag],
    base: &str,
) -> Attributes {
    let record = Record::of(holdings, hit);
    let pixels = level == Level::Image && fields.contains(&tags::ROWS);
    let matrix = if pixels { app.shelf.matrix(holdings, hit) } else { None };
    let laid = |tag: Tag, number: fn(&Matrix) -> u16| {
        let number = matrix.as_ref().map(|matrix| i64::from(number(matrix)));
        let values = number.map_or(Values::Empty, |number| Values::Integers(vec![number]));
        Attribute { tag, vr: Vr::US, values }
    };
    let mut all: Attributes = fields
        .iter()
        .filter(|tag| **tag != tags::NUMBER_OF_FRAMES)
        .map(|tag| match *tag {
            tags::ROWS => laid(*tag, |m| m.rows),
            tags::COLUMNS => laid(*tag, |m| m.columns),
            tags::BITS_ALLOCATED => laid(*tag, |m| m.bits),
            tags::AVAILABLE_TRANSFER_SYNTAX_UID => of_text(*tag, "1.2.840.10008.1.2.1"),
            tag => of_text(tag, &record.text(tag)),
        })
        .collect();
    all.push(of_text(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 192"));
    if level >= Level::Study {
        all.push(of_text(tags::RETRIEVE_AE_TITLE, &app.shelf.ae_title));
        all.push(of_text(tags::INSTANCE_AVAILABILITY, "ONLINE"));
        all.push(of_text(tags::RETRIEVE_URL, &url(base, hit, level)));
    }
    all.sort_by_key(|attribute| attribute.tag);
    all.dedup_by_key(|attribute| attribute.tag);
    all
}

/// The URL of a match.
pub(super) fn url(base: &str, hit: &Hit, level: Level) -> String {
    let mut url = format!("{base}/studies/{}", hit.entry.uid());
    if level >= Level::Series
        && let Some(series) = &hit.series
    {
        url.push_str(&format!("/series/{}", series.uid()));
    }
    if level >= Level::Image
        && let Some(instance) = &hit.instance
    {
        url.push_str(&format!("/instances/{}", instance.uid()));
    }
    url
}
