//! `honeyward allowances`: what the hospital's own machines may do, and what a change would have meant.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::app::allowances::{self, Past, judge};
use crate::app::cli::{AllowancesListArgs, AllowancesTryArgs};
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::lures::Registry;
use crate::app::managed::effective;
use crate::app::output::{say, say_json};
use crate::app::table::Table;
use crate::app::{Layout, find, when};
use crate::detect::{self, Allowance, Standing};
use crate::event::Severity;
use crate::persona::{Fault, Faults};

/// One allowance as `--json` gives it.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    source: String,
    covers: detect::Class,
    standing: Standing,
    expires: String,
    owner: &'a str,
    approver: &'a str,
    reason: &'a str,
    /// Events that it covered within the days asked for.
    covered: u64,
    /// The last of them.
    last: Option<Timestamp>,
}

/// Lists.
pub(crate) fn list(args: &AllowancesListArgs, layout: &Layout) -> Exit {
    let config = match Config::load(args.config.config.as_deref()) {
        Ok(config) => config,
        Err(faults) => return Exit::Usage(faults.to_string()),
    };
    let config = match effective(&config, layout) {
        Ok(config) => config,
        Err(error) => return Exit::Could(format!("{}: {error}", layout.managed().display())),
    };
    let now = Timestamp::now();
    // Before the first start there is no store, and nothing was covered.
    let past = match find::store(layout) {
        Ok(reader) => judge(&reader, known(&config, layout), before(now, args.days)),
        Err(_) => Ok(Past::default()),
    };
    let past = match past {
        Ok(past) => past,
        Err(error) => return error.into(),
    };
    let listed: Vec<_> = config.detection.allowance.iter().map(|one| listed(one, &past, now)).collect();
    if args.json.json {
        listed.iter().for_each(say_json);
    } else if listed.is_empty() {
        say("No allowances.");
    } else {
        table(&listed, args.days);
    }
    Exit::Done
}

/// The config's settings with the baits that are out.
pub(super) fn known(config: &Config, layout: &Layout) -> detect::Settings {
    let baits = Registry::load(layout).unwrap_or_default().baits();
    detect::Settings { baits, ..config.detection.clone() }
}

fn before(now: Timestamp, days: u16) -> Timestamp {
    now - SignedDuration::from_hours(24 * i64::from(days))
}

fn listed<'a>(allowance: &'a Allowance, past: &Past, now: Timestamp) -> Listed<'a> {
    let covered = past.covered.get(&allowance.name).cloned().unwrap_or_default();
    Listed {
        name: &allowance.name,
        source: allowance.source.to_string(),
        covers: allowance.covers,
        standing: allowance.standing(now),
        expires: allowance.expires.to_string(),
        owner: &allowance.owner,
        approver: &allowance.approver,
        reason: &allowance.reason,
        covered: covered.events,
        last: covered.last,
    }
}

fn table(listed: &[Listed<'_>], days: u16) {
    let covered = format!("COVERED ({days}d)");
    let heads =
        ["NAME", "SOURCE", "COVERS", "STATE", "EXPIRES", "OWNER", "APPROVER", &covered, "LAST", "REASON"];
    let mut table = Table::new(&heads);
    for one in listed {
        table.row(vec![
            one.name.to_owned(),
            one.source.clone(),
            format!("up to {}", one.covers.as_str()),
            super::word(&one.standing),
            one.expires.clone(),
            one.owner.to_owned(),
            one.approver.to_owned(),
            one.covered.to_string(),
            one.last.map_or_else(|| "-".into(), when::local),
            one.reason.to_owned(),
        ]);
    }
    table.print();
}

/// A file that stands for the allowances of the config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    #[serde(default)]
    detection: ChangedDetection,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ChangedDetection {
    #[serde(default)]
    allowance: Vec<Allowance>,
}

/// What would have been told, now and with the change, as `--json` gives it.
#[derive(Serialize)]
struct Difference<'a> {
    days: u16,
    events: u64,
    high_now: usize,
    high_then: usize,
    /// High incidents that would not have been told as such.
    lost: Vec<Incident<'a>>,
    /// Incidents that only then would have been High.
    gained: Vec<Incident<'a>>,
    /// Events that each allowance would have covered.
    covered: std::collections::BTreeMap<&'a str, u64>,
}

#[derive(Serialize)]
struct Incident<'a> {
    source: std::net::IpAddr,
    at: Timestamp,
    rule: &'a str,
    reason: &'a str,
}

/// Judges the past once more.
pub(crate) fn dry_run(args: &AllowancesTryArgs, layout: &Layout) -> Exit {
    let (config, changed) = match Config::load(args.config.config.as_deref())
        .and_then(|config| Ok((config, changed(&args.file)?)))
    {
        Ok(both) => both,
        Err(faults) => return Exit::Usage(faults.to_string()),
    };
    let reader = match find::store(layout) {
        Ok(reader) => reader,
        Err(exit) => return exit,
    };
    let since = before(Timestamp::now(), args.days);
    let now = known(&config, layout);
    let then = detect::Settings { allowance: changed, ..now.clone() };
    let judged = judge(&reader, now, since).and_then(|now| Ok((now, judge(&reader, then, since)?)));
    let (now, then) = match judged {
        Ok(both) => both,
        Err(error) => return error.into(),
    };
    let difference = difference(args.days, &now, &then);
    if args.json.json {
        say_json(&difference);
    } else {
        print(&difference, &now, &then);
    }
    if difference.lost.is_empty() { Exit::Done } else { Exit::Finding }
}

fn changed(file: &Path) -> Result<Vec<Allowance>, Faults> {
    let shown = file.display().to_string();
    let text =
        std::fs::read_to_string(file).map_err(|e| Fault::of_file(&shown, format!("can't be read: {e}")))?;
    let changed: Changed = toml::from_str(&text).map_err(|e| Fault::of_toml(&shown, &text, &e))?;
    let faults = allowances::faults(&changed.detection.allowance, &shown, &text);
    if faults.is_empty() { Ok(changed.detection.allowance) } else { Err(Faults(faults)) }
}

fn difference<'a>(days: u16, now: &'a Past, then: &'a Past) -> Difference<'a> {
    let only = |these: &'a Past, those: &Past| -> Vec<Incident<'a>> {
        let alone = these.high.values().filter(|alert| !those.high.contains_key(&alert.source));
        alone
            .map(|alert| Incident {
                source: alert.source,
                at: alert.at,
                rule: &alert.rule,
                reason: alert.reasons.first().map_or("", |reason| reason.en.as_str()),
            })
            .collect()
    };
    Difference {
        days,
        events: then.events,
        high_now: now.high.len(),
        high_then: then.high.len(),
        lost: only(now, then),
        gained: only(then, now),
        covered: then.covered.iter().map(|(name, covered)| (name.as_str(), covered.events)).collect(),
    }
}

fn print(difference: &Difference<'_>, now: &Past, then: &Past) {
    let Difference { days, events, .. } = difference;
    say(&format!("{events} events of the last {days} days, judged as configured and with the change."));
    let mut table = Table::new(&["ALERTS", "NOW", "THEN"]);
    for severity in [Severity::High, Severity::Medium, Severity::Low] {
        let count = |past: &Past| past.told.get(&severity).copied().unwrap_or(0).to_string();
        table.row(vec![super::word(&severity), count(now), count(then)]);
    }
    table.row(vec![
        "sources with High".into(),
        difference.high_now.to_string(),
        difference.high_then.to_string(),
    ]);
    table.print();
    for (name, events) in &difference.covered {
        say(&format!("covered by {name}: {events} events"));
    }
    for (what, incidents) in [("no longer High", &difference.lost), ("newly High", &difference.gained)] {
        for one in incidents {
            say(&format!("{what}: {} {} {}: {}", when::local(one.at), one.source, one.rule, one.reason));
        }
    }
}
