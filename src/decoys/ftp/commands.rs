//! Commands of who is logged in.

use jiff::Timestamp;
use rand::RngExt;

use super::machine::{FtpMachine, Who};
use super::transfer::Waiting;
use super::tree::{LOCAL, Left, absolute};
use crate::event::Observation;
use crate::session::Outbox;

const DENIED: &str = "550 Permission denied.";

impl FtpMachine {
    pub(super) fn command(&mut self, name: &str, said: &str, now: Timestamp, out: &mut Outbox) {
        match name {
            "PWD" | "XPWD" => {
                let shown = self.folder.replace('"', "\"\"");
                self.say(out, format!("257 \"{shown}\" is the current directory"));
            }
            "CWD" | "XCWD" => self.change(said, now, out),
            "CDUP" | "XCUP" => self.change("..", now, out),
            "SYST" => self.say(out, "215 UNIX Type: L8"),
            "NOOP" => self.say(out, "200 NOOP ok."),
            "HELP" => self.say(out, HELP),
            "TYPE" => self.kind(said, out),
            "MODE" if said.eq_ignore_ascii_case("S") => self.say(out, "200 Mode set to S."),
            "MODE" => self.say(out, "504 Bad MODE command."),
            "STRU" if said.eq_ignore_ascii_case("F") => self.say(out, "200 Structure set to F."),
            "STRU" => self.say(out, "504 Bad STRU command."),
            "PASV" | "EPSV" => self.passively(name, said, out),
            "PORT" | "EPRT" => self.actively(name, said, out),
            "LIST" => self.transfer(Waiting::List(self.listing(said, false, now)), out),
            "NLST" => self.transfer(Waiting::List(self.listing(said, true, now)), out),
            "STAT" if said.is_empty() => self.status(out),
            "STAT" => {
                let lines = self.listing(&format!("-a {said}"), false, now);
                self.say(out, format!("213-Status follows:\r\n{lines}213 End of status"));
            }
            "SIZE" => match self.tree(now).node(&absolute(&self.folder, said)).filter(|node| !node.folder) {
                Some(node) => self.say(out, format!("213 {}", node.size)),
                None => self.say(out, "550 Could not get file size."),
            },
            "MDTM" => match self.tree(now).node(&absolute(&self.folder, said)).filter(|node| !node.folder) {
                Some(node) => {
                    let at = Timestamp::from_second(node.modified).unwrap_or(now);
                    self.say(out, format!("213 {}", at.strftime("%Y%m%d%H%M%S")));
                }
                None => self.say(out, "550 Could not get file modification time."),
            },
            "RETR" => self.retrieve(said, now, out),
            "STOR" | "APPE" | "STOU" => self.store(name, said, now, out),
            "REST" => {
                self.restart = said.trim().parse().unwrap_or(0);
                self.say(out, format!("350 Restart position accepted ({}).", self.restart));
            }
            "ABOR" => self.say(out, "225 No transfer to ABOR."),
            "ALLO" => self.say(out, "202 ALLO command ignored."),
            "ACCT" | "REIN" | "SMNT" => self.say(out, format!("502 {name} not implemented.")),
            "DELE" | "MKD" | "XMKD" | "RMD" | "XRMD" | "RNFR" | "RNTO" | "SITE" => {
                self.change_tree(name, said, now, out);
            }
            _ => self.say(out, "500 Unknown command."),
        }
    }

    fn change(&mut self, said: &str, now: Timestamp, out: &mut Outbox) {
        let path = absolute(&self.folder, said);
        if !said.is_empty() && self.tree(now).node(&path).is_some_and(|node| node.folder) {
            self.folder = path;
            self.say(out, "250 Directory successfully changed.");
        } else {
            self.say(out, "550 Failed to change directory.");
        }
    }

    fn kind(&mut self, said: &str, out: &mut Outbox) {
        match said.to_ascii_uppercase().as_str() {
            "I" | "L8" | "L 8" => {
                self.binary = true;
                self.say(out, "200 Switching to Binary mode.");
            }
            "A" | "A N" => {
                self.binary = false;
                self.say(out, "200 Switching to ASCII mode.");
            }
            _ => self.say(out, "500 Unrecognised TYPE command."),
        }
    }

    /// Offers one of the ports for data.
    fn passively(&mut self, name: &str, said: &str, out: &mut Outbox) {
        let extended = name == "EPSV";
        if extended && said.eq_ignore_ascii_case("ALL") {
            self.only_extended = true;
            return self.say(out, "200 EPSV ALL ok.");
        }
        let target = self.session.origin().target.ip().to_canonical();
        let family = if target.is_ipv4() { "1" } else { "2" };
        if extended && !matches!(said, "" | "1" | "2") || extended && !said.is_empty() && said != family {
            return self.say(out, "522 Bad network protocol.");
        }
        if !extended && self.only_extended {
            return self.say(out, DENIED);
        }
        self.passives += 1;
        let mut rng = self.session.rng(&format!("ftp/passive/{}", self.passives));
        let place = rng.random_range(0..self.station.ports.len().max(1));
        let Some(port) = self.station.ports.get(place).copied() else { return self.say(out, DENIED) };
        out.expect = Some(port);
        (self.passive, self.connected) = (true, false);
        if extended {
            return self.say(out, format!("229 Entering Extended Passive Mode (|||{port}|)"));
        }
        let address = target.to_string().replace('.', ",");
        self.say(out, format!("227 Entering Passive Mode ({address},{},{}).", port >> 8, port & 255));
    }

    /// `port_enable=NO`: the server connects to nobody; to whom it should have is told.
    fn actively(&mut self, name: &str, said: &str, out: &mut Outbox) {
        self.session.emit(Observation::Tunnel {
            means: name.to_owned(),
            target: said.into(),
            relayed: false,
        });
        self.say(out, DENIED);
    }

    fn status(&mut self, out: &mut Outbox) {
        let kind = if self.binary { "BINARY" } else { "ASCII" };
        self.say(
            out,
            format!(
                "211-FTP server status:\r\n     Connected to {}\r\n     Logged in as {}\r\n     TYPE: {kind}\r\n     No session bandwidth limit\r\n     Session timeout in seconds is {}\r\n     Control connection is plain text\r\n     Data connections will be plain text\r\n     At session startup, client count was 1\r\n     vsFTPd {} - secure, fast, stable\r\n211 End of status",
                self.session.peer().ip().to_canonical(),
                self.account,
                self.station.behaviour.idle_seconds,
                self.station.behaviour.version
            ),
        );
    }

    fn retrieve(&mut self, said: &str, now: Timestamp, out: &mut Outbox) {
        if !self.passive {
            return self.say(out, "425 Use PORT or PASV first.");
        }
        if self.restart > 0 && !self.binary {
            return self.say(out, "550 No support for resume of ASCII transfer.");
        }
        match self.tree(now).read(&absolute(&self.folder, said), self.who == Who::Local) {
            Some((bytes, ids)) => self.transfer(Waiting::Send(said.to_owned(), bytes, ids), out),
            None => self.say(out, "550 Failed to open file."),
        }
    }

    fn store(&mut self, name: &str, said: &str, now: Timestamp, out: &mut Outbox) {
        if !self.passive {
            return self.say(out, "425 Use PORT or PASV first.");
        }
        if self.who == Who::Anonymous && name == "APPE" {
            return self.say(out, DENIED);
        }
        let said = if name == "STOU" { format!("STOU.{}", now.as_second()) } else { said.to_owned() };
        let path = absolute(&self.folder, &said);
        let tree = self.tree(now);
        let folder =
            path.rsplit_once('/').map_or("/", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        let there = tree.node(folder).is_some_and(|node| node.folder);
        let free = match tree.node(&path) {
            None => true,
            Some(_) => self.who == Who::Local && tree.is_left(&path),
        };
        let may = self.who == Who::Local || tree.is_open(folder);
        if said.is_empty() || !there || !free || !may {
            return self.say(out, "553 Could not create file.");
        }
        self.transfer(Waiting::Receive(path), out);
    }

    /// What changes names and folders: only for the account with a password, and only its own.
    fn change_tree(&mut self, name: &str, said: &str, now: Timestamp, out: &mut Outbox) {
        if self.who != Who::Local {
            return self.say(out, DENIED);
        }
        let path = absolute(&self.folder, said);
        let tree = self.tree(now);
        let node = tree.node(&path);
        let own = tree.is_left(&path);
        match name {
            "DELE" if own && node.as_ref().is_some_and(|node| !node.folder) => {
                tree.forget(&path);
                self.say(out, "250 Delete operation successful.");
            }
            "DELE" => self.say(out, "550 Delete operation failed."),
            "MKD" | "XMKD" if node.is_none() => {
                let left = Left { sha256: String::new(), size: 4_096, owner: LOCAL, at: now.as_second() };
                if tree.leave(&path, &left) {
                    self.say(out, format!("257 \"{path}\" created"));
                } else {
                    self.say(out, "550 Create directory operation failed.");
                }
            }
            "MKD" | "XMKD" => self.say(out, "550 Create directory operation failed."),
            "RMD" | "XRMD"
                if own && node.as_ref().is_some_and(|node| node.folder) && tree.list(&path).is_empty() =>
            {
                tree.forget(&path);
                self.say(out, "250 Remove directory operation successful.");
            }
            "RMD" | "XRMD" => self.say(out, "550 Remove directory operation failed."),
            "RNFR" if node.is_some() => {
                self.renaming = Some(path);
                self.say(out, "350 Ready for RNTO.");
            }
            "RNFR" => self.say(out, "550 RNFR command failed."),
            "RNTO" => match self.renaming.take() {
                None => self.say(out, "503 RNFR required first."),
                Some(from) if self.tree(now).rename(&from, &path) => self.say(out, "250 Rename successful."),
                Some(_) => self.say(out, "550 Rename failed."),
            },
            _ if said.to_ascii_uppercase().starts_with("HELP") => self.say(out, "214 CHMOD UMASK HELP"),
            _ if said.to_ascii_uppercase().starts_with("UMASK") => {
                self.say(out, "200 Your current UMASK is 077")
            }
            _ if said.to_ascii_uppercase().starts_with("CHMOD") => {
                self.say(out, "550 SITE CHMOD command failed.")
            }
            _ => self.say(out, "500 Unknown SITE command."),
        }
    }
}

const HELP: &str = "214-The following commands are recognized.\r\n ABOR ACCT ALLO APPE CDUP CWD  DELE EPRT EPSV FEAT HELP LIST MDTM MKD\r\n MODE NLST NOOP OPTS PASS PASV PORT PWD  QUIT REIN REST RETR RMD  RNFR\r\n RNTO SITE SIZE SMNT STAT STOR STOU STRU SYST TYPE USER XCUP XCWD XMKD\r\n XPWD XRMD\r\n214 Help OK.";
