//! One account on many decoys.

use super::{Rule, Scene, Words, quote};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-SPRAYING",
    class: Class::E4Guessing,
    title: "Account tried on many decoys",
    title_zh: "账号横向尝试",
    techniques: &["T1110.003"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::AuthAttempt { account, .. }
        if scene.memory.decoys_tried_as(account) >= DECOYS)
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::AuthAttempt { account, .. } = scene.observation() else {
        return Words::default();
    };
    let account = quote(account);
    Words {
        en: format!("tried account {account} on {DECOYS} decoy services within 10 minutes"),
        zh: format!("10分钟内用账号{account}尝试了{DECOYS}个诱饵服务"),
    }
}

/// Decoy services on which one account was tried.
const DECOYS: usize = 3;
