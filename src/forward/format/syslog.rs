//! RFC 5424 and RFC 3164 messages, and the framings of RFC 6587 and RFC 5425.

use encoding_rs::GB18030;
use jiff::tz::TimeZone;

use super::label::Label;
use crate::event::Severity;
use crate::forward::{Destination, Encoding, Header};

/// APP-NAME of every message.
const APP_NAME: &str = "honeyward";

/// A message: header, no structured data, MSG, in the destination's characters. No byte order mark
/// unless asked for: it would stand before `CEF:` or `{` and break their parsers.
pub(super) fn message(label: &Label, destination: &Destination, body: &str) -> Vec<u8> {
    let mut text = match destination.header {
        Header::Rfc5424 => rfc5424(label, destination),
        Header::Rfc3164 => rfc3164(label, destination),
    };
    if destination.bom {
        text.push('\u{feff}');
    }
    text.push_str(body);
    match destination.encoding {
        Encoding::Utf8 => text.into_bytes(),
        Encoding::Gb18030 => GB18030.encode(&text).0.into_owned(),
    }
}

fn rfc5424(label: &Label, destination: &Destination) -> String {
    let at = label.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    let (priority, host) = (priority(label, destination), &destination.hostname);
    format!("<{priority}>1 {at} {host} {APP_NAME} - {} - ", label.kind)
}

/// RFC 3164 4.1: the day is padded with a space; receivers take the time for their own zone's.
fn rfc3164(label: &Label, destination: &Destination) -> String {
    let zone = TimeZone::get(&destination.timezone).unwrap_or(TimeZone::UTC);
    let at = label.at.to_zoned(zone).strftime("%b %e %H:%M:%S");
    format!("<{}>{at} {} {APP_NAME}: ", priority(label, destination), destination.hostname)
}

fn priority(label: &Label, destination: &Destination) -> u32 {
    u32::from(destination.facility) * 8 + severity(label.severity)
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
