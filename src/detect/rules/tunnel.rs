//! A host was asked to reach somewhere else.

use super::{Rule, Scene, Words, quote};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-TUNNEL",
    class: Class::E7,
    title: "Connection through a decoy",
    title_zh: "借诱饵向外连接",
    techniques: &["T1090", "T1572"],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Tunnel { means, .. } if means != "C-MOVE")
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::Tunnel { means, target, .. } = scene.observation() else {
        return Words::default();
    };
    let target = quote(target);
    Words {
        en: format!("asked {} to reach {target} by {means}", scene.place()),
        zh: format!("要求{}通过{means}连接{target}", scene.place_zh()),
    }
}
