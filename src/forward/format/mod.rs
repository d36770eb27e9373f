//! Alerts as text: pure functions of the alert and the destination's settings.

mod brief;
mod cef;
mod ecs;
mod flat;
mod full;
mod health;
mod label;
mod leef;
pub mod mail;
mod misp;
mod ocsf;
mod post;
mod stix;
pub mod syslog;

use serde_json::{Value, json};

use self::label::Label;
use crate::event::alert::Reason;
use crate::event::{Alert, Health};
use crate::forward::{Api, Carriage, Destination, Format, Transport};

/// Longest syslog message over UDP: one Ethernet frame with room for tunnels; RFC 5426 advises
/// against fragments.
pub const UDP_BUDGET: usize = 1400;

/// Longest syslog message over TCP and TLS: what RFC 5425 receivers should take.
pub const STREAM_BUDGET: usize = 8192;

/// Longest body of one POST: collectors take a megabyte and more; the longest alert is a quarter.
pub const POST_BUDGET: usize = 512 << 10;

/// Longest message to a chat robot: WeCom takes 4096 bytes of Markdown, the others five times that.
pub const ROBOT_BUDGET: usize = 4096;

/// Longest notice in a letter: some pages.
pub const MAIL_BUDGET: usize = 64 << 10;

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
/// syslog message, or what is posted.
pub fn message(alert: &Alert, destination: &Destination) -> Vec<u8> {
    let label = Label::of_alert(alert);
    first_that_fits(destination, |extent| wrapped(&label, destination, body(alert, destination, extent)))
}

/// One notice of the appliance's health, in the same way.
pub fn health_message(health: &Health, destination: &Destination) -> Vec<u8> {
    let label = Label::of_health(health);
    first_that_fits(destination, |extent| {
        wrapped(&label, destination, health::render(health, destination, extent.text))
    })
}

/// The longest form that keeps within the budget; the shortest when none does.
fn first_that_fits(destination: &Destination, form: impl Fn(Extent) -> Vec<u8>) -> Vec<u8> {
    let budget = budget(destination);
    let mut message = Vec::new();
    for extent in EXTENTS {
        message = form(extent);
        if message.len() <= budget {
            break;
        }
    }
    message
}

fn wrapped(label: &Label, destination: &Destination, body: String) -> Vec<u8> {
    match destination.transport.carriage() {
        Carriage::Syslog => syslog::message(label, destination, &body),
        Carriage::Post => post::envelope(label, destination, body).into_bytes(),
        Carriage::Mail => format!("{}\n\n{body}", label.headline).into_bytes(),
        Carriage::Record => body.into_bytes(),
    }
}

fn body(alert: &Alert, destination: &Destination, extent: Extent) -> String {
    match destination.format {
        Format::Ecs => ecs::render(alert, extent),
        Format::Cef => cef::render(alert, extent),
        Format::Leef => leef::render(alert, extent),
        Format::Ocsf => ocsf::render(alert, destination.ocsf_version, extent),
        Format::Flat => flat::render(alert, &destination.timezone, extent),
        Format::Brief => brief::render(alert, destination),
        Format::Full => full::render(alert, destination, extent),
        Format::Stix => stix::render(alert, destination, extent),
        Format::Misp => misp::render(alert, extent),
    }
}

fn budget(destination: &Destination) -> usize {
    match (destination.transport.carriage(), destination.api) {
        (Carriage::Syslog, _) if destination.transport == Transport::Udp => UDP_BUDGET,
        (Carriage::Syslog, _) => STREAM_BUDGET,
        (Carriage::Post, Api::Wecom | Api::Dingtalk | Api::Feishu) => ROBOT_BUDGET,
        (Carriage::Post, Api::Json | Api::Splunk | Api::Elastic | Api::Taxii | Api::Misp)
        | (Carriage::Record, _) => POST_BUDGET,
        (Carriage::Mail, _) => MAIL_BUDGET,
    }
}

/// An ASCII constant for the strongest evidence: no translation changes it.
fn category(alert: &Alert) -> String {
    let class = alert.reasons.iter().max_by_key(|r| r.probability).map_or("", |r| r.class.as_str());
    if alert.test { "/Deception/Test".into() } else { format!("/Deception/{class}") }
}

/// What the alert is part of, where it is part of something.
fn add_campaign(own: &mut Value, alert: &Alert) {
    if let (Some(own), Some(parent)) = (own.as_object_mut(), &alert.parent) {
        own.insert("campaign".into(), json!(parent));
    }
}

/// A reason as an object.
fn reason(reason: &Reason, extent: Extent) -> Value {
    json!({
        "class": reason.class,
        "probability": reason.probability,
        "en": cut(&reason.en, extent.text),
        "zh": cut(&reason.zh, extent.text),
        "record": reason.record,
    })
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
