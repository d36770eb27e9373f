//! After the login: messages in, results out.

mod running;
mod told;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;

use self::told::first_settings;
use super::Station;
use super::attached::Attached;
use super::backend::{Backend, Transaction};
use super::charset::Charset;
use super::copy::{CopyIn, CopyOut};
use super::extended::Extended;
use super::failure::Failure;
use super::login::Login;
use super::text;
use super::values::Zones;
use crate::database::{ClientLogin, Connection, Item, Request, Seen, Settings};
use crate::session::Session;

/// Rows that are sent at one go: between two of them the connection can pause and be closed.
pub(super) const SLICE: usize = 500;

/// The longest pause without a look at whether the statement was cancelled.
const LOOK: Duration = Duration::from_millis(200);

/// One login's conversation.
pub(super) struct Talk {
    pub(super) session: Session,
    pub(super) connection: Connection,
    pub(super) user: String,
    pub(super) transaction: Transaction,
    /// Whether the open transaction is the one around several statements, which nobody asked for.
    implicit: bool,
    pub(super) extended: Extended,
    pub(super) copy: Option<CopyIn>,
    work: VecDeque<Work>,
    /// The portal that the database works for.
    running: Option<Vec<u8>>,
    /// How long the product takes before what comes next.
    pause: Option<Duration>,
    pub(super) now: Timestamp,
    /// When the statement began.
    begun: Timestamp,
    pub(super) attached: Attached,
    pub(super) savepoints: Vec<(String, usize)>,
    pub(super) listens: Vec<String>,
    /// What the client was told of its settings.
    reported: BTreeMap<&'static str, String>,
}

/// A piece of work that is left.
pub(super) enum Work {
    /// A statement, and how many characters of the query stand before it.
    Statement(String, u32),
    /// Rows of a portal on their way; at most so many.
    Rows(Vec<u8>, Option<u64>, Ending),
    /// Rows of a COPY on their way.
    Copy(Box<CopyOut>),
    /// `pg_sleep`: the time that is left, and what comes then.
    Sleep(Duration, Box<Work>),
    /// An error that is due.
    Fail(Box<Failure>),
    /// An Execute of the extended protocol.
    Execute(Vec<u8>, u32),
    /// The end of a simple query.
    Ready,
}

/// What follows a portal's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The statement's own tag; the portal is done with.
    Simple,
    /// The tag, or PortalSuspended.
    Extended,
    /// `FETCH n`.
    Fetch,
}

/// What a piece of work came to.
#[derive(Debug, Default)]
pub(super) struct Worked {
    /// Rows that went out.
    pub(super) rows: u32,
    /// How long nothing happens.
    pub(super) wait: Duration,
}

impl Talk {
    /// Opens the database and greets.
    ///
    /// # Errors
    /// Where there is no such database, or he may not do what he asks for.
    pub(super) fn begin(
        station: &Station,
        session: &Session,
        login: &Login,
        now: Timestamp,
        out: &mut Backend,
    ) -> Result<Self, Failure> {
        let process = station.next_process(now);
        let asked = |name: &str| {
            let found = login.settings.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let client = ClientLogin {
            name: login.user.clone(),
            database: Some(login.database.clone()),
            language: Some("en".to_owned()),
            host: session.source().to_string(),
            program: asked("application_name"),
            address: Some(session.source()),
            session: process,
            server: session.host().name.clone(),
        };
        let opened = Connection::open(
            station.catalog().clone(),
            session.world().clone(),
            session.overlay().clone(),
            client,
            now,
        );
        let mut connection =
            opened.map_err(|message| Failure { severity: "FATAL", ..Failure::of(&message) })?;
        let administrator = connection.is_administrator();
        if login.replication {
            return Err(Failure::no_walsender());
        }
        let failure = connection.with_settings(|settings| first_settings(settings, login, administrator));
        failure.map_or(Ok(()), Err)?;
        if administrator {
            connection.set_secrets(station.secrets(session));
        }
        let attached = station.attach(process, session.rng("postgres/key").random());
        let mut talk = Talk {
            session: session.clone(),
            connection,
            user: login.user.clone(),
            transaction: Transaction::Idle,
            implicit: false,
            extended: Extended::default(),
            copy: None,
            work: VecDeque::new(),
            running: None,
            pause: None,
            now,
            begun: now,
            attached,
            savepoints: Vec::new(),
            listens: Vec::new(),
            reported: BTreeMap::new(),
        };
        talk.report(out);
        out.key(process, talk.attached.key());
        out.ready(Transaction::Idle);
        Ok(talk)
    }

    /// How the client writes text.
    pub(super) fn charset(&self) -> Charset {
        let name = self.connection.with_settings(|settings| settings.raw("client_encoding"));
        Charset::named(name.as_ref().map_or("UTF8", |(_, value)| value))
    }

    pub(super) fn zones(&self) -> Zones {
        let own = self.session.world().hospital().utc_offset_minutes * 60;
        Zones { own, shown: self.connection.with_settings(|settings| settings.zone()) }
    }

    /// Whether work is left before the next message is read.
    pub(super) fn has_work(&self) -> bool {
        !self.work.is_empty()
    }

    /// How long the client may say nothing; `None` without end.
    pub(super) fn idle_time(&self) -> Option<Duration> {
        let name = match self.transaction {
            Transaction::Idle => "idle_session_timeout",
            Transaction::Open | Transaction::Failed => "idle_in_transaction_session_timeout",
        };
        let millis = self.connection.with_settings(|settings| settings.number(name));
        u64::try_from(millis).ok().filter(|millis| *millis > 0).map(Duration::from_millis)
    }

    /// What ends a session that said nothing for that long.
    pub(super) fn idle_failure(&self) -> Failure {
        match self.transaction {
            Transaction::Idle => Failure::fatal(
                "57P05",
                "terminating connection due to idle-session timeout",
                ("postgres.c", 3345, "ProcessInterrupts"),
            ),
            Transaction::Open | Transaction::Failed => Failure::fatal(
                "25P03",
                "terminating connection due to idle-in-transaction timeout",
                ("postgres.c", 3332, "ProcessInterrupts"),
            ),
        }
    }

    /// Takes a message. Tells whether the product thinks before it answers.
    ///
    /// # Errors
    /// What ends the connection.
    pub(super) fn message(
        &mut self,
        now: Timestamp,
        kind: u8,
        body: &[u8],
        out: &mut Backend,
    ) -> Result<bool, Failure> {
        self.now = now;
        if self.copy.is_some() {
            return Ok(self.copy_message(kind, body, out));
        }
        match kind {
            b'Q' => {
                self.extended.synced();
                self.query(body, out);
                Ok(true)
            }
            // Ignored outside of COPY, as the server does.
            b'd' | b'c' | b'f' => Ok(false),
            b'P' | b'B' | b'D' | b'E' | b'C' | b'H' | b'S' | b'F' => {
                Ok(self.extended_message(kind, body, out))
            }
            _ => {
                self.session.malformed("message of no known type", &[&[kind], body].concat());
                Err(Failure::bad_message(kind))
            }
        }
    }

    fn query(&mut self, body: &[u8], out: &mut Backend) {
        self.begun = self.now;
        self.attached.take();
        let Some(body) = body.strip_suffix(&[0]).filter(|body| !body.contains(&0)) else {
            self.session.malformed("query without its end", body);
            self.fail(Failure::bad_string(), 0, out);
            self.work.push_back(Work::Ready);
            return;
        };
        let sql = self.charset().decode(body);
        let statements = text::statements(&sql);
        if statements.is_empty() {
            out.message(b'I', &[]);
        }
        self.implicit = statements.len() > 1 && self.transaction == Transaction::Idle;
        if self.implicit {
            self.database_transaction("begin");
        }
        for statement in statements {
            let before = sql.get(..statement.start).unwrap_or_default().chars().count();
            let before = u32::try_from(before).unwrap_or_default();
            self.work.push_back(Work::Statement(statement.text.to_owned(), before));
        }
        self.work.push_back(Work::Ready);
    }

    /// Does one piece of the work that is left.
    pub(super) fn work(&mut self, now: Timestamp, out: &mut Backend) -> Worked {
        self.now = now;
        let mut worked = Worked::default();
        let Some(work) = self.work.pop_front() else { return worked };
        if !matches!(work, Work::Ready | Work::Fail(_))
            && let Some(failure) = self.interrupted()
        {
            self.fail(failure, 0, out);
            return worked;
        }
        match work {
            Work::Ready => self.ready(out),
            Work::Fail(failure) => self.fail(*failure, 0, out),
            Work::Statement(text, before) => self.simple(&text, before, out),
            Work::Execute(name, most) => self.execute_now(name, most, out),
            Work::Rows(..) | Work::Copy(_) if self.pause.is_some() => {
                let pause = self.pause.take().unwrap_or_default();
                self.push_asleep(pause, work);
            }
            Work::Rows(name, limit, ending) => worked.rows = self.send(name, limit, ending, out),
            Work::Copy(copy) => worked.rows = self.copy_rows(copy, out),
            Work::Sleep(left, then) => {
                worked.wait = left.min(LOOK);
                match left.checked_sub(worked.wait).filter(|left| !left.is_zero()) {
                    Some(left) => self.work.push_front(Work::Sleep(left, then)),
                    None => self.work.push_front(*then),
                }
            }
        }
        worked
    }

    /// Whether the statement was cancelled or ran out of time.
    fn interrupted(&mut self) -> Option<Failure> {
        if self.attached.take() {
            return Some(Failure::cancelled("user request"));
        }
        let limit = self.connection.with_settings(|settings| settings.number("statement_timeout"));
        let ran = self.now.as_millisecond() - self.begun.as_millisecond();
        (limit > 0 && ran > limit).then(|| Failure::cancelled("statement timeout"))
    }

    /// Puts work in front of what is left.
    pub(super) fn push(&mut self, work: Work) {
        self.work.push_front(work);
    }

    /// The same, after the sleep that a statement asks for.
    pub(super) fn push_asleep(&mut self, sleep: Duration, work: Work) {
        let limit = self.connection.with_settings(|settings| settings.number("statement_timeout"));
        let limit = u64::try_from(limit).ok().filter(|limit| *limit > 0).map(Duration::from_millis);
        let work = match limit.filter(|limit| *limit < sleep) {
            Some(limit) => {
                let late = Work::Fail(Box::new(Failure::cancelled("statement timeout")));
                Work::Sleep(limit, Box::new(late))
            }
            None => Work::Sleep(sleep, Box::new(work)),
        };
        self.push(work);
    }

    /// A statement under way again: its time begins anew.
    pub(super) fn restart_clock(&mut self) {
        self.begun = self.now;
    }

    /// The end of a query, or a Sync: what nobody opened a transaction for is kept.
    pub(super) fn ready(&mut self, out: &mut Backend) {
        if std::mem::take(&mut self.implicit) && self.transaction == Transaction::Idle {
            self.database_transaction("commit");
        }
        self.report(out);
        out.ready(self.transaction);
    }

    /// A statement of the extended protocol that changes something: all up to Sync are one.
    pub(super) fn begin_implicit(&mut self) {
        if self.transaction == Transaction::Idle && !self.implicit {
            self.implicit = true;
            self.database_transaction("begin");
        }
    }

    /// Whether a transaction is open in which cursors may stand.
    pub(super) fn in_block(&self) -> bool {
        self.transaction != Transaction::Idle || self.implicit
    }

    /// A transaction that somebody asked for takes over what went before.
    pub(super) fn begin_explicit(&mut self) {
        if !std::mem::take(&mut self.implicit) {
            self.database_transaction("begin");
        }
        self.connection.with_settings(Settings::begin);
        self.transaction = Transaction::Open;
    }

    /// Ends the open transaction.
    pub(super) fn end_transaction(&mut self, keep: bool) {
        self.implicit = false;
        self.database_transaction(if keep { "commit" } else { "rollback" });
        self.connection.with_settings(|settings| settings.end(keep));
        self.transaction = Transaction::Idle;
        self.savepoints.clear();
        self.extended.portals.clear();
        self.running = None;
    }

    fn database_transaction(&mut self, what: &str) {
        self.park();
        self.connection.begin(Request::batch(what), self.now);
        let connection = &mut self.connection;
        let pulled = self.session.heavy(|| connection.pull(1));
        for item in pulled.items {
            if let Item::Seen(seen) = item {
                self.tell(Some(seen));
            }
        }
    }

    /// Tells of what a statement did.
    pub(super) fn tell(&self, seen: Option<Box<Seen>>) {
        let all = seen.into_iter().flat_map(|seen| seen.observations("PostgreSQL"));
        all.for_each(|one| self.session.emit(one));
    }

    /// Tells the client of an error and drops what was to follow it.
    pub(super) fn fail(&mut self, failure: Failure, before: u32, out: &mut Backend) {
        let left = self.connection.cancel();
        self.tell(left);
        (self.running, self.pause) = (None, None);
        let position = if failure.position > 0 { failure.position + before } else { 0 };
        let charset = self.charset();
        let shown =
            |text: String| String::from_utf8(charset.encode(text.clone().into_bytes())).unwrap_or(text);
        let failure = Failure { position, message: shown(failure.message), ..failure };
        failure.put(out);
        self.copy = None;
        let simple = self.work.iter().any(|work| matches!(work, Work::Ready));
        self.work.retain(|work| matches!(work, Work::Ready));
        if !simple {
            self.extended.skip();
        }
        if std::mem::take(&mut self.implicit) {
            self.database_transaction("rollback");
        }
        if self.transaction == Transaction::Open {
            self.transaction = Transaction::Failed;
        }
        self.extended.portals.remove(b"".as_slice());
    }
}

impl Drop for Talk {
    /// The client is gone: what went out of a statement is told.
    fn drop(&mut self) {
        let left = self.connection.cancel();
        self.tell(left);
    }
}
