//! SESSION_SETUP and LOGOFF (2.2.5, 3.3.5.5): who gets in.

use std::collections::BTreeMap;

use rand::RngExt;

use super::crypto::{Keys, preauth};
use super::link::{Answer, Answered, Link, MAX_LOGONS, Request};
use super::negotiate::SIGNING_REQUIRED;
use super::packet::{HEADER, short};
use super::server::{Server, Who};
use super::status::Status;
use super::store::filetime;
use super::tree::Tree;
use crate::wire::ntlm::{Authenticate, Challenge, Negotiate, Response, Security, spnego};

/// SESSION_FLAG_IS_GUEST.
const IS_GUEST: u16 = 1;
/// SESSION_FLAG_IS_NULL.
const IS_NULL: u16 = 2;
/// Flags of the request: it binds a session of another connection to this one.
const BINDING: u8 = 1;

/// One session.
pub(super) struct Logon {
    stage: Stage,
    /// PreauthIntegrityHashValue of the session.
    hash: [u8; 64],
    pub(super) trees: BTreeMap<u32, Tree>,
    /// Number of its latest tree.
    pub(super) last_tree: u32,
}

enum Stage {
    /// His proof is due, for this challenge.
    Challenged {
        nonce: [u8; 8],
        /// mechTypes of his first token.
        mechanisms: Option<Vec<u8>>,
    },
    In(Box<Inside>),
}

/// Somebody who is in.
pub(super) struct Inside {
    pub(super) who: Who,
    /// The domain and machine that he names.
    pub(super) domain: String,
    keys: Option<Keys>,
    must_sign: bool,
}

impl Logon {
    pub(super) fn is_in(&self) -> bool {
        matches!(self.stage, Stage::In(_))
    }

    pub(super) fn inside(&self) -> Option<&Inside> {
        match &self.stage {
            Stage::In(inside) => Some(inside),
            Stage::Challenged { .. } => None,
        }
    }

    pub(super) fn keys(&self) -> Option<&Keys> {
        self.inside()?.keys.as_ref()
    }

    pub(super) fn must_sign(&self) -> bool {
        self.inside().is_some_and(|inside| inside.must_sign)
    }
}

/// A token as it came: the NTLM message, and whether it was wrapped.
enum Token<'a> {
    Ntlm(&'a [u8], bool),
    Other,
}

impl Link {
    pub(super) fn setup(&mut self, request: &Request<'_>) -> Answered {
        let message = request.message;
        let flags = message.u8(HEADER + 2).ok_or(Status::INVALID_PARAMETER)?;
        let token = message.named(HEADER + 12, HEADER + 14).ok_or(Status::INVALID_PARAMETER)?;
        self.told.session = request.header.session;
        if flags & BINDING != 0 {
            // Nobody has a session here that another connection could join.
            return Err(Status::USER_SESSION_DELETED);
        }
        let token_read = match spnego::unwrap(token) {
            Some(spnego::Token::Bare(ntlm)) => Token::Ntlm(ntlm, false),
            Some(spnego::Token::Wrapped(ntlm)) => Token::Ntlm(ntlm, true),
            Some(spnego::Token::Other) => Token::Other,
            None => {
                self.session.malformed("security token of an SMB2 session", token);
                return Err(Status::INVALID_PARAMETER);
            }
        };
        match token_read {
            Token::Other => self.ask_for_ntlm(request),
            Token::Ntlm(ntlm, wrapped) => match Negotiate::parse(ntlm) {
                Some(asked) => self.challenge(request, &asked, token, wrapped),
                None => self.prove(request, ntlm, token, wrapped),
            },
        }
    }

    /// Whether a session may be begun, or gone on with; its id.
    fn begin(&mut self, request: &Request<'_>) -> Result<u64, Status> {
        let id = request.header.session;
        if id != 0 {
            return if self.logons.contains_key(&id) { Ok(id) } else { Err(Status::USER_SESSION_DELETED) };
        }
        if self.logons.len() >= MAX_LOGONS {
            return Err(Status::REQUEST_NOT_ACCEPTED);
        }
        let id = self.server.next_session();
        self.told.session = id;
        Ok(id)
    }

    /// A client that begins with Kerberos is asked to go on with NTLM.
    fn ask_for_ntlm(&mut self, request: &Request<'_>) -> Answered {
        let id = self.begin(request)?;
        let stage = Stage::Challenged { nonce: [0; 8], mechanisms: None };
        self.stand(id, stage);
        Ok(Answer { status: Status::MORE_PROCESSING_REQUIRED, body: answer(0, &spnego::prefer_ntlm()) })
    }

    fn challenge(
        &mut self,
        request: &Request<'_>,
        asked: &Negotiate,
        token: &[u8],
        wrapped: bool,
    ) -> Answered {
        let id = self.begin(request)?;
        self.told.challenges += 1;
        let nonce: [u8; 8] = self.session.rng(&format!("smb/ntlm/{}", self.told.challenges)).random();
        let challenge = Challenge { nonce, version: self.server.version, time: filetime(self.now) };
        let message = challenge.write(asked.flags, &self.server.names);
        let mechanisms = spnego::mechanisms(token);
        self.stand(id, Stage::Challenged { nonce, mechanisms });
        let token = if wrapped { spnego::wrap(&message) } else { message };
        Ok(Answer { status: Status::MORE_PROCESSING_REQUIRED, body: answer(0, &token) })
    }

    /// A session is at a stage; what it had stays.
    fn stand(&mut self, id: u64, stage: Stage) {
        let hash = self.hash;
        let logon = self.logons.entry(id).or_insert_with(|| Logon {
            stage: Stage::Challenged { nonce: [0; 8], mechanisms: None },
            hash,
            trees: BTreeMap::new(),
            last_tree: 0,
        });
        if logon.is_in() {
            // He proves himself anew: the hash begins as it did.
            logon.hash = hash;
        }
        logon.stage = stage;
    }

    fn prove(&mut self, request: &Request<'_>, ntlm: &[u8], token: &[u8], wrapped: bool) -> Answered {
        let id = request.header.session;
        let Some(logon) = self.logons.get(&id) else { return Err(Status::USER_SESSION_DELETED) };
        let Stage::Challenged { nonce, mechanisms } = &logon.stage else {
            return Err(Status::INVALID_PARAMETER);
        };
        let (nonce, mechanisms) = (*nonce, mechanisms.clone());
        let Some(proof) = Authenticate::parse(ntlm) else {
            self.session.malformed("NTLM message of an SMB2 session", ntlm);
            self.logons.remove(&id);
            return Err(Status::INVALID_PARAMETER);
        };
        let (who, key) = match judge(&self.server, &proof, &nonce) {
            Ok(judged) => judged,
            Err(status) => {
                self.tell_refused(&proof, &nonce);
                self.logons.remove(&id);
                return Err(status);
            }
        };
        self.tell_logon(&proof, &nonce, &who);
        let mode = request.message.u8(HEADER + 3).unwrap_or(0);
        let flags = match who {
            Who::Nobody => IS_NULL,
            Who::Guest(_) => IS_GUEST,
            Who::Account { .. } => 0,
        };
        let keys = key.map(|key| {
            let dialect =
                self.agreed.as_ref().map_or(super::dialect::Dialect::Smb202, |agreed| agreed.dialect);
            let hash = preauth(&self.logons.get(&id).map_or([0; 64], |logon| logon.hash), request.message.0);
            Keys::new(dialect, &key, &hash)
        });
        let must_sign = keys.is_some() && (mode | self.mode()) & SIGNING_REQUIRED != 0;
        let inside = Inside { who, domain: proof.domain.clone(), keys, must_sign };
        self.stand(id, Stage::In(Box::new(inside)));
        let token = if wrapped { end(&proof, key.as_ref(), mechanisms, token) } else { Vec::new() };
        Ok(Answer::good(answer(flags, &token)))
    }

    /// Takes a setup's messages into the hash of its session; the last answer is not part of it.
    pub(super) fn hash_setup(&mut self, id: u64, request: &[u8], reply: &super::reply::Reply) {
        if reply.status() != Status::MORE_PROCESSING_REQUIRED.0 {
            return;
        }
        let message = reply.message();
        if let Some(logon) = self.logons.get_mut(&id) {
            logon.hash = preauth(&preauth(&logon.hash, request), &message);
        }
    }

    pub(super) fn logoff(&mut self, request: &Request<'_>) -> Answered {
        let id = request.header.session;
        self.close_all(|open| open.logon == id);
        // The answer is still signed with the session's keys.
        let answer = Answer::good(vec![4, 0, 0, 0]);
        self.told.left.push(id);
        Ok(answer)
    }
}

/// Who somebody is, and the key of his session where it has one.
pub(super) fn judge(
    server: &Server,
    proof: &Authenticate,
    nonce: &[u8; 8],
) -> Result<(Who, Option<[u8; 16]>), Status> {
    if proof.response == Response::Anonymous && proof.user.is_empty() {
        return Ok((Who::Nobody, None));
    }
    match server.account(&proof.user) {
        Some((account, hash)) => match proof.session_key(&hash, nonce) {
            Some(key) => Ok((server.who(account), Some(key))),
            None => Err(Status::LOGON_FAILURE),
        },
        None if server.behaviour.guest && !proof.user.eq_ignore_ascii_case("administrator") => {
            Ok((Who::Guest(proof.user.clone()), None))
        }
        None => Err(Status::LOGON_FAILURE),
    }
}

/// The last token: with a code over the list of mechanisms where the client sent his.
fn end(proof: &Authenticate, key: Option<&[u8; 16]>, mechanisms: Option<Vec<u8>>, token: &[u8]) -> Vec<u8> {
    let code = spnego::integrity(token).and_then(|_| {
        let mut security = Security::server(key?, proof.flags);
        Some(security.sign(&mechanisms?))
    });
    spnego::accept(code.as_ref().map(<[u8; 16]>::as_slice))
}

/// The body of the answer, 2.2.6.
fn answer(flags: u16, token: &[u8]) -> Vec<u8> {
    let mut out = 9u16.to_le_bytes().to_vec();
    out.extend(flags.to_le_bytes());
    out.extend(short(HEADER + 8).to_le_bytes());
    out.extend(short(token.len()).to_le_bytes());
    out.extend(token);
    out
}
