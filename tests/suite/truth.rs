//! What the hospital of a honeynet holds, worked out beside it from its secret.

use std::fs;
use std::sync::Arc;

use honeyward::persona::{DEFAULT_PACK, Hospital, Installation, PackFiles};
use honeyward::world::{Instance, Patient, Series, Sex, Study, View, World};
use jiff::{Timestamp, ToSpan};

use crate::honeynet::Honeynet;

/// The world of this installation, now.
pub(crate) fn view(net: &Honeynet) -> View {
    let secret = fs::read(net.data().join("secret.key")).unwrap().try_into().unwrap();
    let decoys = Installation::new(Installation::new(secret).derive("decoys/1"));
    let files = PackFiles::embedded(DEFAULT_PACK).unwrap();
    let hospital: Hospital = toml::from_str(files.text("hospital.toml").unwrap()).unwrap();
    Arc::new(World::new(Arc::new(hospital), &decoys)).at(Timestamp::now())
}

/// Rows of `honeyward world` as they stood some days ago.
pub(crate) fn listed(net: &Honeynet, subject: &str, days_ago: i64) -> Vec<serde_json::Value> {
    let at = Timestamp::now().checked_sub((24 * days_ago).hours()).unwrap().to_string();
    net.json(&["world", subject, "--at", &at, "--limit", "200", "--json"])
}

/// All images of a study.
pub(crate) fn images(view: &View, study: &Study) -> Vec<(Series, Instance)> {
    let series = view.series(study).into_iter();
    series
        .flat_map(|series| {
            let instances = view.instances(study, &series);
            instances.into_iter().map(move |instance| (series.clone(), instance))
        })
        .collect()
}

/// DICOM's form of a patient: PatientID, PatientName, PatientSex, PatientBirthDate.
pub(crate) fn dicom_patient(patient: &Patient) -> [(&'static str, String); 4] {
    let name = &patient.name;
    [
        ("0010,0020", patient.mrn.clone()),
        ("0010,0010", format!("{}^{}={}^{}", name.family_pinyin, name.given_pinyin, name.family, name.given)),
        ("0010,0040", letter(patient.sex).to_owned()),
        ("0010,0030", patient.born.strftime("%Y%m%d").to_string()),
    ]
}

/// The letter that DICOM, HL7 and ASTM write.
pub(crate) fn letter(sex: Sex) -> &'static str {
    match sex {
        Sex::M => "M",
        Sex::F => "F",
    }
}
