//! One connection: the language outside of jobs, and jobs as they come.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use jiff::Timestamp;

use super::Behaviour;
use super::answers::Panel;
use super::command::{Command, MAX_LINE, UEL};
use super::files::{Files, MAX_FILE, below, leaves};
use crate::event::observation::Direction;
use crate::event::{Observation, Tainted};
use crate::session::{ArtefactSink, Machine, Next, Outbox, Session, Wake};
use crate::wire::probe;

/// Most commands that are told of one connection; what is asked in a loop says nothing more.
const MAX_TOLD: u32 = 2_000;

/// Longest name of a job.
const MAX_NAME: usize = 80;

enum State {
    /// Nothing has come, or a job ended without the language.
    Start,
    /// Lines of the language.
    Lines,
    /// A job's data.
    Job { sink: Box<dyn ArtefactSink>, size: u64 },
    /// A file that is written, with what is still to come of it.
    File { name: String, bytes: Vec<u8>, left: usize },
}

/// One connection to port 9100.
pub(super) struct Port {
    behaviour: Arc<Behaviour>,
    session: Session,
    state: State,
    job: String,
    told: u32,
    is_new: bool,
}

impl Port {
    pub(super) fn new(behaviour: Arc<Behaviour>, session: Session) -> Self {
        Port { behaviour, session, state: State::Start, job: String::new(), told: 0, is_new: true }
    }

    fn listen(&self) -> Next {
        Next::Read(Some(Duration::from_secs(self.behaviour.idle_seconds)))
    }

    /// Takes what it can; `false` when more must come first.
    fn step(&mut self, input: &mut BytesMut, out: &mut Outbox) -> bool {
        match std::mem::replace(&mut self.state, State::Start) {
            State::Start => self.start(input),
            State::Lines => self.line(input, out),
            State::Job { sink, size } => self.data(sink, size, input),
            State::File { name, bytes, left } => self.file(name, bytes, left, input),
        }
    }

    fn start(&mut self, input: &mut BytesMut) -> bool {
        if input.is_empty() || (input.len() < UEL.len() && UEL.starts_with(input)) {
            return false;
        }
        if input.starts_with(UEL) {
            input.advance(UEL.len());
            self.state = State::Lines;
        } else if input.starts_with(b"@") {
            // The language without its bracket is understood, too.
            self.state = State::Lines;
        } else {
            self.begin_job();
        }
        true
    }

    fn begin_job(&mut self) {
        self.state = State::Job { sink: self.session.artefact(), size: 0 };
    }

    fn line(&mut self, input: &mut BytesMut, out: &mut Outbox) -> bool {
        self.state = State::Lines;
        if input.len() < UEL.len() && UEL.starts_with(input) {
            return false;
        }
        if input.starts_with(UEL) {
            input.advance(UEL.len());
            return true;
        }
        let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if blank > 0 {
            input.advance(blank);
            return true;
        }
        // What is no line of the language is a job in one that the printer finds out by itself.
        let begins = b"@PJL".iter().zip(input.iter()).all(|(ours, byte)| byte.eq_ignore_ascii_case(ours));
        if !begins || input.len() > MAX_LINE && !input.iter().take(MAX_LINE).any(|byte| *byte == b'\n') {
            self.begin_job();
            return true;
        }
        let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return false };
        let line = input.split_to(end + 1);
        match Command::parse(line.trim_ascii_end()) {
            Some(command) => self.command(&command, out),
            None => self.session.malformed("PJL", &line),
        }
        true
    }

    fn command(&mut self, command: &Command, out: &mut Outbox) {
        self.tell(command);
        let panel = Panel { behaviour: &self.behaviour, session: &self.session };
        if let Some(answer) = panel.answer(command) {
            out.send(answer);
            return;
        }
        panel.change(command);
        match command.verb.as_str() {
            "JOB" | "SET" => self.name(command),
            "ENTER" => self.begin_job(),
            "FSDOWNLOAD" | "FSAPPEND" => self.begin_file(command),
            _ => {}
        }
    }

    fn name(&mut self, command: &Command) {
        let names = ["NAME", "JOBNAME", "DOCNAME"];
        if let Some(name) = names.iter().find_map(|name| command.option(name)).filter(|name| !name.is_empty())
        {
            self.job = name.chars().take(MAX_NAME).collect();
        }
    }

    fn begin_file(&mut self, command: &Command) {
        let left = command.number("SIZE").unwrap_or(0);
        let name = command.option("NAME").unwrap_or_default().to_owned();
        let path = below(&name).unwrap_or_default();
        let files = Files::of(&self.behaviour, &self.session);
        let bytes = match (command.verb.as_str(), files.find(&path)) {
            ("FSAPPEND", Some(super::files::Entry::File(bytes))) => bytes,
            _ => Vec::new(),
        };
        self.state = State::File { name, bytes, left };
    }

    fn tell(&mut self, command: &Command) {
        self.told += 1;
        if self.told > MAX_TOLD {
            return;
        }
        let line = Tainted::new(command.again());
        if command.option("NAME").is_some_and(|name| command.verb.starts_with("FS") && leaves(name)) {
            let weakness = "pjl-path-traversal".to_owned();
            self.session.emit(Observation::ExploitAttempt { weakness, payload: line.clone() });
        }
        self.session.emit(Observation::Command { line, exit: None });
    }

    /// A job goes on to the next end of its language.
    fn data(&mut self, mut sink: Box<dyn ArtefactSink>, size: u64, input: &mut BytesMut) -> bool {
        let end = input.windows(UEL.len()).position(|window| window == UEL);
        // The end may be cut: what could be its beginning waits.
        let held = (1..UEL.len()).rev().find(|held| input.ends_with(UEL.get(..*held).unwrap_or_default()));
        let length = end.unwrap_or(input.len() - held.unwrap_or(0));
        let data = input.split_to(length);
        sink.write(&data);
        let size = size.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        match end {
            Some(_) => {
                input.advance(UEL.len());
                self.end_job(sink, size);
                self.state = State::Lines;
                true
            }
            None => {
                self.state = State::Job { sink, size };
                false
            }
        }
    }

    /// A job is over: kept, if anything was in it.
    fn end_job(&mut self, sink: Box<dyn ArtefactSink>, size: u64) {
        let name = std::mem::take(&mut self.job);
        if size == 0 {
            return;
        }
        let name = Tainted::new(if name.is_empty() { "print job".to_owned() } else { name });
        let kept = sink.finish();
        self.session.examine(&name, &kept);
        let direction = Direction::Upload;
        let sha256 = kept.sha256;
        self.session.emit(Observation::Transfer { direction, name, size: kept.size, sha256 });
    }

    fn file(&mut self, name: String, mut bytes: Vec<u8>, left: usize, input: &mut BytesMut) -> bool {
        let part = input.split_to(left.min(input.len()));
        let left = left - part.len();
        let room = (MAX_FILE + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
        if left > 0 {
            self.state = State::File { name, bytes, left };
            return false;
        }
        self.session.keep(Tainted::new(name.clone()), &bytes);
        if let Some(path) = below(&name) {
            Files::of(&self.behaviour, &self.session).write(&path, &bytes);
        }
        self.state = State::Lines;
        true
    }

    /// The connection ends; what is left of a job belongs to it.
    fn end(&mut self) -> Next {
        match std::mem::replace(&mut self.state, State::Start) {
            State::Job { sink, size } => self.end_job(sink, size),
            State::File { name, bytes, .. } if !bytes.is_empty() => {
                self.session.keep(Tainted::new(name), &bytes);
            }
            State::Start | State::Lines | State::File { .. } => {}
        }
        Next::Close
    }
}

impl Machine for Port {
    fn open(&mut self, _: Timestamp, _: &mut Outbox) -> Next {
        self.listen()
    }

    fn receive(&mut self, _: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if std::mem::take(&mut self.is_new)
            && let Some(means) = probe::means(input)
        {
            self.session.emit(Observation::Probe { means: means.to_owned() });
        }
        while self.step(input, out) {}
        self.listen()
    }

    fn wake(&mut self, _: Timestamp, cause: Wake, _: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed | Wake::Deadline => self.end(),
            Wake::Thought | Wake::More | Wake::Relay(_) => self.listen(),
        }
    }
}
