//! One connection, up to the login that fails.

use bytes::BytesMut;
use jiff::Timestamp;

use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Observation, Tainted};
use crate::session::{Machine, Next, Outbox, Session, Wake};

/// Length of a version message.
const VERSION: usize = 12;

/// Length of challenge and response.
const PROOF: usize = 16;

/// Security types: VNC authentication, and TightVNC's own negotiation of it.
const VNC: u8 = 2;
const TIGHT: u8 = 16;

/// The only capability of TightVNC's negotiation: code, vendor, signature.
const CAPABILITY: &[u8; 16] = b"\0\0\0\x02STDVVNCAUTH_";

/// One connection.
pub struct VncMachine {
    session: Session,
    phase: Phase,
    /// Minor version that the client asked for.
    minor: u32,
}

enum Phase {
    /// The client's version comes.
    Version,
    /// It chooses a security type.
    Security,
    /// It chooses a way to log in by TightVNC's negotiation.
    Tight,
    /// It answers the challenge.
    Response([u8; PROOF]),
}

impl VncMachine {
    /// A connection that was just accepted.
    pub fn new(session: Session) -> Self {
        VncMachine { session, phase: Phase::Version, minor: 0 }
    }

    /// Takes one message; `None` when it has not all come.
    fn step(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Option<Next> {
        let wanted = match self.phase {
            Phase::Version => VERSION,
            Phase::Security => 1,
            Phase::Tight => 4,
            Phase::Response(_) => PROOF,
        };
        if input.len() < wanted {
            return None;
        }
        let message = input.split_to(wanted);
        let go_on = match self.phase {
            Phase::Version => self.version(&message, now, out),
            Phase::Security => self.security(&message, now, out),
            Phase::Tight if message.as_ref() == [0, 0, 0, VNC] => self.challenge(now, out),
            Phase::Tight => {
                self.session.malformed("a way to log in that was not offered", &message);
                false
            }
            Phase::Response(challenge) => self.response(&challenge, &message, out),
        };
        Some(if go_on { Next::Read(None) } else { Next::Close })
    }

    fn version(&mut self, message: &[u8], now: Timestamp, out: &mut Outbox) -> bool {
        let Some(minor) = minor(message) else {
            self.session.malformed("no version of RFB 3", message);
            return false;
        };
        let text = String::from_utf8_lossy(message).trim_end().to_owned();
        self.session.emit(Observation::Fingerprint { mark: Mark::Tool, value: Tainted::new(text) });
        self.minor = minor;
        if minor >= 7 {
            out.send(vec![2, VNC, TIGHT]);
            self.phase = Phase::Security;
            return true;
        }
        out.send(vec![0, 0, 0, VNC]);
        self.challenge(now, out)
    }

    fn security(&mut self, message: &[u8], now: Timestamp, out: &mut Outbox) -> bool {
        match message {
            [VNC] => self.challenge(now, out),
            [TIGHT] => {
                // No tunnels, then one way to log in.
                out.send(vec![0; 4]);
                out.send([&[0, 0, 0, 1][..], CAPABILITY].concat());
                self.phase = Phase::Tight;
                true
            }
            [1] => {
                // No authentication, which RealVNC 4.1.1 took though it had not offered it.
                self.session.emit(Observation::ExploitAttempt {
                    weakness: "VNC: CVE-2006-2369".into(),
                    payload: "security type 1".into(),
                });
                false
            }
            other => {
                self.session.malformed("a security type that was not offered", other);
                false
            }
        }
    }

    /// Sends a challenge as the product makes it: Microsoft's `rand` from the second of the day.
    fn challenge(&mut self, now: Timestamp, out: &mut Outbox) -> bool {
        let seed = u32::try_from(now.as_second() & 0xffff_ffff).unwrap_or(0);
        let challenge = challenge(seed);
        out.send(challenge.to_vec());
        self.phase = Phase::Response(challenge);
        true
    }

    fn response(&mut self, challenge: &[u8], response: &[u8], out: &mut Outbox) -> bool {
        // As John the Ripper reads it.
        let proof = format!("$vnc$*{}*{}", hex::encode_upper(challenge), hex::encode_upper(response));
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: "".into(),
            secret: Some(Tainted::new(proof)),
            accepted: false,
        });
        if self.minor >= 8 {
            let reason = format!("Authentication failed from {}", self.session.source().to_canonical());
            out.send(1_u32.to_be_bytes().to_vec());
            out.send(u32::try_from(reason.len()).unwrap_or(0).to_be_bytes().to_vec());
            out.send(reason.into_bytes());
        }
        false
    }
}

impl Machine for VncMachine {
    fn open(&mut self, _: Timestamp, out: &mut Outbox) -> Next {
        out.send(&b"RFB 003.008\n"[..]);
        Next::Read(None)
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        loop {
            match self.step(now, input, out) {
                None => return Next::Read(None),
                Some(Next::Read(_)) => {}
                Some(end) => return end,
            }
        }
    }

    fn wake(&mut self, _: Timestamp, cause: Wake, _: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed => Next::Close,
            Wake::Deadline | Wake::More | Wake::Thought | Wake::Relay(_) => Next::Read(None),
        }
    }
}

/// `RFB 003.008\n`: the minor version, of major version 3 only.
fn minor(message: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(message).ok()?.strip_prefix("RFB ")?.strip_suffix('\n')?;
    let (major, minor) = text.split_once('.')?;
    let digits = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let sound = digits(major) && digits(minor) && major == "003";
    minor.parse().ok().filter(|_| sound)
}

/// Sixteen numbers of Microsoft's generator, their lowest bytes.
fn challenge(seed: u32) -> [u8; PROOF] {
    let mut state = seed;
    [(); PROOF].map(|()| {
        state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
        u8::try_from(state >> 16 & 0xff).unwrap_or(0)
    })
}
