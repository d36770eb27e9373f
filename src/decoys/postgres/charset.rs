//! Encodings of clients.

use encoding_rs::{Encoding, GB18030, GBK, UTF_8, WINDOWS_1252};

/// The encoding of one client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charset(&'static Encoding);

impl Charset {
    /// By the server's name of it.
    pub(super) fn named(name: &str) -> Charset {
        Charset(match name {
            "GBK" | "EUC_CN" => GBK,
            "GB18030" => GB18030,
            "LATIN1" | "WIN1252" => WINDOWS_1252,
            _ => UTF_8,
        })
    }

    /// What a client sent.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        self.0.decode_without_bom_handling(bytes).0.into_owned()
    }

    /// What goes to a client; bytes that are no text stay as they are.
    pub(super) fn encode(self, bytes: Vec<u8>) -> Vec<u8> {
        if self.0 == UTF_8 || bytes.is_ascii() {
            return bytes;
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => self.0.encode(text).0.into_owned(),
            Err(_) => bytes,
        }
    }
}
