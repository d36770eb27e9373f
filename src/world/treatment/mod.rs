//! Treatment and money: what a visit was given, and what it cost.
//!
//! All of it is worked out from the visit alone, so a number leads back to its visit and its place
//! there. A visit's whole list is always made, also what lies in the future of a view, and then cut:
//! so a number never changes. From the bottom up: `formulary` is what can be given, `therapy` chooses
//! from it, `prescriptions` and `ward` write it down, `schedule` says when a ward carried it out,
//! `ledger` what it cost, `bills` who paid.

mod bills;
mod days;
mod facts;
pub(super) mod formulary;
mod ledger;
mod prescriptions;
mod queries;
mod schedule;
mod surgery;
mod therapy;
mod ward;
mod ward_ledger;

pub(super) use days::Books;

use super::calendar::{CLASSES, class_index};
use super::dice::{Dice, Purpose};
use super::time::{Day, HOUR, MINUTE, Moment};
use super::visits::VisitKey;
use super::{Allergen, InsuranceKind, World};

/// What a number of a visit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ItemKind {
    Prescription,
    WardOrder,
    Charge,
    Bill,
    Deposit,
    Surgery,
}

/// Every kind with the letters and the count's digits of its numbers.
const SHAPES: [(ItemKind, &str, usize); 6] = [
    (ItemKind::Prescription, "CF", 2),
    (ItemKind::WardOrder, "YZ", 3),
    (ItemKind::Charge, "FY", 4),
    (ItemKind::Bill, "SJ", 2),
    (ItemKind::Deposit, "YJ", 2),
    (ItemKind::Surgery, "SS", 2),
];

/// Digits of a visit's slot in a number.
const SLOT_DIGITS: usize = 5;

/// One of the things of a visit: its kind and its place, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ItemKey {
    pub visit: VisitKey,
    pub kind: ItemKind,
    pub place: u32,
}

impl ItemKey {
    /// As it is printed: kind, day, class, slot and place.
    pub(super) fn number(self) -> String {
        let (_, letters, digits) = SHAPES[self.kind as usize];
        let (day, class) = (self.visit.day.yymmdd(), class_index(self.visit.class) + 1);
        format!("{letters}{day}{class}{:0SLOT_DIGITS$}{:0digits$}", self.visit.slot + 1, self.place)
    }

    /// The thing with this number, if one could have it.
    pub(super) fn parse(text: &str) -> Option<ItemKey> {
        let (kind, _, digits) = *SHAPES.iter().find(|(_, letters, _)| text.starts_with(letters))?;
        let rest = text.get(2..).filter(|r| r.len() == 7 + SLOT_DIGITS + digits && r.is_ascii())?;
        let day = Day::parse_yymmdd(rest.get(..6)?)?;
        let class = rest.get(6..7)?.parse::<usize>().ok()?.checked_sub(1)?;
        let slot = rest.get(7..7 + SLOT_DIGITS)?.parse::<u32>().ok()?.checked_sub(1)?;
        let place = rest.get(7 + SLOT_DIGITS..)?.parse().ok()?;
        let key = ItemKey { visit: VisitKey { class: *CLASSES.get(class)?, day, slot }, kind, place };
        (key.number() == text).then_some(key)
    }
}

/// Allergies in a thousand patients: one, and two.
const ALLERGIC: (u32, u32) = (88, 14);

impl World {
    /// What a patient is allergic to, for life.
    pub(super) fn allergens(&self, no: u32) -> Vec<(Allergen, u64)> {
        let mut dice = self.key.dice(Purpose::Allergy, u64::from(no), 0);
        let count = match dice.below(1000) {
            draw if draw < ALLERGIC.1 => 2,
            draw if draw < ALLERGIC.0 => 1,
            _ => 0,
        };
        let mut found: Vec<(Allergen, u64)> = Vec::new();
        for _ in 0..count {
            let allergen = match dice.below(100) {
                0..=44 => Allergen::Penicillins,
                45..=62 => Allergen::Cephalosporins,
                63..=74 => Allergen::Sulfonamides,
                75..=82 => Allergen::Analgesics,
                83..=90 => Allergen::Quinolones,
                91..=95 => Allergen::Iodine,
                _ => Allergen::Antitoxin,
            };
            if found.iter().all(|(known, _)| *known != allergen) {
                found.push((allergen, dice.next()));
            }
        }
        found
    }

    /// Who pays for a patient: the same at every visit.
    pub(super) fn insurance(&self, no: u32) -> InsuranceKind {
        let mut dice = self.key.dice(Purpose::Insurance, u64::from(no), 0);
        let born = self.person(no).map_or(1980, |person| person.born.ymd().0);
        let draw = dice.below(1000);
        match born {
            ..=1938 if draw < 160 => InsuranceKind::Veteran,
            ..=2004 => match draw {
                0..=489 => InsuranceKind::Employee,
                490..=809 => InsuranceKind::Resident,
                810..=899 => InsuranceKind::Remote,
                _ => InsuranceKind::SelfPay,
            },
            _ => match draw {
                0..=819 => InsuranceKind::Resident,
                820..=879 => InsuranceKind::Remote,
                _ => InsuranceKind::SelfPay,
            },
        }
    }

    /// Dice of a visit for one purpose and one of its things.
    fn dice_item(&self, purpose: Purpose, visit: VisitKey, item: u64) -> Dice {
        self.key.dice(purpose, self.hash_visit(purpose, visit), item)
    }
}

/// A draw of minutes.
fn minutes(dice: &mut Dice, low: i64, high: i64) -> i64 {
    dice.between(low * MINUTE, high * MINUTE)
}

/// A moment of a day.
fn at(day: Day, hour: i64, minute: i64) -> Moment {
    day.start().plus(hour * HOUR + minute * MINUTE)
}
