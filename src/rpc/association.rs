//! One association: binds, calls in fragments, answers in fragments (C706 12, MS-RPCE 3.3.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Answer, Call, Fault};
use super::handles::Handles;
use super::interface::{Interface, Place};
use super::logon::{Logon, Outcome};
use super::ndr::Reader;
use super::pdu::{
    self, Auth, Bind, Context, HEADER, Header, MAX_FRAGMENT, Request, Sealed, Verdict, flag, kind,
};
use super::setting::{Rights, Setting};
use crate::event::detail::Rpc;
use crate::event::{Detail, Observation, Tainted};
use crate::session::Session;

/// Largest fragment of a host over named pipes and over TCP.
const PIPE_FRAGMENT: u16 = 4280;
const TCP_FRAGMENT: u16 = 5840;
/// Smallest fragment that every party takes, C706 12.6.3.1.
const LEAST_FRAGMENT: u16 = 1432;
/// Fixed part of a response.
const RESPONSE: usize = 24;
/// Largest stub that is put together: service binaries go as files, not as calls.
const MAX_STUB: usize = 1 << 20;
/// Most contexts of one association.
const MAX_CONTEXTS: usize = 128;
/// Features of a host: security contexts at once, connections kept when a call is orphaned.
const FEATURES: u16 = 3;

/// Why a bind is refused, C706 12.6.3.1 and MS-RPCE 2.2.2.5.
mod refusal {
    pub(super) const PROTOCOL_VERSION: u16 = 4;
    pub(super) const AUTHENTICATION: u16 = 8;
}

/// A call that comes in fragments.
struct Partial {
    call: u32,
    context: u16,
    opnum: u16,
    big: bool,
    stub: Vec<u8>,
}

/// One association.
pub(super) struct Association {
    setting: Arc<Setting>,
    place: Place,
    /// Interfaces that are answered here.
    interfaces: Vec<Interface>,
    /// What a bind is told as its secondary address.
    address: String,
    contexts: BTreeMap<u16, Interface>,
    handles: Handles,
    logon: Logon,
    input: Vec<u8>,
    partial: Option<Partial>,
    /// Largest fragment of ours that the client takes, once bound.
    largest: Option<u16>,
    over: bool,
}

impl Association {
    pub(super) fn new(
        setting: Arc<Setting>,
        place: Place,
        interfaces: Vec<Interface>,
        address: String,
    ) -> Self {
        Association {
            setting,
            place,
            interfaces,
            address,
            contexts: BTreeMap::new(),
            handles: Handles::default(),
            logon: Logon::default(),
            input: Vec::new(),
            partial: None,
            largest: None,
            over: false,
        }
    }

    /// Whether the host has closed it.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Takes bytes, gives the fragments that answer them.
    pub(super) fn receive(&mut self, session: &Session, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut answers = Vec::new();
        self.input.extend_from_slice(bytes);
        while !self.over
            && let Some(fragment) = self.next(session)
        {
            answers.extend(self.fragment(session, &fragment));
        }
        if self.over {
            self.input.clear();
        }
        answers
    }

    /// The next whole fragment.
    fn next(&mut self, session: &Session) -> Option<Vec<u8>> {
        let header = Header::parse(&self.input)?;
        if header.version.0 != 5 {
            // Whatever it is, Windows takes it for a bind in another version.
            session.malformed("version of an RPC fragment", &self.input);
            return Some(std::mem::take(&mut self.input));
        }
        if !(HEADER..=MAX_FRAGMENT).contains(&header.length) {
            session.malformed("length of an RPC fragment", &self.input);
            self.over = true;
            return None;
        }
        let length = header.length;
        (self.input.len() >= length).then(|| self.input.drain(..length).collect())
    }

    fn fragment(&mut self, session: &Session, fragment: &[u8]) -> Vec<Vec<u8>> {
        let Some(header) = Header::parse(fragment) else { return Vec::new() };
        if header.version.0 != 5 {
            self.over = true;
            return vec![nak(header.call, refusal::PROTOCOL_VERSION)];
        }
        let mut fragment = fragment.to_vec();
        if !self.opens(&header, &mut fragment) {
            session.malformed("signature of an RPC fragment", &fragment);
            self.over = true;
            return vec![fault(header.call, 0, Fault::AccessDenied)];
        }
        let Some((body, auth)) = pdu::split(&header, &fragment) else {
            return self.broken(session, "security trailer of an RPC fragment", &fragment);
        };
        let is_bound = self.largest.is_some();
        match header.kind {
            kind::BIND if is_bound => self.out_of_order(&header),
            kind::ALTER_CONTEXT | kind::AUTH3 if !is_bound => self.out_of_order(&header),
            kind::BIND | kind::ALTER_CONTEXT => match Bind::parse(body, header.big) {
                Ok(bind) => vec![self.bind(session, &header, &bind, auth.as_ref())],
                Err(_) => self.broken(session, "body of an RPC bind", &fragment),
            },
            kind::REQUEST => match Request::parse(&header, body) {
                Ok(request) => self.request(session, &header, &request),
                Err(_) => self.broken(session, "body of an RPC request", &fragment),
            },
            kind::AUTH3 => {
                if let Some(auth) = auth {
                    self.logon.take(session, Arc::make_mut(&mut self.setting), &auth);
                }
                Vec::new()
            }
            kind::CO_CANCEL => Vec::new(),
            kind::ORPHANED => {
                self.partial = None;
                Vec::new()
            }
            _ => self.broken(session, "type of an RPC fragment", &fragment),
        }
    }

    /// Opens a call that is protected; `false` where it is not as it was sent.
    fn opens(&mut self, header: &Header, fragment: &mut [u8]) -> bool {
        if header.kind != kind::REQUEST || header.auth_length == 0 {
            return true;
        }
        let at = header.length.saturating_sub(header.auth_length);
        let token = fragment.get(at..).unwrap_or_default().to_vec();
        let object = if header.flags & flag::OBJECT == 0 { 0 } else { 16 };
        self.logon.open(fragment, &token, 8 + object)
    }

    fn out_of_order(&mut self, header: &Header) -> Vec<Vec<u8>> {
        self.over = true;
        vec![fault(header.call, 0, Fault::Protocol)]
    }

    fn broken(&mut self, session: &Session, rule: &str, fragment: &[u8]) -> Vec<Vec<u8>> {
        session.malformed(rule, fragment);
        self.over = true;
        Vec::new()
    }

    fn bind(&mut self, session: &Session, header: &Header, bind: &Bind, auth: Option<&Auth<'_>>) -> Vec<u8> {
        let token = match auth.map(|auth| self.logon.take(session, Arc::make_mut(&mut self.setting), auth)) {
            Some(Outcome::Unknown) => return nak(header.call, refusal::AUTHENTICATION),
            Some(Outcome::Answer(token)) => token,
            Some(Outcome::Quiet) | None => Vec::new(),
        };
        let own = match self.place {
            Place::Pipe(_) => PIPE_FRAGMENT,
            Place::Tcp(_) => TCP_FRAGMENT,
        };
        let verdicts: Vec<_> = bind.contexts.iter().map(|context| self.judge(session, context)).collect();
        let (transmit, receive) = (bind.max_receive.clamp(LEAST_FRAGMENT, own), bind.max_transmit.min(own));
        let is_first = header.kind == kind::BIND;
        self.largest.get_or_insert(transmit);
        let (answer, address) = match is_first {
            true => (kind::BIND_ACK, self.address.as_str()),
            false => (kind::ALTER_CONTEXT_RESPONSE, ""),
        };
        let group = if bind.group == 0 { self.group(session) } else { bind.group };
        let body = pdu::bind_ack((transmit, receive.max(LEAST_FRAGMENT)), group, address, &verdicts);
        let sealed = auth.filter(|_| !token.is_empty()).map(|auth| Sealed {
            kind: auth.kind,
            level: auth.level,
            context: auth.context,
            token: &token,
        });
        // Signing of headers is agreed to where it is asked for.
        let flags = flag::FIRST | flag::LAST | (header.flags & flag::SIGN_HEADER);
        pdu::assemble(answer, flags, header.call, &body, sealed)
    }

    fn judge(&mut self, session: &Session, context: &Context) -> Verdict {
        if let Some(asked) = context.transfers.first().and_then(pdu::features) {
            return Verdict::Features(u16::from(asked) & FEATURES);
        }
        let wanted = &context.interface;
        let known = self.interfaces.iter().copied().find(|interface| {
            let own = interface.syntax();
            own.uuid == wanted.uuid && own.major == wanted.major && wanted.minor <= own.minor
        });
        let verdict = match known {
            None => Verdict::NoInterface,
            Some(_) if !context.transfers.contains(&pdu::NDR) => Verdict::NoTransfer,
            Some(_) => Verdict::Accepted,
        };
        if let Some(interface) = known.filter(|_| verdict == Verdict::Accepted)
            && self.contexts.len() < MAX_CONTEXTS
        {
            self.contexts.insert(context.id, interface);
        }
        let target = known.map_or_else(|| wanted.uuid.to_string(), |known| known.name().to_owned());
        // NDR64 beside NDR32 is every Windows client's: only what was not had is worth a word.
        if verdict != Verdict::NoTransfer {
            session.emit(Observation::Request {
                verb: "bind".into(),
                target: target.into(),
                status: u32::from(verdict == Verdict::NoInterface),
                detail: None,
            });
        }
        verdict
    }

    /// The number of a new association group: they count up from the start of the process.
    fn group(&self, session: &Session) -> u32 {
        let label = format!("rpc/{}/{}", self.setting.host, self.address);
        let first = self.setting.installation.number(&label, 0x4000);
        let since = session.now().as_second().rem_euclid(40_000);
        u32::try_from(first).unwrap_or(0) + u32::try_from(since).unwrap_or(0) + 1
    }

    fn request(&mut self, session: &Session, header: &Header, request: &Request<'_>) -> Vec<Vec<u8>> {
        let (first, last) = (header.flags & flag::FIRST != 0, header.flags & flag::LAST != 0);
        if self.largest.is_none() {
            self.over = true;
            return vec![fault(header.call, request.context, Fault::Protocol)];
        }
        if first {
            self.partial = Some(Partial {
                call: header.call,
                context: request.context,
                opnum: request.opnum,
                big: header.big,
                stub: Vec::new(),
            });
        }
        let Some(partial) = self.partial.as_mut().filter(|partial| partial.call == header.call) else {
            return vec![fault(header.call, request.context, Fault::Protocol)];
        };
        if partial.stub.len() + request.stub.len() > MAX_STUB {
            self.over = true;
            return vec![fault(header.call, request.context, Fault::BadStub)];
        }
        partial.stub.extend_from_slice(request.stub);
        match self.partial.take_if(|_| last) {
            Some(whole) => self.call(session, &whole),
            None => Vec::new(),
        }
    }

    fn call(&mut self, session: &Session, partial: &Partial) -> Vec<Vec<u8>> {
        let Some(interface) = self.contexts.get(&partial.context).copied() else {
            return vec![fault(partial.call, partial.context, Fault::UnknownInterface)];
        };
        match self.admitted(interface).and_then(|()| self.run(session, interface, partial)) {
            Ok(reply) => self.respond(partial, &reply.stub),
            Err(failed) => vec![fault(partial.call, partial.context, failed)],
        }
    }

    /// Whether the runtime lets the caller call at all: over TCP nobody may who gave no name, beside
    /// the questions of where to go.
    fn admitted(&self, interface: Interface) -> Result<(), Fault> {
        let is_open = matches!(
            interface,
            Interface::Epm
                | Interface::ObjectExporter
                | Interface::Mgmt
                | Interface::Activator
                | Interface::Activation
        );
        let is_tcp = matches!(self.place, Place::Tcp(_));
        let is_nobody = self.setting.caller.rights == Rights::Anonymous;
        match self.logon.is_refused() || (is_tcp && is_nobody && !is_open) {
            true => Err(Fault::AccessDenied),
            false => Ok(()),
        }
    }

    fn run(&mut self, session: &Session, interface: Interface, partial: &Partial) -> Answer {
        let (count, entries) = interface.operations();
        let entry = entries.iter().find(|entry| entry.opnum == partial.opnum);
        let mut call = Call {
            session,
            setting: &self.setting,
            handles: &mut self.handles,
            interfaces: &self.interfaces,
            opnum: partial.opnum,
            stub: Reader::new(&partial.stub, partial.big),
            target: Tainted::default(),
        };
        let answer = match entry {
            Some(entry) => (entry.run)(&mut call),
            None if partial.opnum < count => Err(Fault::AccessDenied),
            None => Err(Fault::OpRange),
        };
        let target = call.target;
        if answer.as_ref().is_err_and(|fault| *fault == Fault::BadStub) {
            session.malformed("stub of an RPC call", &partial.stub);
        }
        if entry.is_none_or(|entry| !entry.name.starts_with("Close")) {
            self.tell(session, interface, partial.opnum, entry.map(|entry| entry.name), target, &answer);
        }
        answer
    }

    fn tell(
        &self,
        session: &Session,
        interface: Interface,
        opnum: u16,
        name: Option<&str>,
        target: Tainted,
        answer: &Answer,
    ) {
        let operation = name.map_or_else(|| format!("operation {opnum}"), str::to_owned);
        let over = match &self.place {
            Place::Pipe(pipe) => format!("pipe {pipe}"),
            Place::Tcp(port) => format!("port {port}"),
        };
        session.emit(Observation::Request {
            verb: operation.into(),
            target,
            status: answer.as_ref().map_or_else(|fault| fault.status(), |reply| reply.status),
            detail: Some(Detail::Rpc(Rpc {
                interface: interface.name().to_owned(),
                opnum,
                over,
                account: Tainted::new(self.setting.caller.account.as_str()),
            })),
        });
    }

    fn respond(&mut self, partial: &Partial, stub: &[u8]) -> Vec<Vec<u8>> {
        let most = usize::from(self.largest.unwrap_or(LEAST_FRAGMENT));
        let room = most.saturating_sub(RESPONSE + self.logon.overhead()) & !15;
        let pieces: Vec<&[u8]> = if stub.is_empty() { vec![&[]] } else { stub.chunks(room).collect() };
        let (last, mut left) = (pieces.len().saturating_sub(1), stub.len());
        let mut fragments = Vec::new();
        for (at, piece) in pieces.into_iter().enumerate() {
            let mut body = u32::try_from(left).unwrap_or(0).to_le_bytes().to_vec();
            body.extend(partial.context.to_le_bytes());
            body.extend([0, 0]);
            body.extend_from_slice(piece);
            let first = if at == 0 { flag::FIRST } else { 0 };
            let flags = if at == last { first | flag::LAST } else { first };
            let mut fragment = pdu::assemble(kind::RESPONSE, flags, partial.call, &body, None);
            self.logon.close(&mut fragment, RESPONSE);
            fragments.push(fragment);
            left -= piece.len();
        }
        fragments
    }
}

fn nak(call: u32, reason: u16) -> Vec<u8> {
    pdu::assemble(kind::BIND_NAK, flag::FIRST | flag::LAST, call, &pdu::bind_nak(reason), None)
}

fn fault(call: u32, context: u16, fault: Fault) -> Vec<u8> {
    let flags = match fault {
        Fault::OpRange | Fault::UnknownInterface | Fault::Protocol => {
            flag::FIRST | flag::LAST | flag::DID_NOT_EXECUTE
        }
        Fault::BadStub | Fault::AccessDenied | Fault::ContextMismatch => flag::FIRST | flag::LAST,
    };
    pdu::assemble(kind::FAULT, flags, call, &pdu::fault(context, fault.status()), None)
}
