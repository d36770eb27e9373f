//! Identity of a session, bound once by the sensor; nothing an attacker sends can change it.

use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Transport;

/// One conversation with one decoy: UUIDv7, so ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

impl SessionId {
    /// When it began, which the id tells.
    pub fn began(self) -> Option<Timestamp> {
        let (seconds, nanoseconds) = self.0.get_timestamp()?.to_unix();
        Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for SessionId {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(s).map(SessionId)
    }
}

/// Where a session came from and which decoy answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The session.
    pub session: SessionId,
    /// The intruder's address and port, as the kernel reports them.
    pub source: SocketAddr,
    /// The decoy's address and port.
    pub target: SocketAddr,
    /// The deception host, by its name in the persona pack (`his`, `pacs`, `lis`).
    pub host: String,
    /// The decoy's protocol (`dicom`, `mllp`, `astm`, `http`, `https`, `ssh`).
    pub service: String,
    /// What carries it.
    #[serde(default, skip_serializing_if = "Transport::is_tcp")]
    pub transport: Transport,
    /// The honeynet itself made the connection, as the traffic of its own consoles: nobody came.
    #[serde(default, skip_serializing_if = "is_false")]
    pub own: bool,
    /// The intruder came from another decoy that he holds, not over the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub led: Option<Led>,
}

/// How an intruder was led from one decoy to another inside the honeynet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Led {
    /// The session in which he asked for the connection.
    pub by: SessionId,
    /// The address and port that the decoy sees as its peer's.
    pub from: SocketAddr,
}

/// Leaves a field out that is mostly false.
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}
