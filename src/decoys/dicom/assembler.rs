//! Puts DIMSE messages together from presentation data values (PS3.7 6.3.1, PS3.8 annex E).

use bytes::{Bytes, BytesMut};

use super::negotiate::{Agreed, Agreement};
use super::store::Incoming;
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::pdu::Pdv;

/// Largest command set: the longest real one has some 300 bytes.
const MAX_COMMAND: usize = 16 << 10;

/// Largest identifier of a query: a list of a thousand UIDs stays below.
const MAX_IDENTIFIER: usize = 1 << 20;

/// What the product can't go on with: a rule of ours for the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Violation(pub &'static str);

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
#[derive(Default)]
pub(crate) struct Assembler {
    state: State,
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
    /// Takes one value; a message when it was the last of one. `start` says where the data
    /// set of a command goes.
    ///
    /// # Errors
    /// What the product breaks off for.
    pub(crate) fn take(
        &mut self,
        pdv: &Pdv,
        agreed: &Agreed,
        start: impl FnOnce(&Agreement, &Command) -> Result<Sink, Violation>,
    ) -> Result<Option<Message>, Violation> {
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
        start: impl FnOnce(&Agreement, &Command) -> Result<Sink, Violation>,
    ) -> Result<Option<Message>, Violation> {
        let context = if bytes.is_empty() { pdv.fragment.context } else { context };
        if pdv.fragment.context != context {
            return Err(Violation("command set over two presentation contexts"));
        }
        if pdv.bytes.len() % 2 == 1 {
            return Err(Violation("fragment of odd length"));
        }
        if bytes.len() + pdv.bytes.len() > MAX_COMMAND {
            return Err(Violation("command set too long"));
        }
        if !pdv.fragment.command {
            return Err(Violation("data set without a command"));
        }
        bytes.extend_from_slice(&pdv.bytes);
        if !pdv.fragment.last {
            self.state = State::Command { context, bytes };
            return Ok(None);
        }
        let command = Command::read(bytes.freeze()).map_err(|_| Violation("unreadable command set"))?;
        let context =
            agreed.context(context).ok_or(Violation("presentation context was not negotiated"))?.clone();
        check(&command)?;
        if !command.has_data_set() {
            return Ok(Some(Message { context, command, data: Data::None }));
        }
        let sink = start(&context, &command)?;
        self.state = State::Data(Box::new(Pending { context, command, data_context: None, sink }));
        Ok(None)
    }

    fn data(&mut self, pdv: &Pdv, mut pending: Box<Pending>) -> Result<Option<Message>, Violation> {
        if pdv.fragment.command {
            return Err(Violation("command inside a data set"));
        }
        if *pending.data_context.get_or_insert(pdv.fragment.context) != pdv.fragment.context {
            return Err(Violation("data set over two presentation contexts"));
        }
        if pdv.bytes.len() % 2 == 1 {
            return Err(Violation("fragment of odd length"));
        }
        match &mut pending.sink {
            Sink::Identifier(bytes) if bytes.len() + pdv.bytes.len() > MAX_IDENTIFIER => {
                return Err(Violation("identifier too long"));
            }
            Sink::Identifier(bytes) => bytes.extend_from_slice(&pdv.bytes),
            Sink::Object(object) => object.write(&pdv.bytes),
        }
        if !pdv.fragment.last {
            self.state = State::Data(pending);
            return Ok(None);
        }
        if pdv.fragment.context != pending.context.id {
            return Err(Violation("command and data set in two presentation contexts"));
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
fn check(command: &Command) -> Result<(), Violation> {
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
            Some(_) => return Err(Violation("command is not known")),
            None => false,
        };
    if complete { Ok(()) } else { Err(Violation("command set lacks a field")) }
}

fn requested(command: &Command) -> bool {
    command.sop_class.is_some() && command.message_id.is_some()
}

fn operation(command: &Command) -> bool {
    requested(command) && command.priority.is_some() && command.has_data_set()
}
