//! What the console is shown of the settings, and how it checks and tries them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::app::allowances::{Past, judge};
use crate::app::commands::siem::test_alert;
use crate::app::config::Config;
use crate::app::launch::Launch;
use crate::app::lures::{self, Registry};
use crate::app::managed::{Managed, effective};
use crate::app::wishes::{self, Hands};
use crate::app::{Layout, find};
use crate::console::desk::{
    Checked, Counted, Desk, From, Shown, ShownAllowance, ShownDestination, ShownLure, Tried, Version,
};
use crate::detect;
use crate::event::line::word;
use crate::event::wish::Wish;
use crate::forward::{Destination, send_tests};
use crate::lure::Kind;

/// Versions that a page lists.
const VERSIONS: usize = 100;

/// How long a test may take: who clicked waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// In whose hands a wish is checked before anybody approved it.
const UNKNOWN: &str = "second person";

/// The desk of a console.
pub(super) fn desk(launch: &Launch, layout: &Layout) -> Desk {
    let of = || (launch.config.clone(), layout.clone());
    let (show, check, send, count, propose) = (of(), of(), of(), of(), of());
    Desk {
        show: Box::new(move || shown(&show.0, &show.1).map_err(|error| error.to_string())),
        check: Box::new(move |wish, by| checked(wish, by, &check.0, &check.1)),
        try_destination: Box::new(move |name| tried(name, &send.0, &send.1)),
        count: Box::new(move |hours| counted(hours, &count.0, &count.1)),
        propose: Box::new(move |days| proposed(days, &propose.0, &propose.1)),
        files: layout.console_files(),
        bundles: layout.bundles(),
        lure_files: layout.lure_files(),
    }
}

fn shown(config: &Config, layout: &Layout) -> std::io::Result<Shown> {
    let managed = Managed::load(layout)?;
    let now = Timestamp::now();
    let quota_mib_now = config.capture.quota_mib;
    let lures = Registry::load(layout)?.lure;
    Ok(Shown {
        destinations: both(&config.destination, &managed.destination, |to| &to.name)
            .map(|(to, from)| destination(to, from))
            .collect(),
        allowances: both(&config.detection.allowance, &managed.allowance, |one| &one.name)
            .map(|(one, from)| allowance(one, from, now))
            .collect(),
        lures: lures.into_iter().map(|lure| bait(lure, layout)).collect(),
        kinds: Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
        versions: Managed::versions(layout).into_iter().take(VERSIONS).map(version).collect(),
        quota_mib: managed.quota_mib.unwrap_or(quota_mib_now),
        quota_mib_now,
    })
}

/// What the config says, then what the console made; where both have a name, the console's is hidden.
fn both<'a, T>(
    own: &'a [T],
    made: &'a [T],
    name: impl Fn(&T) -> &String + Copy + 'a,
) -> impl Iterator<Item = (&'a T, From)> {
    let from = move |one: &T| match own.iter().any(|known| name(known) == name(one)) {
        true => From::Hidden,
        false => From::Console,
    };
    own.iter().map(|one| (one, From::File)).chain(made.iter().map(move |one| (one, from(one))))
}

fn table(value: &impl Serialize) -> Value {
    let mut table = serde_json::to_value(value).unwrap_or_default();
    if let Some(table) = table.as_object_mut() {
        table.retain(|_, value| !value.is_null());
    }
    table
}

fn destination(to: &Destination, from: From) -> ShownDestination {
    let mut settings = table(to);
    // Where files are is no page's business, and the URL of a robot is its password.
    for key in ["ca", "certificate", "key", "token_file", "secret_file", "password_file"] {
        let name =
            settings[key].as_str().and_then(|path| Path::new(path).file_name()?.to_str().map(str::to_owned));
        if let Some(name) = name {
            settings[key] = name.into();
        }
    }
    if to.api.is_robot() && from == From::File {
        settings["url"] = to.place().into();
    }
    ShownDestination { name: to.name.clone(), place: to.place().to_owned(), from, settings }
}

fn allowance(one: &detect::Allowance, from: From, now: Timestamp) -> ShownAllowance {
    let standing = word(&one.standing(now));
    ShownAllowance { name: one.name.clone(), standing, from, settings: table(one) }
}

fn bait(lure: crate::lure::Lure, layout: &Layout) -> ShownLure {
    let file = layout.lure_files().join(&lure.id).is_dir();
    ShownLure {
        id: lure.id,
        kind: lure.kind.as_str(),
        endpoint: lure.endpoint,
        path: lure.path,
        host: lure.host,
        note: lure.note,
        minted: lure.minted,
        revoked: lure.revoked,
        file,
    }
}

fn version(managed: Managed) -> Version {
    Version { version: managed.version, at: managed.at, by: managed.by, change: managed.change }
}

fn checked(wish: &Wish, by: &str, config: &Config, layout: &Layout) -> Checked {
    let hands = Hands { by: by.to_owned(), approver: UNKNOWN.to_owned(), at: Timestamp::now() };
    let weighty = wishes::is_weighty(wish, layout);
    let one = |key: &str, problem: String| vec![(key.to_owned(), problem)];
    let problems = match wish {
        Wish::LureMinted { kind, endpoint, path, .. } => match lures::checked(layout, kind, endpoint, path) {
            Ok(_) => Vec::new(),
            Err(problem) => one("kind", problem),
        },
        Wish::LureRevoked { lure } => match Registry::load(layout) {
            Ok(registry) if registry.lure.iter().any(|known| known.id == *lure) => Vec::new(),
            Ok(_) => one("lure", format!("{lure}: no such bait")),
            Err(error) => one("lure", error.to_string()),
        },
        Wish::Export { subject, .. } => {
            let found = find::store(layout)
                .and_then(|reader| crate::app::commands::export::case(&reader, subject).map(drop));
            found.err().map(|exit| one("subject", exit.reason())).unwrap_or_default()
        }
        Wish::Destination { .. }
        | Wish::DestinationRemoved { .. }
        | Wish::Allowance { .. }
        | Wish::AllowanceEnded { .. }
        | Wish::Retention { .. }
        | Wish::Restored { .. } => wishes::changed(wish, config, layout, &hands).err().unwrap_or_default(),
    };
    Checked { problems, weighty }
}

fn tried(name: &str, config: &Config, layout: &Layout) -> Result<Tried, String> {
    let whole = effective(config, layout).map_err(|e| e.to_string())?;
    let to = whole.destination.iter().find(|to| to.name == name).ok_or("there is no such destination")?;
    let alert = test_alert(Timestamp::now());
    let began = Instant::now();
    let runtime = tokio::runtime::Handle::current();
    let sending = tokio::time::timeout(PATIENCE, send_tests(to, std::slice::from_ref(&alert)));
    let result = runtime.block_on(sending).unwrap_or_else(|_| {
        Err(std::io::Error::other(format!("the receiver gave no answer for {} s", PATIENCE.as_secs())))
    });
    Ok(Tried {
        id: alert.id,
        place: to.place().to_owned(),
        milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        error: result.err().map(|error| error.to_string()),
    })
}

fn proposed(days: u16, config: &Config, layout: &Layout) -> Result<Vec<Value>, String> {
    let (past, settings) = judged(24 * days, config, layout)?;
    let proposals = past.regulars.proposals(&settings);
    proposals.iter().map(|one| serde_json::to_value(one).map_err(|e| e.to_string())).collect()
}

fn judged(hours: u16, config: &Config, layout: &Layout) -> Result<(Past, detect::Settings), String> {
    let whole = effective(config, layout).map_err(|e| e.to_string())?;
    let baits = Registry::load(layout).unwrap_or_default().baits();
    let settings = detect::Settings { baits, ..whole.detection };
    let reader = find::store(layout).map_err(|exit| exit.reason())?;
    let since = Timestamp::now() - SignedDuration::from_hours(i64::from(hours));
    let past = judge(&reader, settings.clone(), since).map_err(|e| e.to_string())?;
    Ok((past, settings))
}

fn counted(hours: u16, config: &Config, layout: &Layout) -> Result<Vec<Counted>, String> {
    let (past, _) = judged(hours, config, layout)?;
    let covered: BTreeMap<_, _> = past.covered;
    let one = |(name, covered): (String, crate::app::allowances::Covered)| Counted {
        name,
        events: covered.events,
        sources: covered.sources.len(),
        last: covered.last,
    };
    Ok(covered.into_iter().map(one).collect())
}
