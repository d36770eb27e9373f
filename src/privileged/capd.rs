//! Packet capture with libpcap: one thread per interface, so that nothing else holds it up.

use std::net::IpAddr;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use pcap::{Active, Capture, Device, Linktype, Precision};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::interfaces;
use crate::event::SystemEvent;
use crate::record::packets::flow::{LINK_ETHERNET, LINK_RAW};
use crate::record::packets::{Feed, Interface, Rotation, SNAPLEN, Settings as WriterSettings, Writer};
use crate::sys;

/// The kernel hands over a part of its ring at the latest after this (ms).
const RETIRE: i32 = 50;

/// What was captured is on its way to the disk at the latest after this.
const FLUSH: Duration = Duration::from_millis(150);

/// How often the counters are read.
const COUNT: Duration = Duration::from_secs(2);

/// Pause before an interface that failed is opened again.
const REOPEN: Duration = Duration::from_secs(1);

/// `[capture]` of the config.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether packets are captured.
    pub enabled: bool,
    /// Interfaces; without any, those that hold the decoys' addresses.
    pub interfaces: Vec<String>,
    /// MiB of the kernel's ring, per interface.
    pub ring_mib: u16,
    /// MiB that all packets together may take on disk.
    pub quota_mib: u64,
    /// Days that packets are kept at most: filled in from the retention of the config.
    #[serde(skip)]
    pub days: Option<u32>,
    /// MiB after which a segment gives way to the next.
    pub segment_mib: u64,
    /// Minutes after which it does so at the latest.
    pub segment_minutes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            enabled: true,
            interfaces: Vec::new(),
            ring_mib: 64,
            quota_mib: 4096,
            days: None,
            segment_mib: 64,
            segment_minutes: 10,
        }
    }
}

/// Why there is no capture.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// The process may not.
    #[error(
        "no right to capture on {0}: run as root, or give the program the right with \
         `setcap cap_net_raw+ep {program}`; everything else works without it",
        program = program()
    )]
    NoRight(String),
    /// No interface was found.
    #[error("no interface holds a decoy's address: {0}")]
    NoInterface(String),
    /// libpcap or the disk refuses.
    #[error("{0}")]
    Refused(String),
}

fn program() -> String {
    std::env::current_exe().map_or_else(|_| "honeyward".into(), |path| path.display().to_string())
}

/// Capture at work. Dropped without [`Capd::stop`], it goes on until the process ends.
pub struct Capd {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    writer: Writer,
    counted: Vec<(String, Arc<Counted>)>,
}

/// What one interface has counted since the start.
#[derive(Debug, Default)]
struct Counted {
    packets: AtomicU64,
    dropped: AtomicU64,
}

type Report = Arc<dyn Fn(SystemEvent) + Send + Sync>;

impl Capd {
    /// Starts on the interfaces that carry the decoys and tells so. `report` hears of starts,
    /// failures, drops, closed and removed segments.
    ///
    /// # Errors
    /// In plain words; nothing runs then.
    pub fn start(
        packets: &Path,
        settings: &Settings,
        decoys: &[IpAddr],
        report: impl Fn(SystemEvent) + Send + Sync + 'static,
    ) -> Result<Self, Unavailable> {
        let report: Report = Arc::new(report);
        let wires = wires(settings, decoys)?;
        let opened = wires.iter().map(Wire::open_first).collect::<Result<Vec<_>, _>>()?;
        let described = wires.iter().zip(&opened).map(|(wire, capture)| wire.describe(capture.as_ref()));
        let told = Arc::clone(&report);
        let writer = Writer::start(writer_settings(packets, settings), described.collect(), move |e| told(e))
            .map_err(|e| Unavailable::Refused(format!("{}: {e}", packets.display())))?;
        let up: Vec<_> =
            wires.iter().zip(&opened).filter(|(_, c)| c.is_some()).map(|(w, _)| w.name.clone()).collect();
        let mut capd =
            Capd { stop: Arc::new(AtomicBool::new(false)), threads: Vec::new(), writer, counted: Vec::new() };
        for ((id, wire), capture) in (0..).zip(wires).zip(opened) {
            capd.spawn(id, wire, capture, Arc::clone(&report))?;
        }
        if !up.is_empty() {
            report(SystemEvent::CaptureStarted { interfaces: up });
        }
        Ok(capd)
    }

    /// Interfaces with the packets each has captured and lost.
    pub fn state(&self) -> Vec<(String, u64, u64)> {
        let read = |c: &Counted| (c.packets.load(Relaxed), c.dropped.load(Relaxed));
        self.counted.iter().map(|(name, c)| (name.clone(), read(c).0, read(c).1)).collect()
    }

    /// Ends the capture: what has been captured is written, the last segment is closed.
    pub fn stop(self) {
        self.stop.store(true, Relaxed);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a capture thread panicked");
            }
        }
        self.writer.stop();
    }

    fn spawn(
        &mut self,
        id: u32,
        wire: Wire,
        capture: Option<Capture<Active>>,
        report: Report,
    ) -> Result<(), Unavailable> {
        let counted = Arc::new(Counted::default());
        self.counted.push((wire.name.clone(), Arc::clone(&counted)));
        let name = format!("capture-{}", wire.name);
        let (stop, feed) = (Arc::clone(&self.stop), self.writer.feed(id));
        let tap = Tap { wire, feed, stop, report, counted, totals: Totals::default() };
        let thread = Builder::new().name(name).spawn(move || tap.run(capture));
        self.threads.push(thread.map_err(|e| Unavailable::Refused(e.to_string()))?);
        Ok(())
    }
}

fn writer_settings(packets: &Path, settings: &Settings) -> WriterSettings {
    let usual = WriterSettings::new(packets, settings.quota_mib << 20);
    let rotation = Rotation {
        bytes: (settings.segment_mib << 20).min(usual.quota / 4),
        age: Duration::from_secs(settings.segment_minutes * 60),
    };
    let age = settings.days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    WriterSettings { rotation, age, ..usual }
}

fn wires(settings: &Settings, decoys: &[IpAddr]) -> Result<Vec<Wire>, Unavailable> {
    let names = if settings.interfaces.is_empty() {
        let devices = Device::list().map_err(|e| Unavailable::Refused(e.to_string()))?;
        let (names, homeless) = interfaces::of_decoys(&devices, decoys);
        let missing: Vec<_> = homeless.iter().map(ToString::to_string).collect();
        if names.is_empty() {
            return Err(Unavailable::NoInterface(missing.join(", ")));
        }
        if !missing.is_empty() {
            tracing::warn!(addresses = missing.join(", "), "on no interface: their packets are not kept");
        }
        names
    } else {
        settings.interfaces.clone()
    };
    let (filter, ring) = (interfaces::filter(decoys), i32::from(settings.ring_mib.min(2047)) << 20);
    Ok(names.into_iter().map(|name| Wire { name, filter: filter.clone(), ring }).collect())
}

/// One interface and how it is opened.
struct Wire {
    name: String,
    filter: String,
    ring: i32,
}

impl Wire {
    /// A missing right ends it all; anything else may come right later.
    fn open_first(&self) -> Result<Option<Capture<Active>>, Unavailable> {
        match self.open() {
            Ok(capture) => Ok(Some(capture)),
            Err(error) if is_missing_right(&error) => Err(Unavailable::NoRight(self.name.clone())),
            Err(_) => Ok(None),
        }
    }

    /// Not immediate mode: only then does libpcap use blocks of packets (TPACKET_V3).
    fn open(&self) -> Result<Capture<Active>, pcap::Error> {
        let mut capture = Capture::from_device(self.name.as_str())?
            .snaplen(i32::try_from(SNAPLEN).unwrap_or(i32::MAX))
            .buffer_size(self.ring)
            .timeout(RETIRE)
            .immediate_mode(false)
            .promisc(false)
            .precision(Precision::Nano)
            .open()?;
        capture.filter(&self.filter, true)?;
        capture.setnonblock()
    }

    fn describe(&self, capture: Option<&Capture<Active>>) -> Interface {
        let link = capture.map_or(LINK_ETHERNET, |capture| link(capture.get_datalink()));
        Interface { name: self.name.clone(), link }
    }
}

/// The number that files use: libpcap's own differs for bare IP.
fn link(datalink: Linktype) -> u16 {
    const DLT_RAW: i32 = 12;
    match datalink.0 {
        DLT_RAW => LINK_RAW,
        other => u16::try_from(other).unwrap_or(LINK_ETHERNET),
    }
}

fn is_missing_right(error: &pcap::Error) -> bool {
    let text = error.to_string().to_lowercase();
    text.contains("permission") || text.contains("permitted")
}

/// Counters over all times that an interface was opened; libpcap's own begin anew and may wrap.
#[derive(Default)]
struct Totals {
    received: u64,
    kernel: u64,
    interface: u64,
    last: [u32; 3],
}

impl Totals {
    fn add(&mut self, now: [u32; 3]) {
        let grown = |place: usize| u64::from(now[place].wrapping_sub(self.last[place]));
        self.received += grown(0);
        self.kernel += grown(1);
        self.interface += grown(2);
        self.last = now;
    }
}

/// The thread of one interface.
struct Tap {
    wire: Wire,
    feed: Feed,
    stop: Arc<AtomicBool>,
    report: Report,
    counted: Arc<Counted>,
    totals: Totals,
}

impl Tap {
    fn run(mut self, mut capture: Option<Capture<Active>>) {
        let mut told = false;
        while !self.stop.load(Relaxed) {
            let result = match capture.take().map_or_else(|| self.reopen(told), Ok) {
                Ok(capture) => {
                    told = false;
                    self.follow(capture)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                if !std::mem::replace(&mut told, true) {
                    self.unavailable(&error.to_string());
                }
                std::thread::sleep(REOPEN);
            }
        }
    }

    fn reopen(&mut self, was_down: bool) -> Result<Capture<Active>, pcap::Error> {
        let capture = self.wire.open()?;
        self.totals.last = [0; 3];
        if was_down {
            (self.report)(SystemEvent::CaptureStarted { interfaces: vec![self.wire.name.clone()] });
        }
        Ok(capture)
    }

    fn unavailable(&self, error: &str) {
        let reason = format!("{}: {error}", self.wire.name);
        tracing::warn!(reason, "packets are not captured");
        (self.report)(SystemEvent::CaptureUnavailable { reason });
    }

    /// Takes packets until told to stop or the interface fails.
    fn follow(&mut self, mut capture: Capture<Active>) -> Result<(), pcap::Error> {
        let (mut flushed, mut counted) = (Instant::now(), Instant::now());
        while !self.stop.load(Relaxed) {
            // One block only, so that a flood can't keep the rest of the loop from its turn.
            if self.take(&mut capture)? == 0 {
                sys::wait_readable(capture.as_fd(), FLUSH).map_err(|e| pcap::Error::IoError(e.kind()))?;
            }
            if flushed.elapsed() >= FLUSH {
                flushed = Instant::now();
                self.feed.flush();
            }
            if counted.elapsed() >= COUNT {
                counted = Instant::now();
                self.count(&mut capture);
            }
        }
        while self.take(&mut capture)? > 0 {}
        self.count(&mut capture);
        Ok(())
    }

    fn take(&mut self, capture: &mut Capture<Active>) -> Result<usize, pcap::Error> {
        let feed = &mut self.feed;
        let taken = capture.dispatch(None, |packet| {
            feed.packet(time(packet.header.ts), packet.header.len, packet.data);
        })?;
        self.counted.packets.fetch_add(u64::try_from(taken).unwrap_or_default(), Relaxed);
        Ok(taken)
    }

    fn count(&mut self, capture: &mut Capture<Active>) {
        let Ok(now) = capture.stats() else {
            return;
        };
        self.totals.add([now.received, now.dropped, now.if_dropped]);
        let Totals { received, kernel, interface, .. } = self.totals;
        self.counted.dropped.store(kernel + interface, Relaxed);
        self.feed.statistics(received, interface, kernel);
    }
}

/// With nanosecond precision, libpcap keeps nanoseconds where the type says microseconds.
fn time(stamp: libc::timeval) -> u64 {
    let [seconds, nanoseconds] = [stamp.tv_sec, stamp.tv_usec].map(|n| u64::try_from(n).unwrap_or_default());
    seconds * 1_000_000_000 + nanoseconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_survive_a_wrap_and_a_reopening() {
        let mut totals = Totals::default();
        totals.add([u32::MAX, 1, 0]);
        totals.add([4, 3, 0]);
        totals.last = [0; 3];
        totals.add([10, 1, 2]);
        assert_eq!((totals.received, totals.kernel, totals.interface), (u64::from(u32::MAX) + 15, 4, 2));
    }

    #[test]
    fn a_missing_right_is_told_in_plain_words() {
        let refused = "You don't have permission to capture on that device (socket: Operation not permitted)";
        assert!(is_missing_right(&pcap::Error::PcapError(refused.into())));
        assert!(!is_missing_right(&pcap::Error::PcapError("No such device exists".into())));
        assert!(Unavailable::NoRight("lo".into()).to_string().contains("setcap cap_net_raw+ep"));
    }
}
