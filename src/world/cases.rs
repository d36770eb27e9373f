//! Why somebody came: what will be done for a visit decides which diagnoses are possible, and the
//! patient, the season and the class of visit which of them it is.

use std::sync::LazyLock;

use super::dice::Purpose;
use super::tables::departments::Dept;
use super::tables::diagnoses::{DIAGNOSES, Dx, Season};
use super::tables::exams::{self, Exam};
use super::visits::Visit;
use super::{Finding, Modality, Region, Staff, VisitClass, World};

/// All modalities; the place in this list is the bit in a set.
pub(super) const MODALITIES: [Modality; 7] = Modality::ALL;

/// Modalities that no diagnosis demands: an electrocardiogram and a film at the bedside are taken of
/// anybody.
const OF_ANYBODY: u8 = 1 << 5 | 1 << 6;

/// Place of a modality in per-modality tables.
pub(super) fn modality_index(modality: Modality) -> usize {
    match modality {
        Modality::CT => 0,
        Modality::DX => 1,
        Modality::MR => 2,
        Modality::US => 3,
        Modality::MG => 4,
        Modality::CR => 5,
        Modality::ECG => 6,
    }
}

/// What will be done for a visit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// Set of modalities.
    pub modalities: u8,
    /// Whether blood will be drawn.
    pub lab: bool,
}

/// A visit with its reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub visit: Visit,
    pub dx: &'static Dx,
    /// The patient's condition for life on that day, which shows in laboratory values too.
    pub condition: Option<&'static Dx>,
}

/// Modalities that a diagnosis leads to, per diagnosis.
static LEADS_TO: LazyLock<Vec<u8>> = LazyLock::new(|| DIAGNOSES.iter().map(|dx| leads_to(dx)).collect());

fn leads_to(dx: &Dx) -> u8 {
    dx.exams.iter().fold(0, |set, (exam, _, _)| set | 1 << modality_index(exam.modality))
}

impl World {
    /// The reason of a visit.
    pub(super) fn case(&self, visit: Visit) -> Case {
        let demand = self.demand(&visit);
        let condition = self.condition(&visit.person, visit.key.day);
        let dx = self.diagnose(&visit, demand, condition);
        Case { visit, dx, condition }
    }

    fn diagnose(&self, visit: &Visit, demand: Demand, condition: Option<&'static Dx>) -> &'static Dx {
        let mut dice = self.dice_visit(Purpose::Illness, visit.key);
        let class = super::calendar::class_index(visit.key.class);
        let share = if visit.person.often_ill() { 780 } else { 420 };
        if let Some(dx) = condition
            && dx.weight[class] > 0
            && (dx.ages.0..=dx.ages.1).contains(&visit.age)
            && dice.permille(share)
            && unlikely(dx, demand.modalities & !OF_ANYBODY & !leads_to(dx), visit.key.class) <= 3
        {
            return dx;
        }
        let (_, month, _) = visit.key.day.ymd();
        let all = demand.modalities & !OF_ANYBODY;
        let one = all & all.wrapping_neg();
        for wanted in [all, one, 0] {
            let weights = |i: usize, dx: &Dx| {
                weight(dx, visit, class, month, demand.lab)
                    / unlikely(dx, wanted & !LEADS_TO[i], visit.key.class)
            };
            let total: u32 = DIAGNOSES.iter().enumerate().map(|(i, dx)| weights(i, dx)).sum();
            if total == 0 {
                continue;
            }
            let mut left = dice.below(total);
            for (i, dx) in DIAGNOSES.iter().enumerate() {
                let weight = weights(i, dx);
                if left < weight {
                    return dx;
                }
                left -= weight;
            }
        }
        DIAGNOSES[0]
    }

    /// The exam of a case in one modality, and what it shows. A patient's exams of one visit agree:
    /// what CT saw, the radiograph shows or misses.
    pub(super) fn exam_of(&self, case: &Case, modality: Modality) -> (&'static Exam, Finding) {
        let visit = &case.visit;
        match modality {
            Modality::ECG => return (&exams::ECG_TWELVE, heart_rhythm(case.dx.icd10)),
            Modality::CR => return (&exams::CR_BEDSIDE, self.finding_at_bedside(case)),
            Modality::CT | Modality::DX | Modality::MR | Modality::US | Modality::MG => {}
        }
        let mut dice = self.key.dice(
            Purpose::Finding,
            self.hash_visit(Purpose::Finding, visit.key),
            modality_index(modality) as u64,
        );
        let possible: Vec<_> = case
            .dx
            .exams
            .iter()
            .filter(|(exam, _, _)| exam.modality == modality && exam.fits(visit.age, visit.person.sex))
            .collect();
        let severity = (self.hash_visit(Purpose::Finding, visit.key) >> 20) % 1000;
        if possible.is_empty() {
            return (general(modality, visit.age), Finding::Normal);
        }
        let (exam, finding, share) = **dice.pick(&possible);
        (exam, if severity < u64::from(share) { finding } else { Finding::Normal })
    }

    /// What the patient's other radiographs of the chest show, or would.
    fn finding_at_bedside(&self, case: &Case) -> Finding {
        let severity = (self.hash_visit(Purpose::Finding, case.visit.key) >> 20) % 1000;
        let chest = |exam: &Exam| exam.modality == Modality::DX && exam.region == Region::Chest;
        let shown = case.dx.exams.iter().find(|(exam, _, share)| chest(exam) && severity < u64::from(*share));
        shown.map_or(Finding::Normal, |(_, finding, _)| *finding)
    }

    /// The department of a case.
    pub(super) fn department_of(&self, case: &Case) -> Dept {
        match case.visit.key.class {
            VisitClass::Emergency if case.dx.dept != Dept::Paediatrics => Dept::Emergency,
            VisitClass::Outpatient | VisitClass::Emergency | VisitClass::Inpatient => case.dx.dept,
        }
    }

    /// The attending physician of a case.
    pub(super) fn physician_of(&self, case: &Case) -> &Staff {
        let draw = self.hash_visit(Purpose::Staff, case.visit.key);
        self.roster.physician(self.department_of(case), draw >> 8)
    }
}

/// How much less likely a diagnosis is when exams are wanted that it does not lead to. A ward looks
/// at chest and belly of nearly everybody; elsewhere, and of those who give birth, it's impossible.
fn unlikely(dx: &Dx, missing: u8, class: VisitClass) -> u32 {
    match (missing.count_ones(), class) {
        (0, _) => 1,
        (n, VisitClass::Inpatient) if dx.dept != Dept::Obstetrics => 1 + 2 * n,
        (_, VisitClass::Inpatient | VisitClass::Outpatient | VisitClass::Emergency) => u32::MAX,
    }
}

fn weight(dx: &Dx, visit: &Visit, class: usize, month: u32, lab: bool) -> u32 {
    let weight = dx.weight[class];
    let fits = (dx.ages.0..=dx.ages.1).contains(&visit.age) && dx.sex.is_none_or(|s| s == visit.person.sex);
    if weight == 0 || !fits {
        return 0;
    }
    let in_season = match dx.season {
        Season::Any => None,
        Season::Winter => Some(matches!(month, 11 | 12 | 1 | 2 | 3)),
        Season::Summer => Some(matches!(month, 6..=9)),
        Season::Spring => Some(matches!(month, 3..=5)),
    };
    let weight = weight * in_season.map_or(12, |now| if now { 18 } else { 9 });
    if lab && dx.panels.is_empty() { weight / 12 } else { weight }
}

/// An exam of a modality that anybody of this age may have.
fn general(modality: Modality, age: i32) -> &'static Exam {
    match modality {
        Modality::CT if age < 14 => &exams::CT_HEAD,
        Modality::CT => &exams::CT_CHEST,
        Modality::DX => &exams::DX_CHEST,
        Modality::MR => &exams::MR_HEAD,
        Modality::US => &exams::US_LIVER,
        Modality::MG => &exams::MG_BOTH,
        Modality::CR => &exams::CR_BEDSIDE,
        Modality::ECG => &exams::ECG_TWELVE,
    }
}

/// What an electrocardiogram shows in a disease of the heart.
fn heart_rhythm(icd10: &str) -> Finding {
    match icd10.get(..3) {
        Some("I48") => Finding::AtrialFibrillation,
        Some("I20" | "I21" | "I25") => Finding::Ischaemia,
        _ => Finding::Normal,
    }
}
