//! One connection that speaks the old protocol.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::attacks::Seen;
use super::message::{Request, flags2};
use crate::decoys::smb::behaviour::{OldProtocol, ShareKind};
use crate::decoys::smb::frame;
use crate::decoys::smb::link::End;
use crate::decoys::smb::packet::short;
use crate::decoys::smb::server::{Server, Who};
use crate::decoys::smb::status::Status;
use crate::decoys::smb::store::filetime;
use crate::decoys::smb::tree::admit;
use crate::event::detail::Smb;
use crate::event::{Detail, Observation};
use crate::rpc::Pipe;
use crate::session::{Outbox, Session};
use crate::wire::ntlm::spnego;

/// Most users, trees and pipes of one connection.
pub(super) const MAX_HELD: usize = 64;

/// Commands, MS-CIFS 2.2.2.1.
mod command {
    pub(super) const CLOSE: u8 = 0x04;
    pub(super) const TRANSACTION: u8 = 0x25;
    pub(super) const ECHO: u8 = 0x2b;
    pub(super) const READ: u8 = 0x2e;
    pub(super) const WRITE: u8 = 0x2f;
    pub(super) const TRANSACTION2: u8 = 0x32;
    pub(super) const TRANSACTION2_SECONDARY: u8 = 0x33;
    pub(super) const TREE_DISCONNECT: u8 = 0x71;
    pub(super) const SESSION_SETUP: u8 = 0x73;
    pub(super) const LOGOFF: u8 = 0x74;
    pub(super) const TREE_CONNECT: u8 = 0x75;
    pub(super) const NT_TRANSACT: u8 = 0xa0;
    pub(super) const NT_TRANSACT_SECONDARY: u8 = 0xa1;
    pub(super) const NT_CREATE: u8 = 0xa2;
}

/// Who a user's number stands for.
pub(super) enum User {
    /// His proof is due.
    Challenged,
    In(Who, String),
}

/// One connection.
pub(in crate::decoys::smb) struct Old {
    pub(super) server: Arc<Server>,
    pub(super) session: Session,
    pub(super) now: Timestamp,
    pub(super) negotiated: bool,
    /// The challenge of a setup without SPNEGO, or of the latest one with it.
    pub(super) nonce: [u8; 8],
    pub(super) users: BTreeMap<u16, User>,
    trees: BTreeMap<u16, u16>,
    pub(super) pipes: BTreeMap<u16, (u16, Pipe)>,
    last: u16,
    pub(super) seen: Seen,
}

impl Old {
    pub(in crate::decoys::smb) fn new(server: Arc<Server>, session: Session) -> Self {
        use rand::RngExt;
        Old {
            now: session.now(),
            nonce: session.rng("smb1/ntlm").random(),
            server,
            session,
            negotiated: false,
            users: BTreeMap::new(),
            trees: BTreeMap::new(),
            pipes: BTreeMap::new(),
            last: 0,
            seen: Seen::default(),
        }
    }

    pub(in crate::decoys::smb) fn is_in(&self) -> bool {
        self.users.values().any(|user| matches!(user, User::In(..)))
    }

    /// The table; it is there where this is.
    pub(super) fn table(&self) -> Option<&OldProtocol> {
        self.server.behaviour.smb1.as_ref()
    }

    /// One message.
    pub(in crate::decoys::smb) fn take(
        &mut self,
        now: Timestamp,
        bytes: &[u8],
        out: &mut Outbox,
    ) -> Result<(), End> {
        self.now = now;
        let Some(request) = Request::read(bytes) else {
            self.session.malformed("SMB1 message", bytes);
            return Err(End);
        };
        if super::is_negotiate(bytes) == self.negotiated {
            self.session.malformed("SMB1 message out of turn", bytes);
            return Err(End);
        }
        for answer in self.answer(&request, bytes)? {
            out.send([&frame::header(answer.len())[..], &answer].concat());
        }
        Ok(())
    }

    fn answer(&mut self, request: &Request<'_>, bytes: &[u8]) -> Result<Vec<Vec<u8>>, End> {
        if super::is_negotiate(bytes) {
            return self.negotiate(request, bytes);
        }
        let answer = match request.command {
            command::SESSION_SETUP => Ok(self.setup(request)),
            command::ECHO => return Ok(self.echo(request)),
            _ if !self.knows(request.user) => Err(Status::SMB_BAD_UID),
            command::LOGOFF => {
                self.users.remove(&request.user);
                Ok(request.answer(Status::SUCCESS, &[0xff, 0, 0, 0], &[]))
            }
            command::TREE_CONNECT => self.tree_connect(request),
            _ if !self.trees.contains_key(&request.tree) => Err(Status::SMB_BAD_TID),
            command::TREE_DISCONNECT => {
                self.trees.remove(&request.tree);
                self.pipes.retain(|_, (tree, _)| *tree != request.tree);
                Ok(request.answer(Status::SUCCESS, &[], &[]))
            }
            command::NT_CREATE => self.create(request),
            command::CLOSE => self.close(request),
            command::READ => self.read(request),
            command::WRITE => self.write(request),
            command::TRANSACTION => self.transaction(request, bytes),
            command::TRANSACTION2 => self.transaction2(request, bytes),
            command::NT_TRANSACT => self.nt_transact(request, bytes),
            command::TRANSACTION2_SECONDARY | command::NT_TRANSACT_SECONDARY => {
                return Ok(self.secondary(request, bytes).into_iter().collect());
            }
            _ => Err(Status::SMB_BAD_COMMAND),
        };
        Ok(vec![answer.unwrap_or_else(|status| request.refused(status))])
    }

    fn knows(&self, user: u16) -> bool {
        matches!(self.users.get(&user), Some(User::In(..)))
    }

    /// A number for something new.
    pub(super) fn next(&mut self) -> u16 {
        // UIDs and TIDs of Windows begin at 2048; FIDs at 16384.
        self.last = self.last.wrapping_add(1) & 0x03ff;
        2047 + self.last
    }

    /// NT LM 0.12 is the one dialect that is spoken (MS-SMB 2.2.4.5).
    fn negotiate(&mut self, request: &Request<'_>, bytes: &[u8]) -> Result<Vec<Vec<u8>>, End> {
        let dialects = super::dialects(bytes);
        let index = dialects.iter().position(|dialect| dialect == "NT LM 0.12");
        let status = if index.is_some() { Status::SUCCESS } else { Status::NOT_SUPPORTED };
        super::tell_negotiate(&self.session, &dialects, status);
        let Some(index) = index else {
            return Ok(vec![request.answer(Status::SUCCESS, &[0xff, 0xff], &[])]);
        };
        self.negotiated = true;
        let extended = request.flags2 & flags2::EXTENDED_SECURITY != 0;
        let words = self.negotiated_words(index, extended);
        let data = if extended {
            [&self.server.guid[..], &spnego::offer(self.server.offer())].concat()
        } else {
            let mut data = self.nonce.to_vec();
            let names = &self.server.names;
            for name in [&names.netbios_domain, &names.netbios_computer] {
                data.extend(crate::decoys::smb::packet::wide(name));
                data.extend([0; 2]);
            }
            data
        };
        Ok(vec![request.answer(Status::SUCCESS, &words, &data)])
    }

    fn negotiated_words(&self, index: usize, extended: bool) -> Vec<u8> {
        // User level, challenge and response; signing is possible.
        const MODE: u8 = 0x07;
        const CAPABILITIES: u32 = 0x0001_e3fc;
        const EXTENDED: u32 = 0x8000_0000;
        let is_server = self.server.setting.windows.is_server;
        let (requests, buffer): (u16, u32) = if is_server { (50, 16_644) } else { (10, 4356) };
        let signs = if self.server.behaviour.signing_required { 0x08 } else { 0 };
        let offset = self.session.world().hospital().utc_offset_minutes;
        let mut words = short(index).to_le_bytes().to_vec();
        words.push(MODE | signs);
        words.extend(requests.to_le_bytes());
        words.extend(1u16.to_le_bytes());
        words.extend(buffer.to_le_bytes());
        words.extend(65_536u32.to_le_bytes());
        words.extend(0u32.to_le_bytes());
        words.extend((CAPABILITIES | if extended { EXTENDED } else { 0 }).to_le_bytes());
        words.extend(filetime(self.now).to_le_bytes());
        words.extend(i16::try_from(-offset).unwrap_or(0).to_le_bytes());
        words.push(if extended { 0 } else { 8 });
        words
    }

    /// ECHO: as many answers as are asked for, within reason.
    fn echo(&self, request: &Request<'_>) -> Vec<Vec<u8>> {
        const MOST: u16 = 16;
        let count = request.u16(0).unwrap_or(0).min(MOST);
        (1..=count).map(|n| request.answer(Status::SUCCESS, &n.to_le_bytes(), request.bytes)).collect()
    }

    /// TREE_CONNECT_ANDX (MS-CIFS 2.2.4.55): `IPC$`; folders are not given out.
    fn tree_connect(&mut self, request: &Request<'_>) -> Result<Vec<u8>, Status> {
        let password = usize::from(request.u16(6).ok_or(Status::INVALID_PARAMETER)?);
        let (path, _) = request.text(password).ok_or(Status::INVALID_PARAMETER)?;
        let who = match self.users.get(&request.user) {
            Some(User::In(who, _)) => who.clone(),
            Some(User::Challenged) | None => return Err(Status::SMB_BAD_UID),
        };
        let name = path.rsplit('\\').next().unwrap_or_default();
        let share = self.server.share(name).ok_or(Status::BAD_NETWORK_NAME);
        let admitted = share.and_then(|share| match share.kind {
            ShareKind::Pipe => admit(share, &who, false).map(|_| ()),
            ShareKind::Disk | ShareKind::Printer => Err(Status::ACCESS_DENIED),
        });
        let status = admitted.err().unwrap_or(Status::SUCCESS);
        self.session.emit(Observation::Request {
            verb: "TREE_CONNECT".into(),
            target: path.as_str().into(),
            status: status.0,
            detail: Some(Detail::Smb(Smb {
                dialect: "1".to_owned(),
                account: who.name().into(),
                share: name.into(),
                cipher: String::new(),
            })),
        });
        admitted?;
        if self.trees.len() >= MAX_HELD {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        let tree = self.next();
        self.trees.insert(tree, request.user);
        let request = Request { tree, ..*request };
        // AndX: nothing follows. OptionalSupport: exclusive search bits.
        let bytes = request.texts(6, b"IPC\0", &[""]);
        Ok(request.answer(Status::SUCCESS, &[0xff, 0, 0, 0, 1, 0], &bytes))
    }

    /// Who uses a tree, and the domain that he names.
    pub(super) fn user_of(&self, request: &Request<'_>) -> (Who, String) {
        match self.users.get(&request.user) {
            Some(User::In(who, domain)) => (who.clone(), domain.clone()),
            Some(User::Challenged) | None => (Who::Nobody, String::new()),
        }
    }
}
