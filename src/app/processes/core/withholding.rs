//! Makes blank what real patients' data left in the kept packets.
//!
//! It is known to be real only after its packets were kept. They are made blank once the session is
//! over and the segment that holds them is closed: at the latest `segment_minutes` and [`PERIOD`]
//! after the session ended.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::couriers::Voice;
use super::patiently;
use crate::app::Layout;
use crate::event::observation::Handling;
use crate::event::{Event, Observation, SessionEvent, SessionId, SystemEvent};
use crate::record::packets::{Wanted, withhold};
use crate::runtime::Shutdown;
use crate::store::{Entry, Reader, Record, StoreError};

/// How often it is looked for.
const PERIOD: Duration = Duration::from_secs(5);

/// The end of a close may come this long after it.
const SETTLED: SignedDuration = SignedDuration::from_secs(130);

/// Looks after sessions with real data until told to stop.
pub(super) async fn run(layout: Layout, voice: Voice, mut ear: Shutdown) {
    let waiting = |error: &StoreError| tracing::warn!(%error, "packets of real data are not made blank yet");
    let mut found = match patiently(&ear, waiting, || Withholding::open(&layout)).await {
        Ok(Some(found)) => found,
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, "packets of real data are not made blank"),
    };
    loop {
        match tokio::task::block_in_place(|| found.renew(Timestamp::now())) {
            Ok(told) => told.into_iter().for_each(|event| voice.say(event)),
            Err(error) => tracing::warn!(%error, "packets of real data are not made blank yet"),
        }
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

struct Withholding {
    layout: Layout,
    reader: Reader,
    /// Last record that was read.
    after: u64,
    waiting: BTreeSet<SessionId>,
    /// What was told already.
    told: BTreeSet<(SessionId, String)>,
}

impl Withholding {
    fn open(layout: &Layout) -> Result<Self, StoreError> {
        let reader = Reader::open(&layout.store()?)?;
        let told = reader.records_after(0, "system/segment_withheld")?.into_iter().filter_map(|record| {
            let Entry::Event(Event::System(system)) = record.entry else { return None };
            let SystemEvent::SegmentWithheld { session, segment, .. } = system.event else { return None };
            Some((session, segment))
        });
        let told = told.collect();
        Ok(Withholding { layout: layout.clone(), reader, after: 0, waiting: BTreeSet::new(), told })
    }

    /// Makes blank what can be; gives what is to be told.
    fn renew(&mut self, now: Timestamp) -> Result<Vec<SystemEvent>, StoreError> {
        let head = self.reader.head()?.seq;
        for record in self.reader.records_after(self.after, "session/real_data")? {
            if let Some(event) = session_event(&record)
                && let Observation::RealData { handling, .. } = &event.observation
                && *handling != Handling::Kept
            {
                self.waiting.insert(event.origin.session);
            }
        }
        // What came since the head was read is read once more: it changes nothing.
        self.after = head;
        let mut events = Vec::new();
        for session in self.waiting.clone() {
            let records = self.reader.session_records(session)?;
            let Some((wanted, closed)) = over(&records) else { continue };
            match withhold(&self.layout.packets(), &wanted) {
                Ok((done, all)) => {
                    let fresh = done.into_iter().filter(|w| self.told.insert((session, w.segment.clone())));
                    events.extend(fresh.map(|w| SystemEvent::SegmentWithheld {
                        session,
                        segment: w.segment,
                        bytes: w.bytes,
                        packets: w.packets,
                        sha256: w.sha256,
                    }));
                    if all && now.duration_since(closed) > SETTLED {
                        self.waiting.remove(&session);
                    }
                }
                Err(error) => tracing::warn!(%error, "packets of real data are not made blank yet"),
            }
        }
        Ok(events)
    }
}

fn session_event(record: &Record) -> Option<&SessionEvent> {
    match &record.entry {
        Entry::Event(Event::Session(event)) => Some(event),
        Entry::Event(Event::System(_)) | Entry::Alert(_) => None,
    }
}

/// Which packets a session has, and when it was closed; `None` while it is open.
fn over(records: &[Record]) -> Option<(Wanted, Timestamp)> {
    let mut events = records.iter().filter_map(session_event);
    let first = events.next()?;
    let closed = records
        .iter()
        .filter_map(session_event)
        .find_map(|event| matches!(event.observation, Observation::Closed { .. }).then_some(event.at))?;
    Some((Wanted::of(&first.origin, first.at, Some(closed)), closed))
}
