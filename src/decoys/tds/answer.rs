//! The database's answers as tokens.

use encoding_rs::Encoding;

use super::columns::{self, Layout};
use super::rows::Rows;
use super::tokens::{DoneKind, Environment, Notice, Tokens, done, short_text};
use super::version::Version;
use crate::database::{Column, Done, Item, Parameter, Seen, SqlType, Value, Verb};

const RETURNVALUE: u8 = 0xac;

/// Commands as DONE tokens number them.
const SELECT: u16 = 0xc1;
const INSERT: u16 = 0xc3;
const DELETE: u16 = 0xc4;
const UPDATE: u16 = 0xc5;
const OTHER: u16 = 0xfd;
pub(super) const EXECUTE: u16 = 0xe0;

/// Writes one request's answer.
pub(super) struct Answer {
    pub(super) tokens: Tokens,
    collation: [u8; 5],
    page: &'static Encoding,
    server: String,
    rows: Option<Rows>,
    /// A DONE that is held until it is known whether more follows.
    held: Option<(DoneKind, u16, u16, u64)>,
    /// Whether statements run inside a procedure.
    pub(super) nested: bool,
    /// What a procedure returned.
    pub(super) returned: Option<i32>,
    /// Parameters that come back.
    pub(super) outputs: Vec<Parameter>,
    /// Their places in the call.
    pub(super) ordinals: Vec<u16>,
    /// Whether an error was said.
    pub(super) failed: bool,
    /// The transaction that is open.
    pub(super) transaction: Option<u64>,
    transactions: u64,
    rolls_back: bool,
}

impl Answer {
    pub(super) fn new(version: Version, collation: [u8; 5], page: &'static Encoding, server: &str) -> Self {
        Answer {
            tokens: Tokens::new(version),
            collation,
            page,
            server: server.to_owned(),
            rows: None,
            held: None,
            nested: false,
            returned: None,
            outputs: Vec::new(),
            ordinals: Vec::new(),
            failed: false,
            transaction: None,
            transactions: 0,
            rolls_back: false,
        }
    }

    /// Begins with a new request.
    pub(super) fn begin(&mut self, nested: bool, text: &str) {
        self.nested = nested;
        self.rows = None;
        self.returned = None;
        self.outputs.clear();
        self.ordinals.clear();
        self.failed = false;
        self.rolls_back = text.to_ascii_lowercase().contains("rollback");
    }

    /// Writes one item. Gives what is to be told instead, if that is what it is.
    pub(super) fn item(&mut self, item: Item) -> Option<Box<Seen>> {
        match item {
            Item::Columns(columns) => self.columns(&columns),
            Item::Row(row) => self.row(&row),
            Item::Done(ended) => self.statement(&ended),
            Item::Message(message) => {
                self.release();
                self.failed |= message.is_error();
                self.tokens.notice(&Notice {
                    number: message.number,
                    state: message.state,
                    class: message.class,
                    text: &message.text,
                    server: &self.server,
                    procedure: &message.procedure,
                    line: message.line,
                });
            }
            Item::Database { from, to } => {
                self.release();
                self.tokens.environment(Environment::Database(&to, &from));
            }
            Item::Language { from, to } => {
                self.release();
                self.tokens.environment(Environment::Language(&to, &from));
            }
            Item::Returned(status) => self.returned = Some(status),
            Item::Output(parameter) => self.outputs.push(parameter),
            // The one who pulls waits.
            Item::Wait(_) => {}
            Item::Seen(seen) => return Some(seen),
        }
        None
    }

    /// A cursor's columns: the last one, its rows' state, is not for programs.
    pub(super) fn cursor_columns(&mut self, columns: &[Column]) {
        self.describe(columns, true);
    }

    fn columns(&mut self, columns: &[Column]) {
        self.describe(columns, false);
    }

    fn describe(&mut self, columns: &[Column], hides_last: bool) {
        self.release();
        let version = self.tokens.version;
        let layouts = columns::describe(&mut self.tokens.bytes, columns, hides_last, self.collation, version);
        self.rows = Some(Rows { layouts, page: self.page, collation: self.collation, version });
    }

    pub(super) fn row(&mut self, row: &[Value]) {
        if let Some(rows) = &self.rows {
            rows.write(&mut self.tokens.bytes, row);
        }
    }

    fn statement(&mut self, ended: &Done) {
        self.release();
        self.follow_transaction(ended);
        let kind = if self.nested || ended.nested { DoneKind::InProcedure } else { DoneKind::Statement };
        let command = match ended.verb {
            Verb::Select | Verb::Show => SELECT,
            Verb::Insert => INSERT,
            Verb::Delete => DELETE,
            Verb::Update => UPDATE,
            Verb::Execute => EXECUTE,
            Verb::Truncate
            | Verb::Create
            | Verb::Alter
            | Verb::Drop
            | Verb::Backup
            | Verb::Grant
            | Verb::Set
            | Verb::Use
            | Verb::Transaction
            | Verb::Other => OTHER,
        };
        let counted = if ended.rows.is_some() { done::COUNT } else { 0 };
        let failed = if ended.failed { done::ERROR } else { 0 };
        self.hold(kind, counted | failed, command, ended.rows.unwrap_or(0));
        self.failed |= ended.failed;
    }

    /// Since 7.2 clients hear of transactions, however they are made.
    fn follow_transaction(&mut self, ended: &Done) {
        match (self.transaction, ended.in_transaction) {
            (None, true) => {
                self.transactions += 1;
                // Descriptors of the product count up from a multiple of 2^32.
                let descriptor = 0x0000_0021_0000_0000 + self.transactions;
                self.transaction = Some(descriptor);
                self.environment(Environment::Begin(descriptor));
            }
            (Some(descriptor), false) => {
                self.transaction = None;
                self.environment(match self.rolls_back || ended.failed {
                    true => Environment::Rollback(descriptor),
                    false => Environment::Commit(descriptor),
                });
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    fn environment(&mut self, change: Environment<'_>) {
        if self.tokens.version >= Version::V72 {
            self.tokens.environment(change);
        }
    }

    fn hold(&mut self, kind: DoneKind, status: u16, command: u16, rows: u64) {
        let open = if self.transaction.is_some() { done::IN_TRANSACTION } else { 0 };
        self.held = Some((kind, status | open, command, rows));
    }

    /// Lets out what is held: more follows.
    pub(super) fn release(&mut self) {
        if let Some((kind, status, command, rows)) = self.held.take() {
            self.tokens.done(kind, status | done::MORE, command, rows);
        }
    }

    /// Ends a batch.
    pub(super) fn end_batch(&mut self) {
        if self.held.is_none() {
            let status = if self.failed { done::ERROR } else { 0 };
            self.hold(DoneKind::Statement, status, OTHER, 0);
        }
        self.last(false);
    }

    /// Ends a call: what it returned, what comes back, the end.
    pub(super) fn end_call(&mut self, more: bool) {
        self.release();
        self.tokens.return_status(self.returned.unwrap_or(0));
        for (place, parameter) in std::mem::take(&mut self.outputs).into_iter().enumerate() {
            let ordinal = self.ordinals.get(place).copied();
            let ordinal = ordinal.unwrap_or(u16::try_from(place).unwrap_or(0));
            self.return_value(ordinal, &parameter);
        }
        let status = if self.failed { done::ERROR } else { 0 };
        self.hold(DoneKind::Procedure, status, EXECUTE, 0);
        self.last(more);
    }

    /// Ends the rows of a fetch.
    pub(super) fn end_fetch(&mut self, rows: u64) {
        self.release();
        self.hold(DoneKind::InProcedure, done::COUNT, SELECT, rows);
    }

    /// Ends what an attention stopped.
    pub(super) fn end_attention(&mut self) {
        self.release();
        self.tokens.done(DoneKind::Statement, done::ATTENTION, 0, 0);
    }

    fn last(&mut self, more: bool) {
        if let Some((kind, status, command, rows)) = self.held.take() {
            let more = if more { done::MORE } else { 0 };
            self.tokens.done(kind, status | more, command, rows);
        }
    }

    fn return_value(&mut self, ordinal: u16, parameter: &Parameter) {
        const IS_OUTPUT: u8 = 1;
        let (version, out) = (self.tokens.version, &mut self.tokens.bytes);
        // A type without a fixed form on the wire is given as its nullable one.
        let layout = columns::layout(&parameter.ty, true, version);
        out.push(RETURNVALUE);
        out.extend(ordinal.to_le_bytes());
        short_text(out, &parameter.name);
        out.push(IS_OUTPUT);
        columns::user_type(out, &parameter.ty, version);
        out.extend(0u16.to_le_bytes());
        columns::type_info(out, &parameter.ty, layout, self.collation, version);
        let rows =
            Rows { layouts: Vec::<Layout>::new(), page: self.page, collation: self.collation, version };
        rows.value(out, layout, &parameter.value);
    }
}

/// A whole number that comes back, as handles do.
pub(super) fn number(name: &str, value: i64) -> Parameter {
    Parameter {
        name: name.to_owned(),
        ty: SqlType::of(crate::database::Kind::Int),
        value: Value::Int(value),
        output: true,
    }
}
