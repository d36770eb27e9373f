//! Patients that an intruder wrote, over whatever protocol: checked against the world, kept in his
//! overlay, and read back to him over all protocols.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::event::observation::{Change, RecordKind};
use crate::event::{Observation, Tainted};
use crate::world::{Name, Patient, PatientNo, Sex, View};

/// Longest text of one field that is kept, characters.
const MAX_TEXT: usize = 200;

/// A patient as an intruder wrote him. An empty field is one that he did not give.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WrittenPatient {
    /// Medical record number.
    pub mrn: String,
    /// Name as written.
    pub name: String,
    /// Sex, where it was given.
    pub sex: Option<char>,
    /// Birth date, where it was given.
    pub born: Option<Date>,
    /// Phone number.
    pub phone: String,
    /// Address.
    pub address: String,
    /// When he wrote it.
    pub at: Timestamp,
}

impl Session {
    /// Takes a patient: tells of what he would change in the hospital's record, or that he is new,
    /// and keeps him. What the honeynet itself sends is the world's already, and is not kept.
    pub fn write_patient(&self, written: WrittenPatient) {
        if written.mrn.is_empty() || self.is_own() {
            return;
        }
        let written = cut(written);
        let view = self.world().at(self.now());
        match view.patient_by_mrn(&written.mrn) {
            Some(patient) => self.tell_patient_changes(&patient, &written),
            None => self.emit(Observation::RecordWrite {
                subject: RecordKind::Patient,
                count: 1,
                ids: vec![Tainted::new(written.mrn.as_str())],
            }),
        }
        if let Ok(value) = serde_json::to_vec(&written) {
            self.overlay().put(key(&written.mrn), value);
        }
    }

    /// What this intruder wrote of a patient.
    pub fn written_patient(&self, mrn: &str) -> Option<WrittenPatient> {
        serde_json::from_slice(&self.overlay().get(&key(mrn))?).ok()
    }

    /// A patient as this intruder reads him: the hospital's record with what he wrote in it, or one
    /// that he made up, whose index leads to nobody.
    pub fn patient(&self, view: &View, mrn: &str) -> Option<Patient> {
        match (view.patient_by_mrn(mrn), self.written_patient(mrn)) {
            (Some(patient), Some(written)) => Some(laid_over(patient, written)),
            (Some(patient), None) => Some(patient),
            (None, Some(written)) => Some(made_up(written)),
            (None, None) => None,
        }
    }

    /// The same of a record at hand.
    pub fn with_written_patient(&self, patient: Patient) -> Patient {
        match self.written_patient(&patient.mrn) {
            Some(written) => laid_over(patient, written),
            None => patient,
        }
    }

    fn tell_patient_changes(&self, patient: &Patient, written: &WrittenPatient) {
        let sex = sex_letter(patient.sex);
        let given = [
            ("name", patient.name.chinese(), written.name.clone()),
            ("sex", sex.to_string(), written.sex.map(String::from).unwrap_or_default()),
            ("born", patient.born.to_string(), written.born.map(|born| born.to_string()).unwrap_or_default()),
            ("phone", patient.phone.clone(), written.phone.clone()),
            ("address", patient.address.clone(), written.address.clone()),
        ];
        let differing = given.into_iter().filter(|(_, from, to)| !to.is_empty() && from != to);
        let changes: Vec<Change> = differing
            .map(|(field, from, to)| Change { field: field.to_owned(), from, to: Tainted::new(to) })
            .collect();
        let (subject, id) = (RecordKind::Patient, patient.mrn.clone());
        if changes.is_empty() {
            let ids = vec![Tainted::new(id)];
            self.emit(Observation::RecordWrite { subject, count: 1, ids });
        } else {
            self.emit(Observation::Tampering { subject, id, changes });
        }
    }
}

fn sex_letter(sex: Sex) -> char {
    match sex {
        Sex::M => 'M',
        Sex::F => 'F',
    }
}

fn key(mrn: &str) -> String {
    let mrn: String = mrn.chars().take(MAX_TEXT).collect();
    format!("patient:{}", mrn.trim_start_matches('0'))
}

fn laid_over(mut patient: Patient, written: WrittenPatient) -> Patient {
    if !written.name.is_empty() && written.name != patient.name.chinese() {
        patient.name = named(&written.name);
    }
    match written.sex {
        Some('M') => patient.sex = Sex::M,
        Some('F') => patient.sex = Sex::F,
        Some(_) | None => {}
    }
    patient.born = written.born.unwrap_or(patient.born);
    for (own, new) in [(&mut patient.phone, written.phone), (&mut patient.address, written.address)] {
        if !new.is_empty() {
            *own = new;
        }
    }
    patient
}

fn made_up(written: WrittenPatient) -> Patient {
    Patient {
        no: PatientNo(u32::MAX),
        mrn: written.mrn,
        name: named(&written.name),
        sex: if written.sex == Some('F') { Sex::F } else { Sex::M },
        born: written.born.unwrap_or(Date::constant(1900, 1, 1)),
        resident_id: String::new(),
        resident_id_masked: String::new(),
        phone: written.phone,
        address: written.address,
        ethnicity: String::new(),
        registered: written.at,
    }
}

/// A name of unknown parts: all of it stands as the family name.
fn named(text: &str) -> Name {
    Name {
        family: text.to_owned(),
        given: String::new(),
        family_pinyin: text.to_owned(),
        given_pinyin: String::new(),
    }
}

fn cut(written: WrittenPatient) -> WrittenPatient {
    let short = |text: String| text.chars().take(MAX_TEXT).collect();
    WrittenPatient {
        mrn: short(written.mrn),
        name: short(written.name),
        phone: short(written.phone),
        address: short(written.address),
        ..written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::bench::{Bench, NOW};

    #[test]
    fn a_changed_record_is_told_and_read_back_to_its_writer_alone() {
        let bench = Bench::new();
        let session = bench.session("his", "mllp");
        let view = bench.world.at(NOW.parse().unwrap());
        let patient = view.patient(PatientNo(77)).unwrap();
        let written = WrittenPatient {
            mrn: patient.mrn.clone(),
            phone: "13900000000".into(),
            name: patient.name.chinese(),
            ..WrittenPatient::default()
        };
        session.write_patient(written);
        let told = bench.told();
        let [Observation::Tampering { subject: RecordKind::Patient, id, changes }] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!((id, changes.len(), changes[0].field.as_str()), (&patient.mrn, 1, "phone"));
        let seen = session.patient(&view, &patient.mrn).unwrap();
        assert_eq!((seen.phone.as_str(), &seen.name), ("13900000000", &patient.name));
        assert_eq!(Bench::new().session("his", "mllp").patient(&view, &patient.mrn), Some(patient));
    }

    #[test]
    fn a_new_patient_belongs_to_nobody_else() {
        let bench = Bench::new();
        let session = bench.session("his", "mllp");
        let view = bench.world.at(NOW.parse().unwrap());
        session.write_patient(WrittenPatient {
            mrn: "9999999999".into(),
            name: "张三".repeat(300),
            ..WrittenPatient::default()
        });
        assert!(matches!(&bench.told()[..], [Observation::RecordWrite { count: 1, .. }]));
        let seen = session.patient(&view, "9999999999").unwrap();
        assert_eq!(seen.name.chinese().chars().count(), MAX_TEXT);
        assert!(view.patient(seen.no).is_none() && view.encounters_of(seen.no, 30).is_empty());
    }
}
