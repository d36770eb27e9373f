//! C-GET (PS3.4 C.4.3): objects come back over the same association, one C-STORE at a time.

use bytes::Bytes;

use super::{Collected, Item, Outcome, Retrieval};
use crate::decoys::dicom::assembler::{Message, Violation};
use crate::decoys::dicom::courier::{Payload, TooSmall};
use crate::decoys::dicom::task::{Progress, Turn};
use crate::wire::dicom::command::{Command, field};

/// Sub-operations without anything to send done in one go.
const FAILURES_AT_ONCE: usize = 64;

/// A C-GET at work.
pub(crate) struct Getting {
    retrieval: Retrieval,
    phase: Phase,
    /// Message id of the next C-STORE-RQ.
    next_id: u16,
    cancelled: bool,
}

enum Phase {
    Collecting,
    Sending,
    /// A C-STORE-RQ is out for this instance.
    Awaiting(String),
    Ending(u16),
}

impl Getting {
    /// Reads the request. `next_id` is the association's next message id.
    ///
    /// # Errors
    /// [`Violation`] when the identifier is no data set.
    pub(crate) fn start(
        turn: &Turn<'_>,
        message: &Message,
        identifier: &Bytes,
        next_id: u16,
    ) -> Result<Self, Violation> {
        let (retrieval, refused) = Retrieval::start(turn, message, identifier, "C-GET")?;
        let phase = refused.map_or(Phase::Collecting, Phase::Ending);
        Ok(Getting { retrieval, phase, next_id, cancelled: false })
    }

    /// The association's next message id after it.
    pub(crate) fn next_id(&self) -> u16 {
        self.next_id
    }

    /// Takes a command that came meanwhile.
    ///
    /// # Errors
    /// [`Violation`] for one that the product breaks off for.
    pub(crate) fn hear(
        &mut self,
        turn: &mut Turn<'_>,
        context: u8,
        command: &Command,
    ) -> Result<(), Violation> {
        let cancel = command.field == Some(field::C_CANCEL)
            && context == self.retrieval.context
            && command.responded_id == self.retrieval.request.message_id;
        if cancel {
            self.cancelled = true;
            if matches!(self.phase, Phase::Collecting | Phase::Sending) {
                self.phase = Phase::Ending(self.retrieval.cancelled());
            }
            return Ok(());
        }
        let Phase::Awaiting(instance) = &self.phase else {
            return Err(Violation("command while another is at work"));
        };
        let instance = instance.clone();
        // Whatever else comes in place of the response fails this sub-operation.
        let response = command.field == Some(field::C_STORE | field::RESPONSE);
        let outcome = if response { Outcome::of(command.status) } else { Outcome::Failed };
        self.retrieval.count(outcome, &instance);
        self.phase = Phase::Sending;
        if self.cancelled {
            self.phase = Phase::Ending(self.retrieval.cancelled());
            return Ok(());
        }
        let mut batch = turn.link.courier.batch(turn.out);
        let sent = self.retrieval.pending(&mut batch);
        batch.finish();
        sent.map_err(|TooSmall| Violation("peer takes no PDU"))
    }

    /// Goes on.
    ///
    /// # Errors
    /// [`TooSmall`].
    pub(crate) fn step(&mut self, turn: &mut Turn<'_>) -> Result<Progress, TooSmall> {
        match self.phase {
            Phase::Awaiting(_) => Ok(Progress::Wait),
            Phase::Ending(status) => {
                self.retrieval.finish(turn, status)?;
                Ok(Progress::Done)
            }
            Phase::Collecting => {
                match self.retrieval.collect() {
                    Collected::More => {}
                    Collected::Ready => self.phase = Phase::Sending,
                    Collected::Ended(status) => self.phase = Phase::Ending(status),
                }
                Ok(Progress::Again)
            }
            Phase::Sending => self.send(turn),
        }
    }

    /// Tells of the operation when the association ends before it.
    pub(crate) fn abandon(&mut self, turn: &Turn<'_>) {
        self.retrieval.report(turn);
    }

    fn send(&mut self, turn: &mut Turn<'_>) -> Result<Progress, TooSmall> {
        let mut batch = turn.link.courier.batch(turn.out);
        for _ in 0..FAILURES_AT_ONCE {
            let Some(item) = self.retrieval.next_item() else {
                self.phase = Phase::Ending(0);
                break;
            };
            let choose = |item: &Item| {
                let accepted = turn.link.agreed.stores(item.instance.sop_class().as_bytes());
                turn.desk.shared.profile.sending.choose(item.kept(turn.desk), &accepted)
            };
            let chosen = choose(&item);
            // The product numbers messages before it looks for a context.
            let id = self.next_id;
            self.next_id = self.next_id.wrapping_add(1);
            let holdings = &self.retrieval.holdings;
            let object = chosen.and_then(|(_, syntax)| item.object(turn.desk, holdings, syntax));
            self.retrieval.draw_ahead(turn.desk, |next| choose(next).map(|(_, syntax)| syntax));
            let (Some((context, _)), Some(object)) = (chosen, object) else {
                self.retrieval.count(Outcome::Failed, item.instance.uid());
                self.retrieval.pending(&mut batch)?;
                continue;
            };
            let name = item.name();
            batch.message(context, &self.command(&item, id), Some(Payload::Object(object, name)))?;
            batch.finish();
            self.phase = Phase::Awaiting(item.instance.uid().to_owned());
            return Ok(Progress::Wait);
        }
        batch.finish();
        Ok(Progress::Again)
    }

    fn command(&self, item: &Item, id: u16) -> Command {
        Command {
            sop_class: Some(item.instance.sop_class().to_owned().into()),
            field: Some(field::C_STORE),
            message_id: Some(id),
            priority: self.retrieval.request.priority,
            data_set: Some(1),
            sop_instance: Some(item.instance.uid().to_owned().into()),
            ..Command::default()
        }
    }
}
