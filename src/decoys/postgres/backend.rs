//! What the server sends, appended to one buffer: the product flushes it when it waits.

/// Messages on their way to the client.
#[derive(Debug, Default)]
pub struct Backend(Vec<u8>);

/// State of the transaction in ReadyForQuery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// None is open.
    Idle,
    /// One is open.
    Open,
    /// One is open and failed: nothing but its end is taken.
    Failed,
}

impl Transaction {
    fn letter(self) -> u8 {
        match self {
            Transaction::Idle => b'I',
            Transaction::Open => b'T',
            Transaction::Failed => b'E',
        }
    }
}

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, in the client's encoding.
    pub name: Vec<u8>,
    /// Object id of the table it comes from, or 0.
    pub table: u32,
    /// Its number in that table, or 0.
    pub number: u16,
    /// Type, by `pg_type` object id.
    pub kind: u32,
    /// Length of the type; -1 for a varying one.
    pub length: i16,
    /// Type modifier; -1 for none.
    pub modifier: i32,
}

impl Backend {
    /// Appends bytes that are no message: the answer to a request for encryption.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends a message.
    pub fn message(&mut self, kind: u8, body: &[u8]) {
        let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
        self.0.push(kind);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(body);
    }

    /// Takes what was appended.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }

    /// How much waits, bytes.
    pub fn waiting(&self) -> usize {
        self.0.len()
    }

    /// An authentication request with its data.
    pub fn authentication(&mut self, code: u32, data: &[u8]) {
        self.message(b'R', &[&code.to_be_bytes(), data].concat());
    }

    /// ParameterStatus.
    pub fn parameter(&mut self, name: &str, value: &str) {
        self.message(b'S', &[name.as_bytes(), &[0], value.as_bytes(), &[0]].concat());
    }

    /// BackendKeyData: process and secret for a cancel request.
    pub fn key(&mut self, process: u32, secret: u32) {
        self.message(b'K', &[process.to_be_bytes(), secret.to_be_bytes()].concat());
    }

    /// ReadyForQuery.
    pub fn ready(&mut self, transaction: Transaction) {
        self.message(b'Z', &[transaction.letter()]);
    }

    /// CommandComplete.
    pub fn complete(&mut self, tag: &str) {
        self.message(b'C', &[tag.as_bytes(), &[0]].concat());
    }

    /// RowDescription; `formats` is 1 for each column that is sent in binary.
    pub fn describe(&mut self, columns: &[Column], formats: impl Fn(usize) -> u16) {
        let mut body = count(columns.len()).to_vec();
        for (at, column) in columns.iter().enumerate() {
            body.extend_from_slice(&column.name);
            body.push(0);
            body.extend_from_slice(&column.table.to_be_bytes());
            body.extend_from_slice(&column.number.to_be_bytes());
            body.extend_from_slice(&column.kind.to_be_bytes());
            body.extend_from_slice(&column.length.to_be_bytes());
            body.extend_from_slice(&column.modifier.to_be_bytes());
            body.extend_from_slice(&formats(at).to_be_bytes());
        }
        self.message(b'T', &body);
    }

    /// DataRow.
    pub fn row(&mut self, values: &[Option<Vec<u8>>]) {
        let mut body = count(values.len()).to_vec();
        for value in values {
            match value {
                None => body.extend_from_slice(&u32::MAX.to_be_bytes()),
                Some(bytes) => {
                    body.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes());
                    body.extend_from_slice(bytes);
                }
            }
        }
        self.message(b'D', &body);
    }

    /// ParameterDescription.
    pub fn parameters(&mut self, kinds: &[u32]) {
        let mut body = count(kinds.len()).to_vec();
        body.extend(kinds.iter().flat_map(|kind| kind.to_be_bytes()));
        self.message(b't', &body);
    }

    /// CopyOutResponse or CopyInResponse, `binary` or in text.
    pub fn copy(&mut self, kind: u8, columns: usize, binary: bool) {
        let format = u8::from(binary);
        let mut body = vec![format];
        body.extend_from_slice(&count(columns));
        body.extend(std::iter::repeat_n([0, format], columns).flatten());
        self.message(kind, &body);
    }
}

/// A count of columns: results have far fewer than two bytes hold.
fn count(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}
