//! What a statement would give, without running it to its end.

use jiff::Timestamp;
use sqlparser::ast::Statement;

use super::{Connection, texts};
use crate::database::script::{self, Step};
use crate::database::{Column, Message};

impl Connection {
    /// The columns of a statement's result; none when it gives no rows. Parameters without a value
    /// count as NULL.
    ///
    /// # Errors
    /// The message that the product refuses it with.
    pub fn describe(&mut self, text: &str, now: Timestamp) -> Result<Vec<Column>, Message> {
        let product = self.facts.product();
        let said = |connection: &Connection, problem: &_, line| {
            texts::message(problem, product, connection.facts.language(), line)
        };
        self.facts.state().view = self.world.at(now);
        self.facts.state().source = text.to_owned();
        let steps = script::read(text, product).map_err(|(problem, line)| said(self, &problem, line))?;
        let Some(placed) = steps.into_iter().next() else { return Ok(Vec::new()) };
        let Step::Statement(statement) = placed.step else { return Ok(Vec::new()) };
        let Statement::Query(query) = *statement else { return Ok(Vec::new()) };
        for at in 1..=64 {
            for name in [format!("?{at}"), format!("${at}"), format!(":{at}")] {
                self.variables.entry(name).or_insert((rusqlite::types::Value::Null, None));
            }
        }
        if let Some(tables) = &self.engine {
            tables.refresh(&self.facts);
        }
        let opened = self.open_query(&query);
        let (open, _) = opened.map_err(|problem| said(self, &problem, placed.line))?;
        if let Some(tables) = &mut self.engine {
            tables.engine.close(open.opened);
        }
        Ok(open.columns.to_vec())
    }
}
