//! Tells when an allowance is about to end and when it has, once for each end.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::couriers::Voice;
use super::following::Following;
use super::patiently;
use crate::app::Layout;
use crate::detect::{Allowance, Standing};
use crate::event::line::word;
use crate::event::{Event, SystemEvent};
use crate::runtime::Shutdown;
use crate::store::{Entry, Reader, StoreError};

/// How often it is looked at: an end is a day, not a moment.
const PERIOD: Duration = Duration::from_secs(900);

/// Watches until told to stop.
pub(super) async fn run(layout: Layout, own: Vec<Allowance>, voice: Voice, mut ear: Shutdown) {
    let following = Following::new(&layout, own);
    let waiting = |error: &StoreError| tracing::warn!(%error, "ends of allowances are not told yet");
    let mut told = match patiently(&ear, waiting, || told(&layout)).await {
        Ok(Some(told)) => told,
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, "ends of allowances are not told"),
    };
    loop {
        let now = Timestamp::now();
        let allowances = following.all().unwrap_or_default();
        for news in allowances.iter().filter_map(|allowance| news(allowance, now)) {
            if told.insert(key(&news)) {
                voice.say(news);
            }
        }
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// What an event says, without who: another owner is no other end.
fn key(event: &SystemEvent) -> String {
    match event {
        SystemEvent::Allowance { name, state, expires, .. } => format!("{state} {expires} {name}"),
        _ => String::new(),
    }
}

fn told(layout: &Layout) -> Result<BTreeSet<String>, StoreError> {
    let records = Reader::open(&layout.store()?)?.records_after(0, "system/allowance")?;
    let keys = records.into_iter().filter_map(|record| match record.entry {
        Entry::Event(Event::System(system)) => Some(key(&system.event)),
        Entry::Event(Event::Session(_)) | Entry::Alert(_) => None,
    });
    Ok(keys.collect())
}

/// What is to be told of an allowance, if it ends.
fn news(allowance: &Allowance, now: Timestamp) -> Option<SystemEvent> {
    let standing = allowance.standing(now);
    (standing != Standing::Active).then(|| SystemEvent::Allowance {
        name: allowance.name.clone(),
        state: word(&standing),
        expires: allowance.expires.to_string(),
        owner: allowance.owner.clone(),
    })
}
