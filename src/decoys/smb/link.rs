//! One connection as SMB2 has it: what was negotiated, who is in, what is open; messages in chains.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::credits::Window;
use super::crypto::{Cipher, open, preauth, seal, session_of};
use super::dialect::Dialect;
use super::frame;
use super::logon::Logon;
use super::open::Opens;
use super::packet::{Command, HEADER, Header, Message, SEALED, chain, flags};
use super::reply::{ERROR, Reply, join};
use super::server::Server;
use super::status::Status;
use crate::session::{Outbox, Session};

/// Most sessions of one connection: clients need one for each of their users.
pub(super) const MAX_LOGONS: usize = 32;
/// Answers from this size on that the world can make again are kept by their name in the transcript.
const BULK: usize = 16 << 10;

/// The connection ends, by a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End;

/// What a request comes to.
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// All went well.
    pub(super) fn good(body: Vec<u8>) -> Self {
        Answer { status: Status::SUCCESS, body }
    }
}

/// What a handler gives.
pub(super) type Answered = Result<Answer, Status>;

/// One request.
pub(super) struct Request<'a> {
    pub(super) header: Header,
    pub(super) message: Message<'a>,
    /// Whether it came encrypted.
    pub(super) sealed: bool,
    /// Whether it was signed, rightly.
    pub(super) signed: bool,
}

/// What was negotiated.
#[derive(Debug, Clone)]
pub(super) struct Agreed {
    pub(super) dialect: Dialect,
    pub(super) cipher: Option<Cipher>,
    /// What the client sent, for VALIDATE_NEGOTIATE_INFO: capabilities, GUID, security mode, dialects.
    pub(super) client: super::negotiate::Client,
}

/// One connection.
pub(super) struct Link {
    pub(super) server: Arc<Server>,
    pub(super) session: Session,
    pub(super) agreed: Option<Agreed>,
    /// PreauthIntegrityHashValue of the connection.
    pub(super) hash: [u8; 64],
    pub(super) logons: BTreeMap<u64, Logon>,
    pub(super) opens: Opens,
    pub(super) now: Timestamp,
    /// Frames that answer earlier requests.
    pub(super) late: Vec<Late>,
    next_async: u64,
    window: Window,
    /// How many messages were encrypted: nonces.
    sealed: u64,
    /// Whether the client has encrypted: the transcript is then ours to write.
    seals: bool,
    /// What the answer's bytes are, where the world can make them again.
    pub(super) reference: Option<String>,
    pub(super) told: super::telling::Told,
}

/// An answer that comes after the first one that said so.
pub(super) struct Late {
    pub(super) header: Header,
    pub(super) answer: Answer,
}

/// What one message of a chain leaves to the next.
#[derive(Default)]
struct Before {
    session: u64,
    tree: u32,
    file: Option<u64>,
    failed: Option<Status>,
}

impl Link {
    pub(super) fn new(server: Arc<Server>, session: Session) -> Self {
        Link {
            opens: Opens::default(),
            now: session.now(),
            server,
            session,
            agreed: None,
            hash: [0; 64],
            logons: BTreeMap::new(),
            late: Vec::new(),
            next_async: 1,
            window: Window { low: 0, high: 1, used: BTreeSet::new() },
            sealed: 0,
            seals: false,
            reference: None,
            told: super::telling::Told::default(),
        }
    }

    pub(super) fn is_in(&self) -> bool {
        self.logons.values().any(Logon::is_in)
    }

    pub(super) fn has_open(&self) -> bool {
        !self.opens.is_empty()
    }

    /// Whether anything was negotiated.
    pub(super) fn has_begun(&self) -> bool {
        self.agreed.is_some()
    }

    /// Everything is over: what was written is kept.
    pub(super) fn end(&mut self, now: Timestamp) {
        self.now = now;
        self.close_all(|_| true);
        self.logons.clear();
    }

    /// The answer to a negotiation in SMB1 that offers SMB2. `false` where that is not to be had.
    pub(super) fn negotiate_from_old(
        &mut self,
        now: Timestamp,
        wanted: super::negotiate::Wanted,
        out: &mut Outbox,
    ) -> bool {
        self.now = now;
        let Some(body) = self.answer_old(wanted) else { return false };
        let header = Header { credits: 1, flags: flags::ANSWER, ..Header::default() };
        let answer = [&header.write()[..], &body].concat();
        self.window = Window { low: 1, high: 2, used: BTreeSet::new() };
        self.send(&answer, None, out);
        true
    }

    /// One message, or a chain of them, as it came.
    pub(super) fn take(&mut self, now: Timestamp, bytes: &[u8], out: &mut Outbox) -> Result<(), End> {
        self.now = now;
        self.reference = None;
        let (plain, sealed) = if bytes.starts_with(&SEALED) {
            let (plain, session) = self.unsealed(bytes).ok_or(End)?;
            (plain, Some(session))
        } else {
            (bytes.to_vec(), None)
        };
        if sealed.is_some() && !self.seals {
            self.seals = true;
            out.sealed_input = true;
        } else if self.seals {
            self.session.transcript(false, &[&frame::header(plain.len())[..], &plain].concat());
        }
        let Some(messages) = chain(&plain) else {
            self.session.malformed("SMB2 header", &plain);
            return Err(End);
        };
        let mut answers = Vec::new();
        let mut before = Before::default();
        let mut late = Vec::new();
        for (header, message) in messages {
            if let Some(answer) = self.one(header, message, sealed, &mut before)? {
                answers.push(answer);
            }
            late.append(&mut self.late);
        }
        let joined = join(answers);
        if !joined.is_empty() {
            self.send(&joined, sealed, out);
        }
        for late in late {
            let session = late.header.session;
            let signed = late.header.has(flags::SIGNED);
            let message = self.finish(late.header, late.answer, signed && sealed.is_none());
            self.send(&join(vec![message]), sealed.filter(|id| *id == session), out);
        }
        for id in std::mem::take(&mut self.told.left) {
            self.logons.remove(&id);
        }
        Ok(())
    }

    fn unsealed(&mut self, bytes: &[u8]) -> Option<(Vec<u8>, u64)> {
        let session = session_of(bytes);
        let cipher = self.agreed.as_ref().and_then(|agreed| agreed.cipher);
        let keys = session.and_then(|id| self.logons.get(&id)).and_then(Logon::keys);
        let plain = cipher.zip(keys).and_then(|(cipher, keys)| open(cipher, &keys.client, bytes));
        if plain.is_none() {
            self.session.malformed("encrypted SMB2 message", bytes);
        }
        plain.zip(session)
    }

    /// One message of a chain.
    fn one(
        &mut self,
        mut header: Header,
        bytes: &[u8],
        sealed: Option<u64>,
        before: &mut Before,
    ) -> Result<Option<Reply>, End> {
        let Some(command) = Command::of(header.command) else {
            self.session.malformed("SMB2 command", bytes);
            self.pass(&header)?;
            return Ok(Some(self.finish(
                header,
                Answer { status: Status::INVALID_PARAMETER, body: Vec::new() },
                false,
            )));
        };
        if command == Command::Cancel {
            self.cancel(&header);
            return Ok(None);
        }
        self.pass(&header)?;
        let related = header.has(flags::RELATED);
        if related {
            header.session = before.session;
            header.tree = before.tree;
        } else {
            *before = Before { session: header.session, tree: header.tree, ..Before::default() };
        }
        let request = Request {
            signed: self.is_signed(&header, bytes, sealed)?,
            header,
            message: Message(bytes),
            sealed: sealed.is_some_and(|id| id == header.session),
        };
        let answer = match before.failed.filter(|_| related) {
            Some(failed) => Err(failed),
            None => self.answer(command, &request, before.file.filter(|_| related))?,
        };
        let answer = answer.unwrap_or_else(|status| Answer { status, body: Vec::new() });
        if command == Command::Create {
            before.file = self.opens.newest().filter(|_| answer.status == Status::SUCCESS);
            before.failed = (answer.status.0 >> 30 == 3).then_some(answer.status);
        }
        // What a session's or a tree's beginning gave goes into the answer's header.
        if command == Command::SessionSetup {
            header.session = self.told.session;
            before.session = header.session;
        }
        if command == Command::TreeConnect {
            header.tree = self.told.tree;
            before.tree = header.tree;
        }
        if answer.status == Status::PENDING {
            header.flags |= flags::ASYNC;
            header.later = self.next_async - 1;
        }
        let signs = request.signed || self.must_sign(command, &header, answer.status);
        if command == Command::Negotiate && answer.status == Status::SUCCESS {
            self.hash = preauth(&self.hash, bytes);
        }
        let reply = self.finish(header, answer, signs && !request.sealed);
        if command == Command::Negotiate && self.agreed.is_some() {
            let message = reply.message();
            self.hash = preauth(&self.hash, &message);
        }
        if command == Command::SessionSetup {
            self.hash_setup(header.session, bytes, &reply);
        }
        Ok(Some(reply))
    }

    /// Checks and uses a message's number; Windows ends connections that use one they were not given.
    fn pass(&mut self, header: &Header) -> Result<(), End> {
        let charge = u64::from(header.charge.max(1));
        if self.window.take(header.message, charge) {
            return Ok(());
        }
        self.session.malformed("SMB2 message id", &header.write());
        Err(End)
    }

    /// Whether a message is signed; one that is signed wrongly ends here.
    fn is_signed(&self, header: &Header, bytes: &[u8], sealed: Option<u64>) -> Result<bool, End> {
        if sealed.is_some() || !header.has(flags::SIGNED) {
            return Ok(false);
        }
        match self.logons.get(&header.session).and_then(Logon::keys) {
            // The signature covers the message as it stands in the chain.
            Some(keys) if keys.verify(bytes) => Ok(true),
            Some(_) => {
                self.session.malformed("SMB2 signature", bytes);
                Ok(false)
            }
            None => Ok(false),
        }
    }

    fn must_sign(&self, command: Command, header: &Header, status: Status) -> bool {
        let Some(logon) = self.logons.get(&header.session) else { return false };
        let three = self.agreed.as_ref().is_some_and(|agreed| agreed.dialect.is_three());
        let begins = command == Command::SessionSetup && status == Status::SUCCESS;
        logon.keys().is_some() && (logon.must_sign() || (begins && three))
    }

    /// Asks the handler of a command; an error ends the connection.
    fn answer(
        &mut self,
        command: Command,
        request: &Request<'_>,
        file: Option<u64>,
    ) -> Result<Answered, End> {
        if request.message.u16(HEADER) != Some(command.structure()) {
            self.session.malformed("SMB2 structure size", request.message.0);
            return Ok(Err(Status::INVALID_PARAMETER));
        }
        if command == Command::Negotiate {
            return self.negotiate(request);
        }
        if self.agreed.is_none() {
            self.session.malformed("SMB2 before its negotiation", request.message.0);
            return Err(End);
        }
        if command == Command::SessionSetup {
            return Ok(self.setup(request));
        }
        if command == Command::Echo {
            return Ok(Ok(Answer::good(vec![4, 0, 0, 0])));
        }
        let session = request.header.session;
        let Some(logon) = self.logons.get(&session).filter(|logon| logon.is_in()) else {
            return Ok(Err(Status::USER_SESSION_DELETED));
        };
        let wrong =
            request.header.has(flags::SIGNED) && !request.signed && !request.sealed && logon.keys().is_some();
        if wrong || (logon.must_sign() && !request.signed && !request.sealed) {
            return Ok(Err(Status::ACCESS_DENIED));
        }
        Ok(self.inside(command, request, file))
    }

    /// Commands of somebody who is in.
    fn inside(&mut self, command: Command, request: &Request<'_>, file: Option<u64>) -> Answered {
        match command {
            Command::Logoff => self.logoff(request),
            Command::TreeConnect => self.tree_connect(request),
            Command::TreeDisconnect => self.tree_disconnect(request),
            Command::Create
            | Command::Close
            | Command::Flush
            | Command::Read
            | Command::Write
            | Command::Lock
            | Command::Ioctl
            | Command::QueryDirectory
            | Command::ChangeNotify
            | Command::QueryInfo
            | Command::SetInfo
            | Command::OplockBreak => self.in_tree(command, request, file),
            Command::Negotiate | Command::SessionSetup | Command::Cancel | Command::Echo => {
                Err(Status::INVALID_PARAMETER)
            }
        }
    }

    /// Commands of a tree.
    fn in_tree(&mut self, command: Command, request: &Request<'_>, file: Option<u64>) -> Answered {
        let tree = self.tree(request)?;
        if tree.encrypted && !request.sealed {
            return Err(Status::ACCESS_DENIED);
        }
        match command {
            Command::Create => self.create(request, &tree),
            Command::Close => self.close(request, file),
            Command::Flush => self.flush(request, file),
            Command::Read => self.read(request, file),
            Command::Write => self.write(request, file),
            Command::Lock => self.lock(request, file),
            Command::Ioctl => self.ioctl(request, &tree, file),
            Command::QueryDirectory => self.query_directory(request, file),
            Command::ChangeNotify => self.change_notify(request, file),
            Command::QueryInfo => self.query_info(request, &tree, file),
            Command::SetInfo => self.set_info(request, file),
            Command::OplockBreak => Err(Status::INVALID_PARAMETER),
            Command::Negotiate
            | Command::SessionSetup
            | Command::Logoff
            | Command::TreeConnect
            | Command::TreeDisconnect
            | Command::Cancel
            | Command::Echo => Err(Status::INVALID_PARAMETER),
        }
    }

    /// A new AsyncId.
    pub(super) fn postpone(&mut self) -> u64 {
        self.next_async += 1;
        self.next_async - 1
    }

    /// The answer as it goes out.
    fn finish(&mut self, header: Header, answer: Answer, signs: bool) -> Reply {
        let async_end = header.has(flags::ASYNC) && answer.status != Status::PENDING;
        let credits = if async_end { 0 } else { self.window.grant(header.credits) };
        let mut own = header.answer(answer.status);
        own.flags |= header.flags & flags::ASYNC;
        own.later = header.later;
        own.credits = credits;
        let keys = self.logons.get(&header.session).and_then(Logon::keys).cloned();
        let body = if answer.body.is_empty() { ERROR.to_vec() } else { answer.body };
        Reply { header: own, body, keys: keys.filter(|_| signs) }
    }

    /// Sends a message: encrypted for the session whose message it answers.
    fn send(&mut self, message: &[u8], sealed: Option<u64>, out: &mut Outbox) {
        let framed = [&frame::header(message.len())[..], message].concat();
        let cipher = self.agreed.as_ref().and_then(|agreed| agreed.cipher);
        let keys = sealed.and_then(|id| self.logons.get(&id)).and_then(Logon::keys);
        match (cipher, keys, sealed) {
            (Some(cipher), Some(keys), Some(id)) => {
                self.sealed += 1;
                let closed = seal(cipher, &keys.server, id, self.sealed, message);
                self.session.transcript(true, &framed);
                out.send_sealed([&frame::header(closed.len())[..], &closed].concat());
            }
            _ => match self.reference.take().filter(|_| message.len() >= BULK) {
                Some(reference) => out.send_bulk(framed, reference),
                None => out.send(framed),
            },
        }
    }
}
