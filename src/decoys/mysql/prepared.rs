//! Prepared statements: their parameters, and values in binary as literals.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::text as sql;

/// Most prepared statements of a connection (`max_prepared_stmt_count` is the server's 16382).
pub(super) const MOST: usize = 1024;

/// Most bytes of a value that is sent in parts.
const MAX_LONG: usize = 4 << 20;

/// The statements that a connection has prepared.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    last: u32,
    statements: BTreeMap<u32, Statement>,
}

/// One of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    /// Its text.
    pub(super) text: String,
    /// How many parameters it has.
    pub(super) parameters: usize,
    /// Types of the last execution, which later ones may leave out.
    kinds: Vec<u16>,
    /// Values that were sent in parts, by place.
    long: BTreeMap<u16, Vec<u8>>,
}

impl Prepared {
    /// Keeps a statement; `None` when there are too many.
    pub(super) fn keep(&mut self, text: String) -> Option<(u32, &Statement)> {
        if self.statements.len() >= MOST {
            return None;
        }
        self.last = self.last.wrapping_add(1).max(1);
        let parameters = sql::parameters(&text);
        self.statements.insert(self.last, Statement { text, parameters, ..Statement::default() });
        self.statements.get(&self.last).map(|statement| (self.last, statement))
    }

    /// Forgets one.
    pub(super) fn close(&mut self, id: u32) {
        self.statements.remove(&id);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.statements.clear();
    }

    /// Drops the parts of values that were sent; tells whether there is such a statement.
    pub(super) fn reset(&mut self, id: u32) -> bool {
        self.statements.get_mut(&id).map(|statement| statement.long.clear()).is_some()
    }

    /// Takes a part of a value.
    pub(super) fn long(&mut self, id: u32, place: u16, part: &[u8]) {
        if let Some(statement) = self.statements.get_mut(&id) {
            let kept: usize = statement.long.values().map(Vec::len).sum();
            if usize::from(place) < statement.parameters && kept + part.len() <= MAX_LONG {
                statement.long.entry(place).or_default().extend_from_slice(part);
            }
        }
    }

    /// The text to be run, with the values of an execution in their places: `None` where there is no
    /// such statement, an error where the values can't be read.
    pub(super) fn filled(&mut self, id: u32, rest: &[u8]) -> Option<Result<String, ()>> {
        let statement = self.statements.get_mut(&id)?;
        let literals = if statement.parameters == 0 { Some(Vec::new()) } else { statement.literals(rest) };
        statement.long.clear();
        let text = &statement.text;
        Some(literals.ok_or(()).map(|literals| {
            sql::filled(text, |at| literals.get(at).cloned().unwrap_or_else(|| "NULL".into()))
        }))
    }
}

impl Statement {
    /// A bitmap of NULLs, whether types follow, types, values.
    fn literals(&mut self, rest: &[u8]) -> Option<Vec<String>> {
        let mut fields = Fields::new(rest);
        let nulls = fields.take(self.parameters.div_ceil(8))?.to_vec();
        if fields.u8()? == 1 {
            self.kinds = (0..self.parameters).map(|_| fields.u16()).collect::<Option<_>>()?;
        }
        let mut literals = Vec::with_capacity(self.parameters);
        for at in 0..self.parameters {
            let null = nulls.get(at / 8).is_some_and(|byte| byte & 1 << (at % 8) != 0);
            let long = u16::try_from(at).ok().and_then(|at| self.long.get(&at));
            literals.push(match (null, long) {
                (true, _) => "NULL".to_owned(),
                (false, Some(bytes)) => text(bytes),
                (false, None) => value(&mut fields, *self.kinds.get(at)?)?,
            });
        }
        Some(literals)
    }
}

fn text(bytes: &[u8]) -> String {
    sql::literal(&String::from_utf8_lossy(bytes))
}

/// A value of a type; the highest bit of which says that it has no sign.
fn value(fields: &mut Fields<'_>, kind: u16) -> Option<String> {
    let unsigned = kind & 0x8000 != 0;
    Some(match kind & 0xff {
        1 if unsigned => fields.u8()?.to_string(),
        1 => fields.u8()?.cast_signed().to_string(),
        2 | 13 if unsigned => fields.u16()?.to_string(),
        2 | 13 => fields.u16()?.cast_signed().to_string(),
        3 | 9 if unsigned => fields.u32()?.to_string(),
        3 | 9 => fields.u32()?.cast_signed().to_string(),
        8 if unsigned => fields.u64()?.to_string(),
        8 => fields.u64()?.cast_signed().to_string(),
        4 => f32::from_bits(fields.u32()?).to_string(),
        5 => f64::from_bits(fields.u64()?).to_string(),
        6 => "NULL".to_owned(),
        7 | 10 | 12 => moment(fields)?,
        11 => clock(fields)?,
        _ => text(fields.text()?),
    })
}

fn moment(fields: &mut Fields<'_>) -> Option<String> {
    let mut inside = Fields::new(fields.text()?);
    let year = inside.u16().unwrap_or_default();
    let mut next = || inside.u8().unwrap_or_default();
    let (month, day, hour, minute, second) = (next(), next(), next(), next(), next());
    Some(format!("'{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}'"))
}

fn clock(fields: &mut Fields<'_>) -> Option<String> {
    let mut inside = Fields::new(fields.text()?);
    let sign = if inside.u8().unwrap_or_default() == 1 { "-" } else { "" };
    let days = inside.u32().unwrap_or_default();
    let mut next = || u32::from(inside.u8().unwrap_or_default());
    let (hour, minute, second) = (next(), next(), next());
    Some(format!("'{sign}{:02}:{minute:02}:{second:02}'", days.saturating_mul(24).saturating_add(hour)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_their_places() {
        let mut prepared = Prepared::default();
        let (id, statement) = prepared.keep("select ?, ?, '?', ?".to_owned()).unwrap();
        assert_eq!(statement.parameters, 3);
        let rest =
            [&[0b10, 1][..], &[3, 0, 253, 0, 12, 0], &[0xfe, 0xff, 0xff, 0xff], &[4, 0xea, 7, 3, 2]].concat();
        let text = prepared.filled(id, &rest).unwrap().unwrap();
        assert_eq!(text, "select -2, NULL, '?', '2026-03-02 00:00:00'");
        // Types may be left out the next time, and a value be sent in parts.
        prepared.long(id, 1, b"a'");
        prepared.long(id, 1, b"b");
        let rest = [&[0b100, 0][..], &[7, 0, 0, 0]].concat();
        assert_eq!(prepared.filled(id, &rest).unwrap().unwrap(), "select 7, 'a''b', '?', NULL");
        assert!(prepared.filled(id, &[0]).unwrap().is_err());
        assert!(prepared.filled(9, &[]).is_none());
    }
}
