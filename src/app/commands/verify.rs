//! `honeyward verify`: the chain re-computed, and the files that it vouches for; or a bundle.

mod bundle;
mod files;

use std::io::{IsTerminal, Write};

use serde::Serialize;

use self::files::{Checked, Fault};
use crate::app::cli::VerifyArgs;
use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::app::{Layout, find, installation};
use crate::store::{Break, Breakage, Known};

/// The result, as `--json` gives it.
#[derive(Serialize)]
struct Report {
    /// Whether nothing is wrong.
    ok: bool,
    /// Number of the last good record.
    records: u64,
    /// Its hash: compare with `chain_head` of an alert at the SIEM.
    head: String,
    /// Sessions in the chain.
    sessions: usize,
    /// Sessions of which not all events came.
    incomplete_sessions: usize,
    /// Alerts in the chain.
    alerts: usize,
    /// Signed roots in the chain.
    roots: usize,
    /// Last record that a root signs for.
    signed: u64,
    /// The public key that signs: compare with the one that was written down.
    key: String,
    /// Time stamps (RFC 3161) of roots in the chain.
    stamps: usize,
    /// Last record that a stamped root signs for.
    stamped: u64,
    /// The authority's time of the last stamp.
    stamped_at: Option<jiff::Timestamp>,
    /// The first broken record.
    broken: Option<Break>,
    /// Files whose bytes were compared with the chain or with their name.
    files_checked: u64,
    /// Files handed over that were over the quota.
    files_not_kept: u64,
    /// Transcripts that were removed for their age.
    files_aged: u64,
    /// Files that are not what the chain says.
    files_wrong: Vec<Fault>,
}

/// Checks everything.
pub(crate) fn run(args: &VerifyArgs, layout: &Layout) -> Exit {
    let mut known = Known {
        anchors: args.anchor.clone(),
        key: args.key.as_ref().map(|key| key.trim().to_ascii_lowercase()),
    };
    if let Some(path) = &args.bundle {
        return bundle::run(path, &known, &args.json);
    }
    if known.key.is_none() && layout.secret().is_file() {
        known.key = installation::signer(layout).ok().map(|signer| signer.key());
    }
    let report = match check(layout, &known) {
        Ok(report) => report,
        Err(exit) => return exit,
    };
    if args.json.json {
        say_json(&report);
    } else {
        print(&report);
    }
    if report.ok { Exit::Done } else { Exit::Finding }
}

fn check(layout: &Layout, known: &Known) -> Result<Report, Exit> {
    let mut reader = find::store(layout)?;
    let mut meter = Meter::new("records");
    let verified = reader.verify(known, |done, all| meter.show(done, all))?;
    meter.clear();
    let mut meter = Meter::new("files");
    let Checked { count, not_kept, aged, wrong } =
        files::check(layout, &verified, |done, all| meter.show(done, all));
    meter.clear();
    let wrong = files::without_removed(wrong, &reader, verified.head.seq)?;
    Ok(Report {
        ok: verified.broken.is_none() && wrong.is_empty(),
        records: verified.head.seq,
        head: hex::encode(verified.head.hash),
        sessions: verified.sessions,
        incomplete_sessions: verified.incomplete_sessions,
        alerts: verified.alerts,
        roots: verified.roots,
        signed: verified.signed,
        key: verified.key,
        stamps: verified.stamps,
        stamped: verified.stamp.as_ref().map_or(0, |stamp| stamp.to),
        stamped_at: verified.stamp.as_ref().map(|stamp| stamp.at),
        broken: verified.broken,
        files_checked: count,
        files_not_kept: not_kept,
        files_aged: aged,
        files_wrong: wrong,
    })
}

fn print(report: &Report) {
    if let Some(broken) = &report.broken {
        say(&format!("BROKEN at record {}: {}", broken.seq, explain(&broken.breakage)));
        say(&format!("{} records before it are good.", report.records.min(broken.seq.saturating_sub(1))));
    } else {
        let (records, sessions, alerts) = (report.records, report.sessions, report.alerts);
        say(&format!("Chain good: {records} records, {sessions} sessions, {alerts} alerts."));
    }
    say(&format!("Head: record {} {}", report.records, report.head));
    if report.roots > 0 {
        say(&format!("Signed: {} roots, up to record {}, by {}", report.roots, report.signed, report.key));
    }
    if let Some(at) = report.stamped_at {
        say(&format!(
            "Time stamps: {}, the last at {at} over records up to {}.",
            report.stamps, report.stamped
        ));
        say("  Whether the authority is one to trust: openssl ts -verify, as VERIFY.md of a bundle says.");
    }
    if report.incomplete_sessions > 0 {
        say(&format!(
            "{} sessions lack events that were lost before they came here.",
            report.incomplete_sessions
        ));
    }
    for fault in &report.files_wrong {
        say(&format!("WRONG FILE {}: {}", fault.path.display(), fault.problem));
    }
    if report.files_wrong.is_empty() {
        say(&format!("Files good: {} checked.", report.files_checked));
    }
    if report.files_aged > 0 {
        say(&format!("{} transcripts were removed for their age, as the chain says.", report.files_aged));
    }
    if report.files_not_kept > 0 {
        say(&format!("{} uploads are known by hash only.", report.files_not_kept));
    }
}

fn explain(breakage: &Breakage) -> String {
    match breakage {
        Breakage::Missing { expected } => format!("records from {expected} on are missing before it"),
        Breakage::Unreadable { why } => format!("it can't be read as a record: {why}"),
        Breakage::Misplaced { says } => format!("it is record {says} in another's place"),
        Breakage::Unlinked => "it does not follow the record before it".into(),
        Breakage::Altered => "its bytes were changed".into(),
        Breakage::Mislabelled => "its time, session or kind were changed beside it".into(),
        Breakage::FalseHead => "it is an alert with an anchor that the chain never had".into(),
        Breakage::CutOff { expected } => format!("the chain ends here, but went on to record {expected}"),
        Breakage::Rewritten { told } => {
            format!("the chain was rewritten: somebody was told that this record has the hash {told}")
        }
        Breakage::FalseRoot { why } => format!("it is a signed root that does not hold: {why}"),
        Breakage::FalseStamp { why } => format!("it is a time stamp that does not hold: {why}"),
        Breakage::Index { what } => what.clone(),
    }
}

/// Progress on a terminal, for checks that take long.
pub(super) struct Meter {
    what: &'static str,
    started: std::time::Instant,
    shown: std::time::Instant,
    visible: bool,
}

impl Meter {
    pub(super) fn new(what: &'static str) -> Self {
        let now = std::time::Instant::now();
        Meter { what, started: now, shown: now, visible: false }
    }

    pub(super) fn show(&mut self, done: u64, all: u64) {
        const EVERY: std::time::Duration = std::time::Duration::from_millis(200);
        if !done.is_multiple_of(256) || self.shown.elapsed() < EVERY || !std::io::stderr().is_terminal() {
            return;
        }
        self.visible = true;
        self.shown = std::time::Instant::now();
        let rate = done / self.started.elapsed().as_secs().max(1);
        let _ = write!(std::io::stderr(), "\r{done} of {all} {} ({rate}/s) ", self.what);
    }

    pub(super) fn clear(&self) {
        if self.visible {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
