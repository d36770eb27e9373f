//! COPY: tables out in text or CSV, rows in from the client; never files or programs of the server.

use super::backend::Backend;
use super::failure::{Failure, SYNTAX};
use super::form::{Form, form};
use super::portal::Rest;
use super::statement::Statement;
use super::talk::{SLICE, Talk, Work};
use super::text::{self, Piece};
use super::{exploits, programs};
use crate::event::Observation;

/// Most bytes that are taken of rows that a client copies in.
const MAX_IN: usize = 4 << 20;

/// Rows of one INSERT that a COPY becomes.
const ROWS_OF_INSERT: usize = 200;

/// Rows coming in.
#[derive(Debug)]
pub(super) struct CopyIn {
    table: String,
    columns: Vec<String>,
    form: Form,
    data: Vec<u8>,
    /// Whether the statement came by the simple protocol, whose end is told.
    simple: bool,
    /// Bytes that were thrown away after too many.
    full: bool,
}

/// Rows going out.
#[derive(Debug)]
pub(super) struct CopyOut {
    form: Form,
    /// Whether the header went out.
    begun: bool,
    rows: u64,
}

/// The portal that a COPY reads; no client can name it.
const SOURCE: &[u8] = b"\0copy";

/// A COPY statement.
struct Copy {
    /// What is copied: a query, or a table with its columns.
    subject: Subject,
    out: bool,
    target: Target,
    form: Form,
}

enum Subject {
    Query(String),
    Table(String, Vec<String>),
}

enum Target {
    Client,
    Program(String),
    File(String),
}

impl Copy {
    fn read(sql: &str) -> Option<Copy> {
        let pieces = text::words(sql);
        let mut at = 1;
        let subject = if pieces.get(at)?.text == "(" {
            let end = closing(&pieces, at)?;
            let (from, to) = (pieces.get(at)?.start + 1, pieces.get(end)?.start);
            at = end + 1;
            Subject::Query(sql.get(from..to)?.to_owned())
        } else {
            let start = pieces.get(at)?.start;
            at += 1;
            while pieces.get(at).is_some_and(|piece| piece.text == ".") {
                at += 2;
            }
            let table = sql.get(start..pieces.get(at)?.start)?.trim().to_owned();
            let columns = if pieces.get(at)?.text == "(" {
                let end = closing(&pieces, at)?;
                let named = pieces.get(at + 1..end)?.iter().filter(|piece| piece.text != ",");
                let named = named.map(|piece| piece.text.to_owned()).collect();
                at = end + 1;
                named
            } else {
                Vec::new()
            };
            Subject::Table(table, columns)
        };
        let out = pieces.get(at)?.is("to");
        if !out && !pieces.get(at)?.is("from") {
            return None;
        }
        let first = pieces.get(at + 1)?;
        let target = if first.is("stdout") || first.is("stdin") {
            Target::Client
        } else if first.is("program") {
            Target::Program(pieces.get(at + 2).map(Piece::value).unwrap_or_default())
        } else {
            Target::File(first.value())
        };
        Some(Copy { subject, out, target, form: form(pieces.get(at + 2..).unwrap_or_default()) })
    }
}

fn closing(pieces: &[Piece<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, piece) in pieces.iter().enumerate().skip(open) {
        match piece.text {
            "(" => depth += 1,
            ")" if depth == 1 => return Some(at),
            ")" => depth -= 1,
            _ => {}
        }
    }
    None
}

impl Talk {
    /// Runs a COPY.
    ///
    /// # Errors
    /// As the server refuses it.
    pub(super) fn copy_statement(&mut self, statement: &Statement, out: &mut Backend) -> Result<(), Failure> {
        let Some(copy) = Copy::read(&statement.text) else {
            let words = text::words(&statement.text);
            let near = words.get(2).or(words.last()).map_or("", |piece| piece.text);
            return Err(if words.len() < 3 { Failure::ended() } else { Failure::syntax(near) });
        };
        match (&copy.target, copy.out) {
            (Target::Client, true) => self.copy_out(copy, out),
            (Target::Client, false) => self.copy_in(copy, out),
            (Target::Program(_) | Target::File(_), _) => self.copy_on_server(statement, copy, out),
        }
    }

    /// Files and programs of the server are the superuser's.
    fn copy_on_server(
        &mut self,
        statement: &Statement,
        copy: Copy,
        out: &mut Backend,
    ) -> Result<(), Failure> {
        let (role, what, line) = match (&copy.target, copy.out) {
            (Target::Program(_), _) => {
                ("pg_execute_server_program", "COPY to or from an external program", 84)
            }
            (_, true) => ("pg_write_server_files", "COPY to a file", 102),
            (_, false) => ("pg_read_server_files", "COPY from a file", 93),
        };
        exploits::tell_copy(&self.session, &statement.text, matches!(copy.target, Target::Program(_)));
        if !self.connection.is_administrator() {
            let message = format!("must be superuser or have privileges of the {role} role to {what}");
            let hint =
                "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.";
            return Err(Failure::error("42501", message, ("copy.c", line, "DoCopy")).with_hint(hint));
        }
        match copy.target {
            Target::Program(ref command) => {
                let command = command.clone();
                self.session.emit(Observation::Command { line: command.as_str().into(), exit: None });
                self.program_rows(&command, copy, out)
            }
            Target::File(path) if copy.out => {
                let message = format!("could not open file \"{path}\" for writing: Permission denied");
                Err(Failure::error("42501", message, ("copyto.c", 777, "BeginCopyTo")))
            }
            Target::File(ref path) => match self.connection.server_file(path) {
                Some(text) => self.keep_lines(&text, copy, out),
                None => {
                    let message =
                        format!("could not open file \"{path}\" for reading: No such file or directory");
                    let hint = "COPY FROM instructs the PostgreSQL server process to read a file. You may want a client-side facility such as psql's \\copy.";
                    let place = ("copyfrom.c", 1727, "BeginCopyFrom");
                    Err(Failure::error("58P01", message, place).with_hint(hint))
                }
            },
            Target::Client => Ok(()),
        }
    }

    /// A program that the server's shell would run: the few whose answer is known, or not found.
    fn program_rows(&mut self, command: &str, copy: Copy, out: &mut Backend) -> Result<(), Failure> {
        let answer = programs::run(&self.session, &self.connection, command);
        match answer {
            Some(text) if !copy.out => self.keep_lines(&text, copy, out),
            _ => {
                let message = format!("program \"{command}\" failed");
                let place = if copy.out {
                    ("copyto.c", 310, "ClosePipeToProgram")
                } else {
                    ("copyfromparse.c", 1580, "ClosePipeFromProgram")
                };
                let detail = "child process exited with exit code 127";
                Err(Failure::error("38000", message, place).with_detail(detail))
            }
        }
    }

    /// Rows that the server reads itself go into the table.
    fn keep_lines(&mut self, text: &str, copy: Copy, out: &mut Backend) -> Result<(), Failure> {
        let Subject::Table(table, columns) = copy.subject else { return Err(Failure::syntax("FROM")) };
        let data = text.as_bytes().to_vec();
        self.copy = Some(CopyIn { table, columns, form: copy.form, data, simple: true, full: false });
        let rows = self.insert(out);
        self.copy = None;
        out.complete(&format!("COPY {}", rows?));
        Ok(())
    }

    fn copy_out(&mut self, copy: Copy, out: &mut Backend) -> Result<(), Failure> {
        let query = match copy.subject {
            Subject::Query(query) => query,
            Subject::Table(table, columns) if columns.is_empty() => format!("SELECT * FROM {table}"),
            Subject::Table(table, columns) => format!("SELECT {} FROM {table}", columns.join(", ")),
        };
        self.run_in_database(Statement::new(&query), Vec::new(), SOURCE, out)?;
        let columns = self.extended.portals.get(SOURCE).map_or(0, |portal| portal.columns.len());
        out.copy(b'H', columns, false);
        self.push(Work::Copy(Box::new(CopyOut { form: copy.form, begun: false, rows: 0 })));
        Ok(())
    }

    /// Sends some rows of a COPY.
    pub(super) fn copy_rows(&mut self, mut copy: Box<CopyOut>, out: &mut Backend) -> u32 {
        let (charset, zones) = (self.charset(), self.zones());
        let mut rows = 0;
        let Some(portal) = self.extended.portals.get_mut(SOURCE) else { return 0 };
        let mut data = Vec::new();
        if copy.form.header && !copy.begun {
            let names: Vec<_> = portal.columns.iter().map(|column| Some(column.name.clone())).collect();
            copy.form.line(&names, &mut data);
            out.message(b'd', &std::mem::take(&mut data));
        }
        copy.begun = true;
        while let Some(row) = portal.rows.pop_front() {
            copy.form.line(&portal.shown(&row, charset, &zones), &mut data);
            // The server sends each row as a message of its own.
            out.message(b'd', &data);
            data.clear();
            rows += 1;
            if usize::try_from(rows).unwrap_or(SLICE) >= SLICE {
                break;
            }
        }
        copy.rows += u64::from(rows);
        let (empty, rest) = (portal.rows.is_empty(), portal.rest);
        if empty && rest == Rest::Ended {
            out.message(b'c', &[]);
            out.complete(&format!("COPY {}", copy.rows));
            self.extended.portals.remove(SOURCE);
            return rows;
        }
        if empty && let Err(failure) = self.pull(SOURCE, out) {
            self.extended.portals.remove(SOURCE);
            self.fail(failure, 0, out);
            return rows;
        }
        self.push(Work::Copy(copy));
        rows
    }

    fn copy_in(&mut self, copy: Copy, out: &mut Backend) -> Result<(), Failure> {
        let Subject::Table(table, columns) = copy.subject else {
            return Err(Failure::error("42601", "syntax error at or near \"FROM\"", SYNTAX));
        };
        let list = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
        let described = self.connection.describe(&format!("SELECT {list} FROM {table}"), self.now);
        let described = described.map_err(|message| Failure::of(&message).at(0))?;
        out.copy(b'G', described.len(), false);
        let simple = self.has_work();
        self.copy = Some(CopyIn { table, columns, form: copy.form, data: Vec::new(), simple, full: false });
        Ok(())
    }

    /// A message while rows come in; tells whether the product thinks before it answers.
    pub(super) fn copy_message(&mut self, kind: u8, body: &[u8], out: &mut Backend) -> bool {
        let Some(copy) = &mut self.copy else { return false };
        match kind {
            b'd' if copy.data.len() + body.len() <= MAX_IN => copy.data.extend_from_slice(body),
            b'd' => copy.full = true,
            b'c' => {
                let outcome = if copy.full { Err(Failure::memory()) } else { self.insert(out) };
                self.end_copy(outcome, out);
                return true;
            }
            b'f' => {
                let why = String::from_utf8_lossy(body.strip_suffix(&[0]).unwrap_or(body)).into_owned();
                let message = format!("COPY from stdin failed: {why}");
                let failure = Failure::error("57014", message, ("copyfromparse.c", 371, "CopyGetData"));
                self.end_copy(Err(failure), out);
            }
            // Flush and Sync are ignored meanwhile, as the server does.
            b'H' | b'S' => {}
            other => {
                let message = format!("unexpected message type 0x{other:02X} during COPY from stdin");
                let place = ("copyfromparse.c", 377, "CopyGetData");
                self.end_copy(Err(Failure::error("08P01", message, place)), out);
            }
        }
        false
    }

    fn end_copy(&mut self, outcome: Result<u64, Failure>, out: &mut Backend) {
        let simple = self.copy.take().is_none_or(|copy| copy.simple);
        match outcome {
            Ok(rows) => out.complete(&format!("COPY {rows}")),
            Err(failure) => self.fail(failure, 0, out),
        }
        if !simple {
            self.extended.synced();
        }
    }

    /// Writes the rows that came in by INSERT.
    fn insert(&mut self, out: &mut Backend) -> Result<u64, Failure> {
        let Some(copy) = &self.copy else { return Ok(0) };
        let sql = self.charset().decode(&copy.data);
        let lines = sql.lines().skip(usize::from(copy.form.header)).take_while(|line| *line != "\\.");
        let rows: Vec<String> = lines.map(|line| literals(&copy.form.values(line))).collect();
        let names =
            if copy.columns.is_empty() { String::new() } else { format!(" ({})", copy.columns.join(", ")) };
        let table = copy.table.clone();
        for part in rows.chunks(ROWS_OF_INSERT) {
            let insert = format!("INSERT INTO {table}{names} VALUES {}", part.join(", "));
            let made = self.run_in_database(Statement::new(&insert), Vec::new(), SOURCE, out);
            self.extended.portals.remove(SOURCE);
            made.map_err(|failure| failure.at(0))?;
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

fn literals(values: &[Option<String>]) -> String {
    let literal = |value: &Option<String>| {
        value.as_ref().map_or_else(|| "NULL".to_owned(), |value| text::literal(value))
    };
    format!("({})", values.iter().map(literal).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, values: &[Option<&str>]) -> String {
        let copy = Copy::read(text).unwrap();
        let values: Vec<_> = values.iter().map(|value| value.map(|text| text.as_bytes().to_vec())).collect();
        let mut out = Vec::new();
        copy.form.line(&values, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_are_written_as_the_statement_asks() {
        let values = [Some("a\tb\\"), None, Some("say \"x\"")];
        assert_eq!(line("copy public.t (a, b) to stdout", &values), "a\\tb\\\\\t\\N\tsay \"x\"\n");
        let csv = "COPY (select * from t where a in (1)) TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';')";
        assert_eq!(line(csv, &values), "a\tb\\;;\"say \"\"x\"\"\"\n");
        assert!(Copy::read(csv).unwrap().form.header);
        assert_eq!(line("copy t to stdout csv", &[Some(""), None]), "\"\",\n");
    }

    #[test]
    fn rows_are_read_as_they_are_written() {
        let copy = Copy::read("copy t from stdin csv").unwrap();
        let values = copy.form.values("1,\"a,\"\"b\",,\"\"");
        assert_eq!(values, [Some("1".into()), Some("a,\"b".into()), None, Some(String::new())]);
        let copy = Copy::read("copy t from stdin").unwrap();
        assert_eq!(copy.form.values("a\\tb\t\\N"), [Some("a\tb".to_owned()), None]);
        assert!(
            matches!(Copy::read("copy t from program 'id'").unwrap().target, Target::Program(command) if command == "id")
        );
        assert!(matches!(Copy::read("copy t to '/tmp/x'").unwrap().target, Target::File(_)));
    }
}
