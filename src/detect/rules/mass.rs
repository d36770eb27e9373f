//! Records carried off in bulk, counted over every protocol.

use super::{Rule, Scene, Words, counted, counted_zh};
use crate::detect::Class;
use crate::event::Observation;
use crate::event::observation::RecordKind;

pub(super) const RULE: Rule = Rule {
    id: "HW-MASS-READ",
    class: Class::E7,
    title: "Records taken in bulk",
    title_zh: "批量窃取数据",
    techniques: &["T1030", "T1119"],
    even_if_clinical: false,
    fires,
    words,
};

/// Patients (or what stands for one) handed out to one source: more than anybody looks at by hand.
const PATIENTS: u64 = 500;

/// Images handed out to one source: a dozen large CT studies.
const IMAGES: u64 = 5_000;

/// Kinds of which one record stands for one patient.
const PERSONAL: [RecordKind; 7] = [
    RecordKind::Patient,
    RecordKind::Encounter,
    RecordKind::Order,
    RecordKind::Study,
    RecordKind::Specimen,
    RecordKind::LabResult,
    RecordKind::Report,
];

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::RecordRead { .. })
        && (scene.memory.taken(&PERSONAL) >= PATIENTS
            || scene.memory.taken(&[RecordKind::Instance]) >= IMAGES)
}

fn words(scene: &Scene<'_>) -> Words {
    let said = |word: fn(u64, RecordKind) -> String, between: &str| {
        let taken = scene.memory.all_taken().map(|(kind, count)| word(count, kind));
        taken.collect::<Vec<_>>().join(between)
    };
    let takers = scene.memory.takers();
    Words {
        en: format!("was given {} over {takers}", said(counted::<u64>, ", ")),
        zh: format!("通过{takers}获取了{}", said(counted_zh::<u64>, "、")),
    }
}
