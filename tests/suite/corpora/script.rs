//! Scenarios as text: what a line of `tests/corpora` means. The form is in `tests/corpora/README.md`.

use std::path::Path;

/// One scenario.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    /// The file that it stands in, without its ending: its kind.
    pub(super) kind: String,
    pub(super) name: String,
    /// Rules of which one must make it High.
    pub(super) expected: Vec<String>,
    pub(super) lines: Vec<Line>,
}

/// One line of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Line {
    /// What follows comes from this address.
    From(String),
    /// This network card speaks for that address.
    Card(String),
    /// So many seconds pass.
    Wait(i64),
    /// The day's time is this, in UTC: hours and minutes.
    At(i64, i64),
    /// Sessions.
    Visit(Visit),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Visit {
    pub(super) times: u32,
    pub(super) every: i64,
    /// Hosts with their services, one after another.
    pub(super) places: Vec<(String, String)>,
    pub(super) steps: Vec<String>,
}

/// All scenarios of a folder, in the order of its files.
pub(super) fn folder(name: &str) -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(file: &Path) -> Vec<Scenario> {
    let kind = file.file_stem().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix("= ") {
            let (name, expected) = head.split_once(" > ").unwrap_or((head, ""));
            let expected = expected.split_whitespace().map(str::to_owned).collect();
            scenarios.push(Scenario { kind: kind.into(), name: name.into(), expected, lines: Vec::new() });
            continue;
        }
        let scenario = scenarios.last_mut().unwrap_or_else(|| panic!("{kind}: a line before a scenario"));
        let read = line_of(line).unwrap_or_else(|| panic!("{kind}:{}: {line}", number + 1));
        scenario.lines.push(read);
    }
    scenarios
}

fn line_of(line: &str) -> Option<Line> {
    if let Some(address) = line.strip_prefix("from ") {
        return Some(Line::From(address.into()));
    }
    if let Some(card) = line.strip_prefix("card ") {
        return Some(Line::Card(card.into()));
    }
    if let Some(time) = line.strip_prefix("wait ") {
        return Some(Line::Wait(seconds(time)?));
    }
    if let Some(time) = line.strip_prefix("at ") {
        let (hours, minutes) = time.split_once(':')?;
        return Some(Line::At(hours.parse().ok()?, minutes.parse().ok()?));
    }
    visit(line).map(Line::Visit)
}

/// `x30 60s his,pacs/ssh: step ; step`.
fn visit(line: &str) -> Option<Visit> {
    let (head, steps) = line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, "")))?;
    let mut words: Vec<&str> = head.split_whitespace().collect();
    let places = words.pop()?.split('+').flat_map(places).collect();
    let times = words.first().map_or(Some(1), |times| times.strip_prefix('x')?.parse().ok())?;
    let every = words.get(1).map_or(Some(0), |every| seconds(every))?;
    let steps = steps.split(" ; ").map(|step| step.trim().to_owned()).filter(|step| !step.is_empty());
    Some(Visit { times, every, places, steps: steps.collect() })
}

/// `his,pacs/ssh`; `*` stands for every host with the service, or every service of the host.
fn places(text: &str) -> Vec<(String, String)> {
    let (hosts, service) = text.split_once('/').unwrap_or((text, "*"));
    let all = super::machines::services();
    let fits = |host: &str, name: &str| {
        (hosts == "*" || hosts.split(',').any(|one| one == host)) && (service == "*" || service == name)
    };
    let mut found: Vec<_> = all.iter().filter(|(host, name)| fits(host, name)).cloned().collect();
    // A service at several ports of a host counts once.
    found.dedup();
    assert!(!found.is_empty(), "{text}: no such service in the pack");
    found
}

fn seconds(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(number.parse::<i64>().ok()? * unit)
}

/// What makes a scenario another one than the next: its lines without their numbers and addresses.
pub(super) fn shape(scenario: &Scenario) -> String {
    let shown: Vec<_> = scenario
        .lines
        .iter()
        .map(|line| match line {
            Line::From(_) => "from".to_owned(),
            Line::Card(_) => "card".to_owned(),
            Line::Wait(seconds) => format!("wait {}", pace(*seconds)),
            Line::At(..) => "at".to_owned(),
            Line::Visit(visit) => {
                let places: Vec<_> =
                    visit.places.iter().map(|(host, service)| format!("{host}/{service}")).collect();
                let repeated = if visit.times > 1 { pace(visit.every) } else { "once" };
                format!("{repeated} {} {}", places.join("+"), visit.steps.join(";"))
            }
        })
        .collect();
    let text = shown.join("\n");
    let words = text.split(' ').filter(|word| word.parse::<u64>().is_err());
    words.collect::<Vec<_>>().join(" ")
}

fn pace(seconds: i64) -> &'static str {
    match seconds {
        0 => "at once",
        1..10 => "in seconds",
        10..120 => "in a minute",
        120..3600 => "in minutes",
        3600..86_400 => "in hours",
        _ => "in days",
    }
}
