//! One association of a console, from its proposal to its release.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

use super::Console;
use super::asks::{Ask, What};
use super::plan::Planned;
use crate::decoys::dicom::courier::{Payload, TooSmall};
use crate::decoys::dicom::retrieve::scu::{News, Scu};
use crate::session::{Machine, Next, Outbox, Wake, heavy};
use crate::wire::dicom::command::{Command, NO_DATA_SET, field};
use crate::wire::dicom::dataset::TransferSyntax;
use crate::wire::dicom::pdu;

/// An answer that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A report that has not come by then comes over an association of its own.
const REPORT: Duration = Duration::from_secs(8);

/// Pending, and pending with keys that were not supported (PS3.4 C.4.1.1.4).
const PENDING: [u16; 2] = [0xFF00, 0xFF01];

/// The console's end of a connection.
pub(super) struct Caller {
    console: Arc<Console>,
    planned: Planned,
    called: Bytes,
    scu: Option<Scu>,
    waiting: VecDeque<Ask>,
    /// What was asked and is not answered.
    asked: Option<u16>,
    /// A commitment was taken on; its report may come over this association.
    promised: bool,
}

impl Caller {
    pub(super) fn new(console: Arc<Console>, planned: Planned, called: Bytes) -> Self {
        Caller { console, planned, called, scu: None, waiting: VecDeque::new(), asked: None, promised: false }
    }

    /// For each class one context with all uncompressed syntaxes of the product.
    fn propose(&mut self) -> Bytes {
        let profile = &self.console.shared.profile;
        let mut classes: Vec<Bytes> = Vec::new();
        for ask in &self.waiting {
            if !classes.contains(&ask.class) {
                classes.push(ask.class.clone());
            }
        }
        let contexts = (1u8..).step_by(2).zip(classes).map(|(id, class)| {
            let all = profile.syntaxes(&class).iter().map(|(_, syntax)| *syntax);
            (id, class, all.filter(|syntax| syntax.is_plain()).collect())
        });
        let calling = Bytes::from(profile.table.ae_title.clone());
        let (scu, request) = Scu::proposing(profile, &calling, &self.called, contexts.collect(), Vec::new());
        self.scu = Some(scu);
        request
    }

    fn news(&mut self, now: Timestamp, news: News, out: &mut Outbox) -> Option<Next> {
        let sent = match news {
            News::Accepted | News::Stored(_) => self.ask(now, out),
            News::Message => self.message(now, out),
            News::Released | News::Broken => return Some(Next::Close),
        };
        match sent {
            Ok(()) => None,
            Err(TooSmall) => Some(Next::Close),
        }
    }

    /// Asks what comes next in a context that was accepted, or releases.
    fn ask(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), TooSmall> {
        let Some(scu) = &mut self.scu else { return Err(TooSmall) };
        while let Some(ask) = self.waiting.pop_front() {
            let class = String::from_utf8_lossy(&ask.class).into_owned();
            if let Some((context, syntax)) = scu.taken(&class).first().copied() {
                self.asked = ask.command.field;
                let data = payload(&self.console, &self.planned, now, ask.what, syntax);
                return scu.send(context, ask.command, data, out);
            }
        }
        self.asked = None;
        out.relay.push(pdu::release_request());
        Ok(())
    }

    fn message(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), TooSmall> {
        let message = self.scu.as_mut().and_then(Scu::message);
        let Some((context, command, _)) = message else { return Err(TooSmall) };
        let pending = command.status.is_some_and(|status| PENDING.contains(&status));
        match (command.field, self.asked) {
            (Some(field::N_EVENT_REPORT), _) => {
                let Some(scu) = &self.scu else { return Err(TooSmall) };
                scu.write(context, &reported(&command), None, out)?;
                self.promised = false;
                self.ask(now, out)
            }
            // What is committed is told by a report of its own, over this association or another.
            (Some(answer), Some(field::N_ACTION))
                if answer == field::N_ACTION | field::RESPONSE && command.status == Some(0) =>
            {
                self.promised = true;
                Ok(())
            }
            (Some(answer), Some(asked)) if answer == asked | field::RESPONSE && pending => Ok(()),
            (Some(answer), Some(asked)) if answer == asked | field::RESPONSE => self.ask(now, out),
            (Some(_) | None, _) => Err(TooSmall),
        }
    }

    fn go_on(&self, out: &mut Outbox) -> Next {
        let writes: Vec<_> = out.relay.drain(..).collect();
        writes.into_iter().for_each(|bytes| out.send(bytes));
        Next::Read(Some(if self.promised { REPORT } else { PATIENCE }))
    }
}

impl Machine for Caller {
    fn open(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        self.waiting = super::asks::of(&self.console, &self.planned, now).into();
        if self.waiting.is_empty() {
            return Next::Close;
        }
        let request = self.propose();
        out.send(request);
        Next::Read(Some(PATIENCE))
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        let came = input.split();
        let mut bytes: &[u8] = &came;
        while let Some(news) =
            self.scu.as_mut().and_then(|scu| scu.receive(bytes, &self.console.shared.profile))
        {
            bytes = &[];
            if let Some(next) = self.news(now, news, out) {
                return next;
            }
        }
        self.go_on(out)
    }

    fn wake(&mut self, _: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Deadline if self.promised => {
                self.promised = false;
                out.relay.push(pdu::release_request());
                self.go_on(out)
            }
            Wake::Thought | Wake::More | Wake::Relay(_) => Next::Read(Some(PATIENCE)),
            Wake::Deadline | Wake::PeerClosed => Next::Close,
        }
    }
}

/// The response to a report (PS3.7 10.3.1).
fn reported(command: &Command) -> Command {
    Command {
        sop_instance: command.sop_instance.clone(),
        event_type: command.event_type,
        data_set: Some(NO_DATA_SET),
        ..command.response(0)
    }
}

fn payload(
    console: &Console,
    planned: &Planned,
    now: Timestamp,
    what: What,
    syntax: TransferSyntax,
) -> Option<Payload> {
    match what {
        What::Nothing => None,
        What::Set(set) => Some(Payload::Small(set.encode(syntax), syntax)),
        What::Object(series, instance) => {
            let shared = &console.shared;
            let view = shared.world.at(now);
            let draw =
                || shared.imaging.object(&view, &planned.study, &series, &instance, syntax, console.charset);
            Some(Payload::Object(heavy(draw).bytes.clone(), String::new()))
        }
    }
}
