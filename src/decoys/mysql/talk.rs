//! After the login: commands in, results out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Station;
use super::failure::Failure;
use super::handshake::{AUTOCOMMIT, Answer, capability};
use super::prepared::Prepared;
use super::resultset::{self, Form, Kind};
use super::rows::{self, Charset};
use super::text as sql;
use crate::database::{ClientLogin, Connection, Done, Item, Pulled, Request, Seen, Verb};
use crate::event::Observation;
use crate::session::Session;

/// Rows that are sent at one go: between two of them the connection can pause and be closed.
const SLICE: usize = 500;

/// Status flag: another result follows.
const MORE_RESULTS: u16 = 8;

/// Status flag: a transaction is open.
const IN_TRANSACTION: u16 = 1;

/// What goes out for a command.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// Payloads in order.
    pub(super) payloads: Vec<Vec<u8>>,
    /// Rows among them.
    pub(super) rows: u32,
}

/// One login's conversation.
pub(super) struct Talk {
    pub(super) station: Station,
    pub(super) session: Session,
    pub(super) connection: Connection,
    pub(super) capabilities: u32,
    pub(super) charset: Charset,
    pub(super) prepared: Prepared,
    pub(super) user: String,
    pub(super) now: Timestamp,
    work: VecDeque<Work>,
    /// The product goes on with what runs at this time.
    until: Option<Timestamp>,
}

/// A piece of work that a command leaves.
enum Work {
    /// A statement to begin; whether its rows go out in binary.
    Statement(String, bool),
    /// A statement under way.
    Running(Running),
}

/// A statement under way.
#[derive(Default)]
struct Running {
    binary: bool,
    /// Types of the result that is going out; `None` between results.
    kinds: Option<Vec<Kind>>,
    /// The database that it changed to.
    database: Option<String>,
    /// Whether its end or its error went out.
    ended: bool,
}

impl Talk {
    /// Opens the database; gives the answer to the login too.
    ///
    /// # Errors
    /// As the server refuses the database.
    pub(super) fn begin(
        station: &Station,
        session: &Session,
        answer: &Answer,
        user: &str,
        thread: u32,
        now: Timestamp,
    ) -> Result<(Self, Vec<u8>), Failure> {
        let database = String::from_utf8_lossy(&answer.database).into_owned();
        let login = ClientLogin {
            name: user.to_owned(),
            database: (!database.is_empty()).then_some(database.clone()),
            host: session.source().to_string(),
            address: Some(session.source()),
            session: thread,
            server: session.host().name.clone(),
            ..ClientLogin::default()
        };
        let (catalog, world, overlay) =
            (Arc::clone(station.catalog()), Arc::clone(session.world()), Arc::clone(session.overlay()));
        let mut connection = Connection::open(catalog, world, overlay, login, now)
            .map_err(|_| Failure::no_database(user, &session.source().to_string(), &database))?;
        let peer = session.clone();
        connection.stop_when(Arc::new(move || peer.is_gone()));
        let talk = Talk {
            station: station.clone(),
            session: session.clone(),
            connection,
            capabilities: answer.capabilities,
            charset: Charset::numbered(answer.charset),
            prepared: Prepared::default(),
            user: user.to_owned(),
            now,
            work: VecDeque::new(),
            until: None,
        };
        let form = talk.form(0);
        let greeting = if database.is_empty() { form.ok(0, 0, "") } else { form.ok_with_database(&database) };
        Ok((talk, greeting))
    }

    /// How results go out; `more` is the flag of another result behind.
    pub(super) fn form(&self, more: u16) -> Form {
        let open = if self.connection.in_transaction() { IN_TRANSACTION } else { 0 };
        Form {
            capabilities: self.capabilities,
            charset: self.charset.number(),
            status: AUTOCOMMIT | open | more,
            warnings: 0,
        }
    }

    /// The account as messages name it.
    pub(super) fn account(&self) -> String {
        format!("'{}'@'{}'", self.user, self.session.source())
    }

    /// Whether work is left before the next command is read.
    pub(super) fn has_work(&self) -> bool {
        !self.work.is_empty()
    }

    /// How long the product still waits before it goes on.
    pub(super) fn left(&self, now: Timestamp) -> Option<Duration> {
        let left = Duration::try_from(self.until?.duration_since(now)).unwrap_or(Duration::ZERO);
        (!left.is_zero()).then_some(left)
    }

    pub(super) fn tell(&self, seen: Option<Box<Seen>>) {
        let all = seen.into_iter().flat_map(|seen| seen.observations("MySQL"));
        all.for_each(|one| self.session.emit(one));
    }

    /// `COM_QUERY`: one statement, or several where the client may send them.
    pub(super) fn query(&mut self, text: &[u8]) -> Reply {
        let text = sql::bared(&self.charset.decode(text));
        let statements = sql::statements(&text);
        let Some(_) = statements.first() else { return self.fail(&Failure::empty_query()) };
        if let Some(second) = statements.get(1)
            && self.capabilities & capability::MULTI_STATEMENTS == 0
        {
            let failure = Failure::syntax(second);
            return self.fail(&failure);
        }
        let works = statements.iter().map(|statement| Work::Statement((*statement).to_owned(), false));
        self.work.extend(works);
        Reply::default()
    }

    /// Runs a statement whose rows go out in binary.
    pub(super) fn execute(&mut self, text: String) -> Reply {
        self.work.push_back(Work::Statement(text, true));
        Reply::default()
    }

    /// An error of a command, which ends it.
    pub(super) fn fail(&mut self, failure: &Failure) -> Reply {
        self.work.clear();
        let text = self.charset.encode(failure.text.as_str());
        Reply { payloads: vec![failure.packet_of(true, &text)], rows: 0 }
    }

    /// Does one piece of the work that is left.
    pub(super) fn work(&mut self) -> Reply {
        self.until = None;
        match self.work.pop_front() {
            None => Reply::default(),
            Some(Work::Running(running)) => self.proceed(running),
            Some(Work::Statement(text, binary)) => {
                if let Some(reply) = self.own(&text) {
                    return reply;
                }
                self.connection.begin(Request::batch(text), self.now);
                self.proceed(Running { binary, ..Running::default() })
            }
        }
    }

    /// What the connection itself answers: its character set, and files of the client, which are
    /// never asked for.
    fn own(&mut self, text: &str) -> Option<Reply> {
        let pieces = sql::pieces(text).filter(|piece| piece.kind != sql::Kind::Blank);
        let words: Vec<String> = pieces.take(6).map(|piece| piece.text.to_ascii_lowercase()).collect();
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        match (word(0), word(1), word(2)) {
            ("set", "names", name) => Some(self.set_charset(name)),
            ("set", "character", "set") => Some(self.set_charset(word(3))),
            ("load", "data", "local") => Some(self.fail(&Failure::no_local_files())),
            ("load", "data", _) => {
                self.session.emit(Observation::ExploitAttempt {
                    weakness: "MySQL: files by LOAD DATA INFILE".to_owned(),
                    payload: text.into(),
                });
                Some(self.fail(&Failure::no_files(&self.user, &self.session.source().to_string())))
            }
            _ => None,
        }
    }

    fn set_charset(&mut self, name: &str) -> Reply {
        let name = name.trim_matches(['\'', '"']);
        match Charset::named(name) {
            Some(charset) => self.charset = charset,
            None if name == "default" => {}
            None => return self.fail(&Failure::unknown_charset(name)),
        }
        self.done()
    }

    fn done(&mut self) -> Reply {
        let more = if self.work.is_empty() { 0 } else { MORE_RESULTS };
        Reply { payloads: vec![self.form(more).ok(0, 0, "")], rows: 0 }
    }

    fn proceed(&mut self, mut running: Running) -> Reply {
        let Pulled { items, more } = {
            let connection = &mut self.connection;
            self.session.heavy(|| connection.pull(SLICE))
        };
        let mut reply = Reply::default();
        for item in items {
            self.item(item, &mut running, &mut reply);
        }
        if more {
            self.work.push_front(Work::Running(running));
        } else if !running.ended {
            self.end(&mut running, None, &mut reply);
        }
        reply
    }

    fn item(&mut self, item: Item, running: &mut Running, reply: &mut Reply) {
        match item {
            Item::Columns(columns) => {
                let database = self.connection.database();
                let columns: Vec<_> = columns.iter().map(|one| rows::column(one, &database)).collect();
                reply.payloads.extend(self.form(0).head(&columns));
                running.kinds = Some(columns.iter().map(|column| column.kind).collect());
                running.ended = false;
            }
            Item::Row(row) => {
                let kinds = running.kinds.as_deref().unwrap_or_default();
                let values: Vec<_> = row
                    .iter()
                    .zip(kinds)
                    .map(|(value, kind)| rows::text(value, *kind, self.charset))
                    .collect();
                let values = values.iter().map(Option::as_deref);
                let payload = if running.binary {
                    resultset::binary_row(kinds, values)
                } else {
                    resultset::text_row(values)
                };
                reply.payloads.push(payload);
                reply.rows += 1;
            }
            Item::Done(done) if !done.failed => self.end(running, Some(&done), reply),
            Item::Message(message) if message.is_error() => {
                let failure = rows::failure(&message, &self.account());
                reply.payloads.extend(self.fail(&failure).payloads);
                (running.ended, running.kinds) = (true, None);
            }
            Item::Database { to, .. } => running.database = Some(to),
            Item::Seen(seen) => self.tell(Some(seen)),
            Item::Wait(time) => {
                self.until =
                    self.session.now().checked_add(SignedDuration::try_from(time).unwrap_or_default()).ok();
            }
            Item::Done(_)
            | Item::Message(_)
            | Item::Language { .. }
            | Item::Returned(_)
            | Item::Output(_) => {}
        }
    }

    /// The end of a statement: behind its rows, or by itself.
    fn end(&mut self, running: &mut Running, done: Option<&Done>, reply: &mut Reply) {
        if std::mem::replace(&mut running.ended, true) {
            return;
        }
        let form = self.form(if self.work.is_empty() { 0 } else { MORE_RESULTS });
        reply.payloads.push(match (running.kinds.take(), running.database.take()) {
            (Some(_), _) => form.end(),
            (None, Some(database)) => form.ok_with_database(&database),
            (None, None) => {
                let affected = done.and_then(|done| done.rows).unwrap_or_default();
                let (text, first) = match done.map(|done| done.verb) {
                    Some(Verb::Update) => {
                        (format!("Rows matched: {affected}  Changed: {affected}  Warnings: 0"), 0)
                    }
                    Some(Verb::Insert) if affected > 1 => {
                        let text = format!("Records: {affected}  Duplicates: 0  Warnings: 0");
                        (text, self.connection.inserted())
                    }
                    Some(Verb::Insert) => (String::new(), self.connection.inserted()),
                    _ => (String::new(), 0),
                };
                form.ok(affected, first, &text)
            }
        });
    }
}

impl Drop for Talk {
    /// However the connection ends: what went out of a statement that still ran is told.
    fn drop(&mut self) {
        let seen = self.connection.cancel();
        self.tell(seen);
    }
}
