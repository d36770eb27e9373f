//! Removes what is older than the hospital keeps it: transcripts, terminals and files that peers handed over.
//! Records of the chain stay. What belongs to an incident that is still open, or that somebody works on, stays
//! too. It is told before it is done, so that the check knows what is missing by right.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::couriers::Voice;
use crate::app::Layout;
use crate::app::config::Retention;
use crate::detect::REMEMBERED;
use crate::event::system::Aged;
use crate::event::{CaseState, SessionId, SystemEvent};
use crate::runtime::Shutdown;
use crate::store::{AlertFilter, CaseFilter, Reader, SessionFilter, StoreError};

/// How often it is looked.
const PERIOD: Duration = Duration::from_secs(3600);

/// After a start other things come first.
const FIRST: Duration = Duration::from_secs(60);

/// Between saying so and doing it, for the record to be durable.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the record may take.
const ATTEMPTS: u32 = 60;

/// Incidents that somebody works on, at most.
const CASES: usize = 10_000;

/// Removes until told to stop.
pub(super) async fn run(layout: Layout, retention: Retention, voice: Voice, mut ear: Shutdown) {
    let mut pause = FIRST;
    loop {
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = PERIOD;
        for (kind, days) in
            [(Aged::Sessions, retention.sessions_days), (Aged::Artefacts, retention.artefacts_days)]
        {
            let Some(days) = days else { continue };
            let before = Timestamp::now() - SignedDuration::from_hours(24 * i64::from(days));
            if let Err(error) = remove(&layout, kind, before, &voice).await {
                tracing::warn!(%error, "what is too old is not removed yet");
            }
        }
    }
}

/// Says so, waits until that is kept, removes.
async fn remove(layout: &Layout, kind: Aged, before: Timestamp, voice: &Voice) -> io::Result<()> {
    let old = tokio::task::block_in_place(|| old(layout, kind, before)).map_err(io::Error::other)?;
    if old.is_empty() {
        return Ok(());
    }
    let bytes = old.iter().filter_map(|path| fs::metadata(path).ok()).map(|data| data.len()).sum();
    let files = u64::try_from(old.len()).unwrap_or(u64::MAX);
    voice.say(SystemEvent::FilesRemoved { kind, before, files, bytes });
    let reader = layout.store().and_then(Reader::open).map_err(io::Error::other)?;
    for _ in 0..ATTEMPTS {
        tokio::time::sleep(PAUSE).await;
        if tokio::task::block_in_place(|| is_told(&reader, kind, before)).map_err(io::Error::other)? {
            return old.iter().try_for_each(fs::remove_file);
        }
    }
    Err(io::Error::other("the record of it is not kept yet"))
}

fn is_told(reader: &Reader, kind: Aged, before: Timestamp) -> Result<bool, StoreError> {
    let told = reader.newest_beside(&["system/files_removed"], None, 16)?;
    Ok(told.iter().any(|record| record.removed() == Some((kind, before))))
}

fn old(layout: &Layout, kind: Aged, before: Timestamp) -> Result<Vec<PathBuf>, StoreError> {
    let reader = Reader::open(&layout.store()?)?;
    match kind {
        Aged::Sessions => {
            let held = held(&reader, Timestamp::now())?;
            Ok(sessions(&layout.sessions(), before, &held))
        }
        Aged::Artefacts => artefacts(&reader, &layout.artefacts(), before),
    }
}

/// Sessions of incidents that are not over.
fn held(reader: &Reader, now: Timestamp) -> Result<BTreeSet<SessionId>, StoreError> {
    let open = reader.alerts(&AlertFilter { since: Some(now - REMEMBERED), min_severity: None })?;
    let mut held: BTreeSet<SessionId> = open.into_iter().flat_map(|(_, alert)| alert.sessions).collect();
    for state in [CaseState::Acknowledged, CaseState::InProgress] {
        let filter = CaseFilter { state: Some(state), ..CaseFilter::default() };
        for incident in reader.incidents(&filter, CASES)? {
            held.extend(incident.alert.sessions);
        }
    }
    Ok(held)
}

/// Files of sessions that began before then and were not written to since.
fn sessions(folder: &Path, before: Timestamp, held: &BTreeSet<SessionId>) -> Vec<PathBuf> {
    let is_old = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let id = name.get(..36).and_then(|id| Uuid::parse_str(id).ok());
        id.is_some_and(|id| {
            let session = SessionId(id);
            !held.contains(&session)
                && session.began().is_some_and(|at| at < before)
                && untouched(path, before)
        })
    };
    files(folder).into_iter().filter(is_old).collect()
}

/// Files that nobody handed over since then.
fn artefacts(reader: &Reader, folder: &Path, before: Timestamp) -> Result<Vec<PathBuf>, StoreError> {
    let held = held(reader, Timestamp::now())?;
    let mut old = Vec::new();
    for path in files(folder).into_iter().filter(|path| untouched(path, before)) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let filter = SessionFilter { sha256: Some(name), own: true, ..SessionFilter::default() };
        let sessions = reader.sessions(&filter)?;
        if sessions.iter().all(|row| row.last < before && !held.contains(&row.id)) {
            old.push(path);
        }
    }
    Ok(old)
}

fn untouched(path: &Path, before: Timestamp) -> bool {
    let written = fs::metadata(path).and_then(|data| data.modified());
    written.is_ok_and(|at| at < SystemTime::from(before))
}

/// Files of the fan of folders.
fn files(folder: &Path) -> Vec<PathBuf> {
    let fans = fs::read_dir(folder).into_iter().flatten().flatten();
    fans.flat_map(|fan| fs::read_dir(fan.path()).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::SessionFiles;

    fn session(at: Timestamp, last: u8) -> SessionId {
        let millis = u64::try_from(at.as_millisecond()).unwrap();
        SessionId(uuid::Builder::from_unix_timestamp_millis(millis, &[last; 10]).into_uuid())
    }

    fn written(path: &Path, at: Timestamp) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
        fs::File::options().write(true).open(path).unwrap().set_modified(at.into()).unwrap();
    }

    #[test]
    fn files_of_old_sessions_go_and_those_of_open_incidents_stay() {
        let dir = tempfile::tempdir().unwrap();
        let day = |n: i64| Timestamp::from_second(1_790_000_000 + n * 86_400).unwrap();
        let (old, late, held, young) =
            (session(day(1), 1), session(day(1), 2), session(day(1), 3), session(day(9), 4));
        for (id, at) in [(old, day(1)), (late, day(9)), (held, day(1)), (young, day(9))] {
            written(&SessionFiles::new(dir.path(), id).transcript(), at);
        }
        written(&SessionFiles::new(dir.path(), old).terminal(1), day(1));
        let found = sessions(dir.path(), day(5), &[held].into());
        let names: BTreeSet<_> =
            found.iter().map(|path| path.extension().unwrap().to_str().unwrap()).collect();
        assert!(found.iter().all(|path| path.to_str().unwrap().contains(&old.to_string())), "{found:?}");
        assert_eq!(names, ["cast", "hwt"].into());
    }
}
