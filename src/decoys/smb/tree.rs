//! TREE_CONNECT and TREE_DISCONNECT (2.2.9, 3.3.5.7).

use super::behaviour::ShareKind;
use super::dialect::Dialect;
use super::link::{Answer, Answered, Link, Request};
use super::packet::{HEADER, Message, text};
use super::path::Path;
use super::server::{Share, Who};
use super::status::Status;

/// Trees of one session: one for each share there is would be few.
const MAX_TREES: usize = 256;

/// What a share's folder may be used for, MS-DTYP 2.4.3.
pub(super) mod access {
    /// Everything.
    pub(in crate::decoys::smb) const ALL: u32 = 0x001f_01ff;
    /// What is allowed on `IPC$`.
    pub(in crate::decoys::smb) const PIPES: u32 = 0x001f_00a9;
    /// Read and run.
    pub(in crate::decoys::smb) const READ: u32 = 0x0012_00a9;
    /// Write data.
    pub(in crate::decoys::smb) const WRITE_DATA: u32 = 0x0002;
    /// Append data.
    pub(in crate::decoys::smb) const APPEND_DATA: u32 = 0x0004;
    /// Write extended attributes.
    pub(in crate::decoys::smb) const WRITE_EA: u32 = 0x0010;
    /// Delete what is in a folder.
    pub(in crate::decoys::smb) const DELETE_CHILD: u32 = 0x0040;
    /// Write attributes.
    pub(in crate::decoys::smb) const WRITE_ATTRIBUTES: u32 = 0x0100;
    /// Delete.
    pub(in crate::decoys::smb) const DELETE: u32 = 0x0001_0000;
    /// Change the owner or the list of rights.
    pub(in crate::decoys::smb) const WRITE_SECURITY: u32 = 0x000c_0000;
    /// Whatever is allowed.
    pub(in crate::decoys::smb) const MAXIMUM: u32 = 0x0200_0000;
    /// Everything, to be mapped.
    pub(in crate::decoys::smb) const GENERIC_ALL: u32 = 0x1000_0000;
    /// Run, to be mapped.
    pub(in crate::decoys::smb) const GENERIC_EXECUTE: u32 = 0x2000_0000;
    /// Write, to be mapped.
    pub(in crate::decoys::smb) const GENERIC_WRITE: u32 = 0x4000_0000;
    /// Read, to be mapped.
    pub(in crate::decoys::smb) const GENERIC_READ: u32 = 0x8000_0000;
    /// Whatever changes something.
    pub(in crate::decoys::smb) const CHANGES: u32 =
        WRITE_DATA | APPEND_DATA | WRITE_EA | DELETE_CHILD | WRITE_ATTRIBUTES | DELETE | WRITE_SECURITY;
}

/// One share, as one session has it.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) number: u32,
    pub(super) share: String,
    pub(super) kind: ShareKind,
    pub(super) folder: Path,
    /// MaximalAccess.
    pub(super) allowed: u32,
    pub(super) encrypted: bool,
}

impl Link {
    pub(super) fn tree_connect(&mut self, request: &Request<'_>) -> Answered {
        let message = request.message;
        let path = path_of(message).ok_or(Status::INVALID_PARAMETER)?;
        let id = request.header.session;
        let logon = self.logons.get(&id).ok_or(Status::USER_SESSION_DELETED)?;
        let inside = logon.inside().ok_or(Status::USER_SESSION_DELETED)?;
        let agreed = self.agreed.as_ref().ok_or(Status::INVALID_PARAMETER)?;
        if agreed.dialect == Dialect::Smb311 && logon.keys().is_some() && !request.signed && !request.sealed {
            return Err(Status::ACCESS_DENIED);
        }
        let can_seal = agreed.cipher.is_some();
        let who = inside.who.clone();
        let name = path.trim_start_matches('\\').split_once('\\').map_or("", |(_, share)| share);
        let found = self.server.share(name).cloned();
        let answer = match found {
            None => Err(Status::BAD_NETWORK_NAME),
            Some(share) => admit(&share, &who, can_seal).map(|allowed| (share, allowed)),
        };
        let status = answer.as_ref().map_or_else(|status| *status, |_| Status::SUCCESS);
        self.tell_tree(&path, &who, request, status);
        let (share, allowed) = answer?;
        let logon = self.logons.get_mut(&id).ok_or(Status::USER_SESSION_DELETED)?;
        if logon.trees.len() >= MAX_TREES {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        let number = if logon.last_tree == 0 { 1 } else { logon.last_tree + 4 };
        logon.last_tree = number;
        let tree = Tree {
            number,
            share: share.name.clone(),
            kind: share.kind,
            folder: share.folder.clone().unwrap_or_default(),
            allowed,
            encrypted: share.encrypted,
        };
        logon.trees.insert(number, tree);
        self.told.tree = number;
        Ok(Answer::good(connected(&share, allowed)))
    }

    pub(super) fn tree_disconnect(&mut self, request: &Request<'_>) -> Answered {
        let (id, number) = (request.header.session, request.header.tree);
        let logon = self.logons.get_mut(&id).ok_or(Status::USER_SESSION_DELETED)?;
        logon.trees.remove(&number).ok_or(Status::NETWORK_NAME_DELETED)?;
        self.close_all(|open| open.logon == id && open.tree == number);
        Ok(Answer::good(vec![4, 0, 0, 0]))
    }

    /// The tree that a request names.
    pub(super) fn tree(&self, request: &Request<'_>) -> Result<Tree, Status> {
        let logon = self.logons.get(&request.header.session).ok_or(Status::USER_SESSION_DELETED)?;
        logon.trees.get(&request.header.tree).cloned().ok_or(Status::NETWORK_NAME_DELETED)
    }
}

/// The path that a request names; where it has an extension, that is left aside.
fn path_of(message: Message<'_>) -> Option<String> {
    let path = message.named(HEADER + 4, HEADER + 6)?;
    Some(text(path))
}

/// Whether somebody gets to a share: what he may do there.
pub(super) fn admit(share: &Share, who: &Who, can_seal: bool) -> Result<u32, Status> {
    if share.encrypted && !can_seal {
        return Err(Status::ACCESS_DENIED);
    }
    match share.kind {
        ShareKind::Pipe => Ok(access::PIPES),
        ShareKind::Disk | ShareKind::Printer if who.is_in(share.writers) => Ok(access::ALL),
        ShareKind::Disk | ShareKind::Printer if who.is_in(share.readers) => Ok(access::READ),
        ShareKind::Disk | ShareKind::Printer => Err(Status::ACCESS_DENIED),
    }
}

/// The body of the answer, 2.2.10.
fn connected(share: &Share, allowed: u32) -> Vec<u8> {
    const ENCRYPT: u32 = 0x8000;
    const NO_CACHING: u32 = 0x30;
    let (kind, mut flags) = match share.kind {
        ShareKind::Disk => (1u8, 0),
        ShareKind::Pipe => (2, NO_CACHING),
        ShareKind::Printer => (3, NO_CACHING),
    };
    if share.encrypted {
        flags |= ENCRYPT;
    }
    let mut out = 16u16.to_le_bytes().to_vec();
    out.extend([kind, 0]);
    out.extend(flags.to_le_bytes());
    out.extend(0u32.to_le_bytes());
    out.extend(allowed.to_le_bytes());
    out
}
