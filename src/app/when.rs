//! Times as people give and read them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Reads `--since`: RFC 3339, or a span back from now (`90s`, `2h`, `1d`, `1h30m`).
///
/// # Errors
/// What was expected.
pub(crate) fn since(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let expected = || {
        format!("--since {text}: expected RFC 3339 (2026-05-09T08:00:00+08:00) or a span (90s, 15m, 2h, 1d)")
    };
    match span(text) {
        Some(span) => now.checked_sub(span).map_err(|_| expected()),
        None => text.parse().map_err(|_| expected()),
    }
}

fn span(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut total = SignedDuration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        let seconds = match rest.get(digits..=digits)? {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return None,
        };
        total = total.checked_add(SignedDuration::from_secs(number.checked_mul(seconds)?))?;
        rest = rest.get(digits + 1..)?;
    }
    (!text.is_empty()).then_some(total)
}

/// In this machine's zone, to the second.
pub(crate) fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// This machine's zone, for a table's head: `UTC+08:00`.
pub(crate) fn zone() -> String {
    format!("UTC{}", Timestamp::now().to_zoned(TimeZone::system()).strftime("%:z"))
}

/// A length of time, short: `0.012s`, `3.4s`, `2m05s`, `1h02m`.
pub(crate) fn length(span: SignedDuration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(0);
    let seconds = millis / 1000;
    match seconds {
        0..10 => format!("{seconds}.{:03}s", millis % 1000),
        10..60 => format!("{seconds}.{}s", millis % 1000 / 100),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_moments() {
        let now: Timestamp = "2026-05-09T08:00:00Z".parse().unwrap();
        let back = |text: &str| now.duration_since(since(text, now).unwrap()).as_secs();
        assert_eq!((back("90s"), back("2h"), back("1d"), back("1h30m")), (90, 7_200, 86_400, 5_400));
        assert_eq!(back("2026-05-09T15:59:00+08:00"), 60);
        for wrong in ["", "h", "5", "5x", "yesterday", "99999999999999999999h", "9223372036854775807w"] {
            assert!(since(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_are_short() {
        let show = |millis| length(SignedDuration::from_millis(millis));
        assert_eq!(
            [show(12), show(3_400), show(12_345), show(125_000), show(3_720_000)],
            ["0.012s", "3.400s", "12.3s", "2m05s", "1h02m"]
        );
    }
}
