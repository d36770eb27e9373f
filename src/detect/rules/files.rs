//! Files were taken from a host.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;
use crate::event::observation::{Direction, RecordKind};

pub(super) const RULE: Rule = Rule {
    id: "HW-FILE-READ",
    class: Class::E6,
    title: "Files taken",
    title_zh: "文件被读取",
    techniques: &["T1005"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(
        scene.observation(),
        Observation::Transfer { direction: Direction::Download, .. }
            | Observation::RecordRead { subject: RecordKind::File, count: 1.., .. }
    )
}

fn words(scene: &Scene<'_>) -> Words {
    Words {
        en: format!("took files from {}", scene.place()),
        zh: format!("从{}读取了文件", scene.place_zh()),
    }
}
