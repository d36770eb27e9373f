//! ArcSight Common Event Format 0: header of seven fields, then `key=value` pairs with the
//! dictionary's lengths. What stands for what is in `docs/operator/siem.md`.

use std::fmt::Write;
use std::net::IpAddr;

use super::{Extent, category, cut, in_one_line};
use crate::event::tainted::is_invisible;
use crate::event::{Alert, Severity};

const VENDOR: &str = "Honeyward";
const PRODUCT: &str = "Honeyward";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Lengths of the dictionary, in characters.
const NAME: usize = 512;
const LONG: usize = 1023;
const CUSTOM: usize = 4000;
const APP: usize = 31;
const EXTERNAL_ID: usize = 40;

pub(super) fn render(alert: &Alert, extent: Extent) -> String {
    let mut out = head(&alert.rule, &alert.title, severity(alert.severity));
    let mut pairs = Pairs::new(&mut out);
    pairs.put("rt", &alert.at.as_millisecond().to_string(), LONG);
    pairs.put("start", &alert.first_seen.as_millisecond().to_string(), LONG);
    pairs.put("end", &alert.last_seen.as_millisecond().to_string(), LONG);
    pairs.put("externalId", &alert.id, EXTERNAL_ID);
    addresses(alert, &mut pairs);
    pairs.put("dhost", &alert.host, LONG);
    pairs.put("proto", &alert.transport.name().to_ascii_uppercase(), APP);
    pairs.put("app", &alert.service, APP);
    pairs.put("cat", &category(alert), LONG);
    pairs.put("act", "observed", 63);
    if let Some(account) = alert.accounts.first().filter(|_| extent.accounts > 0) {
        pairs.put("duser", account.as_untrusted(), extent.text);
    }
    pairs.labelled("cn1", "Confidence", &alert.confidence.to_string(), LONG);
    pairs.labelled("cn2", "Revision", &alert.revision.to_string(), LONG);
    let sessions: Vec<String> =
        alert.sessions.iter().rev().take(extent.sessions).map(ToString::to_string).collect();
    pairs.labelled("cs1", "Session", &sessions.join(","), CUSTOM);
    pairs.labelled("cs2", "ATTACK", &alert.techniques.join(","), CUSTOM);
    pairs.labelled("cs3", "Hosts", &alert.hosts.join(","), CUSTOM);
    pairs.labelled("cs4", "ChainHead", &format!("{}:{}", alert.chain_sequence, alert.chain_head), CUSTOM);
    pairs.labelled("cs6", "Campaign", alert.parent.as_deref().unwrap_or_default(), CUSTOM);
    pairs.put("msg", &in_one_line(alert, extent), extent.text);
    out
}

/// The seven fields of the header.
pub(super) fn head(class: &str, name: &str, severity: u8) -> String {
    let (class, name) = (header(class, LONG), header(name, NAME));
    format!("CEF:0|{VENDOR}|{PRODUCT}|{VERSION}|{class}|{name}|{severity}|")
}

/// The extension as it grows.
pub(super) struct Pairs<'a> {
    out: &'a mut String,
    first: bool,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(out: &'a mut String) -> Self {
        Pairs { out, first: true }
    }

    pub(super) fn put(&mut self, key: &str, value: &str, limit: usize) {
        if value.is_empty() {
            return;
        }
        let space = if std::mem::take(&mut self.first) { "" } else { " " };
        // Writing to a String can't fail.
        let _ = write!(self.out, "{space}{key}={}", extension(value, limit));
    }

    pub(super) fn labelled(&mut self, key: &str, label: &str, value: &str, limit: usize) {
        if !value.is_empty() {
            self.put(&format!("{key}Label"), label, LONG);
            self.put(key, value, limit);
        }
    }
}

/// IPv4 in `src` and `dst`; IPv6 in the keys that CEF 0 has for it.
fn addresses(alert: &Alert, pairs: &mut Pairs<'_>) {
    let mut side = |v4: &str, v6: &str, label: &str, address: IpAddr| match address {
        IpAddr::V4(address) => pairs.put(v4, &address.to_string(), LONG),
        IpAddr::V6(address) => pairs.labelled(v6, label, &address.to_string(), LONG),
    };
    side("src", "c6a2", "Source IPv6 Address", alert.source);
    side("dst", "c6a3", "Destination IPv6 Address", alert.target);
    pairs.put("spt", &alert.source_port.to_string(), LONG);
    pairs.put("dpt", &alert.target_port.to_string(), LONG);
}

fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::High => 9,
        Severity::Medium => 6,
        Severity::Low => 3,
        Severity::Info => 1,
    }
}

/// Header fields escape `\` and `|`; a line break can't stand there.
fn header(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for c in cut(text, limit).chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '|' => out.push_str("\\|"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Extension values escape `\`, `=` and line breaks; other control and invisible characters are
/// shown, so that an intruder's text can't hide or break anything.
fn extension(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for c in cut(text, limit).chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '=' => out.push_str("\\="),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || is_invisible(c) => {
                out.extend(format!("\\\\u{{{:x}}}", u32::from(c)).chars())
            }
            c => out.push(c),
        }
    }
    out
}
