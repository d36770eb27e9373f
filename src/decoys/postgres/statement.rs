//! What one statement is, as far as the protocol must know it: its command tag, and whether rows come.

use super::text::{self, Kind};

/// Most words at the beginning that are looked at.
const WORDS: usize = 6;

/// One statement of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its text.
    pub(super) text: String,
    /// Its first words, in upper case.
    words: Vec<String>,
    returning: bool,
}

impl Statement {
    pub(super) fn new(sql: &str) -> Self {
        let found = text::pieces(sql).filter(|piece| piece.kind != Kind::Blank);
        let found = found.skip_while(|piece| piece.text == "(");
        let words = found.take_while(|piece| matches!(piece.kind, Kind::Word | Kind::Quoted)).take(WORDS);
        let words = words.map(|piece| piece.text.to_ascii_uppercase()).collect();
        let returning = text::pieces(sql).any(|piece| piece.is("returning"));
        Statement { text: sql.to_owned(), words, returning }
    }

    /// The word at this place, from 0; empty behind the last.
    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// Whether it gives a result set.
    pub(super) fn gives_rows(&self) -> bool {
        match self.word(0) {
            "SELECT" => !self.words.iter().any(|word| word == "INTO"),
            "WITH" | "VALUES" | "TABLE" | "SHOW" | "EXPLAIN" | "FETCH" => true,
            "INSERT" | "UPDATE" | "DELETE" => self.returning,
            _ => false,
        }
    }

    /// Whether it may be run to learn its columns: it changes nothing.
    pub(super) fn only_reads(&self) -> bool {
        matches!(self.word(0), "SELECT" | "WITH" | "VALUES" | "TABLE") && self.gives_rows()
    }

    /// Whether it ends a transaction: the only kind that a failed one takes.
    pub(super) fn ends_transaction(&self) -> bool {
        matches!(self.word(0), "COMMIT" | "END" | "ROLLBACK" | "ABORT")
    }

    /// CommandComplete's tag after so many rows.
    pub(super) fn tag(&self, rows: u64) -> String {
        match self.word(0) {
            "SELECT" | "WITH" | "VALUES" | "TABLE" => format!("SELECT {rows}"),
            "INSERT" => format!("INSERT 0 {rows}"),
            verb @ ("UPDATE" | "DELETE" | "MERGE" | "FETCH" | "MOVE" | "COPY") => format!("{verb} {rows}"),
            "CREATE" if self.words.iter().any(|word| word == "AS") && self.object() == "TABLE" => {
                format!("SELECT {rows}")
            }
            "START" => "START TRANSACTION".to_owned(),
            "END" => "COMMIT".to_owned(),
            "ABORT" => "ROLLBACK".to_owned(),
            "TRUNCATE" => "TRUNCATE TABLE".to_owned(),
            "LOCK" => "LOCK TABLE".to_owned(),
            "DISCARD" => format!("DISCARD {}", self.word(1)),
            "DEALLOCATE" if self.words.iter().any(|word| word == "ALL") => "DEALLOCATE ALL".to_owned(),
            "DECLARE" => "DECLARE CURSOR".to_owned(),
            "CLOSE" if self.word(1) == "ALL" => "CLOSE CURSOR ALL".to_owned(),
            "CLOSE" => "CLOSE CURSOR".to_owned(),
            "SET" if self.word(1) == "CONSTRAINTS" => "SET CONSTRAINTS".to_owned(),
            "REFRESH" => "REFRESH MATERIALIZED VIEW".to_owned(),
            verb @ ("CREATE" | "DROP" | "ALTER") => format!("{verb} {}", self.object()),
            verb => verb.to_owned(),
        }
    }

    /// The kind of object behind CREATE, DROP or ALTER.
    fn object(&self) -> &str {
        const PASSED: [&str; 10] = [
            "OR",
            "REPLACE",
            "TEMP",
            "TEMPORARY",
            "UNIQUE",
            "UNLOGGED",
            "GLOBAL",
            "LOCAL",
            "TRUSTED",
            "CONCURRENTLY",
        ];
        let mut rest = self.words.iter().skip(1).filter(|word| !PASSED.contains(&word.as_str()));
        match rest.next().map_or("", String::as_str) {
            "USER" | "GROUP" => "ROLE",
            "MATERIALIZED" => "MATERIALIZED VIEW",
            "EVENT" => "EVENT TRIGGER",
            "FOREIGN" if rest.next().is_some_and(|word| word == "TABLE") => "FOREIGN TABLE",
            "FOREIGN" => "FOREIGN DATA WRAPPER",
            "PROCEDURAL" => "LANGUAGE",
            "DEFAULT" => "DEFAULT PRIVILEGES",
            object => object,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_the_servers() {
        let tag = |text| Statement::new(text).tag(3);
        assert_eq!(tag("-- x\nselect 1"), "SELECT 3");
        assert_eq!(tag("insert into t values (1)"), "INSERT 0 3");
        assert_eq!(tag("create or replace function f() returns int"), "CREATE FUNCTION");
        assert_eq!(tag("create unique index i on t (a)"), "CREATE INDEX");
        assert_eq!(tag("alter user x password 'y'"), "ALTER ROLE");
        assert_eq!(tag("create table t as select 1"), "SELECT 3");
        assert_eq!(tag("end"), "COMMIT");
        assert!(Statement::new("(select 1)").gives_rows());
        assert!(Statement::new("delete from t returning id").gives_rows());
        assert!(!Statement::new("delete from t").gives_rows());
    }
}
