//! The sending end: every event to the spool first, then to core.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::Notify;

use super::hello::Hello;
use super::spool::{Spool, SpoolError};
use crate::event::{Event, SystemEvent, SystemRecord};
use crate::runtime::Shutdown;

/// Read from the spool and written to the socket at once: a compromise of calls and memory.
const CHUNK: usize = 128 << 10;

/// Events that come within this time go to core together: a call, a switch of processes and a commit
/// for many instead of for each. They are in the spool already, and alerts may take 2 s.
const GATHER: Duration = Duration::from_millis(20);

/// Pause before core is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// How a link stands, for the status page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct LinkState {
    /// Whether core is reached.
    pub connected: bool,
    /// Events that core has not committed yet.
    pub waiting: u64,
    /// Bytes on disk.
    pub spool_bytes: u64,
    /// Events lost since the start because the spool was full or unwritable.
    pub dropped: u64,
}

struct Shared {
    process: String,
    spool: Mutex<Spool>,
    appended: Notify,
    acknowledged: AtomicU64,
    progress: Notify,
    unreported: AtomicU64,
    dropped: AtomicU64,
    connected: AtomicBool,
}

/// A process's way to core. Cheap to clone.
#[derive(Clone)]
pub struct Outlet(Arc<Shared>);

impl Outlet {
    /// Opens the spool of a process, at most `cap` bytes.
    ///
    /// # Errors
    /// When the spool can't be opened.
    pub fn open(spool: &Path, process: &str, cap: u64) -> io::Result<Self> {
        let spool = Spool::open(spool, cap)?;
        let first = spool.first();
        Ok(Outlet(Arc::new(Shared {
            process: process.to_owned(),
            spool: Mutex::new(spool),
            appended: Notify::new(),
            acknowledged: AtomicU64::new(first),
            progress: Notify::new(),
            unreported: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            connected: AtomicBool::new(false),
        })))
    }

    /// Keeps an event: it is in the spool when this returns. What can't be kept is counted, and the
    /// count is the next event.
    pub fn emit(&self, event: &Event) {
        let mut spool = self.spool();
        self.report_drops(&mut spool);
        if let Err(error) = spool.append(event) {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            if self.0.unreported.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::error!(%error, "events are being dropped");
            }
            return;
        }
        drop(spool);
        self.0.appended.notify_one();
    }

    /// Keeps a fact about this process.
    pub fn system(&self, event: SystemEvent) {
        self.emit(&self.record(event));
    }

    /// How the link stands.
    pub fn state(&self) -> LinkState {
        let spool = self.spool();
        LinkState {
            connected: self.0.connected.load(Ordering::Relaxed),
            waiting: spool.end().saturating_sub(self.0.acknowledged.load(Ordering::Relaxed)),
            spool_bytes: spool.bytes(),
            dropped: self.0.dropped.load(Ordering::Relaxed),
        }
    }

    /// Waits until core has committed all that was emitted, at most `limit`; tells whether it has.
    pub async fn drained(&self, limit: Duration) -> bool {
        let all = async {
            while self.state().waiting > 0 {
                let _ = tokio::time::timeout(RETRY, self.0.progress.notified()).await;
            }
        };
        tokio::time::timeout(limit, all).await.is_ok()
    }

    /// Ships the spool until told to stop, reconnecting for ever.
    pub async fn ship(self, socket: PathBuf, mut shutdown: Shutdown) {
        loop {
            let attempt = async {
                let result = self.connection(&socket).await;
                if self.0.connected.swap(false, Ordering::Relaxed)
                    && let Err(error) = result
                {
                    tracing::warn!(%error, "core is away; events wait in the spool");
                }
                tokio::time::sleep(RETRY).await;
            };
            tokio::select! {
                () = attempt => {}
                () = shutdown.requested() => return,
            }
        }
    }

    async fn connection(&self, socket: &Path) -> io::Result<()> {
        let mut stream = UnixStream::connect(socket).await?;
        let start = self.0.acknowledged.load(Ordering::Relaxed);
        let (id, position) = {
            let spool = self.spool();
            (spool.stream(), spool.segment_at(start).map_or(spool.first(), |s| s.first))
        };
        Hello { stream: id, process: self.0.process.clone(), position }.write(&mut stream).await?;
        self.0.connected.store(true, Ordering::Relaxed);
        let (mut input, mut output) = stream.split();
        let acknowledgements = async {
            loop {
                let position = input.read_u64().await?;
                self.0.acknowledged.fetch_max(position, Ordering::Relaxed);
                self.spool().forget(position);
                self.0.progress.notify_waiters();
            }
        };
        let sending = async {
            let mut reader = Reader { position, file: None };
            let mut chunk = vec![0; CHUNK];
            loop {
                let read = reader.next(&self.0.spool, &mut chunk)?;
                if read == 0 {
                    self.0.appended.notified().await;
                    tokio::time::sleep(GATHER).await;
                    continue;
                }
                output.write_all(chunk.get(..read).unwrap_or_default()).await?;
            }
        };
        tokio::select! {
            result = acknowledgements => result,
            result = sending => result,
        }
    }

    fn report_drops(&self, spool: &mut Spool) {
        let count = self.0.unreported.load(Ordering::Relaxed);
        if count > 0 && spool.append(&self.record(SystemEvent::EventsDropped { count })).is_ok() {
            self.0.unreported.fetch_sub(count, Ordering::Relaxed);
        }
    }

    fn record(&self, event: SystemEvent) -> Event {
        Event::System(SystemRecord { process: self.0.process.clone(), at: Timestamp::now(), event })
    }

    fn spool(&self) -> MutexGuard<'_, Spool> {
        self.0.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows the spool's bytes from segment to segment.
struct Reader {
    /// First frame of the segment that is read next, or is being read.
    position: u64,
    file: Option<(File, u64)>,
}

impl Reader {
    /// Reads what there is, at most a chunk; 0 when nothing is new.
    fn next(&mut self, spool: &Mutex<Spool>, chunk: &mut [u8]) -> io::Result<usize> {
        loop {
            let (segment, first) = {
                let spool = spool.lock().unwrap_or_else(PoisonError::into_inner);
                (spool.segment_at(self.position), spool.first())
            };
            let Some(segment) = segment else {
                if first <= self.position {
                    return Ok(0);
                }
                // Core has all of this segment and it is forgotten.
                self.position = first;
                self.file = None;
                continue;
            };
            let (file, offset) = match &mut self.file {
                Some(open) => open,
                None => {
                    let mut file = File::open(&segment.path)?;
                    file.seek(SeekFrom::Start(0))?;
                    self.file.insert((file, 0))
                }
            };
            let room = usize::try_from(segment.bytes - *offset).unwrap_or(usize::MAX).min(chunk.len());
            if room > 0 {
                let read = file.read(chunk.get_mut(..room).unwrap_or_default())?;
                *offset += read as u64;
                return Ok(read);
            }
            // All of this segment is sent: a newer one follows, or it is still being written.
            if !self.step(spool, segment.end()) {
                return Ok(0);
            }
        }
    }

    fn step(&mut self, spool: &Mutex<Spool>, end: u64) -> bool {
        let spool = spool.lock().unwrap_or_else(PoisonError::into_inner);
        if spool.segment_at(end).is_some_and(|next| next.first == end) {
            self.position = end;
            self.file = None;
            return true;
        }
        false
    }
}

impl From<SpoolError> for io::Error {
    fn from(error: SpoolError) -> Self {
        io::Error::other(error.to_string())
    }
}
