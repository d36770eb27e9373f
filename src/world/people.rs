//! The master index: who a patient number is, and which number an id belongs to.

use super::dice::{Dice, Key, Purpose};
use super::names::NameKey;
use super::permute::Permutation;
use super::tables::diagnoses::{DIAGNOSES, Dx};
use super::tables::places;
use super::time::{DAY, Day, HOUR, Moment, years};
use super::{Patient, PatientNo, Sex, World};
use std::sync::LazyLock;

/// First day of the computer's own records: those registered before the world's first day came
/// evenly since then (2008-01-01).
const RECORDS_SINCE: i64 = -4_383;

/// Sequence numbers of a resident id: 001 to 999.
const SEQUENCES: u64 = 999;

/// One of so many patients is often ill and comes more often.
pub(super) const CHRONIC_EVERY: u32 = 16;

/// Ages at registration: up to this many days, with a share in per mille.
const AGES: [(i64, u32); 11] = [
    (365, 70),
    (3 * 365, 45),
    (7 * 365, 50),
    (15 * 365, 45),
    (25 * 365, 75),
    (35 * 365, 140),
    (45 * 365, 135),
    (55 * 365, 165),
    (65 * 365, 160),
    (77 * 365, 95),
    (90 * 365, 20),
];

/// What is needed of a patient to draw the rest; no text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub no: u32,
    pub sex: Sex,
    pub born: Day,
    pub registered: Moment,
}

impl Person {
    /// Age in years on a day.
    pub(super) fn age(&self, on: Day) -> i32 {
        years(self.born, on)
    }

    /// Whether he or she is of those who are often ill.
    pub(super) fn often_ill(&self) -> bool {
        self.no % CHRONIC_EVERY == 3
    }
}

/// The fixed numbers of the master index.
#[derive(Debug)]
pub(super) struct Index {
    key: Key,
    /// Different (area, sequence) pairs.
    places: u64,
    /// Residues of birth dates: patients of the same pair never share a residue.
    residues: i64,
    places_shuffle: Permutation,
    first_mrn: u32,
}

impl Index {
    /// For so many patients in so many areas.
    pub(super) fn new(key: Key, ever: u32, areas: usize) -> Index {
        let places = areas.max(1) as u64 * SEQUENCES;
        Index {
            key,
            places,
            residues: (u64::from(ever) / places) as i64 + 1,
            places_shuffle: Permutation::new(key, Purpose::Area, 0, 0, places),
            first_mrn: 20_000 + (key.hash(Purpose::Number, 0, 0) % 180_000) as u32,
        }
    }

    /// Area and sequence (from 1) of a patient.
    fn place(&self, no: u32) -> (usize, u64) {
        let place = self.places_shuffle.forward(u64::from(no) % self.places);
        ((place / SEQUENCES) as usize, place % SEQUENCES + 1)
    }

    /// Moves a birth date back to the patient's own residue, so that birth date and place together
    /// name one patient.
    fn settle(&self, no: u32, born: Day) -> Day {
        let residue = (u64::from(no) / self.places) as i64 + self.offset(u64::from(no) % self.places);
        Day(born.0 - (i64::from(born.0) - residue).rem_euclid(self.residues) as i32)
    }

    fn offset(&self, place: u64) -> i64 {
        (self.key.hash(Purpose::Area, 1, place) % self.residues as u64) as i64
    }

    /// The patient with this birth date, area and sequence, if there is one.
    fn at(&self, born: Day, area: usize, sequence: u64) -> Option<u32> {
        let place = self.places_shuffle.backward(area as u64 * SEQUENCES + sequence - 1);
        self.born_in(born, place)
    }

    fn born_in(&self, born: Day, place: u64) -> Option<u32> {
        let round = (i64::from(born.0) - self.offset(place)).rem_euclid(self.residues) as u64;
        u32::try_from(round * self.places + place).ok()
    }

    /// Patients who may be born on a day: one per place.
    pub(super) fn candidates(&self, born: Day) -> impl Iterator<Item = u32> + '_ {
        (0..self.places).filter_map(move |place| self.born_in(born, place))
    }

    fn mrn(&self, no: u32) -> u32 {
        let (block, place) = (no / 49, no % 49);
        self.first_mrn + block * 50 + place + u32::from(place >= self.gap(block))
    }

    /// One number of fifty was never given out: a record merged into another.
    fn gap(&self, block: u32) -> u32 {
        (self.key.hash(Purpose::Number, 1, u64::from(block)) % 49) as u32
    }

    fn of_mrn(&self, mrn: u32) -> Option<u32> {
        let number = mrn.checked_sub(self.first_mrn)?;
        let (block, place) = (number / 50, number % 50);
        let gap = self.gap(block);
        (place != gap).then(|| block * 49 + place - u32::from(place > gap))
    }
}

impl World {
    /// A patient who is or will be registered.
    pub(super) fn person(&self, no: u32) -> Option<Person> {
        let registered = self.registered(no)?;
        let mut dice = self.key.dice(Purpose::Birth, u64::from(no), 0);
        let born = self.index.settle(no, Day(registered.day().0 - age_at_registration(&mut dice)));
        let (_, sequence) = self.index.place(no);
        let sex = if sequence % 2 == 1 { Sex::M } else { Sex::F };
        Some(Person { no, sex, born, registered })
    }

    fn registered(&self, no: u32) -> Option<Moment> {
        let before = self.calendar.registered_before(Day(0));
        if no < before {
            let span = -RECORDS_SINCE * 9 * HOUR;
            let second = span * i64::from(no) / i64::from(before);
            let (day, rest) = (second / (9 * HOUR), second % (9 * HOUR));
            return Some(Moment((RECORDS_SINCE + day) * DAY + 8 * HOUR + rest));
        }
        self.registration_visit(no).map(|key| self.slot_start(key))
    }

    /// How many patients are registered at a moment.
    pub(super) fn registered_at(&self, now: Moment) -> u32 {
        let (mut low, mut high) = (0, self.calendar.ever_registered());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.registered(middle).is_some_and(|at| at <= now) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The condition a patient has for life on a day, if any.
    pub(super) fn condition(&self, person: &Person, on: Day) -> Option<&'static Dx> {
        static CHRONIC: LazyLock<Vec<(&Dx, i32)>> =
            LazyLock::new(|| DIAGNOSES.iter().filter_map(|d| Some((*d, d.chronic?))).collect());
        let mut dice = self.key.dice(Purpose::Condition, u64::from(person.no), 0);
        if !dice.permille(260) && !person.often_ill() {
            return None;
        }
        let fits = |d: &Dx| d.sex.is_none_or(|s| s == person.sex);
        let total: u32 = CHRONIC.iter().filter(|(d, _)| fits(d)).map(|(d, _)| d.weight[0]).sum();
        let mut left = dice.below(total);
        let later = dice.below(16) as i32;
        for (dx, from) in CHRONIC.iter().filter(|(d, _)| fits(d)) {
            if left < dx.weight[0] {
                return (person.age(on) >= (from + later).min(dx.ages.1)).then_some(*dx);
            }
            left -= dx.weight[0];
        }
        None
    }

    /// A patient's name as a key.
    pub(super) fn name_key(&self, person: &Person) -> NameKey {
        NameKey::draw(self.key, u64::from(person.no), person.sex, person.born.ymd().0)
    }

    /// The full master record.
    pub(super) fn record(&self, person: &Person) -> Patient {
        let id = self.resident_id(person);
        let name_key = self.name_key(person);
        let mut dice = self.key.dice(Purpose::Contact, u64::from(person.no), 0);
        Patient {
            no: PatientNo(person.no),
            mrn: format!("{:010}", self.index.mrn(person.no)),
            name: name_key.name(),
            sex: person.sex,
            born: person.born.date(),
            resident_id_masked: format!("{}**********{}", &id[..4], &id[14..]),
            resident_id: id,
            phone: self.phone(&mut dice),
            address: self.address(&mut dice),
            ethnicity: name_key.group().unwrap_or_else(|| ethnicity(&mut dice)).to_owned(),
            registered: self.timestamp(person.registered),
        }
    }

    /// The number of a resident id, if it is right in every digit.
    pub(super) fn no_of_resident_id(&self, id: &str) -> Option<u32> {
        if id.len() != 18 || !id.is_ascii() {
            return None;
        }
        let area = self.hospital.area_codes.iter().position(|a| *a == id[..6])?;
        let born = Day::parse_yyyymmdd(&id[6..14])?;
        let sequence: u64 = id[14..17].parse().ok().filter(|s| (1..=SEQUENCES).contains(s))?;
        let no = self.index.at(born, area, sequence)?;
        let person = self.person(no)?;
        self.resident_id(&person).eq_ignore_ascii_case(id).then_some(no)
    }

    /// The number of a medical record number; leading zeros may be missing.
    pub(super) fn no_of_mrn(&self, mrn: &str) -> Option<u32> {
        if mrn.is_empty() || mrn.len() > 10 || !mrn.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.index.of_mrn(mrn.parse().ok()?)
    }

    fn resident_id(&self, person: &Person) -> String {
        let (area, sequence) = self.index.place(person.no);
        let area = self.hospital.area_codes.get(area).map_or("000099", String::as_str);
        let (y, m, d) = person.born.ymd();
        let mut id = format!("{area}{y:04}{m:02}{d:02}{sequence:03}");
        id.push(check_digit(&id));
        id
    }

    fn phone(&self, dice: &mut Dice) -> String {
        if dice.permille(60) {
            // No exchange begins with 1, so this number can't be dialled.
            return format!("{}-1000{:04}", self.hospital.phone_area, dice.below(10_000));
        }
        format!("{}****{:04}", dice.pick(&places::MOBILE), dice.below(10_000))
    }

    fn address(&self, dice: &mut Dice) -> String {
        let hospital = &self.hospital;
        let city = format!("{}{}{}", hospital.province, hospital.city, dice.pick(&places::DISTRICTS));
        if dice.permille(180) {
            let group = 1 + dice.below(9);
            return format!("{city}{}{group}组{}号", dice.pick(&places::VILLAGES), 1 + dice.below(120));
        }
        let street = format!("{city}{}{}号", dice.pick(&places::STREETS), 1 + dice.below(388));
        let (block, stair) = (1 + dice.below(18), 1 + dice.below(4));
        let door = (1 + dice.below(18)) * 100 + 1 + dice.below(4);
        if dice.permille(550) {
            format!("{street}{}{block}栋{stair}单元{door}室", dice.pick(&places::ESTATES))
        } else {
            format!("{street}{block}栋{stair}单元{door}")
        }
    }
}

fn age_at_registration(dice: &mut Dice) -> i32 {
    let mut left = dice.below(AGES.iter().map(|a| a.1).sum());
    let mut from = 0;
    for (until, share) in AGES {
        if left < share {
            return dice.between(from, until - 1) as i32;
        }
        left -= share;
        from = until;
    }
    from as i32
}

fn ethnicity(dice: &mut Dice) -> &'static str {
    match dice.below(1000) {
        0..=4 => "回族",
        5..=9 => "土家族",
        10..=13 => "苗族",
        14..=16 => "满族",
        17..=19 => "羌族",
        _ => "汉族",
    }
}

/// Check digit of the first 17 digits of a resident id (GB 11643, MOD 11-2).
pub(super) fn check_digit(first17: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const DIGITS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let sum: u32 = first17.bytes().zip(WEIGHTS).map(|(b, w)| u32::from(b.wrapping_sub(b'0')) * w).sum();
    DIGITS[(sum % 11) as usize]
}
