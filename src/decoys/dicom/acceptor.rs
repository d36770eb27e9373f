//! One connection as acceptor of an association (PS3.8 9.2): its phases, its timers and its end.

use bytes::{Bytes, BytesMut};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use std::time::Duration;

use super::assembler::Stop;
use super::behaviour::{After, Break, Breaking, Refusal, Timers};
use super::courier::Courier;
use super::established::{End, Established, Flow};
use super::negotiate::{Agreed, Answer, negotiate};
use super::report;
use super::task::{Desk, Link, Place};
use super::tool::{self, Habits};
use super::traps;
use crate::session::{Machine, Next, Outbox, Wake};
use crate::wire::dicom::pdu::{self, Associate, HEADER, Header, Kind};

/// An A-ASSOCIATE-RQ whose body is shorter is none (PS3.8 9.3.2).
const SHORTEST_REQUEST: usize = 68;

/// A connection.
pub(crate) struct Acceptor {
    desk: Desk,
    inbox: BytesMut,
    phase: Phase,
    opened: Timestamp,
    /// When the first byte of a first header came.
    begun: Option<Timestamp>,
    /// Its place among the associations that the product serves at a time.
    place: Option<Place>,
    spread: Option<Duration>,
    habits: Habits,
}

enum Phase {
    /// For an A-ASSOCIATE-RQ (Sta2).
    Waiting,
    /// An association stands (Sta6).
    Open(Box<Established>),
    /// An A-ABORT went out; what comes is thrown away until the peer closes (Sta13).
    Draining(Timestamp),
    /// The last word was said; the peer should close.
    Lingering(Timestamp),
    /// The last word was said; it closes when a pause is over.
    Leaving,
}

impl Acceptor {
    /// A connection that was just accepted.
    pub(crate) fn new(desk: Desk) -> Self {
        let opened = Timestamp::UNIX_EPOCH;
        Acceptor {
            desk,
            inbox: BytesMut::new(),
            phase: Phase::Waiting,
            opened,
            begun: None,
            place: None,
            spread: None,
            habits: Habits::default(),
        }
    }

    fn timers(&self) -> &Timers {
        &self.desk.shared.profile.table.timers
    }

    /// Goes on with what is in the inbox.
    fn run(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        match &self.phase {
            Phase::Waiting => self.waiting(now, out),
            Phase::Open(_) => self.open_association(now, out),
            Phase::Draining(until) => {
                let until = *until;
                self.drain(now, until, out)
            }
            Phase::Lingering(_) if !self.inbox.is_empty() => Next::Reset,
            Phase::Lingering(until) => Next::Read(Some(left(now, *until))),
            Phase::Leaving => Next::Close,
        }
    }

    fn waiting(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let looks_after = self.desk.shared.profile.table.network.looks_after;
        let Some(header) = Header::read(&self.inbox).filter(|_| self.inbox.len() >= looks_after) else {
            return Next::Read(Some(self.left_for_header(now)));
        };
        match header.kind {
            None => {
                report::foreign(&self.desk.session, &self.inbox);
                self.give_up(HEADER, now)
            }
            Some(Kind::Abort) => {
                self.desk.session.malformed("A-ABORT before an association", &self.inbox);
                self.give_up(HEADER, now)
            }
            Some(Kind::AssociateRq) => self.request(header, now, out),
            Some(Kind::ReleaseRq) if self.desk.shared.profile.table.network.peer_closes => {
                self.desk.session.malformed("release of no association", &self.inbox);
                self.forget(header.whole());
                out.send(pdu::release_response());
                self.run(now, out)
            }
            Some(Kind::AssociateAc | Kind::AssociateRj | Kind::Data | Kind::ReleaseRq | Kind::ReleaseRp) => {
                let stop = Stop { what: Break::First, rule: "PDU before an association" };
                let sample = sample(&self.inbox);
                self.forget(if self.breaking(stop.what).then == After::GoOn {
                    header.whole()
                } else {
                    HEADER
                });
                self.break_off(stop, &sample, now, out)
            }
        }
    }

    /// Until the first byte, then from it to a whole header.
    fn left_for_header(&mut self, now: Timestamp) -> Duration {
        if self.inbox.is_empty() {
            return left(now, after(self.opened, Timers::of(self.timers().first_pdu_ms)));
        }
        let begun = *self.begun.get_or_insert(now);
        left(now, after(begun, Timers::of(self.timers().header_ms)))
    }

    fn request(&mut self, header: Header, now: Timestamp, out: &mut Outbox) -> Next {
        if header.length > self.desk.shared.profile.table.network.largest_request {
            self.desk.session.malformed("A-ASSOCIATE-RQ too long", &self.inbox);
            return self.give_up(HEADER, now);
        }
        if self.inbox.len() < header.whole() {
            return self.read_body();
        }
        let body = self.inbox.split_to(header.whole()).freeze().slice(HEADER..);
        let version = Associate::version_of(&body).unwrap_or(0);
        let rules = &self.desk.shared.profile.table.association;
        let wrong = body.len() >= SHORTEST_REQUEST && version & 1 == 0;
        if let Some(refusal) = rules.refusals.version.filter(|_| wrong) {
            self.desk.session.malformed("protocol version", &body);
            return self.refuse(refusal, now, out);
        }
        let read = if rules.long_names { Associate::read_long } else { Associate::read };
        match read(&body) {
            Ok(asked) => {
                self.habits.proposed(&body, &asked);
                tool::tell(&self.desk.session, &asked);
                traps::proposal(&self.desk.session, &asked);
                self.answer(asked, now, out)
            }
            Err(error) => {
                self.desk.session.malformed(&error.to_string(), &body);
                self.give_up(0, now)
            }
        }
    }

    fn answer(&mut self, asked: Associate, now: Timestamp, out: &mut Outbox) -> Next {
        match negotiate(&self.desk.shared.profile, &asked) {
            Answer::Accept(agreed) => match self.take_place() {
                Ok(()) => self.accept(agreed, asked, now, out),
                Err(code) => {
                    report::proposal(&self.desk.session, &asked, number(code));
                    self.refuse(code, now, out)
                }
            },
            Answer::Refuse(code) => {
                report::proposal(&self.desk.session, &asked, number(code));
                self.refuse(code, now, out)
            }
            Answer::Silence => {
                self.desk.session.malformed("proposal that the product fails on", &asked.request());
                self.give_up(0, now)
            }
        }
    }

    fn accept(&mut self, agreed: Agreed, asked: Associate, now: Timestamp, out: &mut Outbox) -> Next {
        let table = &self.desk.shared.profile.table;
        report::proposal(&self.desk.session, &asked, 0);
        out.send(agreed.reply.clone());
        let courier = Courier::new(&table.network, agreed.peer_max_pdu);
        let lenient = table.services.lenient;
        let implementation = asked.implementation_uid;
        let link = Link { agreed, courier, calling: asked.calling, called: asked.called, implementation };
        self.phase = Phase::Open(Box::new(Established::new(link, lenient)));
        self.open_association(now, out)
    }

    /// Takes a place among the associations; the refusal when none is left.
    fn take_place(&mut self) -> Result<(), Refusal> {
        let rules = &self.desk.shared.profile.table.association;
        let (Some(limit), Some(refusal)) = (rules.limit, rules.refusals.limit) else { return Ok(()) };
        if self.place.is_none() {
            self.place = Some(self.desk.shared.places.take(limit).ok_or(refusal)?);
        }
        Ok(())
    }

    fn open_association(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let Phase::Open(open) = &mut self.phase else { return Next::Close };
        match open.run(&self.desk, &mut self.inbox, now, out) {
            Flow::Wait => self.read_body(),
            Flow::Go(next) => next,
            Flow::End(end) => self.finish(&end, now, out),
        }
    }

    fn finish(&mut self, end: &End, now: Timestamp, out: &mut Outbox) -> Next {
        match end {
            End::Break(stop, bytes) => self.break_off(*stop, bytes, now, out),
            End::Again => {
                self.phase = Phase::Waiting;
                self.run(now, out)
            }
            End::Released => {
                self.habits.tell(&self.desk.session, "release");
                out.send(pdu::release_response());
                if self.desk.shared.profile.table.network.peer_closes {
                    return self.run(now, out);
                }
                self.part(self.timers().after_release_ms, now, out)
            }
            End::Gone => {
                self.habits.tell(&self.desk.session, "abort");
                Next::Close
            }
        }
    }

    fn breaking(&self, what: Break) -> &Breaking {
        self.desk.shared.profile.table.abort.on(what)
    }

    /// Says and does what the product does when it can't go on.
    fn break_off(&mut self, stop: Stop, bytes: &[u8], now: Timestamp, out: &mut Outbox) -> Next {
        self.desk.session.malformed(stop.rule, bytes);
        let Breaking { send, then } = self.breaking(stop.what).clone();
        for [source, reason] in &send {
            out.send(pdu::abort(*source, *reason));
        }
        match then {
            After::Close if self.timers().deaf && !send.is_empty() => {
                self.part(self.timers().after_abort_ms, now, out)
            }
            After::Close => self.end(),
            After::Drain => {
                self.phase = Phase::Draining(after(now, Timers::of(self.timers().after_abort_ms)));
                self.run(now, out)
            }
            After::GoOn => self.run(now, out),
        }
    }

    /// Ends after the last word, at once or when the peer has had its time.
    fn part(&mut self, ms: u64, now: Timestamp, out: &mut Outbox) -> Next {
        if ms == 0 {
            return self.end();
        }
        if self.timers().deaf {
            self.phase = Phase::Leaving;
            return Next::Think(self.desk.session.pace(Timers::of(ms)));
        }
        self.phase = Phase::Lingering(after(now, Timers::of(ms)));
        self.run(now, out)
    }

    fn drain(&mut self, now: Timestamp, until: Timestamp, out: &mut Outbox) -> Next {
        while let Some(header) = Header::read(&self.inbox) {
            match header.kind {
                Some(Kind::Abort) => return Next::Close,
                Some(Kind::AssociateRq) => {
                    for [source, reason] in &self.breaking(Break::Unexpected).send {
                        out.send(pdu::abort(*source, *reason));
                    }
                    self.forget(header.whole());
                }
                Some(
                    Kind::AssociateAc | Kind::AssociateRj | Kind::Data | Kind::ReleaseRq | Kind::ReleaseRp,
                )
                | None => self.forget(header.whole()),
            }
        }
        Next::Read(Some(left(now, until)))
    }

    /// Says no and ends, at once or when the peer has closed.
    fn refuse(&mut self, [result, source, reason]: Refusal, now: Timestamp, out: &mut Outbox) -> Next {
        out.send(pdu::reject(result, source, reason));
        if self.desk.shared.profile.table.network.peer_closes {
            self.opened = now;
            return self.run(now, out);
        }
        if self.timers().deaf {
            self.part(self.timers().after_refusal_ms, now, out)
        } else {
            self.give_up(0, now)
        }
    }

    /// Ends without a word after so many bytes were read.
    fn give_up(&mut self, read: usize, now: Timestamp) -> Next {
        self.forget(read);
        let timers = self.timers();
        if timers.after_refusal_ms == 0 || timers.deaf || !self.inbox.is_empty() {
            return self.end();
        }
        let linger = Timers::of(timers.after_refusal_ms);
        self.phase = Phase::Lingering(after(now, linger));
        Next::Read(Some(linger))
    }

    /// Closing with unread input resets the connection: so kernels do, unless it was shut down first.
    fn end(&self) -> Next {
        let shut_down = self.desk.shared.profile.table.network.shuts_down_first;
        if self.inbox.is_empty() || shut_down { Next::Close } else { Next::Reset }
    }

    fn forget(&mut self, bytes: usize) {
        let _ = self.inbox.split_to(bytes.min(self.inbox.len()));
    }

    /// Waits for the rest of a PDU, or for the next one.
    fn read_body(&mut self) -> Next {
        let timers = self.timers();
        let most = if self.inbox.len() < HEADER { timers.idle_ms } else { timers.body_ms };
        Next::Read(Some(Timers::of(most) + self.spread()))
    }

    /// How late the kernel's long timers are on this connection.
    fn spread(&mut self) -> Duration {
        let most = self.timers().spread_ms;
        let session = &self.desk.session;
        *self.spread.get_or_insert_with(|| Timers::of(session.rng("timers").random_range(0..=most)))
    }

    fn deadline(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let Phase::Open(open) = &mut self.phase else { return Next::Close };
        if let Some(flow) = open.relay_lost(&self.desk, now, out) {
            return match flow {
                Flow::Wait => self.read_body(),
                Flow::Go(_) => Next::More,
                Flow::End(end) => self.finish(&end, now, out),
            };
        }
        open.abandon(&self.desk, now, out);
        let rest = self.inbox.split().freeze();
        if rest.len() < HEADER {
            return self.fall_silent(now, out);
        }
        self.break_off(Stop { what: Break::Stuck, rule: "PDU that never ends" }, &rest, now, out)
    }
}

impl Acceptor {
    /// Nothing came for as long as an association may be idle, which is no fault of the peer's.
    fn fall_silent(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let Breaking { send, .. } = self.breaking(Break::Idle);
        send.iter().for_each(|[source, reason]| out.send(pdu::abort(*source, *reason)));
        if send.is_empty() { Next::Close } else { self.part(self.timers().after_abort_ms, now, out) }
    }
}

impl Machine for Acceptor {
    fn open(&mut self, now: Timestamp, _out: &mut Outbox) -> Next {
        self.opened = now;
        Next::Read(Some(Timers::of(self.timers().first_pdu_ms)))
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if self.inbox.is_empty() {
            self.inbox = input.split();
        } else {
            self.inbox.unsplit(input.split());
        }
        if matches!(self.phase, Phase::Open(_)) {
            self.habits.data(&self.inbox);
        }
        self.run(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match (cause, &mut self.phase) {
            (Wake::PeerClosed, Phase::Open(open)) => {
                open.abandon(&self.desk, now, out);
                self.habits.tell(&self.desk.session, "close");
                Next::Close
            }
            (
                Wake::PeerClosed,
                Phase::Waiting | Phase::Draining(_) | Phase::Lingering(_) | Phase::Leaving,
            ) => Next::Close,
            (Wake::Deadline, _) => self.deadline(now, out),
            (Wake::Relay(event), Phase::Open(open)) => match open.relay(&self.desk, &event, now, out) {
                Flow::End(end) => self.finish(&end, now, out),
                Flow::Wait | Flow::Go(_) => self.run(now, out),
            },
            (Wake::Thought | Wake::More | Wake::Relay(_), _) => self.run(now, out),
        }
    }
}

fn number([result, source, reason]: Refusal) -> u32 {
    u32::from_be_bytes([0, result, source, reason])
}

fn after(at: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}

fn left(now: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
}

/// Bytes for an event: what stands at the start of the inbox.
pub(crate) fn sample(inbox: &BytesMut) -> Bytes {
    const MOST: usize = 256;
    Bytes::copy_from_slice(inbox.get(..MOST.min(inbox.len())).unwrap_or_default())
}
