//! SESSION_SETUP_ANDX, with SPNEGO (MS-SMB 2.2.4.6) and without (MS-CIFS 2.2.4.53).

use super::message::Request;
use super::old::{MAX_HELD, Old, User};
use crate::decoys::smb::logon::judge;
use crate::decoys::smb::packet::short;
use crate::decoys::smb::server::Who;
use crate::decoys::smb::status::Status;
use crate::decoys::smb::store::filetime;
use crate::decoys::smb::telling;
use crate::event::Observation;
use crate::event::observation::Mark;
use crate::wire::ntlm::{Authenticate, Challenge, Negotiate, Response, spnego};

/// Words of a request with SPNEGO, bytes.
const EXTENDED: usize = 24;
/// The same without.
const PLAIN: usize = 26;

impl Old {
    pub(super) fn setup(&mut self, request: &Request<'_>) -> Vec<u8> {
        let done = match request.count() {
            EXTENDED => self.extended(request),
            PLAIN => self.plain(request),
            _ => Err(Status::INVALID_PARAMETER),
        };
        done.unwrap_or_else(|status| request.refused(status))
    }

    fn extended(&mut self, request: &Request<'_>) -> Result<Vec<u8>, Status> {
        let length = usize::from(request.u16(14).ok_or(Status::INVALID_PARAMETER)?);
        let token = request.bytes.get(..length).ok_or(Status::INVALID_PARAMETER)?;
        self.tell_native_at(request, length);
        let (ntlm, wrapped) = match spnego::unwrap(token) {
            Some(spnego::Token::Bare(ntlm)) => (ntlm, false),
            Some(spnego::Token::Wrapped(ntlm)) => (ntlm, true),
            Some(spnego::Token::Other) => {
                let user = self.challenged(request)?;
                let request = Request { user, ..*request };
                return Ok(self.answered(
                    &request,
                    Status::MORE_PROCESSING_REQUIRED,
                    0,
                    &spnego::prefer_ntlm(),
                ));
            }
            None => {
                self.session.malformed("security token of an SMB1 session", token);
                return Err(Status::INVALID_PARAMETER);
            }
        };
        if let Some(asked) = Negotiate::parse(ntlm) {
            let user = self.challenged(request)?;
            let time = filetime(self.now);
            let challenge = Challenge { nonce: self.nonce, version: self.server.version, time };
            let message = challenge.write(asked.flags, &self.server.names);
            let token = if wrapped { spnego::wrap(&message) } else { message };
            let request = Request { user, ..*request };
            return Ok(self.answered(&request, Status::MORE_PROCESSING_REQUIRED, 0, &token));
        }
        let Some(proof) = Authenticate::parse(ntlm) else {
            self.session.malformed("NTLM message of an SMB1 session", ntlm);
            return Err(Status::INVALID_PARAMETER);
        };
        if !matches!(self.users.get(&request.user), Some(User::Challenged)) {
            return Err(Status::SMB_BAD_UID);
        }
        let action = self.admit(request.user, &proof)?;
        let token = if wrapped { spnego::accept(None) } else { Vec::new() };
        Ok(self.answered(request, Status::SUCCESS, action, &token))
    }

    /// A user's number for who is asked for his proof.
    fn challenged(&mut self, request: &Request<'_>) -> Result<u16, Status> {
        if self.users.len() >= MAX_HELD {
            return Err(Status::REQUEST_NOT_ACCEPTED);
        }
        let user = if self.users.contains_key(&request.user) { request.user } else { self.next() };
        self.users.insert(user, User::Challenged);
        Ok(user)
    }

    /// Judges a proof; gives the Action of the answer.
    fn admit(&mut self, user: u16, proof: &Authenticate) -> Result<u16, Status> {
        let judged = judge(&self.server, proof, &self.nonce);
        let who = match judged {
            Ok((who, _)) => who,
            Err(status) => {
                telling::attempt(&self.session, proof, &self.nonce, false);
                self.users.remove(&user);
                return Err(status);
            }
        };
        telling::logon(&self.session, proof, &self.nonce, &who);
        let action = u16::from(matches!(who, Who::Guest(_)));
        self.users.insert(user, User::In(who, proof.domain.clone()));
        Ok(action)
    }

    fn answered(&self, request: &Request<'_>, status: Status, action: u16, token: &[u8]) -> Vec<u8> {
        let mut words = vec![0xff, 0, 0, 0];
        words.extend(action.to_le_bytes());
        words.extend(short(token.len()).to_le_bytes());
        let (os, lanman) = self.natives();
        let bytes = request.texts(words.len(), token, &[&os, &lanman]);
        request.answer(status, &words, &bytes)
    }

    fn natives(&self) -> (String, String) {
        self.table().map(|table| (table.native_os.clone(), table.native_lanman.clone())).unwrap_or_default()
    }

    /// A setup whose responses stand for themselves.
    fn plain(&mut self, request: &Request<'_>) -> Result<Vec<u8>, Status> {
        let bad = Status::INVALID_PARAMETER;
        let lm = usize::from(request.u16(14).ok_or(bad)?);
        let nt = usize::from(request.u16(16).ok_or(bad)?);
        let responses = request.bytes.get(..lm + nt).ok_or(bad)?;
        let (lm, nt) = responses.split_at_checked(lm).ok_or(bad)?;
        let (user, at) = request.text(responses.len()).ok_or(bad)?;
        let (domain, at) = request.text(at).unwrap_or_default();
        self.tell_native_at(request, at);
        let response = Response::of(lm, nt);
        let proof = Authenticate {
            domain,
            user,
            workstation: String::new(),
            response,
            version: None,
            flags: 0,
            session_key: Vec::new(),
        };
        let number = self.challenged(request)?;
        let action = self.admit(number, &proof)?;
        let request = Request { user: number, ..*request };
        let mut words = vec![0xff, 0, 0, 0];
        words.extend(action.to_le_bytes());
        let (os, lanman) = self.natives();
        let bytes = request.texts(words.len(), &[], &[&os, &lanman, &self.server.names.netbios_domain]);
        Ok(request.answer(Status::SUCCESS, &words, &bytes))
    }

    /// The client's own system, as it names it.
    fn tell_native_at(&self, request: &Request<'_>, at: usize) {
        let Some((os, at)) = request.text(at) else { return };
        let lanman = request.text(at).map(|(lanman, _)| lanman).unwrap_or_default();
        if !os.is_empty() || !lanman.is_empty() {
            let value = format!("os={os}|lanman={lanman}");
            self.session.emit(Observation::Fingerprint { mark: Mark::SmbClient, value: value.into() });
        }
    }
}
