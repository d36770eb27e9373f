//! Local days and moments as plain integers: the world counts, it never asks a clock.

use jiff::civil::Date;

/// 1970-01-01 to 2020-01-01.
const FIRST_EPOCH_DAY: i64 = 18_262;

/// Days the world lives: 2020-01-01 to 2050-12-31, for which its holiday table holds.
pub(super) const DAYS: i32 = 11_323;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// Seconds of a minute.
pub(super) const MINUTE: i64 = 60;

/// Seconds of an hour.
pub(super) const HOUR: i64 = 3_600;

/// A local day: 0 is 2020-01-01, a Wednesday. Earlier days are negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Day(pub i32);

/// A local moment: seconds since midnight of day 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Moment(pub i64);

impl Day {
    /// The day of a calendar date.
    pub(super) fn of(date: Date) -> Day {
        Day::civil(i32::from(date.year()), i32::from(date.month()), i32::from(date.day()))
    }

    /// The day of year, month and day, by the proleptic Gregorian calendar (days counted from
    /// 1 March, so that the leap day comes last).
    fn civil(year: i32, month: i32, day: i32) -> Day {
        let y = i64::from(if month <= 2 { year - 1 } else { year });
        let era = y.div_euclid(400);
        let of_era = y.rem_euclid(400);
        let of_year = (153 * i64::from((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        Day((days - FIRST_EPOCH_DAY) as i32)
    }

    /// Year, month and day.
    pub(super) fn ymd(self) -> (i32, u32, u32) {
        let z = i64::from(self.0) + FIRST_EPOCH_DAY + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        (year as i32, month as u32, (doy - (153 * mp + 2) / 5 + 1) as u32)
    }

    /// The calendar date.
    pub(super) fn date(self) -> Date {
        let (y, m, d) = self.ymd();
        Date::new(y as i16, m as i8, d as i8).unwrap_or(Date::MIN)
    }

    /// Six digits, `YYMMDD`.
    pub(super) fn yymmdd(self) -> String {
        let (y, m, d) = self.ymd();
        format!("{:02}{m:02}{d:02}", y.rem_euclid(100))
    }

    /// The day of six digits `YYMMDD` in this century, if it is a date of the world.
    pub(super) fn parse_yymmdd(text: &str) -> Option<Day> {
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: i32 = text.parse().ok()?;
        Day::checked(2000 + number / 10_000, number / 100 % 100, number % 100)
    }

    /// The day of eight digits `YYYYMMDD`, if it is a date.
    pub(super) fn parse_yyyymmdd(text: &str) -> Option<Day> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: i32 = text.parse().ok()?;
        Day::checked(number / 10_000, number / 100 % 100, number % 100)
    }

    fn checked(year: i32, month: i32, day: i32) -> Option<Day> {
        let found = Day::civil(year, month, day);
        ((1..=12).contains(&month) && found.ymd() == (year, month as u32, day as u32)).then_some(found)
    }

    /// Monday is 0.
    pub(super) fn weekday(self) -> usize {
        (self.0 + 2).rem_euclid(7) as usize
    }

    /// Midnight that begins it.
    pub(super) fn start(self) -> Moment {
        Moment(i64::from(self.0) * DAY)
    }

    /// This many days later.
    pub(super) fn plus(self, days: i32) -> Day {
        Day(self.0 + days)
    }

    /// Whether visits of this day exist.
    pub(super) fn in_world(self) -> bool {
        (0..DAYS).contains(&self.0)
    }
}

impl Moment {
    /// The moment of a UTC second under an offset in seconds.
    pub(super) fn of_unix(second: i64, offset: i64) -> Moment {
        Moment(second + offset - FIRST_EPOCH_DAY * DAY)
    }

    /// Its UTC second.
    pub(super) fn unix(self, offset: i64) -> i64 {
        self.0 - offset + FIRST_EPOCH_DAY * DAY
    }

    /// Its local day.
    pub(super) fn day(self) -> Day {
        Day(self.0.div_euclid(DAY) as i32)
    }

    /// Seconds since local midnight.
    pub(super) fn second(self) -> i64 {
        self.0.rem_euclid(DAY)
    }

    /// This many seconds later.
    pub(super) fn plus(self, seconds: i64) -> Moment {
        Moment(self.0 + seconds)
    }
}

/// Whole years between two days: age.
pub(super) fn years(born: Day, on: Day) -> i32 {
    let (by, bm, bd) = born.ymd();
    let (y, m, d) = on.ymd();
    y - by - i32::from((m, d) < (bm, bd))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_agree_with_the_calendar() {
        assert_eq!(Day::of(date(2020, 1, 1)), Day(0));
        assert_eq!(Day(0).weekday(), 2);
        assert_eq!(Day::of(date(2051, 1, 1)).0, DAYS);
        for d in [-40_000, -1, 0, 59, 60, 366, 2_251, 11_322] {
            assert_eq!(Day::of(Day(d).date()), Day(d));
        }
        assert_eq!(Day::of(date(2026, 3, 1)).yymmdd(), "260301");
        assert_eq!(Day::parse_yymmdd("260230"), None);
        assert_eq!(Day::parse_yymmdd("260301"), Some(Day::of(date(2026, 3, 1))));
    }

    #[test]
    fn ages_change_on_birthdays() {
        let born = Day::of(date(2000, 2, 29));
        assert_eq!(years(born, Day::of(date(2026, 2, 28))), 25);
        assert_eq!(years(born, Day::of(date(2026, 3, 1))), 26);
    }
}
