//! Drugs of the formulary, their stock, and allergies.

use super::{InsuranceClass, Money};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// A drug of the hospital's formulary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drug {
    /// The hospital's code (`Y004127`), different in every installation.
    pub code: String,
    /// First letters of its name's pinyin, by which it is typed in (`AMXL`); unique.
    pub input_code: &'static str,
    /// Generic name in Chinese.
    pub name: &'static str,
    /// Specification (`0.25g×24粒`).
    pub specification: &'static str,
    /// Dose form (`胶囊剂`).
    pub form: &'static str,
    /// What it is sold in (`盒`).
    pub pack: &'static str,
    /// Units in a pack.
    pub units: u32,
    /// The unit (`粒`).
    pub unit: &'static str,
    /// Unit of doses (`g`).
    pub dose_unit: &'static str,
    /// What a unit holds, in thousandths of the dose unit.
    pub strength: u32,
    /// Price of a pack.
    pub price: Money,
    /// Maker, an invented name.
    pub maker: String,
    /// Kind.
    pub kind: DrugKind,
    /// How much of it the insurance counts.
    pub insurance: InsuranceClass,
    /// What an allergy to it would be called.
    pub allergen: Option<Allergen>,
    /// Ages in years to which it is given, both included.
    pub ages: (i32, i32),
}

/// Kind of a drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DrugKind {
    /// 西药.
    Western,
    /// 中成药.
    Patent,
    /// 第二类精神药品.
    Psychotropic,
}

impl DrugKind {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            DrugKind::Western => "西药",
            DrugKind::Patent => "中成药",
            DrugKind::Psychotropic => "精神二类",
        }
    }
}

/// What somebody is allergic to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Allergen {
    /// 青霉素类.
    Penicillins,
    /// 头孢菌素类.
    Cephalosporins,
    /// 喹诺酮类.
    Quinolones,
    /// 磺胺类.
    Sulfonamides,
    /// 解热镇痛类.
    Analgesics,
    /// 碘剂.
    Iodine,
    /// 破伤风抗毒素.
    Antitoxin,
}

impl Allergen {
    /// All of them.
    pub const ALL: [Allergen; 7] = [
        Allergen::Penicillins,
        Allergen::Cephalosporins,
        Allergen::Quinolones,
        Allergen::Sulfonamides,
        Allergen::Analgesics,
        Allergen::Iodine,
        Allergen::Antitoxin,
    ];

    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            Allergen::Penicillins => "青霉素类",
            Allergen::Cephalosporins => "头孢菌素类",
            Allergen::Quinolones => "喹诺酮类",
            Allergen::Sulfonamides => "磺胺类",
            Allergen::Analgesics => "解热镇痛类",
            Allergen::Iodine => "碘剂",
            Allergen::Antitoxin => "破伤风抗毒素",
        }
    }
}

/// An allergy on a patient's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allergy {
    /// To what.
    pub allergen: Allergen,
    /// What happened, in Chinese (`皮疹`).
    pub reaction: &'static str,
    /// When it was put on record.
    pub recorded: Timestamp,
}

/// Stock of a drug in a store on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrugStock {
    /// Drug code.
    pub drug: String,
    /// Store in Chinese (`门诊药房`).
    pub store: &'static str,
    /// Packs.
    pub packs: u32,
    /// Batch number.
    pub batch: String,
    /// Last day of use.
    pub expires: Date,
    /// Shelf (`A-03-12`).
    pub shelf: String,
}
