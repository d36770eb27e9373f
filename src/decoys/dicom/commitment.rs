//! Storage commitment, push model (PS3.4 annex J): the promise to keep objects, told over the same
//! association or over one of its own to the peer's host, if that is one of the honeynet.

use bytes::Bytes;
use serde::Deserialize;

use super::assembler::{Message, Violation};
use super::courier::{Payload, TooSmall};
use super::report;
use super::retrieve::scu::{News, Scu};
use super::task::{Progress, Turn};
use crate::archive::Holdings;
use crate::event::{Observation, Tainted};
use crate::session::{Destination, RelayEvent};
use crate::wire::dicom::command::{Command, NO_DATA_SET, field};
use crate::wire::dicom::dataset::{DataSet, TransferSyntax, tags};
use crate::wire::dicom::pdu::{self, Role};

/// Storage Commitment Push Model (PS3.4 J.3.5).
pub(crate) const PUSH_MODEL: &str = "1.2.840.10008.1.20.1";

/// Its well-known instance.
pub(crate) const INSTANCE: &str = "1.2.840.10008.1.20.1.1";

/// Most objects of one request: a day of a scanner. More is answered as out of resources.
const MAX_OBJECTS: usize = 4096;

/// Presentation context of the association of its own.
const CONTEXT: u8 = 1;

const PROCESSING_FAILURE: u16 = 0x0110;
const NO_SUCH_ACTION: u16 = 0x0123;
const INVALID_ARGUMENT: u16 = 0x0115;
const RESOURCES: u16 = 0x0213;
/// Failure Reason (PS3.3 C.14.1.1): no such object, class and instance don't agree.
const NO_SUCH_OBJECT: u16 = 0x0112;
const CLASS_CONFLICT: u16 = 0x0119;

/// Storage commitment of a product, as a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommitmentTable {
    /// Over which association it reports.
    pub(crate) reports: Reports,
    /// Status for a calling AE title that is none of its peers; absent: all are taken, and a report
    /// that has nowhere to go is never sent.
    pub(crate) unknown_caller: Option<u16>,
    /// Whether refusals say why, and reports where to retrieve from.
    #[serde(default)]
    pub(crate) comments: bool,
}

/// Over which association the result goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reports {
    /// That of the request.
    Same,
    /// One of its own.
    Reverse,
}

/// A commitment at work.
pub(crate) struct Committing {
    context: u8,
    syntax: TransferSyntax,
    calling: Bytes,
    result: DataSet,
    event: u16,
    phase: Phase,
    scu: Option<Scu>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The report goes out over the same association with this message id.
    Report(u16),
    /// It is out.
    Awaiting,
    /// A connection is needed.
    Connect,
    Connecting,
    Associating,
    Reporting,
    Releasing,
    Done,
}

impl Committing {
    /// Answers an N-ACTION; the report follows.
    ///
    /// # Errors
    /// [`Violation`] when the data set can't be read or the answer can't be sent.
    pub(crate) fn start(
        turn: &mut Turn<'_>,
        message: &Message,
        data: &Bytes,
        next_id: u16,
    ) -> Result<Option<Self>, Violation> {
        let (command, syntax) = (&message.command, message.context.syntax);
        let asked = DataSet::decode(data, syntax).map_err(|_| Violation("unreadable action information"))?;
        let holdings = turn.desk.holdings(turn.now);
        let table = turn.desk.shared.profile.table.commitment.as_ref();
        let reverse = table.is_some_and(|table| table.reports == Reports::Reverse);
        let verdict = judge(turn, command, &asked);
        let status = verdict.as_ref().err().map_or(0, |(status, _)| *status);
        report::normalized(&turn.desk.session, "N-ACTION", PUSH_MODEL, command, INSTANCE.as_bytes(), status);
        let mut response = command.response(status);
        response.sop_class = Some(Bytes::from_static(PUSH_MODEL.as_bytes()));
        response.sop_instance = Some(Bytes::from_static(INSTANCE.as_bytes()));
        response.action_type = command.action_type;
        if let Err((_, comment)) = &verdict
            && table.is_some_and(|table| table.comments)
        {
            response.comment = Some(comment.clone().into());
        }
        let mut batch = turn.link.courier.batch(turn.out);
        let sent = batch.message(message.context.id, &response, None);
        batch.finish();
        sent.map_err(|TooSmall| Violation("peer takes no PDU"))?;
        if verdict.is_err() {
            return Ok(None);
        }
        let title =
            table.filter(|table| table.comments).map(|_| turn.desk.shared.profile.table.ae_title.as_str());
        let (result, event) = result(&asked, &holdings, title);
        let phase = if reverse { Phase::Connect } else { Phase::Report(next_id) };
        let calling = turn.link.calling.clone();
        Ok(Some(Committing { context: message.context.id, syntax, calling, result, event, phase, scu: None }))
    }

    /// Whether nothing is heard from the peer until it is over.
    pub(crate) fn is_deaf(&self) -> bool {
        self.phase != Phase::Awaiting && !matches!(self.phase, Phase::Report(_))
    }

    /// Takes a command that came meanwhile: only the response to the report.
    ///
    /// # Errors
    /// [`Violation`] for any other.
    pub(crate) fn hear(&mut self, command: &Command) -> Result<(), Violation> {
        if command.field != Some(field::N_EVENT_REPORT | field::RESPONSE) {
            return Err(Violation("command while another is at work"));
        }
        self.phase = Phase::Done;
        Ok(())
    }

    /// Goes on.
    ///
    /// # Errors
    /// [`TooSmall`].
    pub(crate) fn step(&mut self, turn: &mut Turn<'_>) -> Result<Progress, TooSmall> {
        match self.phase {
            Phase::Report(id) => {
                let mut batch = turn.link.courier.batch(turn.out);
                let data = Payload::Small(self.result.encode(self.syntax), self.syntax);
                batch.message(self.context, &self.event(id), Some(data))?;
                batch.finish();
                self.phase = Phase::Awaiting;
                Ok(Progress::Again)
            }
            Phase::Connect => match peer(turn, &self.calling) {
                Some(to) => {
                    self.phase = Phase::Connecting;
                    Ok(Progress::Connect(to))
                }
                None => Ok(Progress::Done),
            },
            Phase::Awaiting | Phase::Connecting | Phase::Associating => Ok(Progress::Wait),
            Phase::Reporting | Phase::Releasing => Ok(Progress::Wait),
            Phase::Done => {
                turn.out.relay_close = self.scu.is_some();
                Ok(Progress::Done)
            }
        }
    }

    /// Takes news of the relayed connection.
    ///
    /// # Errors
    /// [`TooSmall`].
    pub(crate) fn relay(&mut self, turn: &mut Turn<'_>, event: &RelayEvent) -> Result<(), TooSmall> {
        match event {
            RelayEvent::Connected => {
                self.told(turn, true);
                let class = Bytes::from_static(PUSH_MODEL.as_bytes());
                let role = Role { sop_class: class.clone(), scu: false, scp: true };
                let proposed = vec![(CONTEXT, class, vec![TransferSyntax::ImplicitLittle])];
                let profile = &turn.desk.shared.profile;
                let (scu, request) =
                    Scu::proposing(profile, &turn.link.called, &self.calling, proposed, vec![role]);
                self.scu = Some(scu);
                turn.out.relay.push(request);
                self.phase = Phase::Associating;
            }
            RelayEvent::Refused => {
                self.told(turn, false);
                self.phase = Phase::Done;
            }
            RelayEvent::Closed => self.phase = Phase::Done,
            RelayEvent::Data(bytes) => {
                let mut bytes = bytes.as_ref();
                while let Some(news) =
                    self.scu.as_mut().and_then(|scu| scu.receive(bytes, &turn.desk.shared.profile))
                {
                    bytes = &[];
                    self.news(turn, news)?;
                }
            }
        }
        Ok(())
    }

    /// The other side is gone.
    pub(crate) fn lose(&mut self) {
        self.phase = Phase::Done;
    }

    fn news(&mut self, turn: &mut Turn<'_>, news: News) -> Result<(), TooSmall> {
        match (self.phase, news) {
            (Phase::Associating, News::Accepted) => {
                let syntax = TransferSyntax::ImplicitLittle;
                let (event, data) = (self.event(0), Payload::Small(self.result.encode(syntax), syntax));
                let taken = self.scu.as_ref().is_some_and(|scu| !scu.taken(PUSH_MODEL).is_empty());
                match self.scu.as_mut().filter(|_| taken) {
                    Some(scu) => {
                        scu.send(CONTEXT, event, Some(data), turn.out)?;
                        self.phase = Phase::Reporting;
                    }
                    None => self.release(turn),
                }
            }
            (Phase::Reporting, News::Stored(_)) => self.release(turn),
            (_, News::Released | News::Broken | News::Message) => self.phase = Phase::Done,
            (_, News::Accepted | News::Stored(_)) => {}
        }
        Ok(())
    }

    fn release(&mut self, turn: &mut Turn<'_>) {
        turn.out.relay.push(pdu::release_request());
        self.phase = Phase::Releasing;
    }

    fn event(&self, id: u16) -> Command {
        Command {
            sop_class: Some(Bytes::from_static(PUSH_MODEL.as_bytes())),
            field: Some(field::N_EVENT_REPORT),
            message_id: Some(id),
            data_set: Some(1),
            sop_instance: Some(Bytes::from_static(INSTANCE.as_bytes())),
            event_type: Some(self.event),
            ..Command::default()
        }
    }

    fn told(&self, turn: &Turn<'_>, relayed: bool) {
        let (means, target) = ("N-EVENT-REPORT".to_owned(), Tainted::from_bytes(&self.calling));
        turn.desk.session.emit(Observation::Tunnel { means, target, relayed });
    }
}

/// What a console answers to a report: it knows the transactions that it asked for, by their UIDs,
/// which begin as all that it numbers.
pub(crate) fn reported(turn: &Turn<'_>, command: &Command, data: &Bytes, syntax: TransferSyntax) -> Command {
    let told = DataSet::decode(data, syntax).unwrap_or_default();
    let transaction = told.text(tags::TRANSACTION_UID).unwrap_or_default();
    let table = turn.desk.shared.profile.table.console.as_ref();
    let own = table.is_some_and(|console| transaction.starts_with(&format!("{}.", console.uid_root)));
    let status = if own { 0 } else { PROCESSING_FAILURE };
    report::normalized(
        &turn.desk.session,
        "N-EVENT-REPORT",
        PUSH_MODEL,
        command,
        transaction.as_bytes(),
        status,
    );
    Command {
        sop_instance: command.sop_instance.clone(),
        event_type: command.event_type,
        data_set: Some(NO_DATA_SET),
        ..command.response(status)
    }
}

/// Whether a request is taken, else its status and why.
fn judge(turn: &Turn<'_>, command: &Command, asked: &DataSet) -> Result<(), (u16, String)> {
    if command.action_type != Some(1) {
        return Err((NO_SUCH_ACTION, String::new()));
    }
    let items = asked.items(tags::REFERENCED_SOP_SEQUENCE);
    let lacks = |what: &str| Err((INVALID_ARGUMENT, format!("Missing {what}")));
    if asked.text(tags::TRANSACTION_UID).unwrap_or_default().is_empty() {
        return lacks("Transaction UID (0008,1195)");
    }
    if items.is_empty() {
        return lacks("Referenced SOP Sequence (0008,1199)");
    }
    if items.len() > MAX_OBJECTS {
        return Err((RESOURCES, String::new()));
    }
    let table = turn.desk.shared.profile.table.commitment.as_ref();
    match table.and_then(|table| table.unknown_caller) {
        Some(status) if peer(turn, &turn.link.calling).is_none() => {
            let calling = String::from_utf8_lossy(&turn.link.calling);
            Err((status, format!("Unknown Calling AET: {calling}")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Where a peer of the product is.
fn peer(turn: &Turn<'_>, title: &[u8]) -> Option<Destination> {
    let mut peers = turn.desk.shared.profile.table.retrieve.iter().flat_map(|retrieve| &retrieve.peer);
    peers.find(|peer| peer.ae_title.as_bytes() == title)?.destination(turn.desk.session.pack())
}

/// Event information and event type: 1 when all are kept, else 2 (PS3.4 J.3.3).
fn result(asked: &DataSet, holdings: &Holdings, title: Option<&str>) -> (DataSet, u16) {
    let (mut kept, mut failed) = (Vec::new(), Vec::new());
    for item in asked.items(tags::REFERENCED_SOP_SEQUENCE) {
        let uid = |tag| item.text(tag).unwrap_or_default();
        let (class, instance) = (uid(tags::REFERENCED_SOP_CLASS_UID), uid(tags::REFERENCED_SOP_INSTANCE_UID));
        let found = holdings.find_instance(&instance);
        let held = found.as_ref().and_then(|hit| hit.instance.as_ref());
        let reason = match held {
            None => Some(NO_SUCH_OBJECT),
            Some(held) if held.sop_class() != class => Some(CLASS_CONFLICT),
            Some(_) => None,
        };
        let mut answer = DataSet::new();
        answer.put_str(tags::REFERENCED_SOP_CLASS_UID, &class);
        answer.put_str(tags::REFERENCED_SOP_INSTANCE_UID, &instance);
        match reason {
            None => kept.push(answer),
            Some(reason) => {
                answer.put_u16(tags::FAILURE_REASON, reason);
                failed.push(answer);
            }
        }
    }
    let mut set = DataSet::new();
    set.put_str(tags::TRANSACTION_UID, &asked.text(tags::TRANSACTION_UID).unwrap_or_default());
    if let Some(title) = title {
        set.put_str(tags::RETRIEVE_AE_TITLE, title);
    }
    let event = if failed.is_empty() { 1 } else { 2 };
    if !kept.is_empty() {
        set.put_items(tags::REFERENCED_SOP_SEQUENCE, kept);
    }
    if !failed.is_empty() {
        set.put_items(tags::FAILED_SOP_SEQUENCE, failed);
    }
    (set, event)
}
