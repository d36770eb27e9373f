//! The Reliable Event Logging Protocol (librelp, version 0): each message has a number and an
//! answer. One message is under way at a time, so that an answer can only be its own.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Duplex, Fate};
use crate::event::Tainted;

/// What we offer when we open: the version, who we are, and the one command we send.
const OFFER: &str =
    concat!("relp_version=0\nrelp_software=honeyward,", env!("CARGO_PKG_VERSION"), "\ncommands=syslog");

/// Numbers go round: librelp's largest.
const LAST_NUMBER: u32 = 999_999_999;

/// Longest data of an answer: an offer of all commands has some hundred bytes.
const ANSWER: usize = 64 << 10;

/// Most of an answer's text in a reason.
const WORDS: usize = 200;

/// A session.
pub(in crate::forward) struct Relp {
    stream: Box<dyn Duplex>,
    number: u32,
}

impl Relp {
    /// Opens a session; the receiver must take syslog.
    pub(super) async fn open(stream: Box<dyn Duplex>) -> io::Result<Self> {
        let mut line = Relp { stream, number: 0 };
        let answer = line.command("open", OFFER.as_bytes()).await?;
        let takes_syslog = answer.lines().any(|offer| {
            offer.strip_prefix("commands=").is_some_and(|all| all.split(',').any(|one| one == "syslog"))
        });
        if status(&answer) != Some(200) || !takes_syslog {
            return Err(problem(format!("the receiver opens no session: {}", words(&answer))));
        }
        Ok(line)
    }

    /// Sends one message and waits for its answer.
    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<Fate> {
        let answer = self.command("syslog", message).await?;
        Ok(match status(&answer) {
            // It is in the receiver's queue, which may be memory: it settles as over plain TCP.
            Some(200) => Fate::Sent,
            Some(_) => Fate::Refused(format!("the receiver answered {}", words(&answer))),
            None => return Err(problem(format!("not an answer of RELP: {}", words(&answer)))),
        })
    }

    /// Waits until the receiver ends the session: between messages it has nothing else to say.
    pub(super) async fn ended(&mut self) -> io::Error {
        match self.stream.read_u8().await {
            Ok(_) => io::Error::new(io::ErrorKind::ConnectionReset, "the receiver closed the session"),
            Err(error) => error,
        }
    }

    /// Ends the session in order.
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.command("close", b"").await?;
        self.stream.shutdown().await
    }

    /// Sends a command, gives the data of its answer.
    async fn command(&mut self, name: &str, data: &[u8]) -> io::Result<String> {
        self.number = if self.number == LAST_NUMBER { 1 } else { self.number + 1 };
        self.stream.write_all(&frame(self.number, name, data)).await?;
        self.stream.flush().await?;
        loop {
            let (number, command, data) = self.read_frame().await?;
            if number == self.number && command == "rsp" {
                return Ok(data);
            }
            // "0 serverclose" says that the receiver goes away.
            if command == "serverclose" {
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionReset,
                    "the receiver closed the session",
                ));
            }
        }
    }

    async fn read_frame(&mut self) -> io::Result<(u32, String, String)> {
        let (number, _) = self.word(9).await?;
        let (command, _) = self.word(32).await?;
        let (length, ended) = self.word(9).await?;
        let wrong = || problem("a frame that is not RELP".to_owned());
        let number = number.parse().map_err(|_| wrong())?;
        let length: usize = length.parse().map_err(|_| wrong())?;
        if length > ANSWER {
            return Err(problem(format!("an answer of {length} bytes")));
        }
        let mut data = vec![0; length];
        if !ended {
            self.stream.read_exact(&mut data).await?;
            if self.stream.read_u8().await? != b'\n' {
                return Err(wrong());
            }
        }
        Ok((number, command, String::from_utf8_lossy(&data).into_owned()))
    }

    /// Up to the next space or line feed; whether it was the line feed, which ends a frame without data.
    async fn word(&mut self, longest: usize) -> io::Result<(String, bool)> {
        let mut word = String::new();
        loop {
            match self.stream.read_u8().await? {
                b' ' => return Ok((word, false)),
                b'\n' => return Ok((word, true)),
                byte if byte.is_ascii_alphanumeric() && word.len() < longest => word.push(char::from(byte)),
                _ => return Err(problem("a frame that is not RELP".to_owned())),
            }
        }
    }
}

/// `TXNR SP COMMAND SP DATALEN [SP DATA] LF`.
fn frame(number: u32, name: &str, data: &[u8]) -> Vec<u8> {
    let gap = if data.is_empty() { "" } else { " " };
    let mut frame = format!("{number} {name} {}{gap}", data.len()).into_bytes();
    frame.extend_from_slice(data);
    frame.push(b'\n');
    frame
}

fn status(answer: &str) -> Option<u16> {
    answer.split([' ', '\n']).next()?.parse().ok()
}

fn words(answer: &str) -> String {
    Tainted::from_bytes(answer.as_bytes()).for_terminal().chars().take(WORDS).collect()
}

fn problem(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    async fn asked(far: &mut DuplexStream, length: usize) -> String {
        let mut bytes = vec![0; length];
        far.read_exact(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    async fn opened() -> (Relp, DuplexStream) {
        let (near, mut far) = duplex(4096);
        let receiver = async {
            let want = String::from_utf8(frame(1, "open", OFFER.as_bytes())).unwrap();
            assert_eq!(asked(&mut far, want.len()).await, want);
            let offer = "200 OK\nrelp_version=0\nrelp_software=librelp,1.11.0\ncommands=syslog";
            far.write_all(&frame(1, "rsp", offer.as_bytes())).await.unwrap();
        };
        let (line, ()) = tokio::join!(Relp::open(Box::new(near)), receiver);
        (line.unwrap(), far)
    }

    #[tokio::test]
    async fn an_answer_takes_or_refuses() {
        let (mut line, mut far) = opened().await;
        for (answer, taken) in [("200 OK", true), ("500 no", false)] {
            let number = line.number + 1;
            let receiver = async {
                let want = format!("{number} syslog 5 <9>hi\n");
                assert_eq!(asked(&mut far, want.len()).await, want);
                far.write_all(&frame(number, "rsp", answer.as_bytes())).await.unwrap();
            };
            let (fate, ()) = tokio::join!(line.send(b"<9>hi"), receiver);
            let fate = fate.unwrap();
            assert_eq!(matches!(fate, Fate::Sent), taken, "{fate:?}");
            assert_eq!(matches!(fate, Fate::Refused(_)), !taken, "{fate:?}");
        }
    }

    #[tokio::test]
    async fn a_receiver_that_goes_or_speaks_nonsense_is_trouble() {
        for said in ["0 serverclose 0\n", "HTTP/1.1 400\r\n", "2 rsp 99999999 x", "2 rsp 3 abcx"] {
            let (mut line, mut far) = opened().await;
            far.write_all(said.as_bytes()).await.unwrap();
            drop(far);
            assert!(line.send(b"<9>hi").await.is_err(), "{said}");
        }
    }
}
