//! A time stamp of somebody else's over a signed root.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a time stamping authority (RFC 3161) says of a root: that it was there at this time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// Last record of the root that is stamped: it names the root.
    pub to: u64,
    /// SHA-256 of [`Root::stamped`](super::Root::stamped), lower-case hex.
    pub digest: String,
    /// The authority's time, UTC.
    pub at: Timestamp,
    /// Where the authority was asked.
    pub authority: String,
    /// The authority's answer, a TimeStampResp in DER, base64.
    pub response: String,
}
