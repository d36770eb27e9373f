//! `honeyward sessions`: what is in the store, newest first.

use jiff::Timestamp;

use crate::app::cli::SessionsArgs;
use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::app::table::Table;
use crate::app::{Layout, find, when};
use crate::store::{SessionFilter, SessionRow};

/// Fewest characters of an id that are shown: the whole time of a UUIDv7.
const SHORTEST_ID: usize = 13;

/// Lists.
pub(crate) fn run(args: &SessionsArgs, layout: &Layout) -> Exit {
    let since = match args.since.as_deref().map(|text| when::since(text, Timestamp::now())).transpose() {
        Ok(since) => since,
        Err(problem) => return Exit::Usage(problem),
    };
    let filter = SessionFilter {
        since,
        source: args.source,
        decoy: args.decoy.clone(),
        own: args.own,
        limit: Some(args.limit),
        ..SessionFilter::default()
    };
    let rows = match find::store(layout).and_then(|reader| Ok(reader.sessions(&filter)?)) {
        Ok(rows) => rows,
        Err(exit) => return exit,
    };
    if args.json.json {
        rows.iter().for_each(say_json);
    } else if rows.is_empty() {
        say("No sessions. `honeyward status` shows where the decoys are.");
    } else {
        table(&rows);
    }
    Exit::Done
}

fn table(rows: &[SessionRow]) {
    let ids = shortened(rows);
    let mut table = Table::new(&[
        "SESSION",
        &format!("OPENED ({})", when::zone()),
        "LASTED",
        "SOURCE",
        "DECOY",
        "SEVERITY",
        "WHAT",
    ]);
    for (row, id) in rows.iter().zip(ids) {
        table.row(vec![
            id,
            when::local(row.opened),
            lasted(row),
            row.source.to_string(),
            format!("{}/{}", row.host, row.service),
            severity(row),
            what(row),
        ]);
    }
    table.print();
    say("");
    say("`honeyward show SESSION` shows one; the first characters of its id are enough.");
}

/// Each id as far as it takes to tell it from all others listed.
fn shortened(rows: &[SessionRow]) -> Vec<String> {
    let mut ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    for id in &mut ids {
        let place = sorted.partition_point(|other| other < id);
        let before = place.checked_sub(1).and_then(|i| sorted.get(i));
        let shared = before.into_iter().chain(sorted.get(place + 1)).map(|other| common(id, other)).max();
        id.truncate(shared.map_or(0, |shared| shared + 1).max(SHORTEST_ID));
    }
    ids
}

fn common(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

fn lasted(row: &SessionRow) -> String {
    let length = when::length(row.last.duration_since(row.opened));
    if row.closed.is_some() { length } else { format!("{length} open") }
}

fn severity(row: &SessionRow) -> String {
    if row.class.is_empty() {
        return "-".to_owned();
    }
    format!("{} {}", super::word(&row.severity), row.class)
}

/// What was done, most telling first.
fn what(row: &SessionRow) -> String {
    let counts = &row.counts;
    let mut parts = Vec::new();
    if row.access.tried > 0 {
        let accounts: Vec<_> = row.access.accounts.iter().map(crate::event::Tainted::for_terminal).collect();
        let outcome = if row.access.accepted { "got in as" } else { "tried" };
        parts.push(format!("{outcome} {}", accounts.join(", ")));
    }
    for (count, one, many) in [
        (counts.commands, "command", "commands"),
        (counts.uploads, "upload", "uploads"),
        (counts.records_written, "record written", "records written"),
        (counts.records_read, "record read", "records read"),
        (counts.downloads, "download", "downloads"),
        (counts.queries, "search", "searches"),
        (counts.messages, "message", "messages"),
        (counts.requests, "request", "requests"),
        (counts.malformed, "malformed input", "malformed inputs"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {}", if count == 1 { one } else { many }));
        }
    }
    if row.is_incomplete() {
        parts.push(format!("{} events lost", row.events_made - row.events));
    }
    let what = if parts.is_empty() { "touched".to_owned() } else { parts.join("; ") };
    if row.own { format!("own: {what}") } else { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_share_what_they_share() {
        assert_eq!(common("0196b000-1", "0196b000-2"), 9);
        assert_eq!(common("a", "b"), 0);
    }
}
