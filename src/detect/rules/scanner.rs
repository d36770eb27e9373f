//! A program that is made to find or attack: named by what it sends.

use super::{Rule, Scene, Words, quote};
use crate::detect::Class;
use crate::event::Observation;
use crate::event::observation::Mark;

pub(super) const RULE: Rule = Rule {
    id: "HW-SCANNER",
    class: Class::E2,
    title: "Scanner recognised",
    title_zh: "识别到扫描工具",
    techniques: &["T1046"],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Fingerprint { mark: Mark::Scanner, .. })
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::Fingerprint { value, .. } = scene.observation() else {
        return Words::default();
    };
    let name = quote(value);
    Words {
        en: format!("used {name} on {}", scene.place()),
        zh: format!("对{}使用了{name}", scene.place_zh()),
    }
}
