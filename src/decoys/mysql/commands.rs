//! Commands of the protocol beside login and logout.

use jiff::Timestamp;

use super::failure::Failure;
use super::fields::Fields;
use super::prepared;
use super::resultset::{Column, Kind};
use super::talk::{Reply, Talk};
use super::{rows, text as sql};
use crate::database::{Item, Request};

/// Command bytes.
mod code {
    pub(super) const INIT_DB: u8 = 2;
    pub(super) const QUERY: u8 = 3;
    pub(super) const FIELD_LIST: u8 = 4;
    pub(super) const REFRESH: u8 = 7;
    pub(super) const SHUTDOWN: u8 = 8;
    pub(super) const STATISTICS: u8 = 9;
    pub(super) const PROCESS_INFO: u8 = 10;
    pub(super) const PROCESS_KILL: u8 = 12;
    pub(super) const DEBUG: u8 = 13;
    pub(super) const PING: u8 = 14;
    pub(super) const BINLOG_DUMP: u8 = 18;
    pub(super) const TABLE_DUMP: u8 = 19;
    pub(super) const REGISTER_SLAVE: u8 = 21;
    pub(super) const PREPARE: u8 = 22;
    pub(super) const EXECUTE: u8 = 23;
    pub(super) const LONG_DATA: u8 = 24;
    pub(super) const CLOSE: u8 = 25;
    pub(super) const RESET: u8 = 26;
    pub(super) const SET_OPTION: u8 = 27;
    pub(super) const BINLOG_DUMP_GTID: u8 = 30;
    pub(super) const RESET_CONNECTION: u8 = 31;
}

impl Talk {
    /// Takes a command.
    pub(super) fn command(&mut self, now: Timestamp, payload: &[u8]) -> Reply {
        self.now = now;
        let Some((command, rest)) = payload.split_first() else {
            return self.fail(&Failure::malformed());
        };
        match *command {
            code::QUERY => self.query(rest),
            code::PING => self.ok(),
            code::INIT_DB => {
                let name = self.charset.decode(rest).replace('`', "``");
                self.query_text(&format!("USE `{name}`"))
            }
            code::FIELD_LIST => self.field_list(rest),
            code::STATISTICS => Reply { payloads: vec![self.statistics().into_bytes()], rows: 0 },
            code::PROCESS_INFO => self.query_text("SHOW PROCESSLIST"),
            code::PROCESS_KILL => {
                let thread = Fields::new(rest).u32().unwrap_or_default();
                self.query_text(&format!("KILL {thread}"))
            }
            code::REFRESH => self.fail(&Failure::needs("RELOAD")),
            code::SHUTDOWN => self.fail(&Failure::needs("SHUTDOWN")),
            code::DEBUG => self.fail(&Failure::needs("SUPER")),
            code::BINLOG_DUMP | code::BINLOG_DUMP_GTID | code::REGISTER_SLAVE | code::TABLE_DUMP => {
                self.fail(&Failure::needs("REPLICATION SLAVE"))
            }
            code::PREPARE => self.prepare(rest),
            code::EXECUTE => self.execute_prepared(rest),
            code::LONG_DATA => self.long_data(rest),
            code::CLOSE => {
                self.prepared.close(Fields::new(rest).u32().unwrap_or_default());
                Reply::default()
            }
            code::RESET => {
                let id = Fields::new(rest).u32().unwrap_or_default();
                if self.prepared.reset(id) {
                    self.ok()
                } else {
                    self.fail(&Failure::unknown_statement(id, "mysqld_stmt_reset"))
                }
            }
            code::SET_OPTION => Reply { payloads: vec![self.form(0).end()], rows: 0 },
            code::RESET_CONNECTION => {
                let seen = self.connection.reset();
                self.tell(seen);
                self.prepared.clear();
                self.ok()
            }
            _ => self.fail(&Failure::unknown_command()),
        }
    }

    fn ok(&self) -> Reply {
        Reply { payloads: vec![self.form(0).ok(0, 0, "")], rows: 0 }
    }

    fn query_text(&mut self, text: &str) -> Reply {
        let bytes = self.charset.encode(text);
        self.query(&bytes)
    }

    /// The columns of a table, each with its default.
    fn field_list(&mut self, rest: &[u8]) -> Reply {
        let table = Fields::new(rest).text_to_nul().unwrap_or(rest);
        let table = self.charset.decode(table).replace('`', "``");
        match self.describe(&format!("SELECT * FROM `{table}` LIMIT 0")) {
            Ok(columns) => Reply { payloads: self.form(0).field_list(&columns), rows: 0 },
            Err(failure) => self.fail(&failure),
        }
    }

    /// Runs a statement for the sake of its columns.
    fn describe(&mut self, text: &str) -> Result<Vec<Column>, Failure> {
        let database = self.connection.database();
        let items = {
            let (connection, now) = (&mut self.connection, self.now);
            self.session.heavy(|| {
                connection.begin(Request::batch(text), now);
                connection.pull(1).items
            })
        };
        // None of it goes out.
        drop(self.connection.cancel());
        let account = self.account();
        let failed = items.iter().find_map(|item| match item {
            Item::Message(message) if message.is_error() => Some(rows::failure(message, &account)),
            _ => None,
        });
        if let Some(failure) = failed {
            return Err(failure);
        }
        let columns = items.iter().find_map(|item| match item {
            Item::Columns(columns) => Some(columns.iter().map(|one| rows::column(one, &database)).collect()),
            _ => None,
        });
        Ok(columns.unwrap_or_default())
    }

    fn prepare(&mut self, rest: &[u8]) -> Reply {
        let text = sql::bared(&self.charset.decode(rest));
        let Some((id, parameters)) = self.prepared.keep(text.clone()).map(|(id, kept)| (id, kept.parameters))
        else {
            return self.fail(&Failure::too_many_statements(prepared::MOST));
        };
        let columns = if gives_rows(&text) {
            let blank = sql::filled(&text, |_| "NULL".into());
            match self.describe(&blank) {
                Ok(columns) => columns,
                Err(failure) => {
                    self.prepared.close(id);
                    return self.fail(&failure);
                }
            }
        } else {
            Vec::new()
        };
        let mut head = vec![0];
        head.extend_from_slice(&id.to_le_bytes());
        head.extend_from_slice(&u16::try_from(columns.len()).unwrap_or(u16::MAX).to_le_bytes());
        head.extend_from_slice(&u16::try_from(parameters).unwrap_or(u16::MAX).to_le_bytes());
        head.extend_from_slice(&[0, 0, 0]);
        let unknown = Column {
            schema: String::new(),
            table: String::new(),
            name: "?".to_owned(),
            kind: Kind::VarString,
            length: 0,
            flags: 0,
            decimals: 0,
        };
        let form = self.form(0);
        let mut payloads = vec![head];
        payloads.extend(form.definitions(&vec![unknown; parameters]));
        payloads.extend(form.definitions(&columns));
        Reply { payloads, rows: 0 }
    }

    fn execute_prepared(&mut self, rest: &[u8]) -> Reply {
        let mut fields = Fields::new(rest);
        // The statement, flags of a cursor, and how often: always once.
        let (Some(id), Some(_), Some(_)) = (fields.u32(), fields.u8(), fields.u32()) else {
            return self.fail(&Failure::malformed());
        };
        match self.prepared.filled(id, fields.rest()) {
            None => self.fail(&Failure::unknown_statement(id, "mysqld_stmt_execute")),
            Some(Err(())) => self.fail(&Failure::malformed()),
            Some(Ok(text)) => self.execute(text),
        }
    }

    /// There is no answer to it.
    fn long_data(&mut self, rest: &[u8]) -> Reply {
        let mut fields = Fields::new(rest);
        if let (Some(id), Some(place)) = (fields.u32(), fields.u16()) {
            self.prepared.long(id, place, fields.rest());
        }
        Reply::default()
    }

    /// `mysqladmin status`.
    fn statistics(&self) -> String {
        let uptime = self.station.uptime(self.now);
        let questions = uptime * 41;
        let opens = 1200 + uptime / 3600;
        format!(
            "Uptime: {uptime}  Threads: 23  Questions: {questions}  Slow queries: {}  Opens: {opens}  \
             Flush tables: 1  Open tables: 644  Queries per second avg: 41.000",
            uptime / 7200
        )
    }
}

/// Whether a statement gives a result set.
fn gives_rows(text: &str) -> bool {
    let mut words = sql::pieces(text).filter(|piece| piece.kind == sql::Kind::Word);
    let first = words.next().map(|piece| piece.text.to_ascii_lowercase()).unwrap_or_default();
    matches!(first.as_str(), "select" | "show" | "desc" | "describe" | "explain" | "with")
}
