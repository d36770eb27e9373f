//! The rules. To add one: a file with a `RULE`, its line in [`ALL`], a scenario in `../tests.rs`.

mod ae_guessing;
mod attempt;
mod clinical;
mod command;
mod exploit;
mod files;
mod guessing;
mod images;
mod lateral_tool;
mod lure;
mod lure_account;
mod mass;
mod moved;
mod probe;
mod protocol;
mod ransom;
mod real_data;
mod record_write;
mod records;
mod scanner;
mod shares;
mod spraying;
mod sweep;
mod tampering;
mod touch;
mod tunnel;
mod upload;

pub(super) use moved::RULE as MOVED;

use super::memory::Memory;
use super::{Bait, Class, Settings};
use crate::event::observation::RecordKind;
use crate::event::{Observation, SessionEvent, Tainted};

/// All rules.
pub(super) const ALL: [&Rule; 27] = [
    &touch::RULE,
    &probe::RULE,
    &scanner::RULE,
    &sweep::RULE,
    &moved::RULE,
    &clinical::RULE,
    &real_data::RULE,
    &protocol::RULE,
    &shares::RULE,
    &attempt::RULE,
    &guessing::RULE,
    &spraying::RULE,
    &ae_guessing::RULE,
    &lure_account::RULE,
    &lure::RULE,
    &images::RULE,
    &records::RULE,
    &files::RULE,
    &command::RULE,
    &lateral_tool::RULE,
    &upload::RULE,
    &record_write::RULE,
    &mass::RULE,
    &ransom::RULE,
    &tampering::RULE,
    &exploit::RULE,
    &tunnel::RULE,
];

/// One rule: when it fires, its class counts for the incident.
pub(super) struct Rule {
    /// An ASCII constant that no translation changes: what SIEM rules key on.
    pub(super) id: &'static str,
    pub(super) class: Class,
    pub(super) title: &'static str,
    pub(super) title_zh: &'static str,
    /// ATT&CK ids.
    pub(super) techniques: &'static [&'static str],
    /// Whether it holds for clinical work of a registered device too.
    pub(super) even_if_clinical: bool,
    pub(super) fires: fn(&Scene<'_>) -> bool,
    /// What was seen, in plain words: for the first event that fires.
    pub(super) words: fn(&Scene<'_>) -> Words,
}

/// A reason in both languages. Rules word only what they fired on.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Words {
    pub(super) en: String,
    pub(super) zh: String,
}

/// One event with what is known around it, as rules see it.
pub(super) struct Scene<'a> {
    pub(super) event: &'a SessionEvent,
    pub(super) memory: &'a Memory,
    clinical: bool,
    /// The bait of which this event shows a token.
    bait: Option<&'a Bait>,
}

/// Whether a rule tells of something that others than the SOC must hear of, so that nothing told
/// before makes it old.
pub(super) fn is_notice(rule: &Rule) -> bool {
    rule.id == real_data::RULE.id
}

/// Whether a rule tells of damage under way: what must be done then is another thing than before, so it
/// is told once, whatever was told of the session.
pub(super) fn is_urgent(rule: &Rule) -> bool {
    rule.id == ransom::RULE.id
}

/// Whether a rule tells that an intruder goes on elsewhere: worth a word as long as he is one, each time.
pub(super) fn is_move(rule: &Rule) -> bool {
    rule.id == MOVED.id
}

/// The rule with this id.
pub(super) fn find(id: &str) -> Option<&'static Rule> {
    ALL.into_iter().find(|rule| rule.id == id)
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        event: &'a SessionEvent,
        memory: &'a Memory,
        settings: &'a Settings,
        bait: Option<&'a Bait>,
    ) -> Self {
        let mut scene = Scene { event, memory, clinical: false, bait };
        scene.clinical = clinical::is_routine(&scene, settings);
        scene
    }

    /// Whether this is clinical work of a registered device.
    pub(super) fn is_clinical(&self) -> bool {
        self.clinical
    }

    pub(super) fn fires(&self, rule: &Rule) -> bool {
        (rule.even_if_clinical || !self.clinical) && (rule.fires)(self)
    }

    fn observation(&self) -> &'a Observation {
        &self.event.observation
    }

    fn host(&self) -> &'a str {
        &self.event.origin.host
    }

    fn service(&self) -> &'a str {
        &self.event.origin.service
    }

    /// `his over ssh`.
    fn place(&self) -> String {
        format!("{} over {}", self.host(), self.service())
    }

    fn place_zh(&self) -> String {
        format!("{}（{}）", self.host(), self.service())
    }
}

/// Text of an attacker inside a reason: escaped, and short enough for every SIEM field.
pub(super) fn quote(text: &Tainted) -> String {
    const MOST: usize = 120;
    let shown = text.for_terminal();
    match shown.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    }
}

/// `1 patient`, `12 patients`.
fn counted<N: Into<u64>>(count: N, kind: RecordKind) -> String {
    let (one, many) = match kind {
        RecordKind::Patient => ("patient", "patients"),
        RecordKind::Encounter => ("visit", "visits"),
        RecordKind::Order => ("order", "orders"),
        RecordKind::Study => ("imaging study", "imaging studies"),
        RecordKind::Series => ("image series", "image series"),
        RecordKind::Instance => ("image", "images"),
        RecordKind::Worklist => ("worklist entry", "worklist entries"),
        RecordKind::Specimen => ("specimen", "specimens"),
        RecordKind::LabResult => ("laboratory result", "laboratory results"),
        RecordKind::Report => ("report", "reports"),
        RecordKind::Staff => ("member of staff", "members of staff"),
        RecordKind::File => ("file", "files"),
        RecordKind::Prescription => ("prescription", "prescriptions"),
        RecordKind::Charge => ("charge or bill", "charges and bills"),
        RecordKind::Catalogue => ("dictionary row", "dictionary rows"),
    };
    let count = count.into();
    format!("{count} {}", if count == 1 { one } else { many })
}

fn counted_zh<N: Into<u64>>(count: N, kind: RecordKind) -> String {
    let noun = match kind {
        RecordKind::Patient => "患者记录",
        RecordKind::Encounter => "就诊记录",
        RecordKind::Order => "医嘱",
        RecordKind::Study => "影像检查",
        RecordKind::Series => "影像序列",
        RecordKind::Instance => "影像",
        RecordKind::Worklist => "检查工作列表",
        RecordKind::Specimen => "标本记录",
        RecordKind::LabResult => "检验结果",
        RecordKind::Report => "报告",
        RecordKind::Staff => "员工信息",
        RecordKind::File => "文件",
        RecordKind::Prescription => "处方",
        RecordKind::Charge => "费用单据",
        RecordKind::Catalogue => "字典条目",
    };
    format!("{}条{noun}", count.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rules_have_distinct_ascii_ids() {
        let ids: BTreeSet<_> = ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.iter().all(|id| id.starts_with("HW-") && id.is_ascii()));
        assert!(ALL.iter().all(|rule| !rule.title_zh.is_ascii() && rule.title.is_ascii()));
    }

    #[test]
    fn the_docs_name_every_rule_with_its_class() {
        let docs = include_str!("../../../docs/detection.md");
        for rule in ALL {
            let row = format!("| `{}` | {} |", rule.id, rule.class.as_str());
            assert!(docs.contains(&row), "{row}");
        }
        assert_eq!(docs.matches("| `HW-").count(), ALL.len());
    }
}
