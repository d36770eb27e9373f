//! A connection, and nothing with it.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-TOUCH",
    class: Class::E1,
    title: "Decoy touched",
    title_zh: "触碰诱饵",
    techniques: &[],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Opened { .. })
}

fn words(scene: &Scene<'_>) -> Words {
    Words { en: format!("connected to {}", scene.place()), zh: format!("连接了{}", scene.place_zh()) }
}
