//! One statement: what the session itself answers, and what goes to the database.

use super::backend::{Backend, Transaction};
use super::failure::{Failure, Place};
use super::portal::Portal;
use super::statement::Statement;
use super::talk::{Ending, Talk, Work};
use super::text::{self, Piece};
use super::{deeds, exploits};

/// Where statements of a failed transaction are refused.
const IN_FAILED: Place = ("postgres.c", 1081, "exec_simple_query");

/// What becomes of a statement.
pub(super) enum Answer {
    /// It is done; its tag counts so many rows.
    Done(u64),
    /// It is done, under another tag than its own.
    Tag(String),
    /// A result that is at hand.
    Table(Box<Portal>),
    /// Rows of a cursor.
    Fetch(Vec<u8>, Option<u64>),
    /// The database answers this.
    Database(Statement),
    /// The answer is on its way already.
    Begun,
}

impl Talk {
    /// Begins a statement of a simple query.
    pub(super) fn simple(&mut self, sql: &str, before: u32, out: &mut Backend) {
        let statement = Statement::new(sql);
        if self.transaction == Transaction::Failed && !statement.ends_transaction() {
            return self.fail(Failure::in_failed_transaction(IN_FAILED), 0, out);
        }
        let started = self.start(statement, Vec::new(), b"", out);
        match started {
            Ok(Answer::Database(statement)) => match self.opened(statement, out) {
                Ok(()) => self.push(Work::Rows(Vec::new(), None, Ending::Simple)),
                Err(failure) => self.fail(failure, before, out),
            },
            Ok(answer) => self.finish_simple(answer, sql, out),
            Err(failure) => self.fail(failure, before, out),
        }
    }

    fn finish_simple(&mut self, answer: Answer, sql: &str, out: &mut Backend) {
        let charset = self.charset();
        match answer {
            Answer::Done(rows) => out.complete(&Statement::new(sql).tag(rows)),
            Answer::Tag(tag) => out.complete(&tag),
            Answer::Table(portal) => {
                portal.describe(charset, out);
                self.extended.portals.insert(Vec::new(), *portal);
                self.push(Work::Rows(Vec::new(), None, Ending::Simple));
            }
            Answer::Fetch(name, limit) => {
                if let Some(portal) = self.extended.portals.get_mut(&name) {
                    portal.sent = 0;
                    portal.describe(charset, out);
                }
                self.push(Work::Rows(name, limit, Ending::Fetch));
            }
            Answer::Database(_) | Answer::Begun => {}
        }
    }

    /// Runs a statement for the unnamed portal.
    fn opened(&mut self, statement: Statement, out: &mut Backend) -> Result<(), Failure> {
        self.run_in_database(statement, Vec::new(), b"", out)?;
        if let Some(portal) = self.extended.portals.get_mut(b"".as_slice()) {
            portal.undescribed = true;
        }
        Ok(())
    }

    /// Does what the session itself does of a statement; what is left is for the database.
    ///
    /// # Errors
    /// As the server refuses it.
    pub(super) fn start(
        &mut self,
        statement: Statement,
        formats: Vec<u16>,
        portal: &[u8],
        out: &mut Backend,
    ) -> Result<Answer, Failure> {
        self.restart_clock();
        exploits::tell(&self.session, &statement.text);
        let sql = statement.text.clone();
        let pieces = text::words(&sql);
        let at = |at: usize| pieces.get(at).map_or("", |piece| piece.text);
        match statement.word(0) {
            "BEGIN" | "START" => Ok(self.begin_block(out)),
            "COMMIT" | "END" | "ROLLBACK" | "ABORT" => self.end_block(&statement, &pieces, out),
            "PREPARE" if statement.word(1) == "TRANSACTION" => self.prepare_transaction(out),
            "SAVEPOINT" | "RELEASE" => self.savepoint(&statement, &pieces),
            "SET" | "RESET" | "SHOW" => self.setting(&statement, &pieces, out),
            "DISCARD" => self.discard(statement.word(1)),
            "PREPARE" => self.prepare(&sql, &pieces),
            "EXECUTE" => self.execute_prepared(&sql, &pieces, formats, portal, out),
            "DEALLOCATE" => self.deallocate(&pieces),
            "DECLARE" => self.declare(&sql, &pieces, out),
            "FETCH" | "MOVE" => self.fetch(&statement, &pieces),
            "CLOSE" => self.close_cursor(&pieces),
            "LISTEN" | "UNLISTEN" | "NOTIFY" => Ok(self.notify(&statement, &pieces, out)),
            "COPY" => self.copy_statement(&statement, out).map(|()| Answer::Begun),
            "EXPLAIN" => self.explain(&sql, &pieces),
            "TABLE" if pieces.len() > 1 => {
                let start = pieces.get(1).map_or(0, |piece| piece.start);
                let rest = sql.get(start..).unwrap_or_default();
                Ok(Answer::Database(Statement::new(&format!("SELECT * FROM {rest}"))))
            }
            "SELECT" | "WITH" | "VALUES" | "INSERT" | "UPDATE" | "DELETE" => {
                if !statement.only_reads() {
                    self.refuse_read_only(statement.word(0))?;
                }
                Ok(Answer::Database(statement))
            }
            _ if deeds::is(&statement) => {
                if !matches!(statement.word(0), "LOCK" | "CHECKPOINT" | "LOAD") {
                    self.refuse_read_only(statement.word(0))?;
                }
                self.deed(&statement, &pieces, out)
            }
            "" if at(0).is_empty() => Ok(Answer::Begun),
            _ => Ok(Answer::Database(statement)),
        }
    }

    fn refuse_read_only(&self, verb: &str) -> Result<(), Failure> {
        let on = |name: &str| self.connection.with_settings(|settings| settings.on(name));
        if on("transaction_read_only") || on("default_transaction_read_only") {
            let message = format!("cannot execute {verb} in a read-only transaction");
            return Err(Failure::error("25006", message, ("utility.c", 414, "PreventCommandIfReadOnly")));
        }
        Ok(())
    }

    fn begin_block(&mut self, out: &mut Backend) -> Answer {
        if self.transaction == Transaction::Idle {
            self.begin_explicit();
        } else {
            let place = ("xact.c", 3792, "BeginTransactionBlock");
            Failure::warning("25001", "there is already a transaction in progress", place).put(out);
        }
        Answer::Done(0)
    }

    /// Ends a transaction; one that failed is rolled back, and says so.
    fn end_block(
        &mut self,
        statement: &Statement,
        pieces: &[Piece<'_>],
        out: &mut Backend,
    ) -> Result<Answer, Failure> {
        let commits = matches!(statement.word(0), "COMMIT" | "END");
        if !commits && pieces.iter().any(|piece| piece.is("to")) {
            return self.rollback_to(&pieces.last().map(Piece::value).unwrap_or_default());
        }
        if matches!(statement.word(1), "PREPARED") {
            return self.prepare_transaction(out);
        }
        match (self.transaction, commits) {
            (Transaction::Idle, _) => {
                let place = if commits {
                    ("xact.c", 3990, "EndTransactionBlock")
                } else {
                    ("xact.c", 4113, "UserAbortTransactionBlock")
                };
                Failure::warning("25P01", "there is no transaction in progress", place).put(out);
                if self.in_block() {
                    self.end_transaction(commits);
                }
                Ok(Answer::Done(0))
            }
            (Transaction::Failed, true) => {
                self.end_transaction(false);
                Ok(Answer::Tag("ROLLBACK".to_owned()))
            }
            (Transaction::Open | Transaction::Failed, commits) => {
                self.end_transaction(commits);
                Ok(Answer::Done(0))
            }
        }
    }

    fn prepare_transaction(&mut self, out: &mut Backend) -> Result<Answer, Failure> {
        if self.transaction == Transaction::Idle {
            let place = ("xact.c", 3990, "EndTransactionBlock");
            Failure::warning("25P01", "there is no transaction in progress", place).put(out);
            return Ok(Answer::Tag("ROLLBACK".to_owned()));
        }
        Err(Failure::error(
            "55000",
            "prepared transactions are disabled",
            ("twophase.c", 379, "MarkAsPreparing"),
        )
        .with_hint("Set max_prepared_transactions to a nonzero value."))
    }

    fn savepoint(&mut self, statement: &Statement, pieces: &[Piece<'_>]) -> Result<Answer, Failure> {
        let release = statement.word(0) == "RELEASE";
        if self.transaction == Transaction::Idle {
            let what = if release { "RELEASE SAVEPOINT" } else { "SAVEPOINT" };
            let message = format!("{what} can only be used in transaction blocks");
            return Err(Failure::error("25P01", message, ("xact.c", 3590, "CheckTransactionBlock")));
        }
        let name = pieces.last().map(Piece::value).unwrap_or_default();
        if release {
            let at = self.find_savepoint(&name, ("xact.c", 4339, "ReleaseSavepoint"))?;
            self.savepoints.truncate(at);
            return Ok(Answer::Tag("RELEASE".to_owned()));
        }
        self.savepoints.push((name, self.connection.savepoint()));
        Ok(Answer::Done(0))
    }

    fn find_savepoint(&self, name: &str, place: Place) -> Result<usize, Failure> {
        let found = self.savepoints.iter().rposition(|(known, _)| known == name);
        let missing = || Failure::error("3B001", format!("savepoint \"{name}\" does not exist"), place);
        found.ok_or_else(missing)
    }

    fn rollback_to(&mut self, name: &str) -> Result<Answer, Failure> {
        if self.transaction == Transaction::Idle {
            let message = "ROLLBACK TO SAVEPOINT can only be used in transaction blocks";
            return Err(Failure::error("25P01", message, ("xact.c", 3590, "CheckTransactionBlock")));
        }
        let at = self.find_savepoint(name, ("xact.c", 4448, "RollbackToSavepoint"))?;
        if let Some((_, kept)) = self.savepoints.get(at) {
            self.connection.rollback_to(*kept);
        }
        self.savepoints.truncate(at + 1);
        self.transaction = Transaction::Open;
        Ok(Answer::Tag("ROLLBACK".to_owned()))
    }

    fn notify(&mut self, statement: &Statement, pieces: &[Piece<'_>], out: &mut Backend) -> Answer {
        let channel = pieces.get(1).map(Piece::value).unwrap_or_default();
        match statement.word(0) {
            "LISTEN" if !self.listens.contains(&channel) && self.listens.len() < 64 => {
                self.listens.push(channel)
            }
            "UNLISTEN" if channel == "*" => self.listens.clear(),
            "UNLISTEN" => self.listens.retain(|known| *known != channel),
            "NOTIFY" if self.listens.contains(&channel) => {
                let payload = pieces.get(3).map(Piece::value).unwrap_or_default();
                let process = self.attached.process().to_be_bytes();
                out.complete("NOTIFY");
                let body = [&process[..], channel.as_bytes(), &[0], payload.as_bytes(), &[0]].concat();
                out.message(b'A', &body);
                return Answer::Begun;
            }
            _ => {}
        }
        Answer::Done(0)
    }

    fn discard(&mut self, what: &str) -> Result<Answer, Failure> {
        match what {
            "ALL" => {
                if self.in_block() {
                    let message = "DISCARD ALL cannot run inside a transaction block";
                    let place = ("xact.c", 3516, "PreventInTransactionBlock");
                    return Err(Failure::error("25001", message, place));
                }
                self.extended.statements.clear();
                self.extended.portals.clear();
                self.listens.clear();
                self.connection.with_settings(|settings| settings.reset(None));
                let left = self.connection.reset();
                self.tell(left);
            }
            "PLANS" | "SEQUENCES" | "TEMP" | "TEMPORARY" => {}
            other => return Err(Failure::syntax(&other.to_lowercase())),
        }
        Ok(Answer::Done(0))
    }
}
