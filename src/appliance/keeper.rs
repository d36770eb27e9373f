//! The first process's life after the start: it keeps `run` alive, reaps what nobody waits for, feeds the
//! watchdog, finds a version on trial good or goes back, and ends the machine in order.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::reset::{self, Reset};
use super::screen::{Screen, plain, words};
use super::updating::Updating;
use crate::sys::machine::{self, Ending};

/// One turn of the keeper.
const TURN: Duration = Duration::from_millis(250);

/// Pause before `run` is started again: doubles from the first to the last, and falls back to the first
/// after it has run this long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(30);
const RECOVERED: Duration = Duration::from_secs(60);

/// `run` ends its children within ten seconds; after that it is killed with the rest.
const STOP: Duration = Duration::from_secs(15);

/// A machine that hangs this long is started again by its watchdog.
const WATCHDOG: Duration = Duration::from_secs(60);

/// A version on trial must be healthy by then; the slowest machine that was measured took a fifth.
const TRIAL: Duration = Duration::from_secs(300);

/// And stay so this long.
const STEADY: Duration = Duration::from_secs(5);

/// What the keeper runs and asks.
pub struct Kept<'a> {
    /// Makes the command of `run`.
    pub command: Box<dyn Fn() -> Command + 'a>,
    /// Whether all that should serve does.
    pub healthy: Box<dyn Fn() -> bool + 'a>,
    /// Whether the version that runs is on trial.
    pub is_trial: bool,
    /// Its updates; none when it was not started from a disk of its own.
    pub updating: Option<Updating>,
    /// The machine's name, and where its data partition is: for beginning again.
    pub name: String,
    /// The data partition.
    pub root: PathBuf,
}

/// Keeps `run` alive until the machine is to end; tells how.
pub fn keep(kept: &Kept<'_>, screen: &mut Screen) -> Ending {
    let mut watchdog = open_watchdog();
    let buttons = power_buttons();
    let mut child = Supervised::new();
    let mut trial = Trial::new(kept.updating.as_ref().filter(|_| kept.is_trial));
    loop {
        child.turn(&*kept.command);
        feed(watchdog.as_mut());
        if trial.turn(&*kept.healthy, screen) == Verdict::Failed {
            child.stop();
            return Ending::Restart;
        }
        let ordered = buttons.try_recv().ok().or_else(|| order(kept, screen, watchdog.as_mut()));
        if let Some(ending) = ordered {
            screen.say(&words("Ending in order ...", "正在按顺序关闭……"));
            child.stop();
            if let Some(watchdog) = &mut watchdog {
                // Takes it off, so that a slow power-off is no hang.
                let _ = watchdog.write_all(b"V");
            }
            return ending;
        }
    }
}

/// What was typed: the keeper's turn is the wait for it.
fn order(kept: &Kept<'_>, screen: &mut Screen, watchdog: Option<&mut File>) -> Option<Ending> {
    let line = screen.typed(TURN)?;
    match (line.as_str(), &kept.updating) {
        ("off", _) => return Some(Ending::Off),
        ("restart", _) => return Some(Ending::Restart),
        ("update", Some(updating)) => return update(updating, screen, watchdog).then_some(Ending::Restart),
        _ => {}
    }
    let name = &kept.name;
    match Reset::read(&line, name).map(|wanted| reset::order(&kept.root, wanted)) {
        Some(Ok(())) => return Some(Ending::Restart),
        Some(Err(error)) => screen.say(&plain(error.to_string())),
        None => screen.say(&words(
            format!(
                "off: power off   restart: start again   update: install from a USB stick or CD\n\
                 reset seal {name}: begin again, evidence stays   reset wipe {name}: delete everything"
            ),
            format!(
                "off：关机   restart：重启   update：从 U 盘或光盘安装更新\n\
                 reset seal {name}：重新配置，封存证据   reset wipe {name}：清除全部数据"
            ),
        )),
    }
    None
}

/// Updates in a thread, since a slow stick takes longer than the watchdog waits. Nothing is reaped meanwhile:
/// the thread waits for programs of its own.
fn update(updating: &Updating, screen: &mut Screen, mut watchdog: Option<&mut File>) -> bool {
    std::thread::scope(|scope| {
        let work = scope.spawn(|| updating.from_medium(screen));
        while !work.is_finished() {
            feed(watchdog.as_deref_mut());
            std::thread::sleep(TURN);
        }
        work.join().unwrap_or(false)
    })
}

fn feed(watchdog: Option<&mut File>) {
    if let Some(watchdog) = watchdog {
        // Any write feeds it; a failed one shows by the restart that follows.
        let _ = watchdog.write_all(b"1");
    }
}

struct Supervised {
    child: Option<u32>,
    since: Instant,
    pause: Duration,
}

impl Supervised {
    fn new() -> Self {
        let long_ago = Instant::now().checked_sub(LAST_PAUSE).unwrap_or_else(Instant::now);
        Supervised { child: None, since: long_ago, pause: Duration::ZERO }
    }

    fn turn(&mut self, command: &dyn Fn() -> Command) {
        while let Some((pid, status)) = machine::reap() {
            if self.child == Some(pid) {
                self.ended(status);
            }
        }
        if self.child.is_none() && self.since.elapsed() >= self.pause {
            self.since = Instant::now();
            match command().spawn() {
                Ok(child) => self.child = Some(child.id()),
                Err(error) => {
                    tracing::error!(%error, "`run` can't be started");
                    self.lengthen();
                }
            }
        }
    }

    fn ended(&mut self, status: i32) {
        tracing::error!(status, "`run` has ended and is started again");
        self.child = None;
        if self.since.elapsed() >= RECOVERED {
            self.pause = Duration::ZERO;
        }
        self.lengthen();
        self.since = Instant::now();
    }

    fn lengthen(&mut self) {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LAST_PAUSE);
    }

    /// Ends it in order, as far as it does in time.
    fn stop(&mut self) {
        let Some(child) = self.child else { return };
        let _ = machine::ask_to_end(child);
        let started = Instant::now();
        while started.elapsed() < STOP {
            match machine::reap() {
                Some((pid, _)) if pid == child => return,
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Open,
    Failed,
}

/// The trial of a version: healthy for a while within its time, or failed.
struct Trial<'a> {
    updating: Option<&'a Updating>,
    started: Instant,
    healthy_since: Option<Instant>,
    is_told: bool,
}

impl<'a> Trial<'a> {
    fn new(updating: Option<&'a Updating>) -> Self {
        Trial { updating, started: Instant::now(), healthy_since: None, is_told: false }
    }

    fn turn(&mut self, healthy: &dyn Fn() -> bool, screen: &mut Screen) -> Verdict {
        if self.is_told {
            return Verdict::Open;
        }
        self.healthy_since = healthy().then(|| self.healthy_since.unwrap_or_else(Instant::now));
        if self.healthy_since.is_some_and(|since| since.elapsed() >= STEADY) {
            self.is_told = true;
            screen.say(&words("The appliance is healthy.", "设备运行正常。"));
            if let Some(updating) = self.updating.take() {
                match updating.bless() {
                    Ok(()) => screen.say(&words("This version is found good.", "此版本已确认可用。")),
                    Err(error) => tracing::error!(error, "this version can't be marked as good"),
                }
            }
        } else if self.updating.is_some() && self.started.elapsed() >= TRIAL {
            screen.say(&words(
                "This version does not become healthy; the machine starts again.",
                "此版本未能正常运行，即将重启。",
            ));
            return Verdict::Failed;
        }
        Verdict::Open
    }
}

fn open_watchdog() -> Option<File> {
    let device = OpenOptions::new().write(true).open("/dev/watchdog0").ok()?;
    if let Err(error) = machine::set_watchdog(device.as_fd(), WATCHDOG) {
        tracing::warn!(%error, "the watchdog keeps its own time");
    }
    Some(device)
}

/// Presses of the power buttons, a hypervisor's "shut down guest" among them.
fn power_buttons() -> Receiver<Ending> {
    let (press, pressed) = channel();
    for entry in fs::read_dir("/sys/class/input").into_iter().flatten().flatten() {
        let name = fs::read_to_string(entry.path().join("device/name")).unwrap_or_default();
        let device = Path::new("/dev/input").join(entry.file_name());
        if name.trim() == "Power Button"
            && let Ok(file) = File::open(device)
        {
            let press = press.clone();
            let _ = std::thread::Builder::new().name("button".into()).spawn(move || listen(file, &press));
        }
    }
    pressed
}

/// `struct input_event` of a 64-bit kernel: time (16 bytes), type, code, value.
fn listen(mut device: File, press: &Sender<Ending>) {
    const EV_KEY: u16 = 1;
    const KEY_POWER: u16 = 116;
    let mut event = [0u8; 24];
    while device.read_exact(&mut event).is_ok() {
        let kind = u16::from_le_bytes([event[16], event[17]]);
        let code = u16::from_le_bytes([event[18], event[19]]);
        let down = event[20] == 1;
        if (kind, code, down) == (EV_KEY, KEY_POWER, true) && press.send(Ending::Off).is_err() {
            return;
        }
    }
}
