//! The persona's table: how one middleware reads and answers analysers.

use serde::Deserialize;

use crate::wire::hl7::Charset;

/// `astm.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
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
