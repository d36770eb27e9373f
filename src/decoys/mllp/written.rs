//! What this peer wrote, kept in his overlay as the segments he sent, and read back to him alone.
//! An engine's database takes every message, so a full overlay refuses none: it only forgets.

use super::query::date;
use crate::session::{Session, WrittenPatient, WrittenResult};
use crate::wire::hl7::{Delimiters, Message, Segment};
use crate::world::View;

/// Segments as a peer sent them, with the delimiters they were written with.
pub(super) struct Kept {
    delimiters: Delimiters,
    bytes: Vec<u8>,
}

impl Kept {
    /// Stored form: a header that names the delimiters, then the segments, each ended by CR.
    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let delimiters = Message::parse(&bytes).ok()?.delimiters();
        Some(Kept { delimiters, bytes })
    }

    /// Whether they speak of the patient with this record number.
    pub(super) fn is_of(&self, mrn: &str) -> bool {
        let pid = self.segments().find(|segment| segment.is("PID"));
        pid.is_some_and(|pid| {
            let mut ids = pid.field(3).repetitions();
            ids.any(|id| id.component(1).text() == mrn) || pid.field(2).component(1).text() == mrn
        })
    }

    /// The segments in order.
    pub(super) fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        let delimiters = self.delimiters;
        self.bytes
            .split(|b| *b == b'\r')
            .skip(1)
            .filter(|raw| !raw.is_empty())
            .map(move |raw| Segment::new(raw, delimiters))
    }
}

/// Keeps PID and PV1 under every id of the patient; a merge (MRG) makes the old id lead to the new.
pub(super) fn keep_patient(session: &Session, message: &Message<'_>) {
    let Some(pid) = message.first("PID") else { return };
    let mut segments = vec![pid];
    segments.extend(message.first("PV1"));
    let record = store(message, &segments);
    let merged = message.first("MRG").map(|mrg| mrg.field(1).component(1).text());
    let own = pid.field(3).repetitions().map(|id| id.component(1).text());
    for id in own.chain([pid.field(2).component(1).text()]).chain(merged).filter(|id| !id.is_empty()) {
        session.overlay().put(patient_key(&id), record.clone());
    }
    session.write_patient(told(session, &pid));
}

/// The same for every other protocol that reads patients.
fn told(session: &Session, pid: &Segment<'_>) -> WrittenPatient {
    let own = |field: usize| pid.field(field).component(1).text();
    let name = pid.field(5);
    let parts = [name.component(1).text(), name.component(2).text()];
    let sex = own(8).chars().next().filter(|sex| matches!(sex, 'M' | 'F'));
    let mrn = if own(3).is_empty() { own(2) } else { own(3) };
    WrittenPatient {
        mrn,
        name: parts.concat(),
        sex,
        born: date(&own(7)),
        phone: phone(pid),
        address: pid.field(11).component(1).text(),
        at: session.now(),
    }
}

/// PID-13: the whole number, or area and number.
fn phone(pid: &Segment<'_>) -> String {
    let field = pid.field(13);
    let (area, number) = (field.component(6).text(), field.component(7).text());
    match (area.is_empty(), number.is_empty()) {
        (false, false) => format!("{area}-{number}"),
        (true, false) => number,
        (_, true) => field.component(1).text(),
    }
}

/// The patient that this peer wrote under an id.
pub(super) fn patient(session: &Session, id: &str) -> Option<Kept> {
    session.overlay().get(&patient_key(id)).and_then(Kept::parse)
}

/// Keeps the order and result segments of an ORU under its patient.
pub(super) fn keep_results(session: &Session, message: &Message<'_>) {
    let Some(pid) = message.first("PID") else { return };
    let id = pid.field(3).component(1).text();
    let filler = message.first("OBR").map(|obr| obr.field(3).component(1).text()).unwrap_or_default();
    let segments: Vec<Segment<'_>> =
        message.segments().filter(|s| s.is("ORC") || s.is("OBR") || s.is("OBX") || s.is("NTE")).collect();
    session.overlay().put(format!("{}{filler}", results_key(&id)), store(message, &segments));
}

/// Results of orders that the hospital holds are checked against what it holds, and change it for this
/// peer over all protocols.
pub(super) fn change_results(session: &Session, message: &Message<'_>) {
    let view = session.world().at(session.now());
    let (mut specimen, mut results) = (None::<String>, Vec::new());
    for segment in message.segments() {
        if segment.is("OBR") {
            if let Some(specimen) = specimen.take() {
                session.change_results(&specimen, std::mem::take(&mut results));
            }
            let numbers = [3, 2, 18].map(|n| segment.field(n).component(1).text());
            specimen = numbers.iter().find_map(|number| view.lab_order(number)).map(|order| order.specimen);
            continue;
        }
        if let Some(specimen) = segment.is("OBX").then_some(specimen.as_deref()).flatten() {
            results.push(result(session, &view, specimen, message, &segment));
        }
    }
    if let Some(specimen) = specimen {
        session.change_results(&specimen, results);
    }
}

/// An OBX under the laboratory's own code: OBX-3 may name it, or LOINC, in its first or fourth part.
fn result(
    session: &Session,
    view: &View,
    specimen: &str,
    message: &Message<'_>,
    obx: &Segment<'_>,
) -> WrittenResult {
    let codes = [1, 4].map(|n| obx.field(3).component(n).text());
    let items = view.lab_order(specimen).map(|order| order.items).unwrap_or_default();
    let known = items.iter().find(|item| codes.iter().any(|code| code == item.loinc || code == item.code));
    let text = |n: usize| obx.field(n).component(1).text();
    WrittenResult {
        code: known.map_or_else(|| text(3), |item| item.code.to_owned()),
        value: text(5),
        unit: text(6),
        range: text(7),
        flag: text(8),
        by: String::from_utf8_lossy(message.msh(3).raw()).into_owned(),
        at: session.now(),
    }
}

/// The results that this peer wrote for a patient.
pub(super) fn results(session: &Session, id: &str) -> Vec<Kept> {
    let keys = session.overlay().keys(&results_key(id));
    keys.iter().filter_map(|key| session.overlay().get(key)).filter_map(Kept::parse).collect()
}

fn patient_key(id: &str) -> String {
    format!("hl7:patient:{id}")
}

/// Ends in a line feed, which no id holds, so that no id's key is the beginning of another's.
fn results_key(id: &str) -> String {
    format!("hl7:results:{id}\n")
}

fn store(message: &Message<'_>, segments: &[Segment<'_>]) -> Vec<u8> {
    let delimiters = message.delimiters();
    let mut out = b"MSH".to_vec();
    out.push(delimiters.field);
    out.extend_from_slice(&delimiters.encoding());
    out.push(b'\r');
    for segment in segments {
        out.extend_from_slice(segment.raw());
        out.push(b'\r');
    }
    out
}
