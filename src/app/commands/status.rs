//! `honeyward status`: each process, decoy host, service, address, state and counters.

use serde_json::{Value, json};

use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::app::status::{Status, lives, read};
use crate::app::{Layout, cli};

const PROCESSES: [&str; 4] = ["supervisor", "sensor", "core", "capd"];

/// Where the config may have none.
const OPTIONAL: [&str; 2] = ["console", "netd"];

/// Shows; exit 1 when a process is down.
pub(crate) fn run(args: &cli::Json, layout: &Layout) -> Exit {
    let mut statuses: Vec<(&str, Option<Status>)> =
        PROCESSES.into_iter().map(|name| (name, read(layout, name))).collect();
    let there = |name| read(layout, name).map(|status| (name, Some(status)));
    statuses.extend(OPTIONAL.into_iter().filter_map(there));
    if statuses.iter().all(|(_, status)| status.is_none()) {
        return Exit::Could(format!("{}: nothing has run on this data directory", layout.root().display()));
    }
    let all_up = statuses.iter().all(|(_, s)| s.as_ref().is_some_and(lives));
    if args.json {
        say_json(&as_json(&statuses));
    } else {
        show(&statuses);
    }
    if all_up { Exit::Done } else { Exit::Finding }
}

fn as_json(statuses: &[(&str, Option<Status>)]) -> Value {
    let processes: Vec<Value> = statuses
        .iter()
        .map(|(name, status)| {
            let up = status.as_ref().is_some_and(lives);
            json!({
                "process": name,
                "state": if up { "up" } else { "down" },
                "pid": status.as_ref().map(|s| s.pid),
                "at": status.as_ref().map(|s| s.at),
                "detail": status.as_ref().map(|s| &s.state),
            })
        })
        .collect();
    json!({ "processes": processes, "services": services(statuses), "failing": failing(statuses) })
}

/// What core says is not as it should be; nothing when it does not live to say so.
fn failing(statuses: &[(&str, Option<Status>)]) -> Value {
    let core = statuses.iter().find(|(name, _)| *name == "core").and_then(|(_, s)| s.as_ref());
    core.filter(|status| lives(status))
        .map(|status| status.state["health"]["failing"].clone())
        .filter(Value::is_array)
        .unwrap_or_else(|| json!([]))
}

fn services(statuses: &[(&str, Option<Status>)]) -> Value {
    let sensor = statuses.iter().find(|(name, _)| *name == "sensor").and_then(|(_, s)| s.as_ref());
    sensor.map(|s| s.state["services"].clone()).unwrap_or_else(|| json!([]))
}

fn show(statuses: &[(&str, Option<Status>)]) {
    say("PROCESS     STATE  PID");
    for (name, status) in statuses {
        let up = status.as_ref().is_some_and(lives);
        let pid = status.as_ref().filter(|_| up).map(|s| s.pid.to_string()).unwrap_or_default();
        say(&format!("{name:<11} {:<6} {pid}", if up { "up" } else { "down" }));
        if let Some(reason) = status.as_ref().and_then(|s| s.state["note"].as_str()) {
            say(&format!("            {reason}"));
        }
    }
    let failing = failing(statuses);
    for one in failing.as_array().into_iter().flatten() {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        say(&format!("\nFAILING     {} {}  since {}", text("check"), text("object"), text("since")));
        say(&format!("            {}", text("reason")));
    }
    say("\nHOST      SERVICE  ADDRESS                CONNECTIONS");
    for service in services(statuses).as_array().into_iter().flatten() {
        let text = |key: &str| service[key].as_str().unwrap_or_default();
        let moved = if service["address"] == service["wanted"] { "" } else { "  (moved port)" };
        say(&format!(
            "{:<9} {:<8} {:<22} {}{moved}",
            text("host"),
            text("service"),
            text("address"),
            service["connections"]
        ));
    }
}
