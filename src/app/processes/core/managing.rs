//! Does what users of the console want, once it may be done. A wish, what a second person said of it, and
//! what came of it are records; after a kill the work goes on from them.

mod acts;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use self::acts::Acts;
use super::couriers::Voice;
use super::keeper::Progress;
use crate::app::Layout;
use crate::app::launch::Launch;
use crate::app::wishes::{self, Hands};
use crate::event::wish::{Decision, Wish};
use crate::event::{Event, SystemEvent};
use crate::runtime::Shutdown;
use crate::store::{Entry, Reader, Record, StoreError};

/// Records that say something of wishes.
const KINDS: [&str; 3] = ["system/asked", "system/decided", "system/done"];

/// Records read at once.
const CHUNK: usize = 500;

/// After a commit, so that a busy store is not asked at each.
const PAUSE: Duration = Duration::from_millis(100);

/// How often the ends of wishes and of bundles are looked at.
const PERIOD: Duration = Duration::from_secs(30);

/// Works until told to stop.
pub(super) async fn run(
    launch: Launch,
    layout: Layout,
    mut progress: watch::Receiver<Progress>,
    voice: Voice,
    mut ear: Shutdown,
) {
    let mut desk = match Desk::open(launch, layout) {
        Ok(desk) => desk,
        Err(error) => return tracing::error!(%error, "what users of the console want is not done"),
    };
    loop {
        progress.borrow_and_update();
        match tokio::task::block_in_place(|| desk.work(Timestamp::now())) {
            Ok(told) => told.into_iter().for_each(|event| voice.say(event)),
            Err(error) => tracing::warn!(%error, "what users of the console want waits"),
        }
        tokio::select! {
            () = ear.requested() => return,
            changed = progress.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(PERIOD) => {}
        }
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// A wish that is not done yet.
#[derive(Debug, Clone)]
struct Open {
    by: String,
    wish: Wish,
    second: bool,
    ends: Timestamp,
    approver: Option<String>,
}

/// All that waits.
struct Desk {
    acts: Acts,
    reader: Reader,
    /// Last record that was read.
    after: u64,
    open: BTreeMap<String, Open>,
    swept: Option<Instant>,
}

impl Desk {
    fn open(launch: Launch, layout: Layout) -> Result<Self, StoreError> {
        let reader = Reader::open(layout.store()?)?;
        let acts = Acts::new(launch, layout);
        Ok(Desk { acts, reader, after: 0, open: BTreeMap::new(), swept: None })
    }

    /// Reads what is new, and does what may be done; gives what is to be told.
    fn work(&mut self, now: Timestamp) -> Result<Vec<SystemEvent>, StoreError> {
        loop {
            let records = self.reader.oldest_beside(&KINDS, self.after, CHUNK)?;
            let Some(last) = records.last() else { break };
            self.after = last.seq;
            records.iter().for_each(|record| self.take(record));
        }
        if self.swept.is_none_or(|swept| swept.elapsed() >= PERIOD) {
            self.swept = Some(Instant::now());
            self.acts.sweep(now);
        }
        let mut told = Vec::new();
        for (id, open) in std::mem::take(&mut self.open) {
            match self.ripe(&open) {
                Some(hands) => told.extend(self.acts.perform(&id, &open.wish, &hands(now))),
                None if open.ends <= now => told.push(expired(&id)),
                None => drop(self.open.insert(id, open)),
            }
        }
        Ok(told)
    }

    /// Only the console says what users want, and only core that it is done.
    fn take(&mut self, record: &Record) {
        let Entry::Event(Event::System(system)) = &record.entry else { return };
        match (&system.event, record.process.as_str()) {
            (SystemEvent::Asked { id, account, wish, second, ends, .. }, "console") => {
                let (by, wish) = (account.clone(), wish.clone());
                let open = Open { by, wish, second: *second, ends: *ends, approver: None };
                self.open.entry(id.clone()).or_insert(open);
            }
            (SystemEvent::Decided { id, account, decision, .. }, "console" | "core") => match decision {
                Decision::Approved => self.approve(id, account, system.at),
                Decision::Refused | Decision::Withdrawn | Decision::Expired => drop(self.open.remove(id)),
            },
            (SystemEvent::Done { id, .. }, "core") => drop(self.open.remove(id)),
            _ => {}
        }
    }

    /// Nobody approves what he asked for himself, nor what has ended.
    fn approve(&mut self, id: &str, account: &str, at: Timestamp) {
        if let Some(open) = self.open.get_mut(id).filter(|open| open.by != account && at <= open.ends) {
            open.approver.get_or_insert_with(|| account.to_owned());
        }
    }

    /// In whose hands a wish is, once it may be done.
    fn ripe(&self, open: &Open) -> Option<impl Fn(Timestamp) -> Hands + use<>> {
        let needed =
            open.second || (self.acts.always_two() && wishes::is_weighty(&open.wish, &self.acts.layout));
        let approver = match (&open.approver, needed) {
            (Some(approver), _) => approver.clone(),
            (None, false) => open.by.clone(),
            (None, true) => return None,
        };
        let by = open.by.clone();
        Some(move |at| Hands { by: by.clone(), approver: approver.clone(), at })
    }
}

fn expired(id: &str) -> SystemEvent {
    SystemEvent::Decided {
        id: id.to_owned(),
        account: String::new(),
        from: None,
        decision: Decision::Expired,
        reason: String::new(),
    }
}

#[cfg(test)]
mod tests;
