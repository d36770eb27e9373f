//! Detection judged by scenarios: what a hospital does of itself, what intruders do, and intruders
//! within a declared scanner's traffic. The scenarios are data, in `tests/corpora`.
//!
//! The figures in `docs/alert-quality.md` come from here; `HONEYWARD_BLESS=1` writes them anew.

mod bytes;
mod machines;
mod script;
mod stage;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use honeyward::event::{Alert, Severity};
use script::Scenario;
use stage::Outcome;

/// Least scenarios of the hospital's own, and of attacks: without a miss, n of them bound the true share
/// to 3/n with 95 % confidence.
const LEAST: usize = 300;

type Played = Vec<(Scenario, Outcome)>;

/// A folder of the corpora, played once.
fn played(folder: &'static str) -> &'static Played {
    static ALL: [OnceLock<Played>; 5] = [const { OnceLock::new() }; 5];
    let place = FOLDERS.iter().position(|one| *one == folder).unwrap();
    ALL[place].get_or_init(|| {
        let settings = stage::settings();
        let scenarios = script::folder(folder).into_iter();
        scenarios.map(|scenario| (scenario.clone(), stage::play(&settings, &scenario))).collect()
    })
}

const FOLDERS: [&str; 5] = ["benign", "attacks", "mixed", "moves", "apart"];

fn complain(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}: {} scenarios\n{}", wrong.len(), wrong.join("\n"));
}

fn told(outcome: &Outcome) -> String {
    let alerts = outcome.alerts.iter().map(|alert| {
        let reason = alert.reasons.first().map_or("", |reason| reason.en.as_str());
        format!("\n    {} {:?} {}%: {reason}", alert.rule, alert.severity, alert.confidence)
    });
    alerts.collect()
}

#[test]
fn what_a_hospital_does_of_itself_is_never_high() {
    let played = played("benign");
    assert!(played.len() >= LEAST, "{} scenarios", played.len());
    let high = played.iter().filter(|(_, outcome)| !outcome.high().is_empty());
    let wrong: Vec<_> = high
        .map(|(scenario, outcome)| format!("{}: {}{}", scenario.kind, scenario.name, told(outcome)))
        .collect();
    complain("false alarms", &wrong);
}

/// Why an attack is not told as it should be.
fn fault(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let high = outcome.high();
    let ids: BTreeSet<_> = outcome.alerts.iter().map(|alert| (alert.source, &alert.id)).collect();
    let sources: BTreeSet<_> = outcome.alerts.iter().map(|alert| alert.source).collect();
    if high.is_empty() {
        return Some("missed".into());
    }
    if ids.len() != sources.len() {
        return Some(format!("{} incidents of {} sources", ids.len(), sources.len()));
    }
    let expected = |rule: &&String| high.iter().any(|alert| alert.rule == **rule);
    let named = !scenario.expected.is_empty() && scenario.expected.iter().any(|rule| expected(&rule));
    (!named).then(|| format!("expected {}", scenario.expected.join(" or ")))
}

fn faults(folder: &'static str) -> Vec<String> {
    let faulty = played(folder).iter().filter_map(|(scenario, outcome)| {
        let fault = fault(scenario, outcome)?;
        Some(format!("{}: {}: {fault}{}", scenario.kind, scenario.name, told(outcome)))
    });
    faulty.collect()
}

#[test]
fn every_attack_is_one_high_incident() {
    assert!(played("attacks").len() >= LEAST, "{} scenarios", played("attacks").len());
    complain("attacks", &faults("attacks"));
}

#[test]
fn attacks_within_a_declared_scanners_traffic_are_raised() {
    complain("attacks from a scanner's machine", &faults("mixed"));
    let settings = stage::settings();
    for (scenario, outcome) in played("mixed") {
        let sources: BTreeSet<_> = outcome.alerts.iter().map(|alert| alert.source).collect();
        let declared = |source| settings.allowance.iter().any(|allowance| allowance.source.contains(source));
        assert!(sources.into_iter().all(declared), "{}: from a declared scanner", scenario.name);
    }
}

/// An intruder who goes on under another address is one incident: what was told of the other address before
/// it was known to be his names that incident.
#[test]
fn an_intruder_who_changes_his_address_stays_one_incident() {
    let wrong = played("moves").iter().filter_map(|(scenario, outcome)| {
        let first = outcome.high().first().map(|alert| alert.id.clone());
        let stray = |alert: &&Alert| Some(&alert.id) != first.as_ref() && alert.severity > Severity::Low;
        let left = outcome.alerts.iter().filter(stray).any(|alert| {
            let ends = |end: &Alert| end.id == alert.id && end.parent == first;
            !outcome.alerts.iter().any(ends)
        });
        let his = outcome.alerts.iter().filter(|alert| Some(&alert.id) == first.as_ref());
        let says = his.flat_map(|alert| alert.reasons.iter().map(move |reason| (alert, reason))).any(
            |(alert, reason)| {
                reason.en.starts_with(&format!("goes on as {}", alert.source))
                    && reason.zh.contains("相同特征")
            },
        );
        (left || !says).then(|| format!("{}: {}{}", scenario.kind, scenario.name, told(outcome)))
    });
    complain("moves", &wrong.collect::<Vec<_>>());
}

/// People who have one thing in common with an intruder, or with each other, stay apart.
#[test]
fn nobody_is_joined_with_an_intruder_for_a_weak_trait() {
    let wrong = played("apart").iter().filter_map(|(scenario, outcome)| {
        let high: BTreeSet<_> = outcome.high().into_iter().map(|alert| (alert.source, &alert.id)).collect();
        let ids: BTreeSet<_> = high.iter().map(|(_, id)| id).collect();
        let moved = outcome.alerts.iter().any(|alert| alert.rule == "HW-MOVED");
        (moved || high.is_empty() || ids.len() != high.len())
            .then(|| format!("{}: {}{}", scenario.kind, scenario.name, told(outcome)))
    });
    complain("joined", &wrong.collect::<Vec<_>>());
}

#[test]
fn scenarios_differ_in_more_than_numbers() {
    for folder in FOLDERS {
        let mut seen = BTreeMap::new();
        let twins: Vec<_> = played(folder)
            .iter()
            .filter_map(|(scenario, _)| {
                let other = seen.insert(script::shape(scenario), &scenario.name)?;
                Some(format!("{} = {other}", scenario.name))
            })
            .collect();
        complain(folder, &twins);
        let names: BTreeSet<_> = played(folder).iter().map(|(scenario, _)| &scenario.name).collect();
        assert_eq!(names.len(), played(folder).len(), "{folder}: a name is there twice");
    }
}

#[test]
fn attacks_cover_every_service_and_every_high_rule() {
    let all = || played("attacks").iter().chain(played("mixed"));
    let used: BTreeSet<_> = all()
        .flat_map(|(scenario, _)| &scenario.lines)
        .filter_map(|line| match line {
            script::Line::Visit(visit) => Some(visit),
            script::Line::From(_) | script::Line::Card(_) | script::Line::Wait(_) | script::Line::At(..) => {
                None
            }
        })
        .flat_map(|visit| visit.places.iter().map(|(_, service)| service.clone()))
        .collect();
    let missing: Vec<_> = machines::services().iter().filter(|(_, name)| !used.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let raised: BTreeSet<_> =
        all().flat_map(|(_, outcome)| outcome.high()).map(|alert| &alert.rule).collect();
    assert!(raised.len() >= 16, "{raised:?}");
}

/// Rows of a table: kind, scenarios, events, High.
fn table(folder: &'static str) -> String {
    let mut kinds: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for (scenario, outcome) in played(folder) {
        for kind in [scenario.kind.as_str(), "~"] {
            let row = kinds.entry(kind).or_default();
            let severity = outcome.alerts.iter().map(|alert| alert.severity).max();
            row[0] += 1;
            row[1] += outcome.events;
            row[2] += u64::from(severity == Some(Severity::Medium));
            row[3] += u64::from(severity == Some(Severity::High));
        }
    }
    let mut text =
        String::from("| kind | scenarios | events | at most medium | high |\n|---|---|---|---|---|\n");
    for (kind, [count, events, medium, high]) in kinds {
        let kind = if kind == "~" { "**all**" } else { kind };
        writeln!(text, "| {kind} | {count} | {events} | {medium} | {high} |").unwrap();
    }
    text
}

fn figures() -> String {
    let mut text = String::new();
    let count = |folder| played(folder).len();
    let high = |folder| played(folder).iter().filter(|(_, outcome)| !outcome.high().is_empty()).count();
    let bound = |n: usize| 300.0 / n as f64;
    let (benign, attacks, mixed) = (count("benign"), count("attacks"), count("mixed"));
    writeln!(
        text,
        "- False alarms: {} High of n = {benign} scenarios of the hospital's own (0 of n: at most {:.1} % with \
         95 % confidence).",
        high("benign"),
        bound(benign)
    )
    .unwrap();
    writeln!(
        text,
        "- Attacks: {} of n = {attacks} told as one High incident each ({:.1} % missed at most, with 95 % \
         confidence).",
        high("attacks"),
        bound(attacks)
    )
    .unwrap();
    writeln!(text, "- Attacks within a declared scanner's traffic: {} of n = {mixed} told.", high("mixed"))
        .unwrap();
    writeln!(
        text,
        "- Intruders who change their address: {} of n = {} stay one incident; {} of n = {} who have something in \
         common with one stay apart.",
        high("moves"),
        count("moves"),
        high("apart"),
        count("apart")
    )
    .unwrap();
    let driven: u64 =
        FOLDERS.iter().flat_map(|folder| played(folder)).map(|(_, outcome)| outcome.driven).sum();
    let by_bytes = FOLDERS.iter().flat_map(|folder| played(folder)).filter(|(_, o)| o.driven > 0).count();
    writeln!(
        text,
        "- In {by_bytes} of these n = {} scenarios the decoys themselves were driven with bytes ({driven} events).",
        FOLDERS.iter().map(|folder| count(folder)).sum::<usize>()
    )
    .unwrap();
    let events: u64 =
        FOLDERS.iter().flat_map(|folder| played(folder)).map(|(_, outcome)| outcome.events).sum();
    let messages: usize =
        FOLDERS.iter().flat_map(|folder| played(folder)).map(|(_, outcome)| outcome.high().len()).sum();
    writeln!(text, "- {messages} High messages to the SIEM from n = {events} events.\n").unwrap();
    for (folder, title) in [
        ("benign", "The hospital's own"),
        ("attacks", "Attacks"),
        ("mixed", "Attacks within a scanner's traffic"),
        ("moves", "Intruders who change their address"),
        ("apart", "Others who have something in common with an intruder"),
    ] {
        writeln!(text, "### {title}\n\n{}", table(folder)).unwrap();
    }
    text
}

#[test]
fn the_figures_stand_in_the_docs() {
    const BEGIN: &str = "<!-- figures: begin -->\n";
    const END: &str = "<!-- figures: end -->";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/alert-quality.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (kept, after) = rest.split_once(END).unwrap();
    let figures = figures();
    if std::env::var_os("HONEYWARD_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{figures}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(kept, figures, "HONEYWARD_BLESS=1 writes them anew");
}
