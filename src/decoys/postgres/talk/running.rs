//! The statement that runs in the database, and its rows on their way to the client.

use super::super::backend::Backend;
use super::super::failure::Failure;
use super::super::portal::{MAX_PARKED, Portal, Rest};
use super::super::statement::Statement;
use super::{Ending, SLICE, Talk, Work};
use crate::database::{Item, Request};

impl Talk {
    /// Runs a statement in the database under a portal's name, up to its first rows.
    ///
    /// # Errors
    /// As the server refuses it.
    pub(in crate::decoys::postgres) fn run_in_database(
        &mut self,
        statement: Statement,
        formats: Vec<u16>,
        name: &[u8],
        out: &mut Backend,
    ) -> Result<(), Failure> {
        self.park();
        self.connection.begin(Request::batch(statement.text.as_str()), self.now);
        let mut portal = Portal::new(statement, formats);
        portal.rest = Rest::Running;
        self.running = Some(name.to_vec());
        self.extended.portals.insert(name.to_vec(), portal);
        self.pull(name, out).inspect_err(|_| {
            self.extended.portals.remove(name);
        })
    }

    /// Takes more of the answer that is running.
    pub(in crate::decoys::postgres) fn pull(
        &mut self,
        name: &[u8],
        out: &mut Backend,
    ) -> Result<(), Failure> {
        let Some(portal) = self.extended.portals.get_mut(name) else { return Ok(()) };
        let connection = &mut self.connection;
        let pulled = self.session.heavy(|| connection.pull(SLICE));
        let mut failure = None;
        for item in pulled.items {
            match item {
                Item::Columns(columns) => {
                    portal.describe_as(&columns, |column| connection.place(column));
                }
                Item::Row(row) => portal.rows.push_back(row),
                Item::Done(done) if !done.failed => portal.changed = done.rows.unwrap_or(portal.changed),
                Item::Message(message) if message.is_error() => failure = Some(Failure::of(&message)),
                Item::Message(message) => Failure::of(&message).put(out),
                Item::Seen(seen) => {
                    seen.observations("PostgreSQL").into_iter().for_each(|one| self.session.emit(one));
                }
                Item::Wait(time) => self.pause = Some(time),
                Item::Done(_) | Item::Database { .. } | Item::Language { .. } => {}
                Item::Returned(_) | Item::Output(_) => {}
            }
        }
        if !pulled.more {
            portal.rest = Rest::Ended;
            self.running = None;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Keeps the rest of a running answer aside: the database is wanted for another statement.
    pub(super) fn park(&mut self) {
        let Some(name) = self.running.take() else { return };
        let mut ignored = Backend::default();
        self.running = Some(name.clone());
        while self.running.is_some() {
            let held = self.extended.portals.get(&name).map_or(usize::MAX, |portal| portal.rows.len());
            if held > MAX_PARKED || self.pull(&name, &mut ignored).is_err() {
                break;
            }
        }
        if self.running.take().is_some()
            && let Some(portal) = self.extended.portals.get_mut(&name)
        {
            portal.rest = Rest::Lost;
        }
    }

    /// Sends some rows of a portal.
    pub(super) fn send(
        &mut self,
        name: Vec<u8>,
        limit: Option<u64>,
        ending: Ending,
        out: &mut Backend,
    ) -> u32 {
        let (charset, zones) = (self.charset(), self.zones());
        let mut rows = 0;
        loop {
            let Some(portal) = self.extended.portals.get_mut(&name) else { return rows };
            if ending == Ending::Simple {
                portal.describe_once(charset, out);
            }
            let full = limit.is_some_and(|limit| portal.sent >= limit);
            let left = !portal.rows.is_empty() || portal.rest != Rest::Ended;
            if full && (left || ending == Ending::Fetch) {
                self.end_rows(&name, ending, true, out);
                return rows;
            }
            if let Some(row) = portal.rows.pop_front() {
                out.row(&portal.shown(&row, charset, &zones));
                portal.sent += 1;
                rows += 1;
                continue;
            }
            if portal.rest == Rest::Running && self.running.as_ref() == Some(&name) {
                if rows > 0 {
                    self.push(Work::Rows(name, limit, ending));
                    return rows;
                }
                if let Err(failure) = self.pull(&name, out) {
                    self.fail(failure, 0, out);
                    return rows;
                }
                if self.pause.is_some() {
                    self.push(Work::Rows(name, limit, ending));
                    return rows;
                }
                continue;
            }
            if portal.rest == Rest::Lost {
                self.fail(Failure::memory(), 0, out);
                return rows;
            }
            self.end_rows(&name, ending, false, out);
            return rows;
        }
    }

    pub(super) fn end_rows(&mut self, name: &[u8], ending: Ending, paused: bool, out: &mut Backend) {
        let Some(portal) = self.extended.portals.get(name) else { return };
        match ending {
            Ending::Extended if paused => out.message(b's', &[]),
            Ending::Extended => out.complete(&portal.tag()),
            Ending::Fetch => out.complete(&format!("FETCH {}", portal.sent)),
            Ending::Simple => {
                out.complete(&portal.tag());
                self.extended.portals.remove(name);
            }
        }
    }
}
