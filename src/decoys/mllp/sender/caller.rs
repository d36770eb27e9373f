//! One message over one connection, and its acknowledgement.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;

use super::plan::Planned;
use super::{Sender, Sending, messages};
use crate::session::{Machine, Next, Outbox, Wake};
use crate::wire::hl7::{BeforeStart, Deframer, Framing, Heard, LoneEnd, frame};

/// An acknowledgement that takes longer is given up and the message sent again.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a message is sent in all.
const TRIES: u32 = 2;

/// Acknowledgements are read leniently.
const FRAMING: Framing = Framing { before_start: BeforeStart::Skip, lone_end: LoneEnd::Ends };

/// The sending end of a connection.
pub(super) struct Caller {
    sending: Arc<Sending>,
    sender: Sender,
    planned: Planned,
    framed: Vec<u8>,
    tries: u32,
    deframer: Deframer,
}

impl Caller {
    pub(super) fn new(sending: Arc<Sending>, sender: Sender, planned: Planned) -> Self {
        let deframer = Deframer::new(FRAMING);
        Caller { sending, sender, planned, framed: Vec::new(), tries: 0, deframer }
    }

    fn send(&mut self, out: &mut Outbox) -> Next {
        if self.framed.is_empty() || self.tries >= TRIES {
            return Next::Close;
        }
        self.tries += 1;
        out.send(self.framed.clone());
        Next::Read(Some(PATIENCE))
    }
}

impl Machine for Caller {
    fn open(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let view = self.sending.world.at(now);
        let message = messages::message(&self.sending.station, &self.sender, &self.planned.subject, &view);
        self.framed = message.map(|message| frame(&message)).unwrap_or_default();
        self.send(out)
    }

    fn receive(&mut self, _: Timestamp, input: &mut BytesMut, _: &mut Outbox) -> Next {
        while let Some(heard) = self.deframer.next(input) {
            match heard {
                Heard::Message(_) | Heard::Broken(..) => return Next::Close,
                Heard::Noise(..) => {}
            }
        }
        Next::Read(Some(PATIENCE))
    }

    fn wake(&mut self, _: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Deadline => self.send(out),
            Wake::PeerClosed => Next::Close,
            Wake::Thought | Wake::More | Wake::Relay(_) => Next::Read(Some(PATIENCE)),
        }
    }
}
