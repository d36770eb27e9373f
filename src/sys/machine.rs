//! What only the first process of a machine does: reap, end the others, turn the machine off, set its
//! clock and name, feed its watchdog.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// How the machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Power off.
    Off,
    /// Start again.
    Restart,
}

/// Takes note of one child that ended: its id, and its status as `waitpid` has it; none when none has.
pub fn reap() -> Option<(u32, i32)> {
    let mut status = 0;
    // SAFETY: the pointer is to a live local.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    u32::try_from(pid).ok().filter(|pid| *pid > 0).map(|pid| (pid, status))
}

/// Asks one process to end.
///
/// # Errors
/// When there is none.
pub fn ask_to_end(pid: u32) -> io::Result<()> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: kill takes numbers only.
    done(unsafe { libc::kill(pid, libc::SIGTERM) })
}

/// Kills every process but this one; for the first process of a machine, just before its end.
///
/// # Errors
/// When this is not the first process, whose call would hit its own session, or there is no other.
pub fn kill_all() -> io::Result<()> {
    if std::process::id() != 1 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "not the first process"));
    }
    // SAFETY: kill takes numbers only.
    done(unsafe { libc::kill(-1, libc::SIGKILL) })
}

/// Writes out all file systems and ends the machine.
///
/// # Errors
/// When it may not; else it does not return.
pub fn end_machine(how: Ending) -> io::Result<()> {
    let order = match how {
        Ending::Off => libc::RB_POWER_OFF,
        Ending::Restart => libc::RB_AUTOBOOT,
    };
    write_out();
    // SAFETY: reboot takes a number only.
    done(unsafe { libc::reboot(order) })
}

/// Writes out all file systems.
pub fn write_out() {
    // SAFETY: no arguments.
    unsafe { libc::sync() };
}

/// Names the machine.
///
/// # Errors
/// When it may not, or the name is too long.
pub fn set_name(name: &str) -> io::Result<()> {
    // SAFETY: the pointer and length are of one live string, which the call only reads.
    done(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) })
}

/// Sets the clock to this long after 1970.
///
/// # Errors
/// When it may not.
pub fn set_clock(since_epoch: Duration) -> io::Result<()> {
    let time = libc::timespec {
        tv_sec: libc::time_t::try_from(since_epoch.as_secs()).map_err(io::Error::other)?,
        tv_nsec: libc::c_long::from(since_epoch.subsec_nanos()),
    };
    // SAFETY: the pointer is to a live local of the right type, which the call only reads.
    done(unsafe { libc::clock_settime(libc::CLOCK_REALTIME, &raw const time) })
}

/// Asks a watchdog to wait this long; it may take another time, which is returned.
///
/// # Errors
/// When the descriptor is no watchdog, or its time can't be set.
pub fn set_watchdog(device: BorrowedFd<'_>, limit: Duration) -> io::Result<Duration> {
    /// `linux/watchdog.h`.
    const WDIOC_SETTIMEOUT: libc::c_ulong = 0xC004_5706;
    let mut seconds = libc::c_int::try_from(limit.as_secs()).map_err(io::Error::other)?;
    // SAFETY: the pointer is to a live local of the type that this request reads and writes.
    done(unsafe { libc::ioctl(device.as_raw_fd(), WDIOC_SETTIMEOUT as _, &raw mut seconds) })?;
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn done(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
