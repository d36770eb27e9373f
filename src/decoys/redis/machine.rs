//! One connection: requests in, answers out.

use std::sync::Arc;

use bytes::BytesMut;
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::Station;
use super::behaviour::Behaviour;
use super::commands;
use super::data::Data;
use super::resp::{Reply, Taken, take};
use super::strings::lower;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::session::{Machine, Next, Outbox, Session, Wake};

/// Commands that are queued between MULTI and EXEC.
const MAX_QUEUED: usize = 1_024;

/// Bytes of a request that its event shows.
const SHOWN: usize = 1_024;

/// Answers to one piece of input are sent at once up to here.
const MAX_OUTPUT: usize = 16 << 20;

/// One client of the server.
pub(super) struct Client {
    pub(super) station: Arc<Station>,
    pub(super) session: Session,
    pub(super) database: u8,
    pub(super) known: bool,
    pub(super) name: Vec<u8>,
    queue: Option<Vec<Vec<Vec<u8>>>>,
    /// A queued command was wrong: EXEC will refuse.
    spoilt: bool,
    began: Timestamp,
    over: bool,
}

/// A connection to the server.
pub struct RedisMachine(Client);

impl RedisMachine {
    /// A connection that was just accepted.
    pub(super) fn new(station: Arc<Station>, session: Session) -> Self {
        let known = station.password.is_none();
        let began = session.now();
        RedisMachine(Client {
            station,
            session,
            database: 0,
            known,
            name: Vec::new(),
            queue: None,
            spoilt: false,
            began,
            over: false,
        })
    }
}

impl Machine for RedisMachine {
    fn open(&mut self, _: Timestamp, _: &mut Outbox) -> Next {
        Next::Read(None)
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        let client = &mut self.0;
        let mut answers = Vec::new();
        while !client.over && answers.len() < MAX_OUTPUT {
            let seen = input.clone();
            match take(input, client.known) {
                Taken::More => break,
                Taken::Nothing => {}
                Taken::Request(request) => client.request(&request, now).write(&mut answers),
                Taken::Fault(what) => {
                    client.session.malformed(&what, &seen);
                    Reply::error(what).write(&mut answers);
                    client.over = true;
                }
            }
        }
        if !answers.is_empty() {
            out.send(answers);
        }
        if client.over {
            input.clear();
            return Next::Close;
        }
        Next::Read(None)
    }

    fn wake(&mut self, _: Timestamp, cause: Wake, _: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed => Next::Close,
            Wake::Deadline | Wake::More | Wake::Thought | Wake::Relay(_) => Next::Read(None),
        }
    }
}

impl Client {
    pub(super) fn behaviour(&self) -> &Behaviour {
        &self.station.behaviour
    }

    /// The keys of a database.
    pub(super) fn data_of(&self, database: u8, now: Timestamp) -> Data<'_> {
        Data {
            session: &self.session,
            behaviour: &self.station.behaviour,
            made: &self.station.made,
            database,
            now,
        }
    }

    /// The keys of the database that is selected.
    pub(super) fn data(&self, now: Timestamp) -> Data<'_> {
        self.data_of(self.database, now)
    }

    /// Ends the connection after this answer.
    pub(super) fn leave(&mut self) {
        self.over = true;
    }

    /// Seconds since the connection began.
    pub(super) fn age(&self, now: Timestamp) -> i64 {
        now.as_second() - self.began.as_second()
    }

    fn request(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let name = lower(request.first());
        let reply = self.judged(&name, request, now);
        self.tell(&name, request, &reply);
        reply
    }

    /// What stands before every command: its name, its number of arguments, the password.
    fn judged(&mut self, name: &str, request: &[Vec<u8>], now: Timestamp) -> Reply {
        if name == "quit" {
            self.leave();
            return Reply::OK;
        }
        if name == "post" || name == "host:" {
            // Requests of browsers that were led here: cut off without a word.
            self.session.emit(Observation::Probe { means: "http-request".into() });
            self.leave();
            return Reply::Raw(Vec::new());
        }
        let disabled = self.behaviour().disabled.iter().any(|known| known == name);
        let Some(command) = commands::find(name).filter(|_| !disabled) else {
            self.spoilt = true;
            return unknown(request);
        };
        let count = i32::try_from(request.len()).unwrap_or(i32::MAX);
        if command.arity > 0 && command.arity != count || count < -command.arity {
            self.spoilt = true;
            return Reply::error(format!("wrong number of arguments for '{name}' command"));
        }
        if name == "auth" {
            return self.auth(request);
        }
        if !self.known {
            return Reply::Error("NOAUTH Authentication required.".into());
        }
        if self.master().is_some()
            && command.writes
            && self.parameter("slave-read-only").as_deref() != Some("no")
        {
            return Reply::Error("READONLY You can't write against a read only replica.".into());
        }
        match name {
            "multi" if self.queue.is_some() => Reply::error("MULTI calls can not be nested"),
            "multi" => {
                (self.queue, self.spoilt) = (Some(Vec::new()), false);
                Reply::OK
            }
            "discard" if self.queue.take().is_some() => Reply::OK,
            "discard" => Reply::error("DISCARD without MULTI"),
            "exec" => self.exec(now),
            _ => match &mut self.queue {
                Some(queue) if queue.len() < MAX_QUEUED && name != "watch" => {
                    queue.push(request.to_vec());
                    Reply::Status("QUEUED")
                }
                Some(_) if name == "watch" => Reply::error("WATCH inside MULTI is not allowed"),
                Some(_) | None => (command.run)(self, request, now),
            },
        }
    }

    fn exec(&mut self, now: Timestamp) -> Reply {
        let Some(queue) = self.queue.take() else { return Reply::error("EXEC without MULTI") };
        if std::mem::take(&mut self.spoilt) {
            return Reply::Error("EXECABORT Transaction discarded because of previous errors.".into());
        }
        let mut answers = Vec::new();
        for request in queue {
            let name = lower(request.first());
            let run = commands::find(&name).map(|command| command.run);
            answers.extend(run.map(|run| run(self, &request, now)));
        }
        Reply::Array(answers)
    }

    fn auth(&mut self, request: &[Vec<u8>]) -> Reply {
        let given = request.get(1).cloned().unwrap_or_default();
        let wanted = self.parameter("requirepass").unwrap_or_default();
        let right = !wanted.is_empty() && bool::from(given.as_slice().ct_eq(wanted.as_bytes()));
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: "default".into(),
            secret: Some(Tainted::from_bytes(&given)),
            accepted: right,
        });
        if wanted.is_empty() {
            return Reply::error("Client sent AUTH, but no password is set");
        }
        if !right {
            self.known = false;
            return Reply::error("invalid password");
        }
        if let Some(lure) = self.station.lure.clone() {
            self.session.emit(Observation::LureTouched { lure, how: "Redis login with its password".into() });
        }
        self.known = true;
        Reply::OK
    }

    fn tell(&self, name: &str, request: &[Vec<u8>], reply: &Reply) {
        let words: Vec<String> = match name {
            "auth" => Vec::new(),
            _ => request.iter().skip(1).map(|word| String::from_utf8_lossy(word).into_owned()).collect(),
        };
        let target: String = words.join(" ").chars().take(SHOWN).collect();
        self.session.emit(Observation::Request {
            verb: name.to_ascii_uppercase().chars().take(32).collect::<String>().as_str().into(),
            target: target.as_str().into(),
            status: u16::from(reply.is_error()).into(),
            detail: None,
        });
    }
}

fn unknown(request: &[Vec<u8>]) -> Reply {
    let text = |word: &Vec<u8>| String::from_utf8_lossy(word).into_owned();
    let name: String = request.first().map(text).unwrap_or_default();
    let mut arguments = String::new();
    for word in request.iter().skip(1) {
        if arguments.len() >= 128 {
            break;
        }
        let room = 128 - arguments.len();
        let cut: String = text(word).chars().take(room).collect();
        arguments.push_str(&format!("`{cut}`, "));
    }
    Reply::error(format!("unknown command `{name}`, with args beginning with: {arguments}"))
}
