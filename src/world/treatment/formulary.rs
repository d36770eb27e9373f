//! The formulary: the tables' drugs under this installation's codes and invented makers.

use std::collections::BTreeMap;

use crate::world::dice::{Key, Purpose};
use crate::world::tables::treatment::{DRUGS, DrugRow};
use crate::world::time::Day;
use crate::world::{Drug, DrugStock, World};

/// First parts of makers' names; no maker of drugs has one.
const HOUSES: [&str; 16] = [
    "澄岚同济",
    "华屿",
    "北沅",
    "润川康",
    "岱岳恒生",
    "锦禾",
    "双澜",
    "汇宁堂",
    "天沐",
    "远泽",
    "青岫",
    "和畅",
    "盛砚",
    "瑞渚",
    "仁岚",
    "海屿新",
];

/// Last parts of makers' names.
const ENDINGS: [&str; 4] = ["制药有限公司", "药业股份有限公司", "制药股份有限公司", "生物制药有限公司"];

/// Stores that keep a stock.
const STORES: [&str; 4] = ["门诊西药房", "急诊药房", "住院药房", "药库"];

/// All drugs, made once.
pub(in crate::world) struct Formulary {
    drugs: Vec<Drug>,
    places: BTreeMap<String, u16>,
}

impl Formulary {
    /// Deals codes and makers.
    pub(in crate::world) fn new(key: Key) -> Formulary {
        let mut number = 1_000 + (key.hash(Purpose::Formulary, 0, 0) % 6_000) as u32;
        let drugs: Vec<Drug> = DRUGS
            .iter()
            .enumerate()
            .map(|(place, row)| {
                let mut dice = key.dice(Purpose::Formulary, 1, place as u64);
                number += 1 + dice.below(9);
                let maker = format!("{}{}", dice.pick(&HOUSES), dice.pick(&ENDINGS));
                drug(row, format!("Y{number:06}"), maker)
            })
            .collect();
        let places = drugs.iter().enumerate().map(|(i, drug)| (drug.code.clone(), i as u16)).collect();
        Formulary { drugs, places }
    }

    /// All of them, by code.
    pub(in crate::world) fn all(&self) -> &[Drug] {
        &self.drugs
    }

    /// A drug by its place in the tables.
    pub(in crate::world) fn at(&self, place: u16) -> &Drug {
        &self.drugs[usize::from(place)]
    }

    /// A drug by code.
    pub(in crate::world) fn by_code(&self, code: &str) -> Option<&Drug> {
        self.places.get(code).map(|place| self.at(*place))
    }
}

fn drug(row: &DrugRow, code: String, maker: String) -> Drug {
    Drug {
        code,
        input_code: row.input_code,
        name: row.name,
        specification: row.specification,
        form: row.form,
        pack: row.pack,
        units: row.units,
        unit: row.unit,
        dose_unit: row.dose_unit,
        strength: row.strength,
        price: row.price,
        maker,
        kind: row.kind,
        insurance: row.insurance,
        allergen: row.allergen,
        ages: row.ages,
    }
}

impl World {
    /// What the stores hold of every drug on a day: it runs down through a week or two and is then
    /// filled up again.
    pub(super) fn stock_on(&self, day: Day) -> Vec<DrugStock> {
        let stocks = self.formulary.all().iter().enumerate();
        stocks
            .flat_map(|(place, drug)| STORES.iter().map(move |s| (place, drug, *s)))
            .map(|(place, drug, store)| {
                let shop = STORES.iter().position(|s| *s == store).unwrap_or(0) as u64;
                let mut dice = self.key.dice(Purpose::Formulary, 2 + shop, place as u64);
                let (cycle, phase) = (dice.between(7, 15) as i32, dice.below(15) as i32);
                let full = dice.between(60, 420) as u32 * if store == "药库" { 6 } else { 1 };
                let (round, left) =
                    ((day.0 + phase).div_euclid(cycle), cycle - (day.0 + phase).rem_euclid(cycle));
                let mut batch =
                    self.key.dice(Purpose::Formulary, 10 + shop, (place as u64) << 32 | round as u64);
                let made = day.plus(left - cycle - batch.between(60, 300) as i32);
                DrugStock {
                    drug: drug.code.clone(),
                    store,
                    packs: full / 8 + full * 7 / 8 * left as u32 / cycle as u32,
                    batch: format!("{}{:02}", made.yymmdd(), batch.below(40) + 1),
                    expires: made.plus(730).date(),
                    shelf: format!(
                        "{}-{:02}-{:02}",
                        ["A", "B", "C", "D"][shop as usize % 4],
                        place / 24 + 1,
                        place % 24 + 1
                    ),
                }
            })
            .collect()
    }
}
