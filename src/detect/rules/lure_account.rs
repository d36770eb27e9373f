//! A lure account got in. Accounts that get in are lures; nobody real has one.

use super::{Rule, Scene, Words, quote};
use crate::detect::Class;
use crate::event::Observation;
use crate::event::observation::AuthMethod;

pub(super) const RULE: Rule = Rule {
    id: "HW-LURE-ACCOUNT",
    class: Class::E5,
    title: "Lure account used",
    title_zh: "诱饵账号被使用",
    techniques: &["T1078", "T1552.001"],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(
        scene.observation(),
        Observation::AuthAttempt { accepted, method, account, .. }
            // Who names no account gave a word that everybody knows: a community of SNMP.
            if *accepted && !account.is_empty() && *method != AuthMethod::DicomUserIdentity
    )
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::AuthAttempt { account, .. } = scene.observation() else {
        return Words::default();
    };
    let account = quote(account);
    Words {
        en: format!("logged in on {} as {account}, an account that exists only as bait", scene.place()),
        zh: format!("使用仅作为诱饵存在的账号{account}登录了{}", scene.place_zh()),
    }
}
