//! `honeyward alerts`: what was decided, newest first.

use jiff::Timestamp;
use serde::Serialize;

use crate::app::cli::AlertsArgs;
use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::app::table::Table;
use crate::app::{Layout, find, when};
use crate::event::{Alert, Severity};
use crate::store::AlertFilter;

/// One alert as `--json` gives it.
#[derive(Serialize)]
struct Numbered<'a> {
    /// Number of its record in the chain.
    record: u64,
    #[serde(flatten)]
    alert: &'a Alert,
}

/// Reasons in the table: the strongest come first, `show` has all.
const SHOWN: usize = 2;

/// Lists.
pub(crate) fn run(args: &AlertsArgs, layout: &Layout) -> Exit {
    let filter = match filter(args) {
        Ok(filter) => filter,
        Err(problem) => return Exit::Usage(problem),
    };
    let alerts = match find::store(layout).and_then(|reader| Ok(reader.alerts(&filter)?)) {
        Ok(alerts) => alerts,
        Err(exit) => return exit,
    };
    if args.json.json {
        alerts.iter().for_each(|(record, alert)| say_json(&Numbered { record: *record, alert }));
    } else if alerts.is_empty() {
        say("No alerts.");
    } else {
        table(alerts.iter().map(|(_, alert)| alert));
    }
    Exit::Done
}

fn filter(args: &AlertsArgs) -> Result<AlertFilter, String> {
    let since = args.since.as_deref().map(|text| when::since(text, Timestamp::now())).transpose()?;
    let min_severity = args.min_severity.as_deref().map(severity).transpose()?;
    Ok(AlertFilter { since, min_severity })
}

fn severity(text: &str) -> Result<Severity, String> {
    serde_json::from_value(text.to_lowercase().into())
        .map_err(|_| format!("--min-severity {text}: expected info, low, medium or high"))
}

fn table<'a>(alerts: impl Iterator<Item = &'a Alert>) {
    let mut table = Table::new(&[
        &format!("DECIDED ({})", when::zone()),
        "SEVERITY",
        "CONF",
        "SOURCE",
        "DECOY",
        "REV",
        "TITLE",
        "REASONS",
    ]);
    for alert in alerts {
        let reasons: Vec<_> = alert.reasons.iter().take(SHOWN).map(|reason| reason.en.as_str()).collect();
        table.row(vec![
            when::local(alert.at),
            super::word(&alert.severity),
            format!("{}%", alert.confidence),
            alert.source.to_string(),
            format!("{}/{}", alert.host, alert.service),
            alert.revision.to_string(),
            alert.title.clone(),
            reasons.join("; "),
        ]);
    }
    table.print();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_read_in_any_case() {
        assert_eq!(severity("High"), Ok(Severity::High));
        assert!(severity("fatal").unwrap_err().contains("info, low, medium or high"));
    }
}
