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
        let accepted = mechanisms.filter(|_| spnego::integrity(token).is_some()).map(|mechanisms| {
            // Both sides sign the mechanisms, then encrypt as if nothing had been (MS-SPNG 3.3.5.1).
            let fresh = security.clone();
            security.verify(&mechanisms, spnego::integrity(token).unwrap_or_default());
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
