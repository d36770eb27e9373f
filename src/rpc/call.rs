//! One call: what it is given, and how it ends.

use super::ndr::{BadStub, Reader, Writer};
use super::setting::Setting;
use crate::event::Tainted;
use crate::session::Session;

/// Win32 and NT codes that answers end with (MS-ERREF 2.2 and 2.3).
pub(super) mod code {
    pub(crate) const SUCCESS: u32 = 0;
    pub(crate) const ACCESS_DENIED: u32 = 5;
    pub(crate) const INVALID_LEVEL: u32 = 124;
    pub(crate) const NET_NAME_NOT_FOUND: u32 = 2310;
}

/// How a call fails below its interface: the status of the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// No such operation.
    OpRange,
    /// The stub is none of this operation.
    BadStub,
    /// The runtime refuses the caller.
    AccessDenied,
    /// No such context.
    UnknownInterface,
    /// A PDU that does not belong here.
    Protocol,
}

impl Fault {
    /// As it stands in the fault: C706 appendix E, MS-ERREF.
    pub(super) fn status(self) -> u32 {
        match self {
            Fault::OpRange => 0x1c01_0002,
            Fault::BadStub => 0x0000_06f7,
            Fault::AccessDenied => 0x0000_0005,
            Fault::UnknownInterface => 0x1c01_0003,
            Fault::Protocol => 0x1c01_000b,
        }
    }
}

impl From<BadStub> for Fault {
    fn from(_: BadStub) -> Self {
        Fault::BadStub
    }
}

/// What an operation answers: its stub and its return value.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) stub: Vec<u8>,
    pub(super) status: u32,
}

pub(super) type Answer = Result<Reply, Fault>;

/// An operation.
pub(super) type Operation = fn(&mut Call<'_>) -> Answer;

/// One call.
pub(super) struct Call<'a> {
    pub(super) session: &'a Session,
    pub(super) setting: &'a Setting,
    pub(super) stub: Reader<'a>,
    /// What it was asked of, for its event.
    pub(super) target: Tainted,
}

impl Call<'_> {
    /// Says what it is asked of.
    pub(super) fn of(&mut self, target: &str) {
        self.target = Tainted::new(target);
    }

    /// Whether the caller is an administrator.
    pub(super) fn is_administrator(&self) -> bool {
        self.setting.caller.is_administrator()
    }
}

/// Ends an answer with its return value.
pub(super) fn end(mut writer: Writer, status: u32) -> Answer {
    writer.u32(status);
    Ok(Reply { stub: writer.finish(), status })
}
