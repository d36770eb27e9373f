//! Files of a share are being encrypted.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::detect::damage::sign;

pub(super) const RULE: Rule = Rule {
    id: "HW-RANSOM",
    class: Class::E7,
    title: "Files being encrypted",
    title_zh: "文件正在被加密",
    techniques: &["T1486"],
    even_if_clinical: true,
    fires,
    words,
};

/// Distinct files of one host that show it within 10 minutes: two may be chance, and the alert must be
/// out before the fifth is lost.
const FILES: usize = 3;

fn fires(scene: &Scene<'_>) -> bool {
    sign(scene.observation()).is_some() && scene.memory.damaged_on(scene.host()) >= FILES
}

fn words(scene: &Scene<'_>) -> Words {
    Words {
        en: format!(
            "encrypted or renamed {FILES} files on {} within 10 minutes, as ransomware does",
            scene.place()
        ),
        zh: format!("10分钟内在{}加密或改名了{FILES}个文件，与勒索软件行为一致", scene.place_zh()),
    }
}
