//! Clinical work of the hospital's own device that came to the wrong place.
//!
//! Two facts must agree: the address and the name that the device calls itself by. Then images it
//! sends, echoes, worklist queries and HL7 or ASTM messages are no attack. It stays so only while
//! the source keeps to one service of one host. A device that nobody registered has the same benefit
//! in a session in which the decoy took it for real.

use super::{Rule, Scene, Words};
use crate::detect::{Class, Settings};
use crate::event::observation::{Direction, RecordKind};
use crate::event::{Detail, Observation};

pub(super) const RULE: Rule = Rule {
    id: "HW-CLINICAL",
    class: Class::E3Clinical,
    title: "Device sends to a decoy by mistake",
    title_zh: "医疗设备误发数据",
    techniques: &[],
    even_if_clinical: true,
    fires: |scene| scene.is_clinical(),
    words,
};

fn words(scene: &Scene<'_>) -> Words {
    Words {
        en: format!("a registered device sent clinical work to {}", scene.place()),
        zh: format!("已登记设备向{}发送了业务数据", scene.place_zh()),
    }
}

/// Whether this event is such work.
pub(super) fn is_routine(scene: &Scene<'_>, settings: &Settings) -> bool {
    let origin = &scene.event.origin;
    let registered = || {
        let name = scene.memory.name_in(origin.session);
        name.is_some_and(|name| settings.is_registered(origin.source.ip(), name.as_untrusted()))
    };
    let known = scene.memory.is_real(origin.session) || !settings.device.is_empty() && registered();
    known && is_clinical_work(scene) && scene.memory.stays_in_one_place()
}

fn is_clinical_work(scene: &Scene<'_>) -> bool {
    let observation = scene.observation();
    matches!(
        observation,
        Observation::Fingerprint { .. }
            | Observation::RecordWrite { .. }
            | Observation::Transfer { direction: Direction::Upload, .. }
            | Observation::Query { subject: RecordKind::Worklist, .. }
            | Observation::RecordRead { subject: RecordKind::Worklist, .. }
    ) || matches!(observation, Observation::Request { verb, .. }
        if !matches!(verb.as_untrusted(), "C-GET" | "C-MOVE" | "GET" | "HEAD" | "DELETE")
            && !scene.stores_no_image())
        || matches!(observation, Observation::Message { message_type, .. }
            if !is_query(message_type.as_untrusted()))
}

/// HL7 v2 query messages: QRY, QBP, QCN and their kin start with Q.
fn is_query(message_type: &str) -> bool {
    message_type.starts_with('Q')
}

impl Scene<'_> {
    /// Whether this stores a DICOM object that is no image: documents, reports, raw data.
    pub(super) fn stores_no_image(&self) -> bool {
        let Observation::Request { detail: Some(Detail::Dimse(dimse)), .. } = self.observation() else {
            return false;
        };
        dimse.operation == "C-STORE" && !is_image(dimse.sop_class.as_untrusted())
    }
}

/// Image storage SOP classes, PS3.4 B.5.
fn is_image(sop_class: &str) -> bool {
    const STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";
    const IMAGES: [&str; 14] =
        ["1", "2", "3", "4", "6", "7", "12", "13", "14", "20", "30", "77", "128", "130"];
    let Some(rest) = sop_class.strip_prefix(STORAGE) else {
        return false;
    };
    rest == "481.1" || IMAGES.contains(&rest.split('.').next().unwrap_or_default())
}
