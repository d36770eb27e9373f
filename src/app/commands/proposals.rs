//! `honeyward allowances proposed`: sources that come back, and what would cover them.

use jiff::{SignedDuration, Timestamp};

use crate::app::allowances::judge;
use crate::app::cli::AllowancesListArgs;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::managed::effective;
use crate::app::output::{say, say_json};
use crate::app::table::Table;
use crate::app::{Layout, find, when};
use crate::detect::Proposal;

use super::allowances::known;

/// Lists them.
pub(crate) fn list(args: &AllowancesListArgs, layout: &Layout) -> Exit {
    let config = match Config::load(args.config.config.as_deref()) {
        Ok(config) => config,
        Err(faults) => return Exit::Usage(faults.to_string()),
    };
    let config = match effective(&config, layout) {
        Ok(config) => config,
        Err(error) => return Exit::Could(format!("{}: {error}", layout.managed().display())),
    };
    let reader = match find::store(layout) {
        Ok(reader) => reader,
        Err(exit) => return exit,
    };
    let settings = known(&config, layout);
    let since = Timestamp::now() - SignedDuration::from_hours(24 * i64::from(args.days));
    let past = match judge(&reader, settings.clone(), since) {
        Ok(past) => past,
        Err(error) => return error.into(),
    };
    let proposals = past.regulars.proposals(&settings);
    if args.json.json {
        proposals.iter().for_each(say_json);
    } else if proposals.is_empty() {
        say("Nothing to propose.");
    } else {
        print(&proposals);
    }
    Exit::Done
}

fn print(proposals: &[Proposal]) {
    let mut table = Table::new(&["SOURCE", "COVERS", "SESSIONS", "DAYS", "PACE", "LAST"]);
    for one in proposals {
        table.row(vec![
            one.source.to_string(),
            format!("up to {}", one.covers.as_str()),
            one.sessions.to_string(),
            one.days.to_string(),
            one.every_seconds.map_or_else(|| "-".into(), |seconds| format!("every {seconds} s")),
            when::local(one.last),
        ]);
    }
    table.print();
    say("\nAs tables of the config; who answers for it, why and until when is yours to say:\n");
    proposals.iter().for_each(|one| say(&one.table()));
}
