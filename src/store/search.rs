//! Finding sessions.

use std::net::IpAddr;

use jiff::Timestamp;

use super::changes::{column, micros, rank};
use super::engine::{Value, rows};
use super::write::session_row;
use super::{Reader, SessionRow, StoreError, terms};
use crate::event::{SessionId, Severity};

/// Which sessions to list.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// Only with an event since then.
    pub since: Option<Timestamp>,
    /// Only begun since then.
    pub from: Option<Timestamp>,
    /// Only begun before then.
    pub until: Option<Timestamp>,
    /// Only from this address.
    pub source: Option<IpAddr>,
    /// Only on this deception host or service.
    pub decoy: Option<String>,
    /// Only on this host.
    pub host: Option<String>,
    /// Only with this protocol.
    pub service: Option<String>,
    /// Only this severe or more.
    pub min_severity: Option<Severity>,
    /// Only where this account was tried, upper or lower case.
    pub account: Option<String>,
    /// Only with this ATT&CK technique.
    pub technique: Option<String>,
    /// Only where a file of this SHA-256 went in or out.
    pub sha256: Option<String>,
    /// Only where all these words were sent.
    pub text: Option<String>,
    /// Only those that began before this one: the next page.
    pub before: Option<SessionId>,
    /// Also those that the honeynet made itself.
    pub own: bool,
    /// At most this many; no limit without it.
    pub limit: Option<usize>,
}

impl SessionFilter {
    /// The terms that a session must have; none when it asks for words and names none.
    fn terms(&self) -> Option<Vec<String>> {
        let mut wanted: Vec<String> = Vec::new();
        wanted.extend(self.sha256.as_deref().map(terms::hash_term));
        wanted.extend(self.account.as_deref().map(terms::account_term));
        wanted.extend(self.technique.as_deref().map(terms::technique_term));
        if let Some(text) = &self.text {
            let words = terms::word_terms(text);
            if words.is_empty() {
                return None;
            }
            wanted.extend(words);
        }
        Some(wanted.iter().map(|term| column(term)).collect())
    }
}

/// A statement as it grows.
#[derive(Default)]
struct Asking {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Asking {
    /// Adds a condition on one value, which stands in it as `?`.
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.conditions.push(condition.replace('?', &format!("?{}", self.values.len())));
    }

    fn add_some(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.add(condition, value);
        }
    }
}

impl Reader {
    /// Sessions, newest first.
    ///
    /// # Errors
    /// The engine failed.
    pub fn sessions(&self, filter: &SessionFilter) -> Result<Vec<SessionRow>, StoreError> {
        let Some(terms) = filter.terms() else { return Ok(Vec::new()) };
        let mut asking = Asking::default();
        // The rarest kind of term leads: its sessions are read in order until the page is full.
        let (table, id) = match terms.split_first() {
            None => ("sessions AS s", "s.id"),
            Some((first, rest)) => {
                asking.add("t.term = ?", first.clone());
                for term in rest {
                    asking.add(
                        "EXISTS (SELECT 1 FROM terms AS o WHERE o.term = ? AND o.session = t.session)",
                        term.clone(),
                    );
                }
                ("terms AS t CROSS JOIN sessions AS s ON s.id = t.session", "t.session")
            }
        };
        narrow(&mut asking, filter, id);
        let limit = filter.limit.map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let conditions = asking.conditions.join(" AND ");
        let sql = format!("SELECT s.row FROM {table} WHERE {conditions} ORDER BY {id} DESC LIMIT {limit}");
        rows(&*self.engine, &sql, &asking.values, |mut line| session_row(&line.text(0)?))
    }
}

fn narrow(asking: &mut Asking, filter: &SessionFilter, id: &str) {
    // A plus keeps the engine from an index of its choice: nearly every session is somebody else's and of
    // late, so that index gives all of them, to be sorted.
    let last = if filter.source.is_some() { "+s.last >= ?" } else { "s.last >= ?" };
    asking.add_some(last, filter.since.map(micros));
    asking.add_some(&format!("{id} >= ?"), filter.from.map(first_id).map(Value::Bytes));
    asking.add_some(&format!("{id} < ?"), filter.until.map(first_id).map(Value::Bytes));
    asking.add_some(&format!("{id} < ?"), filter.before);
    asking.add_some("s.source = ?", filter.source.map(|source| source.to_string()));
    if let Some(decoy) = &filter.decoy {
        asking.add("(s.host = ? OR s.service = ?)", column(decoy));
    }
    asking.add_some("s.host = ?", filter.host.as_deref().map(column));
    asking.add_some("s.service = ?", filter.service.as_deref().map(column));
    if let Some(severity) = filter.min_severity.filter(|severity| *severity > Severity::Info) {
        // The index holds what is above nothing.
        asking.conditions.push("s.severity > 0".to_owned());
        asking.add("s.severity >= ?", rank(severity));
    }
    if filter.own {
        asking.conditions.push("+s.own >= 0".to_owned());
    } else {
        asking.conditions.push("+s.own = 0".to_owned());
    }
}

/// The first id that a session begun then can have: UUIDv7 starts with milliseconds, RFC 9562 5.7.
fn first_id(at: Timestamp) -> Vec<u8> {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let mut bytes = milliseconds.to_be_bytes().get(2..).unwrap_or_default().to_vec();
    bytes.resize(16, 0);
    bytes
}
