//! Who pays a bill: the insurance's fund, the insured person's account, deposits, and the purse.

use super::ledger::{Ledger, Line};
use super::{ItemKey, ItemKind};
use crate::world::cases::Case;
use crate::world::dice::Purpose;
use crate::world::tables::departments::Dept;
use crate::world::time::{HOUR, Moment};
use crate::world::{
    Bill, BillKind, Deposit, InsuranceClass, InsuranceKind, Money, PatientNo, Payment, PaymentKind,
    VisitClass, World, convert,
};

/// Insured bills of outpatients in a thousand that the person's own account pays in full.
const FROM_ACCOUNT: u32 = 560;

impl World {
    /// A bill of a visit as others see it; `None` before it is made.
    pub(super) fn bill_at(&self, case: &Case, ledger: &Ledger, place: usize, now: Moment) -> Option<Bill> {
        let plan = ledger.bills.get(place).filter(|plan| plan.at <= now)?;
        let lines = ledger.lines.iter().filter(|line| line.bill == place);
        let total: Money = lines.clone().map(Line::amount).sum();
        let insurance = self.insurance(case.visit.person.no);
        let fund = fund(insurance, plan.kind, case.visit.key.class, lines);
        let deposits: Money = match plan.kind {
            BillKind::Settlement => ledger.deposits.iter().map(|paid| paid.amount).sum(),
            BillKind::Registration | BillKind::Outpatient | BillKind::Refund => Money(0),
        };
        let used = deposits.min(total - fund);
        let mut payments = vec![(PaymentKind::Fund, fund), (PaymentKind::Deposit, used)];
        payments.push((self.own_part(case, insurance, plan.kind), total - fund - used));
        let payments = payments.into_iter().filter(|(_, amount)| amount.0 != 0);
        Some(Bill {
            number: ItemKey { visit: case.visit.key, kind: ItemKind::Bill, place: place as u32 + 1 }.number(),
            kind: plan.kind,
            patient: PatientNo(case.visit.person.no),
            encounter: convert::visit_number(case.visit.key),
            settled: self.timestamp(plan.at),
            cashier: self.cashier(case, plan.at, place as u64),
            insurance,
            total,
            payments: payments.map(|(kind, amount)| Payment { kind, amount }).collect(),
            deposits,
            returned: deposits - used,
        })
    }

    /// A deposit of a stay as others see it; `None` before it is paid.
    pub(super) fn deposit_at(
        &self,
        case: &Case,
        ledger: &Ledger,
        place: usize,
        now: Moment,
    ) -> Option<Deposit> {
        let paid = ledger.deposits.get(place).filter(|paid| paid.at <= now)?;
        Some(Deposit {
            number: ItemKey { visit: case.visit.key, kind: ItemKind::Deposit, place: place as u32 + 1 }
                .number(),
            patient: PatientNo(case.visit.person.no),
            encounter: convert::visit_number(case.visit.key),
            paid: self.timestamp(paid.at),
            amount: paid.amount,
            kind: paid.kind,
            cashier: self.cashier(case, paid.at, 100 + place as u64),
        })
    }

    /// One way for all bills of a visit, so that what is given back goes the way it came.
    fn own_part(&self, case: &Case, insurance: InsuranceKind, kind: BillKind) -> PaymentKind {
        let mut dice = self.dice_item(Purpose::Money, case.visit.key, 9);
        let insured = matches!(insurance, InsuranceKind::Employee | InsuranceKind::Remote);
        if insured && kind != BillKind::Settlement && dice.permille(FROM_ACCOUNT) {
            return PaymentKind::Account;
        }
        self.purse(case, 10)
    }

    fn cashier(&self, case: &Case, at: Moment, item: u64) -> String {
        let shift = (at.0 / (8 * HOUR)) as u64;
        let window = self.dice_item(Purpose::Money, case.visit.key, 200 + item).below(5);
        let draw = self.key.hash(Purpose::Money, shift, u64::from(window));
        self.roster.technician(Dept::Finance, draw >> 8).number.clone()
    }
}

/// What the fund pays of some lines.
fn fund<'a>(
    insurance: InsuranceKind,
    kind: BillKind,
    class: VisitClass,
    lines: impl Iterator<Item = &'a Line>,
) -> Money {
    let rate = match (insurance, class) {
        _ if kind == BillKind::Registration => 0,
        (InsuranceKind::SelfPay, _) => 0,
        (InsuranceKind::Veteran, _) => 95,
        (InsuranceKind::Employee, VisitClass::Inpatient) => 85,
        (InsuranceKind::Resident, VisitClass::Inpatient) => 70,
        (InsuranceKind::Remote, VisitClass::Inpatient) => 62,
        (InsuranceKind::Employee, VisitClass::Outpatient | VisitClass::Emergency) => 60,
        (InsuranceKind::Resident, VisitClass::Outpatient | VisitClass::Emergency) => 50,
        (InsuranceKind::Remote, VisitClass::Outpatient | VisitClass::Emergency) => 0,
    };
    let counted: i64 = lines
        .map(|line| {
            let share = match line.item.class().1 {
                InsuranceClass::A => 100,
                InsuranceClass::B => 90,
                InsuranceClass::C => 0,
            };
            line.amount().0 * share
        })
        .sum();
    Money(counted * rate / 10_000)
}
