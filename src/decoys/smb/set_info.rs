//! SET_INFO (2.2.39): times, names, deletion, sizes (MS-FSCC 2.4).

use super::link::{Answer, Answered, Link, Request};
use super::open::Target;
use super::packet::{HEADER, Message, text};
use super::path::Path;
use super::status::Status;
use super::store::{MoveError, attribute, filetime};
use super::tree::access;

/// What happened in a folder, MS-FSCC 2.7.1.
pub(super) mod action {
    pub(in crate::decoys::smb) const RENAMED_FROM: u32 = 4;
    pub(in crate::decoys::smb) const RENAMED_TO: u32 = 5;
}

impl Link {
    pub(super) fn set_info(&mut self, request: &Request<'_>, file: Option<u64>) -> Answered {
        let bad = Status::INVALID_PARAMETER;
        let message = request.message;
        let id = self.handle(request, 16, file)?;
        let kind = message.u8(HEADER + 2).ok_or(bad)?;
        let class = message.u8(HEADER + 3).ok_or(bad)?;
        let length = usize::try_from(message.u32(HEADER + 4).ok_or(bad)?).map_err(|_| bad)?;
        let at = usize::from(message.u16(HEADER + 8).ok_or(bad)?);
        let body = Message(message.part(at, length).ok_or(bad)?);
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if !matches!(open.target, Target::Disk) {
            // Clients set how they wait on a pipe.
            let is_mode = matches!(open.target, Target::Pipe(_)) && kind == 1 && class == 23;
            return if is_mode { Ok(done()) } else { Err(Status::NOT_SUPPORTED) };
        }
        match (kind, class) {
            (1, 4) => self.set_basic(id, body),
            (1, 10) => self.rename(request, id, body),
            (1, 13) => self.set_deletion(id, body.u8(0).ok_or(Status::INFO_LENGTH_MISMATCH)? & 1 != 0),
            (1, 64) => self.set_deletion(id, body.u32(0).ok_or(Status::INFO_LENGTH_MISMATCH)? & 1 != 0),
            (1, 14) => {
                let position = body.u64(0).ok_or(Status::INFO_LENGTH_MISMATCH)?;
                if let Some(open) = self.opens.get_mut(id) {
                    open.position = position;
                }
                Ok(done())
            }
            (1, 16) => Ok(done()),
            (1, 19) => self.allocate(id, body.u64(0).ok_or(Status::INFO_LENGTH_MISMATCH)?),
            (1, 20) => self.resize(id, body.u64(0).ok_or(Status::INFO_LENGTH_MISMATCH)?),
            (1, _) => Err(Status::INVALID_INFO_CLASS),
            (3, _) => self.set_security(id),
            _ => Err(Status::NOT_SUPPORTED),
        }
    }

    /// FileBasicInformation: 0 leaves a time as it is, so does -1.
    fn set_basic(&mut self, id: u64, body: Message<'_>) -> Answered {
        let short = Status::INFO_LENGTH_MISMATCH;
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if open.granted & access::WRITE_ATTRIBUTES == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        let mut node = open.node.clone();
        let times = &mut node.times;
        for (slot, at) in [
            (&mut times.created, 0),
            (&mut times.accessed, 8),
            (&mut times.written, 16),
            (&mut times.changed, 24),
        ] {
            let time = body.u64(at).ok_or(short)?;
            if time != 0 && time < u64::MAX - 1 {
                *slot = time;
            }
        }
        let attributes = body.u32(32).ok_or(short)?;
        if attributes != 0 {
            let kept = node.attributes & attribute::FOLDER;
            node.attributes = kept | attributes & 0x27;
            if node.attributes == 0 {
                node.attributes = attribute::NORMAL;
            }
        }
        let path = open.path.clone();
        let is_new = open.is_new;
        if !is_new && !self.with_own(|own| own.describe(&path, node.times, node.attributes)) {
            return Err(Status::DISK_FULL);
        }
        if let Some(open) = self.opens.get_mut(id) {
            open.node = node;
        }
        Ok(done())
    }

    fn rename(&mut self, request: &Request<'_>, id: u64, body: Message<'_>) -> Answered {
        let short = Status::INFO_LENGTH_MISMATCH;
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if open.granted & access::DELETE == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        let replaces = body.u8(0).ok_or(short)? & 1 != 0;
        let length = usize::try_from(body.u32(16).ok_or(short)?).map_err(|_| short)?;
        let name = text(body.part(20, length).ok_or(short)?);
        let tree = self.tree(request)?;
        let name = name.strip_prefix('\\').unwrap_or(&name);
        let below = Path::below_share(name).ok_or(Status::OBJECT_NAME_INVALID)?;
        let (from, to) = (open.path.clone(), tree.folder.join(&below));
        let key = from.key();
        self.check_target(&from, &to, replaces)?;
        // What a new file holds is kept first: the record moves with it.
        let moved = if open.is_new && !open.node.is_folder() {
            let node = open.node.clone();
            self.with_own(
                |own| if own.touch(&from, &node) { own.rename(&from, &to) } else { Err(MoveError::Full) },
            )
        } else {
            self.with_own(|own| own.rename(&from, &to))
        };
        moved.map_err(|error| match error {
            MoveError::Missing => Status::OBJECT_NAME_NOT_FOUND,
            MoveError::Full => Status::DISK_FULL,
        })?;
        let new = to.key();
        self.opens.drafts.rename(&key, &new);
        for other in self.opens.all_mut().filter(|open| matches!(open.target, Target::Disk)) {
            let below = other.path.below(&from).map(<[String]>::to_vec);
            if let Some(below) = below {
                other.path = below.iter().fold(to.clone(), |path, part| path.with(part));
                to.name().clone_into(&mut other.node.name);
            }
        }
        self.tell_renamed(id, &from, &to);
        self.notify(&from, action::RENAMED_FROM);
        self.notify(&to, action::RENAMED_TO);
        Ok(done())
    }

    /// Whether something may be moved to where it is to go.
    fn check_target(&self, from: &Path, to: &Path, replaces: bool) -> Result<(), Status> {
        let parent = to.parent().and_then(|parent| self.with_own(|own| own.find(&parent)));
        if !parent.is_some_and(|parent| parent.is_folder()) {
            return Err(Status::OBJECT_PATH_NOT_FOUND);
        }
        if from.key() != to.key() && to.below(from).is_some() {
            return Err(Status::INVALID_PARAMETER);
        }
        let there = self.with_own(|own| own.find(to)).filter(|_| from.key() != to.key());
        match there {
            Some(_) if !replaces => Err(Status::OBJECT_NAME_COLLISION),
            Some(node) if node.is_folder() => Err(Status::ACCESS_DENIED),
            Some(_) | None => Ok(()),
        }
    }

    fn set_deletion(&mut self, id: u64, deletes: bool) -> Answered {
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if open.granted & access::DELETE == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        if deletes && open.path.parts().len() == 1 {
            return Err(Status::CANNOT_DELETE);
        }
        if deletes && open.node.attributes & attribute::READ_ONLY != 0 {
            return Err(Status::CANNOT_DELETE);
        }
        if deletes && open.node.is_folder() && !self.with_own(|own| own.is_empty(&open.path)) {
            return Err(Status::DIRECTORY_NOT_EMPTY);
        }
        if let Some(open) = self.opens.get_mut(id) {
            open.delete_on_close = deletes;
        }
        Ok(done())
    }

    /// Room that is set aside: only less than there is cuts a file off.
    fn allocate(&mut self, id: u64, size: u64) -> Answered {
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if !open.writes() {
            return Err(Status::ACCESS_DENIED);
        }
        let now = self.opens.drafts.get(&open.path.key()).map_or(0, |draft| draft.size);
        if size < now { self.resize(id, size) } else { Ok(done()) }
    }

    fn resize(&mut self, id: u64, size: u64) -> Answered {
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if !open.writes() {
            return Err(Status::ACCESS_DENIED);
        }
        let key = open.path.key();
        self.opens.drafts.resize(&key, size)?;
        let now = filetime(self.now);
        if let Some(open) = self.opens.get_mut(id) {
            open.node.times.written = now;
            open.node.times.changed = now;
        }
        Ok(done())
    }

    /// Rights may be written by who may change them; what is told of them stays as it was.
    fn set_security(&mut self, id: u64) -> Answered {
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if open.granted & access::WRITE_SECURITY == 0 { Err(Status::ACCESS_DENIED) } else { Ok(done()) }
    }
}

/// The body of the answer, 2.2.40.
fn done() -> Answer {
    Answer::good(vec![2, 0])
}
