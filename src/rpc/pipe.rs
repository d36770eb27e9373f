//! An open named pipe.

use std::collections::VecDeque;
use std::sync::Arc;

use super::association::Association;
use super::interface::{Place, Process};
use super::setting::{Rights, Setting};
use crate::session::Session;

/// Most answers that wait for a client who does not read; past it, his writes are not taken.
const MAX_WAITING: usize = 1024;

/// One open named pipe or TCP connection of RPC.
pub struct Pipe {
    association: Association,
    /// Messages that wait to be read.
    waiting: VecDeque<Vec<u8>>,
    /// How much of the first was read.
    read: usize,
}

/// What reading a pipe gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The next bytes of the message that waits; empty when none does.
    pub bytes: Vec<u8>,
    /// Whether the message has more (STATUS_BUFFER_OVERFLOW).
    pub more: bool,
    /// Whether the host has closed the pipe, and nothing will come.
    pub closed: bool,
}

impl Pipe {
    /// Whether a host has a pipe of this name (such as `srvsvc`, in whatever case).
    pub fn exists(name: &str, setting: &Setting) -> bool {
        process(name, setting).is_some()
    }

    /// Whether a caller may open pipes: hosts let nobody open one who gave no name
    /// (RestrictNullSessAccess, and no NullSessionPipes beside a domain controller).
    pub fn is_allowed(setting: &Setting) -> bool {
        setting.caller.rights != Rights::Anonymous
    }

    /// Opens one; `None` when the host has no such pipe.
    pub fn open(name: &str, setting: Arc<Setting>) -> Option<Pipe> {
        let process = process(name, &setting)?;
        let place = Place::Pipe(name.to_lowercase());
        let interfaces = process.interfaces.to_vec();
        Some(Pipe::new(Association::new(setting, place, interfaces, process.address.to_owned())))
    }

    /// The same over a connection to a TCP port; one that no process has answers nothing.
    pub fn at_port(port: u16, setting: Arc<Setting>) -> Pipe {
        let process = Process::at_port(port, &setting);
        let interfaces = process.map(|process| process.interfaces.to_vec()).unwrap_or_default();
        Pipe::new(Association::new(setting, Place::Tcp(port), interfaces, port.to_string()))
    }

    fn new(association: Association) -> Pipe {
        Pipe { association, waiting: VecDeque::new(), read: 0 }
    }

    /// Bytes written to the pipe by the client.
    pub fn write(&mut self, session: &mut Session, bytes: &[u8]) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.extend(self.association.receive(session, bytes));
        }
    }

    /// Whether an answer waits.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Up to `max` bytes of the answer that waits.
    pub fn read(&mut self, max: usize) -> Read {
        let Some(message) = self.waiting.front() else {
            return Read { bytes: Vec::new(), more: false, closed: self.association.is_over() };
        };
        let rest = message.get(self.read..).unwrap_or_default();
        let bytes = rest.get(..max.min(rest.len())).unwrap_or_default().to_vec();
        let more = bytes.len() < rest.len();
        self.read = if more { self.read + bytes.len() } else { 0 };
        if !more {
            self.waiting.pop_front();
        }
        Read { bytes, more, closed: false }
    }
}

fn process(name: &str, setting: &Setting) -> Option<&'static Process> {
    Process::of_pipe(&name.to_lowercase()).filter(|process| (process.runs)(setting))
}
