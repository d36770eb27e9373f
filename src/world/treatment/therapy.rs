//! Which drugs a case is given, how much of each, and how often.

use crate::world::cases::Case;
use crate::world::dice::Dice;
use crate::world::tables::diagnoses::Effect;
use crate::world::tables::treatment::{Choice, DRUGS, DrugRow};
use crate::world::{Frequency, World};

/// A drug that was chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dosed {
    pub drug: u16,
    /// Thousandths of the drug's dose unit.
    pub dose: u32,
    pub frequency: Frequency,
    pub route: &'static str,
    /// Drugs of one group go into one bag.
    pub group: u32,
    /// Whether it is the bag.
    pub bag: bool,
}

impl Dosed {
    pub(super) fn row(&self) -> &'static DrugRow {
        &DRUGS[usize::from(self.drug)]
    }

    /// Units of the drug for one dose.
    pub(super) fn units(&self) -> u32 {
        self.dose.div_ceil(self.row().strength).max(1)
    }
}

impl World {
    /// Up to `most` of a regimen's drugs that suit the patient, in the regimen's order, and one for
    /// what the patient has for life.
    pub(super) fn dosed(&self, case: &Case, choices: &[Choice], most: usize, dice: &mut Dice) -> Vec<Dosed> {
        let allergens = self.allergens(case.visit.person.no);
        let suits = |place: u16| {
            let row = &DRUGS[usize::from(place)];
            (row.ages.0..=row.ages.1).contains(&case.visit.age)
                && row.allergen.is_none_or(|a| allergens.iter().all(|(known, _)| *known != a))
        };
        let mut chosen: Vec<Choice> = Vec::new();
        for choice in choices.iter().filter(|choice| suits(choice.drug)) {
            let known = chosen.iter().any(|c| c.drug == choice.drug || same_use(c.drug, choice.drug));
            // A physician does not write down everything that could be given.
            if !known && chosen.len() < most && (chosen.is_empty() || dice.permille(760)) {
                chosen.push(*choice);
            }
        }
        let mut doses = Vec::new();
        for (group, choice) in (1..).zip(&chosen) {
            let row = &DRUGS[usize::from(choice.drug)];
            let dose = dose_at(row, case.visit.age);
            let one = |drug, dose, bag| Dosed {
                drug,
                dose,
                frequency: row.frequency,
                route: row.route,
                group,
                bag,
            };
            if let Some(bag) = choice.bag {
                doses.push(one(bag, DRUGS[usize::from(bag)].dose, true));
            }
            doses.push(one(choice.drug, dose, false));
        }
        doses
    }
}

/// Two of one class are not given together: of antibiotics, statins and the like one is enough.
fn same_use(a: u16, b: u16) -> bool {
    let (a, b) = (&DRUGS[usize::from(a)], &DRUGS[usize::from(b)]);
    let of = |endings: &[&str], name: &str| endings.iter().any(|e| name.contains(e));
    let both = |endings: &[&str]| of(endings, a.name) && of(endings, b.name);
    both(&["头孢", "沙星", "西林", "霉素片", "培南", "霉素干"])
        || both(&["他汀"])
        || both(&["拉唑"])
        || both(&["布洛芬", "双氯芬酸", "塞来昔布", "洛索洛芬", "对乙酰氨基酚", "帕瑞昔布"])
        || both(&["地平"])
        || both(&["沙坦", "普利"])
        || both(&["洛尔"])
        || both(&["司他韦"])
        || both(&["沙班", "华法林"])
}

/// Whether a drug is one against germs, which is given for some days only.
pub(super) fn antibiotic(row: &DrugRow) -> bool {
    ["头孢", "沙星", "西林", "霉素", "培南", "硝唑"].iter().any(|part| row.name.contains(part))
}

/// Whether a disease brings a fever.
pub(super) fn feverish(effect: Effect) -> bool {
    matches!(effect, Effect::Bacterial | Effect::Viral | Effect::Enteritis | Effect::UrinaryInfection)
}

/// The dose at an age: children get a part of it, rounded as it is printed.
fn dose_at(row: &DrugRow, age: i32) -> u32 {
    let share = match age {
        0 => 35,
        1..=3 => 50,
        4..=6 => 75,
        _ => 100,
    };
    let part = row.dose * share / 100;
    let step = match part {
        0..=99 => 5,
        100..=999 => 50,
        _ => 500,
    };
    if share == 100 { row.dose } else { (part / step * step).max(step) }
}

/// Thousandths as they are printed.
pub(super) fn dose_text(thousandths: u32) -> String {
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{rest:03}").trim_end_matches('0'))
}

/// How often an order is given in a day, for counting packs.
pub(super) fn times_in(frequency: Frequency, days: u32) -> u32 {
    match frequency {
        Frequency::St => 1,
        Frequency::Prn => days,
        Frequency::Qod => days.div_ceil(2),
        Frequency::Qw => days.div_ceil(7),
        Frequency::Qd
        | Frequency::Qn
        | Frequency::Bid
        | Frequency::Tid
        | Frequency::Qid
        | Frequency::Q12h
        | Frequency::Q8h => days * frequency.hours().len() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doses_are_printed_without_idle_zeros() {
        assert_eq!(dose_text(500), "0.5");
        assert_eq!(dose_text(2_000), "2");
        assert_eq!(dose_text(47_500), "47.5");
        assert_eq!(dose_text(125), "0.125");
    }
}
