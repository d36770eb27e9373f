//! A source that goes on under another address.

use super::{Rule, Scene, Words};
use crate::detect::Class;

pub(in crate::detect) const RULE: Rule = Rule {
    id: "HW-MOVED",
    // It says who somebody is, not what he does.
    class: Class::E1,
    title: "The same source under another address",
    title_zh: "同一来源更换地址后继续活动",
    techniques: &[],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    scene.memory.moved.is_some()
}

fn words(scene: &Scene<'_>) -> Words {
    let Some(moved) = &scene.memory.moved else {
        return Words::default();
    };
    Words { en: moved.en.clone(), zh: moved.zh.clone() }
}
