//! Health of the appliance in every format, marked so that no rule takes it for an attack: it has no
//! source, no target and no technique, its category and code begin with `health`, and where a schema has
//! kinds of records it is not the kind of an alert. What stands for what is in `docs/operator/siem.md`.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::cef::Pairs;
use super::{cef, cut, leef};
use crate::event::Health;
use crate::event::health::{Check, Standing};
use crate::forward::settings::OcsfVersion;
use crate::forward::{Destination, Format};

/// OCSF's Base Event (class 0 of category 0), activity Other: no finding, no detection.
const OCSF_CLASS: u32 = 0;
const OCSF_OTHER: u32 = 99;

/// The body, its text at most so long, in characters.
pub(super) fn render(health: &Health, destination: &Destination, text: usize) -> String {
    match destination.format {
        Format::Ecs => ecs(health, text),
        Format::Cef => as_cef(health, text),
        Format::Leef => as_leef(health, text),
        Format::Ocsf => ocsf(health, destination.ocsf_version, text),
        Format::Flat => flat(health, &destination.timezone, text),
        Format::Brief => brief(health, &destination.timezone, text),
        Format::Full => full(health, &destination.timezone, text),
        // The config refuses it: exchanges of indicators are told of intruders only.
        Format::Stix | Format::Misp => ecs(health, text),
    }
}

/// For a chat robot, zh and en.
pub(super) fn headline(health: &Health) -> String {
    let (zh, en) = match health.standing {
        Standing::Ok => ("正常", "ok"),
        Standing::Warning => ("提醒", "warning"),
        Standing::Failing => ("异常", "failing"),
    };
    format!("【运行状况 Health】{}{zh} / {} {en}", health.check.zh(), health.check.name())
}

fn ecs(health: &Health, text: usize) -> String {
    // A state is what ECS calls what is reported over and over; the others happen once.
    let kind = if health.check == Check::Heartbeat { "state" } else { "event" };
    json!({
        "@timestamp": health.at.to_string(),
        "ecs": { "version": super::ecs::ECS_VERSION },
        "event": {
            "kind": kind,
            "category": ["host"],
            "type": ["info"],
            "module": "honeyward",
            "dataset": "honeyward.health",
            "provider": "honeyward",
            "id": health.id,
            "code": health.code(),
            "outcome": if health.standing == Standing::Failing { "failure" } else { "success" },
            "reason": cut(&health.en, text),
        },
        "observer": {
            "type": "honeypot",
            "vendor": "Honeyward",
            "product": "Honeyward",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "message": cut(&health.en, text),
        "honeyward": { "health": own(health, text) },
    })
    .to_string()
}

fn own(health: &Health, text: usize) -> Value {
    json!({
        "check": health.check.name(),
        "standing": health.standing.name(),
        "object": cut(&health.object, text),
        "zh": cut(&health.zh, text),
        "chain": chain(health),
    })
}

fn chain(health: &Health) -> Value {
    json!({ "sequence": health.chain_sequence, "head": health.chain_head })
}

fn anchor(health: &Health) -> String {
    format!("{}:{}", health.chain_sequence, health.chain_head)
}

fn category(health: &Health) -> String {
    format!("/Health/{}", health.check.name())
}

/// 0 to 3 is Low for CEF; 1 to 10 goes LEEF.
fn low(standing: Standing) -> u8 {
    match standing {
        Standing::Ok => 1,
        Standing::Warning => 2,
        Standing::Failing => 3,
    }
}

fn as_cef(health: &Health, text: usize) -> String {
    let title = format!("Appliance health: {}", health.check.name());
    let mut out = cef::head(&health.code(), &title, low(health.standing));
    let mut pairs = Pairs::new(&mut out);
    pairs.put("rt", &health.at.as_millisecond().to_string(), text);
    pairs.put("externalId", &health.id, text);
    pairs.put("cat", &category(health), text);
    pairs.put("outcome", health.standing.name(), text);
    pairs.labelled("cs4", "ChainHead", &anchor(health), usize::MAX);
    pairs.labelled("cs5", "HealthObject", &health.object, text);
    pairs.put("msg", &health.en, text);
    out
}

fn as_leef(health: &Health, text: usize) -> String {
    let fields = [
        ("devTime", health.at.as_millisecond().to_string()),
        ("cat", category(health)),
        ("sev", low(health.standing).to_string()),
        ("healthId", health.id.clone()),
        ("standing", health.standing.name().to_owned()),
        ("healthObject", cut(&health.object, text).to_owned()),
        ("chainHead", anchor(health)),
        ("reason", cut(&health.en, text).to_owned()),
        ("reasonZh", cut(&health.zh, text).to_owned()),
    ];
    let fields: Vec<String> = fields
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| format!("{key}={}", leef::value(&text, usize::MAX)))
        .collect();
    format!("{}{}", leef::head(&health.code()), fields.join("^"))
}

fn ocsf(health: &Health, version: OcsfVersion, text: usize) -> String {
    json!({
        "category_uid": 0,
        "class_uid": OCSF_CLASS,
        "activity_id": OCSF_OTHER,
        "activity_name": format!("Health: {}", health.check.name()),
        "type_uid": OCSF_CLASS * 100 + OCSF_OTHER,
        "time": health.at.as_millisecond(),
        // Informational, Low, Medium.
        "severity_id": low(health.standing),
        // Success, Failure.
        "status_id": if health.standing == Standing::Failing { 2 } else { 1 },
        "status_detail": health.standing.name(),
        "message": cut(&health.en, text),
        "metadata": {
            "version": version.name(),
            "uid": health.id,
            "event_code": health.code(),
            "product": {
                "name": "Honeyward",
                "vendor_name": "Honeyward",
                "version": env!("CARGO_PKG_VERSION"),
            },
        },
        "unmapped": own(health, text),
    })
    .to_string()
}

fn flat(health: &Health, timezone: &str, text: usize) -> String {
    let pairs = [
        ("alarmname", json!(format!("运行状况：{}", health.check.zh()))),
        ("alarmlevel", json!(1)),
        ("attacktype", json!("")),
        ("successtag", json!(0)),
        ("ruleid", json!(health.code())),
        ("eventtype", json!("health")),
        ("occurtime", json!(local(health, timezone, "%Y%m%d %H:%M:%S"))),
        ("healthcheck", json!(health.check.name())),
        ("healthstate", json!(health.standing.name())),
        ("healthobject", json!(cut(&health.object, text))),
        ("description", json!(cut(&health.zh, text))),
        ("health_id", json!(health.id)),
        ("chain_seq", json!(health.chain_sequence)),
        ("chain_head", json!(health.chain_head)),
        ("test", json!(0)),
    ];
    let object: Map<String, Value> = pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Value::Object(object).to_string()
}

/// What leaves the hospital names the check and the time, no address and no reason.
fn brief(health: &Health, timezone: &str, text: usize) -> String {
    let at = local(health, timezone, "%Y-%m-%d %H:%M:%S %:z");
    let check = cut(health.check.name(), text);
    format!("- 时间 Time: {at}\n- 检查 Check: {} ({check})\n- 不是攻击 Not an attack", health.check.zh())
}

/// For people inside.
fn full(health: &Health, timezone: &str, text: usize) -> String {
    let (zh, en) = (cut(&health.zh, text), cut(&health.en, text));
    let chain = anchor(health);
    format!("{}\n\n{zh}\n{en}\n\n证据链 Chain: {chain}", brief(health, timezone, text))
}

fn local(health: &Health, timezone: &str, form: &str) -> String {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    health.at.to_zoned(zone).strftime(form).to_string()
}
