//! Aggregates of PostgreSQL that the engine lacks.

use rusqlite::functions::{Aggregate, Context};
use rusqlite::types::Value as Cell;

use crate::database::cell;
use crate::database::postgres::array_text;

/// Most elements of an array that rows are gathered in.
const MAX_ELEMENTS: usize = 100_000;

/// `array_agg`: the kind of the elements, and an element.
pub(in crate::database::functions) struct Array;

impl Aggregate<Vec<Option<String>>, Option<String>> for Array {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Vec<Option<String>>> {
        Ok(Vec::new())
    }

    fn step(&self, context: &mut Context<'_>, all: &mut Vec<Option<String>>) -> rusqlite::Result<()> {
        let kind: String = context.get(0)?;
        let value: Cell = context.get(1)?;
        if all.len() < MAX_ELEMENTS {
            all.push(super::pg_catalogue::element_text(&value, &kind));
        }
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        all: Option<Vec<Option<String>>>,
    ) -> rusqlite::Result<Option<String>> {
        Ok(all.filter(|all| !all.is_empty()).map(|all| array_text(&all)))
    }
}

/// `avg`: with as many digits as the server gives.
pub(in crate::database::functions) struct Average;

impl Aggregate<(f64, u32), Option<String>> for Average {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<(f64, u32)> {
        Ok((0.0, 0))
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut (f64, u32)) -> rusqlite::Result<()> {
        let value: Cell = context.get(0)?;
        if let Some(number) = cell::number(&value) {
            *sum = (sum.0 + number, sum.1.saturating_add(1));
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<(f64, u32)>) -> rusqlite::Result<Option<String>> {
        let Some((sum, count)) = sum.filter(|(_, count)| *count > 0) else { return Ok(None) };
        let made = sum / f64::from(count);
        let digits = if made.abs() >= 1e4 { 12 } else { 16 };
        Ok(Some(format!("{made:.digits$}")))
    }
}
