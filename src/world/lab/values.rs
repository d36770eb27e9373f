//! Values: how a patient usually is, what the disease does to it, and the day's own noise.

use super::{Draw, Tube};
use crate::world::dice::{Dice, Purpose};
use crate::world::tables::diagnoses::Effect;
use crate::world::tables::lab::{self as items, Item, Shape};
use crate::world::tables::panels;
use crate::world::{Flag, LabResult, Sex, World};

/// A value before it is printed.
enum Value {
    Number(f64),
    Positive(bool),
}

impl World {
    /// All results of a tube, in report order.
    pub(in crate::world) fn results_of(&self, tube: &Tube) -> Vec<LabResult> {
        let sample = Sample::new(self, tube);
        let list = tube.panel.items;
        let mut values: Vec<(&'static Item, Value)> =
            list.iter().map(|item| (*item, sample.value(item))).collect();
        sample.reconcile(&mut values);
        values.into_iter().map(|(item, value)| sample.print(item, &value)).collect()
    }
}

struct Sample<'a> {
    world: &'a World,
    tube: &'a Tube,
    /// Acute and lasting disease with how grave each is, from 0 to 1.
    effects: Vec<(Effect, f64)>,
}

impl<'a> Sample<'a> {
    fn new(world: &'a World, tube: &'a Tube) -> Self {
        let case = &tube.case;
        let mut dice = world.dice_visit(Purpose::Lab, case.visit.key);
        let recovered = match tube.course.draw {
            Draw::Morning(day) => f64::from(day) * 0.07,
            Draw::Outpatient | Draw::Emergency | Draw::Admission => 0.0,
        };
        let acute = (0.1 + 0.9 * dice.unit() - recovered).max(0.03);
        let lasting = world.key.dice(Purpose::Condition, u64::from(case.visit.person.no), 1).unit();
        let mut effects = vec![(case.dx.effect, if case.dx.chronic.is_some() { lasting } else { acute })];
        if let Some(condition) =
            case.condition.filter(|c| c.effect != case.dx.effect && c.effect != Effect::Bacterial)
        {
            effects.push((condition.effect, lasting));
        }
        effects.retain(|(effect, _)| *effect != Effect::None);
        Sample { world, tube, effects }
    }

    fn bounds(&self, item: &Item) -> (f64, f64) {
        let visit = &self.tube.case.visit;
        match (item.child, visit.person.sex) {
            (Some(child), _) if visit.age < 14 => child,
            (_, Sex::M) => item.male,
            (_, Sex::F) => item.female,
        }
    }

    /// The patient's own place in the range: mostly the same at every draw.
    fn deviation(&self, item: &Item) -> f64 {
        let code = hash(item.item.code);
        let no = u64::from(self.tube.case.visit.person.no);
        let usual = self.world.key.dice(Purpose::Baseline, no, code).normal();
        let now = self.noise(item).normal();
        0.78 * usual + 0.55 * now
    }

    fn noise(&self, item: &Item) -> Dice {
        self.world.key.dice(Purpose::Value, self.tube.course.key.salt(), hash(item.item.code))
    }

    fn value(&self, item: &'static Item) -> Value {
        let (low, high) = self.bounds(item);
        let z = self.deviation(item);
        let healthy = match item.shape {
            Shape::Even => (low + high) / 2.0 + z * (high - low) / 4.6,
            Shape::Skewed => (low * high).sqrt() * (z * (high / low).ln() / 4.6).exp(),
            Shape::Below(median, spread) => median * (z * spread).exp(),
            Shape::Negative(share) | Shape::Either(share) => {
                return Value::Positive(self.positive(item, share));
            }
        };
        let (mut factor, mut more) = (1.0, 0.0);
        for (effect, grade) in &self.effects {
            let (from, to) = factor_of(*effect, item.item.code);
            factor *= from + (to - from) * grade;
            let (from, to) = shift_of(*effect, item.item.code);
            more += from + (to - from) * grade;
        }
        Value::Number(healthy * factor + more)
    }

    fn positive(&self, item: &Item, share: u32) -> bool {
        let disease = self.effects.iter().map(|(e, _)| positive_share(*e, item.item.code)).max().unwrap_or(0);
        self.noise(item).permille(share.max(disease))
    }

    /// Makes related items agree, as they do on an analyser that computes one from the others.
    fn reconcile(&self, values: &mut [(&'static Item, Value)]) {
        match self.tube.panel.code {
            code if code == panels::CBC.code => blood_count(values, self.tube.case.visit.age),
            code if code == panels::LIVER.code => {
                let tp = number(values, &items::ALB) + number(values, &items::GLB);
                set(values, &items::TP, tp);
                let direct = number(values, &items::DBIL).min(number(values, &items::TBIL) * 0.8);
                set(values, &items::DBIL, direct);
            }
            code if code == panels::LIPIDS.code => {
                let rest = (number(values, &items::TG) / 2.2).min(1.9);
                let total = number(values, &items::HDL) + number(values, &items::LDL) + rest;
                set(values, &items::TC, total);
            }
            code if code == panels::COAGULATION.code => {
                let ratio = number(values, &items::PT) / 11.0;
                set(values, &items::INR, ratio);
            }
            code if code == panels::BLOOD_GAS.code => blood_gas(values),
            code if code == panels::HBV.code => self.hepatitis_b(values),
            _ => {}
        }
    }

    /// The five markers in patterns that occur; a person's stay as they are.
    fn hepatitis_b(&self, values: &mut [(&'static Item, Value)]) {
        let no = u64::from(self.tube.case.visit.person.no);
        let mut dice = self.world.key.dice(Purpose::Baseline, no, 1);
        let ill = self.effects.iter().any(|(e, _)| *e == Effect::Hepatitis);
        let carrier = dice.permille(52) || ill;
        let (active, immune, past) = (dice.permille(280), dice.permille(580), dice.permille(140));
        for (item, value) in values {
            *value = Value::Positive(match item.item.code {
                "HBsAg" => carrier,
                "HBsAb" => !carrier && immune,
                "HBeAg" => carrier && active,
                "HBeAb" => carrier && !active,
                _ => carrier || past,
            });
        }
    }

    fn print(&self, item: &'static Item, value: &Value) -> LabResult {
        let (low, high) = self.bounds(item);
        let decimals = usize::from(item.item.decimals);
        match value {
            Value::Positive(positive) => LabResult {
                item: &item.item,
                value: if *positive { "阳性(+)" } else { "阴性(-)" }.to_owned(),
                range: if matches!(item.shape, Shape::Either(_)) { "-" } else { "阴性(-)" }.to_owned(),
                flag: if *positive && matches!(item.shape, Shape::Negative(_)) { Flag::A } else { Flag::N },
            },
            Value::Number(number) => {
                let least = 10f64.powi(-i32::from(item.item.decimals));
                let floor = match low {
                    low if low > 0.0 => least,
                    low if low < 0.0 => f64::MIN,
                    _ => 0.0,
                };
                let text = unsigned_zero(format!("{:.decimals$}", number.max(floor)));
                let below = matches!(item.shape, Shape::Below(..));
                // Judged as printed, so that flag and figure never disagree.
                let shown: f64 = text.parse().unwrap_or(*number);
                let flag = match shown {
                    v if v > high || (below && v >= high) => Flag::H,
                    v if v < low && !below => Flag::L,
                    _ => Flag::N,
                };
                let range = if below {
                    format!("<{high:.decimals$}")
                } else {
                    format!("{low:.decimals$}-{high:.decimals$}")
                };
                LabResult { item: &item.item, value: text, range, flag }
            }
        }
    }
}

fn hash(code: &str) -> u64 {
    code.bytes().fold(7, |h: u64, b| h.wrapping_mul(0x0100_0000_01b3) ^ u64::from(b))
}

fn number(values: &[(&'static Item, Value)], wanted: &Item) -> f64 {
    let found = values.iter().find(|(item, _)| item.item.code == wanted.item.code);
    match found {
        Some((_, Value::Number(number))) => *number,
        Some((_, Value::Positive(_))) | None => 0.0,
    }
}

fn set(values: &mut [(&'static Item, Value)], wanted: &Item, to: f64) {
    if let Some((_, value)) = values.iter_mut().find(|(item, _)| item.item.code == wanted.item.code) {
        *value = Value::Number(to);
    }
}

/// No analyser prints minus zero.
fn unsigned_zero(text: String) -> String {
    if text.starts_with('-') && text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')) {
        return text[1..].to_owned();
    }
    text
}

/// Bicarbonate by Henderson and Hasselbalch, base excess by Van Slyke, saturation by Severinghaus,
/// as analysers compute them (CLSI C46).
fn blood_gas(values: &mut [(&'static Item, Value)]) {
    let ph = number(values, &items::PH).clamp(6.85, 7.72);
    let carbon_dioxide = number(values, &items::PCO2).clamp(14.0, 110.0);
    let oxygen = number(values, &items::PO2).clamp(32.0, 260.0);
    let bicarbonate = 0.0307 * carbon_dioxide * 10f64.powf(ph - 6.105);
    set(values, &items::PH, ph);
    set(values, &items::PCO2, carbon_dioxide);
    set(values, &items::PO2, oxygen);
    set(values, &items::HCO3, bicarbonate);
    set(values, &items::BE, 0.93 * (bicarbonate - 24.4 + 14.8 * (ph - 7.4)));
    set(values, &items::SO2, 100.0 / (1.0 + 23_400.0 / (oxygen.powi(3) + 150.0 * oxygen)));
}

/// Per cents sum to a hundred, absolute counts follow from them, and the red cell indices from
/// haemoglobin.
fn blood_count(values: &mut [(&'static Item, Value)], age: i32) {
    let tenth = |x: f64| (x * 10.0).round() / 10.0;
    let young = if age < 6 { -9.0 } else { 0.0 };
    let mono = tenth(number(values, &items::MONO_P).clamp(1.0, 14.0));
    let eo = tenth(number(values, &items::EO_P).clamp(0.1, 18.0));
    let baso = tenth((number(values, &items::BASO_P) * 0.8).clamp(0.0, 1.8));
    let rest = 100.0 - mono - eo - baso;
    let neut = tenth((number(values, &items::NEUT_P) + young).clamp(12.0, rest - 3.0));
    let white = number(values, &items::WBC).clamp(0.6, 48.0);
    let parts = [
        (&items::NEUT_P, &items::NEUT, neut),
        (&items::LYM_P, &items::LYM, tenth(rest - neut)),
        (&items::MONO_P, &items::MONO, mono),
        (&items::EO_P, &items::EO, eo),
        (&items::BASO_P, &items::BASO, baso),
    ];
    set(values, &items::WBC, white);
    for (share, count, percent) in parts {
        set(values, share, percent);
        set(values, count, white * percent / 100.0);
    }
    let haemoglobin = number(values, &items::HGB).max(38.0);
    let (mean, concentration) = (number(values, &items::MCH).clamp(15.0, 38.0), number(values, &items::MCHC));
    set(values, &items::HGB, haemoglobin);
    set(values, &items::MCH, mean);
    set(values, &items::RBC, haemoglobin / mean);
    set(values, &items::HCT, haemoglobin / concentration * 100.0);
    set(values, &items::MCV, mean / concentration * 1000.0);
}

/// What a disease multiplies an item with: when mild, and when grave.
fn factor_of(effect: Effect, code: &str) -> (f64, f64) {
    use Effect::*;
    match (effect, code) {
        (Bacterial, "WBC") => (1.15, 2.3),
        (Bacterial, "CRP") => (4.0, 70.0),
        (Bacterial, "PCT") => (1.4, 55.0),
        (Bacterial, "ALB") => (0.98, 0.76),
        (Bacterial, "D-D") => (1.1, 4.2),
        (Bacterial | HeartFailure, "pO2") => (0.95, 0.6),
        (Bacterial, "pCO2") => (0.97, 1.32),
        (Bacterial | HeartFailure | Infarction, "Lac") => (1.0, 3.2),
        (Infarction, "pO2") => (0.98, 0.78),
        (HeartFailure, "pCO2") => (0.94, 0.8),
        (Viral, "WBC") => (1.0, 0.66),
        (Viral, "CRP") => (1.0, 8.0),
        (Diabetes, "GLU") => (1.3, 2.5),
        (Diabetes, "HbA1c") => (1.3, 2.1),
        (Diabetes, "TG") => (1.1, 2.0),
        (Renal, "CREA") => (1.8, 8.5),
        (Renal, "UREA") => (1.6, 3.8),
        (Renal, "CysC") => (1.6, 4.2),
        (Renal, "UA") => (1.1, 1.5),
        (Renal, "K") => (1.03, 1.3),
        (Renal, "P") => (1.05, 1.7),
        (Renal, "Ca") => (0.98, 0.85),
        (Renal | Bleeding, "HGB") => (0.9, 0.56),
        (Hepatic, "ALT") => (1.1, 2.4),
        (Hepatic, "AST") => (1.4, 3.4),
        (Hepatic, "TBIL" | "DBIL") => (1.4, 5.5),
        (Hepatic, "ALB") => (0.88, 0.6),
        (Hepatic, "PT") => (1.1, 1.6),
        (Hepatic, "PLT") => (0.75, 0.28),
        (Hepatic, "WBC") => (0.85, 0.5),
        (Hepatic | Hepatitis, "GGT") => (1.1, 3.0),
        (Hepatitis, "ALT") => (1.0, 6.0),
        (Hepatitis, "AST") => (1.0, 4.2),
        (Biliary, "GGT") => (1.8, 9.0),
        (Biliary, "ALP") => (1.2, 3.0),
        (Biliary, "TBIL" | "DBIL") => (1.2, 5.0),
        (Biliary, "ALT" | "AST") => (1.1, 4.2),
        (Biliary, "WBC") => (1.05, 1.8),
        (Biliary, "CRP") => (1.5, 26.0),
        (Anaemia, "HGB") => (0.9, 0.58),
        (Anaemia, "MCH") => (0.93, 0.7),
        (Anaemia, "MCHC") => (0.98, 0.89),
        (Anaemia, "RDW-CV") => (1.08, 1.5),
        (Anaemia, "PLT") => (1.0, 1.35),
        (Bleeding, "UREA") => (1.2, 2.2),
        (Infarction, "cTnI") => (40.0, 1400.0),
        (Infarction, "CK-MB") => (4.0, 40.0),
        (Infarction, "MYO") => (2.0, 13.0),
        (Infarction, "WBC") => (1.1, 1.7),
        (Infarction, "GLU") => (1.05, 1.6),
        (Infarction, "NT-proBNP") => (1.5, 18.0),
        (HeartFailure, "NT-proBNP") => (10.0, 95.0),
        (HeartFailure, "cTnI") => (1.2, 7.0),
        (HeartFailure, "CREA") => (1.0, 1.7),
        (HeartFailure, "Na") => (0.995, 0.95),
        (Thrombosis, "D-D") => (4.0, 34.0),
        (Thrombosis | Pregnancy, "FIB") => (1.1, 1.45),
        (Lipids, "LDL-C") => (0.95, 1.5),
        (Lipids, "TG") => (0.95, 2.1),
        (Lipids, "HDL-C") => (0.97, 0.8),
        (Tumour, "CEA") => (0.9, 9.0),
        (Tumour, "CA125" | "CA19-9") => (0.9, 3.4),
        (Tumour, "HGB") => (0.98, 0.72),
        (Tumour, "ALB") => (0.97, 0.8),
        (Tumour, "D-D") => (1.1, 6.0),
        (Tumour, "WBC") => (1.0, 0.55),
        (Hyperthyroid, "TSH") => (0.12, 0.005),
        (Hyperthyroid, "FT3") => (1.4, 3.6),
        (Hyperthyroid, "FT4") => (1.3, 3.0),
        (Pancreatitis, "AMY") => (4.0, 15.0),
        (Pancreatitis, "WBC") => (1.3, 2.1),
        (Pancreatitis, "TG") => (1.2, 7.0),
        (Pancreatitis, "Ca") => (0.97, 0.8),
        (Pancreatitis, "CRP") => (6.0, 80.0),
        (Pancreatitis, "GLU") => (1.1, 1.9),
        (Gout, "UA") => (1.25, 1.65),
        (Gout | UrinaryInfection | Enteritis, "CRP") => (1.4, 11.0),
        (UrinaryInfection | Enteritis, "WBC") => (1.0, 1.5),
        (Stone, "CREA") => (1.0, 1.32),
        (Pregnancy, "β-HCG") => (4_000.0, 90_000.0),
        (Pregnancy, "HGB") => (0.97, 0.82),
        (Pregnancy, "D-D") => (1.4, 6.0),
        (Pregnancy, "ALB") => (0.93, 0.8),
        (Pregnancy, "CREA") => (0.86, 0.7),
        (Enteritis, "K") => (0.98, 0.84),
        (Enteritis, "Na") => (0.998, 0.97),
        _ => (1.0, 1.0),
    }
}

/// What a disease adds to an item: when mild, and when grave.
fn shift_of(effect: Effect, code: &str) -> (f64, f64) {
    use Effect::*;
    match (effect, code) {
        (Bacterial | Pancreatitis, "NEUT%") => (7.0, 27.0),
        (Infarction | Biliary, "NEUT%") => (4.0, 18.0),
        (Enteritis | UrinaryInfection | Bleeding, "NEUT%") => (1.0, 15.0),
        (Viral, "NEUT%") => (6.0, -16.0),
        (Bacterial, "EO%") => (0.0, -1.5),
        (Bacterial, "pH") => (0.01, -0.11),
        (Infarction, "pH") => (0.0, -0.07),
        (HeartFailure, "pH") => (0.01, 0.04),
        _ => (0.0, 0.0),
    }
}

/// How often, in a thousand, a disease makes a qualitative item positive.
fn positive_share(effect: Effect, code: &str) -> u32 {
    use Effect::*;
    match (effect, code) {
        (Diabetes, "U-GLU") => 460,
        (Diabetes, "U-PRO") => 240,
        (Renal, "U-PRO") => 860,
        (Renal, "U-BLD") => 380,
        (UrinaryInfection, "U-LEU") => 940,
        (UrinaryInfection, "U-NIT") => 480,
        (UrinaryInfection, "U-BLD") => 420,
        (Stone, "U-BLD") => 850,
        (Stone, "U-LEU") => 240,
        (Enteritis | Pregnancy, "U-KET") => 260,
        (Biliary | Hepatic, "U-BIL") => 380,
        _ => 0,
    }
}
