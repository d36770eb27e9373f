//! Bytes that ask what is here, and no more.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;
use crate::event::observation::Mark;

pub(super) const RULE: Rule = Rule {
    id: "HW-PROBE",
    class: Class::E2,
    title: "Decoy probed",
    title_zh: "探测诱饵",
    techniques: &["T1046"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(
        scene.observation(),
        Observation::Probe { .. }
            | Observation::Malformed { .. }
            | Observation::Fingerprint { mark: Mark::SshClient | Mark::Hassh | Mark::Ja4, .. }
    ) || matches!(scene.observation(), Observation::Request { verb, target, .. }
        if is_greeting(verb.as_untrusted(), target.as_untrusted()))
}

fn words(scene: &Scene<'_>) -> Words {
    Words { en: format!("probed {}", scene.place()), zh: format!("探测了{}", scene.place_zh()) }
}

/// What monitors ask: the start page, an echo.
pub(super) fn is_greeting(verb: &str, target: &str) -> bool {
    match verb {
        "GET" | "HEAD" => target == "/",
        "OPTIONS" | "C-ECHO" => true,
        _ => false,
    }
}
