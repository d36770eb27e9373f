//! A command was run on a host.

use super::{Rule, Scene, Words, quote};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-COMMAND",
    class: Class::E7,
    title: "Shell command run",
    title_zh: "执行命令",
    techniques: &["T1021.004", "T1059.004"],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Command { .. })
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::Command { line, .. } = scene.observation() else {
        return Words::default();
    };
    let line = quote(line);
    Words {
        en: format!("ran a command on {}: {line}", scene.place()),
        zh: format!("在{}上执行命令：{line}", scene.place_zh()),
    }
}
