//! What the hospital allows its own machines: declared scanners and the like.
//!
//! An allowance downgrades and counts; it never discards. It holds within the bounds that it names and
//! until it ends, and outside of them the evidence says which bound was crossed. Baits, records that
//! went out and effects on a host are covered by none: an intruder on a scanner's machine does these.

mod faults;
mod network;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use network::Network;

use super::Class;
use crate::event::observation::Mark;
use crate::event::{Observation, SessionEvent};

/// `[[detection.allowance]]` of honeynet.toml.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Its name: reasons and lists call it so.
    pub name: String,
    /// Whom it is for: an address or a small block.
    pub source: Network,
    /// The strongest evidence that it covers: `E3`, `E2s`, `E4` or `E4b`.
    pub covers: Class,
    /// Services that may be used; all when none is named.
    #[serde(default)]
    pub services: Vec<String>,
    /// Deception hosts that may be used; all when none is named.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Accounts that may be tried. Needed where logins are covered.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Weaknesses that may be checked for, as exploit attempts name them.
    #[serde(default)]
    pub checks: Vec<String>,
    /// How its programs are known. A session with another value of a mark that is named here is not
    /// covered.
    #[serde(default)]
    pub marks: Vec<KnownMark>,
    /// Days on which it works (`mon` to `sun`), as the day on which a night began; all when none is
    /// named.
    #[serde(default)]
    pub days: Vec<String>,
    /// When its work may begin, `22:00`; at any time without it.
    #[serde(default)]
    pub from: Option<Time>,
    /// When it must be over; before `from` means the next day.
    #[serde(default)]
    pub until: Option<Time>,
    /// Time zone of days and times.
    #[serde(default = "zone")]
    pub timezone: String,
    /// Sessions within 24 hours up to which it is the usual work.
    #[serde(default = "sessions_per_day")]
    pub sessions_per_day: u32,
    /// Who answers for the machine.
    pub owner: String,
    /// Why it is allowed.
    pub reason: String,
    /// Who approved it: another than the owner.
    pub approver: String,
    /// When it was approved.
    pub approved: Date,
    /// Its last day, at most [`LONGEST_DAYS`] after it was approved.
    pub expires: Date,
}

/// One mark by which a program is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownMark {
    /// Which mark: `user_agent`, `hassh`, `ja4`.
    pub mark: Mark,
    /// Its value; a `*` at the end stands for anything.
    pub value: String,
}

/// Longest time between approval and end: a quarter, after which somebody must look again.
pub const LONGEST_DAYS: i32 = 90;

/// An end is announced so many days before.
pub const ANNOUNCED_DAYS: i32 = 7;

/// How an allowance stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It holds.
    Active,
    /// It holds, and ends within [`ANNOUNCED_DAYS`].
    Expiring,
    /// It holds no more.
    Expired,
}

/// Why an event is not covered, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outside {
    pub(super) en: &'static str,
    pub(super) zh: &'static str,
}

/// What is known of the source's day when one of its events is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    /// Sessions within 24 hours.
    pub(super) sessions: u32,
    /// The session showed another mark than the declared one.
    pub(super) is_strange: bool,
}

impl Allowance {
    /// How it stands at a moment.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let today = now.to_zoned(self.zone()).date();
        let announced = self.expires.saturating_sub(jiff::Span::new().days(ANNOUNCED_DAYS));
        match today {
            today if today > self.expires => Standing::Expired,
            today if today >= announced => Standing::Expiring,
            _ => Standing::Active,
        }
    }

    /// Whether a fingerprint contradicts the marks that are declared.
    pub(super) fn contradicts(&self, mark: Mark, value: &str) -> bool {
        let mut of_kind = self.marks.iter().filter(|known| known.mark == mark).peekable();
        of_kind.peek().is_some() && !of_kind.any(|known| known.fits(value))
    }

    /// Whether evidence of this class from this event is within the bounds; else which was crossed.
    pub(super) fn covers(&self, class: Class, event: &SessionEvent, day: Day) -> Result<(), Outside> {
        let origin = &event.origin;
        let listed = |list: &[String], name: &str| list.is_empty() || list.iter().any(|item| item == name);
        let bounds = [
            (self.standing(event.at) != Standing::Expired, "it has expired", "已过期"),
            (self.is_within_hours(event.at), "not at this hour", "不在允许时段"),
            (listed(&self.hosts, &origin.host), "not this host", "不含该主机"),
            (listed(&self.services, &origin.service), "not this service", "不含该服务"),
            (!day.is_strange, "another program than the declared one", "客户端特征不符"),
            (day.sessions <= self.sessions_per_day, "more than its usual volume", "超出申报量"),
            (self.allows(class, &event.observation), "not this", "不含该行为"),
            (self.names(class, &event.observation), "not this account", "不含该账号"),
        ];
        match bounds.into_iter().find(|(within, ..)| !within) {
            Some((_, en, zh)) => Err(Outside { en, zh }),
            None => Ok(()),
        }
    }

    fn allows(&self, class: Class, observation: &Observation) -> bool {
        match class {
            Class::E5 | Class::E6 => false,
            Class::E7 => matches!(observation, Observation::ExploitAttempt { weakness, .. }
                if self.checks.contains(weakness)),
            Class::E1
            | Class::E2
            | Class::E3Clinical
            | Class::E3
            | Class::E2Sweep
            | Class::E4
            | Class::E4Guessing => class <= self.covers,
        }
    }

    fn names(&self, class: Class, observation: &Observation) -> bool {
        match observation {
            Observation::AuthAttempt { account, .. } if class >= Class::E4 => {
                self.accounts.iter().any(|known| known == account.as_untrusted())
            }
            _ => true,
        }
    }

    fn is_within_hours(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone());
        let (from, until) = (self.from.unwrap_or(Time::MIN), self.until.unwrap_or(Time::MAX));
        let time = local.time();
        let (within, began_yesterday) = if from <= until {
            (from <= time && time <= until, false)
        } else {
            (time >= from || time <= until, time <= until)
        };
        let night = local.date().saturating_sub(jiff::Span::new().days(i64::from(began_yesterday)));
        within && (self.days.is_empty() || self.days.iter().any(|day| weekday(day) == Some(night.weekday())))
    }

    /// The zone was checked on load.
    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }
}

impl KnownMark {
    fn fits(&self, value: &str) -> bool {
        match self.value.strip_suffix('*') {
            Some(start) => value.starts_with(start),
            None => value == self.value,
        }
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

fn zone() -> String {
    "Asia/Shanghai".into()
}

fn sessions_per_day() -> u32 {
    20_000
}
