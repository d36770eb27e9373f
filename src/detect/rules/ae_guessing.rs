//! Called AE titles tried one after another: for an archive that checks them they are its password.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-AE-GUESSING",
    class: Class::E4Guessing,
    title: "AE title guessing",
    title_zh: "AE标题猜测",
    techniques: &["T1110.001"],
    even_if_clinical: false,
    fires,
    words,
};

/// Distinct titles that one host refused within 10 minutes: an engineer who looks for the right one
/// tries fewer.
const TITLES: usize = 8;

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Request { verb, .. } if verb.as_untrusted() == "A-ASSOCIATE")
        && scene.memory.titles_on(scene.host()) >= TITLES
}

fn words(scene: &Scene<'_>) -> Words {
    let host = scene.host();
    Words {
        en: format!("tried {TITLES} different AE titles on {host} within 10 minutes"),
        zh: format!("10分钟内在{host}上尝试了{TITLES}个不同的AE标题"),
    }
}
