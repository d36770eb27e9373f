//! The console's pages: login, main menu, settings.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;

use super::Device;
use super::lines::{Lines, OFFER};
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::persona::device;
use crate::session::{Machine, Next, Outbox, Session, Wake};
use crate::wire::probe;

/// Passwords asked for before it ends.
const TRIES: u32 = 3;

/// Whose password the console asks for.
const ACCOUNT: &str = "admin";

const MENU: &str = "\r\n<< Main menu >>\r\n  (1) Basic settings\r\n  (2) Network settings\r\n  (3) Serial settings\r\n  (4) Operating settings\r\n  (5) Accessible IP settings\r\n  (6) Auto warning settings\r\n  (7) Monitor\r\n  (8) Ping\r\n  (9) Change password\r\n  (a) Load factory default\r\n  (v) View settings\r\n  (s) Save/Restart\r\n  (q) Quit\r\n\r\nKey in your selection: ";

/// Where the visitor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The password is asked for, for the so many'th time.
    Password(u32),
    Menu,
    /// A page that any key leaves.
    Page,
    /// The address for a ping is asked for.
    Ping,
}

/// One connection.
pub(super) struct Console {
    device: Arc<Device>,
    session: Session,
    place: Place,
    lines: Lines,
}

impl Console {
    pub(super) fn new(device: Arc<Device>, session: Session) -> Self {
        Console { device, session, place: Place::Password(1), lines: Lines::hidden() }
    }

    fn listen(&self) -> Next {
        Next::Read(Some(Duration::from_secs(self.device.behaviour.idle_seconds)))
    }

    fn banner(&self) -> String {
        let device = &self.device;
        let rule = "-".repeat(77);
        format!(
            "\r\n\r\n{rule}\r\nModel name       : {}\r\nMAC address      : {}\r\nSerial No.       : {}\r\nFirmware version : {}\r\nSystem uptime    : {}\r\n{rule}\r\nPlease keyin your password: ",
            device.behaviour.model,
            device.mac,
            device.serial,
            device.behaviour.firmware,
            self.uptime()
        )
    }

    fn uptime(&self) -> String {
        device::uptime(self.session.pack(), self.session.host(), self.session.now())
    }

    /// Answers one line; `None` when the console ends.
    fn line(&mut self, line: &[u8]) -> Option<String> {
        match self.place {
            Place::Password(tries) => self.password(line, tries),
            Place::Menu => self.choice(line),
            Place::Page => {
                self.place = Place::Menu;
                Some(MENU.to_owned())
            }
            Place::Ping => {
                self.place = Place::Page;
                let target = Tainted::from_bytes(line);
                self.session.emit(Observation::Tunnel { means: "ping".to_owned(), target, relayed: false });
                Some("\r\nDestination host not responding\r\n\r\nPress any key to continue...".to_owned())
            }
        }
    }

    fn password(&mut self, line: &[u8], tries: u32) -> Option<String> {
        let accounts = &self.session.host().accounts;
        let account = accounts.iter().find(|account| account.name == ACCOUNT);
        let opened = account.filter(|account| account.password.as_bytes() == line);
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: Tainted::new(ACCOUNT),
            secret: Some(Tainted::from_bytes(line)),
            accepted: opened.is_some(),
        });
        if let Some(account) = opened {
            let how = "login to the console of a serial device server".to_owned();
            self.session.emit(Observation::LureTouched { lure: account.lure.clone(), how });
            self.place = Place::Menu;
            self.lines.echo = true;
            return Some(MENU.to_owned());
        }
        if tries >= TRIES {
            return None;
        }
        self.place = Place::Password(tries + 1);
        Some("\r\nPassword is incorrect!\r\nPlease keyin your password: ".to_owned())
    }

    fn choice(&mut self, line: &[u8]) -> Option<String> {
        self.session.emit(Observation::Command { line: Tainted::from_bytes(line), exit: None });
        let page = match line.first().map(u8::to_ascii_lowercase) {
            Some(b'1') => self.basic(),
            Some(b'2') => self.network(),
            Some(b'3') => "\r\n<< Serial settings >>\r\n  Port 1\r\n  Baud rate     : 9600\r\n  Data bits     : 8\r\n  Stop bits     : 1\r\n  Parity        : None\r\n  Flow control  : None\r\n  FIFO          : Enable\r\n  Interface     : RS-232\r\n".to_owned(),
            Some(b'4') => self.operating(),
            Some(b'5') => "\r\n<< Accessible IP settings >>\r\n  Enable the accessible IP list : No\r\n".to_owned(),
            Some(b'6') => "\r\n<< Auto warning settings >>\r\n  Cold start   : Mail [ ] Trap [ ]\r\n  Warm start   : Mail [ ] Trap [ ]\r\n  Auth failure : Mail [ ] Trap [ ]\r\n".to_owned(),
            Some(b'7') => self.monitor(),
            Some(b'8') => {
                self.place = Place::Ping;
                return Some("\r\nIP address to ping: ".to_owned());
            }
            Some(b'9') => "\r\nPassword is not changed.\r\n".to_owned(),
            Some(b'a') => "\r\nFactory default is not loaded.\r\n".to_owned(),
            Some(b'v') => format!("{}{}{}", self.basic(), self.network(), self.operating()),
            Some(b's') => "\r\nSettings are not changed, no restart is needed.\r\n".to_owned(),
            Some(b'q') => return None,
            Some(_) | None => return Some(MENU.to_owned()),
        };
        self.place = Place::Page;
        Some(format!("{page}\r\nPress any key to continue..."))
    }

    fn basic(&self) -> String {
        let local = self.session.world().at(self.session.now()).local(self.session.now());
        format!(
            "\r\n<< Basic settings >>\r\n  Server name    : {}\r\n  Time zone      : (GMT+08:00)Beijing, Chongqing, Hong Kong, Urumqi\r\n  Local time     : {}\r\n  Web console    : Enable\r\n  Telnet console : Enable\r\n",
            self.device.name,
            local.strftime("%Y/%m/%d %H:%M:%S")
        )
    }

    fn network(&self) -> String {
        format!(
            "\r\n<< Network settings >>\r\n  IP address    : {}\r\n  Netmask       : 255.255.255.0\r\n  Gateway       : \r\n  IP config     : Static\r\n  SNMP          : Enable\r\n",
            self.device.address
        )
    }

    fn operating(&self) -> String {
        format!(
            "\r\n<< Operating settings >>\r\n  Port 1\r\n  Operating mode       : TCP Server Mode\r\n  TCP alive check time : 7 min\r\n  Inactivity time      : 0 ms\r\n  Max connection       : 1\r\n  Local TCP port       : {}\r\n  Command port         : 966\r\n",
            self.device.behaviour.serial_port
        )
    }

    fn monitor(&self) -> String {
        let host = self.session.pack().known("lis").map(|host| host.address.to_string()).unwrap_or_default();
        format!(
            "\r\n<< Monitor >>\r\n  Port  OP Mode          IP1\r\n  1     TCP Server Mode  {host}\r\n\r\n  Port  DSR CTS DCD\r\n  1     ON  ON  ON\r\n"
        )
    }
}

/// Text as the product's network stack writes it: a NUL after every CR.
fn wired(text: &str) -> Vec<u8> {
    text.replace("\r\n", "\r\0\n").into_bytes()
}

impl Machine for Console {
    fn open(&mut self, _: Timestamp, out: &mut Outbox) -> Next {
        out.send([OFFER.to_vec(), wired(&self.banner())].concat());
        self.listen()
    }

    fn receive(&mut self, _: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if matches!(self.place, Place::Password(1))
            && let Some(means) = probe::means(input)
        {
            self.session.emit(Observation::Probe { means: means.to_owned() });
        }
        let mut reply = Vec::new();
        while let Some(line) = self.lines.next(input, &mut reply) {
            match self.line(&line) {
                Some(answer) => reply.extend_from_slice(&wired(&answer)),
                None => {
                    out.send(reply);
                    return Next::Close;
                }
            }
        }
        if !reply.is_empty() {
            out.send(reply);
        }
        self.listen()
    }

    fn wake(&mut self, _: Timestamp, cause: Wake, _: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed | Wake::Deadline => Next::Close,
            Wake::Thought | Wake::More | Wake::Relay(_) => self.listen(),
        }
    }
}
