//! C-MOVE (PS3.4 C.4.2): objects go to another application entity of the honeynet.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::scu::{News, Scu};
use super::{Collected, Item, Outcome, Retrieval};
use crate::decoys::dicom::assembler::{Message, Violation};
use crate::decoys::dicom::courier::TooSmall;
use crate::decoys::dicom::task::{Progress, Turn};
use crate::event::{Observation, Tainted};
use crate::session::{Destination, RelayEvent};
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::pdu;

/// Sub-operations without anything to send done in one go.
const FAILURES_AT_ONCE: usize = 64;

/// A C-MOVE at work.
pub(crate) struct Moving {
    retrieval: Retrieval,
    destination: Bytes,
    phase: Phase,
    scu: Option<Scu>,
    cancelled: bool,
    /// When the last pending response went out.
    told_at: Timestamp,
}

enum Phase {
    Collecting,
    /// The connection was asked for.
    Connecting,
    /// The A-ASSOCIATE-RQ is out.
    Associating,
    Sending,
    /// A C-STORE-RQ is out for this instance.
    Awaiting(String),
    /// The A-RELEASE-RQ is out; this status comes after.
    Releasing(u16),
    Ending(u16),
}

impl Moving {
    /// Reads the request.
    ///
    /// # Errors
    /// [`Violation`] when the identifier is no data set.
    pub(crate) fn start(turn: &Turn<'_>, message: &Message, identifier: &Bytes) -> Result<Self, Violation> {
        let (retrieval, refused) = Retrieval::start(turn, message, identifier, "C-MOVE")?;
        let phase = refused.map_or(Phase::Collecting, Phase::Ending);
        let destination = message.command.destination.clone().unwrap_or_default();
        let mut moving =
            Moving { retrieval, destination, phase, scu: None, cancelled: false, told_at: turn.now };
        let first = turn.desk.shared.profile.table.retrieve.as_ref().is_some_and(|r| r.destination_first);
        if first && matches!(moving.phase, Phase::Collecting) && moving.place(turn).is_none() {
            moving.refuse(turn);
        }
        Ok(moving)
    }

    /// Takes a command that came meanwhile.
    ///
    /// # Errors
    /// [`Violation`] for one that the product breaks off for.
    pub(crate) fn hear(&mut self, context: u8, command: &Command) -> Result<(), Violation> {
        let cancel = command.field == Some(field::C_CANCEL)
            && context == self.retrieval.context
            && command.responded_id == self.retrieval.request.message_id;
        self.cancelled |= cancel;
        if cancel { Ok(()) } else { Err(Violation("command while another is at work")) }
    }

    /// Goes on.
    ///
    /// # Errors
    /// [`TooSmall`].
    pub(crate) fn step(&mut self, turn: &mut Turn<'_>) -> Result<Progress, TooSmall> {
        match self.phase {
            Phase::Connecting | Phase::Associating | Phase::Awaiting(_) | Phase::Releasing(_) => {
                Ok(Progress::Wait)
            }
            Phase::Ending(status) => {
                turn.out.relay_close = self.scu.is_some();
                self.retrieval.finish(turn, status)?;
                Ok(Progress::Done)
            }
            Phase::Collecting => Ok(self.collect(turn)),
            Phase::Sending => self.send(turn),
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
                let profile = &turn.desk.shared.profile;
                let (scu, request) = Scu::request(profile, &turn.link.called, &self.destination);
                self.scu = Some(scu);
                turn.out.relay.push(request);
                self.phase = Phase::Associating;
                Ok(())
            }
            RelayEvent::Refused => {
                self.told(turn, false);
                self.lose(turn)
            }
            RelayEvent::Closed => self.lose(turn),
            RelayEvent::Data(bytes) => {
                let mut bytes = bytes.as_ref();
                while let Some(news) =
                    self.scu.as_mut().and_then(|scu| scu.receive(bytes, &turn.desk.shared.profile))
                {
                    bytes = &[];
                    self.news(turn, news)?;
                }
                Ok(())
            }
        }
    }

    /// The other side is gone.
    ///
    /// # Errors
    /// [`TooSmall`].
    pub(crate) fn lose(&mut self, turn: &mut Turn<'_>) -> Result<(), TooSmall> {
        self.news(turn, News::Broken)
    }

    /// Tells of the operation when the association ends before it.
    pub(crate) fn abandon(&mut self, turn: &mut Turn<'_>) {
        turn.out.relay_close = self.scu.is_some();
        self.retrieval.report(turn);
    }

    fn news(&mut self, turn: &mut Turn<'_>, news: News) -> Result<(), TooSmall> {
        match (&self.phase, news) {
            (Phase::Associating, News::Accepted) => self.phase = Phase::Sending,
            (Phase::Awaiting(instance), News::Stored(status)) => {
                let instance = instance.clone();
                return self.counted(turn, Outcome::of(status), &instance);
            }
            (Phase::Awaiting(instance), News::Broken) => {
                let instance = instance.clone();
                self.scu = None;
                turn.out.relay_close = true;
                return self.counted(turn, Outcome::Failed, &instance);
            }
            (Phase::Connecting | Phase::Associating, News::Broken) => {
                self.phase = Phase::Ending(self.retrieval.unreachable().unwrap_or_else(|| {
                    self.retrieval.fail_rest();
                    0
                }));
            }
            (Phase::Releasing(status), News::Released | News::Broken) => self.phase = Phase::Ending(*status),
            (Phase::Sending, News::Broken) => self.scu = None,
            (_, News::Accepted | News::Stored(_) | News::Message | News::Released | News::Broken) => {}
        }
        Ok(())
    }

    fn collect(&mut self, turn: &Turn<'_>) -> Progress {
        match self.retrieval.collect() {
            Collected::More => return Progress::Again,
            Collected::Ended(status) => self.phase = Phase::Ending(status),
            Collected::Ready => match self.place(turn) {
                Some(to) => {
                    self.phase = Phase::Connecting;
                    return Progress::Connect(to);
                }
                None => self.refuse(turn),
            },
        }
        Progress::Again
    }

    /// Where the destination is; `None` when it is not known.
    fn place(&self, turn: &Turn<'_>) -> Option<Destination> {
        let mut peers = turn.desk.shared.profile.table.retrieve.iter().flat_map(|r| &r.peer);
        let peer = peers.find(|peer| peer.ae_title.as_bytes() == self.destination)?;
        peer.destination(turn.desk.session.pack())
    }

    fn refuse(&mut self, turn: &Turn<'_>) {
        self.told(turn, false);
        self.phase = Phase::Ending(self.retrieval.unknown_destination());
    }

    fn send(&mut self, turn: &mut Turn<'_>) -> Result<Progress, TooSmall> {
        for _ in 0..FAILURES_AT_ONCE {
            let Some(item) = self.retrieval.next_item() else {
                self.release(turn, 0);
                return Ok(Progress::Again);
            };
            let command = self.command(turn, &item);
            let holdings = &self.retrieval.holdings;
            let sending = &turn.desk.shared.profile.sending;
            let sent = self.scu.as_mut().and_then(|scu| {
                let choose = |item: &Item| {
                    let taken = scu.taken(item.instance.sop_class());
                    sending.choose(item.kept(turn.desk), &taken)
                };
                let (context, syntax) = choose(&item)?;
                let object = item.object(turn.desk, holdings, syntax)?;
                self.retrieval.draw_ahead(turn.desk, |next| choose(next).map(|(_, syntax)| syntax));
                scu.store(context, command, object, turn.out).ok()
            });
            if sent.is_some() {
                self.phase = Phase::Awaiting(item.instance.uid().to_owned());
                return Ok(Progress::Wait);
            }
            self.counted(turn, Outcome::Failed, item.instance.uid())?;
        }
        Ok(Progress::Again)
    }

    fn counted(&mut self, turn: &mut Turn<'_>, outcome: Outcome, instance: &str) -> Result<(), TooSmall> {
        self.retrieval.count(outcome, instance);
        if self.cancelled {
            self.release(turn, self.retrieval.cancelled());
            return Ok(());
        }
        self.phase = Phase::Sending;
        let pause = turn.desk.shared.profile.table.retrieve.as_ref().map_or(0, |r| r.move_pending_ms);
        if pause > 0 && turn.now.duration_since(self.told_at) < SignedDuration::from_millis(pause.into()) {
            return Ok(());
        }
        self.told_at = turn.now;
        let mut batch = turn.link.courier.batch(turn.out);
        self.retrieval.pending(&mut batch)?;
        batch.finish();
        Ok(())
    }

    fn release(&mut self, turn: &mut Turn<'_>, status: u16) {
        if self.scu.is_some() {
            turn.out.relay.push(pdu::release_request());
            self.phase = Phase::Releasing(status);
        } else {
            self.phase = Phase::Ending(status);
        }
    }

    fn command(&self, turn: &Turn<'_>, item: &Item) -> Command {
        Command {
            sop_class: Some(item.instance.sop_class().to_owned().into()),
            priority: self.retrieval.request.priority,
            data_set: Some(1),
            sop_instance: Some(item.instance.uid().to_owned().into()),
            originator: Some(turn.link.calling.clone()),
            originator_id: self.retrieval.request.message_id,
            ..Command::default()
        }
    }

    fn told(&self, turn: &Turn<'_>, relayed: bool) {
        turn.desk.session.emit(Observation::Tunnel {
            means: "C-MOVE".to_owned(),
            target: Tainted::from_bytes(&self.destination),
            relayed,
        });
    }
}
