//! Points in time and intervals as text.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Span};

use crate::database::cell;

/// Reads a point in time; one with a zone becomes the hospital's local time, so many minutes ahead of UTC.
pub(in crate::database) fn read(text: &str, own_minutes: i32) -> Option<DateTime> {
    let text = text.trim();
    let (plain, zone) = split_zone(text);
    let at = cell::parse_moment(plain).or_else(|| cell::parse_moment(text))?;
    match zone {
        Some(minutes) => at.checked_add(SignedDuration::from_mins(i64::from(own_minutes - minutes))).ok(),
        None => Some(at),
    }
}

/// The text before a zone, and the zone's minutes ahead of UTC.
fn split_zone(text: &str) -> (&str, Option<i32>) {
    if let Some(plain) = text.strip_suffix(['Z', 'z']).or_else(|| text.strip_suffix(" UTC")) {
        return (plain, Some(0));
    }
    let from = text.find(':').unwrap_or(text.len());
    let Some(at) = text.get(from..).and_then(|rest| rest.rfind(['+', '-'])).map(|at| from + at) else {
        return (text, None);
    };
    let (plain, zone) = text.split_at(at);
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<i32>().ok());
    let minutes = part(0..2.min(digits.len())).unwrap_or(0) * 60 + part(2..4).unwrap_or(0);
    (plain.trim_end(), Some(if zone.starts_with('-') { -minutes } else { minutes }))
}

/// A point in time as the engine keeps it.
pub(in crate::database) fn written(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// An interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::database) struct Interval {
    pub months: i64,
    pub days: i64,
    pub micros: i64,
}

const SECOND: i64 = 1_000_000;

impl Interval {
    /// Reads `1 day 02:00:00`, `2 weeks`, `-3 mons`; `unit` is that of a bare number.
    pub(in crate::database) fn read(text: &str, unit: &str) -> Option<Interval> {
        let mut made = Interval::default();
        let mut words = text.split_whitespace().peekable();
        let mut sign = 1.0;
        while let Some(word) = words.next() {
            if word == "@" {
                continue;
            }
            if word == "ago" {
                sign = -1.0;
                continue;
            }
            if word.contains(':') {
                made.micros += clock(word)?;
                continue;
            }
            let end = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
            let (number, behind) = word.split_at(end);
            let number: f64 = number.parse().ok()?;
            let named = if behind.is_empty() {
                words.next_if(|next| next.starts_with(|c: char| c.is_ascii_alphabetic()) && *next != "ago")
            } else {
                Some(behind)
            };
            made.add(number, named.unwrap_or(if unit.is_empty() { "second" } else { unit }))?;
        }
        Some(made.times(sign))
    }

    fn add(&mut self, number: f64, unit: &str) -> Option<()> {
        let unit = unit.to_lowercase();
        let micros = |seconds: f64| cell::truncated((number * seconds * 1e6).round());
        let whole = cell::truncated(number);
        match unit.trim_end_matches('s') {
            "year" | "yr" | "y" => self.months += cell::truncated((number * 12.0).round()),
            "month" | "mon" => self.months += whole,
            "week" | "w" => self.days += cell::truncated(number * 7.0),
            "day" | "d" => {
                self.days += whole;
                self.micros += cell::truncated((number.fract() * 86_400e6).round());
            }
            "hour" | "hr" | "h" => self.micros += micros(3600.0),
            "minute" | "min" | "m" => self.micros += micros(60.0),
            "" | "second" | "sec" => self.micros += micros(1.0),
            "millisecond" | "msec" | "m sec" => self.micros += micros(0.001),
            _ => return None,
        }
        Some(())
    }

    /// So many times as long.
    pub(in crate::database) fn times(self, factor: f64) -> Interval {
        let by = |number: i64| {
            #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "far below 2^53")]
            let number = number as f64;
            cell::truncated((number * factor).round())
        };
        Interval { months: by(self.months), days: by(self.days), micros: by(self.micros) }
    }

    /// Both together.
    pub(in crate::database) fn plus(self, other: Interval) -> Interval {
        Interval {
            months: self.months.saturating_add(other.months),
            days: self.days.saturating_add(other.days),
            micros: self.micros.saturating_add(other.micros),
        }
    }

    /// A point in time that much later.
    pub(in crate::database) fn after(self, at: DateTime) -> Option<DateTime> {
        let span = Span::new().try_months(self.months).ok()?.try_days(self.days).ok()?;
        let span = span.try_microseconds(self.micros).ok()?;
        at.checked_add(span).ok()
    }

    /// From one point in time to another: days and time of day.
    pub(in crate::database) fn between(from: DateTime, to: DateTime) -> Interval {
        let micros = i64::try_from(to.duration_since(from).as_micros()).unwrap_or(0);
        Interval { months: 0, days: micros / (86_400 * SECOND), micros: micros % (86_400 * SECOND) }
    }

    /// As the server shows it.
    pub(in crate::database) fn shown(self) -> String {
        let mut parts = Vec::new();
        let mut part = |number: i64, name: &str| {
            if number != 0 {
                parts.push(format!("{number} {name}{}", if number == 1 { "" } else { "s" }));
            }
        };
        part(self.months / 12, "year");
        part(self.months % 12, "mon");
        part(self.days, "day");
        if self.micros != 0 || parts.is_empty() {
            let sign = if self.micros < 0 { "-" } else { "" };
            let micros = self.micros.unsigned_abs();
            let seconds = micros / 1_000_000;
            let fraction = format!(".{:06}", micros % 1_000_000);
            let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            parts.push(format!("{sign}{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60));
        }
        parts.join(" ")
    }
}

fn clock(word: &str) -> Option<i64> {
    let (sign, plain) = word.strip_prefix('-').map_or((1, word), |rest| (-1, rest));
    let mut parts = plain.trim_start_matches('+').split(':');
    let (hours, minutes) = (parts.next()?.parse::<i64>().ok()?, parts.next()?.parse::<i64>().ok()?);
    let seconds: f64 = parts.next().unwrap_or("0").parse().ok()?;
    let micros = cell::truncated((seconds * 1e6).round());
    Some(sign * (hours.checked_mul(3600)?.checked_add(minutes * 60)?.checked_mul(SECOND)? + micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_with_zones_become_local_ones() {
        let local = |text| read(text, 480).map(written);
        assert_eq!(local("2026-03-01 00:00:00+00").unwrap(), "2026-03-01 08:00:00.000000");
        assert_eq!(local("2026-03-01T00:00:00Z").unwrap(), "2026-03-01 08:00:00.000000");
        assert_eq!(local("2026-03-01 10:00+08").unwrap(), "2026-03-01 10:00:00.000000");
        assert_eq!(local("2026-03-01").unwrap(), "2026-03-01 00:00:00.000000");
        assert_eq!(local("nonsense"), None);
    }

    #[test]
    fn intervals_are_shown_as_the_server_shows_them() {
        let shown = |text: &str| Interval::read(text, "").map(Interval::shown);
        assert_eq!(shown("1 day 2 hours").unwrap(), "1 day 02:00:00");
        assert_eq!(shown("14 months").unwrap(), "1 year 2 mons");
        assert_eq!(shown("2 weeks").unwrap(), "14 days");
        assert_eq!(shown("0").unwrap(), "00:00:00");
        assert_eq!(shown("01:30:00.5").unwrap(), "01:30:00.5");
        assert_eq!(shown("never"), None);
        let at = read("2026-03-31", 480).unwrap();
        assert_eq!(
            Interval::read("1 month", "").unwrap().after(at).map(written).unwrap(),
            "2026-04-30 00:00:00.000000"
        );
    }
}
