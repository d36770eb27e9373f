//! Data of a real patient came by mistake: work for biomedical engineering, not for the SOC.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-REAL-DATA",
    class: Class::E3Clinical,
    title: "Real patient data sent to a decoy by mistake",
    title_zh: "真实患者数据误发至诱饵",
    techniques: &[],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::RealData { .. })
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::RealData { signs, .. } = scene.observation() else {
        return Words::default();
    };
    let signs = signs.join(", ");
    Words {
        en: format!("a real device sent real data to {}: {signs}", scene.place()),
        zh: format!("真实设备向{}误发了真实患者数据", scene.place_zh()),
    }
}
