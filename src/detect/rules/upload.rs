//! A file or object was put on a host.

use super::{Rule, Scene, Words, quote};
use crate::detect::Class;
use crate::event::Observation;
use crate::event::observation::Direction;

pub(super) const RULE: Rule = Rule {
    id: "HW-UPLOAD",
    class: Class::E7,
    title: "File uploaded",
    title_zh: "上传文件",
    techniques: &["T1105"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Transfer { direction: Direction::Upload, .. })
        || scene.stores_no_image()
}

fn words(scene: &Scene<'_>) -> Words {
    let what = if let Observation::Transfer { name, size, .. } = scene.observation() {
        format!("{} ({size} bytes)", quote(name))
    } else {
        "an object that is no image".to_owned()
    };
    Words {
        en: format!("uploaded to {}: {what}", scene.place()),
        zh: format!("向{}上传：{what}", scene.place_zh()),
    }
}
