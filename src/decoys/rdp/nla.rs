//! Network level authentication: CredSSP's server, with NTLM inside (MS-CSSP 3.1.5).

use std::sync::Arc;

use rand::RngExt;

use super::credssp::{Credentials, TsRequest, binding, key_answer};
use super::server::Server;
use super::told::Teller;
use crate::persona::Account;
use crate::wire::ntlm::spnego::{self, Token};
use crate::wire::ntlm::{Authenticate, Negotiate, Security, nt_hash};

/// NTSTATUS values.
mod status {
    /// STATUS_LOGON_FAILURE.
    pub(super) const LOGON_FAILURE: u32 = 0xc000_006d;
    /// SEC_E_INVALID_TOKEN.
    pub(super) const INVALID_TOKEN: u32 = 0x8009_0308;
    /// SEC_E_MESSAGE_ALTERED.
    pub(super) const MESSAGE_ALTERED: u32 = 0x8009_030f;
}

/// Since this version the key of TLS is bound by a digest.
const DIGESTS: u32 = 5;
/// Length of a signature before what it belongs to.
const SIGNATURE: usize = 16;

/// One exchange.
pub(super) struct Exchange {
    server: Arc<Server>,
    teller: Teller,
    /// The key of TLS that the exchange is bound to.
    public_key: Vec<u8>,
    due: Due,
}

enum Due {
    /// The client's first token.
    Negotiate,
    /// Its proof for this challenge.
    Proof {
        nonce: [u8; 8],
        /// The mechanisms of a client that wrapped its token.
        mechanisms: Option<Vec<u8>>,
    },
    /// Its credentials.
    Credentials { security: Box<Security>, account: Account },
}

/// What comes next.
pub(super) enum Step {
    /// This is said, and the next message waited for.
    Say(Vec<u8>),
    /// This is said, if anything, and the connection ends.
    Refuse(Option<Vec<u8>>),
    /// The client got in with this account.
    In(Box<Account>),
}

impl Exchange {
    pub(super) fn new(server: Arc<Server>, teller: Teller, public_key: Vec<u8>) -> Self {
        Exchange { server, teller, public_key, due: Due::Negotiate }
    }

    /// Takes one message, whole.
    pub(super) fn message(&mut self, message: &[u8]) -> Step {
        let Some(request) = TsRequest::parse(message) else {
            self.teller.malformed("CredSSP message", message);
            return Step::Refuse(None);
        };
        match std::mem::replace(&mut self.due, Due::Negotiate) {
            Due::Negotiate => self.negotiate(&request),
            Due::Proof { nonce, mechanisms } => self.proof(&request, &nonce, mechanisms),
            Due::Credentials { security, account } => self.credentials(&request, *security, &account),
        }
    }

    fn negotiate(&mut self, request: &TsRequest) -> Step {
        let token = request.token.as_deref().unwrap_or_default();
        let (message, wrapped) = match spnego::unwrap(token) {
            Some(Token::Bare(message)) => (message, false),
            Some(Token::Wrapped(message)) => (message, true),
            // Kerberos, which a stranger has no ticket for.
            Some(Token::Other) => {
                return self.say(&TsRequest { token: Some(spnego::prefer_ntlm()), ..self.blank() });
            }
            None => return self.broken(request, token),
        };
        let Some(asked) = Negotiate::parse(message) else { return self.broken(request, token) };
        let nonce: [u8; 8] = self.teller.session.rng("rdp/ntlm").random();
        let challenge = self.teller.session.ntlm_challenge(nonce).write(asked.flags, &self.server.names);
        let answer = if wrapped { spnego::wrap(&challenge) } else { challenge };
        let mechanisms = if wrapped { spnego::mechanisms(token) } else { None };
        self.due = Due::Proof { nonce, mechanisms };
        self.say(&TsRequest { token: Some(answer), ..self.blank() })
    }

    fn proof(&mut self, request: &TsRequest, nonce: &[u8; 8], mechanisms: Option<Vec<u8>>) -> Step {
        let token = request.token.as_deref().unwrap_or_default();
        let message = match spnego::unwrap(token) {
            Some(Token::Bare(message) | Token::Wrapped(message)) => message,
            Some(Token::Other) | None => return self.broken(request, token),
        };
        // A client that began with Kerberos begins with NTLM now.
        if Negotiate::parse(message).is_some() {
            return self.negotiate(request);
        }
        let Some(proof) = Authenticate::parse(message) else { return self.broken(request, token) };
        let found = self.server.account(&proof.user).and_then(|account| {
            Some((proof.session_key(&nt_hash(&account.password), nonce)?, account.clone()))
        });
        self.teller.proof(&proof, nonce, found.as_ref().map(|(_, account)| account));
        let Some((key, account)) = found else { return self.refuse(request, status::LOGON_FAILURE) };
        let mut security = Security::server(&key, proof.flags);
        let accepted = mechanisms.map(|mechanisms| {
            let Some(mic) = spnego::integrity(token) else { return spnego::accept(None) };
            // Both sides sign the mechanisms, then encrypt as if nothing had been (MS-SPNG 3.3.5.1).
            let fresh = security.clone();
            security.verify(&mechanisms, mic);
            let mic = security.sign(&mechanisms);
            security.restart(&fresh);
            spnego::accept(Some(&mic))
        });
        let Some(bound) = self.bind(request, &mut security) else {
            return self.refuse(request, status::MESSAGE_ALTERED);
        };
        self.due = Due::Credentials { security: Box::new(security), account };
        self.say(&TsRequest { token: accepted, public_key: Some(bound), ..self.blank() })
    }

    /// Checks that the client means the key of this TLS connection, and answers with the same.
    fn bind(&self, request: &TsRequest, security: &mut Security) -> Option<Vec<u8>> {
        let version = request.version.min(self.server.behaviour.credssp.version);
        let given = unsealed(request.public_key.as_deref()?, security)?;
        let nonce = request.nonce.as_deref().unwrap_or_default();
        let (right, mut answer) = match version {
            DIGESTS.. => {
                (given == binding(false, nonce, &self.public_key), binding(true, nonce, &self.public_key))
            }
            _ => (given == self.public_key, key_answer(&self.public_key)),
        };
        if !right {
            self.teller.malformed("CredSSP binding to another key", &given);
            return None;
        }
        let signature = security.seal(&mut answer, None);
        Some([&signature[..], &answer].concat())
    }

    fn credentials(&self, request: &TsRequest, mut security: Security, account: &Account) -> Step {
        let sealed = request.credentials.as_deref().unwrap_or_default();
        match unsealed(sealed, &mut security) {
            Some(plain) => {
                if let Some(given) = Credentials::parse(&plain) {
                    self.teller.credentials(&given, account);
                }
                Step::In(Box::new(account.clone()))
            }
            None => {
                self.teller.malformed("CredSSP credentials", sealed);
                Step::Refuse(None)
            }
        }
    }

    fn blank(&self) -> TsRequest {
        TsRequest { version: self.server.behaviour.credssp.version, ..TsRequest::default() }
    }

    fn say(&self, request: &TsRequest) -> Step {
        Step::Say(request.write())
    }

    /// An error is said by version 3, 4 and since 6 (2.2.1); others just end.
    fn refuse(&self, request: &TsRequest, error: u32) -> Step {
        let version = request.version.min(self.server.behaviour.credssp.version);
        let told = matches!(version, 3 | 4 | 6..);
        Step::Refuse(told.then(|| TsRequest { error: Some(error), ..self.blank() }.write()))
    }

    fn broken(&self, request: &TsRequest, token: &[u8]) -> Step {
        self.teller.malformed("security token of CredSSP", token);
        self.refuse(request, status::INVALID_TOKEN)
    }
}

/// Takes a signature off and decrypts what follows; `None` when it is not right.
fn unsealed(message: &[u8], security: &mut Security) -> Option<Vec<u8>> {
    let (signature, sealed) = message.split_at_checked(SIGNATURE)?;
    let mut plain = sealed.to_vec();
    security.unseal(&mut plain);
    security.verify(&plain, signature).then_some(plain)
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use md5::Md5;

    use super::*;
    use crate::decoys::rdp::tests::server;
    use crate::event::Observation;
    use crate::session::bench::Bench;
    use crate::wire::der;
    use crate::wire::ntlm::{Rc4, flags};

    const KEY: &[u8] = b"a public key";
    const FLAGS: u32 = flags::UNICODE
        | flags::NTLM
        | flags::SIGN
        | flags::SEAL
        | flags::EXTENDED_SESSION_SECURITY
        | flags::KEY_EXCHANGE
        | flags::KEY_128;
    /// The key that the client chooses.
    const CHOSEN: [u8; 16] = [9; 16];

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
        let mut mac = Hmac::<Md5>::new_from_slice(key).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    fn negotiate() -> Vec<u8> {
        [&b"NTLMSSP\0\x01\0\0\0"[..], &FLAGS.to_le_bytes(), &[0; 16]].concat()
    }

    /// A proof of NTLM version 2 for a challenge.
    fn proof(challenge: &[u8], user: &str, password: &str) -> Vec<u8> {
        let at = challenge.windows(8).position(|w| w == b"NTLMSSP\0").unwrap();
        let nonce = &challenge[at + 24..at + 32];
        let blob = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &[5; 16], &[0; 8]].concat();
        let key = hmac(&nt_hash(password), &[&wide(&user.to_uppercase())]);
        let proof = hmac(&key, &[nonce, &blob]);
        let response = [&proof[..], &blob].concat();
        let user = wide(user);
        let mut out = b"NTLMSSP\0\x03\0\0\0".to_vec();
        let mut payload = Vec::new();
        let mut sent = CHOSEN;
        Rc4::new(&hmac(&key, &[&proof])).apply(&mut sent);
        for part in [&[][..], &response, &[], &user, &[], &sent] {
            let length = u16::try_from(part.len()).unwrap().to_le_bytes();
            out.extend([length, length].concat());
            out.extend(u32::try_from(64 + payload.len()).unwrap().to_le_bytes());
            payload.extend(part);
        }
        out.extend(FLAGS.to_le_bytes());
        out.into_iter().chain(payload).collect()
    }

    fn said(step: Step) -> TsRequest {
        let Step::Say(message) = step else { panic!("nothing said") };
        TsRequest::parse(&message).unwrap()
    }

    fn sealed(security: &mut Security, plain: &[u8]) -> Vec<u8> {
        let mut message = plain.to_vec();
        let signature = security.seal(&mut message, None);
        [&signature[..], &message].concat()
    }

    fn exchange(bench: &Bench) -> Exchange {
        let teller = Teller { session: bench.session("hisdb", "rdp") };
        Exchange::new(server(bench, "hisdb"), teller, KEY.to_vec())
    }

    /// Who knows a lure's password gets in, in this version; as a client that wraps its tokens or not.
    fn gets_in(version: u32, wraps: bool) {
        let bench = Bench::new();
        let password = bench.pack.host("hisdb").unwrap().account(crate::persona::Protocol::Rdp, "hisbak");
        let password = password.unwrap().password.clone();
        let mut exchange = exchange(&bench);
        let mechanisms =
            der::write(der::SEQUENCE, &der::write(der::OID, &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10]));
        let first = if wraps {
            let octets = der::write(der::context(2), &der::write(der::OCTETS, &negotiate()));
            let fields = [der::write(der::context(0), &mechanisms), octets].concat();
            let init = der::write(der::context(0), &der::write(der::SEQUENCE, &fields));
            der::write(0x60, &[der::write(der::OID, &[0x2b, 6, 1, 5, 5, 2]), init].concat())
        } else {
            negotiate()
        };
        let ask = TsRequest { version, token: Some(first), ..TsRequest::default() };
        let challenge = said(exchange.message(&ask.write())).token.unwrap();
        let message = proof(&challenge, "hisbak", &password);
        let mut security = Security::client(&CHOSEN, FLAGS);
        let token = if wraps {
            let fresh = security.clone();
            let mic = security.sign(&mechanisms);
            security.restart(&fresh);
            let octets = der::write(der::context(2), &der::write(der::OCTETS, &message));
            let mic = der::write(der::context(3), &der::write(der::OCTETS, &mic));
            der::write(der::context(1), &der::write(der::SEQUENCE, &[octets, mic].concat()))
        } else {
            message
        };
        let nonce = [7; 32];
        let bound = if version >= 5 { binding(false, &nonce, KEY) } else { KEY.to_vec() };
        let bound = sealed(&mut security, &bound);
        let nonce = (version >= 5).then(|| nonce.to_vec());
        let ask = TsRequest {
            version,
            token: Some(token),
            public_key: Some(bound),
            nonce: nonce.clone(),
            ..TsRequest::default()
        };
        let answer = said(exchange.message(&ask.write()));
        let mut hears = Security::client(&CHOSEN, FLAGS);
        if wraps {
            let fresh = hears.clone();
            let token = answer.token.unwrap();
            assert!(hears.verify(&mechanisms, spnego::integrity(&token).unwrap()));
            hears.restart(&fresh);
        }
        let opened = unsealed(&answer.public_key.unwrap(), &mut hears).expect("a right signature");
        let known = match nonce {
            Some(nonce) => binding(true, &nonce, KEY),
            None => key_answer(KEY),
        };
        assert_eq!(opened, known, "{version}");
        let credentials = sealed(&mut security, &[0x30, 0]);
        let ask = TsRequest { version, credentials: Some(credentials), ..TsRequest::default() };
        assert!(matches!(exchange.message(&ask.write()), Step::In(_)));
        let told = bench.told();
        assert!(
            told.iter().any(|o| matches!(o, Observation::LureTouched { lure, .. } if lure == "hisdb/hisbak")),
            "{told:?}"
        );
    }

    #[test]
    fn who_knows_the_password_gets_in_by_every_version() {
        (2..=6).for_each(|version| gets_in(version, false));
        gets_in(6, true);
    }

    #[test]
    fn a_wrong_password_is_said_where_the_version_can() {
        let bench = Bench::new();
        for version in 2..=6 {
            let mut exchange = exchange(&bench);
            let ask = TsRequest { version, token: Some(negotiate()), ..TsRequest::default() };
            let challenge = said(exchange.message(&ask.write())).token.unwrap();
            let message = proof(&challenge, "Administrator", "123456");
            let ask = TsRequest { version, token: Some(message), ..TsRequest::default() };
            let Step::Refuse(answer) = exchange.message(&ask.write()) else { panic!("{version}") };
            let error = answer.and_then(|answer| TsRequest::parse(&answer)).and_then(|answer| answer.error);
            assert_eq!(error, matches!(version, 3 | 4 | 6).then_some(status::LOGON_FAILURE), "{version}");
            let told = bench.told();
            assert!(matches!(&told[1], Observation::AuthAttempt { secret: Some(_), accepted: false, .. }));
        }
    }

    #[test]
    fn another_key_and_noise_end_it() {
        let bench = Bench::new();
        let password = bench.pack.host("hisdb").unwrap().account(crate::persona::Protocol::Rdp, "hisbak");
        let password = password.unwrap().password.clone();
        let mut exchange = exchange(&bench);
        let ask = TsRequest { version: 3, token: Some(negotiate()), ..TsRequest::default() };
        let challenge = said(exchange.message(&ask.write())).token.unwrap();
        let message = proof(&challenge, "hisbak", &password);
        let bound = sealed(&mut Security::client(&CHOSEN, FLAGS), b"another key");
        let ask =
            TsRequest { version: 3, token: Some(message), public_key: Some(bound), ..TsRequest::default() };
        assert!(matches!(exchange.message(&ask.write()), Step::Refuse(Some(_))));
        assert!(matches!(exchange.message(b"\x30\x03xyz"), Step::Refuse(None)));
    }
}
