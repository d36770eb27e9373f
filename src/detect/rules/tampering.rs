//! A record of the hospital was sent again in another form: to overwrite it.

use super::{Rule, Scene, Words, counted, counted_zh};
use crate::detect::Class;
use crate::event::Observation;

pub(super) const RULE: Rule = Rule {
    id: "HW-TAMPERING",
    class: Class::E7,
    title: "Tampering with records",
    title_zh: "篡改影像数据",
    techniques: &["T1565.001"],
    even_if_clinical: true,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Tampering { .. })
}

fn words(scene: &Scene<'_>) -> Words {
    let Observation::Tampering { subject, id, changes } = scene.observation() else {
        return Words::default();
    };
    let fields: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
    let (of, of_zh) = if fields.is_empty() {
        (String::new(), String::new())
    } else {
        (format!(", changing {}", fields.join(", ")), format!("，改动{}", fields.join("、")))
    };
    Words {
        en: format!("tried to overwrite {} ({id}) on {}{of}", counted(1_u32, *subject), scene.place()),
        zh: format!("试图覆盖{}的{}（{id}）{of_zh}", scene.place_zh(), counted_zh(1_u32, *subject)),
    }
}
