//! Logons inside an association (MS-RPCE 3.3.1.5.2): NTLM, bare or in SPNEGO, and the protection of
//! calls that follows from it.

use rand::RngExt;

use super::pdu::{Auth, HEADER, TRAILER};
use super::setting::{Caller, Rights, Setting};
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Observation, Tainted};
use crate::persona::Account;
use crate::session::Session;
use crate::wire::ntlm::spnego::{self, Token};
use crate::wire::ntlm::{Authenticate, Negotiate, Security, nt_hash};

/// Who does the security, MS-RPCE 2.2.1.1.7.
const SPNEGO: u8 = 9;
const NTLM: u8 = 10;
/// How much is protected, MS-RPCE 2.2.1.1.8.
const INTEGRITY: u8 = 5;
const PRIVACY: u8 = 6;
const PACKET: u8 = 4;
/// Length of an NTLM signature.
pub(super) const SIGNATURE: usize = 16;
/// Stubs that are protected fill up to this.
const ALIGNED: usize = 16;

/// How far a logon has come.
#[derive(Default)]
pub(super) enum Stage {
    /// Nothing was said of it.
    #[default]
    None,
    /// The proof is due.
    Challenged { nonce: [u8; 8], mechanisms: Option<Vec<u8>> },
    /// He is in.
    In(Box<Security>),
    /// He is not.
    Refused,
}

/// The logon of an association.
#[derive(Default)]
pub(super) struct Logon {
    pub(super) stage: Stage,
    kind: u8,
    level: u8,
    context: u32,
}

/// What a token comes to.
pub(super) enum Outcome {
    /// A token goes back.
    Answer(Vec<u8>),
    /// None does.
    Quiet,
    /// Nothing is known of this way of security.
    Unknown,
}

impl Logon {
    /// Whether calls are refused, since a proof was wrong.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.stage, Stage::Refused | Stage::Challenged { .. })
    }

    /// Whether calls and answers are protected.
    fn protects(&self) -> bool {
        matches!(self.stage, Stage::In(_)) && matches!(self.level, PACKET | INTEGRITY | PRIVACY)
    }

    /// Takes the token of a bind, an alter_context or an auth3.
    pub(super) fn take(&mut self, session: &Session, setting: &mut Setting, auth: &Auth<'_>) -> Outcome {
        if !matches!(auth.kind, SPNEGO | NTLM) {
            return Outcome::Unknown;
        }
        (self.kind, self.level, self.context) = (auth.kind, auth.level, auth.context);
        let (message, wrapped) = match spnego::unwrap(auth.token) {
            Some(Token::Bare(message)) => (message, false),
            Some(Token::Wrapped(message)) => (message, true),
            Some(Token::Other) => return Outcome::Answer(spnego::prefer_ntlm()),
            None => {
                session.malformed("security token of an RPC bind", auth.token);
                self.stage = Stage::Refused;
                return Outcome::Quiet;
            }
        };
        match Negotiate::parse(message) {
            Some(asked) => self.challenge(session, setting, &asked, auth.token, wrapped),
            None => self.prove(session, setting, message, auth.token, wrapped),
        }
    }

    fn challenge(
        &mut self,
        session: &Session,
        setting: &Setting,
        asked: &Negotiate,
        token: &[u8],
        wrapped: bool,
    ) -> Outcome {
        let nonce: [u8; 8] = session.rng(&format!("rpc/ntlm/{}", session.now())).random();
        let message = session.ntlm_challenge(nonce).write(asked.flags, &setting.names);
        let mechanisms = if wrapped { spnego::mechanisms(token) } else { None };
        self.stage = Stage::Challenged { nonce, mechanisms };
        Outcome::Answer(if wrapped { spnego::wrap(&message) } else { message })
    }

    fn prove(
        &mut self,
        session: &Session,
        setting: &mut Setting,
        message: &[u8],
        token: &[u8],
        wrapped: bool,
    ) -> Outcome {
        let Stage::Challenged { nonce, mechanisms } = std::mem::take(&mut self.stage) else {
            self.stage = Stage::Refused;
            return Outcome::Quiet;
        };
        self.stage = Stage::Refused;
        let Some(proof) = Authenticate::parse(message) else {
            session.malformed("NTLM message of an RPC bind", message);
            return Outcome::Quiet;
        };
        if proof.user.is_empty() {
            tell(session, &proof, &nonce, None);
            self.stage = Stage::In(Box::new(Security::server(&proof.anonymous_key(), proof.flags)));
            return Outcome::Quiet;
        }
        let found = account(session, &proof.user)
            .and_then(|account| Some((proof.session_key(&nt_hash(&account.password), &nonce)?, account)));
        tell(session, &proof, &nonce, found.as_ref().map(|(_, account)| *account));
        let Some((key, account)) = found else {
            return if wrapped { Outcome::Answer(spnego::reject()) } else { Outcome::Quiet };
        };
        setting.caller = caller(session, setting, account, &proof);
        let mut security = Security::server(&key, proof.flags);
        let code = mechanisms.filter(|_| spnego::integrity(token).is_some()).map(|mechanisms| {
            let fresh = security.clone();
            let code = security.sign(&mechanisms);
            security.restart(&fresh);
            code
        });
        self.stage = Stage::In(Box::new(security));
        if wrapped {
            Outcome::Answer(spnego::accept(code.as_ref().map(<[u8; 16]>::as_slice)))
        } else {
            Outcome::Quiet
        }
    }

    /// The trailer of what is sent: `padding` bytes stand before it.
    pub(super) fn trailer(&self, padding: usize) -> [u8; TRAILER] {
        let [a, b, c, d] = self.context.to_le_bytes();
        [self.kind, self.level, u8::try_from(padding).unwrap_or(0), 0, a, b, c, d]
    }

    /// Opens a fragment in place, up to its token. `false` where its signature is wrong.
    pub(super) fn open(&mut self, fragment: &mut [u8], token: &[u8], fixed: usize) -> bool {
        if !self.protects() {
            return true;
        }
        let level = self.level;
        let Stage::In(security) = &mut self.stage else { return true };
        let Some(end) = fragment.len().checked_sub(token.len()) else { return false };
        let Some(sealed) = fragment.get_mut(HEADER + fixed..end.saturating_sub(TRAILER)) else {
            return false;
        };
        if level == PRIVACY {
            security.unseal(sealed);
        }
        fragment.get(..end).is_some_and(|signed| security.verify(signed, token))
    }

    /// Bytes that protection adds to an answer at most.
    pub(super) fn overhead(&self) -> usize {
        if self.protects() { ALIGNED + TRAILER + SIGNATURE } else { 0 }
    }

    /// Adds padding, trailer and signature to a fragment that begins with a header, and encrypts what
    /// stands behind its fixed part.
    pub(super) fn close(&mut self, fragment: &mut Vec<u8>, fixed: usize) {
        if !self.protects() {
            return;
        }
        let stub = fragment.len().saturating_sub(fixed);
        let padding = stub.next_multiple_of(ALIGNED) - stub;
        fragment.resize(fragment.len() + padding, 0);
        let sealed_end = fragment.len();
        fragment.extend(self.trailer(padding));
        let length = u16::try_from(fragment.len() + SIGNATURE).unwrap_or(u16::MAX).to_le_bytes();
        let lengths = length.into_iter().chain(u16::try_from(SIGNATURE).unwrap_or(0).to_le_bytes());
        fragment.iter_mut().skip(8).zip(lengths).for_each(|(slot, byte)| *slot = byte);
        let level = self.level;
        let Stage::In(security) = &mut self.stage else { return };
        let signed = fragment.clone();
        let signature = match fragment.get_mut(fixed..sealed_end) {
            Some(sealed) if level == PRIVACY => security.seal(sealed, Some(&signed)),
            _ => security.sign(&signed),
        };
        fragment.extend(signature);
    }
}

/// The lure account of Windows itself with this name.
fn account<'a>(session: &'a Session, user: &str) -> Option<&'a Account> {
    let is = |account: &&Account| {
        account.name.to_lowercase() == user.to_lowercase()
            && account.services.iter().any(|s| super::setting::is_windows(*s))
    };
    session.host().accounts.iter().find(is)
}

fn caller(session: &Session, setting: &Setting, account: &Account, proof: &Authenticate) -> Caller {
    let known = setting.account(&account.name);
    let client = match proof.workstation.as_str() {
        "" => session.source().to_string(),
        name => name.to_owned(),
    };
    Caller {
        account: account.name.clone(),
        domain: proof.domain.clone(),
        rights: match known.is_some_and(|known| known.is_administrator) {
            true => Rights::Administrator,
            false => Rights::User,
        },
        client,
        since: session.now(),
    }
}

fn tell(session: &Session, proof: &Authenticate, nonce: &[u8; 8], account: Option<&Account>) {
    let version = proof.version.map(|(major, minor, build)| format!("{major}.{minor}.{build}"));
    session.emit(Observation::Fingerprint {
        mark: Mark::NtlmClient,
        value: format!("{}|{}", proof.workstation, version.unwrap_or_default()).into(),
    });
    session.emit(Observation::AuthAttempt {
        method: AuthMethod::ChallengeResponse,
        account: proof.account().into(),
        secret: proof.crackable(nonce).map(Tainted::new),
        accepted: account.is_some(),
    });
    if let Some(account) = account {
        let how = "logon to remote procedure calls".to_owned();
        session.emit(Observation::LureTouched { lure: account.lure.clone(), how });
    }
}
