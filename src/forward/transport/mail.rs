//! Mail (RFC 5321): each letter in a session of its own, settled by the server's answer to its text. What has
//! waited together goes in one letter, so that a storm of alerts is no storm of mail.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::{Duplex, Fate, Parcel, WRITE, dial, host, tls, within};
use crate::event::Tainted;
use crate::forward::format::mail::{Notice, letter};
use crate::forward::{Destination, Transport};

/// Notices in one letter at most: a page or two.
const TOGETHER: usize = 20;

/// Time between two letters: what comes meanwhile goes into the next.
const GAP: Duration = Duration::from_secs(5);

/// How long a server may look at a letter: filters do so before they answer.
const JUDGED: Duration = Duration::from_secs(120);

/// Longest line of a reply, RFC 5321 4.5.3.1.5 with room for talkative servers.
const LINE: usize = 2048;

/// Most lines of one reply: EHLO has one for each extension.
const LINES: usize = 64;

/// Most of a reply's text in a reason.
const WORDS: usize = 200;

/// Writes letters to one server.
pub(in crate::forward) struct Mailer {
    destination: Destination,
    password: Option<String>,
    /// Opened, and no letter sent yet.
    open: Option<Session<Box<dyn Duplex>>>,
    /// When the next letter may leave.
    next: Instant,
}

impl Mailer {
    /// Opens a session up to the point where letters are taken. The password is read each time.
    pub(super) async fn open(destination: &Destination) -> io::Result<Self> {
        let password = destination.password_file.as_deref().map(super::secret).transpose()?;
        let session = enter(destination, password.as_deref()).await?;
        let destination = destination.clone();
        Ok(Mailer { destination, password, open: Some(session), next: Instant::now() })
    }

    /// How many notices the next letter tells of.
    pub(super) fn batch(&self, parcels: &[Parcel]) -> usize {
        parcels.len().clamp(1, TOGETHER)
    }

    /// Writes one letter about these notices; tells of each what became of it.
    pub(super) async fn send(&mut self, parcels: &[Parcel]) -> io::Result<Vec<Fate>> {
        sleep_until(self.next).await;
        self.next = Instant::now() + GAP;
        let mut session = self.session().await?;
        let texts: Vec<_> = parcels.iter().map(|parcel| String::from_utf8_lossy(&parcel.body)).collect();
        let notices: Vec<_> =
            parcels.iter().zip(&texts).map(|(parcel, text)| Notice { key: &parcel.key, text }).collect();
        let letter = letter(&notices, &self.destination, Timestamp::now());
        let fate = session.letter(&self.destination, &letter).await?;
        session.quit().await;
        Ok(vec![fate; parcels.len()])
    }

    /// Ends what is open.
    pub(super) async fn close(self) {
        if let Some(session) = self.open {
            session.quit().await;
        }
    }

    /// The open session where it still lives: servers end those that say nothing for some minutes.
    async fn session(&mut self) -> io::Result<Session<Box<dyn Duplex>>> {
        if let Some(mut session) = self.open.take()
            && session.command("RSET").await.is_ok_and(|reply| reply.is_done())
        {
            return Ok(session);
        }
        within(enter(&self.destination, self.password.as_deref()), WRITE, "gave no answer").await
    }
}

/// Connects, proves both sides, logs in.
async fn enter(destination: &Destination, password: Option<&str>) -> io::Result<Session<Box<dyn Duplex>>> {
    let stream = dial(&destination.address).await?;
    let helo = match destination.hostname.contains('.') {
        true => destination.hostname.clone(),
        // RFC 5321 4.1.4: who has no name gives the address.
        false => literal(&stream)?,
    };
    let mut session = match destination.transport {
        Transport::SmtpTls => {
            let stream = tls::handshake(&destination.into(), host(destination), stream).await?;
            Session::greeted(Box::new(stream) as Box<dyn Duplex>).await?
        }
        Transport::SmtpStarttls => {
            let mut plain = Session::greeted(stream).await?;
            plain.hello(&helo).await?.offers("STARTTLS")?;
            plain.demand("STARTTLS").await?;
            let stream = tls::handshake(&destination.into(), host(destination), plain.stream).await?;
            Session { stream: Box::new(stream) as Box<dyn Duplex> }
        }
        _ => Session::greeted(Box::new(stream) as Box<dyn Duplex>).await?,
    };
    let offer = session.hello(&helo).await?;
    if let (Some(account), Some(password)) = (destination.account.as_deref(), password) {
        session.log_in(&offer, account, password).await?;
    }
    Ok(session)
}

fn literal(stream: &TcpStream) -> io::Result<String> {
    let ip = stream.local_addr()?.ip().to_canonical();
    Ok(if ip.is_ipv4() { format!("[{ip}]") } else { format!("[IPv6:{ip}]") })
}

/// A dialogue with the server. It is read byte by byte: after STARTTLS nothing unproven may be left over.
struct Session<S> {
    stream: S,
}

impl<S: Duplex> Session<S> {
    async fn greeted(stream: S) -> io::Result<Self> {
        let mut session = Session { stream };
        session.reply().await?.done()?;
        Ok(session)
    }

    async fn hello(&mut self, name: &str) -> io::Result<Reply> {
        self.command(&format!("EHLO {name}")).await?.done()
    }

    /// RFC 4954, by PLAIN where it is offered, else by LOGIN.
    async fn log_in(&mut self, offer: &Reply, account: &str, password: &str) -> io::Result<()> {
        if offer.mechanism("PLAIN") {
            let word = STANDARD.encode(format!("\0{account}\0{password}"));
            return self.demand(&format!("AUTH PLAIN {word}")).await.map_err(hidden);
        }
        if !offer.mechanism("LOGIN") {
            return Err(problem("the server offers no login by PLAIN or LOGIN".to_owned()));
        }
        self.command("AUTH LOGIN").await?.is(334)?;
        self.command(&STANDARD.encode(account)).await?.is(334)?;
        self.demand(&STANDARD.encode(password)).await.map_err(hidden)
    }

    /// Hands a letter over. Who is refused as a recipient is no reason to tell nobody.
    async fn letter(&mut self, to: &Destination, letter: &str) -> io::Result<Fate> {
        self.demand(&format!("MAIL FROM:<{}>", to.from.as_deref().unwrap_or_default())).await?;
        let mut taken = 0;
        for recipient in to.recipients() {
            let reply = self.command(&format!("RCPT TO:<{recipient}>")).await?;
            if reply.is_done() {
                taken += 1;
            } else if taken == 0 && to.recipients().last() == Some(recipient) {
                reply.done()?;
            } else {
                tracing::warn!(destination = to.name, recipient, reason = reply.words(), "mail is refused");
            }
        }
        self.command("DATA").await?.is(354)?;
        let text = letter.replace("\r\n.", "\r\n..");
        let sent = async {
            self.stream.write_all(text.as_bytes()).await?;
            self.stream.write_all(b".\r\n").await?;
            self.stream.flush().await?;
            self.reply_unbounded().await
        };
        let reply = within(sent, JUDGED, "gave no answer").await?;
        Ok(match reply.code {
            200..=299 => Fate::Settled,
            500..=599 => Fate::Refused(reply.words()),
            _ => Fate::Later { reason: reply.words(), after: Duration::ZERO },
        })
    }

    async fn quit(mut self) {
        if self.command("QUIT").await.is_ok() {
            let _ = tokio::time::timeout(WRITE, self.stream.shutdown()).await;
        }
    }

    /// A command that must be done.
    async fn demand(&mut self, line: &str) -> io::Result<()> {
        self.command(line).await?.done().map(|_| ())
    }

    async fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await?;
        self.reply().await
    }

    async fn reply(&mut self) -> io::Result<Reply> {
        within(self.reply_unbounded(), WRITE, "gave no answer").await
    }

    async fn reply_unbounded(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let Some(code) = code.filter(|_| lines.len() < LINES) else {
                return Err(problem(format!("not a reply of SMTP: {}", shown(&line))));
            };
            let last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if last {
                return Ok(Reply { code, lines });
            }
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        loop {
            match self.stream.read_u8().await? {
                b'\n' => break,
                byte if line.len() < LINE => line.push(byte),
                _ => return Err(problem("a reply without an end".to_owned())),
            }
        }
        Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
    }
}

/// What the server answered.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    fn is_done(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// A refusal of a session, a sender or all recipients is a matter of settings, never of one alert.
    fn done(self) -> io::Result<Self> {
        if self.is_done() { Ok(self) } else { Err(io::Error::other(self.words())) }
    }

    fn is(self, code: u16) -> io::Result<Self> {
        if self.code == code { Ok(self) } else { Err(io::Error::other(self.words())) }
    }

    fn offers(&self, extension: &str) -> io::Result<()> {
        let offered = self.lines.iter().any(|line| line.eq_ignore_ascii_case(extension));
        offered.then_some(()).ok_or_else(|| problem(format!("the server offers no {extension}")))
    }

    fn mechanism(&self, name: &str) -> bool {
        let auth = self.lines.iter().filter_map(|line| {
            let (word, all) = line.split_once([' ', '='])?;
            word.eq_ignore_ascii_case("AUTH").then_some(all)
        });
        auth.flat_map(str::split_whitespace).any(|one| one.eq_ignore_ascii_case(name))
    }

    fn words(&self) -> String {
        format!("the server answered {} {}", self.code, shown(&self.lines.join(" ")))
    }
}

fn shown(text: &str) -> String {
    Tainted::from(text).for_terminal().chars().take(WORDS).collect()
}

/// A server may repeat what it was sent.
// The parameter is what map_err hands over.
#[allow(clippy::needless_pass_by_value)]
fn hidden(error: io::Error) -> io::Error {
    let code: String = error.to_string().chars().take("the server answered 535".len()).collect();
    io::Error::other(format!("{code}: the account or its password is refused"))
}

fn problem(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
