//! The server, by what clients send.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::decoys::{Making, build};
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, NOW, play};
use crate::session::{Conversation, Machine, Next, Outbox, RelayEvent, Wake};

fn machine(bench: &Bench) -> Box<dyn Machine> {
    let (host, service) = bench.pack.service("research", Protocol::Ftp).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(host),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    match build(&making, service).unwrap().converse(bench.session("research", "ftp")) {
        Conversation::Machine(machine) => machine,
        Conversation::Stream(_) | Conversation::Opaque(_) | Conversation::Datagrams(_) => panic!("a machine"),
    }
}

/// Both connections of one client.
struct Client {
    machine: Box<dyn Machine>,
    said: String,
    data: Vec<u8>,
}

impl Client {
    fn new(bench: &Bench) -> Self {
        let mut client = Client { machine: machine(bench), said: String::new(), data: Vec::new() };
        let mut out = Outbox::default();
        client.machine.open(NOW.parse().unwrap(), &mut out);
        client.take(&out);
        client
    }

    fn take(&mut self, out: &Outbox) {
        self.said.push_str(&String::from_utf8_lossy(&out.joined()));
        self.data.extend(out.relay.iter().flatten());
    }

    fn step(&mut self, call: impl FnOnce(&mut dyn Machine, &mut Outbox) -> Next) {
        let mut out = Outbox::default();
        let mut next = call(self.machine.as_mut(), &mut out);
        while matches!(next, Next::Think(_) | Next::More) {
            let cause = if next == Next::More { Wake::More } else { Wake::Thought };
            next = self.machine.wake(NOW.parse().unwrap(), cause, &mut out);
        }
        self.take(&out);
    }

    /// Sends a line; gives what the server says to it.
    fn line(&mut self, line: &str) -> String {
        let mut input = BytesMut::from(format!("{line}\r\n").as_bytes());
        self.said.clear();
        self.step(|machine, out| machine.receive(NOW.parse().unwrap(), &mut input, out));
        self.said.clone()
    }

    fn news(&mut self, event: RelayEvent) -> String {
        self.said.clear();
        self.step(|machine, out| machine.wake(NOW.parse().unwrap(), Wake::Relay(event), out));
        self.said.clone()
    }

    /// Sends a command with a data connection; gives what came over it.
    fn fetch(&mut self, command: &str) -> String {
        self.line("PASV");
        self.data.clear();
        self.news(RelayEvent::Connected);
        self.line(command);
        String::from_utf8_lossy(&self.data).into_owned()
    }
}

/// Commands of an anonymous session and what vsftpd 3.0.3 answered, recorded.
const RECORDED: &str = include_str!("recorded.txt");

#[test]
fn answers_are_those_of_the_product() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    assert_eq!(client.said, "220 (vsFTPd 3.0.3)\r\n");
    let mut wrong = Vec::new();
    for record in RECORDED.split("\n> ").filter(|record| !record.is_empty()) {
        let (line, expected) = record.trim_start_matches("> ").split_once('\n').unwrap();
        let got = client.line(line).replace("\r\n", "\n");
        if got.trim_end() != expected.trim_end() {
            wrong.push(format!("{line}\n   want {expected:?}\n   got  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn lists_are_made_from_the_world_and_told() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    client.line("USER anonymous");
    client.line("PASS a@b");
    let names = client.fetch("NLST export");
    assert_eq!(names.lines().count(), 14, "{names}");
    let newest = names.lines().last().unwrap().to_owned();
    let size = client.line(&format!("SIZE {newest}"));
    bench.told();
    let list = client.fetch(&format!("RETR {newest}"));
    assert_eq!(
        client.said,
        format!(
            "150 Opening ASCII mode data connection for {newest} ({} bytes).\r\n226 Transfer complete.\r\n",
            list.len()
        )
    );
    assert_eq!(size, format!("213 {}\r\n", list.len()));
    let told = bench.told();
    let orders = list.lines().count() - 1;
    let read = |o: &Observation| matches!(o, Observation::RecordRead { count, .. } if usize::try_from(*count).unwrap() == orders);
    assert!(told.iter().any(read), "{told:?}");
}

#[test]
fn what_is_left_is_kept_and_only_its_writers() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    client.line("USER ftp");
    client.line("PASS x");
    client.line("EPSV");
    client.news(RelayEvent::Connected);
    assert_eq!(client.line("STOR /incoming/x.bin"), "150 Ok to send data.\r\n");
    client.news(RelayEvent::Data(Bytes::from_static(b"left ")));
    client.news(RelayEvent::Data(Bytes::from_static(b"here")));
    assert_eq!(client.news(RelayEvent::Closed), "226 Transfer complete.\r\n");
    assert!(bench.told().iter().any(|o| matches!(o, Observation::Transfer { size: 9, .. })));
    assert!(client.fetch("LIST incoming").starts_with("-rw-------    1 108      0               9 "));
    client.line("PASV");
    assert_eq!(client.line("RETR incoming/x.bin"), "550 Failed to open file.\r\n");
    client.line("PASV");
    assert_eq!(client.line("STOR incoming/x.bin"), "553 Could not create file.\r\n");
    let mut other = Client::new(&Bench::new());
    other.line("USER ftp");
    other.line("PASS x");
    assert_eq!(other.line("SIZE incoming/x.bin"), "550 Could not get file size.\r\n");
}

#[test]
fn a_bounce_is_refused_and_told() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    client.line("USER ftp");
    client.line("PASS x");
    assert_eq!(client.line("PORT 10,9,9,9,0,22"), "550 Permission denied.\r\n");
    let told = bench.told();
    assert!(
        told.iter().any(|o| matches!(o, Observation::Tunnel { means, .. } if means == "PORT")),
        "{told:?}"
    );
}

#[test]
fn passwords_are_recorded_and_the_third_wrong_one_ends_it() {
    let bench = Bench::new();
    let guess = b"USER root\r\nPASS toor\r\n";
    let said = play(machine(&bench).as_mut(), &[guess, guess, guess, b"NOOP\r\n"]);
    let said = String::from_utf8_lossy(&said);
    assert_eq!(said.matches("530 Login incorrect.").count(), 3);
    assert!(said.ends_with("530 Login incorrect.\r\n"), "{said}");
    let refused = |o: &&Observation| matches!(o, Observation::AuthAttempt { accepted: false, .. });
    assert_eq!(bench.told().iter().filter(refused).count(), 3);
}

#[test]
fn lines_are_read_however_they_are_cut() {
    let lines = b"USER ftp\r\nPASS x\r\nPWD\r\nSYST\r\nCWD tools\r\nPWD\r\nQUIT\r\n";
    let whole = play(machine(&Bench::new()).as_mut(), &[lines]);
    assert!(whole.ends_with(b"221 Goodbye.\r\n"), "{}", String::from_utf8_lossy(&whole));
    for split in 0..lines.len() {
        let (first, second) = lines.split_at(split);
        assert_eq!(play(machine(&Bench::new()).as_mut(), &[first, second]), whole, "cut at {split}");
    }
}
