//! Plays a peer to a decoy's machine, and builds what peers send.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

use crate::decoys::{Making, build};
use crate::persona::Protocol;
use crate::session::bench::{Bench, NOW};
use crate::session::{Conversation, Decoy, Machine, Next, Outbox, RelayEvent, Wake};
use crate::wire::dicom::command::Command;
use crate::wire::dicom::dataset::{DataSet, TransferSyntax};
use crate::wire::dicom::pdu::{Associate, Context, Fragment, HEADER, Header, Pdv, Role, data_head, values};

pub(super) const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
pub(super) const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
pub(super) const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
pub(super) const PATIENT_FIND: &str = "1.2.840.10008.5.1.4.1.2.1.1";

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waits,
    Closed,
    Reset,
}

/// A machine with its peer.
pub(super) struct Peer {
    machine: Box<dyn Machine>,
    input: BytesMut,
    /// All that the decoy sent and was not taken yet.
    pub(super) sent: Vec<u8>,
    pub(super) state: State,
    relay: Option<Box<Peer>>,
    bench: Arc<Bench>,
    now: Timestamp,
}

impl Peer {
    /// Connects to the DICOM service of a host.
    pub(super) fn connect(bench: &Arc<Bench>, host: &str) -> Self {
        Peer::of(bench, host, Peer::decoy(bench, host).as_ref())
    }

    /// The DICOM service of a host.
    pub(super) fn decoy(bench: &Arc<Bench>, host: &str) -> Arc<dyn Decoy> {
        let (made, service) = bench.pack.service(host, Protocol::Dicom).unwrap();
        let making = Making {
            pack: Arc::clone(&bench.pack),
            host: Arc::clone(made),
            world: Arc::clone(&bench.world),
            imaging: Arc::default(),
        };
        build(&making, service).unwrap()
    }

    /// Connects to a service that others may be connected to.
    pub(super) fn of(bench: &Arc<Bench>, host: &str, decoy: &dyn Decoy) -> Self {
        let Conversation::Machine(machine) = decoy.converse(bench.session(host, "dicom")) else {
            panic!("the decoy is a machine")
        };
        let (now, sent) = (NOW.parse().unwrap(), Vec::new());
        let bench = Arc::clone(bench);
        let mut peer =
            Peer { machine, input: BytesMut::new(), sent, state: State::Waits, relay: None, bench, now };
        let mut out = Outbox::default();
        let next = peer.machine.open(peer.now, &mut out);
        peer.follow(next, out);
        peer
    }

    /// Sends bytes; the machine answers until it waits.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        if self.state != State::Waits {
            return;
        }
        self.input.extend_from_slice(bytes);
        let mut out = Outbox::default();
        let next = self.machine.receive(self.now, &mut self.input, &mut out);
        assert!(self.input.is_empty(), "the machine keeps its own inbox");
        self.follow(next, out);
    }

    /// Lets the deadline that it asked for pass.
    pub(super) fn wait(&mut self) {
        let mut out = Outbox::default();
        let next = self.machine.wake(self.now, Wake::Deadline, &mut out);
        self.follow(next, out);
    }

    fn follow(&mut self, mut next: Next, mut out: Outbox) {
        let mut from_relay = Vec::new();
        loop {
            self.sent.extend(out.joined());
            let relayed: Vec<u8> = out.relay.concat();
            let close = out.relay_close;
            out = Outbox::default();
            if let Some(relay) = &mut self.relay {
                relay.send(&relayed);
                from_relay.append(&mut relay.sent);
            }
            if close {
                self.relay = None;
            }
            next = match next {
                Next::Close => return self.state = State::Closed,
                Next::Reset => return self.state = State::Reset,
                Next::More => self.machine.wake(self.now, Wake::More, &mut out),
                Next::Think(_) => self.machine.wake(self.now, Wake::Thought, &mut out),
                Next::Connect(to) => {
                    self.relay = Some(Box::new(Peer::connect(&self.bench, &to.host)));
                    let event = Wake::Relay(RelayEvent::Connected);
                    self.machine.wake(self.now, event, &mut out)
                }
                Next::Read(_) if from_relay.is_empty() => return,
                Next::Read(_) => {
                    let event = RelayEvent::Data(std::mem::take(&mut from_relay).into());
                    self.machine.wake(self.now, Wake::Relay(event), &mut out)
                }
            };
        }
    }

    /// The bytes sent so far, taken away.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// Messages sent so far: command, and data set if there was one.
    pub(super) fn messages(&mut self) -> Vec<(Command, Option<Bytes>)> {
        let (mut found, mut command, mut data) = (Vec::new(), Vec::new(), Vec::new());
        for pdv in self.values() {
            if pdv.fragment.command { &mut command } else { &mut data }.extend_from_slice(&pdv.bytes);
            if !pdv.fragment.last {
                continue;
            }
            if pdv.fragment.command {
                let read = Command::read(Bytes::from(std::mem::take(&mut command))).unwrap();
                found.push((read, None));
            } else if let Some((_, slot)) = found.last_mut() {
                *slot = Some(Bytes::from(std::mem::take(&mut data)));
            }
        }
        found
    }

    fn values(&mut self) -> Vec<Pdv> {
        let mut rest = Bytes::from(self.take());
        let mut found = Vec::new();
        while let Some(header) = Header::read(&rest) {
            let pdu = rest.split_to(header.whole());
            found.extend(values(&pdu.slice(HEADER..)).expect("only P-DATA here"));
        }
        found
    }
}

/// An A-ASSOCIATE-RQ with these classes in these syntaxes, contexts numbered 1, 3, 5 …
pub(super) fn proposal(classes: &[&str], syntax: TransferSyntax, max_pdu: u32, stored: &[&str]) -> Bytes {
    proposal_of(["LAB", "CLZXPACS"], classes, syntax, max_pdu, stored)
}

/// The same with calling and called AE title.
pub(super) fn proposal_of(
    [calling, called]: [&str; 2],
    classes: &[&str],
    syntax: TransferSyntax,
    max_pdu: u32,
    stored: &[&str],
) -> Bytes {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let contexts = classes.iter().zip((1u8..).step_by(2)).map(|(class, id)| Context {
        id,
        result: 0,
        abstract_syntax: bytes(class),
        transfer_syntaxes: vec![bytes(syntax.uid())],
    });
    let roles = stored.iter().map(|class| Role { sop_class: bytes(class), scu: false, scp: true });
    Associate {
        version: 1,
        called: bytes(called),
        calling: bytes(calling),
        application_context: bytes("1.2.840.10008.3.1.1.1"),
        contexts: contexts.collect(),
        max_pdu: Some(max_pdu),
        implementation_uid: bytes("1.2.3.4"),
        implementation_version: bytes("TEST_1"),
        roles: roles.collect(),
        ..Associate::default()
    }
    .request()
}

/// Bytes of a data set in one PDU: every product takes that.
const FRAGMENT: usize = 16_000;

/// A message as P-DATA.
pub(super) fn message(
    context: u8,
    command: &Command,
    data: Option<&DataSet>,
    syntax: TransferSyntax,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    command.write(&mut bytes);
    let mut out = data_head(Fragment { context, command: true, last: true }, bytes.len()).to_vec();
    out.extend(bytes);
    if let Some(data) = data {
        let bytes = data.encode(syntax);
        let mut pieces = bytes.chunks(FRAGMENT).peekable();
        while let Some(piece) = pieces.next() {
            let last = pieces.peek().is_none();
            out.extend(data_head(Fragment { context, command: false, last }, piece.len()));
            out.extend(piece);
        }
    }
    out
}

/// A request of a class.
pub(super) fn request(field: u16, class: &str) -> Command {
    Command {
        sop_class: Some(Bytes::copy_from_slice(class.as_bytes())),
        field: Some(field),
        message_id: Some(7),
        priority: Some(0),
        data_set: Some(1),
        ..Command::default()
    }
}
