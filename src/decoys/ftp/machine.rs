//! The control connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::Station;
use super::lines::{Line, next};
use super::transfer::{Coming, Waiting};
use super::tree::Tree;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::persona::Protocol;
use crate::session::{Machine, Next, Outbox, RelayEvent, Session, Wake};

/// How long a login that fails takes: PAM's delay and the server's own.
const FAILED: Duration = Duration::from_millis(3_050);

/// How long a peer may take to connect for a transfer: `accept_timeout`.
pub(super) const ACCEPT: Duration = Duration::from_secs(60);

/// Who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Nobody,
    Anonymous,
    Local,
}

/// One connection.
pub struct FtpMachine {
    pub(super) station: Arc<Station>,
    pub(super) session: Session,
    pub(super) who: Who,
    pub(super) user: Option<String>,
    pub(super) account: String,
    pub(super) folder: String,
    pub(super) binary: bool,
    pub(super) restart: usize,
    pub(super) renaming: Option<String>,
    /// EPSV ALL was said: nothing else is taken any more.
    pub(super) only_extended: bool,
    /// Data connections so far.
    pub(super) passives: usize,
    /// A data connection is expected or there.
    pub(super) passive: bool,
    pub(super) connected: bool,
    /// What starts once the data connection is there.
    pub(super) waiting: Option<Waiting>,
    /// A file that comes in.
    pub(super) coming: Option<Coming>,
    /// Text that follows what goes out by the data connection.
    pub(super) after: Option<&'static str>,
    /// Lines that came while the server was busy.
    input: BytesMut,
    fails: u32,
    /// A login failed; the answer takes its time.
    failed: bool,
    over: bool,
}

impl FtpMachine {
    /// A connection that was just accepted.
    pub(super) fn new(station: Arc<Station>, session: Session) -> Self {
        FtpMachine {
            station,
            session,
            who: Who::Nobody,
            user: None,
            account: String::new(),
            folder: "/".to_owned(),
            binary: false,
            restart: 0,
            renaming: None,
            only_extended: false,
            passives: 0,
            passive: false,
            connected: false,
            waiting: None,
            coming: None,
            after: None,
            input: BytesMut::new(),
            fails: 0,
            failed: false,
            over: false,
        }
    }

    pub(super) fn tree(&self, now: Timestamp) -> Tree<'_> {
        Tree { station: &self.station, session: &self.session, now }
    }

    pub(super) fn say(&self, out: &mut Outbox, text: impl AsRef<str>) {
        out.send(Bytes::from(format!("{}\r\n", text.as_ref())));
    }

    fn wait(&self) -> Next {
        let idle = Duration::from_secs(self.station.behaviour.idle_seconds);
        Next::Read(Some(if self.waiting.is_some() { ACCEPT } else { idle }))
    }

    /// Takes lines as long as nothing keeps the server busy.
    fn proceed(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        loop {
            if self.after.is_some() {
                return Next::More;
            }
            if self.waiting.is_some() || self.coming.is_some() {
                return self.wait();
            }
            match next(&mut self.input) {
                Line::More => return self.wait(),
                Line::Long => {
                    self.session.malformed("a line of more than 4096 bytes", &self.input);
                    self.say(out, "500 Input line too long.");
                    return Next::Close;
                }
                Line::Command(name, argument) => {
                    self.line(&name, &argument, now, out);
                    if self.over {
                        return Next::Close;
                    }
                    if self.failed {
                        return Next::Think(self.session.pace(FAILED));
                    }
                }
            }
        }
    }

    fn line(&mut self, name: &str, argument: &[u8], now: Timestamp, out: &mut Outbox) {
        let text = String::from_utf8_lossy(argument).into_owned();
        if name != "PASS" && name != "USER" {
            self.session.emit(Observation::Request {
                verb: name.chars().take(32).collect::<String>().as_str().into(),
                target: Tainted::from_bytes(argument),
                status: 0,
                detail: None,
            });
        }
        match name {
            "QUIT" => {
                self.say(out, "221 Goodbye.");
                self.over = true;
            }
            "FEAT" => self.say(
                out,
                "211-Features:\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n211 End",
            ),
            "OPTS" if text.eq_ignore_ascii_case("UTF8 ON") => self.say(out, "200 Always in UTF8 mode."),
            "OPTS" => self.say(out, "501 Option not understood."),
            "USER" => self.named(text, out),
            "PASS" => self.password(argument, out),
            // It says nothing to this before a login.
            "NOOP" if self.who == Who::Nobody => {}
            _ if self.who == Who::Nobody => self.say(out, "530 Please login with USER and PASS."),
            _ => self.command(name, &text, now, out),
        }
    }

    fn named(&mut self, user: String, out: &mut Outbox) {
        match self.who {
            Who::Anonymous => self.say(out, "530 Can't change from guest user."),
            Who::Local if user == self.account => self.say(out, "331 Any password will do."),
            Who::Local => self.say(out, "530 Can't change to another user."),
            Who::Nobody => {
                if user.ends_with(":)") {
                    self.session.emit(Observation::ExploitAttempt {
                        weakness: "FTP: backdoor of vsftpd 2.3.4".into(),
                        payload: user.as_str().into(),
                    });
                }
                self.user = Some(user);
                self.say(out, "331 Please specify the password.");
            }
        }
    }

    fn password(&mut self, given: &[u8], out: &mut Outbox) {
        if self.who != Who::Nobody {
            return self.say(out, "230 Already logged in.");
        }
        let Some(user) = self.user.take() else {
            return self.say(out, "503 Login with USER first.");
        };
        let guest = matches!(user.to_ascii_lowercase().as_str(), "anonymous" | "ftp");
        let lure = self.station.host.account(Protocol::Ftp, &user);
        let lure = lure
            .filter(|lure| bool::from(lure.password.as_bytes().ct_eq(given)))
            .map(|lure| lure.lure.clone());
        let accepted = if guest { self.station.behaviour.anonymous } else { lure.is_some() };
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: user.as_str().into(),
            secret: Some(Tainted::from_bytes(given)),
            accepted,
        });
        if !accepted {
            self.failed = true;
            return;
        }
        if let Some(lure) = lure {
            self.session.emit(Observation::LureTouched { lure, how: "FTP login with its password".into() });
        }
        self.who = if guest { Who::Anonymous } else { Who::Local };
        self.account = if guest { "ftp".to_owned() } else { user };
        self.say(out, "230 Login successful.");
    }
}

impl Machine for FtpMachine {
    fn open(&mut self, _: Timestamp, out: &mut Outbox) -> Next {
        self.say(out, format!("220 (vsFTPd {})", self.station.behaviour.version));
        self.wait()
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        self.input.extend_from_slice(&input.split());
        self.proceed(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought => {
                self.failed = false;
                self.fails += 1;
                self.say(out, "530 Login incorrect.");
                if self.fails >= self.station.behaviour.max_fails {
                    return Next::Close;
                }
                self.proceed(now, out)
            }
            Wake::More => {
                if let Some(text) = self.after.take() {
                    self.say(out, text);
                }
                self.proceed(now, out)
            }
            Wake::Deadline if self.waiting.take().is_some() => {
                self.passive = false;
                self.say(out, "425 Failed to establish connection.");
                self.proceed(now, out)
            }
            Wake::Deadline => {
                self.say(out, "421 Timeout.");
                Next::Close
            }
            Wake::PeerClosed => Next::Close,
            Wake::Relay(event) => {
                match event {
                    RelayEvent::Connected => {
                        self.connected = true;
                        self.start(out);
                    }
                    RelayEvent::Data(bytes) => self.came(&bytes),
                    RelayEvent::Refused | RelayEvent::Closed => self.ended(now, out),
                }
                self.proceed(now, out)
            }
        }
    }
}
