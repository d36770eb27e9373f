//! One call: what it is given, and how it ends.

use super::handles::{Handles, Object};
use super::interface::Interface;
use super::ndr::{BadStub, Reader, Writer};
use super::setting::Setting;
use crate::event::{Observation, Tainted};
use crate::session::Session;

/// Win32 and NT codes that answers end with (MS-ERREF 2.1 to 2.3).
pub(super) mod code {
    pub(crate) const SUCCESS: u32 = 0;
    pub(crate) const FILE_NOT_FOUND: u32 = 2;
    pub(crate) const ACCESS_DENIED: u32 = 5;
    pub(crate) const INVALID_HANDLE: u32 = 6;
    pub(crate) const NOT_SUPPORTED: u32 = 50;
    pub(crate) const BAD_NETPATH: u32 = 53;
    pub(crate) const INVALID_PARAMETER: u32 = 87;
    pub(crate) const INSUFFICIENT_BUFFER: u32 = 122;
    pub(crate) const INVALID_LEVEL: u32 = 124;
    pub(crate) const MORE_DATA: u32 = 234;
    pub(crate) const NO_MORE_ITEMS: u32 = 259;
    pub(crate) const VIRUS_INFECTED: u32 = 225;
    pub(crate) const SERVICE_REQUEST_TIMEOUT: u32 = 1053;
    pub(crate) const SERVICE_ALREADY_RUNNING: u32 = 1056;
    pub(crate) const SERVICE_DOES_NOT_EXIST: u32 = 1060;
    pub(crate) const SERVICE_NOT_ACTIVE: u32 = 1062;
    pub(crate) const SERVICE_EXISTS: u32 = 1073;
    pub(crate) const RPC_UNAVAILABLE: u32 = 1722;
    pub(crate) const INVALID_PRINTER_NAME: u32 = 1801;
    pub(crate) const NET_NAME_NOT_FOUND: u32 = 2310;
    pub(crate) const NT_SOME_NOT_MAPPED: u32 = 0x0000_0107;
    pub(crate) const NT_NO_MORE_ENTRIES: u32 = 0x8000_001a;
    pub(crate) const NT_INVALID_CLASS: u32 = 0xc000_0003;
    pub(crate) const NT_ACCESS_DENIED: u32 = 0xc000_0022;
    pub(crate) const NT_NO_SUCH_USER: u32 = 0xc000_0064;
    pub(crate) const NT_NO_SUCH_GROUP: u32 = 0xc000_0066;
    pub(crate) const NT_NONE_MAPPED: u32 = 0xc000_0073;
    pub(crate) const NT_NO_SUCH_DOMAIN: u32 = 0xc000_00df;
    pub(crate) const NT_NO_SUCH_ALIAS: u32 = 0xc000_0151;
    pub(crate) const COM_ACCESS_DENIED: u32 = 0x8007_0005;
    pub(crate) const COM_FILE_NOT_FOUND: u32 = 0x8007_0002;
    pub(crate) const COM_START_FAILED: u32 = 0x8008_0005;
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
    /// No such handle.
    ContextMismatch,
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
            Fault::ContextMismatch => 0x1c00_001a,
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
    pub(super) handles: &'a mut Handles,
    /// All that is answered where the caller is.
    pub(super) interfaces: &'a [Interface],
    pub(super) opnum: u16,
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

    /// What the handle that comes next stands for.
    pub(super) fn handle(&mut self) -> Result<Object, Fault> {
        let handle = self.stub.handle()?;
        self.handles.get(handle).cloned()
    }

    /// Tells of an attack on the host by this call.
    pub(super) fn attack(&self, weakness: &str, payload: &str) {
        let payload = Tainted::new(payload);
        self.session.emit(Observation::ExploitAttempt { weakness: weakness.to_owned(), payload });
    }

    /// Answers with a new handle for an object; `full` where there are too many.
    pub(super) fn opened(&mut self, object: Object, full: u32) -> Answer {
        let handle = self.handles.open(self.session, object);
        let mut writer = Writer::new();
        writer.handle(handle);
        end(writer, if handle.is_some() { code::SUCCESS } else { full })
    }
}

/// Ends an answer with its return value.
pub(super) fn end(mut writer: Writer, status: u32) -> Answer {
    writer.u32(status);
    Ok(Reply { stub: writer.finish(), status })
}

/// Closes the handle that comes next.
pub(super) fn close(call: &mut Call<'_>) -> Answer {
    let handle = call.stub.handle()?;
    call.handles.close(handle)?;
    not_opened(code::SUCCESS)
}

/// An answer that is its return value.
pub(super) fn only(status: u32) -> Answer {
    end(Writer::new(), status)
}

/// An answer that would have been a handle.
pub(super) fn not_opened(status: u32) -> Answer {
    let mut writer = Writer::new();
    writer.handle(None);
    end(writer, status)
}

/// An answer that would have been behind a pointer.
pub(super) fn nothing(status: u32) -> Answer {
    let mut writer = Writer::new();
    writer.null();
    end(writer, status)
}
