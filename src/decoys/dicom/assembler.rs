//! Puts DIMSE messages together from presentation data values (PS3.7 6.3.1, PS3.8 annex E).

use bytes::{Bytes, BytesMut};

use super::behaviour::Break;
use super::negotiate::{Agreed, Agreement};
use super::store::Incoming;
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::pdu::Pdv;

/// Largest command set: the longest real one has some 300 bytes.
const MAX_COMMAND: usize = 16 << 10;

/// Largest identifier of a query: a list of a thousand UIDs stays below.
const MAX_IDENTIFIER: usize = 1 << 20;

/// N-EVENT-REPORT to N-DELETE (PS3.7 table E.1-1).
pub(crate) const NORMALIZED: [u16; 6] = [0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150];

/// What the product can't go on with: a rule of ours for the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Violation(pub &'static str);

/// The same with what the product tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Which it is to the product.
    pub(crate) what: Break,
    /// Which it is to us.
    pub(crate) rule: &'static str,
}

impl From<Violation> for Stop {
    fn from(Violation(rule): Violation) -> Self {
        Stop { what: Break::Violation, rule }
    }
}

fn stop<T>(what: Break, rule: &'static str) -> Result<T, Stop> {
    Err(Stop { what, rule })
}

/// A message that came in whole.
pub(crate) struct Message {
    /// Its presentation context.
    pub(crate) context: Agreement,
    /// Its command set, checked.
    pub(crate) command: Command,
    /// Its data set.
    pub(crate) data: Data,
}

/// The data set of a message.
pub(crate) enum Data {
    /// There is none.
    None,
    /// Identifier of a query or retrieval.
    Identifier(Bytes),
    /// An object, on its way into an artefact.
    Object(Incoming),
}

/// Messages of one association.
pub(crate) struct Assembler {
    state: State,
    lenient: bool,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Command {
        context: u8,
        bytes: BytesMut,
    },
    Data(Box<Pending>),
}

struct Pending {
    context: Agreement,
    command: Command,
    /// Context of the data's first value.
    data_context: Option<u8>,
    sink: Sink,
}

/// Where the data set of a message goes.
pub(crate) enum Sink {
    /// Into memory.
    Identifier(BytesMut),
    /// Into an artefact.
    Object(Incoming),
}

impl Assembler {
    /// Of a product that serves a command whatever fields it lacks, or not.
    pub(crate) fn new(lenient: bool) -> Self {
        Assembler { state: State::Idle, lenient }
    }

    /// Takes one value; a message when it was the last of one. `start` says where the data
    /// set of a command goes.
    ///
    /// # Errors
    /// What the product breaks off for.
    pub(crate) fn take(
        &mut self,
        pdv: &Pdv,
        agreed: &Agreed,
        start: impl FnOnce(&Agreement, &Command) -> Result<Sink, Stop>,
    ) -> Result<Option<Message>, Stop> {
        match std::mem::take(&mut self.state) {
            State::Idle => self.command(pdv, 0, BytesMut::new(), agreed, start),
            State::Command { context, bytes } => self.command(pdv, context, bytes, agreed, start),
            State::Data(pending) => self.data(pdv, pending),
        }
    }

    fn command(
        &mut self,
        pdv: &Pdv,
        context: u8,
        mut bytes: BytesMut,
        agreed: &Agreed,
        start: impl FnOnce(&Agreement, &Command) -> Result<Sink, Stop>,
    ) -> Result<Option<Message>, Stop> {
        let context = if bytes.is_empty() { pdv.fragment.context } else { context };
        if pdv.fragment.context != context {
            return stop(Break::WrongValue, "command set over two presentation contexts");
        }
        if pdv.bytes.len() % 2 == 1 && !self.lenient {
            return stop(Break::Violation, "fragment of odd length");
        }
        if bytes.len() + pdv.bytes.len() > MAX_COMMAND {
            return stop(Break::Violation, "command set too long");
        }
        if !pdv.fragment.command {
            return stop(Break::WrongValue, "data set without a command");
        }
        bytes.extend_from_slice(&pdv.bytes);
        if !pdv.fragment.last {
            self.state = State::Command { context, bytes };
            return Ok(None);
        }
        let context = match agreed.context(context) {
            None if self.lenient => {
                return stop(Break::Violation, "presentation context was not negotiated");
            }
            other => other.cloned(),
        };
        let torn = bytes.len() % 2 == 1;
        let Some(mut command) = Command::read(bytes.freeze()).ok().filter(|_| !torn) else {
            return stop(Break::UnreadableCommand, "unreadable command set");
        };
        let Some(context) = context else {
            return stop(Break::Violation, "presentation context was not negotiated");
        };
        if self.lenient {
            complete(&mut command)?
        } else {
            check(&command)?
        };
        if !command.has_data_set() {
            return Ok(Some(Message { context, command, data: Data::None }));
        }
        let sink = start(&context, &command)?;
        self.state = State::Data(Box::new(Pending { context, command, data_context: None, sink }));
        Ok(None)
    }

    fn data(&mut self, pdv: &Pdv, mut pending: Box<Pending>) -> Result<Option<Message>, Stop> {
        if pdv.fragment.command {
            return stop(Break::WrongValue, "command inside a data set");
        }
        if *pending.data_context.get_or_insert(pdv.fragment.context) != pdv.fragment.context {
            return stop(Break::WrongValue, "data set over two presentation contexts");
        }
        if pdv.bytes.len() % 2 == 1 && !self.lenient {
            return stop(Break::Violation, "fragment of odd length");
        }
        match &mut pending.sink {
            Sink::Identifier(bytes) if bytes.len() + pdv.bytes.len() > MAX_IDENTIFIER => {
                return stop(Break::Violation, "identifier too long");
            }
            Sink::Identifier(bytes) => bytes.extend_from_slice(&pdv.bytes),
            Sink::Object(object) => object.write(&pdv.bytes),
        }
        if !pdv.fragment.last {
            self.state = State::Data(pending);
            return Ok(None);
        }
        if pdv.fragment.context != pending.context.id {
            return stop(Break::WrongValue, "command and data set in two presentation contexts");
        }
        let Pending { context, command, sink, .. } = *pending;
        let data = match sink {
            Sink::Identifier(bytes) => Data::Identifier(bytes.freeze()),
            Sink::Object(object) => Data::Object(object),
        };
        Ok(Some(Message { context, command, data }))
    }
}

/// Fields that the toolkits insist on, by command (PS3.7 9.3).
fn check(command: &Command) -> Result<(), Stop> {
    let complete = command.data_set.is_some()
        && match command.field {
            Some(field::C_ECHO) => requested(command) && !command.has_data_set(),
            Some(field::C_FIND | field::C_GET) => operation(command),
            Some(field::C_MOVE) => operation(command) && command.destination.is_some(),
            Some(field::C_STORE) => {
                operation(command) && command.sop_instance.as_ref().is_some_and(|uid| !uid.is_empty())
            }
            Some(field::C_CANCEL) => command.responded_id.is_some() && !command.has_data_set(),
            Some(other) if other & field::RESPONSE != 0 => {
                command.responded_id.is_some() && command.status.is_some()
            }
            Some(field::N_CREATE) if requested(command) && command.has_data_set() => true,
            Some(field::N_SET | field::N_ACTION) if on_instance(command) => true,
            Some(field::N_EVENT_REPORT) if command.event_type.is_some() => true,
            Some(other) if NORMALIZED.contains(&other) => {
                return stop(Break::NotServed, "command that the product doesn't serve");
            }
            Some(_) => return stop(Break::Violation, "command is not known"),
            None => false,
        };
    if complete { Ok(()) } else { stop(Break::Violation, "command set lacks a field") }
}

/// What a toolkit that asks for nothing but the field makes of a command.
fn complete(command: &mut Command) -> Result<(), Stop> {
    let field = command.field.unwrap_or(0);
    let request = field & !field::RESPONSE;
    let known = matches!(
        request,
        field::C_STORE | field::C_GET | field::C_FIND | field::C_MOVE | field::C_ECHO | field::C_CANCEL
    ) || NORMALIZED.contains(&request);
    if !known {
        return stop(Break::Violation, "command is not known");
    }
    if field == request && field != field::C_CANCEL {
        command.message_id.get_or_insert(0);
    }
    Ok(())
}

fn on_instance(command: &Command) -> bool {
    let named = command.requested_class.is_some() && command.requested_instance.is_some();
    named && command.message_id.is_some() && command.has_data_set()
}

fn requested(command: &Command) -> bool {
    command.sop_class.is_some() && command.message_id.is_some()
}

fn operation(command: &Command) -> bool {
    requested(command) && command.priority.is_some() && command.has_data_set()
}
