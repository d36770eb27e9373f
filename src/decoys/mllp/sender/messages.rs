//! The messages: HL7 v2.4 chapters 3 (ADT), 4 (ORM) and 7 (ORU), and the form of ORU^R01 that
//! chemistry analysers of this country have in their interface manuals (HL7 2.3.1).

use jiff::Timestamp;

use super::plan::Subject;
use super::{Sender, Stream};
use crate::decoys::mllp::Station;
use crate::decoys::mllp::acknowledge::stamp;
use crate::decoys::mllp::render::Render;
use crate::wire::hl7::{Delimiters, Writer};
use crate::world::{Encounter, Flag, LabOrder, Sex, View, VisitClass};

/// The message about a subject in the sender's character set, not framed; `None` when the moment has
/// nothing to say of it.
pub(super) fn message(station: &Station, sender: &Sender, subject: &Subject, view: &View) -> Option<Vec<u8>> {
    let making = Making { station, sender, view };
    let utf8 = match (sender.stream, subject) {
        (Stream::Admissions, Subject::Begins(number)) => making.visit(&view.encounter(number)?, false),
        (Stream::Admissions, Subject::Ends(number)) => making.visit(&view.encounter(number)?, true),
        (Stream::Orders, Subject::Specimen(number)) => making.order(&view.lab_order(number)?),
        (Stream::Results, Subject::Specimen(number)) => {
            making.results(&view.lab_order(number).filter(|order| order.verified.is_some())?)
        }
        (Stream::Measurements, Subject::Specimen(number)) => {
            making.measurement(&view.lab_order(number).filter(|order| order.analysed.is_some())?)
        }
        (Stream::Admissions, Subject::Specimen(_))
        | (Stream::Orders | Stream::Results | Stream::Measurements, Subject::Begins(_) | Subject::Ends(_)) => {
            None
        }
    }?;
    Some(sender.charset.encode(utf8))
}

struct Making<'a> {
    station: &'a Station,
    sender: &'a Sender,
    view: &'a View,
}

impl Making<'_> {
    fn time(&self, at: Timestamp) -> String {
        stamp(self.view.local(at))
    }

    fn render(&self) -> Render<'_> {
        Render { view: self.view, authority: &self.station.behaviour().authority }
    }

    fn start(&self, kind: &[&str]) -> Writer {
        let sender = self.sender;
        let now = self.view.now();
        let mut w = Writer::new(Delimiters::STANDARD);
        w.header("MSH")
            .put(3, &sender.application)
            .put(4, &sender.facility)
            .put(5, &sender.receiver)
            .put(6, &sender.facility)
            .put(7, &self.time(now))
            .parts(9, kind)
            .put(10, &self.station.next_id(now).to_string())
            .put(11, "P")
            .put(12, &sender.version)
            .put(18, &sender.named_charset);
        w
    }

    /// ADT^A01 or A04 when a visit begins, A03 when it ends.
    fn visit(&self, visit: &Encounter, ends: bool) -> Option<Vec<u8>> {
        let event = match (visit.class, ends) {
            (_, true) => "A03",
            (VisitClass::Inpatient, false) => "A01",
            (VisitClass::Outpatient | VisitClass::Emergency, false) => "A04",
        };
        let structure = if event == "A03" { "ADT_A03" } else { "ADT_A01" };
        let happened = if ends { visit.ended? } else { visit.started };
        let mut w = self.start(&["ADT", event, structure]);
        w.segment("EVN").put(1, event).put(2, &self.time(happened));
        self.render().patient(&mut w, 1, &self.view.patient(visit.patient)?);
        self.render().visit(&mut w, 1, visit);
        w.segment("DG1").put(1, "1").parts(3, &[&visit.diagnosis.icd10, &visit.diagnosis.name, "ICD10CN"]);
        w.put(6, "A");
        Some(w.finish())
    }

    /// ORM^O01, 4.4.1: a new order for the laboratory.
    fn order(&self, order: &LabOrder) -> Option<Vec<u8>> {
        let asked = self.view.order(&order.order)?;
        let mut w = self.start(&["ORM", "O01", "ORM_O01"]);
        self.render().patient(&mut w, 1, &self.view.patient(order.patient)?);
        if let Some(visit) = self.view.encounter(&asked.encounter) {
            self.render().visit(&mut w, 1, &visit);
        }
        let physician = self.view.staff_member(&asked.physician);
        let name = physician.map(|staff| staff.name.chinese()).unwrap_or_default();
        let ordered = self.time(order.ordered);
        w.segment("ORC")
            .put(1, "NW")
            .put(2, &order.order)
            .put(9, &ordered)
            .parts(12, &[&asked.physician, &name]);
        w.segment("OBR")
            .put(1, "1")
            .put(2, &order.order)
            .parts(4, &[&order.panel, &order.panel_name, "L"])
            .put(6, &ordered)
            .put(15, &order.specimen_type)
            .parts(16, &[&asked.physician, &name])
            .put(24, "LAB");
        Some(w.finish())
    }

    /// ORU^R01, 7.3.1: verified results.
    fn results(&self, order: &LabOrder) -> Option<Vec<u8>> {
        let mut w = self.start(&["ORU", "R01", "ORU_R01"]);
        self.render().patient(&mut w, 1, &self.view.patient(order.patient)?);
        w.segment("ORC").put(1, "RE").put(2, &order.order).put(3, &order.filler);
        self.render().laboratory(&mut w, 1, order);
        Some(w.finish())
    }

    /// ORU^R01 of an analyser: PID without an authority, the barcode in OBR-2, items by the
    /// laboratory's codes.
    fn measurement(&self, order: &LabOrder) -> Option<Vec<u8>> {
        let patient = self.view.patient(order.patient)?;
        let instrument = self.view.instrument(&self.sender.instrument)?;
        let measured = self.time(order.analysed?);
        let now = self.view.now();
        let mut w = Writer::new(Delimiters::STANDARD);
        w.header("MSH")
            .put(3, &instrument.manufacturer)
            .put(4, &instrument.model)
            .put(7, &self.time(now))
            .parts(9, &["ORU", "R01"])
            .put(10, &self.station.next_id(now).to_string())
            .put(11, "P")
            .put(12, &self.sender.version)
            .put(18, &self.sender.named_charset);
        let sex = match patient.sex {
            Sex::M => "M",
            Sex::F => "F",
        };
        w.segment("PID")
            .put(1, "1")
            .put(3, &patient.mrn)
            .put(5, &patient.name.chinese())
            .put(7, &patient.born.strftime("%Y%m%d").to_string())
            .put(8, sex);
        let place = order.run.as_ref().map(|run| format!("{}-{}", run.rack, run.position));
        w.segment("OBR")
            .put(1, "1")
            .put(2, &order.specimen)
            .put(3, &place.unwrap_or_default())
            .parts(4, &[&instrument.manufacturer, &instrument.model])
            .put(5, "N")
            .put(7, &measured);
        for (at, result) in order.results.iter().enumerate() {
            let flag = match result.flag {
                Flag::N => "N",
                Flag::H => "H",
                Flag::L => "L",
                Flag::A => "A",
            };
            w.segment("OBX")
                .put(1, &(at + 1).to_string())
                .put(2, "NM")
                .put(3, result.item.code)
                .put(4, result.item.name)
                .put(5, &result.value)
                .put(6, result.item.unit)
                .put(7, &result.range)
                .put(8, flag)
                .put(11, "F")
                .put(13, &result.value)
                .put(14, &measured);
        }
        Some(w.finish())
    }
}
