//! What is posted: an alert in the envelope of the receiver's interface. Several of one receiver may
//! stand one after the other where its interface takes that.

use serde_json::{Value, json};

use super::label::Label;
use crate::event::Severity;
use crate::forward::{Api, Destination, Format};

/// Data stream of Elasticsearch when none is configured.
const STREAM: &str = "logs-honeyward.alert-default";

/// The same for the appliance's health.
const HEALTH_STREAM: &str = "logs-honeyward.health-default";

/// The body of a POST that carries one alert, as the receiver's interface wants it.
pub(super) fn envelope(label: &Label, destination: &Destination, body: String) -> String {
    match destination.api {
        Api::Json | Api::Taxii | Api::Misp => body,
        Api::Splunk => splunk(label, destination, body),
        Api::Elastic => elastic(label, destination, &body),
        Api::Wecom => {
            let content = format!("### {}\n{body}", label.headline);
            json!({ "msgtype": "markdown", "markdown": { "content": content } }).to_string()
        }
        Api::Dingtalk => {
            let title = &label.headline;
            let text = format!("### {title}\n{body}");
            json!({ "msgtype": "markdown", "markdown": { "title": title, "text": text } }).to_string()
        }
        Api::Feishu => json!({
            "msg_type": "interactive",
            "card": {
                "header": {
                    "title": { "tag": "plain_text", "content": label.headline },
                    "template": colour(label.severity),
                },
                "elements": [{ "tag": "markdown", "content": body }],
            },
        })
        .to_string(),
    }
}

/// An event of the HTTP Event Collector; `time` is in seconds.
fn splunk(label: &Label, destination: &Destination, body: String) -> String {
    let milliseconds = label.at.as_millisecond();
    let event = match destination.format {
        Format::Ecs | Format::Ocsf | Format::Flat => {
            serde_json::from_str(&body).unwrap_or(Value::String(body))
        }
        Format::Cef | Format::Leef | Format::Brief | Format::Full | Format::Stix | Format::Misp => {
            Value::String(body)
        }
    };
    let mut envelope = json!({
        "time": format!("{}.{:03}", milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000)),
        "host": destination.hostname,
        "source": "honeyward",
        "sourcetype": sourcetype(label, destination.format),
        "event": event,
        "fields": label.ids,
    });
    if let (Some(index), Some(envelope)) = (&destination.index, envelope.as_object_mut()) {
        envelope.insert("index".into(), json!(index));
    }
    envelope.to_string()
}

/// What is parsed as JSON has a type of its own for health: searches for attacks name theirs.
fn sourcetype(label: &Label, format: Format) -> &'static str {
    match format {
        Format::Ecs | Format::Ocsf | Format::Flat if label.is_health() => "honeyward:health",
        Format::Ecs => "honeyward:ecs",
        Format::Cef => "cef",
        Format::Leef => "honeyward:leef",
        Format::Ocsf => "honeyward:ocsf",
        Format::Flat => "honeyward:flat",
        Format::Brief | Format::Full | Format::Stix | Format::Misp => "honeyward",
    }
}

/// An action and its document, a line each. The id makes a repeat a conflict instead of a second
/// document.
fn elastic(label: &Label, destination: &Destination, body: &str) -> String {
    let stream = if label.is_health() { HEALTH_STREAM } else { STREAM };
    let index = destination.index.as_deref().unwrap_or(stream);
    let action = json!({ "create": { "_index": index, "_id": label.key } });
    format!("{action}\n{body}\n")
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "red",
        Severity::Medium => "orange",
        Severity::Low => "blue",
        Severity::Info => "grey",
    }
}
