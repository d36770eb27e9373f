//! A table of the schema as the engine reads it.

use std::sync::Arc;

use jiff::civil::Date;
use rusqlite::types::Value as Cell;

use super::days::{Day, Days};
use super::reading::{Reading, day_work};
use super::{Record, Rows, source};
use crate::database::catalog::{Source, Table};
use crate::database::cell;
use crate::sys::sqlite;
use crate::sys::sqlite::{Plan, Term, Test};
use crate::world::View;

/// Name of the hidden column that gives the world's id.
pub(in crate::database) const WORLD_ID: &str = "$id";

/// A table of the schema.
pub(in crate::database) struct Shown {
    pub table: Arc<Table>,
    /// Its number among the tables of the connection, by which columns of results are known.
    pub number: usize,
    pub reading: Arc<Reading>,
    pub days: Arc<Days>,
}

impl Shown {
    fn rows(&self) -> Option<(Rows, u32)> {
        match self.table.source {
            Source::World { rows, days } => Some((rows, days)),
            Source::Given(_) => None,
        }
    }

    fn field_of(&self, column: usize) -> Option<&'static str> {
        let binding = self.table.columns.get(column)?.binding.as_ref()?;
        binding.plain_field().map(|(field, _)| field.name())
    }
}

impl sqlite::Table for Shown {
    fn declaration(&self) -> String {
        let mut columns = cell::declarations(&self.table.columns, self.number);
        columns.push(format!("\"{WORLD_ID}\" TEXT HIDDEN"));
        format!("CREATE TABLE x({})", columns.join(", "))
    }

    fn plan(&self, terms: &[Term]) -> Plan {
        let Some((rows, days)) = self.rows() else {
            return Plan { cost: 100.0, rows: 100, ..Plan::default() };
        };
        let keys = terms.iter().enumerate().filter(|(_, term)| term.test == Test::Equal);
        let best = keys
            .filter_map(|(at, term)| {
                Some((source::key_rows(rows, self.field_of(term.column)?)?, at, term.column))
            })
            .min();
        if let Some((expected, at, column)) = best {
            let number = i32::try_from(column << 3 | 1).unwrap_or(0);
            #[expect(clippy::as_conversions, reason = "a small estimate")]
            return Plan { number, arguments: vec![at], cost: expected as f64 * 2.0, rows: expected };
        }
        let day = source::day_field(rows);
        let bound = |test: Test| {
            let of_day = |term: &Term| term.test == test || term.test == Test::Equal;
            terms.iter().position(|term| of_day(term) && day.is_some() && self.field_of(term.column) == day)
        };
        let (low, high) = (bound(Test::AtLeast), bound(Test::AtMost));
        let number = i32::from(low.is_some()) << 1 | i32::from(high.is_some()) << 2;
        let arguments: Vec<usize> = low.into_iter().chain(high).collect();
        let size = match rows {
            Rows::Patients => 200_000.0,
            _ if source::is_dated(rows) => 2_000.0 * f64::from(days),
            _ => 1_000.0,
        };
        let share = match arguments.len() {
            0 => 1.0,
            1 => 0.3,
            _ => 0.02,
        };
        #[expect(clippy::as_conversions, reason = "an estimate")]
        Plan { number, arguments, cost: size * share, rows: (size * share) as i64 }
    }

    fn open(&self) -> Box<dyn sqlite::Rows> {
        Box::new(Cursor {
            table: Arc::clone(&self.table),
            reading: Arc::clone(&self.reading),
            days: Arc::clone(&self.days),
            view: None,
            at: Place::Ended,
            record: None,
            touched: false,
            rest: Rest::default(),
        })
    }
}

/// A reading of a table.
struct Cursor {
    table: Arc<Table>,
    reading: Arc<Reading>,
    days: Arc<Days>,
    view: Option<View>,
    at: Place,
    /// The record of the row, once it was asked for.
    record: Option<Record>,
    /// Whether a value of it was read.
    touched: bool,
    /// The records of a day's entry that come after it.
    rest: Rest,
}

/// The records that one entry of a day makes, from the next one asked for on.
#[derive(Default)]
struct Rest {
    entry: Option<(Date, usize)>,
    /// The line of the next.
    line: u32,
    records: std::vec::IntoIter<Record>,
}

impl Rest {
    fn line(&mut self, line: u32) -> Option<Record> {
        let skipped = usize::try_from(line.checked_sub(self.line)?).ok()?;
        self.line = line + 1;
        self.records.nth(skipped)
    }
}

/// Where a reading stands.
enum Place {
    Ended,
    /// Rows that the pack gives.
    Given(usize),
    /// Records that were found already.
    Found {
        records: std::vec::IntoIter<Record>,
        number: i64,
    },
    /// The master index.
    Patients {
        next: u32,
        count: u32,
    },
    /// Days with their lists.
    Days {
        date: Date,
        last: Date,
        day: Day,
        entry: usize,
        line: u32,
    },
}

impl Cursor {
    fn found(&mut self, records: Vec<Record>) {
        let mut records = records.into_iter();
        self.record = records.next();
        let number = self.record.as_ref().map_or(0, Record::number);
        self.at = if self.record.is_some() { Place::Found { records, number } } else { Place::Ended };
    }

    fn dated(
        &mut self,
        rows: Rows,
        days: u32,
        low: Option<Date>,
        high: Option<Date>,
        view: &View,
    ) -> Result<(), String> {
        let today = view.local(view.now()).date();
        let first = source::first_day(days, view);
        let date = low.map_or(first, |low| low.max(first));
        let last = high.map_or(today, |high| high.min(today));
        if date > last {
            self.at = Place::Ended;
            return Ok(());
        }
        self.reading.work(day_work(rows))?;
        self.at = Place::Days { date, last, day: self.days.of(rows, date, view), entry: 0, line: 0 };
        self.settle(rows)
    }

    /// Goes on to the next day that has rows, if this one has none left.
    fn settle(&mut self, rows: Rows) -> Result<(), String> {
        while let Place::Days { date, last, day, entry, line } = &mut self.at {
            if *entry < day.len() {
                return Ok(());
            }
            let next = date.tomorrow().ok().filter(|next| next <= last);
            let (Some(next), Some(view)) = (next, &self.view) else {
                self.at = Place::Ended;
                return Ok(());
            };
            self.reading.work(day_work(rows))?;
            (*date, *entry, *line) = (next, 0, 0);
            *day = self.days.of(rows, next, view);
        }
        Ok(())
    }

    fn record(&mut self) -> Result<Option<&Record>, String> {
        if self.record.is_none()
            && let (Source::World { rows, .. }, Some(view)) = (&self.table.source, &self.view)
        {
            self.reading.work(1)?;
            self.record = match &self.at {
                Place::Patients { next, .. } => source::patient(*next, view),
                Place::Days { date, day, entry, line, .. } => {
                    let rest = &mut self.rest;
                    if rest.entry != Some((*date, *entry)) || *line < rest.line {
                        let number = day.get(*entry).map(|(number, _)| *number);
                        let made = number.map(|number| source::dated(*rows, *date, number, view));
                        let records = made.unwrap_or_default().into_iter();
                        *rest = Rest { entry: Some((*date, *entry)), line: 0, records };
                    }
                    rest.line(*line)
                }
                Place::Ended | Place::Given(_) | Place::Found { .. } => None,
            };
        }
        Ok(self.record.as_ref())
    }
}

impl sqlite::Rows for Cursor {
    fn start(&mut self, plan: i32, arguments: Vec<Cell>) -> Result<(), String> {
        let view = self.reading.view()?;
        self.view = Some(view.clone());
        (self.record, self.touched) = (None, false);
        let Source::World { rows, days } = self.table.source else {
            self.at = Place::Given(0);
            return Ok(());
        };
        if plan & 1 == 1 {
            let column = usize::try_from(plan >> 3).ok().and_then(|column| self.table.columns.get(column));
            let field = column.and_then(|column| column.binding.as_ref()?.plain_field());
            let value = arguments.first().and_then(cell::text).unwrap_or_default();
            let records = field.map(|(field, _)| source::by_key(rows, field.name(), &value, days, &view));
            let records = records.unwrap_or_default();
            self.reading.work(u32::try_from(records.len()).unwrap_or(u32::MAX).saturating_add(1))?;
            self.found(records);
            return Ok(());
        }
        if rows == Rows::Patients {
            let count = view.patient_count();
            self.at = if count > 0 { Place::Patients { next: 0, count } } else { Place::Ended };
            return Ok(());
        }
        if !source::is_dated(rows) {
            let records = source::whole(rows, &view);
            self.reading.work(u32::try_from(records.len()).unwrap_or(u32::MAX))?;
            self.found(records);
            return Ok(());
        }
        let mut arguments = arguments.iter().map(|value| cell::text(value).unwrap_or_default());
        let low = (plan & 2 != 0).then(|| arguments.next()).flatten().and_then(|text| cell::day(&text, true));
        let high =
            (plan & 4 != 0).then(|| arguments.next()).flatten().and_then(|text| cell::day(&text, false));
        let low = low.map(|low| low.saturating_sub(jiff::Span::new().days(source::days_before(rows))));
        self.dated(rows, days, low, high, &view)
    }

    fn next(&mut self) -> Result<(), String> {
        (self.record, self.touched) = (None, false);
        match &mut self.at {
            Place::Ended => Ok(()),
            Place::Given(at) => {
                *at += 1;
                Ok(())
            }
            Place::Found { records, number } => {
                self.record = records.next();
                match &self.record {
                    Some(record) => *number = record.number(),
                    None => self.at = Place::Ended,
                }
                Ok(())
            }
            Place::Patients { next, count } => {
                *next += 1;
                if next >= count {
                    self.at = Place::Ended;
                }
                Ok(())
            }
            Place::Days { day, entry, line, .. } => {
                *line += 1;
                if day.get(*entry).is_none_or(|(_, lines)| *line >= *lines) {
                    (*entry, *line) = (*entry + 1, 0);
                }
                match self.table.source {
                    Source::World { rows, .. } => self.settle(rows),
                    Source::Given(_) => Ok(()),
                }
            }
        }
    }

    fn ended(&self) -> bool {
        match (&self.at, &self.table.source) {
            (Place::Ended, _) => true,
            (Place::Given(at), Source::Given(rows)) => *at >= rows.len(),
            (Place::Given(_), Source::World { .. }) => true,
            (Place::Found { .. } | Place::Patients { .. } | Place::Days { .. }, _) => false,
        }
    }

    fn value(&mut self, column: usize) -> Result<Cell, String> {
        let table = Arc::clone(&self.table);
        if let (Place::Given(at), Source::Given(rows)) = (&self.at, &table.source) {
            let value = rows.get(*at).and_then(|row| row.get(column));
            let spec = table.columns.get(column);
            return Ok(value.zip(spec).map_or(Cell::Null, |(value, spec)| cell::of(value, &spec.ty)));
        }
        let reading = Arc::clone(&self.reading);
        let first = !std::mem::replace(&mut self.touched, true);
        let Some(record) = self.record()? else { return Ok(Cell::Null) };
        if let (true, Source::World { rows, .. }) = (first, &table.source) {
            reading.touch(*rows, record);
        }
        Ok(match table.columns.get(column) {
            Some(spec) => spec.binding.as_ref().map_or(Cell::Null, |b| cell::of(&b.value(record), &spec.ty)),
            None => Cell::Text(record.world_id()),
        })
    }

    fn number(&self) -> i64 {
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        match &self.at {
            Place::Ended => 0,
            Place::Given(at) => whole(*at) + 1,
            Place::Found { number, .. } => *number,
            Place::Patients { next, .. } => i64::from(*next) + 1,
            Place::Days { date, day, entry, line, .. } => {
                let number = day.get(*entry).map_or(0, |(number, _)| *number);
                let Source::World { rows, .. } = self.table.source else { return 0 };
                source::number(rows, *date, number, *line)
            }
        }
    }
}
