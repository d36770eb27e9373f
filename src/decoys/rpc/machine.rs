//! One connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use jiff::Timestamp;

use crate::event::Observation;
use crate::rpc::{Caller, Pipe, Setting};
use crate::session::{Machine, Next, Outbox, Session, Wake};
use crate::wire::probe;

/// Windows keeps silent connections for long; scanners leave before, and ours are few.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// A connection to a port of RPC.
pub(super) struct Line {
    session: Session,
    pipe: Pipe,
    begun: bool,
}

impl Line {
    pub(super) fn new(setting: &Arc<Setting>, port: u16, session: Session) -> Self {
        let caller = Caller::nobody(&session.source().to_string(), session.now());
        let setting = Setting { caller, ..(**setting).clone() };
        Line { pipe: Pipe::at_port(port, Arc::new(setting)), session, begun: false }
    }

    fn listen(&self) -> Next {
        Next::Read(Some(IDLE))
    }
}

impl Machine for Line {
    fn open(&mut self, _: Timestamp, _: &mut Outbox) -> Next {
        self.listen()
    }

    fn receive(&mut self, _: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if !std::mem::replace(&mut self.begun, true)
            && let Some(means) = probe::means(input)
        {
            self.session.emit(Observation::Probe { means: means.to_owned() });
        }
        self.pipe.write(&mut self.session, input);
        input.advance(input.len());
        while self.pipe.is_waiting() {
            out.send(self.pipe.read(usize::MAX).bytes);
        }
        if self.pipe.read(0).closed { Next::Close } else { self.listen() }
    }

    fn wake(&mut self, _: Timestamp, cause: Wake, _: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed | Wake::Deadline => Next::Close,
            Wake::Thought | Wake::More | Wake::Relay(_) => self.listen(),
        }
    }
}
