//! What PostgreSQL's face asks of a connection beside statements.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sqlparser::ast::{Query, Statement};

use super::{Connection, texts};
use crate::database::postgres::bind::{Binder, Out};
use crate::database::postgres::{self, Known, Lookup, PgType, Settings, catalogue, oid};
use crate::database::problem::Problem;
use crate::database::rewrite::Named;
use crate::database::script::{self, Step};
use crate::database::{Column, Language, Message, Product};

impl Connection {
    /// The first number that the server counted up in the last INSERT; 0 where it counted none.
    pub fn inserted(&self) -> u64 {
        self.facts.state().inserted.and_then(|first| u64::try_from(first).ok()).unwrap_or(0)
    }

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
        Some(found.table.map_or(0, |table| self.facts.estimate(&table)))
    }

    /// Object id of the table that a column of a result comes from, and its number there.
    pub fn place(&self, column: &Column) -> Option<(u32, u16)> {
        let (schema, table, name) = column.origin.as_ref()?;
        let entry = catalogue::entries(&self.facts).into_iter().find(|entry| {
            entry.object.name == *table && (schema.is_empty() || entry.object.schema == *schema)
        });
        let Some(entry) = entry else {
            let relation = postgres::relation(schema, table)?;
            return Some((
                u32::try_from(relation.oid).ok()?,
                u16::try_from(relation.column(name)? + 1).ok()?,
            ));
        };
        let columns = postgres::columns_of(&self.facts, &entry);
        let at = columns.iter().position(|column| column.name == *name)?;
        Some((u32::try_from(entry.oid).ok()?, u16::try_from(at + 1).ok()?))
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
        self.see(now);
        self.facts.state().source = text.to_owned();
        let declared: BTreeMap<usize, PgType> = (1..)
            .zip(declared)
            .filter(|(_, oid)| **oid != 0)
            .map(|(at, oid)| (at, PgType::of(*oid)))
            .collect();
        let said = |problem: &Problem| texts::message(problem, Product::Postgres, Language::English, 1);
        let mut found = declared.clone();
        // What the parser does not know is refused when it is run.
        if let Ok(steps) = script::read(text, Product::Postgres)
            && let Some(Step::Statement(mut statement)) = steps.into_iter().next().map(|placed| placed.step)
        {
            found = self.used(&mut statement, declared).map_err(|problem| said(&problem))?;
        }
        Ok((1..=count).map(|at| found.get(&at).map_or(oid::TEXT, |ty| ty.oid)).collect())
    }

    /// Types of the parameters that a statement uses.
    fn used(
        &self,
        statement: &mut Statement,
        declared: BTreeMap<usize, PgType>,
    ) -> Result<BTreeMap<usize, PgType>, Problem> {
        let source = self.facts.state().source.clone();
        let mut names = Lookup { facts: &self.facts };
        let mut binder = Binder::new(&mut names, &source);
        binder.parameters = declared;
        binder.statement(statement)?;
        Ok(binder.parameters)
    }

    /// Binds a query; its columns.
    pub(super) fn bind_query(&self, query: &mut Query) -> Result<Vec<Out>, Problem> {
        let source = self.facts.state().source.clone();
        let mut names = Lookup { facts: &self.facts };
        Binder::new(&mut names, &source).top(query)
    }

    /// Binds a statement that changes a table.
    pub(super) fn bind_statement(&self, statement: &mut Statement) -> Result<(), Problem> {
        let source = self.facts.state().source.clone();
        let mut names = Lookup { facts: &self.facts };
        Binder::new(&mut names, &source).statement(statement)
    }

    /// The relation that a table's name stands for.
    pub(super) fn postgres_table(&mut self, parts: &[String]) -> Result<Named, Problem> {
        let facts = Arc::clone(&self.facts);
        let failed = |_| Problem::Resources;
        let changes = self.pending.len();
        let (name, kind) = match postgres::find(&facts, parts)? {
            Known::Catalogue(relation) => {
                let tables = self.tables()?;
                let changes = changes + tables.replayed;
                (tables.catalogue(relation, &facts, changes).map_err(failed)?, None)
            }
            Known::Table(table) => (self.tables()?.table(&table, &facts).map_err(failed)?, table.kind()),
            Known::View(view) => return Err(Problem::NoObject(view.name.clone())),
        };
        Ok(Named::Relation { name, kind, of_database: None })
    }

    /// What the server keeps of the passwords of its roles; superusers may see it.
    pub fn set_secrets(&mut self, secrets: BTreeMap<String, String>) {
        self.facts.state().secrets = secrets;
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
        postgres::server_file(&self.facts.catalog.server, path)
    }
}

impl From<&Column> for PgType {
    fn from(column: &Column) -> PgType {
        PgType::from(&column.ty)
    }
}
