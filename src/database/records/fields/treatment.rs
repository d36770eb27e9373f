//! Fields of drugs, prescriptions, ward orders, charges and bills.

use super::{Entry, digits, field, local, text};
use crate::database::records::{Entity, Record};
use crate::database::{Decimal, Value};
use crate::world::{
    BillKind, DiagnosisKind, InsuranceClass, MedicalOrderState, Money, OrderTerm, PaymentKind,
    PrescriptionState,
};

fn money(amount: Money) -> Option<Value> {
    Some(Value::Decimal(Decimal { units: i128::from(amount.0), scale: 2 }))
}

fn whole(number: impl Into<i64>) -> Option<Value> {
    Some(Value::Int(number.into()))
}

fn staff_name(record: &Record, number: &str) -> Option<Value> {
    Some(Value::Text(record.view().staff_member(number)?.name.chinese()))
}

/// What of a bill was paid in these ways.
fn paid(record: &Record, kinds: &[PaymentKind]) -> Option<Value> {
    let payments = record.bill()?.payments.iter().filter(|payment| kinds.contains(&payment.kind));
    money(payments.map(|payment| payment.amount).sum())
}

fn class(class: InsuranceClass) -> Option<Value> {
    text(class.chinese())
}

pub(super) static FIELDS: &[Entry] = &[
    field("patient.insurance", Entity::Patient, |r| text(r.view().insurance_of(r.patient()?.no).kind.code())),
    field("patient.insurance_name", Entity::Patient, |r| {
        text(r.view().insurance_of(r.patient()?.no).kind.chinese())
    }),
    field("patient.insurance_card", Entity::Patient, |r| {
        text(&r.view().insurance_of(r.patient()?.no).card_masked)
    }),
    field("stay.times", Entity::Stay, |r| whole(r.stay()?.times)),
    field("stay.admitted_by", Entity::Stay, |r| text(r.stay()?.admitted_by)),
    field("stay.condition", Entity::Stay, |r| text(r.stay()?.condition)),
    field("stay.nursing", Entity::Stay, |r| text(r.stay()?.nursing)),
    field("stay.diet", Entity::Stay, |r| text(r.stay()?.diet)),
    field("stay.physician", Entity::Stay, |r| text(&r.stay()?.physician)),
    field("stay.nurse", Entity::Stay, |r| text(&r.stay()?.nurse)),
    field("stay.discharged_by", Entity::Stay, |r| text(r.stay()?.discharged_by?)),
    field("stay.charged", Entity::Stay, |r| money(r.stay()?.charged)),
    field("stay.deposits", Entity::Stay, |r| money(r.stay()?.deposits)),
    field("drug.code", Entity::Drug, |r| text(&r.drug()?.code)),
    field("drug.name", Entity::Drug, |r| text(r.drug()?.name)),
    field("drug.initials", Entity::Drug, |r| text(r.drug()?.input_code)),
    field("drug.specification", Entity::Drug, |r| text(r.drug()?.specification)),
    field("drug.form", Entity::Drug, |r| text(r.drug()?.form)),
    field("drug.pack", Entity::Drug, |r| text(r.drug()?.pack)),
    field("drug.units", Entity::Drug, |r| whole(r.drug()?.units)),
    field("drug.unit", Entity::Drug, |r| text(r.drug()?.unit)),
    field("drug.dose_unit", Entity::Drug, |r| text(r.drug()?.dose_unit)),
    field("drug.price", Entity::Drug, |r| money(r.drug()?.price)),
    field("drug.maker", Entity::Drug, |r| text(&r.drug()?.maker)),
    field("drug.kind", Entity::Drug, |r| text(r.drug()?.kind.chinese())),
    field("drug.insurance", Entity::Drug, |r| class(r.drug()?.insurance)),
    field("stock.store", Entity::Stock, |r| text(r.stock()?.store)),
    field("stock.packs", Entity::Stock, |r| whole(r.stock()?.packs)),
    field("stock.batch", Entity::Stock, |r| text(&r.stock()?.batch)),
    field("stock.expires", Entity::Stock, |r| Some(Value::Date(r.stock()?.expires))),
    field("stock.shelf", Entity::Stock, |r| text(&r.stock()?.shelf)),
    field("price.code", Entity::Price, |r| text(r.price()?.code)),
    field("price.name", Entity::Price, |r| text(r.price()?.name)),
    field("price.unit", Entity::Price, |r| text(r.price()?.unit)),
    field("price.amount", Entity::Price, |r| money(r.price()?.price)),
    field("price.category", Entity::Price, |r| text(r.price()?.category.code())),
    field("price.category_name", Entity::Price, |r| text(r.price()?.category.chinese())),
    field("price.insurance", Entity::Price, |r| class(r.price()?.insurance)),
    field("prescription.number", Entity::Prescription, |r| text(&r.prescription()?.number)),
    field("prescription.serial", Entity::Prescription, |r| digits(&r.prescription()?.number)),
    field("prescription.kind", Entity::Prescription, |r| text(r.prescription()?.kind.chinese())),
    field("prescription.form", Entity::Prescription, |r| text(r.prescription()?.form)),
    field("prescription.icd10", Entity::Prescription, |r| text(&r.prescription()?.diagnosis.icd10)),
    field("prescription.diagnosis", Entity::Prescription, |r| text(&r.prescription()?.diagnosis.name)),
    field("prescription.written", Entity::Prescription, |r| local(r, r.prescription()?.written)),
    field("prescription.paid", Entity::Prescription, |r| local(r, r.prescription()?.paid?)),
    field("prescription.dispensed", Entity::Prescription, |r| local(r, r.prescription()?.dispensed?)),
    field("prescription.checker", Entity::Prescription, |r| text(r.prescription()?.checked_by.as_ref()?)),
    field("prescription.dispenser", Entity::Prescription, |r| text(r.prescription()?.dispensed_by.as_ref()?)),
    field("prescription.dispenser_name", Entity::Prescription, |r| {
        staff_name(r, r.prescription()?.dispensed_by.as_ref()?)
    }),
    field("prescription.window", Entity::Prescription, |r| whole(r.prescription()?.window)),
    field("prescription.state", Entity::Prescription, |r| {
        text(match r.prescription()?.state {
            PrescriptionState::Written => "written",
            PrescriptionState::Paid => "paid",
            PrescriptionState::Dispensed => "dispensed",
        })
    }),
    field("prescription.lines", Entity::Prescription, |r| {
        whole(i64::try_from(r.prescription()?.lines.len()).ok()?)
    }),
    field("prescription.total", Entity::Prescription, |r| money(r.prescription()?.total)),
    field("line.number", Entity::Line, |r| whole(r.line()?.line)),
    field("line.group", Entity::Line, |r| whole(r.line()?.group)),
    field("line.drug", Entity::Line, |r| text(&r.line()?.drug)),
    field("line.name", Entity::Line, |r| text(r.line()?.name)),
    field("line.specification", Entity::Line, |r| text(r.line()?.specification)),
    field("line.dose", Entity::Line, |r| text(&r.line()?.dose)),
    field("line.dose_unit", Entity::Line, |r| text(r.line()?.dose_unit)),
    field("line.frequency", Entity::Line, |r| text(r.line()?.frequency.code())),
    field("line.route", Entity::Line, |r| text(r.line()?.route)),
    field("line.days", Entity::Line, |r| whole(r.line()?.days)),
    field("line.quantity", Entity::Line, |r| whole(r.line()?.quantity)),
    field("line.unit", Entity::Line, |r| text(r.line()?.unit)),
    field("line.price", Entity::Line, |r| money(r.line()?.price)),
    field("line.amount", Entity::Line, |r| money(r.line()?.amount)),
    field("charge.number", Entity::Charge, |r| text(&r.charge()?.number)),
    field("charge.category", Entity::Charge, |r| text(r.charge()?.category.code())),
    field("charge.category_name", Entity::Charge, |r| text(r.charge()?.category.chinese())),
    field("charge.code", Entity::Charge, |r| text(&r.charge()?.code)),
    field("charge.name", Entity::Charge, |r| text(&r.charge()?.name)),
    field("charge.specification", Entity::Charge, |r| text(&r.charge()?.specification)),
    field("charge.unit", Entity::Charge, |r| text(&r.charge()?.unit)),
    field("charge.price", Entity::Charge, |r| money(r.charge()?.price)),
    field("charge.quantity", Entity::Charge, |r| whole(r.charge()?.quantity)),
    field("charge.amount", Entity::Charge, |r| money(r.charge()?.amount)),
    field("charge.insurance", Entity::Charge, |r| class(r.charge()?.insurance)),
    field("charge.charged", Entity::Charge, |r| local(r, r.charge()?.charged)),
    field("charge.performed_by", Entity::Charge, |r| text(&r.charge()?.performed_by)),
    field("charge.order", Entity::Charge, |r| text(r.charge()?.order.as_ref()?)),
    field("charge.bill", Entity::Charge, |r| text(r.charge()?.bill.as_ref()?)),
    field("bill.number", Entity::Bill, |r| text(&r.bill()?.number)),
    field("bill.kind", Entity::Bill, |r| {
        text(match r.bill()?.kind {
            BillKind::Registration => "registration",
            BillKind::Outpatient => "outpatient",
            BillKind::Refund => "refund",
            BillKind::Settlement => "settlement",
        })
    }),
    field("bill.settled", Entity::Bill, |r| local(r, r.bill()?.settled)),
    field("bill.cashier", Entity::Bill, |r| text(&r.bill()?.cashier)),
    field("bill.cashier_name", Entity::Bill, |r| staff_name(r, &r.bill()?.cashier)),
    field("bill.insurance", Entity::Bill, |r| text(r.bill()?.insurance.code())),
    field("bill.total", Entity::Bill, |r| money(r.bill()?.total)),
    field("bill.fund", Entity::Bill, |r| paid(r, &[PaymentKind::Fund])),
    field("bill.account", Entity::Bill, |r| paid(r, &[PaymentKind::Account])),
    field("bill.deposit", Entity::Bill, |r| paid(r, &[PaymentKind::Deposit])),
    field("bill.mobile", Entity::Bill, |r| paid(r, &[PaymentKind::WeChat, PaymentKind::Alipay])),
    field("bill.card", Entity::Bill, |r| paid(r, &[PaymentKind::Card])),
    field("bill.cash", Entity::Bill, |r| paid(r, &[PaymentKind::Cash])),
    field("bill.deposits", Entity::Bill, |r| money(r.bill()?.deposits)),
    field("bill.returned", Entity::Bill, |r| money(r.bill()?.returned)),
    field("deposit.number", Entity::Deposit, |r| text(&r.deposit()?.number)),
    field("deposit.paid", Entity::Deposit, |r| local(r, r.deposit()?.paid)),
    field("deposit.amount", Entity::Deposit, |r| money(r.deposit()?.amount)),
    field("deposit.kind", Entity::Deposit, |r| text(r.deposit()?.kind.code())),
    field("deposit.kind_name", Entity::Deposit, |r| text(r.deposit()?.kind.chinese())),
    field("deposit.cashier", Entity::Deposit, |r| text(&r.deposit()?.cashier)),
    field("wardorder.number", Entity::WardOrder, |r| text(&r.ward_order()?.number)),
    field("wardorder.term", Entity::WardOrder, |r| {
        text(match r.ward_order()?.term {
            OrderTerm::Long => "long",
            OrderTerm::Short => "short",
        })
    }),
    field("wardorder.class", Entity::WardOrder, |r| text(r.ward_order()?.class.chinese())),
    field("wardorder.group", Entity::WardOrder, |r| whole(r.ward_order()?.group)),
    field("wardorder.name", Entity::WardOrder, |r| text(&r.ward_order()?.name)),
    field("wardorder.drug", Entity::WardOrder, |r| text(r.ward_order()?.drug.as_ref()?)),
    field("wardorder.specification", Entity::WardOrder, |r| text(r.ward_order()?.specification)),
    field("wardorder.dose", Entity::WardOrder, |r| text(&r.ward_order()?.dose)),
    field("wardorder.dose_unit", Entity::WardOrder, |r| text(r.ward_order()?.dose_unit)),
    field("wardorder.frequency", Entity::WardOrder, |r| text(r.ward_order()?.frequency.code())),
    field("wardorder.route", Entity::WardOrder, |r| text(r.ward_order()?.route)),
    field("wardorder.packs", Entity::WardOrder, |r| whole(r.ward_order()?.packs)),
    field("wardorder.started", Entity::WardOrder, |r| local(r, r.ward_order()?.started)),
    field("wardorder.checked", Entity::WardOrder, |r| local(r, r.ward_order()?.checked?)),
    field("wardorder.checker", Entity::WardOrder, |r| text(r.ward_order()?.checked_by.as_ref()?)),
    field("wardorder.done", Entity::WardOrder, |r| local(r, r.ward_order()?.done?)),
    field("wardorder.stopped", Entity::WardOrder, |r| local(r, r.ward_order()?.stopped?)),
    field("wardorder.stopper", Entity::WardOrder, |r| text(r.ward_order()?.stopped_by.as_ref()?)),
    field("wardorder.request", Entity::WardOrder, |r| text(r.ward_order()?.request.as_ref()?)),
    field("wardorder.state", Entity::WardOrder, |r| {
        text(match r.ward_order()?.state {
            MedicalOrderState::Written => "written",
            MedicalOrderState::Checked => "checked",
            MedicalOrderState::Done => "done",
            MedicalOrderState::Stopped => "stopped",
            MedicalOrderState::Cancelled => "cancelled",
        })
    }),
    field("finding.kind", Entity::Finding, |r| {
        text(match r.finding()?.kind {
            DiagnosisKind::Outpatient => "outpatient",
            DiagnosisKind::Admission => "admission",
            DiagnosisKind::DischargeMain => "discharge_main",
            DiagnosisKind::DischargeOther => "discharge_other",
        })
    }),
    field("finding.place", Entity::Finding, |r| whole(r.finding()?.place)),
    field("finding.icd10", Entity::Finding, |r| text(&r.finding()?.diagnosis.icd10)),
    field("finding.name", Entity::Finding, |r| text(&r.finding()?.diagnosis.name)),
    field("finding.made", Entity::Finding, |r| local(r, r.finding()?.made)),
    field("finding.outcome", Entity::Finding, |r| text(r.finding()?.outcome)),
];
