//! The protocol was spoken as its users do.

use super::probe::is_greeting;
use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-PROTOCOL",
    class: Class::E3,
    title: "Service used",
    title_zh: "使用诱饵服务",
    techniques: &["T1046"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Message { .. } | Observation::Query { answers: 0, .. })
        || matches!(scene.observation(), Observation::Request { verb, target, .. }
            if !is_greeting(verb.as_untrusted(), target.as_untrusted()))
}

fn words(scene: &Scene<'_>) -> Words {
    Words {
        en: format!("spoke the protocol of {}", scene.place()),
        zh: format!("与{}进行了协议交互", scene.place_zh()),
    }
}
