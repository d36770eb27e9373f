//! The extended protocol: Parse, Bind, Describe, Execute, Close, Flush and Sync.

use std::collections::BTreeMap;

use super::backend::{Backend, Transaction};
use super::failure::{Failure, Place};
use super::frontend::Body;
use super::given::Given;
use super::portal::{Portal, Rest};
use super::simple::Answer;
use super::statement::Statement;
use super::talk::{Ending, Talk, Work};
use super::text;
use crate::database::PgType;

/// Most prepared statements and most portals of a session: pools of drivers keep up to 256.
const MAX_NAMED: usize = 1024;

/// Most parameters of a statement (the protocol's count has two bytes).
const MAX_PARAMETERS: usize = 32_767;

/// What a session has prepared.
#[derive(Debug, Default)]
pub(super) struct Extended {
    pub(super) statements: BTreeMap<Vec<u8>, Prepared>,
    pub(super) portals: BTreeMap<Vec<u8>, Portal>,
    /// Statements that are bound and not begun.
    bound: BTreeMap<Vec<u8>, (Option<Statement>, Vec<u16>)>,
    /// An error came: everything up to the next Sync is skipped.
    skips: bool,
}

/// A prepared statement.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    /// `None` for an empty query.
    pub(super) statement: Option<Statement>,
    /// Types of its parameters.
    pub(super) kinds: Vec<u32>,
}

impl Extended {
    /// A new synchronisation point: nothing is skipped.
    pub(super) fn synced(&mut self) {
        self.skips = false;
    }

    /// Everything up to the next one is skipped.
    pub(super) fn skip(&mut self) {
        self.skips = true;
    }
}

impl Talk {
    /// Takes one message; tells whether the product thinks before it answers.
    pub(super) fn extended_message(&mut self, kind: u8, body: &[u8], out: &mut Backend) -> bool {
        if kind == b'S' {
            self.extended.synced();
            self.ready(out);
            if !self.in_block() {
                self.extended.portals.clear();
                self.extended.bound.clear();
            }
            return false;
        }
        if self.extended.skips {
            return false;
        }
        let outcome = match kind {
            b'P' => self.parse(body, out).map(|()| false),
            b'B' => self.bind(body, out).map(|()| false),
            b'D' => self.describe(body, out).map(|()| true),
            b'E' => self.execute(body).map(|()| true),
            b'C' => self.close(body, out).map(|()| false),
            b'F' => Err(no_function(body)),
            _ => Ok(false),
        };
        outcome.unwrap_or_else(|failure| {
            if failure.code == "08P01" {
                self.session.malformed("message of the extended protocol that can't be read", body);
            }
            self.fail(failure, 0, out);
            if kind == b'F' {
                self.extended.synced();
                self.ready(out);
            }
            false
        })
    }

    fn parse(&mut self, body: &[u8], out: &mut Backend) -> Result<(), Failure> {
        let mut body = Body(body);
        let name = body.text().ok_or_else(Failure::bad_string)?.to_vec();
        let sql = self.charset().decode(body.text().ok_or_else(Failure::bad_string)?);
        let count = usize::from(body.u16().ok_or_else(Failure::short_message)?);
        let declared: Option<Vec<u32>> = (0..count.min(MAX_PARAMETERS)).map(|_| body.u32()).collect();
        let declared = declared.ok_or_else(Failure::short_message)?;
        let statements = text::statements(&sql);
        if statements.len() > 1 {
            let message = "cannot insert multiple commands into a prepared statement";
            return Err(Failure::error("42601", message, ("postgres.c", 1457, "exec_parse_message")));
        }
        let statement = statements.first().map(|statement| Statement::new(statement.text));
        let ends = statement.as_ref().is_none_or(Statement::ends_transaction);
        if self.transaction == Transaction::Failed && !ends {
            return Err(Failure::in_failed_transaction(("postgres.c", 1479, "exec_parse_message")));
        }
        self.keep_prepared(name, statement, &declared)?;
        out.message(b'1', &[]);
        Ok(())
    }

    /// Keeps a statement under a name, with the types of its parameters.
    ///
    /// # Errors
    /// Where the name is taken, or the statement is none.
    pub(super) fn keep_prepared(
        &mut self,
        name: Vec<u8>,
        statement: Option<Statement>,
        declared: &[u32],
    ) -> Result<(), Failure> {
        if !name.is_empty() && self.extended.statements.contains_key(&name) {
            let message = format!("prepared statement \"{}\" already exists", String::from_utf8_lossy(&name));
            return Err(Failure::error("42P05", message, ("prepare.c", 404, "StorePreparedStatement")));
        }
        if self.extended.statements.len() >= MAX_NAMED {
            return Err(Failure::memory());
        }
        let kinds = match &statement {
            None => Vec::new(),
            Some(statement) => {
                let count = text::parameters(&statement.text).max(declared.len()).min(MAX_PARAMETERS);
                let found = self.connection.parameters(&statement.text, declared, count, self.now);
                found.map_err(|message| Failure::of(&message))?
            }
        };
        self.extended.statements.insert(name, Prepared { statement, kinds });
        Ok(())
    }

    /// A prepared statement by its name.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) fn prepared(&self, name: &[u8], place: Place) -> Result<&Prepared, Failure> {
        let found = self.extended.statements.get(name);
        found.ok_or_else(|| match name {
            [] => {
                let message = "unnamed prepared statement does not exist";
                Failure::error("26000", message, place)
            }
            name => Failure::no_statement(&String::from_utf8_lossy(name), place),
        })
    }

    fn bind(&mut self, body: &[u8], out: &mut Backend) -> Result<(), Failure> {
        let mut body = Body(body);
        let portal = body.text().ok_or_else(Failure::bad_string)?.to_vec();
        let name = body.text().ok_or_else(Failure::bad_string)?;
        let prepared = self.prepared(name, ("postgres.c", 1681, "exec_bind_message"))?.clone();
        let formats = codes(&mut body).ok_or_else(Failure::short_message)?;
        let count = usize::from(body.u16().ok_or_else(Failure::short_message)?);
        if count != prepared.kinds.len() {
            let shown = String::from_utf8_lossy(name).into_owned();
            let message = format!(
                "bind message supplies {count} parameters, but prepared statement \"{shown}\" requires {}",
                prepared.kinds.len()
            );
            return Err(Failure::error("08P01", message, ("postgres.c", 1713, "exec_bind_message")));
        }
        let charset = self.charset();
        let mut literals = Vec::with_capacity(count);
        for (at, kind) in prepared.kinds.iter().enumerate() {
            let bytes = body.value().ok_or_else(Failure::short_message)?;
            let all = formats.first().filter(|_| formats.len() == 1);
            let binary = *all.or(formats.get(at)).unwrap_or(&0) == 1;
            let decoded = bytes.filter(|_| !binary).map(|bytes| charset.decode(bytes));
            let given =
                Given { ty: PgType::of(*kind), number: at + 1, binary, bytes, text: decoded.as_deref() };
            literals.push(given.literal()?);
        }
        let results = codes(&mut body).ok_or_else(Failure::short_message)?;
        let fill = |statement: Statement| {
            let literal = |at: usize| literals.get(at).cloned().unwrap_or_else(|| "NULL".to_owned());
            Statement::new(&text::filled(&statement.text, literal))
        };
        if !portal.is_empty() && self.extended.portals.contains_key(&portal) {
            let message = format!("cursor \"{}\" already exists", String::from_utf8_lossy(&portal));
            return Err(Failure::error("42P03", message, ("portalmem.c", 194, "CreatePortal")));
        }
        if self.extended.portals.len() + self.extended.bound.len() >= MAX_NAMED {
            return Err(Failure::memory());
        }
        self.extended.portals.remove(&portal);
        self.extended.bound.insert(portal, (prepared.statement.map(fill), results));
        out.message(b'2', &[]);
        Ok(())
    }

    fn describe(&mut self, body: &[u8], out: &mut Backend) -> Result<(), Failure> {
        let mut body = Body(body);
        let kind = body.u8().ok_or_else(Failure::short_message)?;
        let name = body.text().ok_or_else(Failure::bad_string)?.to_vec();
        let charset = self.charset();
        if kind == b'S' {
            let place = ("postgres.c", 2634, "exec_describe_statement_message");
            let prepared = self.prepared(&name, place)?.clone();
            out.parameters(&prepared.kinds);
            // What is not bound yet has its types.
            let null = |at: usize| {
                let kind = prepared.kinds.get(at).copied().unwrap_or_default();
                format!("NULL::{}", PgType::of(kind).name())
            };
            let typed = prepared.statement.map(|one| Statement::new(&text::filled(&one.text, null)));
            return self.describe_statement(typed, Vec::new(), out);
        }
        if let Some(portal) = self.extended.portals.get(&name) {
            portal.describe(charset, out);
            return Ok(());
        }
        let place = ("postgres.c", 2727, "exec_describe_portal_message");
        let (statement, formats) =
            self.extended.bound.get(&name).cloned().ok_or_else(|| no_portal(&name, place))?;
        self.describe_statement(statement, formats, out)
    }

    /// RowDescription of a statement that was not begun.
    fn describe_statement(
        &mut self,
        statement: Option<Statement>,
        formats: Vec<u16>,
        out: &mut Backend,
    ) -> Result<(), Failure> {
        let Some(statement) = statement.filter(Statement::gives_rows) else {
            out.message(b'n', &[]);
            return Ok(());
        };
        let charset = self.charset();
        let blank = text::filled(&statement.text, |_| "NULL".to_owned());
        if matches!(statement.word(0), "SHOW" | "EXPLAIN") {
            if let Answer::Table(table) = self.start(Statement::new(&blank), Vec::new(), b"", out)? {
                table.describe(charset, out);
            }
            return Ok(());
        }
        let columns = self.connection.describe(&statement.text, self.now);
        let columns = columns.map_err(|message| Failure::of(&message))?;
        let mut shown = Portal::new(statement, formats);
        let connection = &self.connection;
        shown.describe_as(&columns.into(), |column| connection.place(column));
        shown.describe(charset, out);
        Ok(())
    }

    fn execute(&mut self, body: &[u8]) -> Result<(), Failure> {
        let mut body = Body(body);
        let name = body.text().ok_or_else(Failure::bad_string)?.to_vec();
        let most = body.u32().ok_or_else(Failure::short_message)?;
        if !self.extended.portals.contains_key(&name) && !self.extended.bound.contains_key(&name) {
            return Err(no_portal(&name, ("postgres.c", 2112, "exec_execute_message")));
        }
        self.restart_clock();
        self.push(Work::Execute(name, most));
        Ok(())
    }

    /// Begins what is bound, or goes on with a portal.
    pub(super) fn execute_now(&mut self, name: Vec<u8>, most: u32, out: &mut Backend) {
        let limit = (most > 0).then(|| u64::from(most));
        if let Some(portal) = self.extended.portals.get_mut(&name) {
            portal.sent = 0;
            return self.push(Work::Rows(name, limit, Ending::Extended));
        }
        let Some((statement, formats)) = self.extended.bound.remove(&name) else { return };
        let Some(statement) = statement else {
            out.message(b'I', &[]);
            return;
        };
        if self.transaction == Transaction::Failed && !statement.ends_transaction() {
            let place = ("postgres.c", 2194, "exec_execute_message");
            return self.fail(Failure::in_failed_transaction(place), 0, out);
        }
        if !statement.only_reads() && matches!(statement.word(0), "INSERT" | "UPDATE" | "DELETE") {
            self.begin_implicit();
        }
        let tag = statement.clone();
        let answer = self.start(statement, formats.clone(), &name, out);
        match answer {
            Ok(Answer::Database(statement)) => match self.run_in_database(statement, formats, &name, out) {
                Ok(()) => self.push(Work::Rows(name, limit, Ending::Extended)),
                Err(failure) => self.fail(failure, 0, out),
            },
            Ok(Answer::Done(rows)) => out.complete(&tag.tag(rows)),
            Ok(Answer::Tag(tag)) => out.complete(&tag),
            Ok(Answer::Table(mut portal)) => {
                portal.formats = formats;
                portal.rest = Rest::Ended;
                self.extended.portals.insert(name.clone(), *portal);
                self.push(Work::Rows(name, limit, Ending::Extended));
            }
            Ok(Answer::Fetch(name, rows)) => {
                if let Some(portal) = self.extended.portals.get_mut(&name) {
                    portal.sent = 0;
                }
                self.push(Work::Rows(name, rows, Ending::Fetch));
            }
            Ok(Answer::Begun) => {}
            Err(failure) => self.fail(failure, 0, out),
        }
    }

    fn close(&mut self, body: &[u8], out: &mut Backend) -> Result<(), Failure> {
        let mut body = Body(body);
        let kind = body.u8().ok_or_else(Failure::short_message)?;
        let name = body.text().ok_or_else(Failure::bad_string)?;
        if kind == b'S' {
            self.extended.statements.remove(name);
        } else {
            self.extended.portals.remove(name);
            self.extended.bound.remove(name);
        }
        out.message(b'3', &[]);
        Ok(())
    }
}

fn no_portal(name: &[u8], place: Place) -> Failure {
    Failure::error("34000", format!("portal \"{}\" does not exist", String::from_utf8_lossy(name)), place)
}

/// A list of format codes.
fn codes(body: &mut Body<'_>) -> Option<Vec<u16>> {
    let count = usize::from(body.u16()?);
    (0..count.min(MAX_PARAMETERS)).map(|_| body.u16()).collect()
}

/// The server has functions that can be called by number; none of those a client may call here.
fn no_function(body: &[u8]) -> Failure {
    let id = Body(body).u32().unwrap_or_default();
    let message = format!("function with OID {id} does not exist");
    Failure::error("42883", message, ("fastpath.c", 142, "fetch_fp_info"))
}
