//! Tokens other than rows, MS-TDS 2.2.7: what a server says besides data.

use super::version::Version;

/// Bits of a DONE token's status, 2.2.7.6.
pub mod done {
    /// More follows.
    pub const MORE: u16 = 0x0001;
    /// The statement ended by an error.
    pub const ERROR: u16 = 0x0002;
    /// A transaction is open.
    pub const IN_TRANSACTION: u16 = 0x0004;
    /// The count holds.
    pub const COUNT: u16 = 0x0010;
    /// This ends what an attention stopped.
    pub const ATTENTION: u16 = 0x0020;
}

/// Which DONE token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoneKind {
    /// A statement of a batch.
    Statement,
    /// A procedure.
    Procedure,
    /// A statement inside a procedure.
    InProcedure,
}

const RETURNSTATUS: u8 = 0x79;
const OFFSET_ERROR: u8 = 0xaa;
const OFFSET_INFO: u8 = 0xab;
/// Severity of messages that are no errors.
const INFORMATIONAL: u8 = 10;
const LOGINACK: u8 = 0xad;
const FEATUREEXTACK: u8 = 0xae;
const ENVCHANGE: u8 = 0xe3;
const SSPI: u8 = 0xed;
const DONE: u8 = 0xfd;
const DONEPROC: u8 = 0xfe;
const DONEINPROC: u8 = 0xff;

/// Types of ENVCHANGE, 2.2.7.9.
const ENV_DATABASE: u8 = 1;
const ENV_LANGUAGE: u8 = 2;
const ENV_PACKET: u8 = 4;
const ENV_COLLATION: u8 = 7;
const ENV_BEGIN: u8 = 8;
const ENV_COMMIT: u8 = 9;
const ENV_ROLLBACK: u8 = 10;
const ENV_RESET: u8 = 18;

/// Longest text of a message, characters: the product cuts there too.
const MAX_MESSAGE: usize = 2047;

/// What an ENVCHANGE tells.
#[derive(Debug, Clone, Copy)]
pub enum Environment<'a> {
    /// The database: new and old name.
    Database(&'a str, &'a str),
    /// The language: new and old name.
    Language(&'a str, &'a str),
    /// The packet size: new and old.
    Packet(usize, usize),
    /// The server's collation.
    Collation([u8; 5]),
    /// A transaction began: its descriptor.
    Begin(u64),
    /// A transaction was committed.
    Commit(u64),
    /// A transaction was rolled back.
    Rollback(u64),
    /// The session is as new.
    Reset,
}

/// An error or a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice<'a> {
    /// Its number.
    pub number: u32,
    /// Its state.
    pub state: u8,
    /// Its class; above 10 it is an error.
    pub class: u8,
    /// The text.
    pub text: &'a str,
    /// The server's name.
    pub server: &'a str,
    /// The procedure, if it came from one.
    pub procedure: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// Writes tokens of one version of TDS.
#[derive(Debug)]
pub struct Tokens {
    /// The version.
    pub version: Version,
    /// What is written.
    pub bytes: Vec<u8>,
}

impl Tokens {
    /// None yet.
    pub fn new(version: Version) -> Self {
        Tokens { version, bytes: Vec::new() }
    }

    /// Takes what is written.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// An environment change.
    pub fn environment(&mut self, change: Environment<'_>) {
        let mut body = Vec::new();
        match change {
            Environment::Database(new, old) => texts(&mut body, ENV_DATABASE, new, old),
            Environment::Language(new, old) => texts(&mut body, ENV_LANGUAGE, new, old),
            Environment::Packet(new, old) => texts(&mut body, ENV_PACKET, &new.to_string(), &old.to_string()),
            Environment::Collation(collation) => {
                if self.version < Version::V71 {
                    return;
                }
                body.extend([ENV_COLLATION, 5]);
                body.extend(collation);
                body.push(0);
            }
            Environment::Begin(transaction) => {
                body.extend([ENV_BEGIN, 8]);
                body.extend(transaction.to_le_bytes());
                body.push(0);
            }
            Environment::Commit(transaction) => ended(&mut body, ENV_COMMIT, transaction),
            Environment::Rollback(transaction) => ended(&mut body, ENV_ROLLBACK, transaction),
            Environment::Reset => body.extend([ENV_RESET, 0, 0]),
        }
        self.bytes.push(ENVCHANGE);
        self.sized(&body);
    }

    /// An error or a notice.
    pub fn notice(&mut self, notice: &Notice<'_>) {
        let mut body = Vec::new();
        body.extend(notice.number.to_le_bytes());
        // Severity 10 goes to the client as 0.
        let class = if notice.class == INFORMATIONAL { 0 } else { notice.class };
        body.extend([notice.state, class]);
        let text: Vec<u16> = notice.text.encode_utf16().take(MAX_MESSAGE).collect();
        body.extend(u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
        body.extend(text.iter().flat_map(|unit| unit.to_le_bytes()));
        short_text(&mut body, notice.server);
        short_text(&mut body, notice.procedure);
        match self.version {
            Version::V70 | Version::V71 | Version::V71Rev1 => {
                body.extend(u16::try_from(notice.line).unwrap_or(u16::MAX).to_le_bytes());
            }
            Version::V72 | Version::V73A | Version::V73B | Version::V74 => {
                body.extend(notice.line.to_le_bytes());
            }
        }
        self.bytes.push(if notice.class > INFORMATIONAL { OFFSET_ERROR } else { OFFSET_INFO });
        self.sized(&body);
    }

    /// The login is accepted: the program's name and its version.
    pub fn login_ack(&mut self, program: &str, version: [u8; 4]) {
        const SQL_TSQL: u8 = 1;
        let mut body = vec![SQL_TSQL];
        body.extend(self.version.acknowledged().to_be_bytes());
        short_text(&mut body, program);
        body.extend(version);
        self.bytes.push(LOGINACK);
        self.sized(&body);
    }

    /// Features that are acknowledged: number and data.
    pub fn features<'a>(&mut self, features: impl IntoIterator<Item = (u8, &'a [u8])>) {
        const END: u8 = 0xff;
        let mut body = Vec::new();
        for (id, data) in features {
            body.push(id);
            body.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
            body.extend(data);
        }
        if !body.is_empty() {
            self.bytes.push(FEATUREEXTACK);
            self.bytes.extend(body);
            self.bytes.push(END);
        }
    }

    /// A security token.
    pub fn sspi(&mut self, token: &[u8]) {
        self.bytes.push(SSPI);
        self.sized(token);
    }

    /// What a procedure returned.
    pub fn return_status(&mut self, status: i32) {
        self.bytes.push(RETURNSTATUS);
        self.bytes.extend(status.to_le_bytes());
    }

    /// The end of a statement.
    pub fn done(&mut self, kind: DoneKind, status: u16, command: u16, rows: u64) {
        self.bytes.push(match kind {
            DoneKind::Statement => DONE,
            DoneKind::Procedure => DONEPROC,
            DoneKind::InProcedure => DONEINPROC,
        });
        self.bytes.extend(status.to_le_bytes());
        self.bytes.extend(command.to_le_bytes());
        if self.version >= Version::V72 {
            self.bytes.extend(rows.to_le_bytes());
        } else {
            self.bytes.extend(u32::try_from(rows).unwrap_or(u32::MAX).to_le_bytes());
        }
    }

    fn sized(&mut self, body: &[u8]) {
        self.bytes.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.bytes.extend(body);
    }
}

fn texts(body: &mut Vec<u8>, kind: u8, new: &str, old: &str) {
    body.push(kind);
    short_text(body, new);
    short_text(body, old);
}

fn ended(body: &mut Vec<u8>, kind: u8, transaction: u64) {
    body.extend([kind, 0, 8]);
    body.extend(transaction.to_le_bytes());
}

/// A text with its length in characters in one byte.
pub(super) fn short_text(body: &mut Vec<u8>, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(255).collect();
    body.push(u8::try_from(units.len()).unwrap_or(0));
    body.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}
