//! Alerts as text: pure functions of the alert and the destination's settings.

mod cef;
mod ecs;
pub mod syslog;

use crate::event::Alert;
use crate::forward::{Destination, Format, Transport};

/// Longest syslog message over UDP: one Ethernet frame with room for tunnels; RFC 5426 advises
/// against fragments.
pub const UDP_BUDGET: usize = 1400;

/// Longest syslog message over TCP and TLS: what RFC 5425 receivers should take.
pub const STREAM_BUDGET: usize = 8192;

/// Longest body of one POST: collectors take a megabyte and more; the longest alert is a quarter.
pub const POST_BUDGET: usize = 512 << 10;

/// How much of an alert's lists is told; the whole stays in the store under the alert's id.
#[derive(Debug, Clone, Copy)]
struct Extent {
    reasons: usize,
    sessions: usize,
    accounts: usize,
    text: usize,
}

const EXTENTS: [Extent; 4] = [
    Extent { reasons: 16, sessions: 32, accounts: 8, text: 1023 },
    Extent { reasons: 4, sessions: 4, accounts: 4, text: 300 },
    Extent { reasons: 1, sessions: 1, accounts: 1, text: 120 },
    Extent { reasons: 0, sessions: 1, accounts: 0, text: 60 },
];

/// One alert as a destination's transport carries it, within that transport's budget: a whole
/// syslog message, or the bare object where it is posted.
pub fn message(alert: &Alert, destination: &Destination) -> Vec<u8> {
    let budget = match destination.transport {
        Transport::Udp => UDP_BUDGET,
        Transport::Tcp | Transport::Tls => STREAM_BUDGET,
        Transport::Http | Transport::Https => POST_BUDGET,
    };
    let mut message = Vec::new();
    for extent in EXTENTS {
        let body = match destination.format {
            Format::Ecs => ecs::render(alert, extent),
            Format::Cef => cef::render(alert, extent),
        };
        message = match destination.transport.posts() {
            true => body.into_bytes(),
            false => syslog::message(alert, destination, &body),
        };
        if message.len() <= budget {
            break;
        }
    }
    message
}

/// At most `limit` characters.
fn cut(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// The reasons in one line of English.
fn in_one_line(alert: &Alert, extent: Extent) -> String {
    let reasons: Vec<&str> = alert.reasons.iter().take(extent.reasons).map(|r| r.en.as_str()).collect();
    if reasons.is_empty() { alert.title.clone() } else { reasons.join("; ") }
}
