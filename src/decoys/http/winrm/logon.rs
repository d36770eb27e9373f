//! NTLM in the headers of HTTP (RFC 4559, MS-NTHT): a challenge, a proof, and what is signed and
//! sealed with the key that follows.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rand::RngExt;

use super::sealed::Sealed;
use crate::decoys::http::events::basic;
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Observation, Tainted};
use crate::persona::{Account, Host, Protocol};
use crate::session::{Session, windows_names};
use crate::wire::ntlm::spnego::{self, Token};
use crate::wire::ntlm::{Authenticate, MAX_MESSAGE, Negotiate, Security, nt_hash};

/// How far a connection has come.
#[derive(Default)]
pub(super) enum Stage {
    /// Nobody proved himself.
    #[default]
    Open,
    /// The proof is due.
    Challenged { nonce: [u8; 8], mechanisms: Option<Vec<u8>>, count: u32 },
    /// Somebody is in.
    In(Box<Inside>),
}

/// Somebody who is in, and the keys of his connection.
pub(super) struct Inside {
    security: Security,
}

/// What a header comes to.
pub(super) enum Outcome {
    /// This token goes back.
    Challenge(String),
    /// He is in; the last token goes back where there is one.
    In(Option<String>),
    /// He is not.
    Refused,
}

impl Inside {
    /// What a message in this way is called. Windows' own name, whether or not NTLM came in SPNEGO.
    pub(super) fn protocol(&self) -> &'static str {
        "application/HTTP-SPNEGO-session-encrypted"
    }

    /// The message in the clear; `None` when its signature is wrong.
    pub(super) fn opened(&mut self, sealed: &Sealed) -> Option<Vec<u8>> {
        let mut text = sealed.text.clone();
        self.security.unseal(&mut text);
        self.security.verify(&text, &sealed.signature).then_some(text)
    }

    /// A message encrypted, as a body.
    pub(super) fn sealed(&mut self, message: &[u8]) -> Vec<u8> {
        let mut text = message.to_vec();
        let signature = self.security.seal(&mut text, None);
        Sealed { signature, text }.write(self.protocol())
    }
}

/// Takes an `Authorization` header.
pub(super) fn take(stage: &mut Stage, session: &Session, given: &[u8]) -> Outcome {
    if let Some((account, secret)) = basic(given) {
        let secret = Some(secret);
        let method = AuthMethod::Basic;
        session.emit(Observation::AuthAttempt { method, account, secret, accepted: false });
        return Outcome::Refused;
    }
    let negotiate = given.split_at_checked(10).filter(|(way, _)| way.eq_ignore_ascii_case(b"Negotiate "));
    // Kerberos: a stranger has no ticket of the hospital's.
    let Some((_, text)) = negotiate else { return Outcome::Refused };
    let text = text.trim_ascii();
    let token = (text.len() <= MAX_MESSAGE * 2).then(|| BASE64_STANDARD.decode(text).ok()).flatten();
    let Some(token) = token else { return broken(session, text) };
    let (message, wrapped) = match spnego::unwrap(&token) {
        Some(Token::Bare(message)) => (message, false),
        Some(Token::Wrapped(message)) => (message, true),
        Some(Token::Other) => return Outcome::Challenge(BASE64_STANDARD.encode(spnego::prefer_ntlm())),
        None => return broken(session, &token),
    };
    match Negotiate::parse(message) {
        Some(asked) => challenge(stage, session, &asked, &token, wrapped),
        None => prove(stage, session, message, &token, wrapped),
    }
}

fn broken(session: &Session, token: &[u8]) -> Outcome {
    session.malformed("security token of WS-Management", token);
    Outcome::Refused
}

fn challenge(
    stage: &mut Stage,
    session: &Session,
    asked: &Negotiate,
    token: &[u8],
    wrapped: bool,
) -> Outcome {
    let count = match stage {
        Stage::Challenged { count, .. } => *count + 1,
        Stage::Open | Stage::In(_) => 0,
    };
    let nonce: [u8; 8] = session.rng(&format!("winrm/ntlm/{count}/{}", session.now())).random();
    let names = windows_names(session.host(), &session.pack().hospital);
    let message = session.ntlm_challenge(nonce).write(asked.flags, &names);
    let mechanisms = if wrapped { spnego::mechanisms(token) } else { None };
    *stage = Stage::Challenged { nonce, mechanisms, count };
    Outcome::Challenge(BASE64_STANDARD.encode(if wrapped { spnego::wrap(&message) } else { message }))
}

fn prove(stage: &mut Stage, session: &Session, message: &[u8], token: &[u8], wrapped: bool) -> Outcome {
    let Stage::Challenged { nonce, mechanisms, .. } = std::mem::take(stage) else {
        return Outcome::Refused;
    };
    let Some(proof) = Authenticate::parse(message) else { return broken(session, message) };
    let known = account(session.host(), &proof.user);
    let found = known.and_then(|known| Some((known, proof.session_key(&nt_hash(&known.password), &nonce)?)));
    // Who is no administrator has a right password, and no right to manage.
    let may = found.as_ref().filter(|(known, _)| known.services.contains(&Protocol::Winrm));
    tell(session, &proof, &nonce, found.as_ref().map(|(known, _)| *known), may.is_some());
    let Some((_, key)) = may else { return Outcome::Refused };
    let mut security = Security::server(key, proof.flags);
    let last = wrapped.then(|| {
        let mic = spnego::integrity(token).zip(mechanisms).map(|(mic, mechanisms)| {
            // Both sides sign the mechanisms, then encrypt as if nothing had been (MS-SPNG 3.3.5.1).
            let fresh = security.clone();
            security.verify(&mechanisms, mic);
            let mic = security.sign(&mechanisms);
            security.restart(&fresh);
            mic
        });
        BASE64_STANDARD.encode(spnego::accept(mic.as_ref().map(<[u8; 16]>::as_slice)))
    });
    *stage = Stage::In(Box::new(Inside { security }));
    Outcome::In(last)
}

/// The account of this name that Windows knows here.
fn account<'a>(host: &'a Host, name: &str) -> Option<&'a Account> {
    let name = name.rsplit('\\').next().unwrap_or(name);
    let name = name.split('@').next().unwrap_or(name);
    let of_windows = [Protocol::Winrm, Protocol::Smb, Protocol::Rdp];
    host.accounts.iter().find(|account| {
        account.services.iter().any(|service| of_windows.contains(service))
            && account.name.eq_ignore_ascii_case(name)
    })
}

fn tell(session: &Session, proof: &Authenticate, nonce: &[u8; 8], account: Option<&Account>, accepted: bool) {
    let version = proof.version.map(|(major, minor, build)| format!("{major}.{minor}.{build}"));
    session.emit(Observation::Fingerprint {
        mark: Mark::NtlmClient,
        value: format!("{}|{}", proof.workstation, version.unwrap_or_default()).into(),
    });
    session.emit(Observation::AuthAttempt {
        method: AuthMethod::ChallengeResponse,
        account: proof.account().into(),
        secret: proof.crackable(nonce).map(Tainted::new),
        accepted,
    });
    if let Some(account) = account {
        let how = "remote management of Windows".to_owned();
        session.emit(Observation::LureTouched { lure: account.lure.clone(), how });
    }
}
