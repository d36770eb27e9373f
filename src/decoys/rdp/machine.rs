//! One connection: negotiation, TLS, authentication, and what lies behind them.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;

use super::link::{Arrival, Link};
use super::negotiation::{self, Answer, ConnectionRequest, HYBRID, HYBRID_EX, RDP, SSL};
use super::nla::{Exchange, Step};
use super::server::Server;
use super::session::Turn;
use super::told::Teller;
use super::tpkt::{self, Packet};
use crate::persona::Account;
use crate::session::{Early, Machine, Next, Outbox, Secured, Session, Wake};

/// The word about authorisation behind CredSSP: the account may not log on over the network
/// (MS-RDPBCGR 2.2.10.2).
const ACCESS_DENIED: u32 = 5;

/// How long the product leaves the connection to the client after its last word: who is still writing
/// would otherwise never read it.
const PARTING: Duration = Duration::from_secs(1);

/// One client.
pub struct RdpMachine {
    server: Arc<Server>,
    teller: Teller,
    line: Secured,
    phase: Phase,
    /// The protocols that were asked for.
    requested: Option<u32>,
    /// A session must stand by then.
    connect_by: Option<Timestamp>,
    pace: StdRng,
}

enum Phase {
    /// A connection request is due.
    Begin,
    /// Network level authentication is required and was not agreed on: whatever comes ends it.
    Shut,
    /// CredSSP runs, for this protocol.
    Proving(Box<Exchange>, u32),
    /// The product takes its time; then this is said, if anything, and it ends.
    Refusing(Option<Vec<u8>>),
    /// The connection sequence, and the session.
    Linked(Box<Link>),
    /// It ends.
    Over,
}

impl RdpMachine {
    /// A connection that was just accepted.
    pub(super) fn new(server: Arc<Server>, session: Session) -> Self {
        RdpMachine {
            line: Secured::new(session.clone()),
            phase: Phase::Begin,
            requested: None,
            connect_by: None,
            pace: session.rng("rdp/pace"),
            teller: Teller { session },
            server,
        }
    }

    /// Goes on with what came; `None` when more is needed.
    fn step(&mut self, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Begin => self.begin(now, out),
            Phase::Proving(exchange, protocol) => self.prove(exchange, protocol, out),
            Phase::Linked(link) => self.link(link, out),
            Phase::Shut if self.line.input.is_empty() => {
                self.phase = Phase::Shut;
                None
            }
            Phase::Shut | Phase::Over => Some(self.close(out)),
            Phase::Refusing(message) => {
                self.phase = Phase::Refusing(message);
                Some(Next::Think(Duration::ZERO))
            }
        }
    }

    fn begin(&mut self, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let packet = match tpkt::next(&mut self.line.input, false) {
            Ok(Some(Packet::Slow(tpdu))) => tpdu,
            Ok(Some(Packet::Fast(..)) | None) => {
                self.phase = Phase::Begin;
                return None;
            }
            Err(broken) => return Some(self.no_request(broken.rule(), out)),
        };
        let Some(request) = ConnectionRequest::parse(&packet) else {
            self.teller.malformed("X.224 connection request", &packet);
            return Some(self.close(out));
        };
        let manner = &self.server.behaviour.negotiation;
        let answer = request.answer(manner);
        self.teller.negotiation(&request, answer);
        self.requested = request.requested;
        self.line.send(negotiation::confirm(answer, manner.flags), out);
        self.agree(answer, now, out)
    }

    /// Begins what was agreed on.
    fn agree(&mut self, answer: Answer, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let required = self.server.behaviour.negotiation.nla_required;
        let protocol = match answer {
            Answer::Failed(_) => return Some(self.close(out)),
            Answer::Bare => RDP,
            Answer::Agreed(protocol) => protocol,
        };
        if protocol == RDP {
            self.phase = if required { Phase::Shut } else { self.linked(RDP, None) };
            return None;
        }
        let Some(certified) = self.server.certified(now) else { return Some(self.close(out)) };
        if let Err(error) = self.line.start(&certified.config, Early::Handshake, out) {
            self.teller.malformed(&format!("TLS: {error}"), &[]);
            return Some(self.close(out));
        }
        self.phase = match protocol {
            HYBRID | HYBRID_EX => {
                let (server, teller) = (Arc::clone(&self.server), self.teller.clone());
                let exchange = Exchange::new(server, teller, certified.public_key);
                Phase::Proving(Box::new(exchange), protocol)
            }
            SSL if !required => self.linked(SSL, None),
            _ => Phase::Shut,
        };
        None
    }

    fn linked(&self, selected: u32, account: Option<Account>) -> Phase {
        let arrival = Arrival { requested: self.requested, selected, account };
        Phase::Linked(Box::new(Link::new(Arc::clone(&self.server), self.teller.clone(), arrival)))
    }

    fn prove(&mut self, mut exchange: Box<Exchange>, protocol: u32, out: &mut Outbox) -> Option<Next> {
        let message = match tpkt::next_der(&mut self.line.input) {
            Ok(Some(message)) => message,
            Ok(None) => {
                self.phase = Phase::Proving(exchange, protocol);
                return None;
            }
            Err(broken) => return Some(self.no_request(broken.rule(), out)),
        };
        match exchange.message(&message) {
            Step::Say(answer) => {
                self.line.send(answer, out);
                self.phase = Phase::Proving(exchange, protocol);
                None
            }
            Step::Refuse(answer) => Some(self.refuse(answer)),
            Step::In(_) if protocol == HYBRID_EX => {
                Some(self.refuse(Some(ACCESS_DENIED.to_le_bytes().to_vec())))
            }
            Step::In(account) => {
                self.phase = self.linked(protocol, Some(*account));
                None
            }
        }
    }

    fn link(&mut self, mut link: Box<Link>, out: &mut Outbox) -> Option<Next> {
        let packet = match tpkt::next(&mut self.line.input, link.is_fast()) {
            Ok(Some(packet)) => packet,
            Ok(None) => {
                self.phase = Phase::Linked(link);
                return None;
            }
            Err(broken) => return Some(self.no_request(broken.rule(), out)),
        };
        let mut messages = Vec::new();
        let turn = link.packet(packet, &mut messages);
        self.turn(link, turn, messages, out)
    }

    /// Sends what the link says, and goes on as it wants.
    fn turn(
        &mut self,
        link: Box<Link>,
        turn: Turn,
        messages: Vec<Vec<u8>>,
        out: &mut Outbox,
    ) -> Option<Next> {
        messages.into_iter().for_each(|message| self.line.send(message, out));
        if link.is_up() {
            // From now on only idleness ends it.
            self.connect_by = None;
        }
        self.phase = Phase::Linked(link);
        match turn {
            Turn::Wait => None,
            Turn::Think(delay) => Some(Next::Think(delay)),
            Turn::Close => {
                self.phase = Phase::Refusing(None);
                Some(Next::Think(PARTING))
            }
        }
    }

    fn refuse(&mut self, answer: Option<Vec<u8>>) -> Next {
        let [shortest, longest] = self.server.behaviour.time.refuse_ms;
        let delay = Duration::from_millis(self.pace.random_range(shortest..=longest));
        self.phase = Phase::Refusing(answer);
        Next::Think(self.teller.session.pace(delay))
    }

    /// Bytes that are none of this: the product closes the connection and says nothing.
    fn no_request(&mut self, rule: &str, out: &mut Outbox) -> Next {
        let sample: Bytes = self.line.input.split().freeze();
        self.teller.no_request(rule, &sample);
        self.close(out)
    }

    fn patience(&self) -> Option<Duration> {
        let Some(by) = self.connect_by else {
            return Some(Duration::from_secs(self.server.behaviour.time.idle_seconds));
        };
        let left = by.duration_since(self.teller.session.now());
        Some(Duration::try_from(left).unwrap_or(Duration::ZERO))
    }

    fn close(&mut self, out: &mut Outbox) -> Next {
        self.phase = Phase::Over;
        self.line.close(out);
        Next::Close
    }

    /// Takes all that came, packet by packet.
    fn go_on(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        loop {
            let before = self.line.input.len();
            if let Some(next) = self.step(now, out) {
                return next;
            }
            if self.line.input.is_empty() || self.line.input.len() == before {
                return Next::Read(self.patience());
            }
        }
    }

    fn thought(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Refusing(message) => {
                self.line.send(message.unwrap_or_default(), out);
                self.close(out)
            }
            Phase::Linked(mut link) => {
                let mut messages = Vec::new();
                let turn = link.thought(&mut messages);
                match self.turn(link, turn, messages, out) {
                    Some(next) => next,
                    None => self.go_on(now, out),
                }
            }
            phase @ (Phase::Begin | Phase::Shut | Phase::Proving(..) | Phase::Over) => {
                self.phase = phase;
                self.go_on(now, out)
            }
        }
    }

    fn deadline(&mut self, out: &mut Outbox) -> Next {
        if let Phase::Linked(link) = &mut self.phase {
            let mut messages = Vec::new();
            link.idle(&mut messages);
            messages.into_iter().for_each(|message| self.line.send(message, out));
        }
        self.close(out)
    }
}

impl Machine for RdpMachine {
    fn open(&mut self, now: Timestamp, _out: &mut Outbox) -> Next {
        let seconds = i64::try_from(self.server.behaviour.time.connect_seconds).unwrap_or(i64::MAX);
        self.connect_by = now.checked_add(SignedDuration::from_secs(seconds)).ok();
        // A key takes some hundred milliseconds: it is made before somebody waits for it.
        let server = Arc::clone(&self.server);
        self.teller.session.ahead(move || drop(server.certified(now)));
        Next::Read(self.patience())
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if let Err(error) = self.line.receive(input, out) {
            self.teller.malformed(&format!("TLS: {error}"), &[]);
            return self.close(out);
        }
        self.go_on(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought | Wake::More => self.thought(now, out),
            Wake::Deadline => self.deadline(out),
            Wake::PeerClosed => self.close(out),
            Wake::Relay(_) => self.go_on(now, out),
        }
    }
}
