//! What the kernel knows of its own clock.

use std::io;

/// How well the system's clock is kept by a time service (NTP, PTP).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockState {
    /// Whether a service says that it keeps the clock.
    pub synchronised: bool,
    /// How far off it may be at most, in microseconds, by the kernel's reckoning.
    pub max_error_us: u64,
}

/// Asks the kernel (adjtimex(2)); changes nothing.
///
/// # Errors
/// The kernel refuses, as a sandbox may make it.
pub fn clock_state() -> io::Result<ClockState> {
    // SAFETY: timex holds integers only, for which zero is a value; `modes` 0 asks and sets nothing.
    let mut timex: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a timex of our own that outlives the call.
    let state = unsafe { libc::adjtimex(&raw mut timex) };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(ClockState {
        synchronised: state != libc::TIME_ERROR && timex.status & libc::STA_UNSYNC == 0,
        max_error_us: u64::try_from(timex.maxerror).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers() {
        // An unsynchronised clock's error grows to 16 s and stays there.
        assert!(clock_state().unwrap().max_error_us <= 16_000_000);
    }
}
