//! An open association: PDUs in, operations done one after another (PS3.8 9.2.3 Sta6 and Sta8).

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

use super::acceptor::sample;
use super::assembler::{Assembler, Data, Message, NORMALIZED, Sink, Stop};
use super::behaviour::Break;
use super::commitment::{self, Committing};
use super::courier::TooSmall;
use super::dispatch::{bare_response, may_ask, misplaced, serves_normalized, unregistered};
use super::find::Finding;
use super::negotiate::Agreement;
use super::performed;
use super::report;
use super::retrieve::get::Getting;
use super::retrieve::relocate::Moving;
use super::store::{Incoming, Unreadable};
use super::task::{Desk, Link, Progress, Turn};
use super::traps;
use super::worklist::{Listing, WORKLIST_FIND};
use crate::session::{Next, Outbox, RelayEvent};
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::pdu::{self, Associate, HEADER, Header, Kind};

const NOT_SERVED: &str = "command that the product doesn't serve";

const SMALL_PEER: Stop = Stop { what: Break::SmallPeer, rule: "peer takes no PDU" };

/// What the connection does next.
pub(crate) enum Flow {
    /// Wait for the peer.
    Wait,
    /// This.
    Go(Next),
    /// The association is over.
    End(End),
}

/// How an association ends.
pub(crate) enum End {
    /// The product breaks off, or goes on all the same; with a sample.
    Break(Stop, Bytes),
    /// The peer proposes another association, which the product answers.
    Again,
    /// The peer released it.
    Released,
    /// The peer aborted it.
    Gone,
}

/// An open association.
pub(crate) struct Established {
    link: Link,
    assembler: Assembler,
    task: Task,
    next_id: u16,
}

enum Task {
    None,
    Find(Box<Finding>),
    Get(Box<Getting>),
    Move(Box<Moving>),
    List(Box<Listing>),
    Commit(Box<Committing>),
}

impl Established {
    /// A new association.
    pub(crate) fn new(link: Link, lenient: bool) -> Self {
        Established { link, assembler: Assembler::new(lenient), task: Task::None, next_id: 1 }
    }

    /// Works until there is something to wait for.
    pub(crate) fn run(
        &mut self,
        desk: &Desk,
        inbox: &mut BytesMut,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Flow {
        loop {
            // A report to another host comes before all that the peer says next.
            let deaf = matches!(&self.task, Task::Commit(task) if task.is_deaf());
            let heard = match if deaf { Ok(false) } else { self.pdu(desk, inbox, now, out) } {
                Ok(heard) => heard,
                Err(end) => {
                    self.abandon(desk, now, out);
                    return Flow::End(end);
                }
            };
            // A cancel that is there already comes before the next answer.
            if heard {
                continue;
            }
            let mut turn = Turn { desk, link: &self.link, now, out };
            let progress = match &mut self.task {
                Task::None => return Flow::Wait,
                Task::Find(task) => task.step(&mut turn),
                Task::Get(task) => task.step(&mut turn),
                Task::Move(task) => task.step(&mut turn),
                Task::List(task) => task.step(&mut turn),
                Task::Commit(task) => task.step(&mut turn),
            };
            match progress {
                Ok(Progress::Again) => return Flow::Go(Next::More),
                Ok(Progress::Wait) => return Flow::Wait,
                Ok(Progress::Connect(to)) => return Flow::Go(Next::Connect(to)),
                Ok(Progress::Done) => self.done(),
                Err(TooSmall) => {
                    self.abandon(desk, now, out);
                    return Flow::End(too_small());
                }
            }
        }
    }

    /// Tells of an operation that the end of the association cut off.
    pub(crate) fn abandon(&mut self, desk: &Desk, now: Timestamp, out: &mut Outbox) {
        let mut turn = Turn { desk, link: &self.link, now, out };
        match &mut self.task {
            Task::None => {}
            Task::Find(task) => task.report(&turn),
            Task::Get(task) => task.abandon(&turn),
            Task::Move(task) => task.abandon(&mut turn),
            Task::List(task) => task.report(&turn),
            Task::Commit(_) => {}
        }
        self.task = Task::None;
    }

    /// Takes news of the relayed connection.
    pub(crate) fn relay(
        &mut self,
        desk: &Desk,
        event: &RelayEvent,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Flow {
        let mut turn = Turn { desk, link: &self.link, now, out };
        match &mut self.task {
            Task::Move(task) => match task.relay(&mut turn, event) {
                Ok(()) => Flow::Go(Next::More),
                Err(TooSmall) => Flow::End(too_small()),
            },
            Task::Commit(task) => match task.relay(&mut turn, event) {
                Ok(()) => Flow::Go(Next::More),
                Err(TooSmall) => Flow::End(too_small()),
            },
            Task::None | Task::Find(_) | Task::Get(_) | Task::List(_) => Flow::Wait,
        }
    }

    /// Nothing came for long while a relayed connection was waited for; `None` when none was.
    pub(crate) fn relay_lost(&mut self, desk: &Desk, now: Timestamp, out: &mut Outbox) -> Option<Flow> {
        let mut turn = Turn { desk, link: &self.link, now, out };
        if let Task::Commit(task) = &mut self.task {
            task.lose();
            return Some(Flow::Go(Next::More));
        }
        let Task::Move(task) = &mut self.task else { return None };
        Some(match task.lose(&mut turn) {
            Ok(()) => Flow::Go(Next::More),
            Err(TooSmall) => Flow::End(too_small()),
        })
    }

    /// Takes one PDU, if one is there whole.
    fn pdu(
        &mut self,
        desk: &Desk,
        inbox: &mut BytesMut,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<bool, End> {
        let Some(header) = Header::read(inbox) else { return Ok(false) };
        let table = &desk.shared.profile.table;
        if inbox.len() < table.network.looks_after {
            return Ok(false);
        }
        let Some(kind) = header.kind else {
            let stop = Stop { what: Break::UnknownType, rule: "unknown PDU type" };
            let end = End::Break(stop, sample(inbox));
            inbox.clear();
            return Err(end);
        };
        if let Some(stop) = misplaced(table, header, kind) {
            let end = End::Break(stop, sample(inbox));
            let _ = inbox.split_to(HEADER);
            return Err(end);
        }
        // A release or abort has four bytes; a longer one is not waited for beyond any limit.
        let whole = header.whole().min(HEADER + largest(desk));
        if inbox.len() < whole {
            return Ok(false);
        }
        if kind == Kind::AssociateRq && table.association.proposes_again {
            return Err(End::Again);
        }
        let body = inbox.split_to(whole).freeze().slice(HEADER..);
        match kind {
            Kind::ReleaseRq => Err(End::Released),
            Kind::Abort => Err(End::Gone),
            Kind::AssociateRq | Kind::AssociateAc | Kind::AssociateRj | Kind::ReleaseRp => {
                let rule = "PDU that has no place here";
                let what = match Associate::read_long(&body) {
                    Err(_) if matches!(kind, Kind::AssociateRq | Kind::AssociateAc) => Break::BadLength,
                    _ => Break::Unexpected,
                };
                Err(End::Break(Stop { what, rule }, body))
            }
            Kind::Data => self.values(&body, desk, now, out).map(|()| true),
        }
    }

    fn values(&mut self, body: &Bytes, desk: &Desk, now: Timestamp, out: &mut Outbox) -> Result<(), End> {
        let end = |stop: Stop| End::Break(stop, body.slice(..body.len().min(256)));
        let lenient = desk.shared.profile.table.services.lenient;
        if body.is_empty() && lenient {
            return Ok(());
        }
        let rule = "presentation data values don't fill their PDU";
        let values = pdu::values(body).map_err(|_| end(Stop { what: Break::BadValues, rule }))?;
        for value in values {
            let calling = self.link.calling.clone();
            let start = |context: &Agreement, command: &Command| sink(desk, &calling, context, command);
            if let Some(message) = self.assembler.take(&value, &self.link.agreed, start).map_err(end)? {
                self.message(message, desk, now, out).map_err(end)?;
            }
        }
        Ok(())
    }

    fn message(
        &mut self,
        message: Message,
        desk: &Desk,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Stop> {
        let mut turn = Turn { desk, link: &self.link, now, out };
        let (context, command) = (message.context.id, &message.command);
        match &mut self.task {
            Task::None => {}
            Task::Find(task) => return Ok(task.hear(&turn, context, command)?),
            Task::Get(task) => return Ok(task.hear(&mut turn, context, command)?),
            Task::Move(task) => return Ok(task.hear(context, command)?),
            Task::List(task) => return Ok(task.hear(&turn, context, command)?),
            Task::Commit(task) => return Ok(task.hear(command)?),
        }
        let profile = &desk.shared.profile;
        if let Some(status) = unregistered(profile, command) {
            desk.session.malformed("command for a class that is not served", &[]);
            return respond(&mut turn, context, &bare_response(command, status));
        }
        if let Data::Identifier(identifier) = &message.data {
            traps::identifier(&desk.session, identifier, message.context.syntax);
        }
        let table = &desk.shared.profile.table;
        let query = table.query.is_some();
        match (command.field, &message.data) {
            (Some(field::C_ECHO), Data::None | Data::Identifier(_)) => {
                report::echo(&desk.session, &self.link.called, command);
                respond(&mut turn, context, &command.response(0))
            }
            (Some(field::C_FIND), Data::Identifier(identifier))
                if table.worklist.is_some()
                    && command.sop_class.as_deref() == Some(WORKLIST_FIND.as_bytes()) =>
            {
                self.task = Task::List(Box::new(Listing::start(&turn, &message, identifier)?));
                Ok(())
            }
            (Some(field::N_CREATE | field::N_SET), Data::Identifier(data)) if table.performed.is_some() => {
                let response = performed::serve(&turn, command, data, message.context.syntax);
                respond(&mut turn, context, &response)
            }
            (Some(field::N_ACTION), Data::Identifier(data)) if table.commitment.is_some() => {
                let task = Committing::start(&mut turn, &message, data, self.next_id)?;
                self.task = task.map_or(Task::None, |task| Task::Commit(Box::new(task)));
                Ok(())
            }
            (Some(field::N_EVENT_REPORT), Data::Identifier(data)) if table.asks_to_commit() => {
                let response = commitment::reported(&turn, command, data, message.context.syntax);
                respond(&mut turn, context, &response)
            }
            (Some(field::C_FIND), Data::Identifier(identifier)) if query => {
                self.task = Task::Find(Box::new(Finding::start(&turn, &message, identifier)?));
                Ok(())
            }
            (Some(field::C_GET), Data::Identifier(identifier)) if query => {
                self.task = Task::Get(Box::new(Getting::start(&turn, &message, identifier, self.next_id)?));
                Ok(())
            }
            (Some(field::C_MOVE), Data::Identifier(identifier)) if query => {
                self.task = Task::Move(Box::new(Moving::start(&turn, &message, identifier)?));
                Ok(())
            }
            (Some(field::C_STORE), Data::Object(_)) => stored(&mut turn, message),
            (Some(field::C_CANCEL), Data::None) if profile.table.services.cancel => Ok(()),
            (Some(field::C_FIND | field::C_GET | field::C_MOVE | field::C_STORE), Data::None) => {
                Err(Stop { what: Break::UnreadableCommand, rule: "command without its data set" })
            }
            (Some(answer), _) if answer & field::RESPONSE != 0 => {
                Err(Stop { what: Break::StrayResponse, rule: "response that nothing was asked for" })
            }
            (Some(_) | None, Data::None | Data::Identifier(_) | Data::Object(_)) => {
                Err(Stop { what: Break::NotServed, rule: NOT_SERVED })
            }
        }
    }

    fn done(&mut self) {
        if let Task::Get(task) = &self.task {
            self.next_id = task.next_id();
        }
        if matches!(self.task, Task::Commit(_)) {
            self.next_id = self.next_id.wrapping_add(1);
        }
        self.task = Task::None;
    }
}

/// Where the data set of a command goes; a command that is not served is not waited for.
fn sink(desk: &Desk, calling: &[u8], context: &Agreement, command: &Command) -> Result<Sink, Stop> {
    let profile = &desk.shared.profile;
    match command.field {
        Some(_) if !may_ask(&profile.table, command, calling) => {
            Err(Stop { what: Break::Violation, rule: "calling AE title may not query" })
        }
        Some(_) if unregistered(profile, command).is_some() => Ok(Sink::Identifier(BytesMut::new())),
        Some(field::C_STORE) => {
            Ok(Sink::Object(Incoming::start(&desk.session, profile, calling, context, command)))
        }
        Some(field::N_EVENT_REPORT) if profile.table.asks_to_commit() => {
            Ok(Sink::Identifier(BytesMut::new()))
        }
        Some(request) if NORMALIZED.contains(&request) && !serves_normalized(profile, request) => {
            Err(Stop { what: Break::NotServed, rule: NOT_SERVED })
        }
        Some(_) if profile.table.services.lenient || profile.table.reads_identifiers() => {
            Ok(Sink::Identifier(BytesMut::new()))
        }
        Some(_) | None => Err(Stop { what: Break::NotServed, rule: NOT_SERVED }),
    }
}

fn stored(turn: &mut Turn<'_>, message: Message) -> Result<(), Stop> {
    let Message { context, command, data } = message;
    let Data::Object(object) = data else { return Ok(()) };
    let status = object.finish(turn.desk, turn.link, &command);
    let status = match (status, turn.desk.shared.profile.table.store.status.unreadable) {
        (Ok(status), _) => status,
        (Err(Unreadable), Some(status)) => {
            return respond(turn, context.id, &bare_response(&command, status));
        }
        (Err(Unreadable), None) => {
            return Err(Stop { what: Break::UnreadableObject, rule: "unreadable object" });
        }
    };
    let mut response = command.response(status);
    response.sop_instance = command.sop_instance;
    respond(turn, context.id, &response)
}

fn respond(turn: &mut Turn<'_>, context: u8, response: &Command) -> Result<(), Stop> {
    let mut batch = turn.link.courier.batch(turn.out);
    let sent = batch.message(context, response, None);
    batch.finish();
    sent.map_err(|TooSmall| SMALL_PEER)
}

fn largest(desk: &Desk) -> usize {
    let network = &desk.shared.profile.table.network;
    let most = network.largest_data.unwrap_or(network.max_pdu).max(network.largest_request);
    usize::try_from(most).unwrap_or(usize::MAX)
}

fn too_small() -> End {
    End::Break(SMALL_PEER, Bytes::new())
}
