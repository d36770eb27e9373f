//! What things cost, and who paid.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

use jiff::Timestamp;
use serde::Serialize;

use super::PatientNo;

/// An amount in fen, a hundredth of a yuan. Shown in yuan with two decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Money(pub i64);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100))
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(self.0.saturating_neg())
    }
}

impl Mul<i32> for Money {
    type Output = Money;
    fn mul(self, times: i32) -> Money {
        Money(self.0.saturating_mul(i64::from(times)))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(all: I) -> Money {
        all.fold(Money(0), Add::add)
    }
}

/// How much of an item the public insurance counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum InsuranceClass {
    /// 甲类: all of it.
    A,
    /// 乙类: nine tenths.
    B,
    /// 丙类: nothing.
    C,
}

impl InsuranceClass {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            InsuranceClass::A => "甲类",
            InsuranceClass::B => "乙类",
            InsuranceClass::C => "丙类",
        }
    }
}

/// Who pays for a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InsuranceKind {
    /// 城镇职工基本医疗保险.
    Employee,
    /// 城乡居民基本医疗保险.
    Resident,
    /// 异地医保.
    Remote,
    /// 离休.
    Veteran,
    /// 自费.
    SelfPay,
}

impl InsuranceKind {
    /// All kinds, by code.
    pub const ALL: [InsuranceKind; 5] = [
        InsuranceKind::Employee,
        InsuranceKind::Resident,
        InsuranceKind::Remote,
        InsuranceKind::Veteran,
        InsuranceKind::SelfPay,
    ];

    /// The hospital's code (`01`).
    pub fn code(self) -> &'static str {
        match self {
            InsuranceKind::Employee => "01",
            InsuranceKind::Resident => "02",
            InsuranceKind::Remote => "03",
            InsuranceKind::Veteran => "04",
            InsuranceKind::SelfPay => "07",
        }
    }

    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            InsuranceKind::Employee => "城镇职工基本医疗保险",
            InsuranceKind::Resident => "城乡居民基本医疗保险",
            InsuranceKind::Remote => "异地医保",
            InsuranceKind::Veteran => "离休",
            InsuranceKind::SelfPay => "自费",
        }
    }
}

/// A patient's insurance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Insurance {
    /// Kind.
    pub kind: InsuranceKind,
    /// Number of the card, masked in its middle as screens show it; empty for those who pay themselves.
    pub card_masked: String,
}

/// What a charge belongs to on a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeCategory {
    /// 诊查费.
    Consultation,
    /// 西药费.
    Drug,
    /// 中成药费.
    PatentMedicine,
    /// 检查费.
    Exam,
    /// 化验费.
    Laboratory,
    /// 治疗费.
    Treatment,
    /// 手术费.
    Surgery,
    /// 麻醉费.
    Anaesthesia,
    /// 材料费.
    Material,
    /// 床位费.
    Bed,
    /// 护理费.
    Nursing,
}

impl ChargeCategory {
    /// All categories, in the order of a bill.
    pub const ALL: [ChargeCategory; 11] = [
        ChargeCategory::Consultation,
        ChargeCategory::Drug,
        ChargeCategory::PatentMedicine,
        ChargeCategory::Exam,
        ChargeCategory::Laboratory,
        ChargeCategory::Treatment,
        ChargeCategory::Surgery,
        ChargeCategory::Anaesthesia,
        ChargeCategory::Material,
        ChargeCategory::Bed,
        ChargeCategory::Nursing,
    ];

    /// The hospital's code (`01`).
    pub fn code(self) -> &'static str {
        match self {
            ChargeCategory::Consultation => "01",
            ChargeCategory::Drug => "02",
            ChargeCategory::PatentMedicine => "03",
            ChargeCategory::Exam => "05",
            ChargeCategory::Laboratory => "06",
            ChargeCategory::Treatment => "07",
            ChargeCategory::Surgery => "08",
            ChargeCategory::Anaesthesia => "09",
            ChargeCategory::Material => "10",
            ChargeCategory::Bed => "11",
            ChargeCategory::Nursing => "12",
        }
    }

    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            ChargeCategory::Consultation => "诊查费",
            ChargeCategory::Drug => "西药费",
            ChargeCategory::PatentMedicine => "中成药费",
            ChargeCategory::Exam => "检查费",
            ChargeCategory::Laboratory => "化验费",
            ChargeCategory::Treatment => "治疗费",
            ChargeCategory::Surgery => "手术费",
            ChargeCategory::Anaesthesia => "麻醉费",
            ChargeCategory::Material => "材料费",
            ChargeCategory::Bed => "床位费",
            ChargeCategory::Nursing => "护理费",
        }
    }
}

/// An item of the price list that is no drug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChargeItem {
    /// Code: of the national list, of the hospital's own (`CL0001`), of an exam or of a panel.
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Unit (`次`).
    pub unit: &'static str,
    /// Price of a unit.
    pub price: Money,
    /// Category.
    pub category: ChargeCategory,
    /// How much of it the insurance counts.
    pub insurance: InsuranceClass,
}

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// Number.
    pub number: String,
    /// Who.
    pub patient: PatientNo,
    /// Visit number.
    pub encounter: String,
    /// Category.
    pub category: ChargeCategory,
    /// Code of the charge item or drug.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Specification of a drug; else empty.
    pub specification: String,
    /// Unit.
    pub unit: String,
    /// Price of a unit.
    pub price: Money,
    /// Units; below zero when given back.
    pub quantity: i32,
    /// Price times quantity.
    pub amount: Money,
    /// How much of it the insurance counts.
    pub insurance: InsuranceClass,
    /// When it was charged.
    pub charged: Timestamp,
    /// Department code of who ordered it.
    pub department: String,
    /// Department code of who carried it out.
    pub performed_by: String,
    /// The prescription, medical order or placer order that it is for; `None` for what a stay or a
    /// visit costs by itself (bed, nursing, consultation).
    pub order: Option<String>,
    /// Number of the bill on which it stands; `None` until the stay is settled.
    pub bill: Option<String>,
}

/// What a bill is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BillKind {
    /// 挂号.
    Registration,
    /// 门诊收费.
    Outpatient,
    /// 门诊退费.
    Refund,
    /// 出院结算.
    Settlement,
}

impl BillKind {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            BillKind::Registration => "挂号",
            BillKind::Outpatient => "门诊收费",
            BillKind::Refund => "门诊退费",
            BillKind::Settlement => "出院结算",
        }
    }
}

/// A way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// 医保统筹: the insurance's pooled fund.
    Fund,
    /// 医保个人账户: the insured person's own account.
    Account,
    /// 预交金: deposits of the stay.
    Deposit,
    /// 微信.
    WeChat,
    /// 支付宝.
    Alipay,
    /// 银行卡.
    Card,
    /// 现金.
    Cash,
}

impl PaymentKind {
    /// All kinds, by code.
    pub const ALL: [PaymentKind; 7] = [
        PaymentKind::Fund,
        PaymentKind::Account,
        PaymentKind::Deposit,
        PaymentKind::WeChat,
        PaymentKind::Alipay,
        PaymentKind::Card,
        PaymentKind::Cash,
    ];

    /// The hospital's code (`1`).
    pub fn code(self) -> &'static str {
        match self {
            PaymentKind::Fund => "1",
            PaymentKind::Account => "2",
            PaymentKind::Deposit => "3",
            PaymentKind::WeChat => "4",
            PaymentKind::Alipay => "5",
            PaymentKind::Card => "6",
            PaymentKind::Cash => "9",
        }
    }

    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            PaymentKind::Fund => "医保统筹",
            PaymentKind::Account => "医保个人账户",
            PaymentKind::Deposit => "预交金",
            PaymentKind::WeChat => "微信",
            PaymentKind::Alipay => "支付宝",
            PaymentKind::Card => "银行卡",
            PaymentKind::Cash => "现金",
        }
    }
}

/// A part of a bill, paid in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// How.
    pub kind: PaymentKind,
    /// How much; below zero when given back.
    pub amount: Money,
}

/// A receipt or settlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// Number.
    pub number: String,
    /// What for.
    pub kind: BillKind,
    /// Who.
    pub patient: PatientNo,
    /// Visit number.
    pub encounter: String,
    /// When.
    pub settled: Timestamp,
    /// Cashier, staff number.
    pub cashier: String,
    /// Who pays for the patient.
    pub insurance: InsuranceKind,
    /// Sum of its charges.
    pub total: Money,
    /// The parts; they add up to the total.
    pub payments: Vec<Payment>,
    /// Deposits of the stay; zero for outpatients.
    pub deposits: Money,
    /// What of the deposits was given back.
    pub returned: Money,
}

/// Money that a stay is paid from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deposit {
    /// Number.
    pub number: String,
    /// Who.
    pub patient: PatientNo,
    /// Visit number.
    pub encounter: String,
    /// When.
    pub paid: Timestamp,
    /// How much.
    pub amount: Money,
    /// How.
    pub kind: PaymentKind,
    /// Cashier, staff number.
    pub cashier: String,
}
