//! Somebody who is in: requests, their answers, attention.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::answer::{Answer, number as handle_parameter};
use super::behaviour::number;
use super::database;
use super::engine::{Ask, Engine};
use super::login::{Admitted, error};
use super::packet::{Framer, Message, kind};
use super::procedures::{Kept, MAX_CURSOR_ROWS, Plan};
use super::requests::{self, BadCall, Call, Transaction};
use super::server::Server;
use super::tokens::{DoneKind, Environment, done};
use super::version::Version;
use crate::database::{Column, Item, Language, Seen, Value};
use crate::session::{Next, Session};

/// Rows that are asked for at a time: some packets full.
const ROWS: usize = 256;

/// What a face names in weaknesses.
const FACE: &str = "SQL Server";

/// Why a login that was right gets no further.
pub(super) struct Refusal {
    /// The message's number.
    pub(super) number: u32,
    /// The word in it.
    pub(super) word: String,
}

/// One session of the server.
pub(super) struct Established {
    server: Arc<Server>,
    session: Session,
    language: Language,
    engine: Box<dyn Engine>,
    answer: Answer,
    kept: Kept,
    running: Option<Running>,
    /// The product goes on with what runs at this time.
    until: Option<Timestamp>,
    /// A request that came while another ran.
    waiting: Option<Message>,
    packets: Vec<Bytes>,
}

enum Running {
    Batch,
    /// A call, and those of the same message that follow.
    Call(VecDeque<Call>),
    /// A call whose rows become a cursor's.
    Opening(VecDeque<Call>, Vec<Column>, Vec<Vec<Value>>),
}

impl Established {
    /// Opens the database for a login.
    ///
    /// # Errors
    /// When he may not enter the database that he asked for.
    pub(super) fn open(
        server: &Arc<Server>,
        session: &Session,
        admitted: &Admitted,
        spid: u16,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let engine = database::open(server, session, admitted, spid, now)?;
        Ok(Established::new(server, session, admitted.language, admitted.login.version(), engine))
    }

    /// The same over any engine.
    pub(super) fn new(
        server: &Arc<Server>,
        session: &Session,
        language: Language,
        version: Version,
        engine: Box<dyn Engine>,
    ) -> Self {
        let behaviour = &server.behaviour;
        Established {
            answer: Answer::new(version, behaviour.collation(), behaviour.page(), &server.name),
            server: Arc::clone(server),
            session: session.clone(),
            language,
            engine,
            kept: Kept::default(),
            running: None,
            until: None,
            waiting: None,
            packets: Vec::new(),
        }
    }

    /// The current database.
    pub(super) fn database(&self) -> String {
        self.engine.database()
    }

    /// What is to be done while nothing comes.
    pub(super) fn next(&self) -> Next {
        match (&self.running, self.until) {
            (Some(_), Some(until)) => {
                let left = until.duration_since(self.session.now());
                Next::Read(Some(Duration::try_from(left).unwrap_or(Duration::ZERO)))
            }
            (Some(_), None) => Next::More,
            (None, _) => Next::Read(None),
        }
    }

    /// Whether the product waits for a time to come.
    pub(super) fn is_waiting(&self) -> bool {
        self.running.is_some() && self.until.is_some()
    }

    /// Whether nothing more can be taken.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.is_some()
    }

    /// Takes what is to be sent.
    pub(super) fn packets(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.packets)
    }

    /// A message has come.
    pub(super) fn message(&mut self, now: Timestamp, message: &Message, framer: &mut Framer) -> Next {
        if message.kind == kind::ATTENTION {
            self.attention(framer);
            return Next::Read(None);
        }
        if self.running.is_some() {
            self.waiting = Some(message.clone());
            return self.next();
        }
        self.start(now, message, framer)
    }

    /// The next part of the answer.
    pub(super) fn go_on(&mut self, now: Timestamp, framer: &mut Framer) -> Next {
        if self.running.is_some() {
            let engine = &mut self.engine;
            let pulled = self.session.heavy(|| engine.pull(ROWS));
            self.until = None;
            for item in pulled.items {
                if let Item::Wait(time) = item {
                    self.until = now.checked_add(SignedDuration::try_from(time).unwrap_or_default()).ok();
                }
                self.item(item);
            }
            if !pulled.more {
                self.end_call(now);
            }
            self.flush(framer);
            if self.engine.is_ended() {
                return Next::Close;
            }
        }
        match (&self.running, self.waiting.take()) {
            (Some(_), waiting) => {
                self.waiting = waiting;
                self.next()
            }
            (None, Some(message)) => self.start(now, &message, framer),
            (None, None) => Next::Read(None),
        }
    }

    fn start(&mut self, now: Timestamp, message: &Message, framer: &mut Framer) -> Next {
        if message.ignore {
            return Next::Read(None);
        }
        if message.reset {
            let seen = self.engine.reset();
            self.tell(seen);
            self.kept = Kept::default();
            self.answer.transaction = None;
            if self.version() >= Version::V72 {
                self.answer.tokens.environment(Environment::Reset);
            }
        }
        let begun = match message.kind {
            kind::BATCH => self.batch(now, message),
            kind::RPC => self.calls(now, message),
            kind::TRANSACTION => self.transaction(now, message),
            kind::BULK => {
                self.say(number::NO_BULK_LOAD, &[]);
                Some(())
            }
            _ => None,
        };
        if begun.is_none() {
            self.session.malformed("TDS request", &message.body);
            return Next::Close;
        }
        self.flush(framer);
        if self.running.is_some() { Next::More } else { Next::Read(None) }
    }

    fn batch(&mut self, now: Timestamp, message: &Message) -> Option<()> {
        let text = requests::batch(&message.body, self.version())?;
        self.answer.begin(false, &text);
        if is_bulk(&text) {
            self.say(number::NO_BULK_LOAD, &[]);
            return Some(());
        }
        self.engine.begin(Ask::Batch(text), now);
        self.running = Some(Running::Batch);
        Some(())
    }

    fn calls(&mut self, now: Timestamp, message: &Message) -> Option<()> {
        match requests::calls(&message.body, self.version(), self.server.behaviour.page()) {
            Ok(calls) => {
                self.next_call(now, calls.into());
                Some(())
            }
            Err(BadCall::Type(place, token)) => {
                self.session.malformed("type of an RPC parameter", &message.body);
                self.say(number::UNKNOWN_TYPE, &[&place.to_string(), "", &format!("{token:02X}")]);
                Some(())
            }
            Err(BadCall::Broken) => None,
        }
    }

    /// Runs calls until one has to be waited for.
    fn next_call(&mut self, now: Timestamp, mut calls: VecDeque<Call>) {
        while let Some(call) = calls.pop_front() {
            let ordinals = (0u16..).zip(&call.parameters).filter(|(_, p)| p.output).map(|(at, _)| at);
            let ordinals = ordinals.collect();
            self.answer.begin(true, "");
            self.answer.ordinals = ordinals;
            match self.kept.plan(call, &mut self.answer.outputs) {
                Plan::Run(ask) => {
                    self.engine.begin(ask, now);
                    self.running = Some(Running::Call(calls));
                    return;
                }
                Plan::Open(ask) => {
                    self.engine.begin(ask, now);
                    self.running = Some(Running::Opening(calls, Vec::new(), Vec::new()));
                    return;
                }
                Plan::Fetch(handle, rows) => self.fetched(handle, &rows),
                Plan::Done => {}
                Plan::Error(number, words) => {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    self.notice(number, &words);
                    self.answer.returned = Some(1);
                }
            }
            self.answer.end_call(!calls.is_empty());
        }
    }

    fn fetched(&mut self, handle: i32, rows: &[Vec<Value>]) {
        let Some(cursor) = self.kept.cursor(handle) else { return };
        let columns = cursor.columns.clone();
        self.answer.cursor_columns(&columns);
        for row in rows {
            self.answer.row(row);
        }
        let count = u64::try_from(rows.len()).unwrap_or(0);
        self.answer.end_fetch(count);
    }

    fn item(&mut self, item: Item) {
        if let Some(Running::Opening(_, columns, rows)) = &mut self.running {
            match item {
                Item::Columns(described) => {
                    *columns = described.to_vec();
                    rows.clear();
                    return;
                }
                Item::Row(row) => {
                    if rows.len() < MAX_CURSOR_ROWS {
                        rows.push(row);
                    }
                    return;
                }
                Item::Done(_) => return,
                other => {
                    self.pass_on(other);
                    return;
                }
            }
        }
        self.pass_on(item);
    }

    fn pass_on(&mut self, item: Item) {
        let seen = self.answer.item(item);
        self.tell(seen);
    }

    fn tell(&self, seen: Option<Box<Seen>>) {
        for observation in seen.into_iter().flat_map(|seen| seen.observations(FACE)) {
            self.session.emit(observation);
        }
    }

    /// The engine has said all.
    fn end_call(&mut self, now: Timestamp) {
        match self.running.take() {
            None => {}
            Some(Running::Batch) => self.answer.end_batch(),
            Some(Running::Call(calls)) => {
                self.answer.end_call(!calls.is_empty());
                self.next_call(now, calls);
            }
            Some(Running::Opening(calls, columns, rows)) => {
                self.opened(columns, rows);
                self.answer.end_call(!calls.is_empty());
                self.next_call(now, calls);
            }
        }
    }

    /// Says what was opened: the columns without rows, the handle, how it scrolls, how many rows.
    fn opened(&mut self, columns: Vec<Column>, rows: Vec<Vec<Value>>) {
        const READ_ONLY_STATIC: [i64; 2] = [8, 1];
        if columns.is_empty() {
            return;
        }
        let Some(handle) = self.kept.open(columns, rows) else {
            self.answer.returned = Some(16);
            return;
        };
        let Some(cursor) = self.kept.cursor(handle) else { return };
        let (columns, rows) = (cursor.columns.clone(), cursor.len());
        self.answer.cursor_columns(&columns);
        let [scroll, concurrency] = READ_ONLY_STATIC;
        let rows = i64::try_from(rows).unwrap_or(0);
        let values = [i64::from(handle), scroll, concurrency, rows];
        self.answer.outputs.extend(values.map(|value| handle_parameter("", value)));
    }

    fn transaction(&mut self, now: Timestamp, message: &Message) -> Option<()> {
        let asked = requests::transaction(&message.body, self.version())?;
        let text = match asked {
            Transaction::Begin => "BEGIN TRANSACTION",
            Transaction::Commit(false) => "COMMIT TRANSACTION",
            Transaction::Commit(true) => "COMMIT TRANSACTION BEGIN TRANSACTION",
            Transaction::Rollback(false) => "ROLLBACK TRANSACTION",
            Transaction::Rollback(true) => "ROLLBACK TRANSACTION BEGIN TRANSACTION",
            Transaction::Save => "SAVE TRANSACTION client_savepoint",
            Transaction::Address | Transaction::Other(_) => return None,
        };
        self.answer.begin(false, text);
        self.engine.begin(Ask::Batch(text.to_owned()), now);
        self.running = Some(Running::Batch);
        Some(())
    }

    fn attention(&mut self, framer: &mut Framer) {
        if self.running.take().is_some() {
            let seen = self.engine.cancel();
            self.tell(seen);
        }
        (self.waiting, self.until) = (None, None);
        self.answer.end_attention();
        self.flush(framer);
    }

    /// A message and the end of a request.
    fn say(&mut self, number: u32, words: &[&str]) {
        self.notice(number, words);
        self.answer.tokens.done(DoneKind::Statement, done::ERROR, 0, 0);
    }

    fn notice(&mut self, number: u32, words: &[&str]) {
        self.answer.release();
        self.answer.failed = true;
        error(&mut self.answer.tokens, &self.server, self.language, number, words);
    }

    fn flush(&mut self, framer: &mut Framer) {
        let bytes = self.answer.tokens.take();
        let packets = &mut self.packets;
        framer.push(&bytes, |packet| packets.push(packet));
        if self.running.is_none() {
            framer.end(|packet| packets.push(packet));
        }
    }

    fn version(&self) -> Version {
        self.answer.tokens.version
    }
}

impl Drop for Established {
    /// However the connection ends: what went out of a request that still ran is told.
    fn drop(&mut self) {
        let seen = self.engine.cancel();
        self.tell(seen);
    }
}

/// What `bcp` and its kin send before the data.
fn is_bulk(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let mut is = |wanted: &str| words.next().is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    is("insert") && is("bulk")
}
