//! Functions of points in time.

use jiff::civil::{Date, DateTime, DateTimeDifference};
use jiff::{Span, Unit};
use rusqlite::types::Value as Cell;

use super::{
    Answer, Function, cell, function, mark, maybe_text, maybe_whole, number_of, text, text_of, whole,
    whole_of,
};
use crate::database::facts::Facts;

/// A part of a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::database) enum Part {
    Year,
    Quarter,
    Month,
    DayOfYear,
    Day,
    Week,
    Weekday,
    Hour,
    Minute,
    Second,
    Millisecond,
    Epoch,
}

impl Part {
    /// By the products' names and short forms, one or many.
    pub(in crate::database) fn by_name(name: &str) -> Option<Part> {
        let lower = name.trim_matches('\'').to_lowercase();
        let one = if lower.len() > 3 { lower.trim_end_matches('s') } else { &lower };
        Some(match one {
            "year" | "yy" | "yyyy" => Part::Year,
            "quarter" | "qq" | "q" => Part::Quarter,
            "month" | "mm" | "m" | "mon" => Part::Month,
            "dayofyear" | "dy" | "y" | "doy" => Part::DayOfYear,
            "day" | "dd" | "d" => Part::Day,
            "week" | "wk" | "ww" | "isowk" | "iso_week" => Part::Week,
            "weekday" | "dw" | "w" | "dow" => Part::Weekday,
            "hour" | "hh" => Part::Hour,
            "minute" | "mi" | "n" => Part::Minute,
            "second" | "ss" | "s" => Part::Second,
            "millisecond" | "ms" => Part::Millisecond,
            "epoch" => Part::Epoch,
            _ => return None,
        })
    }

    fn of(self, at: DateTime) -> i64 {
        let sunday_first = i64::from(at.weekday().to_sunday_one_offset());
        match self {
            Part::Year => i64::from(at.year()),
            Part::Quarter => (i64::from(at.month()) + 2) / 3,
            Part::Month => i64::from(at.month()),
            Part::DayOfYear => i64::from(at.day_of_year()),
            Part::Day => i64::from(at.day()),
            Part::Week => {
                let first = i64::from(at.date().first_of_year().weekday().to_sunday_zero_offset());
                (i64::from(at.day_of_year()) + first - 1) / 7 + 1
            }
            Part::Weekday => sunday_first,
            Part::Hour => i64::from(at.hour()),
            Part::Minute => i64::from(at.minute()),
            Part::Second => i64::from(at.second()),
            Part::Millisecond => i64::from(at.millisecond()),
            Part::Epoch => seconds(at) - seconds(Date::constant(1970, 1, 1).at(0, 0, 0, 0)),
        }
    }
}

/// Seconds since year 0 began: for differences.
fn seconds(at: DateTime) -> i64 {
    let start = Date::constant(0, 1, 1).at(0, 0, 0, 0);
    let span = at.since(DateTimeDifference::new(start).largest(Unit::Second));
    span.map_or(0, |span| span.get_seconds())
}

fn days(at: DateTime) -> i64 {
    seconds(at).div_euclid(86_400)
}

pub(super) static FUNCTIONS: &[Function] = &[
    function("dateadd", "s", (3, 3), |_, a| date_add(a)),
    function("datediff", "s", (3, 3), |_, a| date_diff(a)),
    function("datediff", "m", (2, 2), |_, a| {
        maybe_whole(at(a, 0)?.zip(at(a, 1)?).map(|(to, from)| days(to) - days(from)))
    }),
    function("timestampdiff", "m", (3, 3), |_, a| date_diff(a)),
    function("datepart", "*smpo", (2, 2), |_, a| part_of(a)),
    function("date_part", "p", (2, 2), |_, a| part_of(a)),
    function("datename", "s", (2, 2), date_name),
    function("year", "sm", (1, 1), |_, a| one(a, Part::Year)),
    function("month", "sm", (1, 1), |_, a| one(a, Part::Month)),
    function("day", "sm", (1, 1), |_, a| one(a, Part::Day)),
    function("hour", "m", (1, 1), |_, a| one(a, Part::Hour)),
    function("minute", "m", (1, 1), |_, a| one(a, Part::Minute)),
    function("second", "m", (1, 1), |_, a| one(a, Part::Second)),
    function("isdate", "s", (1, 1), |_, a| {
        whole(i64::from(text_of(a, 0).is_some_and(|text| cell::parse_moment(&text).is_some())))
    }),
    function("date", "m", (1, 1), |_, a| maybe_text(at(a, 0)?.map(|at| at.date().to_string()))),
    function("date_format", "m", (2, 2), |_, a| {
        let form =
            text_of(a, 1).unwrap_or_default().replace("%i", "%M").replace("%s", "%S").replace("%c", "%-m");
        maybe_text(at(a, 0)?.map(|at| written(at, &form)))
    }),
    function("unix_timestamp", "m", (0, 1), |facts, a| {
        let at = if a.is_empty() { Some(facts.now()) } else { at(a, 0)? };
        let offset = i64::from(facts.offset_minutes) * 60;
        maybe_whole(at.map(|at| Part::Epoch.of(at) - offset))
    }),
    function("to_char", "po", (1, 3), |_, a| match (text_of(a, 0), text_of(a, 1)) {
        (Some(value), Some(form)) => match cell::parse_moment(&value) {
            Some(at) => text(written(at, &strftime(&form))),
            None => text(value),
        },
        (value, _) => maybe_text(value),
    }),
    function("to_date", "po", (1, 3), |_, a| moment_text(a)),
    function("to_timestamp", "po", (1, 2), |_, a| moment_text(a)),
    function("trunc", "o", (1, 2), |_, a| truncated(a, 0, &text_of(a, 1).unwrap_or_else(|| "dd".to_owned()))),
    function("date_trunc", "p", (2, 2), |_, a| truncated(a, 1, &text_of(a, 0).unwrap_or_default())),
    function("add_months", "o", (2, 2), |_, a| {
        let moved = at(a, 0)?.zip(whole_of(a, 1)).and_then(|(at, n)| shift(at, Part::Month, n));
        maybe_text(moved.map(show))
    }),
    function("interval", "*", (2, 2), |_, a| {
        let given = text_of(a, 0).unwrap_or_default();
        let (count, unit) =
            given.trim().split_once(' ').map_or((given.as_str(), None), |(n, unit)| (n, Some(unit)));
        let unit = unit.map(str::to_owned).or_else(|| text_of(a, 1)).unwrap_or_default();
        // Days as a fraction: what dates are shifted by.
        let per_day = match Part::by_name(&unit) {
            Some(Part::Hour) => 24.0,
            Some(Part::Minute) => 1_440.0,
            Some(Part::Second) => 86_400.0,
            Some(Part::Week) => 1.0 / 7.0,
            Some(Part::Month) => 1.0 / 30.0,
            Some(Part::Year) => 1.0 / 365.0,
            _ => 1.0,
        };
        super::real(count.parse::<f64>().unwrap_or(0.0) / per_day)
    }),
    function("date_add", "m", (2, 2), |_, a| match (at(a, 0)?, number_of(a, 1)) {
        (Some(at), Some(days)) => after(at, days),
        _ => Ok(Cell::Null),
    }),
    function("date_sub", "m", (2, 2), |_, a| match (at(a, 0)?, number_of(a, 1)) {
        (Some(at), Some(days)) => after(at, -days),
        _ => Ok(Cell::Null),
    }),
];

/// A point in time among the arguments; an error when it reads as none.
fn at(arguments: &[Cell], place: usize) -> Result<Option<DateTime>, rusqlite::Error> {
    match arguments.get(place) {
        None | Some(Cell::Null) => Ok(None),
        Some(Cell::Integer(days)) => Ok(shift(Date::constant(1900, 1, 1).at(0, 0, 0, 0), Part::Day, *days)),
        Some(other) => {
            let words = cell::text(other).unwrap_or_default();
            cell::parse_moment(&words).map(Some).ok_or_else(|| mark("@date", &[]))
        }
    }
}

fn show(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()
}

/// A form may be a stranger's: what it doesn't fit is left as it is.
fn written(at: DateTime, form: &str) -> String {
    jiff::fmt::strtime::format(form, at).unwrap_or_else(|_| form.to_owned())
}

/// So many days after a point in time; the fraction is part of a day.
pub(super) fn after(at: DateTime, days: f64) -> Answer {
    let milliseconds = cell::truncated((days * 86_400_000.0).round());
    let span = Span::new().try_milliseconds(milliseconds).ok();
    match span.and_then(|span| at.checked_add(span).ok()) {
        Some(at) => text(show(at)),
        None => Err(mark("@overflow", &["datetime"])),
    }
}

/// A point in time as text, moved by days or by another one taken from it.
pub(super) fn shifted(words: &str, by: &Cell, sign: f64) -> Answer {
    let Some(at) = cell::parse_moment(words) else { return Err(mark("@cast", &[words, "int"])) };
    match (by, cell::number(by)) {
        (Cell::Null, _) => Ok(Cell::Null),
        (_, Some(days)) => after(at, days * sign),
        (other, None) => {
            let other = cell::text(other).and_then(|text| cell::parse_moment(&text));
            #[expect(clippy::as_conversions, reason = "days of a calendar")]
            other.map_or(Err(mark("@date", &[])), |other| {
                super::real((seconds(at) - seconds(other)) as f64 / 86_400.0)
            })
        }
    }
}

fn shift(at: DateTime, part: Part, by: i64) -> Option<DateTime> {
    let span = Span::new();
    let span = match part {
        Part::Year => span.try_years(by),
        Part::Quarter => span.try_months(by.checked_mul(3)?),
        Part::Month => span.try_months(by),
        Part::Week => span.try_weeks(by),
        Part::Day | Part::DayOfYear | Part::Weekday => span.try_days(by),
        Part::Hour => span.try_hours(by),
        Part::Minute => span.try_minutes(by),
        Part::Second | Part::Epoch => span.try_seconds(by),
        Part::Millisecond => span.try_milliseconds(by),
    };
    at.checked_add(span.ok()?).ok()
}

fn part_named(arguments: &[Cell]) -> Result<Part, rusqlite::Error> {
    let name = text_of(arguments, 0).unwrap_or_default();
    Part::by_name(&name).ok_or_else(|| mark("@arguments", &[&name]))
}

fn date_add(arguments: &[Cell]) -> Answer {
    let part = part_named(arguments)?;
    match (whole_of(arguments, 1), at(arguments, 2)?) {
        (Some(by), Some(at)) => match shift(at, part, by) {
            Some(at) => text(show(at)),
            None => Err(mark("@overflow", &["datetime"])),
        },
        _ => Ok(Cell::Null),
    }
}

/// Boundaries crossed, not whole spans, as SQL Server counts.
fn date_diff(arguments: &[Cell]) -> Answer {
    let part = part_named(arguments)?;
    let (Some(from), Some(to)) = (at(arguments, 1)?, at(arguments, 2)?) else { return Ok(Cell::Null) };
    let months = |at: DateTime| i64::from(at.year()) * 12 + i64::from(at.month()) - 1;
    whole(match part {
        Part::Year => i64::from(to.year()) - i64::from(from.year()),
        Part::Quarter => months(to).div_euclid(3) - months(from).div_euclid(3),
        Part::Month => months(to) - months(from),
        Part::Day | Part::DayOfYear | Part::Weekday => days(to) - days(from),
        Part::Week => (days(to) - 1).div_euclid(7) - (days(from) - 1).div_euclid(7),
        Part::Hour => seconds(to).div_euclid(3_600) - seconds(from).div_euclid(3_600),
        Part::Minute => seconds(to).div_euclid(60) - seconds(from).div_euclid(60),
        Part::Second | Part::Epoch => seconds(to) - seconds(from),
        Part::Millisecond => {
            (seconds(to) - seconds(from)) * 1000 + i64::from(to.millisecond()) - i64::from(from.millisecond())
        }
    })
}

fn part_of(arguments: &[Cell]) -> Answer {
    let part = part_named(arguments)?;
    maybe_whole(at(arguments, 1)?.map(|at| part.of(at)))
}

fn one(arguments: &[Cell], part: Part) -> Answer {
    maybe_whole(at(arguments, 0)?.map(|at| part.of(at)))
}

fn date_name(facts: &Facts, arguments: &[Cell]) -> Answer {
    let part = part_named(arguments)?;
    let Some(at) = at(arguments, 1)? else { return Ok(Cell::Null) };
    let chinese = facts.language() == crate::database::Language::Chinese;
    let number = part.of(at);
    text(match part {
        Part::Month if chinese => format!("{number:02}"),
        Part::Month => at.strftime("%B").to_string(),
        Part::Weekday if chinese => {
            let days = ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"];
            usize::try_from(number - 1)
                .ok()
                .and_then(|day| days.get(day))
                .copied()
                .unwrap_or_default()
                .to_owned()
        }
        Part::Weekday => at.strftime("%A").to_string(),
        _ => number.to_string(),
    })
}

fn moment_text(arguments: &[Cell]) -> Answer {
    maybe_text(at(arguments, 0)?.map(show))
}

fn truncated(arguments: &[Cell], place: usize, unit: &str) -> Answer {
    if let Some(number) = number_of(arguments, place) {
        let scale = 10f64.powi(i32::try_from(unit.parse::<i64>().unwrap_or(0).clamp(-18, 18)).unwrap_or(0));
        return super::real((number * scale).trunc() / scale);
    }
    let Some(at) = at(arguments, place)? else { return Ok(Cell::Null) };
    let midnight = |date: Date| date.at(0, 0, 0, 0);
    let cut = match Part::by_name(unit) {
        Some(Part::Year) => midnight(at.date().first_of_year()),
        Some(Part::Month | Part::Quarter) => midnight(at.date().first_of_month()),
        Some(Part::Hour) => at.date().at(at.hour(), 0, 0, 0),
        Some(Part::Minute) => at.date().at(at.hour(), at.minute(), 0, 0),
        Some(Part::Second) => at.date().at(at.hour(), at.minute(), at.second(), 0),
        _ => midnight(at.date()),
    };
    text(show(cut))
}

/// `YYYY-MM-DD HH24:MI:SS` as a form of ours.
fn strftime(form: &str) -> String {
    let upper = form.to_uppercase();
    [
        ("YYYY", "%Y"),
        ("HH24", "%H"),
        ("HH12", "%I"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("MI", "%M"),
        ("SS", "%S"),
        ("YY", "%y"),
        ("FF", "%3f"),
        ("HH", "%H"),
    ]
    .iter()
    .fold(upper, |form, (theirs, ours)| form.replace(theirs, ours))
}
