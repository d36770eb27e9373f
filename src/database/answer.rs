//! What a database answers, in order, and what of it is worth telling.

use std::sync::Arc;
use std::time::Duration;

use super::{SqlType, Value};
use crate::event::observation::RecordKind;

/// One piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A result set begins.
    Columns(Arc<[Column]>),
    /// A row of the result set that began last.
    Row(Vec<Value>),
    /// A statement has ended.
    Done(Done),
    /// An error (class above 10) or a notice.
    Message(Message),
    /// The current database changed.
    Database {
        /// It was this one.
        from: String,
        /// It is this one.
        to: String,
    },
    /// The language of messages changed.
    Language {
        /// It was this one, by the product's name.
        from: String,
        /// It is this one.
        to: String,
    },
    /// A procedure that was called returned.
    Returned(i32),
    /// An output parameter of a call.
    Output(Parameter),
    /// The product takes this long before what comes next.
    Wait(Duration),
    /// Not for the peer: what a statement did, when it has ended.
    Seen(Box<Seen>),
}

/// The end of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What it was.
    pub verb: Verb,
    /// Rows that went out or were changed; `None` where the statement counts none, or counting is
    /// switched off.
    pub rows: Option<u64>,
    /// Whether it ended by an error.
    pub failed: bool,
    /// Whether it ran inside a procedure.
    pub nested: bool,
    /// Whether a transaction is open now.
    pub in_transaction: bool,
}

/// A column of a result set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name; empty for an expression without one.
    pub name: String,
    /// Its type.
    pub ty: SqlType,
    /// Whether values may be missing.
    pub nullable: bool,
    /// Whether it is a column of a table, and which one, as (schema, table, column).
    pub origin: Option<(String, String, String)>,
}

/// An error or a notice in the product's own terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The product's number: 208, ORA-00942 as 942, MySQL's 1146; 0 where it has none.
    pub number: u32,
    /// SQL Server's class (severity); above 10 is an error.
    pub class: u8,
    /// SQL Server's state.
    pub state: u8,
    /// SQLSTATE, five characters (`42S02`).
    pub sqlstate: String,
    /// The line of the batch, from 1; for PostgreSQL, the character of the text, from 1, or 0.
    pub line: u32,
    /// The procedure it happened in; empty in a batch.
    pub procedure: String,
    /// The text in the connection's language.
    pub text: String,
    /// PostgreSQL's second sentence; may be empty.
    pub detail: String,
    /// PostgreSQL's advice; may be empty.
    pub hint: String,
}

impl Message {
    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.class > 10
    }
}

/// A parameter of a call or of a prepared statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name with `@`; empty when it is given by place.
    pub name: String,
    /// Its type.
    pub ty: SqlType,
    /// Its value.
    pub value: Value,
    /// Whether the caller wants it back.
    pub output: bool,
}

/// What kind of statement it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// A query.
    Select,
    /// New rows.
    Insert,
    /// Changed rows.
    Update,
    /// Rows taken away.
    Delete,
    /// All rows taken away.
    Truncate,
    /// A new object.
    Create,
    /// A changed object.
    Alter,
    /// An object taken away.
    Drop,
    /// A backup or a restore.
    Backup,
    /// Rights given or taken.
    Grant,
    /// A call.
    Execute,
    /// A setting or a variable.
    Set,
    /// Another database.
    Use,
    /// A transaction's beginning or end.
    Transaction,
    /// `SHOW`, `DESCRIBE` and the like.
    Show,
    /// Anything else.
    Other,
}

/// What a statement did: what the face turns into events.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its text, at most [`super::MAX_TOLD`] bytes of it.
    pub text: String,
    /// What kind it was.
    pub verb: Verb,
    /// Tables, views and procedures that it names, at most [`super::MAX_OBJECTS`], as
    /// `database.schema.name`.
    pub objects: Vec<String>,
    /// Records of the world that went out. Counted rows are reads of none.
    pub reads: Vec<Records>,
    /// Records of the world that it changed or took away, in the intruder's own eyes.
    pub writes: Vec<Records>,
    /// Rows that went out.
    pub rows: u64,
    /// Whether it asked for all records of a table, however many came.
    pub unbounded: bool,
    /// Whether it only looks at the catalogue: names of databases, tables, columns, settings.
    pub catalogue: bool,
    /// What an intruder does and an application does not.
    pub deeds: Vec<Deed>,
    /// The number of the error it ended by; 0 for none.
    pub error: u32,
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// Which kind.
    pub kind: RecordKind,
    /// How many.
    pub count: u64,
    /// The world's ids, at most [`crate::event::observation::MAX_IDS`]; none where rows were
    /// grouped or joined so that they name no record.
    pub ids: Vec<String>,
}

/// What an intruder does and an application does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Asked the server to run a command of its operating system.
    Command {
        /// By which means (`xp_cmdshell`, `OLE automation`, `COPY PROGRAM`).
        means: &'static str,
        /// The command.
        command: String,
    },
    /// Asked the server for a file, folder or registry key.
    Files {
        /// By which means (`xp_dirtree`, `OPENROWSET BULK`, `LOAD_FILE`).
        means: &'static str,
        /// The path.
        path: String,
    },
    /// Had a program of the server's machine fetch a file from elsewhere.
    Fetch {
        /// By which program (`certutil`).
        means: &'static str,
        /// From where.
        source: String,
    },
    /// Asked the server to reach another server or a share.
    Reach {
        /// By which means (`xp_dirtree`, `linked server`, `UTL_HTTP`).
        means: &'static str,
        /// Where to.
        target: String,
    },
    /// Changed what the server allows (`sp_configure`).
    Configure {
        /// The option.
        option: String,
        /// Its new value.
        value: String,
    },
    /// Made or changed a login or gave rights.
    Account {
        /// The login.
        login: String,
        /// What was done with it.
        action: &'static str,
        /// The password given, if one was.
        secret: Option<String>,
    },
    /// Took away a database or table, or all rows of one.
    Destroy {
        /// What.
        object: String,
        /// How many rows of the world it held.
        rows: u64,
    },
    /// Had the server copy a database away.
    Backup {
        /// The database.
        database: String,
        /// Where to.
        target: String,
    },
    /// Tried to become somebody else (`EXECUTE AS`, `SETUSER`).
    Impersonate {
        /// Whom.
        login: String,
    },
    /// Looked at secrets: password hashes of logins, the staff table's password column.
    Secrets {
        /// Of what.
        object: String,
    },
}
