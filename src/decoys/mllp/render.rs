//! Hospital records as segments.

use super::acknowledge::stamp;
use crate::wire::hl7::Writer;
use crate::world::{
    Encounter, Flag, ImagingReport, LabOrder, LabResult, Patient, Sex, Study, View, VisitClass,
};

/// Writes segments about the hospital's records into an answer.
pub(super) struct Render<'a> {
    pub(super) view: &'a View,
    /// Assigning authority of medical record numbers.
    pub(super) authority: &'a str,
}

impl Render<'_> {
    /// PID, HL7 v2.5.1 3.4.2. The resident id is masked, as screens and interfaces show it; the
    /// Chinese name stands whole in the first component, as interfaces of this country write it.
    pub(super) fn patient(&self, w: &mut Writer, set: usize, patient: &Patient) {
        let sex = match patient.sex {
            Sex::M => "M",
            Sex::F => "F",
        };
        let born = patient.born;
        w.segment("PID")
            .put(1, &set.to_string())
            .parts(3, &[&patient.mrn, "", "", self.authority, "MR"])
            .repeat(&[&patient.resident_id_masked, "", "", "GA", "SS"])
            .parts(5, &[&patient.name.chinese(), "", "", "", "", "", "L"])
            .put(7, &format!("{:04}{:02}{:02}", born.year(), born.month(), born.day()))
            .put(8, sex)
            .put(11, &patient.address);
        match patient.phone.split_once('-') {
            Some((area, number)) => w.parts(13, &["", "PRN", "PH", "", "", area, number]),
            None => w.parts(13, &["", "PRN", "CP", "", "", "", &patient.phone]),
        };
        w.put(22, &patient.ethnicity);
    }

    /// PV1, 3.4.3.
    pub(super) fn visit(&self, w: &mut Writer, set: usize, visit: &Encounter) {
        let class = match visit.class {
            VisitClass::Outpatient => "O",
            VisitClass::Emergency => "E",
            VisitClass::Inpatient => "I",
        };
        let bed = visit.bed.as_deref().unwrap_or_default();
        let (ward, bed) = bed.split_once('-').unwrap_or((&visit.department, bed));
        let attending = self.person(&visit.physician);
        w.segment("PV1")
            .put(1, &set.to_string())
            .put(2, class)
            .parts(3, &[ward, "", bed, &visit.department])
            .parts(7, &attending.each_ref().map(String::as_str))
            .put(10, &visit.department)
            .parts(17, &attending.each_ref().map(String::as_str))
            .put(19, &visit.number)
            .put(44, &stamp(self.view.local(visit.started)));
        if let Some(ended) = visit.ended {
            w.put(45, &stamp(self.view.local(ended)));
        }
    }

    /// OBR and OBX of one laboratory order, 7.4.1 and 7.4.2.
    pub(super) fn laboratory(&self, w: &mut Writer, set: usize, order: &LabOrder) {
        let local = |at: Option<jiff::Timestamp>| at.map(|at| stamp(self.view.local(at))).unwrap_or_default();
        let status = if order.verified.is_some() { "F" } else { "P" };
        w.segment("OBR")
            .put(1, &set.to_string())
            .put(2, &order.order)
            .put(3, &order.filler)
            .parts(4, &[&order.panel, &order.panel_name, "L"])
            .put(6, &stamp(self.view.local(order.ordered)))
            .put(7, &local(order.collected))
            .put(15, &order.specimen_type)
            .put(18, &order.specimen)
            .put(22, &local(order.verified.or(order.analysed)))
            .put(24, "LAB")
            .put(25, status);
        if let Some(verifier) = &order.verifier {
            w.parts(32, &self.person(verifier).each_ref().map(String::as_str));
        }
        for (at, result) in order.results.iter().enumerate() {
            self.result(w, at + 1, result, status, &local(order.analysed));
        }
    }

    fn result(&self, w: &mut Writer, set: usize, result: &LabResult, status: &str, analysed: &str) {
        let numeric = result.value.parse::<f64>().is_ok();
        let flag = match result.flag {
            Flag::N => "N",
            Flag::H => "H",
            Flag::L => "L",
            Flag::A => "A",
        };
        let item = result.item;
        w.segment("OBX")
            .put(1, &set.to_string())
            .put(2, if numeric { "NM" } else { "ST" })
            .parts(3, &[item.loinc, item.name, "LN", item.code, item.name, "L"])
            .put(5, &result.value)
            .put(6, item.unit)
            .put(7, &result.range)
            .put(8, flag)
            .put(11, status)
            .put(14, analysed);
    }

    /// ORC and one OBR for each item that a specimen is to be measured for.
    pub(super) fn wanted(&self, w: &mut Writer, order: &LabOrder) {
        let stamp = |at: jiff::Timestamp| stamp(self.view.local(at));
        w.segment("SPM").put(1, "1").parts(2, &[&order.specimen]).put(4, &order.specimen_type);
        w.segment("ORC")
            .put(1, "NW")
            .put(2, &order.order)
            .put(3, &order.filler)
            .put(9, &stamp(order.ordered));
        for (at, item) in order.items.iter().enumerate() {
            w.segment("OBR")
                .put(1, &(at + 1).to_string())
                .put(2, &order.order)
                .put(3, &order.filler)
                .parts(4, &[item.loinc, item.name, "LN", item.code, item.name, "L"])
                .put(6, &stamp(order.ordered))
                .put(15, &order.specimen_type)
                .put(18, &order.specimen);
        }
    }

    /// OBR and OBX of one imaging report.
    pub(super) fn imaging(&self, w: &mut Writer, set: usize, study: &Study, report: &ImagingReport) {
        let status = if report.verified.is_some() { "F" } else { "P" };
        let performed = stamp(self.view.local(study.started));
        w.segment("OBR")
            .put(1, &set.to_string())
            .put(2, &study.order)
            .put(3, &study.accession)
            .parts(4, &[study.modality.as_str(), &study.description, "L"])
            .put(7, &performed)
            .parts(16, &self.person(&study.referring).each_ref().map(String::as_str))
            .put(18, &study.accession)
            .put(22, &stamp(self.view.local(report.verified.unwrap_or(report.written))))
            .put(24, "RAD")
            .put(25, status)
            .parts(32, &self.person(&report.verifier).each_ref().map(String::as_str));
        for (at, (code, name, text)) in
            [("18782-3", "检查所见", &report.findings), ("19005-8", "诊断意见", &report.impression)]
                .iter()
                .enumerate()
        {
            w.segment("OBX")
                .put(1, &(at + 1).to_string())
                .put(2, "TX")
                .parts(3, &[code, name, "LN"])
                .put(5, text)
                .put(11, status);
        }
    }

    /// A member of staff as XCN: number and whole name, as names stand in PID-5 too.
    fn person(&self, number: &str) -> [String; 2] {
        let name = self.view.staff_member(number).map(|staff| staff.name.chinese());
        [number.to_owned(), name.unwrap_or_default()]
    }
}
