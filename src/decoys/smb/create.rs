//! CREATE (2.2.13, 3.3.5.9): opening and making files, folders and pipes.

use std::sync::Arc;

use super::behaviour::ShareKind;
use super::link::{Answer, Answered, Link, Request};
use super::open::{MAX_OPEN, Open, Target, file_id};
use super::packet::{HEADER, Message, long, text};
use super::path::Path;
use super::status::Status;
use super::store::{Body, Node, Times, attribute};
use super::tree::{Tree, access};

/// FILE_DIRECTORY_FILE: a folder is meant.
const FOLDER_MEANT: u32 = 0x0000_0001;
/// FILE_NON_DIRECTORY_FILE: a file is meant.
const FILE_MEANT: u32 = 0x0000_0040;
/// FILE_DELETE_ON_CLOSE.
const DELETE_ON_CLOSE: u32 = 0x0000_1000;
/// Sharing: others may delete.
const SHARE_DELETE: u32 = 4;
/// Most contexts that are read; there are a dozen kinds.
const MAX_CONTEXTS: usize = 32;

/// CreateDisposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disposition {
    Supersede,
    Open,
    Create,
    OpenIf,
    Overwrite,
    OverwriteIf,
}

impl Disposition {
    fn of(number: u32) -> Option<Self> {
        match number {
            0 => Some(Disposition::Supersede),
            1 => Some(Disposition::Open),
            2 => Some(Disposition::Create),
            3 => Some(Disposition::OpenIf),
            4 => Some(Disposition::Overwrite),
            5 => Some(Disposition::OverwriteIf),
            _ => None,
        }
    }

    fn empties(self) -> bool {
        matches!(self, Disposition::Supersede | Disposition::Overwrite | Disposition::OverwriteIf)
    }

    /// CreateAction for something that was there, and for something new.
    fn action(self, is_new: bool) -> u32 {
        match (self, is_new) {
            (_, true) => 2,
            (Disposition::Supersede, false) => 0,
            (Disposition::Open | Disposition::OpenIf | Disposition::Create, false) => 1,
            (Disposition::Overwrite | Disposition::OverwriteIf, false) => 3,
        }
    }
}

/// What is asked for.
struct Asked {
    name: String,
    access: u32,
    attributes: u32,
    shared: u32,
    disposition: Disposition,
    options: u32,
    contexts: Vec<[u8; 4]>,
}

impl Asked {
    fn read(message: Message<'_>) -> Result<Self, Status> {
        let bad = Status::INVALID_PARAMETER;
        let number = |at| message.u32(HEADER + at).ok_or(bad);
        Ok(Asked {
            name: text(message.named(HEADER + 44, HEADER + 46).ok_or(bad)?),
            access: number(24)?,
            attributes: number(28)?,
            shared: number(32)?,
            disposition: Disposition::of(number(36)?).ok_or(bad)?,
            options: number(40)?,
            contexts: contexts(message).ok_or(bad)?,
        })
    }
}

/// The names of a request's contexts.
fn contexts(message: Message<'_>) -> Option<Vec<[u8; 4]>> {
    let all = message.named_wide(HEADER + 48, HEADER + 52)?;
    let mut rest = all;
    let mut names = Vec::new();
    while !rest.is_empty() && names.len() < MAX_CONTEXTS {
        let context = Message(rest);
        let next = usize::try_from(context.u32(0)?).ok()?;
        // Longer names (GUIDs) are of contexts that are not answered.
        let name = context.named(4, 6)?;
        names.push(name.first_chunk().copied().unwrap_or_default());
        rest = if next == 0 { &[] } else { rest.get(next..)? };
    }
    Some(names)
}

/// The rights that a mask means.
fn mapped(mask: u32, allowed: u32) -> u32 {
    const EXECUTE: u32 = 0x0012_00a0;
    const WRITE: u32 = 0x0012_0116;
    const READ: u32 = 0x0012_0089;
    let generic = [
        (access::GENERIC_ALL, access::ALL),
        (access::GENERIC_EXECUTE, EXECUTE),
        (access::GENERIC_WRITE, WRITE),
        (access::GENERIC_READ, READ),
        (access::MAXIMUM, allowed),
    ];
    let bits = generic.iter().fold(0, |bits, (bit, _)| bits | bit);
    let added = generic.iter().filter(|(bit, _)| mask & bit != 0).fold(0, |all, (_, rights)| all | rights);
    (mask & !bits) | added
}

impl Link {
    pub(super) fn create(&mut self, request: &Request<'_>, tree: &Tree) -> Answered {
        let asked = Asked::read(request.message)?;
        if self.opens.len() >= MAX_OPEN {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        match tree.kind {
            ShareKind::Pipe => self.open_pipe(request, tree, &asked),
            ShareKind::Disk => self.open_file(request, tree, &asked),
            ShareKind::Printer => self.open_job(request, tree, &asked),
        }
    }

    fn open_pipe(&mut self, request: &Request<'_>, tree: &Tree, asked: &Asked) -> Answered {
        let name = asked.name.trim_start_matches('\\').to_owned();
        let logon = self.logons.get(&request.header.session).and_then(|logon| logon.inside());
        let inside = logon.ok_or(Status::USER_SESSION_DELETED)?;
        let setting =
            Arc::new(super::pipes::setting(&self.server, &self.session, &inside.who, &inside.domain));
        let opened = if !crate::rpc::Pipe::exists(&name, &setting) {
            Err(Status::OBJECT_NAME_NOT_FOUND)
        } else if !crate::rpc::Pipe::is_allowed(&setting) {
            Err(Status::ACCESS_DENIED)
        } else {
            super::pipes::open(&name, &setting).ok_or(Status::OBJECT_NAME_NOT_FOUND)
        };
        let status = opened.as_ref().map_or_else(|status| *status, |_| Status::SUCCESS);
        self.tell_pipe(request, &name, status);
        let pipe = opened?;
        let node =
            Node { attributes: attribute::NORMAL, ..Node::file(&name, 0, Times::default(), Body::Held) };
        let path = Path::default().with(&name);
        let open = self.opened(request, tree, path, node, Target::Pipe(Box::new(pipe)), access::ALL);
        Ok(self.created(open, Disposition::Open.action(false), &[]))
    }

    fn open_job(&mut self, request: &Request<'_>, tree: &Tree, asked: &Asked) -> Answered {
        let name = if asked.name.is_empty() { "Remote Downlevel Document" } else { &asked.name };
        let node = Node::file(name, 0, Times::at(self.now), Body::Held);
        let path = Path::default().with(name);
        let open = self.opened(request, tree, path, node, Target::Job(Vec::new()), access::ALL);
        Ok(self.created(open, Disposition::Create.action(true), &[]))
    }

    /// A handle, not yet in the table.
    fn opened(
        &self,
        request: &Request<'_>,
        tree: &Tree,
        path: Path,
        node: Node,
        target: Target,
        granted: u32,
    ) -> Open {
        Open {
            id: self.opens.next(),
            logon: request.header.session,
            tree: tree.number,
            path,
            node,
            target,
            granted,
            shared: 7,
            delete_on_close: false,
            scan: None,
            position: 0,
            read: 0,
            locks: Vec::new(),
            is_new: false,
            share: tree.share.clone(),
        }
    }

    fn open_file(&mut self, request: &Request<'_>, tree: &Tree, asked: &Asked) -> Answered {
        let below = Path::below_share(&asked.name).ok_or(Status::OBJECT_NAME_INVALID)?;
        let path = tree.folder.join(&below);
        let found = self.with_own(|own| own.find(&path));
        let result = self.open_found(request, tree, asked, (&path, found));
        if let Err(status) = result
            && matches!(status, Status::ACCESS_DENIED | Status::SHARING_VIOLATION)
        {
            self.tell_refused_open(request, tree, &path, status);
        }
        result
    }

    fn open_found(
        &mut self,
        request: &Request<'_>,
        tree: &Tree,
        asked: &Asked,
        (path, found): (&Path, Option<Node>),
    ) -> Answered {
        let wanted = mapped(asked.access, tree.allowed);
        let is_new = found.is_none();
        let node = match found {
            Some(node) => {
                check_found(asked, &node)?;
                node
            }
            None => self.made(asked, tree, path)?,
        };
        let changes = wanted & access::CHANGES != 0 || asked.disposition.empties();
        let deletes = asked.options & DELETE_ON_CLOSE != 0;
        if (changes || deletes || is_new) && tree.allowed & access::WRITE_DATA == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        if deletes && wanted & access::DELETE == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        if path.parts().len() == 1
            && (deletes || wanted & access::DELETE != 0 && asked.access & access::MAXIMUM == 0)
        {
            return Err(Status::ACCESS_DENIED);
        }
        self.check_sharing(path, wanted, asked.shared)?;
        if matches!(node.body, Body::Held) && wanted & (READ_DATA | access::CHANGES) != 0 && !node.is_folder()
        {
            return Err(Status::SHARING_VIOLATION);
        }
        let action = asked.disposition.action(is_new);
        let mut open = self.opened(request, tree, path.clone(), node, Target::Disk, wanted);
        open.shared = asked.shared;
        open.delete_on_close = deletes;
        open.is_new = is_new && !open.node.is_folder();
        self.begin_writing(&mut open, asked, is_new)?;
        Ok(self.created(open, action, &answered(asked, tree)))
    }

    /// Something new.
    fn made(&mut self, asked: &Asked, tree: &Tree, path: &Path) -> Result<Node, Status> {
        let parent = path.parent().and_then(|parent| self.with_own(|own| own.find(&parent)));
        let parent = parent.ok_or(Status::OBJECT_PATH_NOT_FOUND)?;
        if !parent.is_folder() {
            return Err(Status::OBJECT_PATH_NOT_FOUND);
        }
        match asked.disposition {
            Disposition::Open | Disposition::Overwrite => return Err(Status::OBJECT_NAME_NOT_FOUND),
            Disposition::Supersede | Disposition::Create | Disposition::OpenIf | Disposition::OverwriteIf => {
            }
        }
        if tree.allowed & access::WRITE_DATA == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        let times = Times::at(self.now);
        if asked.options & FOLDER_MEANT != 0 {
            if !self.with_own(|own| own.make_folder(path, times)) {
                return Err(Status::DISK_FULL);
            }
            self.tell_folder(tree, path);
            return self.with_own(|own| own.find(path)).ok_or(Status::DISK_FULL);
        }
        let attributes = asked.attributes & 0x27 | attribute::ARCHIVE;
        let node = Node { attributes, ..Node::file(path.name(), 0, times, Body::Bytes(Arc::from([]))) };
        Ok(node.numbered(&path.key()))
    }

    /// A file that may be written has a draft; one that is to be emptied is.
    fn begin_writing(&mut self, open: &mut Open, asked: &Asked, is_new: bool) -> Result<(), Status> {
        let empties = asked.disposition.empties() && !is_new && !open.node.is_folder();
        if empties {
            open.granted |= access::WRITE_DATA;
        }
        if !open.writes() {
            return Ok(());
        }
        let key = open.path.key();
        let before = (!is_new).then_some(&open.node);
        let draft = self.opens.drafts.open(&key, before);
        if empties {
            draft.resize(0);
            draft.touched = true;
            open.node.size = 0;
        }
        Ok(())
    }

    /// Whether others who have it open let it be opened so.
    fn check_sharing(&self, path: &Path, wanted: u32, shared: u32) -> Result<(), Status> {
        let key = path.key();
        for other in
            self.opens.all().filter(|open| matches!(open.target, Target::Disk) && open.path.key() == key)
        {
            if other.delete_on_close {
                return Err(Status::DELETE_PENDING);
            }
            if needs(wanted) & !other.shared != 0 || needs(other.granted) & !shared != 0 {
                return Err(Status::SHARING_VIOLATION);
            }
        }
        Ok(())
    }

    /// Puts a handle into the table; gives the body of the answer, 2.2.14.
    fn created(&mut self, open: Open, action: u32, contexts: &[([u8; 4], Vec<u8>)]) -> Answer {
        let node = self.current(&open);
        let mut out = 89u16.to_le_bytes().to_vec();
        out.extend([0, 0]);
        out.extend(action.to_le_bytes());
        for time in [node.times.created, node.times.accessed, node.times.written, node.times.changed] {
            out.extend(time.to_le_bytes());
        }
        out.extend(node.allocation().to_le_bytes());
        out.extend(node.size.to_le_bytes());
        out.extend(node.attributes.to_le_bytes());
        out.extend([0; 4]);
        out.extend(file_id(open.id));
        let listed = listed(contexts);
        let place = if listed.is_empty() { 0 } else { HEADER + 88 };
        out.extend(long(place).to_le_bytes());
        out.extend(long(listed.len()).to_le_bytes());
        if listed.is_empty() {
            out.push(0)
        } else {
            out.extend(listed)
        }
        self.opens.add(open);
        Answer::good(out)
    }
}

/// FILE_READ_DATA.
const READ_DATA: u32 = 1;

/// What of FILE_SHARE_READ, WRITE, DELETE others must allow.
fn needs(granted: u32) -> u32 {
    const EXECUTE: u32 = 0x20;
    let reads = u32::from(granted & (READ_DATA | EXECUTE) != 0);
    let writes = u32::from(granted & (access::WRITE_DATA | access::APPEND_DATA) != 0) << 1;
    let deletes = if granted & access::DELETE != 0 { SHARE_DELETE } else { 0 };
    reads | writes | deletes
}

/// Whether something that is there may be opened as asked.
fn check_found(asked: &Asked, node: &Node) -> Result<(), Status> {
    match asked.disposition {
        Disposition::Create => return Err(Status::OBJECT_NAME_COLLISION),
        Disposition::Open
        | Disposition::OpenIf
        | Disposition::Supersede
        | Disposition::Overwrite
        | Disposition::OverwriteIf => {}
    }
    if asked.options & FOLDER_MEANT != 0 && !node.is_folder() {
        return Err(Status::NOT_A_DIRECTORY);
    }
    if node.is_folder() && (asked.options & FILE_MEANT != 0 || asked.disposition.empties()) {
        return Err(Status::FILE_IS_A_DIRECTORY);
    }
    let protected = node.attributes & attribute::READ_ONLY != 0 && !node.is_folder();
    let writes = asked.access & (access::WRITE_DATA | access::APPEND_DATA | access::GENERIC_WRITE) != 0;
    if protected && (writes || asked.disposition.empties()) {
        return Err(Status::ACCESS_DENIED);
    }
    Ok(())
}

/// Contexts that are answered: the most that he may do, and the file's number on its disk.
fn answered(asked: &Asked, tree: &Tree) -> Vec<([u8; 4], Vec<u8>)> {
    let mut out = Vec::new();
    if asked.contexts.contains(b"MxAc") {
        out.push((*b"MxAc", [0u32.to_le_bytes(), tree.allowed.to_le_bytes()].concat()));
    }
    out
}

/// Contexts as they stand behind the answer.
fn listed(contexts: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for ((name, data), number) in contexts.iter().zip(1..) {
        let mut one = Vec::new();
        one.extend(16u16.to_le_bytes());
        one.extend(4u16.to_le_bytes());
        one.extend([0; 2]);
        one.extend(24u16.to_le_bytes());
        one.extend(long(data.len()).to_le_bytes());
        one.extend(name);
        one.extend([0; 4]);
        one.extend(data);
        let length = (one.len() + 4).next_multiple_of(8);
        let next = if number < contexts.len() { long(length) } else { 0 };
        out.extend(next.to_le_bytes());
        out.extend(&one);
        if next != 0 {
            out.resize(out.len().next_multiple_of(8), 0);
        }
    }
    out
}
