//! Departments' people.

use super::dice::{Dice, Key, Purpose};
use super::names::NameKey;
use super::tables::departments::{DEPARTMENTS, Dept, Kind, Row};
use super::{Department, Sex, Staff};

/// Beds for which the table's head counts are meant.
const TABLE_BEDS: u32 = 1500;

/// Titles from junior to senior, with the share in per mille of those who hold at most it.
type Ladder = [(&'static str, u32); 4];

const PHYSICIANS: Ladder = [("住院医师", 310), ("主治医师", 660), ("副主任医师", 880), ("主任医师", 1000)];
const NURSES: Ladder = [("护士", 350), ("护师", 700), ("主管护师", 940), ("副主任护师", 1000)];
const TECHNICIANS: Ladder = [("技士", 260), ("技师", 640), ("主管技师", 920), ("副主任技师", 1000)];
const PHARMACISTS: Ladder = [("药士", 260), ("药师", 640), ("主管药师", 920), ("副主任药师", 1000)];
const ENGINEERS: Ladder = [("助理工程师", 300), ("工程师", 760), ("高级工程师", 960), ("正高级工程师", 1000)];

const CASHIERS: Ladder = [("收费员", 700), ("会计员", 860), ("会计师", 970), ("高级会计师", 1000)];

/// All staff by department, made once.
#[derive(Debug)]
pub(super) struct Roster {
    staff: Vec<Staff>,
    /// Per department: first, first who is no physician, end.
    places: Vec<(usize, usize, usize)>,
}

impl Roster {
    /// Draws everybody.
    pub(super) fn new(key: Key, beds: u32) -> Roster {
        let mut roster = Roster { staff: Vec::new(), places: Vec::new() };
        let mut dice = key.dice(Purpose::Staff, 0, 0);
        let mut number = 1_000;
        for row in DEPARTMENTS {
            let first = roster.staff.len();
            for i in 0..scaled(row.physicians, beds) {
                roster.staff.push(person(key, &mut dice, &mut number, row, true, i));
            }
            let others = roster.staff.len();
            for i in 0..scaled(row.others, beds) {
                roster.staff.push(person(key, &mut dice, &mut number, row, false, i));
            }
            roster.places.push((first, others, roster.staff.len()));
        }
        roster
    }

    /// Everybody, by number.
    pub(super) fn all(&self) -> &[Staff] {
        &self.staff
    }

    /// By staff number.
    pub(super) fn member(&self, number: &str) -> Option<&Staff> {
        let at = self.staff.binary_search_by(|s| s.number.as_str().cmp(number)).ok()?;
        self.staff.get(at)
    }

    /// A physician of a department; any draw gives one.
    pub(super) fn physician(&self, dept: Dept, draw: u64) -> &Staff {
        let (first, others, _) = self.places[dept as usize];
        &self.staff[first + draw as usize % (others - first).max(1)]
    }

    /// A senior physician of a department.
    pub(super) fn senior(&self, dept: Dept, draw: u64) -> &Staff {
        let (first, others, _) = self.places[dept as usize];
        let count = others - first;
        let seniors = (0..count).map(|i| &self.staff[first + (draw as usize + i) % count.max(1)]);
        seniors.into_iter().find(|s| s.title.contains("主任")).unwrap_or(&self.staff[first])
    }

    /// A technician or nurse of a department.
    pub(super) fn technician(&self, dept: Dept, draw: u64) -> &Staff {
        let (_, others, end) = self.places[dept as usize];
        &self.staff[others + draw as usize % (end - others).max(1)]
    }
}

/// At least two, so that nobody signs his own report; none stays none.
fn scaled(count: u16, beds: u32) -> u32 {
    if count == 0 { 0 } else { (u32::from(count) * beds / TABLE_BEDS).clamp(2, 110) }
}

fn person(key: Key, dice: &mut Dice, number: &mut u32, row: &Row, physician: bool, index: u32) -> Staff {
    *number += 1 + u32::from(dice.permille(90));
    let women = match (physician, row.kind) {
        (true, _) => 480,
        (false, Kind::Ward) => 950,
        (false, Kind::Technical | Kind::Pharmacy) => 620,
        (false, Kind::Engineering) => 220,
        (false, Kind::Finance) => 860,
    };
    let sex = if dice.permille(women) { Sex::F } else { Sex::M };
    let ladder = match (physician, row.kind) {
        (true, _) => PHYSICIANS,
        (false, Kind::Ward) => NURSES,
        (false, Kind::Technical) => TECHNICIANS,
        (false, Kind::Pharmacy) => PHARMACISTS,
        (false, Kind::Engineering) => ENGINEERS,
        (false, Kind::Finance) => CASHIERS,
    };
    // The first one leads.
    let draw = if index == 0 { 999 } else { dice.below(1000) };
    let rung = ladder.iter().position(|(_, until)| draw < *until).unwrap_or(3);
    let born = 1997 - rung as i32 * 8 - dice.below(8) as i32;
    let name = NameKey::draw(key, u64::from(*number) | 1 << 40, sex, born).name();
    Staff {
        number: format!("{number:04}"),
        name,
        title: ladder[rung].0.to_owned(),
        department: row.code.to_owned(),
        physician,
    }
}

/// All departments.
pub(super) fn departments() -> Vec<Department> {
    DEPARTMENTS.iter().map(department).collect()
}

/// A department by code.
pub(super) fn department_by_code(code: &str) -> Option<Department> {
    DEPARTMENTS.iter().find(|row| row.code == code).map(department)
}

fn department(row: &Row) -> Department {
    Department { code: row.code.to_owned(), name: row.name.to_owned(), name_en: row.name_en.to_owned() }
}
