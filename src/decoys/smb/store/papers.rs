//! Reports as files: which there are, and the bytes of each.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Eyes;
use super::images::{day_times, is_kept};
use super::laboratory;
use super::node::{Body, Node};
use crate::imaging::report_pdf;

/// A report of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Paper {
    /// Of imaging, by accession number.
    Imaging(String),
    /// Of the laboratory, by the specimen's barcode.
    Laboratory(String),
}

impl Paper {
    /// The file's bytes.
    pub(crate) fn bytes(&self, eyes: &Eyes<'_>) -> Option<Vec<u8>> {
        match self {
            Paper::Imaging(accession) => report_pdf(eyes.view, &eyes.view.study_by_accession(accession)?),
            Paper::Laboratory(specimen) => laboratory::pdf(eyes.view, &eyes.view.lab_order(specimen)?),
        }
    }
}

/// Reports of one kind: what a folder tree of months and days holds.
pub(super) trait Reports {
    /// Those of a day.
    fn on(&self, eyes: &Eyes<'_>, date: Date) -> Vec<Node>;
    /// The one of a file's name, with its day.
    fn named(&self, eyes: &Eyes<'_>, name: &str) -> Option<(Date, Node)>;
}

/// A path below: month, day, file.
pub(super) fn find(eyes: &Eyes<'_>, reports: &dyn Reports, days: u32, below: &[String]) -> Option<Node> {
    let today = eyes.view.local(eyes.view.now()).date();
    match below {
        [] => Some(Node::folder("", day_times(eyes, today))),
        [month] => {
            let first = dates(eyes, days).find(|date| month_of(*date) == *month)?;
            Some(Node::folder(month, day_times(eyes, first)))
        }
        [month, day] => {
            let date = date_of(eyes, days, month, day)?;
            Some(Node::folder(day, day_times(eyes, date)))
        }
        [month, day, name] => {
            let date = date_of(eyes, days, month, day)?;
            let (on, node) = reports.named(eyes, name)?;
            (on == date).then_some(node)
        }
        _ => None,
    }
}

/// What lies in a folder.
pub(super) fn list(eyes: &Eyes<'_>, reports: &dyn Reports, days: u32, below: &[String]) -> Option<Vec<Node>> {
    let folders = |dates: Vec<Date>, name: fn(Date) -> String| {
        Some(dates.into_iter().map(|date| Node::folder(&name(date), day_times(eyes, date))).collect())
    };
    match below {
        [] => {
            let mut firsts: Vec<Date> = dates(eyes, days).collect();
            firsts.dedup_by_key(|date| month_of(*date));
            folders(firsts, month_of)
        }
        [month] => {
            let dates: Vec<Date> = dates(eyes, days).filter(|date| month_of(*date) == *month).collect();
            if dates.is_empty() { None } else { folders(dates, day_of) }
        }
        [month, day] => Some(reports.on(eyes, date_of(eyes, days, month, day)?)),
        _ => None,
    }
}

/// The days that are kept, oldest first.
fn dates(eyes: &Eyes<'_>, days: u32) -> impl Iterator<Item = Date> {
    let today = eyes.view.local(eyes.view.now()).date();
    (0..days).rev().filter_map(move |ago| today.checked_sub(jiff::Span::new().days(i64::from(ago))).ok())
}

fn month_of(date: Date) -> String {
    date.strftime("%Y%m").to_string()
}

fn day_of(date: Date) -> String {
    date.strftime("%d").to_string()
}

fn date_of(eyes: &Eyes<'_>, days: u32, month: &str, day: &str) -> Option<Date> {
    let date = Date::strptime("%Y%m%d", format!("{month}{day}")).ok()?;
    let fits = month_of(date) == month && day_of(date) == day && is_kept(eyes, date, days);
    fits.then_some(date)
}

/// A report's file.
pub(super) fn node(eyes: &Eyes<'_>, name: &str, at: Timestamp, paper: Paper) -> Option<Node> {
    let size = u64::try_from(paper.bytes(eyes)?.len()).ok()?;
    Some(Node::file(name, size, eyes.times_of(name, at.min(eyes.view.now())), Body::Paper(paper)))
}
