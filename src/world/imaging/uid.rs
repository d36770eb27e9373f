//! UIDs in the shape of their device's maker, that lead back to their study.
//!
//! Each shape holds the time of the study and its number; the day of registration is at most
//! [`LONGEST_DELAY`] days earlier. A decoded UID is always built again and compared, so that
//! nothing but a UID we gave is accepted.

use super::{Course, ImagingKey, LONGEST_DELAY};
use crate::world::World;
use crate::world::dice::Purpose;
use crate::world::tables::devices::Maker;
use crate::world::time::{Day, Moment};

/// Which object of a study a UID names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Part {
    Study,
    FrameOfReference,
    /// Place of the series, from 1.
    Series(u32),
    /// Place of the series and instance number, each from 1.
    Instance(u32, u32),
}

/// Instances of a series stay below this.
const PART_STEP: u32 = 1000;

/// Series of a study stay below this.
const MOST_SERIES: u32 = 100;

/// The series that the hospital's information system adds to a study, under UIDs of its own.
pub(in crate::world) const ADDED: u32 = 90;

/// What a UID begins with that is made of a UUID (PS3.5 B.2).
const FROM_UUID: &str = "2.25.";

/// Digits of a second of the epoch in this and many more centuries.
const MAX_EPOCH_DIGITS: usize = 11;

impl Part {
    fn number(self) -> u32 {
        match self {
            Part::Study => 0,
            Part::FrameOfReference => 1,
            Part::Series(series) => series * PART_STEP,
            Part::Instance(series, instance) => series * PART_STEP + instance,
        }
    }

    /// Whether the hospital's information system made it, not the device.
    fn is_added(self) -> bool {
        matches!(self, Part::Series(ADDED) | Part::Instance(ADDED, _))
    }

    fn of(number: u32) -> Option<Part> {
        match (number / PART_STEP, number % PART_STEP) {
            (0, 0) => Some(Part::Study),
            (0, 1) => Some(Part::FrameOfReference),
            (0, _) => None,
            (MOST_SERIES.., _) => None,
            (series, 0) => Some(Part::Series(series)),
            (series, instance) => Some(Part::Instance(series, instance)),
        }
    }
}

/// What a UID says before it is checked.
struct Claim {
    /// Day of the study, or of its registration.
    day: Day,
    number: u32,
    part: u32,
}

impl World {
    /// The UID of a part of a study.
    pub(in crate::world) fn uid(&self, course: &Course, part: Part) -> String {
        let place = self.devices.of(course.key);
        let device = &self.devices.all()[place];
        let (prefix, number) = (&device.uid_prefix, course.key.number);
        let sub = part.number();
        let epoch = course.started.unix(self.offset());
        if part.is_added() {
            return self.uid_from_uuid(course.key, place, sub);
        }
        match device.maker {
            Maker::Siemens => {
                let hundredths = self.key.hash(Purpose::Uid, 1, epoch as u64) % 100;
                format!("{prefix}300000{}{hundredths:02}0{number:04}{sub:05}", stamp(course.started))
            }
            Maker::Ge => match part {
                Part::Instance(series, instance) => {
                    format!("{prefix}{number}.{epoch}.{}.{instance}", PART_STEP * (series + 1))
                }
                Part::Study | Part::FrameOfReference | Part::Series(_) => {
                    format!("{prefix}{number}.{epoch}.{}", PART_STEP + sub)
                }
            },
            Maker::Uih => {
                let kind = match part {
                    Part::Study => 2,
                    Part::FrameOfReference | Part::Series(_) => 3,
                    Part::Instance(..) => 9,
                };
                format!("{prefix}{}.{kind}.{}.{}", stamp(course.started), 4_000 + number, sub + 1)
            }
            Maker::Canon => format!("{prefix}{epoch}.{}", 1_000_000_000 + number * CANON_STEP + sub),
            Maker::Agfa => {
                let sealed = self.cipher(1).seal(pack(course.key, place));
                let words = [48, 32, 16, 0].map(|shift| (sealed >> shift & 0xffff).to_string());
                format!("{prefix}{}.{}", words.join("."), u64::from(sub) + 10_000 + (sealed & 0x3fff))
            }
            Maker::Samsung => {
                let stamp = stamp(course.started);
                format!("{prefix}20{}.{}.{}", stamp, 1_000 + number, 1 + sub)
            }
            Maker::Philips => {
                let first = self.cipher(1).seal(pack(course.key, place));
                let second = self.cipher(2).seal(u64::from(sub) ^ first >> 40 << 10);
                format!("{prefix}{}.{}", first | TOP, second | TOP)
            }
        }
    }

    /// The study and part that a UID names, if we gave it.
    pub(in crate::world) fn of_uid(&self, uid: &str) -> Option<(Course, Part)> {
        if uid.len() > 64 {
            return None;
        }
        if let Some(uuid) = uid.strip_prefix(FROM_UUID) {
            return self.of_uuid(uid, uuid);
        }
        let devices = self.devices.all().iter().enumerate();
        let mut found = devices.filter(|(_, d)| uid.starts_with(&d.uid_prefix));
        found.find_map(|(place, device)| {
            let claim = self.claim(device.maker, uid.strip_prefix(&device.uid_prefix)?)?;
            self.holds(uid, place, &claim)
        })
    }

    /// The study and part that a claim says, if their UID is the one that claimed it.
    fn holds(&self, uid: &str, place: usize, claim: &Claim) -> Option<(Course, Part)> {
        let part = Part::of(claim.part)?;
        let modality = self.devices.all().get(place)?.device.modality;
        (0..=LONGEST_DELAY).find_map(|delay| {
            let key = ImagingKey { modality, day: claim.day.plus(-delay), number: claim.number };
            if self.devices.of(key) != place {
                return None;
            }
            let course = self.course(key)?;
            (self.uid(&course, part) == uid).then_some((course, part))
        })
    }

    /// A UID from a UUID of version 4, whose first half and some of its second hold what it names.
    fn uid_from_uuid(&self, key: ImagingKey, place: usize, sub: u32) -> String {
        let first = self.cipher(1).seal(pack(key, place));
        let second = self.cipher(2).seal(u64::from(sub) ^ first >> 40 << 10);
        // Two numbers of 63 bits; a hash fills what is left.
        let random = u128::from(self.key.hash(Purpose::Uid, 4, first)) & 3;
        let bits = random << 126 | u128::from(first) << 63 | u128::from(second);
        FROM_UUID.to_owned() + &bits.to_string()
    }

    fn of_uuid(&self, uid: &str, text: &str) -> Option<(Course, Part)> {
        let bits: u128 = text.parse().ok()?;
        let (first, second) = ((bits >> 63) as u64 & !TOP, bits as u64 & !TOP);
        let part = self.cipher(2).open(second) ^ first >> 40 << 10;
        let packed = self.cipher(1).open(first);
        let (day, number) = unpack(packed);
        self.holds(uid, (packed & 0xff) as usize, &Claim { day, number, part: u32::try_from(part).ok()? })
    }

    fn claim(&self, maker: Maker, tail: &str) -> Option<Claim> {
        let small = |text: &str| text.parse::<u32>().ok();
        let day_of = |epoch: &str| {
            let second = epoch.parse().ok().filter(|_| epoch.len() <= MAX_EPOCH_DIGITS)?;
            Some(Moment::of_unix(second, self.offset()).day())
        };
        match maker {
            Maker::Siemens => {
                let rest = tail.strip_prefix("300000").filter(|r| r.len() == 24 && r.is_ascii())?;
                let (number, part) = (small(&rest[15..19])?, small(&rest[19..])?);
                Some(Claim { day: Day::parse_yymmdd(&rest[..6])?, number, part })
            }
            Maker::Ge => {
                let mut parts = tail.split('.');
                let (first, epoch, sub) = (small(parts.next()?)?, parts.next()?, small(parts.next()?)?);
                let instance = parts.next().map_or(Some(0), small)?;
                let part = sub.checked_sub(PART_STEP)?.checked_add(instance)?;
                Some(Claim { day: day_of(epoch)?, number: first, part })
            }
            Maker::Uih => {
                let mut parts = tail.split('.');
                let stamp = parts.next().filter(|s| s.len() == 12 && s.is_ascii())?;
                let _kind = parts.next()?;
                let number = small(parts.next()?)?.checked_sub(4_000)?;
                let part = small(parts.next()?)?.checked_sub(1)?;
                Some(Claim { day: Day::parse_yymmdd(&stamp[..6])?, number, part })
            }
            Maker::Canon => {
                let (epoch, rest) = tail.split_once('.')?;
                let rest = small(rest)?.checked_sub(1_000_000_000)?;
                Some(Claim { day: day_of(epoch)?, number: rest / CANON_STEP, part: rest % CANON_STEP })
            }
            Maker::Agfa => {
                let (words, last) = tail.rsplit_once('.')?;
                let words: Vec<u16> = words.split('.').map_while(|word| word.parse().ok()).collect();
                let words: [u16; 4] = words.try_into().ok()?;
                let sealed = words.into_iter().fold(0, |all, word| all << 16 | u64::from(word));
                let (day, number) = unpack(self.cipher(1).open(sealed & !TOP));
                let part = number_of(last)?.checked_sub(10_000 + (sealed & 0x3fff))?;
                Some(Claim { day, number, part: u32::try_from(part).ok()? })
            }
            Maker::Samsung => {
                let mut parts = tail.split('.');
                let stamp = parts.next().filter(|s| s.len() == 14 && s.is_ascii())?;
                let (number, sub) = (small(parts.next()?)?, small(parts.next()?)?);
                let (number, part) = (number.checked_sub(1_000)?, sub.checked_sub(1)?);
                Some(Claim { day: Day::parse_yymmdd(&stamp[2..8])?, number, part })
            }
            Maker::Philips => {
                let (first, second) = tail.split_once('.')?;
                let first = number_of(first)? & !TOP;
                let second = number_of(second)? & !TOP;
                let part = self.cipher(2).open(second) ^ first >> 40 << 10;
                let (day, number) = unpack(self.cipher(1).open(first));
                Some(Claim { day, number, part: u32::try_from(part).ok()? })
            }
        }
    }

    fn cipher(&self, which: u64) -> Cipher {
        Cipher { odd: self.key.hash(Purpose::Uid, 2, which) | 1, add: self.key.hash(Purpose::Uid, 3, which) }
    }
}

/// What the number of a study counts in the last part of a Canon UID.
const CANON_STEP: u32 = PART_STEP * MOST_SERIES;

fn number_of(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// `YYMMDDhhmmss`.
fn stamp(at: Moment) -> String {
    let second = at.second();
    format!("{}{:02}{:02}{:02}", at.day().yymmdd(), second / 3600, second / 60 % 60, second % 60)
}

/// Set in both numbers of a Philips UID, so that they have 19 or 20 digits.
const TOP: u64 = 1 << 63;

fn pack(key: ImagingKey, place: usize) -> u64 {
    (key.day.0 as u64) << 24 | u64::from(key.number) << 8 | place as u64
}

fn unpack(packed: u64) -> (Day, u32) {
    (Day((packed >> 24 & 0x7fff_ffff) as i32), (packed >> 8 & 0xffff) as u32)
}

/// An invertible scrambling of 63 bits: a linear step, a fold, and the linear step again.
struct Cipher {
    odd: u64,
    add: u64,
}

impl Cipher {
    fn seal(&self, x: u64) -> u64 {
        let y = x.wrapping_mul(self.odd).wrapping_add(self.add) & !TOP;
        (y ^ y >> 32).wrapping_mul(self.odd) & !TOP
    }

    fn open(&self, y: u64) -> u64 {
        let inverse = inverse(self.odd);
        let y = y.wrapping_mul(inverse) & !TOP;
        (y ^ y >> 32).wrapping_sub(self.add).wrapping_mul(inverse) & !TOP
    }
}

/// The inverse of an odd number modulo 2^64, by Newton's method: each step doubles the right bits.
fn inverse(odd: u64) -> u64 {
    (0..6).fold(odd, |x, _| x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x))))
}
