//! Result sets as both protocols write them: text for `COM_QUERY`, binary for prepared statements.

use super::fields::{put_length, put_text};
use super::handshake::capability;

/// Column types of the protocol that results have here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 32-bit integer.
    Long,
    /// 64-bit integer.
    LongLong,
    /// Double precision.
    Double,
    /// Exact decimal, sent as text.
    NewDecimal,
    /// Date.
    Date,
    /// Date and time.
    DateTime,
    /// Characters.
    VarString,
    /// Long text.
    Text,
    /// Bytes that are no text.
    Bytes,
}

/// Collation of bytes that are no text.
const BINARY: u16 = 63;

impl Kind {
    fn code(self) -> u8 {
        match self {
            Kind::Long => 3,
            Kind::Double => 5,
            Kind::LongLong => 8,
            Kind::Date => 10,
            Kind::DateTime => 12,
            Kind::NewDecimal => 246,
            Kind::Text | Kind::Bytes => 252,
            Kind::VarString => 253,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Kind::VarString | Kind::Text)
    }
}

/// Flag: the column is never NULL.
pub(super) const NOT_NULL: u16 = 1;
/// Flag: values are compared as bytes; set for all but text.
const BINARY_FLAG: u16 = 128;

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Database; empty for an expression.
    pub(super) schema: String,
    /// Table or alias; empty for an expression.
    pub(super) table: String,
    /// Name as the result has it.
    pub(super) name: String,
    /// Type.
    pub(super) kind: Kind,
    /// Longest value, bytes.
    pub(super) length: u32,
    /// [`NOT_NULL`].
    pub(super) flags: u16,
    /// Digits behind the point; 31 stands for "as many as there are".
    pub(super) decimals: u8,
}

impl Column {
    /// Column definition 41, in the client's collation.
    fn packet(&self, charset: u16, with_default: bool) -> Vec<u8> {
        let text = self.kind.is_text();
        let mut out = Vec::new();
        let org_name = if self.table.is_empty() { "" } else { self.name.as_str() };
        for part in ["def", &self.schema, &self.table, &self.table, &self.name, org_name] {
            put_text(&mut out, part.as_bytes());
        }
        out.push(0x0c);
        out.extend_from_slice(&(if text { charset } else { BINARY }).to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
        out.push(self.kind.code());
        let flags = if text { self.flags } else { self.flags | BINARY_FLAG };
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(&[self.decimals, 0, 0]);
        if with_default {
            out.push(0xfb);
        }
        out
    }
}

/// How one client wants its results.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Capabilities of both sides.
    pub(super) capabilities: u32,
    /// Collation that the client reads.
    pub(super) charset: u16,
    /// Status flags at the end.
    pub(super) status: u16,
    /// Warnings at the end.
    pub(super) warnings: u16,
}

impl Form {
    fn deprecates_eof(self) -> bool {
        self.capabilities & capability::DEPRECATE_EOF != 0
    }

    /// The payloads before the first row.
    pub(super) fn head(self, columns: &[Column]) -> Vec<Vec<u8>> {
        let mut count = Vec::new();
        put_length(&mut count, u64::try_from(columns.len()).unwrap_or(u64::MAX));
        let mut out = vec![count];
        out.extend(columns.iter().map(|column| column.packet(self.charset, false)));
        if !self.deprecates_eof() {
            out.push(self.eof());
        }
        out
    }

    /// Column definitions alone, as `COM_FIELD_LIST` gives them.
    pub(super) fn field_list(self, columns: &[Column]) -> Vec<Vec<u8>> {
        let mut out: Vec<_> = columns.iter().map(|column| column.packet(self.charset, true)).collect();
        out.push(self.end());
        out
    }

    /// Definitions of parameters or columns behind a prepared statement; nothing for none.
    pub(super) fn definitions(self, columns: &[Column]) -> Vec<Vec<u8>> {
        let mut out: Vec<_> = columns.iter().map(|column| column.packet(self.charset, false)).collect();
        if !out.is_empty() && !self.deprecates_eof() {
            out.push(self.eof());
        }
        out
    }

    /// The payload after the last row.
    pub(super) fn end(self) -> Vec<u8> {
        if !self.deprecates_eof() {
            return self.eof();
        }
        let mut out = self.ok(0, 0, "");
        if let Some(first) = out.first_mut() {
            *first = 0xfe;
        }
        out
    }

    fn eof(self) -> Vec<u8> {
        let [w, w2] = self.warnings.to_le_bytes();
        let [s, s2] = self.status.to_le_bytes();
        vec![0xfe, w, w2, s, s2]
    }

    /// The OK payload.
    pub(super) fn ok(self, affected: u64, last_id: u64, text: &str) -> Vec<u8> {
        let mut out = vec![0];
        put_length(&mut out, affected);
        put_length(&mut out, last_id);
        out.extend_from_slice(&self.status.to_le_bytes());
        out.extend_from_slice(&self.warnings.to_le_bytes());
        if !text.is_empty() {
            put_text(&mut out, text.as_bytes());
        }
        out
    }

    /// The OK payload after the default database changed, told to clients that track their session.
    pub(super) fn ok_with_database(self, name: &str) -> Vec<u8> {
        const STATE_CHANGED: u16 = 0x4000;
        const SCHEMA: u8 = 1;
        if self.capabilities & capability::SESSION_TRACK == 0 {
            return self.ok(0, 0, "");
        }
        let mut out = Form { status: self.status | STATE_CHANGED, ..self }.ok(0, 0, "");
        let mut schema = Vec::new();
        put_text(&mut schema, name.as_bytes());
        let mut change = vec![SCHEMA];
        put_text(&mut change, &schema);
        out.push(0);
        put_text(&mut out, &change);
        out
    }
}

/// A row of the text protocol.
pub(super) fn text_row<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        match value {
            None => out.push(0xfb),
            Some(text) => put_text(&mut out, text),
        }
    }
    out
}

/// A row of the binary protocol, from the same text and the columns' types.
pub(super) fn binary_row<'a>(kinds: &[Kind], values: impl Iterator<Item = Option<&'a [u8]>>) -> Vec<u8> {
    /// The bitmap leaves its first two bits free.
    const OFFSET: usize = 2;
    let mut nulls = vec![0_u8; (kinds.len() + OFFSET).div_ceil(8)];
    let mut body = Vec::new();
    for ((column, kind), value) in kinds.iter().enumerate().zip(values) {
        match value {
            Some(text) => put_binary(&mut body, *kind, text),
            None => {
                let bit = column + OFFSET;
                if let Some(byte) = nulls.get_mut(bit / 8) {
                    *byte |= 1 << (bit % 8);
                }
            }
        }
    }
    [vec![0], nulls, body].concat()
}

fn put_binary(out: &mut Vec<u8>, kind: Kind, text: &[u8]) {
    let shown = std::str::from_utf8(text).unwrap_or_default();
    match kind {
        Kind::Long => out.extend_from_slice(&shown.parse::<i32>().unwrap_or_default().to_le_bytes()),
        Kind::LongLong => {
            let signed = shown.parse::<i64>().map(i64::to_le_bytes);
            let bytes = signed.or_else(|_| shown.parse::<u64>().map(u64::to_le_bytes));
            out.extend_from_slice(&bytes.unwrap_or_default());
        }
        Kind::Double => out.extend_from_slice(&shown.parse::<f64>().unwrap_or_default().to_le_bytes()),
        Kind::Date | Kind::DateTime => put_moment(out, shown),
        Kind::NewDecimal | Kind::VarString | Kind::Text | Kind::Bytes => put_text(out, text),
    }
}

/// `2026-03-02 10:00:00` as length, year, month, day and, unless it is midnight, time of day.
fn put_moment(out: &mut Vec<u8>, text: &str) {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u16>().ok());
    let year = numbers.next().unwrap_or_default();
    let parts: Vec<u8> = numbers.take(5).filter_map(|n| u8::try_from(n).ok()).collect();
    let date = [parts.first().copied().unwrap_or_default(), parts.get(1).copied().unwrap_or_default()];
    let time: Vec<u8> = (2..5).map(|at| parts.get(at).copied().unwrap_or_default()).collect();
    let midnight = time.iter().all(|part| *part == 0);
    out.push(if midnight { 4 } else { 7 });
    out.extend_from_slice(&year.to_le_bytes());
    out.extend_from_slice(&date);
    if !midnight {
        out.extend_from_slice(&time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_row_marks_nulls_and_packs_moments() {
        let kinds = [Kind::LongLong, Kind::DateTime, Kind::VarString, Kind::Date];
        let values = [Some(&b"-2"[..]), Some(b"2026-03-02 10:00:05"), None, Some(b"1970-12-31")].into_iter();
        let row = binary_row(&kinds, values);
        assert_eq!(row[..2], [0, 0b1_0000]);
        assert_eq!(row[2..10], (-2_i64).to_le_bytes());
        assert_eq!(row[10..18], [7, 0xea, 7, 3, 2, 10, 0, 5]);
        assert_eq!(row[18..], [4, 0xb2, 7, 12, 31]);
    }
}
