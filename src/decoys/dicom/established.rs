//! An open association: PDUs in, operations done one after another (PS3.8 9.2.3 Sta6 and Sta8).

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

use super::acceptor::sample;
use super::assembler::{Assembler, Data, Message, Sink, Violation};
use super::courier::TooSmall;
use super::find::Finding;
use super::negotiate::Agreement;
use super::report;
use super::retrieve::get::Getting;
use super::retrieve::relocate::Moving;
use super::store::{Incoming, Unreadable};
use super::task::{Desk, Link, Progress, Turn};
use super::traps;
use crate::session::{Next, Outbox, RelayEvent};
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::pdu::{self, HEADER, Header, Kind};

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
    /// The product breaks off: rule and sample.
    Violation(&'static str, Bytes),
    /// A PDU that has no place in an open association.
    Unexpected(Bytes),
    /// A P-DATA-TF above the maximum length.
    Oversized(Bytes),
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
}

impl Established {
    /// A new association.
    pub(crate) fn new(link: Link) -> Self {
        Established { link, assembler: Assembler::default(), task: Task::None, next_id: 1 }
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
            let heard = match self.pdu(desk, inbox, now, out) {
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
            Task::None | Task::Find(_) | Task::Get(_) => Flow::Wait,
        }
    }

    /// Nothing came for long while a relayed connection was waited for; `None` when none was.
    pub(crate) fn relay_lost(&mut self, desk: &Desk, now: Timestamp, out: &mut Outbox) -> Option<Flow> {
        let mut turn = Turn { desk, link: &self.link, now, out };
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
        let Some(kind) = header.kind else {
            let end = End::Violation("unknown PDU type", sample(inbox));
            inbox.clear();
            return Err(end);
        };
        match kind {
            Kind::AssociateRq | Kind::AssociateAc | Kind::AssociateRj | Kind::ReleaseRp => {
                let end = End::Unexpected(sample(inbox));
                let _ = inbox.split_to(HEADER);
                return Err(end);
            }
            Kind::Data if header.length > desk.shared.profile.table.network.max_pdu => {
                let end = End::Oversized(sample(inbox));
                let _ = inbox.split_to(HEADER);
                return Err(end);
            }
            Kind::Data | Kind::ReleaseRq | Kind::Abort => {}
        }
        // A release or abort has four bytes; a longer one is not waited for beyond any limit.
        let whole = header.whole().min(HEADER + largest(desk));
        if inbox.len() < whole {
            return Ok(false);
        }
        let body = inbox.split_to(whole).freeze().slice(HEADER..);
        match kind {
            Kind::ReleaseRq => Err(End::Released),
            Kind::Abort => Err(End::Gone),
            Kind::Data | Kind::AssociateRq | Kind::AssociateAc | Kind::AssociateRj | Kind::ReleaseRp => {
                self.values(&body, desk, now, out).map(|()| true)
            }
        }
    }

    fn values(&mut self, body: &Bytes, desk: &Desk, now: Timestamp, out: &mut Outbox) -> Result<(), End> {
        let violation = |rule: &'static str| End::Violation(rule, body.slice(..body.len().min(256)));
        let values =
            pdu::values(body).map_err(|_| violation("presentation data values don't fill their PDU"))?;
        for value in values {
            let calling = self.link.calling.clone();
            let start = |context: &Agreement, command: &Command| sink(desk, &calling, context, command);
            let taken = self.assembler.take(&value, &self.link.agreed, start);
            if let Some(message) = taken.map_err(|Violation(rule)| violation(rule))? {
                self.message(message, desk, now, out).map_err(|Violation(rule)| violation(rule))?;
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
    ) -> Result<(), Violation> {
        let mut turn = Turn { desk, link: &self.link, now, out };
        let (context, command) = (message.context.id, &message.command);
        match &mut self.task {
            Task::None => {}
            Task::Find(task) => return task.hear(&turn, context, command),
            Task::Get(task) => return task.hear(&mut turn, context, command),
            Task::Move(task) => return task.hear(context, command),
        }
        if let Data::Identifier(identifier) = &message.data {
            traps::identifier(&desk.session, identifier, message.context.syntax);
        }
        let query = desk.shared.profile.table.query.is_some();
        match (command.field, &message.data) {
            (Some(field::C_ECHO), Data::None) => {
                report::echo(&desk.session, &self.link.called, command);
                respond(&mut turn, context, &command.response(0))
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
            (Some(field::C_CANCEL), Data::None) if desk.shared.profile.table.services.cancel => Ok(()),
            (Some(_) | None, Data::None | Data::Identifier(_) | Data::Object(_)) => {
                Err(Violation("command that the product doesn't serve"))
            }
        }
    }

    fn done(&mut self) {
        if let Task::Get(task) = &self.task {
            self.next_id = task.next_id();
        }
        self.task = Task::None;
    }
}

/// Where the data set of a command goes; a command that is not served is not waited for.
fn sink(desk: &Desk, calling: &[u8], context: &Agreement, command: &Command) -> Result<Sink, Violation> {
    let profile = &desk.shared.profile;
    match command.field {
        Some(field::C_STORE) => {
            Ok(Sink::Object(Incoming::start(&desk.session, profile, calling, context, command)))
        }
        Some(_) if profile.table.query.is_some() => Ok(Sink::Identifier(BytesMut::new())),
        Some(_) | None => Err(Violation("command that the product doesn't serve")),
    }
}

fn stored(turn: &mut Turn<'_>, message: Message) -> Result<(), Violation> {
    let Message { context, command, data } = message;
    let Data::Object(object) = data else { return Err(Violation("C-STORE without an object")) };
    let status = object.finish(&turn.desk.session, &turn.desk.shared, &command);
    let status = status.map_err(|Unreadable| Violation("unreadable object"))?;
    let mut response = command.response(status);
    response.sop_instance = command.sop_instance;
    respond(turn, context.id, &response)
}

fn respond(turn: &mut Turn<'_>, context: u8, response: &Command) -> Result<(), Violation> {
    let mut batch = turn.link.courier.batch(turn.out);
    let sent = batch.message(context, response, None);
    batch.finish();
    sent.map_err(|TooSmall| Violation("peer takes no PDU"))
}

fn largest(desk: &Desk) -> usize {
    usize::try_from(desk.shared.profile.table.network.max_pdu).unwrap_or(usize::MAX)
}

fn too_small() -> End {
    End::Violation("peer takes no PDU", Bytes::new())
}
