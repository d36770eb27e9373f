//! From packets in memory to segments on disk, without holding up the capture.
//!
//! Three parts, each with its own thread: a [`Feed`] per interface gathers packets into large
//! batches of ready blocks; one writer appends batches to the growing segment; one keeper syncs,
//! hashes, indexes and removes segments. The queue between feed and writer is bounded: when the
//! disk is slow the feed waits, the kernel's ring fills, and the kernel counts what it drops.
//! Batches that the disk refuses, or that the quota has no room for, are dropped and counted here.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::index::Sample;
use super::pcapng::{self, Statistics};
use super::segment::{Growing, Rotation, now};
use super::{Interface, InterfaceId, keeper};
use crate::event::SystemEvent;
use crate::record::appender::to_u64;

/// What goes to the writer at once: large enough that its cost per packet vanishes.
const BATCH: usize = 1 << 20;

/// Batches on their way to the disk: half a second of a full gigabit.
const QUEUE: usize = 64;

/// Empty batches kept for the next packets; more are given back to the system.
const SPARE: usize = 4;

/// How often counters are looked at and an old segment is closed.
const TICK: Duration = Duration::from_secs(1);

/// Where and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The packets folder.
    pub packets: PathBuf,
    /// When a segment gives way to the next.
    pub rotation: Rotation,
    /// Bytes that all segments and indexes may take.
    pub quota: u64,
    /// How long packets are kept at most; for ever without it, as far as the quota goes.
    pub age: Option<Duration>,
}

impl Settings {
    /// 64 MB or 10 minutes a segment, under a quota of at least four of them.
    pub fn new(packets: &Path, quota: u64) -> Self {
        let rotation = Rotation { bytes: 64 << 20, age: Duration::from_secs(600) };
        let bytes = rotation.bytes.min(quota / 4);
        Settings { packets: packets.to_owned(), rotation: Rotation { bytes, ..rotation }, quota, age: None }
    }
}

/// What feeds, writer and keeper share.
pub(super) struct Shared {
    pub settings: Settings,
    pub report: Box<dyn Fn(SystemEvent) + Send + Sync>,
    /// Whether the quota is full and nothing may be removed.
    pub full: AtomicBool,
    /// The growing segment, to be synced now and then.
    pub growing: Mutex<Option<File>>,
    interfaces: Vec<Interface>,
    counters: Vec<Counters>,
    spare: Mutex<Vec<Vec<u8>>>,
    /// ns since 1970.
    started: u64,
}

#[derive(Default)]
struct Counters {
    received: AtomicU64,
    interface_dropped: AtomicU64,
    kernel_dropped: AtomicU64,
    writer_dropped: AtomicU64,
}

impl Counters {
    fn now(&self) -> Statistics {
        Statistics {
            received: self.received.load(Relaxed),
            interface_dropped: self.interface_dropped.load(Relaxed),
            kernel_dropped: self.kernel_dropped.load(Relaxed),
            writer_dropped: self.writer_dropped.load(Relaxed),
        }
    }
}

struct Batch {
    interface: InterfaceId,
    packets: u64,
    blocks: Vec<u8>,
}

/// Writer and keeper at work.
pub struct Writer {
    shared: Arc<Shared>,
    queue: SyncSender<Batch>,
    threads: [JoinHandle<()>; 2],
}

impl Writer {
    /// Starts on a folder, which is made if need be; closes what a crash left open. `report` hears
    /// of closed and removed segments and of dropped packets.
    ///
    /// # Errors
    /// The folder can't be used, or no thread can be had.
    pub fn start(
        settings: Settings,
        interfaces: Vec<Interface>,
        report: impl Fn(SystemEvent) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(&settings.packets)?;
        let shared = Arc::new(Shared {
            settings,
            report: Box::new(report),
            full: AtomicBool::new(false),
            growing: Mutex::new(None),
            counters: interfaces.iter().map(|_| Counters::default()).collect(),
            interfaces,
            spare: Mutex::new(Vec::new()),
            started: now(),
        });
        let (closing, closed) = sync_channel(2);
        let (queue, batches) = sync_channel(QUEUE);
        keeper::close_leftovers(&shared)?;
        let keeper = spawn("packet-keeper", &shared, move |shared| keeper::run(&shared, &closed))?;
        let writer = spawn("packet-writer", &shared, move |shared| run(&shared, &batches, &closing))?;
        Ok(Writer { shared, queue, threads: [writer, keeper] })
    }

    /// The way in for packets of one interface, by its place in the list given at the start.
    pub fn feed(&self, interface: InterfaceId) -> Feed {
        Feed {
            shared: Arc::clone(&self.shared),
            queue: self.queue.clone(),
            interface,
            packets: 0,
            blocks: Vec::new(),
            told: Statistics::default(),
        }
    }

    /// Ends once every feed is gone: all batches are written, the last segment is closed.
    pub fn stop(self) {
        drop(self.queue);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a packet thread panicked");
            }
        }
    }
}

fn spawn(
    name: &str,
    shared: &Arc<Shared>,
    body: impl FnOnce(Arc<Shared>) + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    Builder::new().name(name.into()).spawn(move || body(shared))
}

/// Takes the packets of one interface.
pub struct Feed {
    shared: Arc<Shared>,
    queue: SyncSender<Batch>,
    interface: InterfaceId,
    packets: u64,
    blocks: Vec<u8>,
    told: Statistics,
}

impl Feed {
    /// Adds a packet: when (ns since 1970), its length on the wire, what was captured of it.
    pub fn packet(&mut self, at: u64, length: u32, data: &[u8]) {
        if self.blocks.len() + data.len() + pcapng::PACKET_HEAD + 8 > BATCH {
            self.flush();
        }
        if self.blocks.capacity() == 0 {
            self.blocks = self.spare();
        }
        pcapng::packet(&mut self.blocks, self.interface, at, length, data);
        self.packets += 1;
    }

    /// Sends what has been gathered to the writer; waits while its queue is full.
    pub fn flush(&mut self) {
        if self.packets == 0 {
            return;
        }
        let blocks = std::mem::take(&mut self.blocks);
        let packets = std::mem::take(&mut self.packets);
        if self.queue.send(Batch { interface: self.interface, packets, blocks }).is_err() {
            self.count_lost(packets);
        }
    }

    /// Takes the capture's counters since its start and tells of new drops.
    pub fn statistics(&mut self, received: u64, interface_dropped: u64, kernel_dropped: u64) {
        let Some((counters, interface)) = self.counters().zip(self.description()) else {
            return;
        };
        counters.received.store(received, Relaxed);
        counters.interface_dropped.store(interface_dropped, Relaxed);
        counters.kernel_dropped.store(kernel_dropped, Relaxed);
        let (now, told) = (counters.now(), self.told);
        let event = SystemEvent::PacketsDropped {
            interface: interface.name.clone(),
            kernel: now.kernel_dropped - told.kernel_dropped,
            interface_dropped: now.interface_dropped - told.interface_dropped,
            writer: now.writer_dropped - told.writer_dropped,
        };
        let news = dropped(&now) > dropped(&told);
        self.told = now;
        if news {
            (self.shared.report)(event);
        }
    }

    fn spare(&self) -> Vec<u8> {
        let mut spare = self.shared.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.pop().unwrap_or_else(|| Vec::with_capacity(BATCH))
    }

    fn counters(&self) -> Option<&Counters> {
        self.shared.counters.get(usize::try_from(self.interface).ok()?)
    }

    fn description(&self) -> Option<&Interface> {
        self.shared.interfaces.get(usize::try_from(self.interface).ok()?)
    }

    fn count_lost(&self, packets: u64) {
        if let Some(counters) = self.counters() {
            counters.writer_dropped.fetch_add(packets, Relaxed);
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.flush();
    }
}

fn dropped(counters: &Statistics) -> u64 {
    counters.interface_dropped + counters.kernel_dropped + counters.writer_dropped
}

fn run(shared: &Shared, batches: &Receiver<Batch>, closing: &SyncSender<Growing>) {
    let mut line = Line::new(shared, closing);
    let mut ticked = Instant::now();
    loop {
        match batches.recv_timeout(TICK) {
            Ok(batch) => line.take(batch),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if ticked.elapsed() >= TICK {
            ticked = Instant::now();
            line.tick();
        }
    }
    line.close();
}

/// The writer's own state.
struct Line<'a> {
    shared: &'a Shared,
    closing: &'a SyncSender<Growing>,
    growing: Option<Growing>,
    /// The last sample of each interface. A new segment begins with them, so that what is lost
    /// between two samples is always seen.
    sampled: Vec<Sample>,
    failing: bool,
}

impl<'a> Line<'a> {
    fn new(shared: &'a Shared, closing: &'a SyncSender<Growing>) -> Self {
        let first = |interface| Sample { interface, at: shared.started, counters: Statistics::default() };
        let sampled = (0..).zip(&shared.counters).map(|(interface, _)| first(interface)).collect();
        Line { shared, closing, growing: None, sampled, failing: false }
    }

    fn take(&mut self, mut batch: Batch) {
        let place = usize::try_from(batch.interface).unwrap_or(usize::MAX);
        let result = if self.shared.full.load(Relaxed) {
            Err(io::Error::other("the quota is full and what must be kept is not known"))
        } else {
            self.write(place, &batch.blocks)
        };
        match result {
            Ok(()) => self.failing = false,
            Err(error) => self.lost(place, batch.packets, &error),
        }
        batch.blocks.clear();
        let mut spare = self.shared.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE {
            spare.push(batch.blocks);
        }
    }

    fn write(&mut self, place: usize, blocks: &[u8]) -> io::Result<()> {
        if self.growing.as_ref().is_some_and(|growing| growing.is_full(&self.shared.settings.rotation)) {
            self.close();
        }
        let link = self.shared.interfaces.get(place).map_or(0, |interface| interface.link);
        if self.growing.is_none() {
            self.begin()?;
        }
        self.growing.as_mut().map_or(Ok(()), |growing| growing.packets(link, blocks))
    }

    fn begin(&mut self) -> io::Result<()> {
        let Shared { settings, interfaces, started, .. } = self.shared;
        let growing = Growing::begin(&settings.packets, interfaces, *started, &self.sampled)?;
        *self.shared.growing.lock().unwrap_or_else(PoisonError::into_inner) = growing.file.try_clone().ok();
        self.growing = Some(growing);
        Ok(())
    }

    fn lost(&mut self, place: usize, packets: u64, error: &io::Error) {
        if let Some(counters) = self.shared.counters.get(place) {
            counters.writer_dropped.fetch_add(packets, Relaxed);
        }
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(%error, "packets are being dropped");
        }
    }

    fn tick(&mut self) {
        let Some(growing) = &self.growing else {
            return;
        };
        if growing.is_full(&self.shared.settings.rotation) {
            return self.close();
        }
        let lost_more =
            |(counters, last): (&Counters, &Sample)| dropped(&counters.now()) > dropped(&last.counters);
        if self.shared.counters.iter().zip(&self.sampled).any(lost_more)
            && let Err(error) = self.sample()
        {
            tracing::warn!(%error, "drop counters not written");
        }
    }

    /// Writes every interface's counters into the segment.
    fn sample(&mut self) -> io::Result<()> {
        let Some(growing) = &mut self.growing else {
            return Ok(());
        };
        for (last, counters) in self.sampled.iter_mut().zip(&self.shared.counters) {
            *last = Sample { at: now(), counters: counters.now(), ..*last };
            growing.sample(self.shared.started, *last)?;
        }
        Ok(())
    }

    /// Hands the segment over to the keeper.
    fn close(&mut self) {
        if let Err(error) = self.sample() {
            tracing::warn!(%error, "drop counters not written");
        }
        let Some(growing) = self.growing.take() else {
            return;
        };
        *self.shared.growing.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if self.closing.send(growing).is_err() {
            tracing::error!("the packet keeper is gone");
        }
    }
}

/// Bytes that closed segments may take so that a growing one still fits.
pub(super) fn limit(settings: &Settings) -> u64 {
    settings.quota.saturating_sub(settings.rotation.bytes + to_u64(BATCH))
}
