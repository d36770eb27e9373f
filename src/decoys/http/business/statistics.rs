//! Sums over a day: work by department, income by kind of payment, the daily settlement of cashiers.

use std::collections::BTreeMap;

use super::{Ask, Found, Lookup, Sheet, class, department, number, paged, staff, text};
use crate::event::observation::RecordKind;
use crate::world::{BillKind, Money, PaymentKind, VisitClass};

pub(super) static SHEETS: &[Sheet] = &[
    Sheet {
        path: "stat/workload",
        method: "statWorkload",
        title: "科室工作量统计",
        ask: Ask::Day,
        kind: RecordKind::Encounter,
        columns: &[
            text("科室代码", "deptCode", "KSDM"),
            text("科室名称", "deptName", "KSMC"),
            number("门诊人次", "outpatients", "MZRC"),
            number("急诊人次", "emergencies", "JZRC"),
            number("入院人次", "admissions", "RYRC"),
            number("现有在院", "inpatients", "XYRS"),
            number("合计", "total", "HJRC"),
        ],
        run: workload,
    },
    Sheet {
        path: "stat/settle",
        method: "statCashier",
        title: "收费员日结",
        ask: Ask::Day,
        kind: RecordKind::Charge,
        columns: &[
            text("工号", "cashierNo", "CZGH"),
            text("收费员", "cashier", "CZXM"),
            number("票据数", "bills", "FPZS"),
            number("退费张数", "refunds", "TFZS"),
            number("总金额", "total", "ZJJE"),
            number("医保统筹", "fund", "YBTC"),
            number("个人账户", "account", "ZHZF"),
            number("预交金冲抵", "deposit", "YJJC"),
            number("微信", "wechat", "WXJE"),
            number("支付宝", "alipay", "ZFBJE"),
            number("银行卡", "card", "YHKJE"),
            number("现金", "cash", "XJJE"),
        ],
        run: settle,
    },
    Sheet {
        path: "stat/visits",
        method: "statVisits",
        title: "就诊趋势",
        ask: Ask::Day,
        kind: RecordKind::Encounter,
        columns: &[
            text("日期", "day", "TJRQ"),
            number("门诊", "outpatients", "MZRC"),
            number("急诊", "emergencies", "JZRC"),
            number("入院", "admissions", "RYRC"),
        ],
        run: visits,
    },
];

/// Days of the trend.
const TREND: i64 = 14;

fn workload(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut counts: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut count = |code: &str, place: usize| {
        if let Some(cell) = counts.entry(code.to_owned()).or_default().get_mut(place) {
            *cell += 1;
        }
    };
    for visit in view.encounters_on(lookup.date) {
        let place = [VisitClass::Outpatient, VisitClass::Emergency, VisitClass::Inpatient];
        count(&visit.department, place.iter().position(|c| *c == visit.class).unwrap_or(0));
    }
    for stay in view.inpatients() {
        count(&stay.department, 3);
    }
    let rows: Vec<(String, [usize; 4])> = counts.into_iter().collect();
    let cells = |(code, [out, emergency, admitted, lying]): &(String, [usize; 4])| {
        let counts = [*out, *emergency, *admitted, *lying, out + emergency + admitted];
        let mut cells = vec![code.clone(), department(view, code)];
        cells.extend(counts.map(|n| n.to_string()));
        cells
    };
    paged(lookup, &rows, cells, |(code, _)| code.clone())
}

/// What a cashier took on a day.
#[derive(Default)]
struct Taken {
    bills: usize,
    refunds: usize,
    total: Money,
    by_kind: BTreeMap<PaymentKind, Money>,
}

fn settle(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut cashiers: BTreeMap<String, Taken> = BTreeMap::new();
    for bill in view.bills_on(lookup.date, 0..usize::MAX) {
        let taken = cashiers.entry(bill.cashier.clone()).or_default();
        taken.bills += 1;
        taken.refunds += usize::from(bill.kind == BillKind::Refund);
        taken.total += bill.total;
        for payment in &bill.payments {
            *taken.by_kind.entry(payment.kind).or_default() += payment.amount;
        }
    }
    let rows: Vec<(String, Taken)> = cashiers.into_iter().collect();
    let cells = |(cashier, taken): &(String, Taken)| {
        let mut cells = vec![
            cashier.clone(),
            staff(view, cashier),
            taken.bills.to_string(),
            taken.refunds.to_string(),
            taken.total.to_string(),
        ];
        let of = |kind| taken.by_kind.get(&kind).copied().unwrap_or_default().to_string();
        cells.extend(PaymentKind::ALL.map(of));
        cells
    };
    paged(lookup, &rows, cells, |(cashier, _)| cashier.clone())
}

fn visits(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let back = |days| lookup.date.saturating_sub(jiff::Span::new().days(days));
    let days: Vec<_> = (0..TREND).map(back).collect();
    let cells = |day: &jiff::civil::Date| {
        let all = view.encounters_on(*day);
        let count = |class| all.iter().filter(|e| e.class == class).count().to_string();
        let classes = [VisitClass::Outpatient, VisitClass::Emergency, VisitClass::Inpatient];
        let mut cells = vec![day.to_string()];
        cells.extend(classes.map(count));
        cells
    };
    paged(lookup, &days, cells, |day| format!("{} {}", class(VisitClass::Outpatient), day))
}
