//! Records were written, changed or deleted.

use super::{Rule, Scene, Words, counted, counted_zh};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-RECORD-WRITE",
    class: Class::E7,
    title: "Records changed",
    title_zh: "数据被写入或篡改",
    techniques: &["T1565.001"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::RecordWrite { count: 1.., .. })
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::RecordWrite { subject, count, .. } = scene.observation() else {
        return Words::default();
    };
    Words {
        en: format!("wrote {} on {}", counted(*count, *subject), scene.place()),
        zh: format!("在{}写入了{}", scene.place_zh(), counted_zh(*count, *subject)),
    }
}
