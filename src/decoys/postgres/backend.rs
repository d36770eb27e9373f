//! What the server sends, appended to one buffer: the product flushes it when it waits.

/// Messages on their way to the client.
#[derive(Debug, Default)]
pub struct Backend(Vec<u8>);

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

    /// An authentication request with its data.
    pub fn authentication(&mut self, code: u32, data: &[u8]) {
        self.message(b'R', &[&code.to_be_bytes(), data].concat());
    }
}
