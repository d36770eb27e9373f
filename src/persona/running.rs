//! Since when a host runs.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Span, Timestamp, Unit};

use super::{Host, Pack};

/// When a host was installed, and how often it starts again: every so many days, at night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Local time of its installation.
    pub installed: DateTime,
    /// Days between two starts.
    pub restart_days: i32,
    /// Seconds after 02:41 local time at which it starts.
    pub late: i32,
    /// Offset of local time from UTC in minutes.
    pub offset_minutes: i32,
}

impl Running {
    /// Of a host: as its persona has it, else of the installation's own.
    pub fn of(pack: &Pack, host: &Host) -> Self {
        let number = |what: &str, bound: i32| {
            let bound = u64::try_from(bound).unwrap_or(1);
            let label = format!("running/{}/{what}", host.name);
            i32::try_from(pack.installation.number(&label, bound)).unwrap_or(0)
        };
        let derived = || {
            let date = first_date(&host.os.kernel).checked_add(Span::new().days(number("installed", 700)));
            date.unwrap_or(Date::constant(2019, 5, 14))
                .at(9, 0, 0, 0)
                .saturating_add(Span::new().seconds(number("hour", 8 * 3600)))
        };
        let restart_days = match host.os.restart_days {
            0 => 31 + number("restart", 90),
            days => i32::try_from(days).unwrap_or(97),
        };
        Running {
            installed: host.os.installed.unwrap_or_else(derived),
            restart_days,
            late: number("late", 240),
            offset_minutes: pack.hospital.utc_offset_minutes,
        }
    }

    /// When it was installed.
    pub fn installed_at(&self) -> Timestamp {
        self.zone().to_timestamp(self.installed).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn zone(&self) -> Offset {
        Offset::from_seconds(self.offset_minutes * 60).unwrap_or(Offset::UTC)
    }

    /// When it was started last.
    pub fn booted(&self, now: Timestamp) -> Timestamp {
        let zone = self.zone();
        let today = zone.to_datetime(now).date();
        let from = self.installed.date();
        let days = from.until((Unit::Day, today)).map_or(0, |span| span.get_days());
        let last = days - days.rem_euclid(self.restart_days.max(1));
        let stamp = |local: DateTime| zone.to_timestamp(local).unwrap_or(now);
        let night = |days: i32| {
            let date = from.checked_add(Span::new().days(days)).unwrap_or(today);
            date.at(2, 41, 0, 0).saturating_add(Span::new().seconds(self.late))
        };
        // On the night itself the last start is the one before.
        let nights = [night(last), night(last - self.restart_days), self.installed];
        let was = nights.into_iter().find(|at| *at >= self.installed && stamp(*at) <= now);
        was.map_or(now, stamp)
    }
}

/// The first day on which a hospital would install a Windows of this build.
fn first_date(kernel: &str) -> Date {
    let (year, month) = match kernel {
        "5.1.2600" => (2010, 3),
        "6.1.7601" => (2015, 4),
        "6.3.9600" => (2015, 9),
        "10.0.14393" => (2018, 2),
        _ => (2020, 6),
    };
    Date::constant(year, month, 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_again_every_so_many_days_and_never_in_the_future() {
        let running = Running {
            installed: Date::constant(2014, 6, 12).at(9, 30, 11, 0),
            restart_days: 97,
            late: 75,
            offset_minutes: 480,
        };
        let booted = |now: &str| running.booted(now.parse().unwrap()).to_string();
        // Day 4,268 since then is 44 times 97.
        assert_eq!(booted("2026-03-02T02:00:00Z"), "2026-02-16T18:42:15Z");
        assert_eq!(booted("2026-02-16T18:42:14Z"), "2025-11-11T18:42:15Z");
        assert_eq!(booted("2014-06-12T02:00:00Z"), "2014-06-12T01:30:11Z");
        assert_eq!(booted("2013-01-01T00:00:00Z"), "2013-01-01T00:00:00Z");
    }
}
