//! A login that did not get in.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;
use crate::event::observation::AuthMethod;

pub(super) const RULE: Rule = Rule {
    id: "HW-LOGIN-ATTEMPT",
    class: Class::E4,
    title: "Login attempted",
    title_zh: "尝试登录",
    techniques: &["T1110.001"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(
        scene.observation(),
        Observation::AuthAttempt { accepted: false, .. }
            | Observation::AuthAttempt { method: AuthMethod::DicomUserIdentity, .. }
    )
}

fn words(scene: &Scene<'_>) -> Words {
    Words {
        en: format!("tried to log in on {}", scene.place()), zh: format!("尝试登录{}", scene.place_zh())
    }
}
