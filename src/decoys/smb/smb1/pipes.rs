//! Pipes behind `IPC$`, over the old protocol.

use std::sync::Arc;

use super::message::Request;
use super::old::{MAX_HELD, Old};
use crate::decoys::smb::packet::short;
use crate::decoys::smb::pipes;
use crate::decoys::smb::status::Status;
use crate::event::detail::Smb;
use crate::event::{Detail, Observation};
use crate::rpc::Pipe;

/// TRANS_PEEK_NMPIPE.
const PEEK: u16 = 0x0023;
/// TRANS_TRANSACT_NMPIPE.
const TRANSACT: u16 = 0x0026;
/// TRANS_SET_NMPIPE_STATE.
const SET_STATE: u16 = 0x0001;
/// A transaction's words before its setup.
const SETUP: usize = 28;

impl Old {
    /// NT_CREATE_ANDX (MS-CIFS 2.2.4.64).
    pub(super) fn create(&mut self, request: &Request<'_>) -> Result<Vec<u8>, Status> {
        let (name, _) = request.text(0).ok_or(Status::INVALID_PARAMETER)?;
        let name = name.trim_start_matches('\\').to_owned();
        let (who, domain) = self.user_of(request);
        let setting = Arc::new(pipes::setting(&self.server, &self.session, &who, &domain));
        let opened = if !Pipe::exists(&name, &setting) {
            Err(Status::OBJECT_NAME_NOT_FOUND)
        } else if !Pipe::is_allowed(&setting) {
            Err(Status::ACCESS_DENIED)
        } else {
            pipes::open(&name, &setting).ok_or(Status::OBJECT_NAME_NOT_FOUND)
        };
        let status = opened.as_ref().map_or_else(|status| *status, |_| Status::SUCCESS);
        self.session.emit(Observation::Request {
            verb: "OPEN_PIPE".into(),
            target: name.as_str().into(),
            status: status.0,
            detail: Some(Detail::Smb(Smb {
                dialect: "1".to_owned(),
                account: who.name().into(),
                share: "IPC$".into(),
                cipher: String::new(),
            })),
        });
        let pipe = opened?;
        if self.pipes.len() >= MAX_HELD {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        let file = self.next().wrapping_add(14_337);
        self.pipes.insert(file, (request.tree, pipe));
        let mut words = vec![0xff, 0, 0, 0, 0];
        words.extend(file.to_le_bytes());
        words.extend(1u32.to_le_bytes());
        words.extend([0; 32]);
        words.extend(0x80u32.to_le_bytes());
        words.extend(4096u64.to_le_bytes());
        words.extend(0u64.to_le_bytes());
        // A pipe of messages: both ends, 255 instances.
        words.extend(2u16.to_le_bytes());
        words.extend(0x05ffu16.to_le_bytes());
        words.push(0);
        Ok(request.answer(Status::SUCCESS, &words, &[]))
    }

    pub(super) fn close(&mut self, request: &Request<'_>) -> Result<Vec<u8>, Status> {
        let file = request.u16(0).ok_or(Status::INVALID_PARAMETER)?;
        self.pipes.remove(&file).ok_or(Status::INVALID_HANDLE)?;
        Ok(request.answer(Status::SUCCESS, &[], &[]))
    }

    /// READ_ANDX (2.2.4.42).
    pub(super) fn read(&mut self, request: &Request<'_>) -> Result<Vec<u8>, Status> {
        let file = request.u16(4).ok_or(Status::INVALID_PARAMETER)?;
        let most = usize::from(request.u16(10).ok_or(Status::INVALID_PARAMETER)?);
        let (_, pipe) = self.pipes.get_mut(&file).ok_or(Status::INVALID_HANDLE)?;
        let read = pipe.read(most);
        if read.bytes.is_empty() {
            return Err(if read.closed { Status::PIPE_DISCONNECTED } else { Status::PIPE_EMPTY });
        }
        const WORDS: usize = 24;
        let place = super::message::HEADER + 3 + WORDS + 1;
        let mut words = vec![0xff, 0, 0, 0];
        words.extend([0xff, 0xff, 0, 0, 0, 0]);
        words.extend(short(read.bytes.len()).to_le_bytes());
        words.extend(short(place).to_le_bytes());
        words.resize(WORDS, 0);
        let bytes = [&[0], &read.bytes[..]].concat();
        let status = if read.more { Status::BUFFER_OVERFLOW } else { Status::SUCCESS };
        Ok(request.answer(status, &words, &bytes))
    }

    /// WRITE_ANDX (2.2.4.43).
    pub(super) fn write(&mut self, request: &Request<'_>) -> Result<Vec<u8>, Status> {
        let file = request.u16(4).ok_or(Status::INVALID_PARAMETER)?;
        let data = request.part(20, 22).ok_or(Status::INVALID_PARAMETER)?;
        let mut session = self.session.clone();
        let (_, pipe) = self.pipes.get_mut(&file).ok_or(Status::INVALID_HANDLE)?;
        pipe.write(&mut session, data);
        let mut words = vec![0xff, 0, 0, 0];
        words.extend(short(data.len()).to_le_bytes());
        words.extend([0xff, 0xff]);
        words.resize(12, 0);
        Ok(request.answer(Status::SUCCESS, &words, &[]))
    }

    /// TRANSACTION (2.2.4.33): pipes in one step.
    pub(super) fn transaction(&mut self, request: &Request<'_>, whole: &[u8]) -> Result<Vec<u8>, Status> {
        let bad = Status::INVALID_PARAMETER;
        let (kind, file) = (request.u16(SETUP).ok_or(bad)?, request.u16(SETUP + 2).ok_or(bad)?);
        let most = usize::from(request.u16(6).ok_or(bad)?);
        if !self.pipes.contains_key(&file) {
            return Err(self.no_pipe(kind == PEEK, whole));
        }
        let data = request.part(22, 24).unwrap_or_default();
        let mut session = self.session.clone();
        let (_, pipe) = self.pipes.get_mut(&file).ok_or(Status::INVALID_HANDLE)?;
        match kind {
            TRANSACT => {
                pipe.write(&mut session, data);
                let read = pipe.read(most);
                if read.bytes.is_empty() && read.closed {
                    return Err(Status::PIPE_DISCONNECTED);
                }
                let status = if read.more { Status::BUFFER_OVERFLOW } else { Status::SUCCESS };
                Ok(transacted(request, status, &[], &read.bytes))
            }
            PEEK => {
                let waits = u16::from(pipe.is_waiting());
                let state = [waits.to_le_bytes(), waits.to_le_bytes(), 3u16.to_le_bytes()].concat();
                Ok(transacted(request, Status::SUCCESS, &state, &[]))
            }
            SET_STATE => Ok(transacted(request, Status::SUCCESS, &[], &[])),
            _ => Err(Status::NOT_SUPPORTED),
        }
    }
}

/// The answer to a transaction (2.2.4.33.2).
fn transacted(request: &Request<'_>, status: Status, parameters: &[u8], data: &[u8]) -> Vec<u8> {
    const WORDS: usize = 20;
    let begin = super::message::HEADER + 3 + WORDS;
    let at = begin.next_multiple_of(4);
    let behind = (at + parameters.len()).next_multiple_of(4);
    let mut words = Vec::new();
    words.extend(short(parameters.len()).to_le_bytes());
    words.extend(short(data.len()).to_le_bytes());
    words.extend([0; 2]);
    words.extend(short(parameters.len()).to_le_bytes());
    words.extend(short(at).to_le_bytes());
    words.extend([0; 2]);
    words.extend(short(data.len()).to_le_bytes());
    words.extend(short(behind).to_le_bytes());
    words.resize(WORDS, 0);
    let mut bytes = vec![0; at - begin];
    bytes.extend(parameters);
    bytes.resize(behind - begin, 0);
    bytes.extend(data);
    request.answer(status, &words, &bytes)
}
