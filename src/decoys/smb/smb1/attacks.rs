//! What attacks on the old protocol send: the probe for MS17-010, the exploit for it, and what asks for
//! the backdoor that it leaves.

use super::message::Request;
use super::old::Old;
use crate::decoys::smb::status::Status;
use crate::event::Observation;

/// Bytes of a message that an event shows; the transcript has all.
const SHOWN: usize = 128;
/// TRANS2_SESSION_SETUP, which no client sends.
const SESSION_SETUP: u16 = 0x000e;
/// TRANS2_GET_DFS_REFERRAL.
const DFS_REFERRAL: u16 = 0x0010;
/// From so many bytes on a transaction is longer than one of its kind may be.
const TOO_LONG: u32 = 0x1_0000;

/// What was told already.
#[derive(Default)]
pub(super) struct Seen {
    probe: bool,
    exploit: bool,
    backdoor: bool,
    /// A transaction goes on in further messages.
    goes_on: bool,
}

impl Old {
    fn tell_attack(&self, weakness: &str, whole: &[u8]) {
        let shown = whole.get(..SHOWN.min(whole.len())).unwrap_or_default();
        let payload = format!("{}, {} bytes", hex::encode(shown), whole.len());
        self.session
            .emit(Observation::ExploitAttempt { weakness: weakness.to_owned(), payload: payload.into() });
    }

    /// A transaction on a pipe that is none: peeking at one is the probe for MS17-010, which a host
    /// without the update answers with a lack of resources.
    pub(super) fn no_pipe(&mut self, peeks: bool, whole: &[u8]) -> Status {
        if !peeks {
            return Status::INVALID_HANDLE;
        }
        if !std::mem::replace(&mut self.seen.probe, true) {
            self.tell_attack("CVE-2017-0143", whole);
        }
        let patched = self.table().is_some_and(|table| table.patched);
        let (major, minor, _) = self.server.version;
        match (patched, (major, minor) >= (6, 2)) {
            (false, _) => Status::INSUFF_SERVER_RESOURCES,
            (true, true) => Status::ACCESS_DENIED,
            (true, false) => Status::INVALID_HANDLE,
        }
    }

    /// TRANSACTION2 on `IPC$`: referrals, and the question whether the backdoor is there.
    pub(super) fn transaction2(&mut self, request: &Request<'_>, whole: &[u8]) -> Result<Vec<u8>, Status> {
        let kind = request.u16(28).ok_or(Status::INVALID_PARAMETER)?;
        match kind {
            SESSION_SETUP => {
                if !std::mem::replace(&mut self.seen.backdoor, true) {
                    self.tell_attack("DoublePulsar", whole);
                }
                Err(Status::NOT_IMPLEMENTED)
            }
            DFS_REFERRAL => Err(Status::NOT_FOUND),
            _ => Err(Status::INVALID_DEVICE_REQUEST),
        }
    }

    /// NT_TRANSACT on `IPC$`: nothing that clients ask for there; the exploit's is too long.
    pub(super) fn nt_transact(&mut self, request: &Request<'_>, whole: &[u8]) -> Result<Vec<u8>, Status> {
        let total = request.u32(7).ok_or(Status::INVALID_PARAMETER)?;
        let here = request.u32(27).unwrap_or(total);
        if total < TOO_LONG {
            return Err(Status::NOT_SUPPORTED);
        }
        if !std::mem::replace(&mut self.seen.exploit, true) {
            self.tell_attack("CVE-2017-0144", whole);
        }
        if here < total {
            // The rest may come.
            self.seen.goes_on = true;
            return Ok(request.answer(Status::SUCCESS, &[], &[]));
        }
        Err(Status::INVALID_PARAMETER)
    }

    /// A further part of a transaction: only the last is answered, and where it lies is checked.
    pub(super) fn secondary(&mut self, request: &Request<'_>, whole: &[u8]) -> Option<Vec<u8>> {
        if !self.seen.goes_on {
            self.session.malformed("SMB1 transaction that was not begun", whole);
            return Some(request.refused(Status::INVALID_PARAMETER));
        }
        None
    }
}
