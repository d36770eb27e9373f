//! What PostgreSQL's face asks of a connection beside statements.

use jiff::Timestamp;

use super::Connection;
use crate::database::postgres::{PgType, Settings, oid};
use crate::database::{Column, Message};

impl Connection {
    /// Reads or changes the session's settings.
    pub fn with_settings<T>(&self, with: impl FnOnce(&mut Settings) -> T) -> T {
        with(&mut self.facts.state().settings)
    }

    /// Whether the login may do everything.
    pub fn is_administrator(&self) -> bool {
        self.facts.administrator
    }

    /// Whether there is such a role.
    pub fn has_role(&self, name: &str) -> bool {
        self.facts.catalog.login(name).is_some()
            || self.facts.state().logins.iter().any(|known| known == name)
    }

    /// Whether there is such a database.
    pub fn has_database(&self, name: &str) -> bool {
        self.facts.databases().iter().any(|(known, _)| known == name)
    }

    /// Tables of a schema, as they are named in statements.
    pub fn tables_of(&self, schema: &str) -> Vec<String> {
        let objects = self.facts.objects(&self.facts.database()).into_iter();
        let tables = objects.filter(|object| object.kind == 'U' && object.schema == schema);
        tables.map(|object| format!("\"{}\".\"{}\"", object.schema, object.name)).collect()
    }

    /// How many rows a table or view of this name has; `None` where there is none.
    pub fn rows_of(&self, name: &str) -> Option<i64> {
        let found = self.facts.object(&self.facts.database(), |object| object.name == name)?;
        Some(found.table.map_or(0, |table| self.facts.count(&table)))
    }

    /// Object id of the table that a column of a result comes from, and its number there.
    pub fn place(&self, column: &Column) -> Option<(u32, u16)> {
        let (schema, table, name) = column.origin.as_ref()?;
        let object = self
            .facts
            .object(&self.facts.database(), |object| object.name == *table && object.schema == *schema)?;
        let at = object.table?.columns.iter().position(|column| column.name == *name)?;
        Some((u32::try_from(object.id).ok()?, u16::try_from(at + 1).ok()?))
    }

    /// Types of a statement's parameters: as declared, or as they are used.
    ///
    /// # Errors
    /// The message that the product refuses the statement with.
    pub fn parameters(
        &mut self,
        text: &str,
        declared: &[u32],
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<u32>, Message> {
        self.facts.state().view = self.world.at(now);
        let _ = text;
        let given = |at: usize| declared.get(at).copied().filter(|kind| *kind != 0).unwrap_or(oid::TEXT);
        Ok((0..count).map(given).collect())
    }

    /// The state of the open transaction, to come back to.
    pub fn savepoint(&self) -> usize {
        self.pending.len()
    }

    /// Back to a state of the open transaction.
    pub fn rollback_to(&mut self, savepoint: usize) {
        if self.pending.len() <= savepoint {
            return;
        }
        self.cancel();
        let kept: Vec<Vec<u8>> = self.pending.drain(..).take(savepoint).collect();
        self.forget();
        // What can't be played again is as if it had not been.
        let _ = self.replay();
        for change in kept {
            let _ = self.play_kept(&change);
            self.pending.push(change);
        }
    }

    /// The text of one of the few files of the server's host that a database would give away.
    pub fn server_file(&self, path: &str) -> Option<String> {
        crate::database::postgres::server_file(&self.facts.catalog.server, path)
    }
}

impl From<&Column> for PgType {
    fn from(column: &Column) -> PgType {
        PgType::from(&column.ty)
    }
}
