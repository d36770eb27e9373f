//! Who touched which decoy, and how badly: many sessions in few rows.

use std::net::IpAddr;

use jiff::Timestamp;

use super::changes::{micros, ranked};
use super::engine::{rows, unreadable};
use super::{Reader, StoreError};
use crate::event::Severity;

/// Most pairs of a source and a decoy that are told: the worst and latest come first.
const PAIRS: usize = 5_000;

/// What one source did to one decoy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The decoy.
    pub host: String,
    /// The peer.
    pub source: IpAddr,
    /// How many sessions.
    pub sessions: u64,
    /// The worst of them.
    pub severity: Severity,
    /// The last sign of any.
    pub last: Timestamp,
}

impl Reader {
    /// Who touched which decoy since then, worst first, then latest; the honeynet's own calls are left out.
    ///
    /// # Errors
    /// The engine failed, or a row is damaged.
    pub fn touched(&self, since: Timestamp) -> Result<Vec<Touched>, StoreError> {
        let sql = "SELECT host, source, count(*), max(severity) AS worst, max(last) AS latest FROM sessions
             WHERE last >= ?1 AND own = 0 GROUP BY host, source ORDER BY worst DESC, latest DESC LIMIT ?2";
        rows(&*self.engine, sql, &[micros(since).into(), PAIRS.into()], |mut line| {
            Ok(Touched {
                host: line.text(0)?,
                source: line.text(1)?.parse().map_err(|e| unreadable(0, e))?,
                sessions: line.number(2)?,
                severity: ranked(line.int(3)?),
                last: Timestamp::from_microsecond(line.int(4)?).map_err(|e| unreadable(0, e))?,
            })
        })
    }
}
