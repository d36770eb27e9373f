//! The dispensing queue, the stock and the formulary.

use super::outpatient::prescriptions_of_day;
use super::{
    Ask, Found, Lookup, Sheet, number, paged, person_of, staff_or_none, text, time_or_none, with_patient,
};
use crate::event::observation::RecordKind;
use crate::world::{Drug, DrugStock, Prescription, PrescriptionState};

pub(super) static SHEETS: &[Sheet] = &[
    Sheet {
        path: "pharm/queue",
        method: "queryDispensing",
        title: "门诊发药",
        ask: Ask::Day,
        kind: RecordKind::Prescription,
        columns: with_patient![
            text("处方号", "prescNo", "CFHM"),
            number("窗口", "window", "FYCK"),
            text("收费时间", "payTime", "SFRQ"),
            number("药品数", "items", "YPSL"),
            number("金额", "amount", "HJJE"),
            text("状态", "state", "FYBZ"),
            text("发药时间", "dispenseTime", "FYRQ"),
            text("审核药师", "checkerName", "PYGH"),
            text("发药药师", "dispenserName", "FYGH"),
        ],
        run: queue,
    },
    Sheet {
        path: "pharm/stock",
        method: "queryStock",
        title: "药品库存",
        ask: Ask::Now,
        kind: RecordKind::Catalogue,
        columns: &[
            text("药品代码", "drugCode", "YPXH"),
            text("药品名称", "drugName", "YPMC"),
            text("规格", "spec", "YFGG"),
            text("单位", "unit", "YFDW"),
            text("药房", "store", "YFMC"),
            number("库存数量", "stock", "YPSL"),
            number("零售价", "price", "LSJG"),
            number("零售金额", "amount", "LSJE"),
            text("批号", "batch", "YPPH"),
            text("有效期", "expires", "YPXQ"),
            text("货位", "shelf", "KWBM"),
            text("生产厂家", "maker", "CDMC"),
        ],
        run: stock,
    },
    Sheet {
        path: "pharm/drugs",
        method: "queryDrugDictionary",
        title: "药品字典",
        ask: Ask::Now,
        kind: RecordKind::Catalogue,
        columns: &[
            text("药品代码", "drugCode", "YPXH"),
            text("输入码", "inputCode", "PYDM"),
            text("药品名称", "drugName", "YPMC"),
            text("规格", "spec", "YPGG"),
            text("剂型", "form", "YPSX"),
            text("单位", "unit", "YPDW"),
            number("零售价", "price", "LSJG"),
            text("类别", "kind", "TYPE"),
            text("医保类别", "insurance", "YBFL"),
            text("皮试/过敏类", "allergen", "PSPB"),
            text("生产厂家", "maker", "CDMC"),
        ],
        run: drugs,
    },
];

fn queue(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut found = prescriptions_of_day(lookup);
    found.retain(|p| p.state != PrescriptionState::Written);
    // Who waits stands first.
    found.sort_by_key(|p| p.state == PrescriptionState::Dispensed);
    let cells = |p: &Prescription| {
        let mut cells = person_of(view, p.patient).to_vec();
        cells.extend([
            p.number.clone(),
            p.window.to_string(),
            time_or_none(view, p.paid),
            p.lines.len().to_string(),
            p.total.to_string(),
            p.state.chinese().to_owned(),
            time_or_none(view, p.dispensed),
            staff_or_none(view, p.checked_by.as_ref()),
            staff_or_none(view, p.dispensed_by.as_ref()),
        ]);
        cells
    };
    paged(lookup, &found, cells, |p| p.number.clone())
}

fn named(drug: &Drug, word: &str) -> bool {
    drug.name.contains(word) || drug.code == word || drug.input_code.starts_with(&word.to_ascii_uppercase())
}

fn stock(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut found = view.drug_stock();
    found.retain(|s| {
        view.drug(&s.drug).is_some_and(|drug| named(drug, lookup.word)) || s.store == lookup.word
    });
    let cells = |s: &DrugStock| {
        let Some(drug) = view.drug(&s.drug) else { return Vec::new() };
        let amount = drug.price * i32::try_from(s.packs).unwrap_or(0);
        vec![
            drug.code.clone(),
            drug.name.to_owned(),
            drug.specification.to_owned(),
            drug.pack.to_owned(),
            s.store.to_owned(),
            s.packs.to_string(),
            drug.price.to_string(),
            amount.to_string(),
            s.batch.clone(),
            s.expires.to_string(),
            s.shelf.clone(),
            drug.maker.clone(),
        ]
    };
    paged(lookup, &found, cells, |s| s.drug.clone())
}

fn drugs(lookup: &Lookup<'_>) -> Found {
    let found: Vec<&Drug> = lookup.view.drugs().iter().filter(|drug| named(drug, lookup.word)).collect();
    let cells = |drug: &&Drug| {
        vec![
            drug.code.clone(),
            drug.input_code.to_owned(),
            drug.name.to_owned(),
            drug.specification.to_owned(),
            drug.form.to_owned(),
            drug.pack.to_owned(),
            drug.price.to_string(),
            drug.kind.chinese().to_owned(),
            drug.insurance.chinese().to_owned(),
            drug.allergen.map_or_else(String::new, |a| a.chinese().to_owned()),
            drug.maker.clone(),
        ]
    };
    paged(lookup, &found, cells, |drug| drug.code.clone())
}
