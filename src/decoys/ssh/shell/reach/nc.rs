//! `nc` (OpenBSD's) and `telnet` (inetutils').

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::files::{Known, Word, words};
use super::{Failure, Place};
use crate::decoys::ssh::shell::run::{Io, Run};
use crate::session::BoxStream;

const NC: &[Known] = &[
    ('w', "timeout", true),
    ('p', "source-port", true),
    ('s', "source", true),
    ('i', "interval", true),
    ('q', "quit", true),
    ('x', "proxy", true),
    ('X', "proxy-protocol", true),
    ('I', "receive", true),
    ('O', "send", true),
    ('e', "execute", true),
    ('v', "verbose", false),
    ('z', "zero", false),
    ('n', "numeric", false),
    ('l', "listen", false),
    ('u', "udp", false),
    ('k', "keep", false),
    ('N', "shutdown", false),
    ('4', "ipv4", false),
    ('t', "telnet", false),
    ('d', "detached", false),
    ('C', "crlf", false),
    ('U', "unix", false),
    ('D', "debug", false),
    ('S', "md5", false),
];

const USAGE: &str = "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n";

/// Most ports of one range that are tried at a time.
const MAX_PORTS: usize = 65_535;

/// How a conversation goes.
#[derive(Default)]
struct Manner {
    /// Silence after which it ends.
    idle: Option<Duration>,
    /// Time after the end of input.
    quit: Option<Duration>,
    /// Closes the writing side at the end of input.
    shutdown: bool,
    /// `\n` goes out as `\r\n`.
    crlf: bool,
    /// Reads no input.
    detached: bool,
    /// Speaks telnet: refuses every option.
    telnet: bool,
}

impl Run<'_> {
    pub(super) async fn nc(&mut self, rest: &[String], io: &Io) -> i32 {
        let (mut operands, mut manner) = (Vec::new(), Manner::default());
        let (mut verbose, mut zero, mut listen, mut numeric, mut udp) = (false, false, false, false, false);
        for word in words(rest, NC) {
            let seconds = |value: &str| value.parse().ok().map(Duration::from_secs);
            match word {
                Word::Operand(operand) => operands.push(operand),
                Word::Unknown(option) | Word::Lacking(option) => {
                    let letter = option.trim_start_matches('-');
                    self.error(io, &format!("nc: invalid option -- '{letter}'\n{USAGE}")).await;
                    return 1;
                }
                Word::Option("execute", _) => {
                    self.error(io, &format!("nc: invalid option -- 'e'\n{USAGE}")).await;
                    return 1;
                }
                Word::Option("timeout", value) => manner.idle = seconds(&value),
                Word::Option("quit", value) => manner.quit = seconds(&value),
                Word::Option("shutdown", _) => manner.shutdown = true,
                Word::Option("crlf", _) => manner.crlf = true,
                Word::Option("detached", _) => manner.detached = true,
                Word::Option("telnet", _) => manner.telnet = true,
                Word::Option("verbose", _) => verbose = true,
                Word::Option("zero", _) => zero = true,
                Word::Option("listen", _) => listen = true,
                Word::Option("numeric", _) => numeric = true,
                Word::Option("udp", _) => udp = true,
                Word::Option(..) => {}
            }
        }
        if listen {
            // Nobody will come.
            self.pause(Duration::from_secs(86_400)).await;
            return 0;
        }
        let [host, ports] = operands.as_slice() else {
            self.error(io, USAGE).await;
            return 1;
        };
        let Some(range) = range(ports) else {
            self.error(io, &format!("nc: port number invalid: {ports}\n")).await;
            return 1;
        };
        let target = format!("{host}:{ports}");
        let Some(place) = self.resolved("nc", &target, host).await else {
            let line = format!(
                "nc: getaddrinfo for host \"{host}\" port {ports}: Temporary failure in name resolution\n"
            );
            self.error(io, &line).await;
            return 1;
        };
        let mut reached = false;
        for port in range.take(MAX_PORTS) {
            let to = NcTarget { host, place: &place, port, numeric, verbose, udp };
            let Some(stream) = self.nc_dial(&to, manner.idle, io).await else { continue };
            reached = true;
            if !zero && let Some(stream) = stream {
                self.talk(stream, &manner, io).await;
                break;
            }
        }
        i32::from(!reached)
    }

    /// Connects; inner `None` for UDP, where nothing tells whether somebody is there.
    async fn nc_dial(
        &mut self,
        to: &NcTarget<'_>,
        limit: Option<Duration>,
        io: &Io,
    ) -> Option<Option<BoxStream>> {
        let target = format!("{}:{}", to.host, to.port);
        let named = to.host != to.place.address();
        let shown = if named { format!("{} ({})", to.host, to.place.address()) } else { to.host.to_owned() };
        let service = if to.numeric { "*" } else { service(to.port) };
        if to.udp {
            crate::decoys::ssh::shell::commands::tunnel(self.shell, "nc", &target);
            let wait = self.shell.session.pace(Duration::from_secs(1));
            self.pause(wait).await;
            if to.verbose {
                let line = format!("Connection to {shown} {} port [udp/{service}] succeeded!\n", to.port);
                self.error(io, &line).await;
            }
            return Some(None);
        }
        match self.dial("nc", &target, (to.place, to.port), limit).await {
            Ok(stream) => {
                if to.verbose {
                    let line = format!("Connection to {shown} {} port [tcp/{service}] succeeded!\n", to.port);
                    self.error(io, &line).await;
                }
                Some(Some(stream))
            }
            Err(failure) => {
                if to.verbose {
                    let why = match failure {
                        Failure::GivenUp => "Connection timed out",
                        other => other.text(),
                    };
                    let line = if failure == Failure::GivenUp {
                        format!(
                            "nc: connect to {shown} port {} (tcp) timed out: Operation now in progress\n",
                            to.port
                        )
                    } else {
                        format!("nc: connect to {shown} port {} (tcp) failed: {why}\n", to.port)
                    };
                    self.error(io, &line).await;
                }
                None
            }
        }
    }

    /// Carries bytes both ways until the other side ends; whether it did.
    async fn talk(&mut self, mut stream: BoxStream, manner: &Manner, io: &Io) -> bool {
        let mut reading = !manner.detached;
        let mut buffer = vec![0; 16 << 10];
        loop {
            let quiet = if reading { manner.idle } else { manner.quit.or(manner.idle) };
            let typed = tokio::select! {
                biased;
                read = stream.read(&mut buffer) => {
                    let count = read.unwrap_or(0);
                    let came = buffer.get(..count).unwrap_or_default();
                    if came.is_empty() {
                        return true;
                    }
                    let (shown, refusals) = if manner.telnet { plain(came) } else { (came.to_vec(), Vec::new()) };
                    let _ = stream.write_all(&refusals).await;
                    self.write(&io.out, shown).await;
                    continue;
                }
                typed = self.read_some(io), if reading => typed,
                () = patience(quiet) => return false,
            };
            match typed {
                Some(typed) => {
                    let bytes = if manner.crlf { with_returns(&typed) } else { typed };
                    if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                        return true;
                    }
                }
                None => {
                    reading = false;
                    if manner.shutdown {
                        let _ = stream.shutdown().await;
                    }
                }
            }
        }
    }

    pub(super) async fn telnet(&mut self, rest: &[String], io: &Io) -> i32 {
        let operands: Vec<&String> = rest.iter().filter(|word| !word.starts_with('-')).collect();
        let (host, port) = match operands.as_slice() {
            [host] => ((*host).clone(), "23".to_owned()),
            [host, port, ..] => ((*host).clone(), (*port).clone()),
            [] => {
                // Its own prompt; nothing can be typed there that would connect.
                self.out(io, "telnet> ").await;
                self.read_line(io).await;
                return 0;
            }
        };
        let target = format!("{host}:{port}");
        let number = port.parse().ok().or_else(|| port_of(&port));
        let (Some(place), Some(number)) = (self.resolved("telnet", &target, &host).await, number) else {
            let why = if number.is_none() {
                "Servname not supported for ai_socktype"
            } else {
                "Temporary failure in name resolution"
            };
            self.error(io, &format!("telnet: could not resolve {host}/{port}: {why}\n")).await;
            return 1;
        };
        self.out(io, &format!("Trying {}...\n", place.address())).await;
        let stream = match self.dial("telnet", &target, (&place, number), None).await {
            Ok(stream) => stream,
            Err(failure) => {
                let line = format!("telnet: Unable to connect to remote host: {}\n", failure.text());
                self.error(io, &line).await;
                return 1;
            }
        };
        self.out(io, &format!("Connected to {host}.\nEscape character is '^]'.\n")).await;
        let manner =
            Manner { crlf: true, telnet: true, quit: Some(Duration::from_secs(1)), ..Manner::default() };
        if self.talk(stream, &manner, io).await {
            self.error(io, "Connection closed by foreign host.\n").await;
            return 1;
        }
        0
    }
}

/// Whom nc calls, and how it tells.
struct NcTarget<'a> {
    host: &'a str,
    place: &'a Place,
    port: u16,
    numeric: bool,
    verbose: bool,
    udp: bool,
}

async fn patience(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// `80` or `80-90`, or a service's name.
fn range(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        return Some(first.min(last)..=first.max(last));
    }
    let port = text.parse().ok().filter(|port| *port > 0).or_else(|| port_of(text))?;
    Some(port..=port)
}

/// Names of /etc/services that the hospital's ports have.
const SERVICES: [(u16, &str); 17] = [
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (53, "domain"),
    (80, "http"),
    (104, "acr-nema"),
    (139, "netbios-ssn"),
    (443, "https"),
    (445, "microsoft-ds"),
    (1433, "ms-sql-s"),
    (2049, "nfs"),
    (3306, "mysql"),
    (3389, "ms-wbt-server"),
    (5432, "postgresql"),
    (6379, "redis"),
    (8080, "http-alt"),
];

fn service(port: u16) -> &'static str {
    SERVICES.iter().find(|(known, _)| *known == port).map_or("*", |(_, name)| name)
}

fn port_of(name: &str) -> Option<u16> {
    SERVICES.iter().find(|(_, known)| *known == name).map(|(port, _)| *port)
}

fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for byte in bytes {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// Text without the commands of telnet (RFC 854), and a refusal for each option that was offered.
fn plain(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    const IAC: u8 = 255;
    let (mut text, mut answer) = (Vec::new(), Vec::new());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        if *byte != IAC {
            text.extend((*byte != 0 && *byte != b'\r').then_some(*byte));
            continue;
        }
        match rest.next() {
            // WILL, WONT: DONT. DO, DONT: WONT.
            Some(251) => answer.extend(rest.next().map(|option| [IAC, 254, *option]).into_iter().flatten()),
            Some(253) => answer.extend(rest.next().map(|option| [IAC, 252, *option]).into_iter().flatten()),
            Some(252 | 254) => {
                rest.next();
            }
            Some(250) => while rest.next().is_some_and(|byte| *byte != 240) {},
            Some(255) => text.push(IAC),
            Some(_) | None => {}
        }
    }
    (text, answer)
}
