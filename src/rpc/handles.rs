//! Context handles of one association: what a caller opened and did not close.

use std::collections::BTreeMap;

use rand::RngExt;

use super::call::Fault;
use super::uuid::Uuid;
use crate::session::Session;

/// Most handles that one association holds; tools hold a handful, a walk of the registry some dozens.
const MAX_HANDLES: usize = 512;

/// What a handle stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    /// The local security policy.
    Policy,
    /// The account database.
    SamServer,
    /// A domain of it.
    SamDomain(SamDomain),
    /// A user of the host, by number.
    SamUser(u32),
    /// A local group, by domain and number.
    SamAlias(SamDomain, u32),
    /// The group `None` of the host.
    SamGroup,
    /// The service manager, and whether services may be made.
    Services(bool),
    /// A service, by its name.
    Service(String),
    /// A key of the registry, by its path.
    Key(String),
    /// An event log, by its name.
    EventLog(String),
    /// A printer or the print server, by its name.
    Printer(String),
}

/// A domain of a host's account database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SamDomain {
    /// `Builtin`.
    Builtin,
    /// The host's own.
    Own,
}

/// The open handles.
#[derive(Debug, Default)]
pub(super) struct Handles {
    open: BTreeMap<Uuid, Object>,
    made: u32,
}

impl Handles {
    /// Opens one; `None` when there are too many.
    pub(super) fn open(&mut self, session: &Session, object: Object) -> Option<Uuid> {
        if self.open.len() >= MAX_HANDLES {
            return None;
        }
        self.made = self.made.wrapping_add(1);
        let place = format!("rpc/handle/{}/{}", session.now().as_nanosecond(), self.made);
        let handle = Uuid::random(session.rng(&place).random());
        self.open.insert(handle, object);
        Some(handle)
    }

    /// What one stands for.
    pub(super) fn get(&self, handle: Uuid) -> Result<&Object, Fault> {
        self.open.get(&handle).ok_or(Fault::ContextMismatch)
    }

    /// Closes one.
    pub(super) fn close(&mut self, handle: Uuid) -> Result<Object, Fault> {
        self.open.remove(&handle).ok_or(Fault::ContextMismatch)
    }
}
