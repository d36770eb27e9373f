//! Bills, deposits, charges and prices.

use super::{
    Ask, Found, Lookup, Sheet, department, is_asked, number, paged, person_of, staff, text, time,
    with_patient,
};
use crate::event::observation::RecordKind;
use crate::world::{Bill, Charge, ChargeItem, Deposit, PaymentKind};

pub(super) static SHEETS: &[Sheet] = &[
    Sheet {
        path: "fee/bills",
        method: "queryInvoiceList",
        title: "收费单据",
        ask: Ask::Day,
        kind: RecordKind::Charge,
        columns: with_patient![
            text("票据号", "billNo", "FPHM"),
            text("类型", "billType", "JSLX"),
            text("就诊号", "visitNo", "SBXH"),
            text("结算时间", "settleTime", "SFRQ"),
            text("费别", "insurance", "BRXZ"),
            number("总金额", "total", "ZJJE"),
            number("医保统筹", "fund", "YBZF"),
            number("个人支付", "own", "ZFJE"),
            text("支付方式", "payment", "FKFS"),
            text("收费员", "cashier", "CZGH"),
        ],
        run: bills,
    },
    Sheet {
        path: "fee/deposits",
        method: "queryDepositList",
        title: "预交金查询",
        ask: Ask::Day,
        kind: RecordKind::Charge,
        columns: with_patient![
            text("收据号", "depositNo", "SJHM"),
            text("住院号", "inpatientNo", "ZYHM"),
            text("交款时间", "payTime", "JKRQ"),
            number("金额", "amount", "JKJE"),
            text("支付方式", "payment", "JKFS"),
            text("收费员", "cashier", "CZGH"),
        ],
        run: deposits,
    },
    Sheet {
        path: "fee/detail",
        method: "queryFeeDetail",
        title: "就诊费用明细",
        ask: Ask::Visit,
        kind: RecordKind::Charge,
        columns: &[
            text("记账时间", "chargeTime", "FYRQ"),
            text("费用类别", "category", "FYXM"),
            text("项目代码", "itemCode", "FYXH"),
            text("项目名称", "itemName", "FYMC"),
            text("规格", "spec", "YPGG"),
            text("单位", "unit", "FYDW"),
            number("单价", "price", "FYDJ"),
            number("数量", "quantity", "FYSL"),
            number("金额", "amount", "ZJJE"),
            text("医保", "insurance", "YBFL"),
            text("开单科室", "deptName", "FYKS"),
            text("执行科室", "performer", "ZXKS"),
            text("费用号", "chargeNo", "JLXH"),
            text("票据号", "billNo", "FPHM"),
        ],
        run: detail,
    },
    Sheet {
        path: "fee/charges",
        method: "queryFeeOfDay",
        title: "当日费用流水",
        ask: Ask::Day,
        kind: RecordKind::Charge,
        columns: with_patient![
            text("就诊号", "visitNo", "SBXH"),
            text("费用号", "chargeNo", "JLXH"),
            text("记账时间", "chargeTime", "FYRQ"),
            text("费用类别", "category", "FYXM"),
            text("项目名称", "itemName", "FYMC"),
            number("单价", "price", "FYDJ"),
            number("数量", "quantity", "FYSL"),
            number("金额", "amount", "ZJJE"),
            text("执行科室", "performer", "ZXKS"),
        ],
        run: charges,
    },
    Sheet {
        path: "fee/items",
        method: "queryChargeItems",
        title: "收费项目字典",
        ask: Ask::Now,
        kind: RecordKind::Catalogue,
        columns: &[
            text("项目代码", "itemCode", "FYXH"),
            text("项目名称", "itemName", "FYMC"),
            text("费用类别", "category", "FYGB"),
            text("单位", "unit", "FYDW"),
            number("单价", "price", "FYDJ"),
            text("医保类别", "insurance", "YBFL"),
        ],
        run: items,
    },
];

/// The amount of a bill that was paid in one way.
fn part(bill: &Bill, kind: PaymentKind) -> crate::world::Money {
    bill.payments.iter().filter(|p| p.kind == kind).map(|p| p.amount).sum()
}

fn bills(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut found = view.bills_on(lookup.date, 0..usize::MAX);
    found.retain(|b| b.number == lookup.word || is_asked(view, b.patient, lookup.word));
    found.reverse();
    let cells = |b: &Bill| {
        let fund = part(b, PaymentKind::Fund);
        let ways: Vec<&str> =
            b.payments.iter().filter(|p| p.kind != PaymentKind::Fund).map(|p| p.kind.chinese()).collect();
        let mut cells = person_of(view, b.patient).to_vec();
        cells.extend([
            b.number.clone(),
            b.kind.chinese().to_owned(),
            b.encounter.clone(),
            time(view, b.settled),
            b.insurance.chinese().to_owned(),
            b.total.to_string(),
            fund.to_string(),
            (b.total - fund).to_string(),
            ways.join("+"),
            staff(view, &b.cashier),
        ]);
        cells
    };
    paged(lookup, &found, cells, |b| b.number.clone())
}

fn deposits(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut found = view.deposits_on(lookup.date, 0..usize::MAX);
    found.retain(|d| d.encounter == lookup.word || is_asked(view, d.patient, lookup.word));
    found.reverse();
    let cells = |d: &Deposit| {
        let mut cells = person_of(view, d.patient).to_vec();
        cells.extend([
            d.number.clone(),
            d.encounter.clone(),
            time(view, d.paid),
            d.amount.to_string(),
            d.kind.chinese().to_owned(),
            staff(view, &d.cashier),
        ]);
        cells
    };
    paged(lookup, &found, cells, |d| d.number.clone())
}

fn detail(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut found = view.charges_in(lookup.visit);
    found.retain(|c| {
        lookup.word.is_empty() || c.name.contains(lookup.word) || c.category.chinese() == lookup.word
    });
    let cells = |c: &Charge| {
        vec![
            time(view, c.charged),
            c.category.chinese().to_owned(),
            c.code.clone(),
            c.name.clone(),
            c.specification.clone(),
            c.unit.clone(),
            c.price.to_string(),
            c.quantity.to_string(),
            c.amount.to_string(),
            c.insurance.chinese().to_owned(),
            department(view, &c.department),
            department(view, &c.performed_by),
            c.number.clone(),
            c.bill.clone().unwrap_or_default(),
        ]
    };
    paged(lookup, &found, cells, |c| c.number.clone())
}

fn charges(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let total = view.charge_count_on(lookup.date);
    // Newest first: the page is read from the day's end.
    let end = total.saturating_sub(lookup.from);
    let start = end.saturating_sub(lookup.most.min(super::MOST_ROWS));
    let mut found = view.charges_on(lookup.date, start..end);
    found.reverse();
    let cells = |c: &Charge| {
        let mut cells = person_of(view, c.patient).to_vec();
        cells.extend([
            c.encounter.clone(),
            c.number.clone(),
            time(view, c.charged),
            c.category.chinese().to_owned(),
            c.name.clone(),
            c.price.to_string(),
            c.quantity.to_string(),
            c.amount.to_string(),
            department(view, &c.performed_by),
        ]);
        cells
    };
    Found {
        total,
        rows: found.iter().map(cells).collect(),
        ids: found.iter().map(|c| c.number.clone()).collect(),
    }
}

fn items(lookup: &Lookup<'_>) -> Found {
    let all = lookup.view.charge_items().iter();
    let found: Vec<&ChargeItem> =
        all.filter(|i| i.name.contains(lookup.word) || i.code == lookup.word).collect();
    let cells = |i: &&ChargeItem| {
        vec![
            i.code.to_owned(),
            i.name.to_owned(),
            i.category.chinese().to_owned(),
            i.unit.to_owned(),
            i.price.to_string(),
            i.insurance.chinese().to_owned(),
        ]
    };
    paged(lookup, &found, cells, |i| i.code.to_owned())
}
