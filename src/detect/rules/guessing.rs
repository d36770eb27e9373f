//! Many pairs on one host.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-GUESSING",
    class: Class::E4Guessing,
    title: "Password guessing",
    title_zh: "口令猜测",
    techniques: &["T1110.001"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::AuthAttempt { .. })
        && scene.memory.pairs_on(scene.host()) >= PAIRS
}

fn words(scene: &Scene<'_>) -> Words {
    let host = scene.host();
    Words {
        en: format!("tried {PAIRS} different account and password pairs on {host} within 10 minutes"),
        zh: format!("10分钟内在{host}上尝试了{PAIRS}组不同的账号口令"),
    }
}

/// Distinct pairs on one host within 10 minutes: a person who forgot a password tries fewer.
const PAIRS: usize = 5;
