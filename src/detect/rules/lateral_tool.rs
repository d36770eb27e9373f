//! A program was put on another machine's share.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-LATERAL-TOOL",
    class: Class::E7,
    title: "Program copied to a share",
    title_zh: "向共享目录投放程序",
    techniques: &["T1570", "T1021.002"],
    even_if_clinical: true,
    fires,
    words,
};

/// Kinds of files that run, as `content` names them.
const PROGRAMS: [&str; 5] = [
    "application/vnd.microsoft.portable-executable",
    "application/x-elf",
    "application/java-vm",
    "application/x-ms-shortcut",
    "text/x-script",
];
/// Services over which machines share files.
const SHARING: [&str; 2] = ["smb", "netbios"];

fn fires(scene: &Scene<'_>) -> bool {
    SHARING.contains(&scene.service())
        && matches!(scene.observation(), Observation::Content { media, .. } if PROGRAMS.contains(&media.as_str()))
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::Content { media, .. } = scene.observation() else {
        return Words::default();
    };
    Words {
        en: format!("copied a program ({media}) to a share of {}", scene.place()),
        zh: format!("向{}的共享目录复制了程序（{media}）", scene.place_zh()),
    }
}
