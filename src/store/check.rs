//! Reading everything back to see whether it is what was written.

use std::ops::ControlFlow;

use super::changes::{column, rank};
use super::engine::{Ask, Line, rows, stored_head};
use super::merkle::Algorithm;
use super::read::sm3_digests;
use super::verify::{Break, Breakage, Known, Row, Verified, Verifier};
use super::{Head, Reader, StoreError};
use crate::event::SessionId;

impl Reader {
    /// Re-computes the chain, and compares what is derived from it and what is known from elsewhere.
    /// `progress` is told how many records of how many are done.
    ///
    /// # Errors
    /// The engine failed; what is wrong with records is in the result.
    pub fn verify(
        &mut self,
        known: &Known,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Verified, StoreError> {
        let mut found = None;
        // The writer may go on, this sees one moment.
        self.engine.snapshot(&mut |ask| {
            found = Some(verified(ask, known, &mut progress)?);
            Ok(())
        })?;
        found.ok_or_else(|| super::engine::unreadable(0, "the engine gave no moment to look at"))
    }
}

/// What a whole check of one moment finds.
pub(super) fn verified(
    ask: &dyn Ask,
    known: &Known,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, StoreError> {
    let mut verifier = Verifier::new(known);
    let broken = check(ask, &mut verifier, progress)?;
    Ok(verifier.finish(broken))
}

fn check(
    ask: &dyn Ask,
    verifier: &mut Verifier,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Option<Break>, StoreError> {
    let end = stored_head(ask)?;
    let mut broken = follow(ask, verifier, |done| progress(done, end.seq))?;
    if broken.is_none() {
        broken = check_end(verifier.head(), end);
    }
    if broken.is_none() {
        broken = verifier.missing_anchor();
    }
    if broken.is_none() {
        broken = check_second_roots(ask, verifier)?;
    }
    if broken.is_none() {
        broken = check_sessions(ask, verifier)?;
    }
    if broken.is_none() {
        broken = check_alerts(ask, verifier)?;
    }
    Ok(broken)
}

fn follow(
    ask: &dyn Ask,
    verifier: &mut Verifier,
    mut progress: impl FnMut(u64),
) -> Result<Option<Break>, StoreError> {
    let sql = "SELECT seq, at, session, kind, hash, body FROM records ORDER BY seq";
    let mut broken = None;
    ask.each(sql, &[], &mut |line| {
        let seq = line.number(0)?;
        let taken = stored_row(line)
            .map_err(|error| Break { seq, breakage: Breakage::Unreadable { why: error.to_string() } })
            .and_then(|row| verifier.next(row));
        if let Err(found) = taken {
            broken = Some(found);
            return Ok(ControlFlow::Break(()));
        }
        progress(seq);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(broken)
}

fn stored_row(mut line: Line) -> Result<Row, StoreError> {
    let session = match line.is_null(2) {
        true => None,
        false => Some(session_id(&mut line, 2)?),
    };
    Ok(Row {
        seq: line.number(0)?,
        at: line.int(1)?,
        session,
        kind: line.text(3)?,
        hash: line.bytes(4)?,
        body: line.text(5)?,
    })
}

fn session_id(line: &mut Line, column: usize) -> Result<SessionId, StoreError> {
    Ok(SessionId(uuid::Uuid::from_bytes(line.array(column)?)))
}

fn check_end(head: Head, end: Head) -> Option<Break> {
    if head == end {
        return None;
    }
    let breakage = if head.seq < end.seq {
        Breakage::CutOff { expected: end.seq }
    } else {
        Breakage::Index { what: format!("the stored head names record {}", end.seq) }
    };
    Some(Break { seq: head.seq, breakage })
}

fn check_second_roots(ask: &dyn Ask, verifier: &Verifier) -> Result<Option<Break>, StoreError> {
    for (seq, root) in verifier.second_roots() {
        let found = Algorithm::Sm3.root(&sm3_digests(ask, root.from, root.to)?);
        if root.sm3.as_deref() != Some(&hex::encode(found)) {
            let why = "the records that it spans have another SM3 value".into();
            return Ok(Some(Break { seq: *seq, breakage: Breakage::FalseRoot { why } }));
        }
    }
    Ok(None)
}

fn check_sessions(ask: &dyn Ask, verifier: &Verifier) -> Result<Option<Break>, StoreError> {
    let mut listed = 0;
    let mut wrong = None;
    ask.each("SELECT id, events FROM sessions", &[], &mut |mut line| {
        let (id, events) = (session_id(&mut line, 0)?, line.number(1)?);
        let recorded = verifier.events_of(id);
        listed += 1;
        if recorded == events {
            return Ok(ControlFlow::Continue(()));
        }
        wrong = Some(format!("session {id} is listed with {events} events, {recorded} are recorded"));
        Ok(ControlFlow::Break(()))
    })?;
    let recorded = verifier.session_count();
    if wrong.is_none() && listed != recorded {
        wrong = Some(format!("{listed} sessions are listed, {recorded} are recorded"));
    }
    Ok(wrong.and_then(|what| wrong_list(0, what)))
}

fn check_alerts(ask: &dyn Ask, verifier: &Verifier) -> Result<Option<Break>, StoreError> {
    let sql = "SELECT seq, id, revision, severity, at FROM alerts ORDER BY seq";
    let listed = rows(ask, sql, &[], |mut line| {
        Ok((line.number(0)?, line.text(1)?, line.number(2)?, line.int(3)?, line.int(4)?))
    })?;
    let mut recorded = verifier.alerts().iter().map(|(seq, alert)| {
        let revision = u64::from(alert.revision);
        (*seq, column(&alert.id), revision, rank(alert.severity), alert.at.as_microsecond())
    });
    for listed in listed {
        if recorded.next().as_ref() != Some(&listed) {
            return Ok(wrong_list(listed.0, "the list of alerts names another alert here".into()));
        }
    }
    Ok(recorded.next().and_then(|missing| wrong_list(missing.0, "the list of alerts lacks this one".into())))
}

fn wrong_list(seq: u64, what: String) -> Option<Break> {
    Some(Break { seq, breakage: Breakage::Index { what } })
}
