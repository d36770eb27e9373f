//! Moving a store to another place, record by record as it stands: same bytes, same chain.

use super::changes::head_line;
use super::check::verified;
use super::engine::{Ask, Receiving, Value, first, rows, stored_head};
use super::place::Place;
use super::tables::{self, Batch, Table};
use super::{Head, Known, StoreError, Verified};

/// Records copied in one transaction.
const RECORDS: usize = 1_000;

/// Rows of another table copied in one transaction.
const ROWS: usize = 5_000;

/// What is beside the chain.
const BESIDE: [&Table; 7] = [
    &tables::ALERTS,
    &tables::SESSIONS,
    &tables::TERMS,
    &tables::CASES,
    &tables::CASE_RECORDS,
    &tables::STREAMS,
    &tables::INCIDENTS,
];

/// Which part of a move goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The whole chain of the old store is re-computed.
    VerifyingOld,
    /// Records are copied.
    Copying,
    /// The whole chain of the new store is re-computed.
    VerifyingNew,
}

/// Copies a store to a place that has none, or where this was begun before. Both chains are re-computed;
/// the new store can be used only when they are the same. The old one stays as it is. `progress` is told
/// the stage and how many records of how many are done.
///
/// # Errors
/// The old chain is broken, the place has another store, or an engine failed; begun again, it goes on
/// from there.
pub fn copy(
    from: &Place,
    to: &Place,
    mut progress: impl FnMut(Stage, u64, u64),
) -> Result<Verified, StoreError> {
    // Nobody may write the old one meanwhile.
    let _held = from.hold()?;
    let old = from.reader()?;
    let mut found = None;
    old.snapshot(&mut |ask| {
        let told = &mut |done, all| progress(Stage::VerifyingOld, done, all);
        found = Some(verified(ask, &Known::default(), told)?);
        Ok(())
    })?;
    let found = found.ok_or_else(|| refused("the old store gave no moment to look at"))?;
    if let Some(broken) = &found.broken {
        let why = "`honeyward verify` says more";
        return Err(refused(&format!("the old chain is broken at record {}: {why}", broken.seq)));
    }
    let mut new = to.receiver(&from.shown())?;
    copy_records(&*old, &mut *new, found.head, |done, all| progress(Stage::Copying, done, all))?;
    for table in BESIDE {
        copy_table(&*old, &mut *new, table)?;
    }
    let told = &mut |done, all| progress(Stage::VerifyingNew, done, all);
    let copied = verified(&*new, &Known::default(), told)?;
    if copied != found {
        return Err(refused("the new store is not the same as the old one"));
    }
    for table in BESIDE {
        if count(&*old, table)? != count(&*new, table)? {
            return Err(refused(&format!("the new store has not all {} of the old one", table.name)));
        }
    }
    new.settle()?;
    Ok(found)
}

fn refused(why: &str) -> StoreError {
    StoreError::NotMoved(why.to_owned())
}

fn copy_records(
    old: &dyn Ask,
    new: &mut dyn Receiving,
    end: Head,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), StoreError> {
    let mut head = stored_head(new)?;
    if head != Head::EMPTY {
        let sql = "SELECT hash FROM records WHERE seq = ?1";
        let same = first(old, sql, &[head.seq.into()], |mut line| line.array(0))?;
        if same != Some(head.hash) {
            return Err(refused("what was moved before is not a part of this store"));
        }
    }
    let sql = format!("SELECT {} FROM records WHERE seq > ?1 ORDER BY seq LIMIT ?2", tables::RECORDS.names());
    while head.seq < end.seq {
        let lines = rows(old, &sql, &[head.seq.into(), RECORDS.into()], |line| Ok(line.0))?;
        let Some(last) = lines.last() else { break };
        let next = head_of(last)?;
        new.commit(head, &[Batch { table: &tables::RECORDS, lines }, head_line(next)])?;
        head = next;
        progress(head.seq, end.seq);
    }
    Ok(())
}

/// The head that a row of `records` makes.
fn head_of(line: &[Value]) -> Result<Head, StoreError> {
    let (Some(Value::Int(seq)), Some(Value::Bytes(hash))) = (line.first(), line.get(4)) else {
        return Err(refused("a record has no number or no hash"));
    };
    let hash = hash.as_slice().try_into().map_err(|_| refused("a record's hash has not 32 bytes"))?;
    Ok(Head { seq: u64::try_from(*seq).unwrap_or(0), hash })
}

/// Copies a table in the order of its key, a page at a time.
fn copy_table(old: &dyn Ask, new: &mut dyn Receiving, table: &'static Table) -> Result<(), StoreError> {
    let head = stored_head(new)?;
    let (names, key) = (table.names(), table.key_names());
    let places: Vec<String> = (1..=table.key).map(|place| format!("?{place}")).collect();
    let mut last: Vec<Value> = Vec::new();
    loop {
        let after = match last.is_empty() {
            true => String::new(),
            false => format!("WHERE ({key}) > ({})", places.join(", ")),
        };
        let sql = format!("SELECT {names} FROM {} {after} ORDER BY {key} LIMIT {ROWS}", table.name);
        let lines = rows(old, &sql, &last, |line| Ok(line.0))?;
        let Some(line) = lines.last() else { return Ok(()) };
        last = line.iter().take(table.key).cloned().collect();
        new.commit(head, &[Batch { table, lines }])?;
    }
}

fn count(ask: &dyn Ask, table: &Table) -> Result<u64, StoreError> {
    let sql = format!("SELECT count(*) FROM {}", table.name);
    Ok(first(ask, &sql, &[], |line| line.number(0))?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, both};
    use super::super::tests::{fill, go_on};
    use super::super::{Reader, SessionFilter, Store};
    use super::*;

    fn moved(from: &Rig, to: &Rig) -> Result<Verified, StoreError> {
        copy(&from.place, &to.place, |_, _, _| {})
    }

    #[test]
    fn a_store_moves_whole_and_goes_on_there() {
        for (from, to) in both().iter().zip(both().iter().rev()) {
            fill(from);
            let before = from.verify();
            assert_eq!(moved(from, to).unwrap(), before);
            assert_eq!((from.verify(), to.verify()), (before.clone(), before.clone()));
            let listed = |rig: &Rig| rig.reader().sessions(&SessionFilter::default()).unwrap();
            assert_eq!(listed(from), listed(to));
            let text = SessionFilter { sha256: Some("ab".repeat(32)), ..SessionFilter::default() };
            assert_eq!(to.reader().sessions(&text).unwrap().len(), 3, "the terms came too");
            go_on(to);
            assert_eq!((to.verify().broken, to.verify().head.seq), (None, before.head.seq + 1));
            let refused = moved(from, to);
            assert!(matches!(refused, Err(StoreError::NotMoved(_))), "{refused:?}");
        }
    }

    #[test]
    fn an_interrupted_move_goes_on_and_its_target_is_no_store_until_it_is_done() {
        for (from, to) in both().iter().zip(both().iter().rev()) {
            fill(from);
            let before = from.verify();
            let old = from.place.reader().unwrap();
            let mut new = to.place.receiver(&from.place.shown()).unwrap();
            let sql = "SELECT hash FROM records WHERE seq = 7";
            let hash = first(&*old, sql, &[], |mut line| line.array(0)).unwrap().unwrap();
            let lines = rows(
                &*old,
                "SELECT seq, at, session, kind, hash, body FROM records WHERE seq <= 7 ORDER BY seq",
                &[],
                |line| Ok(line.0),
            );
            let records = Batch { table: &tables::RECORDS, lines: lines.unwrap() };
            new.commit(Head::EMPTY, &[records, head_line(Head { seq: 7, hash })]).unwrap();
            copy_table(&*old, &mut *new, &tables::ALERTS).unwrap();
            drop(new);
            if to.is_server() {
                let half = |result: Result<(), StoreError>| matches!(result, Err(StoreError::HalfMoved(_)));
                assert!(half(Store::open(&to.place).map(drop)));
                assert!(half(to.reader().head().map(drop)));
                let other = Rig::embedded();
                fill(&other);
                assert!(matches!(moved(&other, to), Err(StoreError::NotMoved(_))), "from elsewhere");
            } else {
                assert!(matches!(Reader::open(&to.place), Err(StoreError::Absent(_))));
            }
            assert_eq!(moved(from, to).unwrap(), before);
            assert_eq!(to.verify(), before);
        }
    }

    #[test]
    fn a_broken_chain_is_not_moved() {
        for (from, to) in both().iter().zip(both().iter().rev()) {
            fill(from);
            from.tamper("DELETE FROM records WHERE seq = 3");
            assert!(matches!(moved(from, to), Err(StoreError::NotMoved(_))));
        }
    }
}
