//! Watches the clock: every record's time is only as good as it is. A step is told, and so is whether a
//! time service keeps it, at the start and whenever that changes.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::couriers::Voice;
use crate::event::SystemEvent;
use crate::runtime::Shutdown;
use crate::sys::clock::clock_state;

/// How often it is looked at.
const PERIOD: Duration = Duration::from_secs(5);

/// The clock stepped when it went on by this much more or less than time did. A time service that only
/// slews it stays below 3 ms in a period (500 ppm); what looks at both clocks may be held up between.
const STEP_MS: i128 = 500;

/// Watches until told to stop.
pub(super) async fn run(voice: Voice, mut ear: Shutdown) {
    let mut before = now();
    let mut kept = None;
    loop {
        match clock_state() {
            Ok(state) if kept != Some(state.synchronised) => {
                kept = Some(state.synchronised);
                voice.say(SystemEvent::ClockState {
                    synchronised: state.synchronised,
                    max_error_ms: state.max_error_us / 1_000,
                });
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the state of the clock is not known"),
        }
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let after = now();
        if let Some(by_ms) = step(before, after) {
            voice.say(SystemEvent::ClockStepped { by_ms });
        }
        before = after;
    }
}

/// Both clocks at one moment: one that only goes on, and the one that records carry.
type Moment = (Instant, Timestamp);

fn now() -> Moment {
    (Instant::now(), Timestamp::now())
}

/// By how many milliseconds the clock stepped between two moments, if it did.
fn step(before: Moment, after: Moment) -> Option<i64> {
    let passed = i128::try_from(after.0.duration_since(before.0).as_millis()).ok()?;
    let by = after.1.duration_since(before.1).as_millis() - passed;
    i64::try_from(by).ok().filter(|_| by.abs() >= STEP_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_and_the_passing_of_time_is_none() {
        let (start, at) = now();
        let after = |real: u64, shown: i64| {
            (start + Duration::from_secs(real), at + jiff::SignedDuration::from_millis(shown))
        };
        assert_eq!(step((start, at), after(5, 5_000)), None);
        assert_eq!(step((start, at), after(5, 5_200)), None, "slewed, or held up");
        assert_eq!(step((start, at), after(5, 3_605_000)), Some(3_600_000));
        assert_eq!(step((start, at), after(5, -55_000)), Some(-60_000));
    }
}
