//! One connection: frames in, frames out.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use jiff::Timestamp;

use super::frame::{self, Frame};
use super::link::{End, Link};
use super::packet::{SEALED, SMB1, SMB2};
use super::server::Server;
use super::smb1::Old;
use crate::event::Observation;
use crate::session::{Machine, Next, Outbox, Session, Wake};
use crate::wire::probe;

/// Longest message of somebody who is not in: the largest that a negotiation needs is a token of 16 KiB.
const MAX_BEFORE: usize = 64 << 10;
/// Longest message of somebody who is: the largest write of SMB 3, with its header.
const MAX_INSIDE: usize = (8 << 20) + (64 << 10);
/// Longest NetBIOS session request: two names of at most 255 bytes.
const MAX_REQUEST: usize = 512;
/// A connection on which nobody logged on is ended after so long.
const PATIENCE: Duration = Duration::from_secs(45);
/// One on which somebody did, and nothing is open, after 15 minutes (autodisconnect of LanmanServer).
const IDLE: Duration = Duration::from_secs(15 * 60);

/// One client.
pub struct SmbMachine {
    session: Session,
    link: Link,
    old: Option<Old>,
    /// Whether the NetBIOS session service carries it.
    netbios: bool,
}

impl SmbMachine {
    /// A connection that was just accepted; with the NetBIOS session service where that carries it.
    pub(super) fn new(server: Arc<Server>, session: Session, netbios: bool) -> Self {
        let old = server.behaviour.smb1.is_some();
        let old = old.then(|| Old::new(Arc::clone(&server), session.clone()));
        SmbMachine { link: Link::new(server, session.clone()), session, old, netbios }
    }

    fn is_in(&self) -> bool {
        self.link.is_in() || self.old.as_ref().is_some_and(Old::is_in)
    }

    fn wait(&self) -> Next {
        Next::Read(Some(if self.is_in() { IDLE } else { PATIENCE }))
    }

    /// Takes one frame; `None` when there is none whole.
    fn frame(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Option<Next> {
        let head: [u8; frame::HEADER] = *input.first_chunk()?;
        let most = if self.is_in() { MAX_INSIDE } else { MAX_BEFORE };
        match frame::read(head) {
            Frame::Message(length) if length <= most => {
                if input.len() < frame::HEADER + length {
                    input.reserve((frame::HEADER + length - input.len()).min(64 << 10));
                    return None;
                }
                input.advance(frame::HEADER);
                let message = input.split_to(length).freeze();
                Some(self.message(now, &message, out))
            }
            Frame::KeepAlive => {
                input.advance(frame::HEADER);
                Some(self.wait())
            }
            Frame::Request(length) if self.netbios && length <= MAX_REQUEST => {
                if input.len() < frame::HEADER + length {
                    return None;
                }
                input.advance(frame::HEADER);
                let request = input.split_to(length);
                if frame::names(&request).is_none() {
                    self.session.malformed("NetBIOS session request", &request);
                    return Some(Next::Close);
                }
                out.send(Bytes::from_static(&frame::GRANTED));
                Some(self.wait())
            }
            Frame::Message(_) | Frame::Request(_) | Frame::Other => Some(self.stranger(input)),
        }
    }

    /// What is no SMB: Windows ends the connection.
    fn stranger(&mut self, input: &mut BytesMut) -> Next {
        match probe::means(input) {
            Some(means) => self.session.emit(Observation::Probe { means: means.to_owned() }),
            None => self.session.malformed("SMB frame", input),
        }
        input.clear();
        Next::Reset
    }

    fn message(&mut self, now: Timestamp, message: &Bytes, out: &mut Outbox) -> Next {
        let answers = match message.first_chunk::<4>() {
            Some(start) if *start == SMB2 || *start == SEALED => self.link.take(now, message, out),
            Some(start) if *start == SMB1 => self.old_message(now, message, out),
            Some(_) | None => {
                self.session.malformed("SMB message", message);
                Err(End)
            }
        };
        match answers {
            Ok(()) => self.wait(),
            Err(End) => Next::Reset,
        }
    }

    /// SMB1: the negotiation that may lead to SMB2, and the old protocol where it is on.
    fn old_message(&mut self, now: Timestamp, message: &[u8], out: &mut Outbox) -> Result<(), End> {
        if super::smb1::is_negotiate(message) && !self.link.has_begun() {
            let dialects = super::smb1::dialects(message);
            if let Some(wanted) = super::smb1::wants_new(&dialects)
                && self.link.negotiate_from_old(now, wanted, out)
            {
                return Ok(());
            }
        }
        match &mut self.old {
            Some(old) => old.take(now, message, out),
            // The old protocol is off: the connection is reset.
            None => {
                super::smb1::tell_refused(&self.session, message);
                Err(End)
            }
        }
    }
}

impl Machine for SmbMachine {
    fn open(&mut self, _: Timestamp, _: &mut Outbox) -> Next {
        Next::Read(Some(PATIENCE))
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        let mut next = self.wait();
        while let Some(after) = self.frame(now, input, out) {
            next = after;
            if matches!(next, Next::Close | Next::Reset) {
                self.link.end(now);
                return next;
            }
        }
        next
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, _: &mut Outbox) -> Next {
        match cause {
            Wake::Deadline if self.link.has_open() => self.wait(),
            Wake::PeerClosed | Wake::Deadline => {
                self.link.end(now);
                Next::Close
            }
            Wake::Thought | Wake::More | Wake::Relay(_) => self.wait(),
        }
    }
}
