//! Reading everything back to see whether it is what was written.

use rusqlite::{Connection, Row as SqlRow};
use uuid::Uuid;

use super::read::sm3_digests;
use super::{Reader, rank, session_id, stored_head, unsigned};
use crate::event::SessionId;
use crate::store::merkle::Algorithm;
use crate::store::verify::{Break, Breakage, Known, Row, Verified, Verifier};
use crate::store::{Head, StoreError};

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
        // One transaction: the writer may go on, this sees one moment.
        let transaction = self.connection.transaction()?;
        let end = stored_head(&transaction)?;
        let mut verifier = Verifier::new(known);
        let mut broken = follow(&transaction, &mut verifier, |done| progress(done, end.seq))?;
        if broken.is_none() {
            broken = check_end(verifier.head(), end);
        }
        if broken.is_none() {
            broken = verifier.missing_anchor();
        }
        if broken.is_none() {
            broken = check_second_roots(&transaction, &verifier)?;
        }
        if broken.is_none() {
            broken = check_sessions(&transaction, &verifier)?;
        }
        if broken.is_none() {
            broken = check_alerts(&transaction, &verifier)?;
        }
        Ok(verifier.finish(broken))
    }
}

fn follow(
    connection: &Connection,
    verifier: &mut Verifier,
    mut progress: impl FnMut(u64),
) -> Result<Option<Break>, StoreError> {
    let mut statement =
        connection.prepare("SELECT seq, at, session, kind, hash, body FROM records ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq = unsigned(row.get(0)?);
        let taken = stored_row(row)
            .map_err(|error| Break { seq, breakage: Breakage::Unreadable { why: error.to_string() } })
            .and_then(|row| verifier.next(row));
        if let Err(broken) = taken {
            return Ok(Some(broken));
        }
        progress(seq);
    }
    Ok(None)
}

fn stored_row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        seq: unsigned(row.get(0)?),
        at: row.get(1)?,
        session: session_id(row.get(2)?),
        kind: row.get(3)?,
        hash: row.get(4)?,
        body: row.get(5)?,
    })
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

fn check_second_roots(connection: &Connection, verifier: &Verifier) -> Result<Option<Break>, StoreError> {
    for (seq, root) in verifier.second_roots() {
        let found = Algorithm::Sm3.root(&sm3_digests(connection, root.from, root.to)?);
        if root.sm3.as_deref() != Some(&hex::encode(found)) {
            let why = "the records that it spans have another SM3 value".into();
            return Ok(Some(Break { seq: *seq, breakage: Breakage::FalseRoot { why } }));
        }
    }
    Ok(None)
}

fn check_sessions(connection: &Connection, verifier: &Verifier) -> Result<Option<Break>, StoreError> {
    let mut statement = connection.prepare("SELECT id, events FROM sessions")?;
    let mut rows = statement.query([])?;
    let mut listed = 0;
    while let Some(row) = rows.next()? {
        let id = SessionId(Uuid::from_bytes(row.get(0)?));
        let events = unsigned(row.get(1)?);
        let recorded = verifier.events_of(id);
        listed += 1;
        if recorded != events {
            return Ok(wrong_list(
                0,
                format!("session {id} is listed with {events} events, {recorded} are recorded"),
            ));
        }
    }
    let recorded = verifier.session_count();
    let differs = listed != recorded;
    Ok(differs
        .then(|| wrong_list(0, format!("{listed} sessions are listed, {recorded} are recorded")))
        .flatten())
}

fn check_alerts(connection: &Connection, verifier: &Verifier) -> Result<Option<Break>, StoreError> {
    let mut statement =
        connection.prepare("SELECT seq, id, revision, severity, at FROM alerts ORDER BY seq")?;
    let listed = statement.query_map([], |row| {
        Ok((unsigned(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    })?;
    let mut recorded = verifier.alerts().iter().map(|(seq, alert)| {
        (*seq, alert.id.clone(), alert.revision, rank(alert.severity), alert.at.as_microsecond())
    });
    for listed in listed {
        let listed: (u64, String, u32, i64, i64) = listed?;
        if recorded.next().as_ref() != Some(&listed) {
            return Ok(wrong_list(listed.0, "the list of alerts names another alert here".into()));
        }
    }
    Ok(recorded.next().and_then(|missing| wrong_list(missing.0, "the list of alerts lacks this one".into())))
}

fn wrong_list(seq: u64, what: String) -> Option<Break> {
    Some(Break { seq, breakage: Breakage::Index { what } })
}
