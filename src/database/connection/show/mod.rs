//! `SHOW`, `DESCRIBE` and settings of MySQL and PostgreSQL, as queries of the catalogue.

mod definitions;
mod mysql;

use super::Connection;
use crate::database::Product;
use crate::database::problem::Problem;

impl Connection {
    /// Answers `SHOW …` and the like; `text` is the statement as it was written.
    pub(super) fn show(&mut self, words: &[String], text: &str) -> Result<(), Problem> {
        if self.facts.product() == Product::Postgres {
            let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
            let name: Vec<&str> = lower.iter().skip(1).map(String::as_str).collect();
            return self.show_setting(&name);
        }
        let sql = self.mysql_shows(words, text)?;
        self.enter_text(&sql)
    }

    fn show_setting(&mut self, name: &[&str]) -> Result<(), Problem> {
        let name = name
            .join("_")
            .replace("transaction_isolation_level", "transaction_isolation")
            .replace("time_zone", "timezone");
        match self.facts.catalog.server.settings.get(&name).cloned() {
            Some(value) => self.enter_text(&format!("select '{}' as {name}", value.replace('\'', "''"))),
            None => Err(Problem::NoOption(name)),
        }
    }
}

/// A text as MySQL's literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
