//! What is wrong with an allowance, by key.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Allowance, LONGEST_DAYS, weekday};
use crate::detect::Class;

impl Allowance {
    /// Every fault with the key it is about.
    ///
    /// `today` is the day on which it is read: nothing is approved in advance.
    pub fn faults(&self, today: Date) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut refuse = |key, problem: String| faults.push((key, problem));
        for (key, text) in [("name", &self.name), ("owner", &self.owner), ("reason", &self.reason)] {
            if text.trim().is_empty() {
                refuse(key, format!("{key}: expected some text"));
            }
        }
        if self.approver.trim().is_empty() || same_person(&self.approver, &self.owner) {
            refuse("approver", "approver: expected another person than the owner".into());
        }
        if let Some(problem) = self.class_fault() {
            refuse("covers", problem);
        }
        if self.covers >= Class::E4 && self.accounts.is_empty() {
            refuse(
                "covers",
                format!("covers: {} needs the accounts that may be tried", self.covers.as_str()),
            );
        }
        if let Some(day) = self.days.iter().find(|day| weekday(day).is_none()) {
            refuse("days", format!("days: {day}: expected mon, tue, wed, thu, fri, sat or sun"));
        }
        if self.from.is_some() != self.until.is_some() {
            refuse("from", "from: expected with until, and until with from".into());
        }
        if TimeZone::get(&self.timezone).is_err() {
            refuse("timezone", format!("timezone: {}: expected a zone such as Asia/Shanghai", self.timezone));
        }
        if self.approved > today {
            refuse("approved", format!("approved: {} is not yet", self.approved));
        }
        if let Some(problem) = self.length_fault() {
            refuse("expires", problem);
        }
        faults
    }

    fn class_fault(&self) -> Option<String> {
        match self.covers {
            Class::E1 | Class::E2 | Class::E3 | Class::E2Sweep | Class::E4 | Class::E4Guessing => None,
            Class::E3Clinical => {
                Some("covers: E3c: expected a [[detection.device]], which it is meant for".into())
            }
            Class::E5 | Class::E6 | Class::E7 => Some(format!(
                "covers: {}: expected E4b at most: baits, records that go out and effects are always told",
                self.covers.as_str()
            )),
        }
    }

    fn length_fault(&self) -> Option<String> {
        let longest = self.approved.saturating_add(jiff::Span::new().days(LONGEST_DAYS));
        if self.expires < self.approved {
            Some(format!("expires: {} is before it was approved", self.expires))
        } else if self.expires > longest {
            Some(format!(
                "expires: {}: expected {longest} at the latest, {LONGEST_DAYS} days after it was approved",
                self.expires
            ))
        } else {
            None
        }
    }
}

fn same_person(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}
