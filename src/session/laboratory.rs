//! Laboratory results that an intruder wrote or released, over whatever protocol: checked against the
//! world, kept in his overlay, and read back to him over all protocols.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::event::observation::{Change, MAX_CHANGES, MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::world::{Flag, LabOrder, LabResult, View};

/// Most results of one specimen that are kept: more than any panel has items.
const MAX_RESULTS: usize = 200;

/// Longest text of one field that is kept, characters.
const MAX_TEXT: usize = 200;

/// One result as an intruder wrote it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WrittenResult {
    /// The item's code (`WBC`).
    pub code: String,
    /// The value.
    pub value: String,
    /// Unit, where one was given.
    pub unit: String,
    /// Reference range, where one was given.
    pub range: String,
    /// Abnormal flag, where one was given.
    pub flag: String,
    /// Who he said he was: an analyser, an account.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A release of a specimen's results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Audit {
    /// The account's holder.
    by: String,
    at: Timestamp,
}

impl Session {
    /// Releases the results of a specimen in somebody's name: tells of it, and keeps it. Gives false
    /// for what has no result or is released already.
    pub fn audit_results(&self, order: &LabOrder, by: &str) -> bool {
        if order.results.is_empty() || order.verified.is_some() || self.is_own() {
            return false;
        }
        let audit = Audit { by: by.chars().take(MAX_TEXT).collect(), at: self.now() };
        let (subject, id) = (RecordKind::LabResult, order.specimen.clone());
        let change =
            Change { field: "verifier".to_owned(), from: String::new(), to: Tainted::new(audit.by.as_str()) };
        self.emit(Observation::Tampering { subject, id, changes: vec![change] });
        let ids = vec![Tainted::new(order.specimen.as_str())];
        self.emit(Observation::RecordWrite { subject, count: 1, ids });
        if let Ok(value) = serde_json::to_vec(&audit) {
            self.overlay().put(audit_key(&order.specimen), value);
        }
        true
    }

    /// Takes results of one specimen as records written: see [`Session::change_results`].
    pub fn write_results(&self, specimen: &str, results: Vec<WrittenResult>) {
        if results.is_empty() || self.is_own() {
            return;
        }
        let count = results.len();
        self.change_results(specimen, results);
        self.emit(Observation::RecordWrite {
            subject: RecordKind::LabResult,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            ids: (0..count.min(MAX_IDS)).map(|_| Tainted::new(specimen)).collect(),
        });
    }

    /// Takes results of one specimen: tells of what they would change of the hospital's, then keeps
    /// them. A full overlay loses them, as a full table would. What the honeynet itself sends is the
    /// world's already, and is not kept.
    pub fn change_results(&self, specimen: &str, results: Vec<WrittenResult>) {
        if results.is_empty() || self.is_own() {
            return;
        }
        let view = self.world().at(self.now());
        if let Some(order) = view.lab_order(specimen) {
            self.tell_changes(&order, &results);
        }
        let mut kept = self.written_results(specimen);
        for result in results {
            let result = cut(result);
            kept.retain(|old| old.code != result.code);
            if kept.len() < MAX_RESULTS {
                kept.push(result);
            }
        }
        if let Ok(value) = serde_json::to_vec(&kept) {
            self.overlay().put(key(specimen), value);
        }
    }

    /// The results that this intruder wrote for a specimen.
    pub fn written_results(&self, specimen: &str) -> Vec<WrittenResult> {
        let kept = self.overlay().get(&key(specimen)).unwrap_or_default();
        serde_json::from_slice(&kept).unwrap_or_default()
    }

    /// A laboratory order as this intruder reads it: the hospital's, with what he wrote in it.
    pub fn lab_order(&self, view: &View, number: &str) -> Option<LabOrder> {
        view.lab_order(number).map(|order| self.with_written(order))
    }

    /// The same of an order at hand.
    pub fn with_written(&self, mut order: LabOrder) -> LabOrder {
        if let Some(audit) = self.audit(&order.specimen)
            && order.verified.is_none_or(|at| audit.at < at)
        {
            (order.verified, order.verifier) = (Some(audit.at), Some(audit.by));
        }
        for written in self.written_results(&order.specimen) {
            let Some(item) = order.items.iter().find(|item| is_code(item.code, &written.code)).copied()
            else {
                continue;
            };
            match order.results.iter_mut().find(|result| result.item.code == item.code) {
                Some(result) => {
                    result.flag = flag(&written, &result.range);
                    result.value = written.value;
                }
                None => order.results.push(LabResult {
                    item,
                    flag: flag(&written, &written.range),
                    range: written.range,
                    value: written.value,
                }),
            }
        }
        order
    }

    fn audit(&self, specimen: &str) -> Option<Audit> {
        serde_json::from_slice(&self.overlay().get(&audit_key(specimen))?).ok()
    }

    fn tell_changes(&self, order: &LabOrder, results: &[WrittenResult]) {
        let changed = results.iter().filter_map(|written| {
            let held = order.results.iter().find(|result| is_code(result.item.code, &written.code))?;
            (held.value != written.value).then(|| Change {
                field: held.item.code.to_owned(),
                from: held.value.clone(),
                to: Tainted::new(written.value.as_str()),
            })
        });
        let changes: Vec<Change> = changed.take(MAX_CHANGES).collect();
        if !changes.is_empty() {
            let (subject, id) = (RecordKind::LabResult, order.specimen.clone());
            self.emit(Observation::Tampering { subject, id, changes });
        }
    }
}

fn key(specimen: &str) -> String {
    let specimen: String = specimen.chars().take(MAX_TEXT).collect();
    format!("lab:results:{specimen}")
}

fn audit_key(specimen: &str) -> String {
    format!("lab:audit:{specimen}")
}

/// Whether a peer's code names an item: laboratories' own codes are written in either case.
fn is_code(own: &str, theirs: &str) -> bool {
    own.eq_ignore_ascii_case(theirs.trim())
}

/// The flag given, else the one that value and range make.
fn flag(written: &WrittenResult, range: &str) -> Flag {
    match written.flag.trim().to_ascii_uppercase().as_str() {
        "H" | "HH" => return Flag::H,
        "L" | "LL" => return Flag::L,
        "A" | "AA" => return Flag::A,
        "N" => return Flag::N,
        _ => {}
    }
    let Ok(value) = written.value.trim().parse::<f64>() else { return Flag::N };
    if let Some(high) = range.strip_prefix('<').and_then(|high| high.parse::<f64>().ok()) {
        return if value >= high { Flag::H } else { Flag::N };
    }
    let limits = range.char_indices().skip(1).find(|(_, c)| *c == '-').and_then(|(at, _)| {
        let (low, high) = range.split_at_checked(at)?;
        Some((low.parse::<f64>().ok()?, high.strip_prefix('-')?.parse::<f64>().ok()?))
    });
    match limits {
        Some((low, _)) if value < low => Flag::L,
        Some((_, high)) if value > high => Flag::H,
        Some(_) | None => Flag::N,
    }
}

fn cut(written: WrittenResult) -> WrittenResult {
    let short = |text: String| text.chars().take(MAX_TEXT).collect();
    WrittenResult {
        code: short(written.code),
        value: short(written.value),
        unit: short(written.unit),
        range: short(written.range),
        flag: short(written.flag),
        by: short(written.by),
        at: written.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::bench::{Bench, NOW};

    fn written(code: &str, value: &str) -> WrittenResult {
        WrittenResult { code: code.to_owned(), value: value.to_owned(), ..WrittenResult::default() }
    }

    fn blood_count(view: &View) -> LabOrder {
        let day = view.local(view.now()).date().yesterday().unwrap();
        view.lab_orders_on(day).into_iter().find(|o| o.panel == "L1001" && o.verified.is_some()).unwrap()
    }

    #[test]
    fn what_is_changed_is_told_and_read_back_to_its_writer_alone() {
        let bench = Bench::new();
        let session = bench.session("lis", "astm");
        let view = bench.world.at(NOW.parse().unwrap());
        let order = blood_count(&view);
        session.write_results(&order.specimen, vec![written("wbc", "0.07"), written("XYZ", "1")]);
        let told = bench.told();
        let Observation::Tampering { subject: RecordKind::LabResult, id, changes } = &told[0] else {
            panic!("{told:?}")
        };
        assert_eq!((id, changes.len()), (&order.specimen, 1));
        assert!(matches!(&told[1], Observation::RecordWrite { count: 2, .. }));
        let merged = session.lab_order(&view, &order.specimen).unwrap();
        let white = merged.results.iter().find(|r| r.item.code == "WBC").unwrap();
        assert_eq!((white.value.as_str(), white.flag), ("0.07", Flag::L));
        assert_eq!(merged.results.len(), order.results.len());
        assert_eq!(Bench::new().session("lis", "astm").lab_order(&view, &order.specimen), Some(order));
    }

    #[test]
    fn a_release_is_told_and_read_back_to_its_writer_alone() {
        let bench = Bench::new();
        let session = bench.session("lis", "http");
        let view = bench.world.at(NOW.parse().unwrap());
        let day = view.local(view.now()).date();
        let waits = |order: &LabOrder| order.analysed.is_some() && order.verified.is_none();
        let order = view.lab_orders_on(day).into_iter().find(waits).unwrap();
        assert!(session.audit_results(&order, "王敏"));
        let told = bench.told();
        assert!(matches!(
            &told[..],
            [Observation::Tampering { .. }, Observation::RecordWrite { count: 1, .. }]
        ));
        let seen = session.lab_order(&view, &order.specimen).unwrap();
        assert_eq!((seen.verified, seen.verifier.as_deref()), (Some(view.now()), Some("王敏")));
        assert!(!session.audit_results(&seen, "王敏"), "once");
        assert_eq!(Bench::new().session("lis", "http").lab_order(&view, &order.specimen), Some(order));
    }

    #[test]
    fn writing_what_is_there_changes_nothing() {
        let bench = Bench::new();
        let session = bench.session("lis", "astm");
        let order = blood_count(&bench.world.at(NOW.parse().unwrap()));
        session.write_results(&order.specimen, vec![written("WBC", &order.results[0].value)]);
        assert!(bench.told().iter().all(|o| !matches!(o, Observation::Tampering { .. })));
    }

    #[test]
    fn flags_follow_the_range() {
        let flag = |value, range| flag(&written("X", value), range);
        assert_eq!([flag("1", "2-3"), flag("4", "2-3"), flag("2.5", "2-3")], [Flag::L, Flag::H, Flag::N]);
        assert_eq!([flag("-4", "-3.0-3.0"), flag("0", "-3.0-3.0")], [Flag::L, Flag::N]);
        assert_eq!([flag("9", "<5"), flag("x", "<5"), flag("9", "")], [Flag::H, Flag::N, Flag::N]);
    }

    #[test]
    fn a_flood_of_results_is_bounded() {
        let bench = Bench::new();
        let session = bench.session("lis", "astm");
        let many = (0..MAX_RESULTS + 50).map(|n| written(&format!("T{n}"), &"9".repeat(1000))).collect();
        session.write_results("999999999999", many);
        let kept = session.written_results("999999999999");
        assert_eq!(kept.len(), MAX_RESULTS);
        assert!(kept.iter().all(|one| one.value.len() == MAX_TEXT));
    }
}
