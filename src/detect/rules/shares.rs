//! Shares were looked for.

use super::{Rule, Scene, Words};
use crate::detect::Class;
use crate::event::{Detail, Observation};

pub(super) const RULE: Rule = Rule {
    id: "HW-SHARES",
    class: Class::E3,
    title: "Shares enumerated",
    title_zh: "枚举共享目录",
    techniques: &["T1135"],
    even_if_clinical: false,
    fires,
    words,
};

/// NetrShareEnum, NetrShareEnumSticky: MS-SRVS 3.1.4.8 and 3.1.4.9.
const ENUMERATIONS: [u16; 2] = [15, 36];

/// The list was asked for, or a share that is none.
fn fires(scene: &Scene<'_>) -> bool {
    /// STATUS_BAD_NETWORK_NAME.
    const NO_SUCH_SHARE: u32 = 0xc000_00cc;
    match scene.observation() {
        Observation::Request { detail: Some(Detail::Rpc(call)), .. } => {
            call.interface == "srvsvc" && ENUMERATIONS.contains(&call.opnum)
        }
        Observation::Request { detail: Some(Detail::Smb(_)), status, .. } => *status == NO_SUCH_SHARE,
        _ => false,
    }
}

fn words(scene: &Scene<'_>) -> Words {
    Words {
        en: format!("looked for shares of {}", scene.place()),
        zh: format!("枚举了{}的共享目录", scene.place_zh()),
    }
}
