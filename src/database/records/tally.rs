//! How many records of each kind were met, and which.

use std::collections::{BTreeMap, BTreeSet};

use crate::database::Records;
use crate::event::observation::{MAX_IDS, RecordKind};

/// Most records of a kind that are told apart: past them each row counts as one more. 8 bytes each and
/// their places in the set, so some 2 MiB.
const MAX_APART: usize = 1 << 16;

/// Records by kind.
#[derive(Debug, Default)]
pub(in crate::database) struct Tally(BTreeMap<RecordKind, Met>);

#[derive(Debug, Default)]
struct Met {
    count: u64,
    ids: Vec<String>,
    apart: BTreeSet<u64>,
}

impl Tally {
    /// A record was met: one patient in many rows is one record.
    pub(in crate::database) fn note(&mut self, kind: RecordKind, id: &str) {
        let met = self.0.entry(kind).or_default();
        let mark = mark(id);
        if met.apart.contains(&mark) {
            return;
        }
        if met.apart.len() < MAX_APART {
            met.apart.insert(mark);
        }
        met.count += 1;
        if met.ids.len() < MAX_IDS {
            met.ids.push(id.to_owned());
        }
    }

    /// Adds what another one met.
    pub(in crate::database) fn add(&mut self, other: Vec<Records>) {
        for records in other {
            let met = self.0.entry(records.kind).or_default();
            met.count = met.count.max(records.count);
            let room = MAX_IDS.saturating_sub(met.ids.len());
            met.ids.extend(records.ids.into_iter().take(room));
        }
    }

    /// What was met, from now on forgotten.
    pub(in crate::database) fn take(&mut self) -> Vec<Records> {
        let met = std::mem::take(&mut self.0).into_iter();
        met.map(|(kind, met)| Records { kind, count: met.count, ids: met.ids }).collect()
    }
}

/// FNV-1a, 64 bits: ids are the world's own, so nobody can choose two that meet.
fn mark(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_once_and_past_the_bound_each_row_does() {
        let mut tally = Tally::default();
        for _ in 0..3 {
            tally.note(RecordKind::Patient, "0000000001");
        }
        tally.note(RecordKind::Patient, "0000000002");
        assert_eq!(
            tally.take(),
            [Records {
                kind: RecordKind::Patient,
                count: 2,
                ids: vec!["0000000001".into(), "0000000002".into()]
            }]
        );
        for number in 0..MAX_APART + 10 {
            tally.note(RecordKind::Order, &number.to_string());
        }
        let told = tally.take();
        assert_eq!((told[0].count, told[0].ids.len()), (MAX_APART as u64 + 10, MAX_IDS));
    }
}
