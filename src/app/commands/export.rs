//! `honeyward export`: an evidence bundle of a session or an incident.

use std::fs::File;
use std::io;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::cli::ExportArgs;
use crate::app::exit::Exit;
use crate::app::output::say;
use crate::app::{Layout, find, installation};
use crate::event::SystemEvent;
use crate::export::{self, Case, Custody, Made, Places};
use crate::link::Outlet;
use crate::runtime::shutdown;
use crate::store::Reader;

/// Few events go this way.
const SPOOL_CAP: u64 = 1 << 20;

/// How long core may take to keep the note of an export.
const TOLD: Duration = Duration::from_secs(3);

/// Makes it.
pub(crate) fn run(args: &ExportArgs, layout: &Layout) -> Exit {
    match make(args, layout) {
        Ok(made) => told(args, &made),
        Err(exit) => exit,
    }
}

fn make(args: &ExportArgs, layout: &Layout) -> Result<Made, Exit> {
    let reader = find::store(layout)?;
    let case = case(&reader, &args.subject)?;
    let signer = installation::signer(layout)
        .map_err(|error| Exit::Could(format!("{}: {error}", layout.secret().display())))?;
    let places = Places {
        sessions: layout.sessions(),
        artefacts: layout.artefacts(),
        packets: layout.packets(),
        carrier: find::carrier,
    };
    let custody = Custody {
        by: args.by.clone().unwrap_or_else(login),
        witness: args.witness.clone().unwrap_or_default(),
        reason: args.reason.clone().unwrap_or_default(),
        organisation: args.organisation.clone().unwrap_or_default(),
        at: Timestamp::now(),
        machine: machine(),
    };
    let made = export::export(&reader, &case, &places, &custody, &signer, &args.to)
        .map_err(|error| Exit::Could(error.to_string()))?;
    let event = SystemEvent::Exported {
        by: custody.by,
        reason: custody.reason,
        subject: case.subject,
        digest: made.digest.clone(),
    };
    if let Err(error) = note(layout, event) {
        tracing::warn!(%error, "the export is not in the chain");
        say("The export could not be noted in the chain: its spool can't be written.");
    }
    Ok(made)
}

/// A session where the id is one's; an incident otherwise. Both are UUIDs, so a short start may fit one
/// of each: sessions go first, as everywhere.
pub(crate) fn case(reader: &Reader, subject: &str) -> Result<Case, Exit> {
    if let Some(case) = Case::incident(reader, subject)?
        && reader.sessions_starting(subject.trim(), 1)?.is_empty()
    {
        return Ok(case);
    }
    Ok(Case::session(reader, find::session(reader, subject)?)?)
}

/// Tells the chain; what core can't take now waits in a spool for the next export.
fn note(layout: &Layout, event: SystemEvent) -> io::Result<()> {
    let spool = layout.spool("export");
    std::fs::create_dir_all(&spool)?;
    // One at a time: a spool has one writer.
    let lock = File::create(spool.with_extension("lock"))?;
    lock.lock()?;
    let outlet = Outlet::open(&spool, "export", SPOOL_CAP)?;
    outlet.system(event);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (stop, ear) = shutdown();
        let shipping = tokio::spawn(outlet.clone().ship(layout.core_socket(), ear));
        if !layout.core_socket().exists() || !outlet.drained(TOLD).await {
            say("Core does not answer: the export will be noted in the chain with the next one.");
        }
        stop.fire();
        let _ = shipping.await;
    });
    Ok(())
}

fn login() -> String {
    std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "unknown".into())
}

/// The machine's name.
pub(crate) fn machine() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}

fn told(args: &ExportArgs, made: &Made) -> Exit {
    say(&format!("{}: {} files, {} bytes", args.to.display(), made.files, made.bytes));
    say(&format!("SHA-256 of tagmanifest-sha256.txt: {}", made.digest));
    say(&format!("Signed by {}", made.key));
    for absent in &made.absent {
        say(&format!("Not in it: {absent}"));
    }
    Exit::Done
}
