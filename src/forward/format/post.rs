//! What is posted: an alert in the envelope of the receiver's interface. Several of one receiver may
//! stand one after the other where its interface takes that.

use serde_json::{Value, json};

use super::brief;
use crate::event::{Alert, Severity};
use crate::forward::{Api, Destination, Format};

/// Data stream of Elasticsearch when none is configured.
const STREAM: &str = "logs-honeyward.alert-default";

/// The body of a POST that carries one alert, as the receiver's interface wants it.
pub(super) fn envelope(alert: &Alert, destination: &Destination, body: String) -> String {
    match destination.api {
        Api::Json => body,
        Api::Splunk => splunk(alert, destination, body),
        Api::Elastic => elastic(alert, destination, &body),
        Api::Wecom => {
            let content = format!("### {}\n{body}", brief::headline(alert));
            json!({ "msgtype": "markdown", "markdown": { "content": content } }).to_string()
        }
        Api::Dingtalk => {
            let title = brief::headline(alert);
            let text = format!("### {title}\n{body}");
            json!({ "msgtype": "markdown", "markdown": { "title": title, "text": text } }).to_string()
        }
        Api::Feishu => json!({
            "msg_type": "interactive",
            "card": {
                "header": {
                    "title": { "tag": "plain_text", "content": brief::headline(alert) },
                    "template": colour(alert.severity),
                },
                "elements": [{ "tag": "markdown", "content": body }],
            },
        })
        .to_string(),
    }
}

/// An event of the HTTP Event Collector; `time` is in seconds.
fn splunk(alert: &Alert, destination: &Destination, body: String) -> String {
    let milliseconds = alert.at.as_millisecond();
    let event = match destination.format {
        Format::Ecs | Format::Ocsf | Format::Flat => {
            serde_json::from_str(&body).unwrap_or(Value::String(body))
        }
        Format::Cef | Format::Leef | Format::Brief => Value::String(body),
    };
    let mut envelope = json!({
        "time": format!("{}.{:03}", milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000)),
        "host": destination.hostname,
        "source": "honeyward",
        "sourcetype": sourcetype(destination.format),
        "event": event,
        "fields": { "alert_id": alert.id, "revision": alert.revision.to_string() },
    });
    if let (Some(index), Some(envelope)) = (&destination.index, envelope.as_object_mut()) {
        envelope.insert("index".into(), json!(index));
    }
    envelope.to_string()
}

fn sourcetype(format: Format) -> &'static str {
    match format {
        Format::Ecs => "honeyward:ecs",
        Format::Cef => "cef",
        Format::Leef => "honeyward:leef",
        Format::Ocsf => "honeyward:ocsf",
        Format::Flat => "honeyward:flat",
        Format::Brief => "honeyward",
    }
}

/// An action and its document, a line each. The id makes a repeat a conflict instead of a second
/// document.
fn elastic(alert: &Alert, destination: &Destination, body: &str) -> String {
    let index = destination.index.as_deref().unwrap_or(STREAM);
    let id = format!("{}:{}", alert.id, alert.revision);
    let action = json!({ "create": { "_index": index, "_id": id } });
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
