//! The tables that both engines have, column by column.

use super::engine::Value;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// 64 bits.
    Int,
    Text,
    Bytes,
}

/// What happens to a row whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is a fault.
    Refused,
    /// It stays.
    Kept,
    /// It gets the new values, but for these columns.
    RenewedBut(&'static [&'static str]),
}

/// One table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Type)],
    /// How many of the columns are its key.
    pub(super) key: usize,
    pub(super) known: Known,
}

impl Table {
    /// Its columns, with commas.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The columns of its key, with commas.
    pub(super) fn key_names(&self) -> String {
        self.columns.iter().take(self.key).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// What an `INSERT` says of a row whose key is there already.
    pub(super) fn on_conflict(&self) -> String {
        let kept: &[&str] = match self.known {
            Known::Refused => return String::new(),
            Known::Kept => return format!(" ON CONFLICT ({}) DO NOTHING", self.key_names()),
            Known::RenewedBut(kept) => kept,
        };
        let renewed: Vec<String> = self
            .columns
            .iter()
            .skip(self.key)
            .filter(|(name, _)| !kept.contains(name))
            .map(|(name, _)| format!("{name} = excluded.{name}"))
            .collect();
        format!(" ON CONFLICT ({}) DO UPDATE SET {}", self.key_names(), renewed.join(", "))
    }
}

/// Rows for a table.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) table: &'static Table,
    pub(super) lines: Vec<Vec<Value>>,
}

pub(super) static RECORDS: Table = Table {
    name: "records",
    columns: &[
        ("seq", Type::Int),
        ("at", Type::Int),
        ("session", Type::Bytes),
        ("kind", Type::Text),
        ("hash", Type::Bytes),
        ("body", Type::Text),
    ],
    key: 1,
    known: Known::Refused,
};

pub(super) static HEAD: Table = Table {
    name: "head",
    columns: &[("one", Type::Int), ("seq", Type::Int), ("hash", Type::Bytes)],
    key: 1,
    known: Known::RenewedBut(&[]),
};

pub(super) static ALERTS: Table = Table {
    name: "alerts",
    columns: &[
        ("seq", Type::Int),
        ("id", Type::Text),
        ("revision", Type::Int),
        ("at", Type::Int),
        ("severity", Type::Int),
    ],
    key: 1,
    known: Known::Kept,
};

pub(super) static SESSIONS: Table = Table {
    name: "sessions",
    columns: &[
        ("id", Type::Bytes),
        ("last", Type::Int),
        ("source", Type::Text),
        ("host", Type::Text),
        ("service", Type::Text),
        ("events", Type::Int),
        ("open", Type::Int),
        ("row", Type::Text),
        ("own", Type::Int),
        ("severity", Type::Int),
    ],
    key: 1,
    known: Known::RenewedBut(&["source", "host", "service", "own"]),
};

pub(super) static TERMS: Table = Table {
    name: "terms",
    columns: &[("term", Type::Text), ("session", Type::Bytes)],
    key: 2,
    known: Known::Kept,
};

pub(super) static CASES: Table = Table {
    name: "cases",
    columns: &[
        ("incident", Type::Text),
        ("state", Type::Text),
        ("assignee", Type::Text),
        ("notes", Type::Int),
        ("seq", Type::Int),
    ],
    key: 1,
    known: Known::RenewedBut(&[]),
};

pub(super) static CASE_RECORDS: Table = Table {
    name: "case_records",
    columns: &[("incident", Type::Text), ("seq", Type::Int)],
    key: 2,
    known: Known::Kept,
};

pub(super) static STREAMS: Table = Table {
    name: "streams",
    columns: &[("stream", Type::Bytes), ("process", Type::Text), ("position", Type::Int)],
    key: 1,
    known: Known::RenewedBut(&["process"]),
};

pub(super) static INCIDENTS: Table = Table {
    name: "incidents",
    columns: &[("source", Type::Text), ("last", Type::Int), ("state", Type::Text)],
    key: 1,
    known: Known::RenewedBut(&[]),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_row_is_treated_as_the_table_says() {
        assert_eq!(RECORDS.on_conflict(), "");
        assert_eq!(TERMS.on_conflict(), " ON CONFLICT (term, session) DO NOTHING");
        assert_eq!(STREAMS.on_conflict(), " ON CONFLICT (stream) DO UPDATE SET position = excluded.position");
    }
}
