//! Columns that are not there: the server names the nearest one that is.

use super::Binder;
use crate::database::problem::{Problem, Said};

impl Binder<'_> {
    pub(super) fn no_column(
        &self,
        name: &str,
        table: Option<&str>,
        span: sqlparser::tokenizer::Span,
    ) -> Problem {
        let shown = match table {
            Some(table) => format!("column {table}.{name} does not exist"),
            None => format!("column \"{name}\" does not exist"),
        };
        let items = self.scopes.last().map(|scope| scope.items.as_slice()).unwrap_or_default();
        let near = items.iter().flat_map(|item| item.columns.iter().map(move |c| (&item.alias, &c.name)));
        let close = near
            .filter(|(alias, _)| table.is_none_or(|table| *alias == table))
            .map(|(alias, column)| (distance(name, column), alias, column))
            .filter(|(distance, ..)| *distance <= name.chars().count() / 2)
            .min_by_key(|(distance, ..)| *distance);
        let hint = close.map_or_else(String::new, |(_, alias, column)| {
            format!("Perhaps you meant to reference the column \"{alias}.{column}\".")
        });
        let position = self.at(span);
        Problem::Said(Box::new(Said { code: "42703", text: shown, hint, position, ..Said::default() }))
    }
}

/// How many characters two names differ by.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().take(64).enumerate() {
        let mut before = at;
        let mut next = vec![at + 1];
        for (place, d) in other.iter().enumerate() {
            let above = row.get(place + 1).copied().unwrap_or(0);
            let left = next.last().copied().unwrap_or(0);
            next.push((before + usize::from(c != *d)).min(above + 1).min(left + 1));
            before = above;
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
