//! QUERY_DIRECTORY (2.2.33) with the classes that clients use (MS-FSCC 2.4), and CHANGE_NOTIFY (2.2.35).

use std::collections::VecDeque;

use super::link::{Answer, Answered, Link, Request};
use super::open::{MAX_WATCHES, Target, Watch};
use super::packet::{HEADER, flags, long, text, wide};
use super::path::matches;
use super::status::Status;
use super::store::{Node, Times, attribute};

/// Flags of a request.
const RESTART: u8 = 1;
const SINGLE: u8 = 2;
const REOPEN: u8 = 16;
/// FILE_LIST_DIRECTORY.
const LIST: u32 = 1;

/// What is told of each entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Directory,
    Full,
    Both,
    Names,
    IdBoth,
    IdFull,
    IdExtended,
}

impl Class {
    pub(super) fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Class::Directory),
            2 => Some(Class::Full),
            3 => Some(Class::Both),
            12 => Some(Class::Names),
            37 => Some(Class::IdBoth),
            38 => Some(Class::IdFull),
            60 => Some(Class::IdExtended),
            _ => None,
        }
    }

    /// One entry, without the place of the next.
    pub(super) fn entry(self, node: &Node) -> Vec<u8> {
        let name = wide(&node.name);
        let mut out = vec![0; 8];
        if self == Class::Names {
            out.extend(long(name.len()).to_le_bytes());
            out.extend(name);
            return out;
        }
        let Times { created, accessed, written, changed } = node.times;
        [created, accessed, written, changed].iter().for_each(|time| out.extend(time.to_le_bytes()));
        out.extend(if node.is_folder() { 0 } else { node.size }.to_le_bytes());
        out.extend(if node.is_folder() { 0 } else { node.allocation() }.to_le_bytes());
        out.extend(node.attributes.to_le_bytes());
        out.extend(long(name.len()).to_le_bytes());
        // EaSize.
        if self != Class::Directory {
            out.extend([0; 4]);
        }
        match self {
            Class::Directory | Class::Full | Class::Names => {}
            Class::Both => out.extend(short_name(node)),
            Class::IdBoth => {
                out.extend(short_name(node));
                out.extend([0; 2]);
                out.extend(node.id.to_le_bytes());
            }
            Class::IdFull => {
                out.extend([0; 4]);
                out.extend(node.id.to_le_bytes());
            }
            Class::IdExtended => {
                out.extend([0; 4]);
                out.extend(node.id.to_le_bytes());
                out.extend([0; 8]);
            }
        }
        out.extend(name);
        out
    }
}

/// Length, a reserved byte, and the 8.3 name that NTFS gives to a long one; 26 bytes.
fn short_name(node: &Node) -> Vec<u8> {
    let name = wide(&short(&node.name));
    let mut out = vec![u8::try_from(name.len()).unwrap_or(0), 0];
    out.extend(name);
    out.resize(26, 0);
    out
}

/// Whether a name is short as it is.
fn is_short(stem: &str, extension: &str) -> bool {
    (1..=8).contains(&stem.len()) && extension.len() <= 3 && is_plain(stem) && is_plain(extension)
}

/// Whether a text has only characters that short names have.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "_-$~!#%&@^`'{}()".contains(c))
}

/// The short name of a long one; empty for one that is short already, and for those outside of ASCII.
pub(super) fn short(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if is_short(stem, extension) || !name.is_ascii() || name.starts_with('.') {
        return String::new();
    }
    let kept = |text: &str, most: usize| -> String {
        text.chars().filter(|c| is_plain(&c.to_string())).take(most).flat_map(char::to_uppercase).collect()
    };
    let end = kept(extension, 3);
    let dot = if end.is_empty() { "" } else { "." };
    format!("{}~1{dot}{end}", kept(stem, 6))
}

/// The name that a file has beside its own: for a short one that one itself.
pub(super) fn alternate(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if is_short(stem, extension) { name.to_owned() } else { short(name) }
}

impl Link {
    pub(super) fn query_directory(&mut self, request: &Request<'_>, file: Option<u64>) -> Answered {
        let bad = Status::INVALID_PARAMETER;
        let message = request.message;
        let id = self.handle(request, 8, file)?;
        let class = Class::of(message.u8(HEADER + 2).ok_or(bad)?).ok_or(Status::INVALID_INFO_CLASS)?;
        let flags = message.u8(HEADER + 3).ok_or(bad)?;
        let room = usize::try_from(message.u32(HEADER + 28).ok_or(bad)?).map_err(|_| bad)?;
        let pattern = text(message.named(HEADER + 24, HEADER + 26).ok_or(bad)?);
        if room > self.largest() {
            return Err(bad);
        }
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if !matches!(open.target, Target::Disk) || !open.node.is_folder() {
            return Err(bad);
        }
        if open.granted & LIST == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        if open.scan.is_none() || flags & (RESTART | REOPEN) != 0 {
            self.scan(request, id, &pattern)?;
        }
        let open = self.opens.get_mut(id).ok_or(Status::FILE_CLOSED)?;
        let nodes = open.scan.as_mut().ok_or(bad)?;
        let body = fill(nodes, class, room, flags & SINGLE != 0)?;
        Ok(Answer::good(buffer(&body)))
    }

    /// Begins a listing.
    fn scan(&mut self, request: &Request<'_>, id: u64, pattern: &str) -> Result<(), Status> {
        let pattern = if pattern.is_empty() { "*" } else { pattern };
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        let session = self.session.clone();
        let nodes = session.heavy(|| self.with_own(|own| own.list(&open.path))).unwrap_or_default();
        // A folder that is shared has a folder above it; a drive has none.
        let is_root = open.path.parts().len() == 1;
        let mut found: VecDeque<Node> = VecDeque::new();
        if !is_root {
            for name in [".", ".."].into_iter().filter(|name| matches(pattern, name)) {
                found.push_back(Node {
                    name: name.to_owned(),
                    attributes: attribute::FOLDER,
                    ..open.node.clone()
                });
            }
        }
        found.extend(nodes.into_iter().filter(|node| matches(pattern, &node.name)));
        let (path, share, count) = (open.path.clone(), open.share.clone(), found.len());
        let status = if found.is_empty() { Status::NO_SUCH_FILE } else { Status::SUCCESS };
        if let Some(open) = self.opens.get_mut(id) {
            open.scan = Some(found);
        }
        self.tell_listing(request, &share, &path, pattern, count);
        if status == Status::SUCCESS { Ok(()) } else { Err(status) }
    }

    pub(super) fn change_notify(&mut self, request: &Request<'_>, file: Option<u64>) -> Answered {
        let id = self.handle(request, 8, file)?;
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if !open.node.is_folder() || !matches!(open.target, Target::Disk) {
            return Err(Status::INVALID_PARAMETER);
        }
        if open.granted & LIST == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        if self.opens.watches.len() >= MAX_WATCHES {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        let later = self.postpone();
        let signed = if request.signed { flags::SIGNED } else { 0 };
        let flags = flags::ASYNC | signed;
        self.opens
            .watches
            .push(Watch { header: super::packet::Header { flags, later, ..request.header }, file: id });
        Ok(Answer { status: Status::PENDING, body: Vec::new() })
    }

    /// Takes a request back: only watches wait.
    pub(super) fn cancel(&mut self, header: &super::packet::Header) {
        let is = |watch: &Watch| {
            let same = if header.has(flags::ASYNC) {
                watch.header.later == header.later
            } else {
                watch.header.message == header.message
            };
            same && watch.header.session == header.session
        };
        if let Some(at) = self.opens.watches.iter().position(is) {
            let watch = self.opens.watches.remove(at);
            let answer = Answer { status: Status::CANCELLED, body: Vec::new() };
            self.late.push(super::link::Late { header: watch.header, answer });
        }
    }

    /// Who watches a folder hears what happened in it.
    pub(super) fn notify(&mut self, path: &super::path::Path, action: u32) {
        let Some(parent) = path.parent().map(|parent| parent.key()) else { return };
        let watches = std::mem::take(&mut self.opens.watches);
        for watch in watches {
            let is_here = self.opens.get(watch.file).is_some_and(|open| open.path.key() == parent);
            if !is_here {
                self.opens.watches.push(watch);
                continue;
            }
            let name = wide(path.name());
            let mut entry = 0u32.to_le_bytes().to_vec();
            entry.extend(action.to_le_bytes());
            entry.extend(long(name.len()).to_le_bytes());
            entry.extend(name);
            self.late.push(super::link::Late { header: watch.header, answer: Answer::good(buffer(&entry)) });
        }
    }
}

/// As many entries as there is room for.
fn fill(nodes: &mut VecDeque<Node>, class: Class, room: usize, single: bool) -> Result<Vec<u8>, Status> {
    let mut out: Vec<u8> = Vec::new();
    let mut last = None;
    while let Some(node) = nodes.front() {
        let entry = class.entry(node);
        let at = out.len().next_multiple_of(8);
        if at + entry.len() > room {
            break;
        }
        out.resize(at, 0);
        if let Some(last) = last.and_then(|last: usize| out.get_mut(last..last + 4).map(|slot| (last, slot)))
        {
            let (from, slot) = last;
            slot.copy_from_slice(&long(at - from).to_le_bytes());
        }
        last = Some(at);
        out.extend(entry);
        nodes.pop_front();
        if single {
            break;
        }
    }
    match (last, nodes.front()) {
        (Some(_), _) => Ok(out),
        (None, Some(_)) => Err(Status::INFO_LENGTH_MISMATCH),
        (None, None) => Err(Status::NO_MORE_FILES),
    }
}

/// The body of an answer that is one buffer, 2.2.34, 2.2.36, 2.2.38.
pub(super) fn buffer(bytes: &[u8]) -> Vec<u8> {
    let mut out = 9u16.to_le_bytes().to_vec();
    out.extend([72, 0]);
    out.extend(long(bytes.len()).to_le_bytes());
    out.extend(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoys::smb::packet::Message;
    use crate::decoys::smb::store::Body;

    #[test]
    fn names_get_short_ones() {
        for (name, expected) in [
            ("a.txt", ""),
            ("Program Files", "PROGRA~1"),
            ("report.final.pdf", "REPORT~1.PDF"),
            ("readme.html", "README~1.HTM"),
            ("报告.pdf", ""),
        ] {
            assert_eq!(short(name), expected, "{name}");
        }
    }

    #[test]
    fn entries_fill_the_room_and_no_more() {
        let node = |name: &str| Node::file(name, 5, Times::default(), Body::Held);
        for class in [1, 2, 3, 12, 37, 38, 60].map(|number| Class::of(number).unwrap()) {
            let mut nodes: VecDeque<Node> = (0..10).map(|n| node(&format!("file{n}.dcm"))).collect();
            let mut seen = 0;
            while let Ok(part) = fill(&mut nodes, class, 400, false) {
                let mut at = 0;
                loop {
                    seen += 1;
                    let next = usize::try_from(Message(&part).u32(at).unwrap()).unwrap();
                    if next == 0 {
                        break;
                    }
                    assert!(next.is_multiple_of(8));
                    at += next;
                }
                assert!(part.len() <= 400);
            }
            assert_eq!(seen, 10, "{class:?}");
            let mut one = VecDeque::from([node("x")]);
            assert_eq!(fill(&mut one, class, 4, false), Err(Status::INFO_LENGTH_MISMATCH));
        }
    }
}
