//! A bait other than an account was used.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-LURE",
    class: Class::E5,
    title: "Bait used",
    title_zh: "诱饵被使用",
    techniques: &["T1552.001"],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    scene.bait.is_some() || matches!(scene.observation(), Observation::LureTouched { .. })
}

fn words(scene: &Scene<'_>) -> Words {
    if let Some(bait) = scene.bait {
        let (id, place) = (&bait.id, &bait.place);
        return Words {
            en: format!("used on {} the bait {id}, which was put at {place} and nowhere else", scene.place()),
            zh: format!("在{}使用了仅放置于{place}的诱饵{id}", scene.place_zh()),
        };
    }
    let Observation::LureTouched { lure, how } = scene.observation() else {
        return Words::default();
    };
    Words {
        en: format!("used the bait {lure}, which exists nowhere else: {how}"),
        zh: format!("使用了仅存在于诱饵中的信息{lure}：{how}"),
    }
}
