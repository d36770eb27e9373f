//! The persona's table of one analyser.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::behaviour::{MissingChecksum, Role};
use crate::wire::hl7::Charset;

/// `astm.toml` of an analyser.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Behaviour {
    /// Says that this is an analyser's end.
    #[serde(rename = "role")]
    _role: Role,
    /// The product that the table was taken from, for people.
    #[serde(rename = "product")]
    _product: String,
    /// The instrument's code in the laboratory.
    pub(super) instrument: String,
    /// Whose forms its records have.
    pub(super) style: Style,
    /// The character set that it writes.
    pub(super) charset: Charset,
    /// What becomes of frames without a checksum.
    pub(super) missing_checksum: MissingChecksum,
    /// How records become frames.
    pub(super) frames: Frames,
    /// Most bytes of text in one frame.
    pub(super) frame_text: usize,
    /// Its codes for the laboratory's items; items without one have the laboratory's.
    #[serde(default)]
    pub(super) codes: BTreeMap<String, String>,
    /// Most connections to its own port at a time; more are reset. 0: any number.
    #[serde(default)]
    pub(super) lines: usize,
    /// The laboratory's system that it calls, when it calls.
    pub(super) host: Option<Host>,
}

/// Whose forms the records of an analyser have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Style {
    /// Sysmex: rack and position before a barcode of 22 places, codes in the fifth component.
    Sysmex,
    /// Roche cobas: H-11 says what a message is for, codes in the fourth component.
    Cobas,
}

/// How records become frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Frames {
    /// Each record in frames of its own, the last of a record ended by ETX.
    Records,
    /// Each record in frames of its own, all but the last of a message ended by ETB.
    Blocks,
    /// The whole message in one frame.
    Message,
}

/// Whom an analyser calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    /// Its deception host.
    pub(super) host: String,
    /// Its port.
    pub(super) port: u16,
    /// Whether it asks for the tests of a specimen before it measures.
    pub(super) queries: bool,
}

impl Behaviour {
    /// Checks what types can't say.
    ///
    /// # Errors
    /// What is wrong and what was expected.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(16..=32_000).contains(&self.frame_text) {
            return Err(format!("frame_text = {}: expected 16 to 32000", self.frame_text));
        }
        Ok(())
    }

    /// The analyser's code for an item.
    pub(super) fn code<'a>(&'a self, own: &'a str) -> &'a str {
        self.codes.get(own).map_or(own, String::as_str)
    }
}
