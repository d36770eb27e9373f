//! After the login: messages in, results out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;

use super::Station;
use super::attached::Attached;
use super::backend::{Backend, Transaction};
use super::charset::Charset;
use super::copy::{CopyIn, CopyOut};
use super::extended::Extended;
use super::failure::Failure;
use super::login::Login;
use super::portal::{MAX_PARKED, Portal, Rest};
use super::statement::Statement;
use super::text;
use super::values::Zones;
use crate::database::{ClientLogin, Connection, Item, Request, Seen, Settings};
use crate::session::Session;

/// Rows that are sent at one go: between two of them the connection can pause and be closed.
pub(super) const SLICE: usize = 500;

/// The longest pause without a look at whether the statement was cancelled.
const LOOK: Duration = Duration::from_millis(200);

/// Settings that the server reports when they change, in its order.
const REPORTED: [&str; 13] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

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

    fn report(&mut self, out: &mut Backend) {
        for name in REPORTED {
            let value = self.connection.with_settings(|settings| settings.raw(name));
            let value = value.map(|(_, value)| value).unwrap_or_default();
            if self.reported.get(name) != Some(&value) {
                out.parameter(name, &value);
                self.reported.insert(name, value);
            }
        }
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

    /// Runs a statement in the database under a portal's name, up to its first rows.
    ///
    /// # Errors
    /// As the server refuses it.
    pub(super) fn run_in_database(
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
    pub(super) fn pull(&mut self, name: &[u8], out: &mut Backend) -> Result<(), Failure> {
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
    fn park(&mut self) {
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
    fn send(&mut self, name: Vec<u8>, limit: Option<u64>, ending: Ending, out: &mut Backend) -> u32 {
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

    fn end_rows(&mut self, name: &[u8], ending: Ending, paused: bool, out: &mut Backend) {
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

impl Drop for Talk {
    /// The client is gone: what went out of a statement is told.
    fn drop(&mut self) {
        let left = self.connection.cancel();
        self.tell(left);
    }
}

/// Settings that the connection begins with; what is wrong with those that the client asks for.
fn first_settings(settings: &mut Settings, login: &Login, administrator: bool) -> Option<Failure> {
    settings.begin_with("client_encoding", "UTF8");
    settings.begin_with("is_superuser", if administrator { "on" } else { "off" });
    settings.begin_with("session_authorization", login.user.as_str());
    for (name, value) in &login.settings {
        match settings.check(name, value, administrator) {
            Ok(value) => settings.begin_with(name, value),
            Err(refusal) => {
                let place = ("guc.c", 5766, "find_option");
                let failure = Failure::fatal(refusal.code, refusal.message, place);
                return Some(failure.with_detail(refusal.detail).with_hint(refusal.hint));
            }
        }
    }
    None
}
