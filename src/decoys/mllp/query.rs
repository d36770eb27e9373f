//! Queries: HL7 v2.5.1 chapter 5; patients are answered here, results in [`super::results`].

use jiff::civil::Date;

use super::acknowledge::{Level, Outcome, Reply};
use super::exchange::refused;
use super::render::Render;
use super::{results, worklist, written};
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::hl7::{Field, Message, Segment, Writer};
use crate::world::{Patient, PatientFilter, View};

/// Days back in which a patient's current visit is looked for.
const VISIT_DAYS: u32 = 30;

/// Whether a message asks for an answer of its own.
pub(super) fn is_query(message: &Message<'_>) -> bool {
    matches!(message.msh(9).component(1).raw(), b"QRY" | b"QBP")
}

/// Answers a query, in UTF-8, not framed.
///
/// # Errors
/// The refusal, when the query lacks what it must hold.
pub(super) fn answer(reply: &Reply<'_>, view: &View, session: &Session) -> Result<Vec<u8>, Outcome> {
    let kind = reply.message.msh(9);
    match (kind.component(1).raw(), kind.component(2).raw()) {
        (b"QRY", b"A19") => display(reply, view, session),
        (b"QRY", _) => results::answer(reply, view, session),
        (b"QBP", b"Q11") => worklist::answer(reply, view, session),
        _ => by_parameter(reply, view, session),
    }
}

/// What patients are searched by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Record numbers, resident ids or visit numbers.
    pub(super) ids: Vec<String>,
    /// Name pattern of the world's search.
    pub(super) name: Option<String>,
    /// Birth date.
    pub(super) born: Option<Date>,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        *self == Wanted::default()
    }

    fn unbounded(&self) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        self.ids.is_empty() && self.born.is_none() && name.chars().all(|c| matches!(c, '*' | '?' | '^'))
    }
}

/// One patient of an answer.
enum Found {
    World(Box<Patient>),
    /// Of the hospital, with what the peer wrote of him and of his visit.
    Changed(Box<Patient>, written::Kept),
    /// Made up by the peer, or led to by a merge of his.
    Written(written::Kept),
}

/// QRY^A19 → ADR^A19, 3.3.19 and 5.10.2: the old query by QRD.
fn display(reply: &Reply<'_>, view: &View, session: &Session) -> Result<Vec<u8>, Outcome> {
    let qrd = required(reply, "QRD", 8)?;
    let wanted = by_subject(&qrd);
    let limit = quantity(&qrd.field(7)).min(reply.station.behaviour().answer_limit);
    let (found, _) = find(session, view, &wanted, 0, limit);
    let mut w = start(reply, &["ADR", "A19", "ADR_A19"]);
    if reply.structured(4) {
        w.segment("QAK").verbatim(1, qrd.field(4).raw()).put(2, status(&found));
    }
    w.transcribe(&qrd);
    patients(&mut w, reply, view, &found, true);
    told(session, &qrd, &wanted, &found);
    Ok(w.finish())
}

/// QBP → RSP, 3.3.56 to 3.3.58: Q21 by one id, Q22 by demographics, Q23 for the patient's other ids.
fn by_parameter(reply: &Reply<'_>, view: &View, session: &Session) -> Result<Vec<u8>, Outcome> {
    let qpd = required(reply, "QPD", 3)?;
    let wanted = by_parameters(&qpd);
    let rcp = reply.message.first("RCP");
    let asked = rcp.map_or(usize::MAX, |rcp| quantity(&rcp.field(2)));
    let limit = asked.min(reply.station.behaviour().answer_limit);
    let offset = continuation(reply.message);
    let (found, more) = find(session, view, &wanted, offset, limit);
    let response = match reply.message.msh(9).component(2).raw() {
        b"Q21" => ["RSP", "K21", "RSP_K21"],
        b"Q23" => ["RSP", "K23", "RSP_K23"],
        _ => ["RSP", "K22", "RSP_K22"],
    };
    let mut w = start(reply, &response);
    w.segment("QAK").verbatim(1, qpd.field(2).raw()).put(2, status(&found)).verbatim(3, qpd.field(1).raw());
    if !more {
        let total = (offset + found.len()).to_string();
        w.put(4, &total).put(5, &found.len().to_string()).put(6, "0");
    }
    w.transcribe(&qpd);
    patients(&mut w, reply, view, &found, false);
    if more {
        w.segment("DSC").put(1, &(offset + found.len()).to_string()).put(2, "I");
    }
    told(session, &qpd, &wanted, &found);
    Ok(w.finish())
}

/// MSH, MSA of a response.
pub(super) fn start(reply: &Reply<'_>, kind: &[&str; 3]) -> Writer {
    let kind = if reply.structured(4) { kind.as_slice() } else { kind.get(..2).unwrap_or_default() };
    let charset = reply.message.msh(18).repetitions().next().map(|set| set.raw()).unwrap_or_default();
    let mut w = reply.header(kind, charset);
    reply.msa(&mut w, Level::Application, &Outcome::Accepted);
    w
}

/// The query's own segment; it must be there, with this field filled.
pub(super) fn required<'a>(
    reply: &Reply<'a>,
    id: &'static str,
    field: usize,
) -> Result<Segment<'a>, Outcome> {
    let content = &reply.station.behaviour().refuses.content;
    let segment = reply.message.first(id).ok_or_else(|| refused(content, id, Some((id, 0))))?;
    if segment.field(field).is_empty() {
        return Err(refused(content, &format!("{id}-{field}"), Some((id, field))));
    }
    Ok(segment)
}

/// QRD-8: one or more persons by id, else by name.
pub(super) fn by_subject(qrd: &Segment<'_>) -> Wanted {
    let mut wanted = Wanted::default();
    for person in qrd.field(8).repetitions() {
        let id = person.component(1).text();
        let wild = id.contains(['*', '%']);
        if !id.is_empty() && !wild {
            wanted.ids.push(id);
        } else if wanted.name.is_none() {
            let family = if wild { id } else { person.component(2).text() };
            wanted.name = pattern(&family, &person.component(3).text());
        }
    }
    wanted
}

/// QPD-3: either `@PID.5.1^WANG` parameters, 5.3.3.2, or the plain id of Q21 and Q23.
fn by_parameters(qpd: &Segment<'_>) -> Wanted {
    let mut wanted = Wanted::default();
    let (mut family, mut given) = (String::new(), String::new());
    for parameter in qpd.field(3).repetitions() {
        let (name, value) = (parameter.component(1).text(), parameter.component(2).text());
        let Some(name) = name.strip_prefix('@') else {
            wanted.ids.extend((!name.is_empty()).then_some(name));
            continue;
        };
        match name {
            _ if value.is_empty() => {}
            "PID.5.2" | "PID.5.2.1" => given = value,
            _ if name == "PID.5" || name.starts_with("PID.5.1") => family = value,
            _ if name == "PID.3" || name.starts_with("PID.3.1") || name == "PID.19" => wanted.ids.push(value),
            _ if name == "PID.7" || name.starts_with("PID.7.") => wanted.born = date(&value),
            _ => {}
        }
    }
    wanted.name = pattern(&family, &given);
    wanted
}

/// A search pattern from a family and a given name. Chinese names are searched as written, others as
/// `Family^Given`; what is left open matches everything.
fn pattern(family: &str, given: &str) -> Option<String> {
    let (family, given) = (family.replace('%', "*"), given.replace('%', "*"));
    if family.is_empty() && given.is_empty() {
        return None;
    }
    if family.ends_with('*') && given.is_empty() {
        return Some(family);
    }
    let family = if family.is_empty() { "*".to_owned() } else { family };
    let open = if given.is_empty() { "*" } else { "" };
    let separator = if family.is_ascii() && !given.is_empty() && given.is_ascii() { "^" } else { "" };
    Some(format!("{family}{separator}{given}{open}"))
}

/// A date of HL7, to the day: `19700101`.
pub(super) fn date(text: &str) -> Option<Date> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let small = |from, to| part(from, to).and_then(|n| i8::try_from(n).ok());
    Date::new(part(0, 4)?, small(4, 6)?, small(6, 8)?).ok()
}

/// CQ: `10^RD`. Nothing given means no limit of the peer's own.
pub(super) fn quantity(field: &Field<'_>) -> usize {
    field.component(1).text().parse().ok().filter(|n| *n > 0).unwrap_or(usize::MAX)
}

/// DSC-1, 5.6.3: where the peer's last answer ended.
fn continuation(message: &Message<'_>) -> usize {
    message.first("DSC").and_then(|dsc| dsc.field(1).text().parse().ok()).unwrap_or(0).min(1_000_000)
}

/// Patients from `offset` on, at most `limit`, and whether there are more.
fn find(session: &Session, view: &View, wanted: &Wanted, offset: usize, limit: usize) -> (Vec<Found>, bool) {
    if !wanted.ids.is_empty() {
        let found = wanted.ids.iter().take(limit).filter_map(|id| by_id(session, view, id)).collect();
        return (found, false);
    }
    if wanted.is_empty() {
        return (Vec::new(), false);
    }
    let end = offset.saturating_add(limit);
    let filter =
        PatientFilter { name: wanted.name.clone(), born: wanted.born, limit: Some(end.saturating_add(1)) };
    let all = view.patients(&filter);
    let more = all.len() > end;
    let page = all.into_iter().skip(offset).take(limit);
    (page.map(|patient| Found::World(Box::new(patient))).collect(), more)
}

/// What the peer wrote himself comes before what the hospital holds.
fn by_id(session: &Session, view: &View, id: &str) -> Option<Found> {
    if let Some(kept) = written::patient(session, id) {
        let own = known(view, id).filter(|patient| kept.is_of(&patient.mrn));
        return Some(match own {
            Some(patient) => Found::Changed(Box::new(session.with_written_patient(patient)), kept),
            None => Found::Written(kept),
        });
    }
    session.patient(view, id).or_else(|| known(view, id)).map(|patient| Found::World(Box::new(patient)))
}

/// A patient of the hospital by record number, resident id or visit number.
pub(super) fn known(view: &View, id: &str) -> Option<Patient> {
    view.patient_by_mrn(id)
        .or_else(|| view.patient_by_resident_id(id))
        .or_else(|| view.encounter(id).and_then(|visit| view.patient(visit.patient)))
}

fn status(found: &[Found]) -> &'static str {
    if found.is_empty() { "NF" } else { "OK" }
}

fn patients(w: &mut Writer, reply: &Reply<'_>, view: &View, found: &[Found], with_visit: bool) {
    let render = Render { view, authority: &reply.station.behaviour().authority };
    for (at, one) in found.iter().enumerate() {
        match one {
            Found::World(patient) => {
                render.patient(w, at + 1, patient);
                if with_visit {
                    latest_visit(w, &render, at + 1, patient);
                }
            }
            Found::Changed(patient, kept) => {
                render.patient(w, at + 1, patient);
                match kept.segments().find(|s| s.is("PV1")).filter(|_| with_visit) {
                    Some(visit) => drop(w.transcribe(&visit)),
                    None if with_visit => latest_visit(w, &render, at + 1, patient),
                    None => {}
                }
            }
            Found::Written(kept) => {
                for segment in kept.segments().filter(|s| with_visit || s.is("PID")) {
                    w.transcribe(&segment);
                }
            }
        }
    }
}

/// The visit that he is in, or came for last.
fn latest_visit(w: &mut Writer, render: &Render<'_>, set: usize, patient: &Patient) {
    if let Some(visit) = render.view.encounters_of(patient.no, VISIT_DAYS).into_iter().next() {
        render.visit(w, set, &visit);
    }
}

fn told(session: &Session, asked: &Segment<'_>, wanted: &Wanted, found: &[Found]) {
    let answers = u32::try_from(found.len()).unwrap_or(u32::MAX);
    session.emit(Observation::Query {
        subject: RecordKind::Patient,
        filter: Tainted::from_bytes(asked.raw()),
        answers,
        unbounded: wanted.unbounded(),
        detail: None,
    });
    let ids: Vec<String> = found
        .iter()
        .filter_map(|one| match one {
            Found::World(patient) | Found::Changed(patient, _) => Some(patient.mrn.clone()),
            Found::Written(_) => None,
        })
        .collect();
    if !ids.is_empty() {
        session.emit(Observation::RecordRead {
            subject: RecordKind::Patient,
            count: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            ids: ids.into_iter().take(MAX_IDS).collect(),
        });
    }
}
