//! Reports: a radiologist writes, a senior one verifies.

use super::{Course, Imaging};
use crate::world::dice::{Dice, Purpose};
use crate::world::tables::departments::Dept;
use crate::world::tables::reports::{PHRASES, Phrase};
use crate::world::time::{HOUR, MINUTE, Moment};
use crate::world::{ImagingReport, Modality, Staff, VisitClass, Wording, World};

impl World {
    /// When the report of a study is written and verified.
    pub(in crate::world) fn report_times(&self, course: &Course) -> (Moment, Moment) {
        let mut dice = self.dice_imaging(Purpose::Report, course.key);
        let written = match (course.key.modality, course.visit.key.class) {
            (Modality::US | Modality::ECG, _) => dice.between(2, 9),
            (_, VisitClass::Emergency) => dice.between(9, 35),
            (Modality::MR, _) => dice.between(40, 260),
            (_, VisitClass::Outpatient) => dice.between(15, 80),
            (_, VisitClass::Inpatient) => dice.between(25, 160),
        };
        let verified = match (course.key.modality, course.visit.key.class) {
            (Modality::US | Modality::ECG, _) => dice.between(3, 25),
            (_, VisitClass::Emergency) => dice.between(6, 40),
            (_, VisitClass::Outpatient | VisitClass::Inpatient) => dice.between(10, 150),
        };
        let written = course.ended.plus(written * MINUTE + dice.between(0, 59));
        let mut signed = written.plus(verified * MINUTE + dice.between(0, 59));
        // Seniors of the day shift sign: what comes late waits for the morning.
        if signed.second() < 7 * HOUR && course.visit.key.class != VisitClass::Emergency {
            signed = signed.day().start().plus(8 * HOUR + dice.between(0, 70 * MINUTE)).max(signed);
        }
        (written, signed)
    }

    /// The department that performs and reports a modality.
    pub(in crate::world) fn imaging_department(modality: Modality) -> Dept {
        match modality {
            Modality::US => Dept::Ultrasound,
            Modality::ECG => Dept::Electrocardiography,
            Modality::CT | Modality::DX | Modality::MR | Modality::MG | Modality::CR => Dept::Radiology,
        }
    }

    /// Author and verifier of a report: never the same.
    fn signatories(&self, course: &Course) -> (&Staff, &Staff) {
        let mut dice = self.dice_imaging(Purpose::Staff, course.key);
        let dept = World::imaging_department(course.key.modality);
        let author = self.roster.physician(dept, dice.next() >> 8);
        let start = dice.next() >> 8;
        // A department whose only senior wrote it himself has a colleague sign.
        let seniors = (0..32).map(|i| self.roster.senior(dept, start + i));
        let colleagues = (0..32).map(|i| self.roster.physician(dept, start + i));
        let other = seniors.chain(colleagues).find(|s| s.number != author.number);
        (author, other.unwrap_or(author))
    }

    /// Who operated the device: of ultrasound, the physician who reports.
    pub(in crate::world) fn operator_of(&self, course: &Course) -> &Staff {
        match course.key.modality {
            Modality::US => self.signatories(course).0,
            Modality::CT | Modality::DX | Modality::MR | Modality::MG | Modality::CR | Modality::ECG => {
                let draw = self.dice_imaging(Purpose::Device, course.key).next();
                let dept = World::imaging_department(course.key.modality);
                self.roster.technician(dept, draw >> 8)
            }
        }
    }

    /// The report as it stands at a moment, once written.
    pub(in crate::world) fn report_of(&self, imaging: &Imaging, now: Moment) -> Option<ImagingReport> {
        let (written, verified) = self.report_times(&imaging.course);
        if written > now {
            return None;
        }
        let (phrase, seed) = self.phrase_of(imaging)?;
        let (author, verifier) = self.signatories(&imaging.course);
        Some(ImagingReport {
            accession: super::super::convert::accession(imaging.course.key),
            findings: fill(&phrase.seen, seed),
            impression: fill(&phrase.means, seed),
            author: author.number.clone(),
            verifier: verifier.number.clone(),
            written: self.timestamp(written),
            verified: (verified <= now).then(|| self.timestamp(verified)),
        })
    }

    /// The phrase of a report and what its words are drawn from.
    fn phrase_of(&self, imaging: &Imaging) -> Option<(&'static Phrase, u64)> {
        let mut dice = self.dice_imaging(Purpose::Report, imaging.course.key);
        let phrase = phrase(imaging, &mut dice)?;
        Some((phrase, dice.next()))
    }

    /// The words of a report, for those who draw what it says.
    pub(in crate::world) fn wording(&self, imaging: &Imaging) -> Option<Wording> {
        let (phrase, seed) = self.phrase_of(imaging)?;
        let braced = phrase.seen.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        let words = braced.map(|(word, _)| (word, value(word, seed))).collect();
        Some(Wording { findings: fill(&phrase.seen, seed), words })
    }
}

fn phrase(imaging: &Imaging, dice: &mut Dice) -> Option<&'static Phrase> {
    let exam = imaging.exam;
    let reported = if exam.modality == Modality::CR { Modality::DX } else { exam.modality };
    let fits =
        |p: &&Phrase| p.modality == reported && p.region == exam.region && p.finding == imaging.finding;
    let own: Vec<&Phrase> = PHRASES.iter().filter(fits).filter(|p| p.exam == exam.code).collect();
    let any: Vec<&Phrase> = PHRASES.iter().filter(fits).filter(|p| p.exam.is_empty()).collect();
    let from = if own.is_empty() { any } else { own };
    (!from.is_empty()).then(|| *dice.pick(&from))
}

/// Fills the words in braces; a word's value depends on the report and the word alone.
fn fill(text: &str, seed: u64) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((word, tail)) = after.split_once('}') else { break };
        out.push_str(&value(word, seed));
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn value(word: &str, seed: u64) -> String {
    let salt = word.bytes().fold(0u64, |h, b| h.wrapping_mul(131).wrapping_add(u64::from(b)));
    let mut dice = Dice::of(seed ^ salt);
    let mut weeks = Dice::of(seed ^ 77);
    let week = weeks.between(14, 39);
    let mut number = |low, high| dice.between(low, high).to_string();
    match word {
        "mm" => number(6, 14),
        "mn" => number(4, 9),
        "mid" => number(15, 28),
        "big" => number(26, 44),
        "ml" => number(9, 28),
        "shift" => number(2, 6),
        "huinf" => number(17, 26),
        "hublood" => number(56, 76),
        "huwater" => number(3, 14),
        "hufat" => number(36, 46),
        "hustone" => number(480, 1180),
        "ratio" => number(43, 49),
        "months" => number(1, 4).replace('1', "3").replace('2', "6").replace('4', "12"),
        "count" => number(2, 6),
        "rib" => number(4, 6),
        "vein" => number(9, 12),
        "duct" => number(4, 6),
        "spleen" => number(28, 38),
        "sep" => number(11, 18),
        "pr" => number(44, 56),
        "prb" => number(36, 46),
        "prc" => number(32, 42),
        "ut" => number(48, 60),
        "utb" => number(40, 50),
        "utc" => number(34, 44),
        "endo" => number(5, 11),
        "plac" => (week * 4 / 5 + 8).to_string(),
        "water" => number(38, 62),
        "fhr" => number(132, 158),
        "week" => week.to_string(),
        "bpd" => (week * 27 / 10 - 6).to_string(),
        "fl" => (week * 23 / 10 - 14).to_string(),
        "lv" => number(43, 52),
        "la" => number(34, 41),
        "ivs" => number(9, 12),
        "ef" => number(57, 69),
        "eflow" => number(32, 45),
        "disc" => number(3, 7),
        "flavum" => number(4, 6),
        "canal" => number(8, 11),
        "gap" => number(2, 5),
        "bpm" => number(61, 92),
        "bpmaf" => number(72, 118),
        "prms" => number(138, 188),
        "qrs" => number(80, 104),
        "qt" => number(356, 420),
        "axis" => number(8, 74),
        "quadrant" => dice.pick(&["外上", "外下", "内上", "内下"]).to_string(),
        "birads" => dice.pick(&["4A", "4B", "3", "4A"]).to_string(),
        "finger" => dice.pick(&["二", "三", "四", "五"]).to_string(),
        "side" => dice.pick(&["左", "右"]).to_string(),
        "basal" => dice.pick(&["基底节区", "丘脑", "半卵圆中心", "侧脑室旁"]).to_string(),
        "lobe" => dice.pick(&["右肺上叶", "右肺中叶", "右肺下叶", "左肺上叶", "左肺下叶"]).to_string(),
        "segment" => dice.pick(&["近胸膜处", "外带", "胸膜下", "内带"]).to_string(),
        "density" => dice.pick(&["实性", "磨玻璃密度", "混合磨玻璃密度"]).to_string(),
        "station" => dice.pick(&["4R", "5", "7", "10R"]).to_string(),
        "field" => dice.pick(&["上", "中", "下"]).to_string(),
        "heart" => dice.pick(&["增大", "不大", "饱满"]).to_string(),
        "segl" => dice.pick(&["S2", "S3", "S4", "S5", "S6", "S7", "S8"]).to_string(),
        "pole" => dice.pick(&["上极", "中部", "下极"]).to_string(),
        "level" => dice.pick(&["L4/5", "L5/S1", "L4/5", "L3/4"]).to_string(),
        "vertebra" => dice.pick(&["T12", "L1", "L1", "L2"]).to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::tables::diagnoses::DIAGNOSES;
    use crate::world::tables::exams::EXAMS;
    use crate::world::{Finding, Modality};

    fn reported(modality: Modality, code: &str, region: crate::world::Region, finding: Finding) -> bool {
        PHRASES.iter().any(|p| {
            p.modality == (if modality == Modality::CR { Modality::DX } else { modality })
                && p.region == region
                && p.finding == finding
                && (p.exam.is_empty() || p.exam == code)
        })
    }

    #[test]
    fn every_possible_finding_has_words() {
        for exam in EXAMS {
            assert!(reported(exam.modality, exam.code, exam.region, Finding::Normal), "{}", exam.name);
        }
        for (exam, finding, share) in DIAGNOSES.iter().flat_map(|d| d.exams) {
            let words = reported(exam.modality, exam.code, exam.region, *finding);
            assert!(*share == 0 || words, "{} {finding:?}", exam.name);
        }
    }

    #[test]
    fn every_word_is_known_and_steady() {
        for phrase in PHRASES.iter() {
            for seed in 0..20 {
                let filled = fill(&phrase.seen, seed) + &fill(&phrase.means, seed);
                assert!(!filled.contains(['{', '}']), "{filled}");
            }
            let words = format!("{}{}", phrase.seen, phrase.means);
            for word in words.split('{').skip(1).filter_map(|w| w.split_once('}')) {
                assert!(!value(word.0, 5).is_empty(), "{}", word.0);
            }
        }
        let text = "{side}肺{mm}mm";
        assert_eq!(fill(text, 9), fill(text, 9));
    }
}
