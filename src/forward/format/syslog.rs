//! RFC 5424 messages and the framings of RFC 6587 and RFC 5425.

use jiff::tz::TimeZone;

use crate::event::{Alert, Severity};
use crate::forward::Destination;

/// APP-NAME of every message.
const APP_NAME: &str = "honeyward";

/// A message: header, no structured data, MSG. No byte order mark unless asked for: it would stand
/// before `CEF:` or `{` and break their parsers.
pub(super) fn message(alert: &Alert, destination: &Destination, body: &str) -> Vec<u8> {
    let priority = u32::from(destination.facility) * 8 + severity(alert.severity);
    let at = alert.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    let kind = if alert.test { "test" } else { "alert" };
    let mut out = format!("<{priority}>1 {at} {} {APP_NAME} - {kind} - ", destination.hostname).into_bytes();
    if destination.bom {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
    out.extend_from_slice(body.as_bytes());
    out
}

/// RFC 6587 3.4.1: the length in octets, a space, the message.
pub fn octet_counted(message: &[u8]) -> Vec<u8> {
    let mut out = format!("{} ", message.len()).into_bytes();
    out.extend_from_slice(message);
    out
}

fn severity(severity: Severity) -> u32 {
    match severity {
        Severity::High => 2,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Info => 6,
    }
}
