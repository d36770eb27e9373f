//! QBP^Q11 → RSP^K11: what is to be measured of a specimen, as analysers and their drivers ask
//! (IHE LAB-27; HL7 v2.5.1 5.4.1).

use super::acknowledge::{Outcome, Reply};
use super::query::{required, start};
use super::render::Render;
use crate::event::observation::RecordKind;
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::world::View;

/// Answers with the order of a specimen.
///
/// # Errors
/// The refusal, when QPD or the specimen's number is missing.
pub(super) fn answer(reply: &Reply<'_>, view: &View, session: &Session) -> Result<Vec<u8>, Outcome> {
    let qpd = required(reply, "QPD", 3)?;
    let number = qpd.field(3).component(1).text();
    let found = session.lab_order(view, &number);
    let mut w = start(reply, &["RSP", "K11", "RSP_K11"]);
    let status = if found.is_some() { "OK" } else { "NF" };
    w.segment("QAK").verbatim(1, qpd.field(2).raw()).put(2, status).verbatim(3, qpd.field(1).raw());
    w.transcribe(&qpd);
    session.emit(Observation::Query {
        subject: RecordKind::Specimen,
        filter: Tainted::from_bytes(qpd.raw()),
        answers: u32::from(found.is_some()),
        unbounded: false,
        detail: None,
    });
    if let Some(order) = found {
        let render = Render { view, authority: &reply.station.behaviour().authority };
        if let Some(patient) = view.patient(order.patient) {
            render.patient(&mut w, 1, &session.with_written_patient(patient));
        }
        render.wanted(&mut w, &order);
        session.emit(Observation::RecordRead {
            subject: RecordKind::Specimen,
            count: 1,
            ids: vec![order.specimen],
        });
    }
    Ok(w.finish())
}
