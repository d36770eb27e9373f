//! The interfaces of a host, and where each can be reached.

use super::call::Operation;
use super::pdu::Syntax;
use super::setting::Setting;
use super::srvsvc;
use super::uuid::Uuid;

/// An interface that hosts answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interface {
    /// Shares, sessions, the server: MS-SRVS.
    Srvsvc,
}

/// Where a caller is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A named pipe, in lower case.
    Pipe(String),
    /// A TCP port.
    Tcp(u16),
}

/// What is known of one operation.
pub(super) struct Entry {
    pub(super) opnum: u16,
    pub(super) name: &'static str,
    pub(super) run: Operation,
}

impl Interface {
    /// Its name, as tools have it.
    pub fn name(self) -> &'static str {
        match self {
            Interface::Srvsvc => "srvsvc",
        }
    }

    /// Its UUID and version.
    pub fn syntax(self) -> Syntax {
        let (uuid, major, minor) = match self {
            Interface::Srvsvc => (Uuid::new(0x4b32_4fc8, 0x1670, 0x01d3, 0x1278_5a47_bf6e_e188), 3, 0),
        };
        Syntax { uuid, major, minor }
    }

    /// How many operations it has; what it does in those that are here; what the rest are refused
    /// with is the association's.
    pub(super) fn operations(self) -> (u16, &'static [Entry]) {
        match self {
            Interface::Srvsvc => (58, srvsvc::OPERATIONS),
        }
    }
}

/// A process of the host: its pipes by all of their names, the address that it tells for them, and
/// its interfaces.
pub(super) struct Process {
    pub(super) pipes: &'static [&'static str],
    pub(super) address: &'static str,
    pub(super) interfaces: &'static [Interface],
    /// Whether this host runs it.
    pub(super) runs: fn(&Setting) -> bool,
}

const PROCESSES: &[Process] = &[Process {
    pipes: &["srvsvc"],
    address: "\\PIPE\\srvsvc",
    interfaces: &[Interface::Srvsvc],
    runs: |_| true,
}];

impl Process {
    /// The one behind a pipe.
    pub(super) fn of_pipe(name: &str) -> Option<&'static Process> {
        PROCESSES.iter().find(|process| process.pipes.contains(&name))
    }
}
