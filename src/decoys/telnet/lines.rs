//! Keys typed over telnet: options are taken out and refused, lines put together (RFC 854, 855).

use bytes::{Buf, BytesMut};

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

/// Options that the server has: binary (RFC 856), echo (RFC 857) and suppress go ahead (RFC 858).
const OWN: [u8; 3] = [0, 1, 3];

/// Options that it asks of the client.
const ASKED: [u8; 2] = [0, 1];

/// Longest line taken, bytes; what is more is dropped.
const MAX_LINE: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// After a CR: a LF or NUL belongs to it.
    Return,
    Command,
    Option(u8),
    Sub,
    SubCommand,
}

/// Reads lines out of a telnet stream.
#[derive(Debug)]
pub struct Lines {
    state: State,
    line: Vec<u8>,
    /// Whether what is typed is shown again.
    pub echo: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Lines { state: State::Text, line: Vec::new(), echo: true }
    }
}

/// What the server offers and asks for when a connection is made: that of the serial servers that
/// nmap's probes know.
pub(super) const OFFER: [u8; 15] = [IAC, WILL, 1, IAC, WILL, 3, IAC, WILL, 0, IAC, DO, 1, IAC, DO, 0];

impl Lines {
    /// That shows stars for what is typed.
    pub(super) fn hidden() -> Self {
        Lines { echo: false, ..Lines::default() }
    }

    /// Takes input up to and with the next line; answers to options and echoes go to `reply`.
    pub fn next(&mut self, input: &mut BytesMut, reply: &mut Vec<u8>) -> Option<Vec<u8>> {
        while input.has_remaining() {
            if let Some(line) = self.take(input.get_u8(), reply) {
                return Some(line);
            }
        }
        None
    }

    fn take(&mut self, byte: u8, reply: &mut Vec<u8>) -> Option<Vec<u8>> {
        match (self.state, byte) {
            (State::Return, b'\n' | 0) => self.state = State::Text,
            (State::Text | State::Return, IAC) => self.state = State::Command,
            (State::Text | State::Return, b'\r' | b'\n') => {
                self.state = if byte == b'\r' { State::Return } else { State::Text };
                reply.extend_from_slice(b"\r\0\n");
                return Some(std::mem::take(&mut self.line));
            }
            (State::Text | State::Return, 8 | 127) => {
                self.state = State::Text;
                if self.line.pop().is_some() && self.echo {
                    reply.extend_from_slice(b"\x08 \x08");
                }
            }
            (State::Text | State::Return, key) => {
                self.state = State::Text;
                if key >= 0x20 && self.line.len() < MAX_LINE {
                    self.line.push(key);
                    reply.push(if self.echo { key } else { b'*' });
                }
            }
            (State::Command, WILL | WONT | DO | DONT) => self.state = State::Option(byte),
            (State::Command, SB) => self.state = State::Sub,
            (State::Command, _) => self.state = State::Text,
            (State::Option(verb), option) => {
                match verb {
                    DO if !OWN.contains(&option) => reply.extend_from_slice(&[IAC, WONT, option]),
                    WILL if !ASKED.contains(&option) => reply.extend_from_slice(&[IAC, DONT, option]),
                    _ => {}
                }
                self.state = State::Text;
            }
            (State::Sub, IAC) => self.state = State::SubCommand,
            (State::Sub, _) => {}
            (State::SubCommand, SE) => self.state = State::Text,
            (State::SubCommand, _) => self.state = State::Sub,
        }
        None
    }
}
