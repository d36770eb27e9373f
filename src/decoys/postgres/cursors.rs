//! Prepared statements and cursors of SQL, and EXPLAIN.

use super::backend::{Backend, Transaction};
use super::extended::Prepared;
use super::failure::{Failure, Place};
use super::portal::Portal;
use super::simple::Answer;
use super::statement::Statement;
use super::talk::Talk;
use super::text::{self, Kind, Piece};
use crate::database::{PgType, oid};

const FETCH: Place = ("portalcmds.c", 187, "PerformPortalFetch");
const CLOSE: Place = ("portalcmds.c", 240, "PerformPortalClose");
const EXECUTE: Place = ("prepare.c", 451, "FetchPreparedStatement");

impl Talk {
    /// `PREPARE name [(types)] AS statement`.
    pub(super) fn prepare(&mut self, sql: &str, pieces: &[Piece<'_>]) -> Result<Answer, Failure> {
        let name = pieces.get(1).map(Piece::value).ok_or_else(Failure::ended)?;
        let at = pieces.iter().position(|piece| piece.is("as")).ok_or_else(Failure::ended)?;
        let start = pieces.get(at + 1).map(|piece| piece.start).ok_or_else(Failure::ended)?;
        let named = pieces.get(3..at.saturating_sub(1)).unwrap_or_default();
        let types = arguments(sql, named);
        let types: Vec<u32> =
            types.iter().map(|name| PgType::named(name).map_or(oid::TEXT, |ty| ty.oid)).collect();
        let statement = Statement::new(sql.get(start..).unwrap_or_default());
        self.keep_prepared(name.into_bytes(), Some(statement), &types)?;
        Ok(Answer::Done(0))
    }

    /// `EXECUTE name [(values)]`.
    pub(super) fn execute_prepared(
        &mut self,
        sql: &str,
        pieces: &[Piece<'_>],
        formats: Vec<u16>,
        portal: &[u8],
        out: &mut Backend,
    ) -> Result<Answer, Failure> {
        let name = pieces.get(1).map(Piece::value).ok_or_else(Failure::ended)?;
        let prepared: Prepared = self.prepared(name.as_bytes(), EXECUTE)?.clone();
        let inside = pieces.get(3..pieces.len().saturating_sub(1)).unwrap_or_default();
        let values = arguments(sql, inside);
        if values.len() != prepared.kinds.len() {
            let message = format!("wrong number of parameters for prepared statement \"{name}\"");
            let detail = format!("Expected {} parameters but got {}.", prepared.kinds.len(), values.len());
            let place = ("prepare.c", 295, "EvaluateParams");
            return Err(Failure::error("42601", message, place).with_detail(detail));
        }
        let Some(statement) = prepared.statement else { return Ok(Answer::Done(0)) };
        let value =
            |at: usize| values.get(at).map_or_else(|| "NULL".to_owned(), |value| format!("({value})"));
        let filled = Statement::new(&text::filled(&statement.text, value));
        self.start(filled, formats, portal, out)
    }

    /// `DEALLOCATE [PREPARE] { name | ALL }`.
    pub(super) fn deallocate(&mut self, pieces: &[Piece<'_>]) -> Result<Answer, Failure> {
        let last = pieces.last().ok_or_else(Failure::ended)?;
        if last.is("all") {
            self.extended.statements.clear();
            return Ok(Answer::Done(0));
        }
        let name = last.value();
        self.prepared(name.as_bytes(), EXECUTE)?;
        self.extended.statements.remove(name.as_bytes());
        Ok(Answer::Done(0))
    }

    /// `DECLARE name … CURSOR … FOR query`.
    pub(super) fn declare(
        &mut self,
        sql: &str,
        pieces: &[Piece<'_>],
        out: &mut Backend,
    ) -> Result<Answer, Failure> {
        let name = pieces.get(1).map(Piece::value).ok_or_else(Failure::ended)?;
        let hold = pieces.iter().any(|piece| piece.is("hold"));
        if !self.in_block() && !hold {
            let message = "DECLARE CURSOR can only be used in transaction blocks";
            return Err(Failure::error("25P01", message, ("xact.c", 3590, "CheckTransactionBlock")));
        }
        if self.extended.portals.contains_key(name.as_bytes()) {
            let message = format!("cursor \"{name}\" already exists");
            return Err(Failure::error("42P03", message, ("portalmem.c", 194, "CreatePortal")));
        }
        let at = pieces.iter().position(|piece| piece.is("for")).ok_or_else(Failure::ended)?;
        let start = pieces.get(at + 1).map(|piece| piece.start).ok_or_else(Failure::ended)?;
        let query = Statement::new(sql.get(start..).unwrap_or_default());
        self.run_in_database(query, Vec::new(), name.as_bytes(), out)?;
        Ok(Answer::Done(0))
    }

    /// `FETCH [n | ALL | NEXT | FORWARD …] [FROM | IN] name`; cursors go forward only.
    pub(super) fn fetch(&mut self, statement: &Statement, pieces: &[Piece<'_>]) -> Result<Answer, Failure> {
        let name = pieces.last().filter(|_| pieces.len() > 1).map(Piece::value).ok_or_else(Failure::ended)?;
        if !self.extended.portals.contains_key(name.as_bytes()) {
            return Err(Failure::error("34000", format!("cursor \"{name}\" does not exist"), FETCH));
        }
        let words = pieces.get(1..pieces.len() - 1).unwrap_or_default();
        let backward = ["backward", "prior", "first", "last", "absolute", "relative"];
        if words.iter().any(|piece| piece.text == "-" || backward.iter().any(|word| piece.is(word))) {
            return Err(Failure::error(
                "55000",
                "cursor can only scan forward",
                ("pquery.c", 1571, "DoPortalRunFetch"),
            )
            .with_hint("Declare it with SCROLL option to enable backward scan."));
        }
        let all = words.iter().any(|piece| piece.is("all"));
        let number = words.iter().find_map(|piece| piece.text.parse::<u64>().ok());
        let limit = if all { None } else { Some(number.unwrap_or(1)) };
        if statement.word(0) == "MOVE" {
            return Ok(self.skip_rows(name.as_bytes(), limit));
        }
        Ok(Answer::Fetch(name.into_bytes(), limit))
    }

    fn skip_rows(&mut self, name: &[u8], limit: Option<u64>) -> Answer {
        let Some(portal) = self.extended.portals.get_mut(name) else { return Answer::Done(0) };
        let held = portal.rows.len();
        let wanted = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(held).min(held);
        portal.rows.drain(..wanted);
        Answer::Done(u64::try_from(wanted).unwrap_or(0))
    }

    /// `CLOSE { name | ALL }`.
    pub(super) fn close_cursor(&mut self, pieces: &[Piece<'_>]) -> Result<Answer, Failure> {
        let last = pieces.get(1).ok_or_else(Failure::ended)?;
        if last.is("all") {
            self.extended.portals.clear();
            return Ok(Answer::Done(0));
        }
        let name = last.value();
        match self.extended.portals.remove(name.as_bytes()) {
            Some(_) => Ok(Answer::Done(0)),
            None => Err(Failure::error("34000", format!("cursor \"{name}\" does not exist"), CLOSE)),
        }
    }

    /// A plan as far as the statement's first table shows it.
    pub(super) fn explain(&mut self, sql: &str, pieces: &[Piece<'_>]) -> Result<Answer, Failure> {
        const OPTIONS: [&str; 2] = ["analyze", "verbose"];
        let mut at = 1;
        if pieces.get(at).is_some_and(|piece| piece.text == "(") {
            at = pieces.iter().position(|piece| piece.text == ")").map_or(at, |end| end + 1);
        }
        while pieces.get(at).is_some_and(|piece| OPTIONS.iter().any(|word| piece.is(word))) {
            at += 1;
        }
        let start = pieces.get(at).map(|piece| piece.start).ok_or_else(Failure::ended)?;
        let query = sql.get(start..).unwrap_or_default();
        let columns = self.connection.describe(query, self.now);
        let columns = columns.map_err(|message| Failure::of(&message))?;
        let from = pieces.iter().position(|piece| piece.is("from")).map(|at| at + 1);
        let name = |at: usize| {
            let one = pieces.get(at)?;
            match pieces.get(at + 1) {
                Some(dot) if dot.text == "." => pieces.get(at + 2).map(Piece::value),
                _ => matches!(one.kind, Kind::Word | Kind::Quoted).then(|| one.value()),
            }
        };
        let width = 8 * columns.len();
        let line = match from.and_then(name).and_then(|table| Some((self.connection.rows_of(&table)?, table)))
        {
            Some((rows, table)) => {
                let cost = rows / 40 + rows / 100;
                format!("Seq Scan on {table}  (cost=0.00..{cost}.00 rows={rows} width={width})")
            }
            None => format!("Result  (cost=0.00..0.01 rows=1 width={width})"),
        };
        let table = Portal::table(Statement::new("EXPLAIN"), &["QUERY PLAN"], vec![vec![line]]);
        Ok(Answer::Table(Box::new(table)))
    }

    /// Whether a transaction is open that has not failed.
    pub(super) fn is_open(&self) -> bool {
        self.transaction == Transaction::Open
    }
}

/// The texts between commas that stand in no parentheses.
fn arguments(sql: &str, pieces: &[Piece<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, None);
    let mut end = 0;
    for piece in pieces {
        match piece.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if piece.text == "," && depth == 0 {
            found.extend(start.take().and_then(|start| sql.get(start..end)).map(str::to_owned));
        } else {
            start.get_or_insert(piece.start);
            end = piece.start + piece.text.len();
        }
    }
    found.extend(start.and_then(|start| sql.get(start..end)).map(str::to_owned));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_told_apart() {
        let sql = "execute x (1, f(2, 3), 'a,b'::text)";
        let pieces = text::words(sql);
        let found = arguments(sql, &pieces[3..pieces.len() - 1]);
        assert_eq!(found, ["1", "f(2, 3)", "'a,b'::text"]);
    }
}
