//! The image archive was searched or images taken.

use super::records::{takes_records, took};
use super::{Rule, Scene, Words};
use crate::detect::Class;

pub(super) const RULE: Rule = Rule {
    id: "HW-IMAGE-ACCESS",
    class: Class::E6,
    title: "Image archive searched or read",
    title_zh: "影像归档被检索或读取",
    techniques: &["T1213"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    scene.service() == "dicom" && takes_records(scene)
}

fn words(scene: &Scene<'_>) -> Words {
    let (en, zh) = took(scene);
    Words {
        en: format!("{en}, on the image archive {}", scene.host()),
        zh: format!("从影像归档{}{zh}", scene.host()),
    }
}
