//! What is open, and CLOSE (2.2.15, 3.3.5.10).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::link::{Answer, Answered, Late, Link, Request};
use super::packet::{HEADER, Header, RELATED_FILE};
use super::path::Path;
use super::status::Status;
use super::store::{Drafts, Eyes, Node, Own};
use crate::rpc::Pipe;

/// Most files that one connection has open: clients that crawl have some dozens.
pub(super) const MAX_OPEN: usize = 4_096;
/// Most watches that wait on one connection.
pub(super) const MAX_WATCHES: usize = 64;

/// What a handle is of.
pub(super) enum Target {
    /// A file or folder.
    Disk,
    /// A pipe.
    Pipe(Box<Pipe>),
    /// A job of a printer: what was printed so far.
    Job(Vec<u8>),
}

/// One handle.
pub(super) struct Open {
    pub(super) id: u64,
    pub(super) logon: u64,
    pub(super) tree: u32,
    pub(super) path: Path,
    pub(super) node: Node,
    pub(super) target: Target,
    pub(super) granted: u32,
    pub(super) shared: u32,
    pub(super) delete_on_close: bool,
    /// A listing that goes on: what is still to come.
    pub(super) scan: Option<VecDeque<Node>>,
    /// Where it stands, for clients that ask.
    pub(super) position: u64,
    /// Bytes that were read.
    pub(super) read: u64,
    /// Locks: from, to (excluded), exclusive.
    pub(super) locks: Vec<(u64, u64, bool)>,
    pub(super) is_new: bool,
    /// The share as events name it.
    pub(super) share: String,
}

impl Open {
    /// Whether a file is written to by way of a draft.
    pub(super) fn writes(&self) -> bool {
        const DATA: u32 = super::tree::access::WRITE_DATA | super::tree::access::APPEND_DATA;
        matches!(self.target, Target::Disk) && !self.node.is_folder() && self.granted & DATA != 0
    }
}

/// A watch that waits.
pub(super) struct Watch {
    pub(super) header: Header,
    pub(super) file: u64,
}

/// All that is open on one connection.
#[derive(Default)]
pub(super) struct Opens {
    open: BTreeMap<u64, Open>,
    last: u64,
    pub(super) drafts: Drafts,
    pub(super) watches: Vec<Watch>,
    /// The bytes of the file that was read last, made whole.
    pub(super) held: Option<(u64, u64, Arc<[u8]>)>,
}

impl Opens {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The handle that was opened last.
    pub(super) fn newest(&self) -> Option<u64> {
        (self.last != 0).then_some(self.last)
    }

    /// A number for a new handle: they count up by four, as those of Windows do.
    pub(super) fn next(&self) -> u64 {
        if self.last == 0 { 1 } else { self.last + 4 }
    }

    pub(super) fn add(&mut self, open: Open) {
        self.last = open.id;
        self.open.insert(open.id, open);
    }

    pub(super) fn get(&self, id: u64) -> Option<&Open> {
        self.open.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Open> {
        self.open.get_mut(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Open> {
        self.open.values()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Open> {
        self.open.values_mut()
    }
}

/// Both halves of a file's id: Windows counts in both.
pub(super) fn file_id(id: u64) -> [u8; 16] {
    let mut out = [0; 16];
    let volatile = id | (id & 0xffff) << 40;
    let parts = id.to_le_bytes().into_iter().chain(volatile.to_le_bytes());
    out.iter_mut().zip(parts).for_each(|(slot, byte)| *slot = byte);
    out
}

impl Link {
    /// The handle that a request names at a place of its body, or the one of the message before it.
    pub(super) fn handle(&self, request: &Request<'_>, at: usize, file: Option<u64>) -> Result<u64, Status> {
        let persistent = request.message.u64(HEADER + at).ok_or(Status::INVALID_PARAMETER)?;
        let volatile = request.message.u64(HEADER + at + 8).ok_or(Status::INVALID_PARAMETER)?;
        let id = match file {
            Some(file) if persistent == RELATED_FILE && volatile == RELATED_FILE => file,
            _ => persistent,
        };
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        let its = open.logon == request.header.session && open.tree == request.header.tree;
        if its { Ok(id) } else { Err(Status::FILE_CLOSED) }
    }

    /// Looks at the drives as the intruder sees them.
    pub(super) fn with_own<T>(&self, look: impl FnOnce(&Own<'_>) -> T) -> T {
        let view = self.session.world().at(self.now);
        let eyes = Eyes { disk: &self.server.disk, view: &view };
        look(&Own { eyes, session: &self.session })
    }

    pub(super) fn close(&mut self, request: &Request<'_>, file: Option<u64>) -> Answered {
        const POSTQUERY_ATTRIBUTES: u16 = 1;
        let id = self.handle(request, 8, file)?;
        let asked = request.message.u16(HEADER + 2).ok_or(Status::INVALID_PARAMETER)?;
        let wants = asked & POSTQUERY_ATTRIBUTES != 0;
        let node = self.opens.get(id).map(|open| self.current(open));
        self.finish_open(id);
        let mut out = 60u16.to_le_bytes().to_vec();
        match node.filter(|_| wants) {
            Some(node) => {
                out.extend(POSTQUERY_ATTRIBUTES.to_le_bytes());
                out.extend([0; 4]);
                for time in [node.times.created, node.times.accessed, node.times.written, node.times.changed]
                {
                    out.extend(time.to_le_bytes());
                }
                out.extend(node.allocation().to_le_bytes());
                out.extend(node.size.to_le_bytes());
                out.extend(node.attributes.to_le_bytes());
            }
            None => out.resize(60, 0),
        }
        Ok(Answer::good(out))
    }

    /// A handle's node with the size that it has while it is written.
    pub(super) fn current(&self, open: &Open) -> Node {
        let size = self.opens.drafts.get(&open.path.key()).filter(|_| open.writes()).map(|draft| draft.size);
        Node { size: size.unwrap_or(open.node.size), ..open.node.clone() }
    }

    /// Closes whatever is meant.
    pub(super) fn close_all(&mut self, which: impl Fn(&Open) -> bool) {
        let ids: Vec<u64> = self.opens.all().filter(|open| which(open)).map(|open| open.id).collect();
        ids.into_iter().for_each(|id| self.finish_open(id));
    }

    /// The end of a handle: what was written is kept, what is to go is gone, who watched it hears.
    fn finish_open(&mut self, id: u64) {
        let Some(open) = self.opens.open.remove(&id) else { return };
        let watches = std::mem::take(&mut self.opens.watches);
        for watch in watches {
            if watch.file == id {
                let answer = Answer { status: Status::NOTIFY_CLEANUP, body: Vec::new() };
                self.late.push(Late { header: watch.header, answer });
            } else {
                self.opens.watches.push(watch);
            }
        }
        if let Target::Job(bytes) = &open.target {
            self.tell_job(&open, bytes);
            return;
        }
        if !matches!(open.target, Target::Disk) {
            return;
        }
        if open.read > 0 {
            self.tell_read(&open);
        }
        let draft = if open.writes() { self.opens.drafts.close(&open.path.key()) } else { None };
        let others = self.opens.all().any(|other| other.path.key() == open.path.key());
        if open.delete_on_close && !others {
            if let Some(draft) = draft.filter(|draft| draft.touched) {
                self.keep_draft(&open, draft);
            }
            self.with_own(|own| own.remove(&open.path));
            self.tell_deleted(&open);
            return;
        }
        if let Some(draft) = draft.filter(|draft| draft.touched || open.is_new) {
            self.keep_draft(&open, draft);
        }
    }

    fn keep_draft(&mut self, open: &Open, draft: super::store::Draft) {
        let is_empty = draft.size == 0;
        let mut node = open.node.clone();
        node.times.written = super::store::filetime(self.now);
        node.times.changed = node.times.written;
        node.size = draft.size;
        if is_empty && open.is_new {
            // An empty file is no artefact.
            let kept = self.with_own(|own| own.touch(&open.path, &node));
            self.tell_made(open, kept);
            return;
        }
        let written = self.with_own(|own| draft.keep(own, &open.path, node));
        self.opens.held = None;
        self.tell_written(open, &written);
    }
}
