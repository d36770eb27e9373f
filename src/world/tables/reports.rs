//! What radiologists write. Words in braces are filled in by `imaging::report`; the same word has
//! the same value throughout one report.

use std::sync::LazyLock;

use crate::world::{Finding, Modality, Region};

/// One way to report a finding.
#[derive(Debug)]
pub(in crate::world) struct Phrase {
    /// Only for this exam; for all others of the region when empty.
    pub exam: &'static str,
    pub modality: Modality,
    pub region: Region,
    pub finding: Finding,
    /// 检查所见.
    pub seen: String,
    /// 诊断意见.
    pub means: String,
}

/// All phrases.
pub(in crate::world) static PHRASES: LazyLock<Vec<Phrase>> =
    LazyLock::new(|| include_str!("reports.txt").lines().filter_map(phrase).collect());

fn phrase(line: &'static str) -> Option<Phrase> {
    let mut parts = line.split(" | ");
    let mut head = parts.next()?.split_whitespace();
    let exam = head.next()?;
    let mut text = || parts.next().map(|text| text.replace("\\n", "\n"));
    Some(Phrase {
        exam: if exam == "-" { "" } else { exam },
        modality: modality(head.next()?)?,
        region: region(head.next()?)?,
        finding: finding(head.next()?)?,
        seen: text()?,
        means: text()?,
    })
}

fn modality(word: &str) -> Option<Modality> {
    Modality::ALL.into_iter().find(|m| m.as_str() == word)
}

fn region(word: &str) -> Option<Region> {
    Some(match word {
        "Head" => Region::Head,
        "Chest" => Region::Chest,
        "Abdomen" => Region::Abdomen,
        "LumbarSpine" => Region::LumbarSpine,
        "Limb" => Region::Limb,
        _ => return None,
    })
}

fn finding(word: &str) -> Option<Finding> {
    Some(match word {
        "Normal" => Finding::Normal,
        "PulmonaryNodule" => Finding::PulmonaryNodule,
        "Pneumonia" => Finding::Pneumonia,
        "PleuralEffusion" => Finding::PleuralEffusion,
        "CerebralInfarction" => Finding::CerebralInfarction,
        "CerebralHaemorrhage" => Finding::CerebralHaemorrhage,
        "HepaticCyst" => Finding::HepaticCyst,
        "RenalStone" => Finding::RenalStone,
        "Fracture" => Finding::Fracture,
        "Degeneration" => Finding::Degeneration,
        "BreastMass" => Finding::BreastMass,
        "AtrialFibrillation" => Finding::AtrialFibrillation,
        "Ischaemia" => Finding::Ischaemia,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let lines = include_str!("reports.txt").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(PHRASES.len(), lines);
    }
}
