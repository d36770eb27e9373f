//! Drugs, regimens, prices and operations, as the text tables beside this file have them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::exams::EXAMS;
use super::panels::PANELS;
use crate::world::{
    Allergen, ChargeCategory, ChargeItem, DrugKind, Frequency, InsuranceClass, Modality, Money,
};

/// A drug's row.
#[derive(Debug)]
pub(in crate::world) struct DrugRow {
    pub input_code: &'static str,
    pub name: &'static str,
    pub specification: &'static str,
    pub form: &'static str,
    pub pack: &'static str,
    pub units: u32,
    pub unit: &'static str,
    pub dose_unit: &'static str,
    /// Thousandths of the dose unit.
    pub strength: u32,
    /// Thousandths of the dose unit.
    pub dose: u32,
    pub frequency: Frequency,
    pub route: &'static str,
    pub price: Money,
    pub ages: (i32, i32),
    pub allergen: Option<Allergen>,
    pub insurance: InsuranceClass,
    pub kind: DrugKind,
}

/// A drug of a regimen, with the bag it is given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) struct Choice {
    pub bag: Option<u16>,
    pub drug: u16,
}

/// What a diagnosis is treated with.
#[derive(Debug, Default)]
pub(in crate::world) struct Regimen {
    pub outpatient: Vec<Choice>,
    pub emergency: Vec<Choice>,
    pub ward: Vec<Choice>,
    pub nursing: &'static str,
    pub diet: &'static str,
}

/// An operation that a diagnosis leads to.
#[derive(Debug)]
pub(in crate::world) struct Operation {
    pub icd10: &'static str,
    pub code: &'static str,
    pub name: &'static str,
    /// Per mille of the stays.
    pub share: u32,
    pub minutes: i64,
    pub anaesthesia: &'static str,
    pub grade: &'static str,
    pub incision: &'static str,
    /// Price list places and counts.
    pub materials: Vec<(u16, i32)>,
}

/// All drugs.
pub(in crate::world) static DRUGS: LazyLock<Vec<DrugRow>> =
    LazyLock::new(|| rows(include_str!("drugs.txt")).map(|c| drug(&c)).collect());

/// The price list: services and materials, then exams, then panels, then operations.
pub(in crate::world) static PRICES: LazyLock<Vec<ChargeItem>> = LazyLock::new(price_list);

/// All operations.
pub(in crate::world) static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| rows(include_str!("surgeries.txt")).map(|c| operation(&c)).collect());

static DRUG_PLACES: LazyLock<BTreeMap<&'static str, u16>> =
    LazyLock::new(|| DRUGS.iter().enumerate().map(|(i, d)| (d.input_code, i as u16)).collect());

static PRICE_PLACES: LazyLock<BTreeMap<&'static str, u16>> =
    LazyLock::new(|| PRICES.iter().enumerate().map(|(i, p)| (p.code, i as u16)).collect());

static REGIMENS: LazyLock<BTreeMap<&'static str, Regimen>> =
    LazyLock::new(|| rows(include_str!("regimens.txt")).map(|c| (c[0], regimen(&c))).collect());

/// What a diagnosis is treated with.
pub(in crate::world) fn regimen_of(icd10: &str) -> &'static Regimen {
    static NONE: LazyLock<Regimen> = LazyLock::new(Regimen::default);
    REGIMENS.get(icd10).unwrap_or(&NONE)
}

/// The place of an item in the price list.
pub(in crate::world) fn price_of(code: &str) -> Option<u16> {
    PRICE_PLACES.get(code).copied()
}

/// The place of a drug by its input code.
pub(in crate::world) fn drug_of(input_code: &str) -> Option<u16> {
    DRUG_PLACES.get(input_code).copied()
}

/// The operation of a diagnosis.
pub(in crate::world) fn operation_of(icd10: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.icd10 == icd10)
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split('|').collect())
}

fn drug(c: &[&'static str]) -> DrugRow {
    DrugRow {
        input_code: c[0],
        name: c[1],
        specification: c[2],
        form: c[3],
        pack: c[4],
        units: c[5].parse().unwrap_or(1),
        unit: c[6],
        dose_unit: c[7],
        strength: thousandths(c[8]),
        dose: thousandths(c[9]),
        frequency: frequency(c[10]),
        route: c[11],
        price: money(c[12]),
        ages: ages(c[13]),
        allergen: Allergen::ALL.into_iter().find(|a| a.chinese() == c[14]),
        insurance: class(c[15]),
        kind: match c[16] {
            "中" => DrugKind::Patent,
            "精二" => DrugKind::Psychotropic,
            _ => DrugKind::Western,
        },
    }
}

fn regimen(c: &[&'static str]) -> Regimen {
    let outpatient = choices(c[1]);
    let emergency = if c[2].is_empty() { outpatient.clone() } else { choices(c[2]) };
    Regimen { outpatient, emergency, ward: choices(c[3]), nursing: c[4], diet: c[5] }
}

fn choices(text: &str) -> Vec<Choice> {
    let choice = |word: &str| match word.split_once('+') {
        Some((bag, drug)) => Some(Choice { bag: Some(drug_of(bag)?), drug: drug_of(drug)? }),
        None => Some(Choice { bag: None, drug: drug_of(word)? }),
    };
    text.split_whitespace().filter_map(choice).collect()
}

fn price_list() -> Vec<ChargeItem> {
    let services = rows(include_str!("services.txt")).map(|c| ChargeItem {
        code: c[0],
        name: c[1],
        unit: c[2],
        price: money(c[3]),
        category: category(c[4]),
        insurance: class(c[5]),
    });
    let prices: BTreeMap<&str, (Money, InsuranceClass)> =
        rows(include_str!("prices.txt")).map(|c| (c[0], (money(c[1]), class(c[2])))).collect();
    let priced = |code: &'static str, name, category| {
        let (price, insurance) = *prices.get(code)?;
        Some(ChargeItem { code, name, unit: "次", price, category, insurance })
    };
    let exams = EXAMS.iter().filter_map(|exam| priced(exam.code, exam.name, ChargeCategory::Exam));
    let panels = PANELS.iter().filter_map(|panel| priced(panel.code, panel.name, ChargeCategory::Laboratory));
    let operations = rows(include_str!("surgeries.txt")).map(|c| ChargeItem {
        code: c[1],
        name: c[2],
        unit: "次",
        price: money(c[8]),
        category: ChargeCategory::Surgery,
        insurance: InsuranceClass::A,
    });
    services.chain(exams).chain(panels).chain(operations).collect()
}

fn operation(c: &[&'static str]) -> Operation {
    let material = |word: &str| {
        let (code, count) = word.split_once('*')?;
        Some((price_of(code)?, count.parse().ok()?))
    };
    Operation {
        icd10: c[0],
        code: c[1],
        name: c[2],
        share: c[3].parse().unwrap_or(0),
        minutes: c[4].parse().unwrap_or(60),
        anaesthesia: c[5],
        grade: c[6],
        incision: c[7],
        materials: c[9].split_whitespace().filter_map(material).collect(),
    }
}

/// The department that carries out an exam of a modality.
pub(in crate::world) fn performer(modality: Modality) -> super::departments::Dept {
    use super::departments::Dept;
    match modality {
        Modality::US => Dept::Ultrasound,
        Modality::ECG => Dept::Electrocardiography,
        Modality::CT | Modality::DX | Modality::MR | Modality::MG | Modality::CR => Dept::Radiology,
    }
}

/// The price list's code of an anaesthesia.
pub(in crate::world) fn anaesthesia_code(name: &str) -> &'static str {
    match name {
        "全身麻醉" => "330100005",
        "椎管内麻醉" => "330100003",
        _ => "330100001",
    }
}

fn thousandths(text: &str) -> u32 {
    text.parse::<f64>().map_or(0, |value| (value * 1000.0).round() as u32)
}

fn money(text: &str) -> Money {
    Money(text.parse::<f64>().map_or(0, |yuan| (yuan * 100.0).round() as i64))
}

fn ages(text: &str) -> (i32, i32) {
    let (low, high) = text.split_once('-').unwrap_or((text, ""));
    (low.parse().unwrap_or(0), high.parse().unwrap_or(130))
}

fn class(text: &str) -> InsuranceClass {
    match text {
        "甲" => InsuranceClass::A,
        "乙" => InsuranceClass::B,
        _ => InsuranceClass::C,
    }
}

fn category(text: &str) -> ChargeCategory {
    let found = ChargeCategory::ALL.into_iter().find(|category| category.chinese() == text);
    found.unwrap_or(ChargeCategory::Treatment)
}

fn frequency(text: &str) -> Frequency {
    use Frequency::{Bid, Prn, Q8h, Q12h, Qd, Qid, Qn, Qod, Qw, St, Tid};
    let all = [St, Prn, Qd, Qn, Bid, Tid, Qid, Q12h, Q8h, Qod, Qw];
    all.into_iter().find(|frequency| frequency.code() == text).unwrap_or(St)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::world::tables::diagnoses::DIAGNOSES;

    #[test]
    fn every_word_of_the_tables_is_known() {
        assert!(DRUGS.len() >= 150);
        for c in rows(include_str!("drugs.txt")) {
            assert_eq!(c.len(), 17, "{c:?}");
            assert!(frequency(c[10]).code() == c[10], "{c:?}");
            assert!(c[14] == "-" || Allergen::ALL.iter().any(|a| a.chinese() == c[14]), "{c:?}");
            assert!(["甲", "乙"].contains(&c[15]) && ["西", "中", "精二"].contains(&c[16]), "{c:?}");
        }
        assert!(DRUGS.iter().all(|d| d.strength > 0 && d.dose > 0 && d.price > Money(0) && d.units > 0));
        for c in rows(include_str!("regimens.txt")) {
            assert_eq!(c.len(), 6, "{c:?}");
            for words in &c[1..4] {
                assert_eq!(choices(words).len(), words.split_whitespace().count(), "{c:?}");
            }
        }
        for c in rows(include_str!("services.txt")) {
            assert!(c.len() == 6 && category(c[4]).chinese() == c[4], "{c:?}");
        }
        for c in rows(include_str!("surgeries.txt")) {
            assert_eq!(operation(&c).materials.len(), c[9].split_whitespace().count(), "{c:?}");
            assert!(price_of(anaesthesia_code(c[5])).is_some());
        }
    }

    #[test]
    fn every_diagnosis_exam_and_panel_is_in_its_table() {
        for dx in DIAGNOSES.iter() {
            assert!(REGIMENS.contains_key(dx.icd10), "{}", dx.icd10);
            assert!(dx.weight[2] == 0 || !regimen_of(dx.icd10).nursing.is_empty(), "{}", dx.icd10);
        }
        assert!(EXAMS.iter().all(|exam| price_of(exam.code).is_some()));
        assert!(PANELS.iter().all(|panel| price_of(panel.code).is_some()));
    }

    #[test]
    fn codes_are_unique() {
        let codes: BTreeSet<&str> = PRICES.iter().map(|item| item.code).collect();
        assert_eq!(codes.len(), PRICES.len());
        let inputs: BTreeSet<&str> = DRUGS.iter().map(|drug| drug.input_code).collect();
        assert_eq!(inputs.len(), DRUGS.len());
    }
}
