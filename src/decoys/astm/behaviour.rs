//! The persona's table: how one middleware reads and answers analysers.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::wire::hl7::Charset;

/// `astm.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Which end of the line it is; missing: the host.
    #[serde(default)]
    pub role: Role,
    /// The product that the table was taken from, for people.
    pub product: String,
    /// Name and version that the host gives itself (H-5).
    pub sender: String,
    /// Version of the records (H-13).
    pub version: String,
    /// The character set it writes, and reads where bytes don't show another.
    pub charset: Charset,
    /// What becomes of frames without a checksum, which some analysers send over TCP.
    pub missing_checksum: MissingChecksum,
    /// Most bytes of text in one frame it sends: 240 by E1381 6.3.1.2, more where both sides agreed.
    pub frame_text: usize,
    /// Shortest and longest time from a query to the call back, milliseconds.
    pub answer_ms: [u64; 2],
    /// What it sends when asked for a specimen that it does not know.
    pub unknown_specimen: UnknownSpecimen,
    /// Most specimens in one answer.
    pub answer_limit: usize,
    /// How the analysers of the laboratory speak, where not by the laboratory's own codes.
    #[serde(default)]
    pub driver: Vec<Driver>,
    /// Analysers that don't call but are called.
    #[serde(default)]
    pub collect: Vec<Collect>,
}

/// Which end of a line a port is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The laboratory's system, that analysers call.
    #[default]
    Host,
    /// An analyser's own port.
    Analyser,
}

/// How the host speaks with analysers of one kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// What H-5 of such an analyser begins with.
    pub sender: String,
    /// H-11 of a download, where the analyser wants one (`TSDWN^REPLY`).
    #[serde(default)]
    pub reply: String,
    /// The analyser's codes by the laboratory's.
    #[serde(default)]
    pub codes: BTreeMap<String, String>,
    /// Whether a download goes out in one frame.
    #[serde(default)]
    pub one_frame: bool,
}

impl Driver {
    /// The laboratory's code for an analyser's; codes it does not know stay.
    pub fn own_code<'a>(&'a self, theirs: &'a str) -> &'a str {
        self.codes.iter().find(|(_, code)| *code == theirs).map_or(theirs, |(own, _)| own)
    }

    /// The analyser's code for the laboratory's; codes it does not know stay.
    pub fn their_code<'a>(&'a self, own: &'a str) -> &'a str {
        self.codes.get(own).map_or(own, String::as_str)
    }
}

/// An analyser behind a port that the host calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// Its deception host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its code in the laboratory.
    pub instrument: String,
}

/// What becomes of a frame without a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingChecksum {
    /// It is taken.
    Accept,
    /// It is not acknowledged.
    Refuse,
}

/// What a host sends for a specimen that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownSpecimen {
    /// A header and a terminator with code `I`: no information available, E1394 13.1.3.
    Terminator,
    /// An order record for the specimen with report type `Y`: no order on record, E1394 9.4.26.
    NoOrder,
}

impl Behaviour {
    /// The driver for an analyser that calls itself so (H-5).
    pub fn driver_of(&self, sender: &[u8]) -> Option<&Driver> {
        self.driver.iter().find(|driver| sender.starts_with(driver.sender.as_bytes()))
    }

    /// Checks what types can't say.
    ///
    /// # Errors
    /// What is wrong and what was expected.
    pub fn check(&self) -> Result<(), String> {
        let [shortest, longest] = self.answer_ms;
        if shortest > longest {
            return Err(format!("answer_ms = [{shortest}, {longest}]: expected the shorter time first"));
        }
        if !(16..=32_000).contains(&self.frame_text) {
            return Err(format!("frame_text = {}: expected 16 to 32000", self.frame_text));
        }
        if !(1..=500).contains(&self.answer_limit) {
            return Err(format!("answer_limit = {}: expected 1 to 500", self.answer_limit));
        }
        Ok(())
    }
}
