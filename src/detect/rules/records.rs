//! Patients' records were searched with answers, or read.

use super::{Rule, Scene, Words, counted, counted_zh};
use crate::detect::Class;
use crate::event::observation::RecordKind;
use crate::event::{Detail, Observation};

pub(super) const RULE: Rule = Rule {
    id: "HW-RECORD-ACCESS",
    class: Class::E6,
    title: "Patient records searched or read",
    title_zh: "患者数据被检索或读取",
    techniques: &["T1213"],
    even_if_clinical: false,
    fires,
    words,
};

fn fires(scene: &Scene<'_>) -> bool {
    scene.service() != "dicom" && takes_records(scene)
}

fn words(scene: &Scene<'_>) -> Words {
    let (en, zh) = took(scene);
    Words { en: format!("{en} on {}", scene.place()), zh: format!("从{}{zh}", scene.place_zh()) }
}

/// Whether records went out, or a search found some.
pub(super) fn takes_records(scene: &Scene<'_>) -> bool {
    matches!(scene.observation(), Observation::Query { answers: 1.., .. })
        || matches!(scene.observation(), Observation::RecordRead { count: 1.., subject, .. }
            if *subject != RecordKind::File)
        || matches!(scene.observation(), Observation::Tunnel { means, relayed: true, .. }
            if means == "C-MOVE")
}

/// What was taken, in both languages.
pub(super) fn took(scene: &Scene<'_>) -> (String, String) {
    if let Observation::Query { answers, detail: Some(Detail::Dimse(dimse)), .. } = scene.observation()
        && matches!(dimse.operation.as_str(), "C-GET" | "C-MOVE")
    {
        let (operation, images) = (&dimse.operation, counted(*answers, RecordKind::Instance));
        let images_zh = counted_zh(*answers, RecordKind::Instance);
        return (format!("took {images} by {operation}"), format!("以{operation}取走{images_zh}"));
    }
    if let Observation::Query { subject, answers, unbounded, .. } = scene.observation() {
        let (all, all_zh) = if *unbounded { (" without a filter", "无条件") } else { ("", "") };
        let found = counted(*answers, *subject);
        return (
            format!("searched{all} and found {found}"),
            format!("{all_zh}检索到{}", counted_zh(*answers, *subject)),
        );
    }
    if let Observation::RecordRead { subject, count, .. } = scene.observation() {
        return (
            format!("read {}", counted(*count, *subject)),
            format!("读取了{}", counted_zh(*count, *subject)),
        );
    }
    ("had images sent elsewhere".into(), "将影像发送到其他节点".into())
}
