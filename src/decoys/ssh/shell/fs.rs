//! The file system one intruder sees: the host's tree under his own writes.

mod processes;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::session::Session;

use super::node::{Body, Errno, Meta, Node};
use super::own::Seat;
use super::site::Site;

/// Largest file an intruder's writes may grow to.
pub const MAX_FILE: usize = 8 << 20;

/// Most links followed for one path, as the kernel (`MAXSYMLINKS` 40).
const MAX_LINKS: usize = 40;

/// Longest path, as `PATH_MAX`.
const MAX_PATH: usize = 4096;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// The file system. Cheap to clone.
#[derive(Clone)]
pub struct Fs {
    site: Arc<Site>,
    session: Session,
    who: Who,
    seat: Arc<Seat>,
    /// Pipes of process substitutions, by their path below /proc/self/fd.
    pipes: BTreeMap<String, Arc<[u8]>>,
    /// Permissions that new files do not get.
    pub mask: u32,
}

const READ: u32 = 4;
const WRITE: u32 = 2;
const SEARCH: u32 = 1;

impl Fs {
    /// The file system of a host as one user sees it.
    pub fn new(site: Arc<Site>, session: Session, who: Who) -> Self {
        Fs { site, session, who, seat: Arc::default(), pipes: BTreeMap::new(), mask: 0o022 }
    }

    fn key(&self, path: &str) -> String {
        format!("ssh:{}:{path}", self.site.host.name)
    }

    fn now(&self) -> i64 {
        self.session.now().as_second()
    }

    /// The node at a path without links in it.
    fn raw(&self, path: &str) -> Option<Node> {
        if let Some(bytes) = self.pipes.get(path) {
            let body = Body::File(Arc::clone(bytes));
            return Some(Node { body, mode: 0o600, uid: self.who.uid, gid: self.who.gid, mtime: self.now() });
        }
        match self.session.overlay().get(&self.key(path)) {
            Some(bytes) => Node::decode(&bytes),
            None if self.hidden(path) => None,
            None => match path.strip_prefix("/proc/") {
                Some(rest) => self
                    .seat
                    .node(&self.site, rest, self.session.now())
                    .or_else(|| self.site.node(path, self.session.now())),
                None => self.site.node(path, self.session.now()),
            },
        }
    }

    /// Whether a directory above was removed by the intruder.
    fn hidden(&self, path: &str) -> bool {
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/').filter(|(p, _)| !p.is_empty()) {
            if let Some(bytes) = self.session.overlay().get(&self.key(parent)) {
                return Node::decode(&bytes).is_none();
            }
            above = parent;
        }
        false
    }

    /// Follows links; the last one only where `follow`. Gives the real path.
    fn resolve(&self, path: &str, follow: bool) -> Result<String, Errno> {
        if path.len() > MAX_PATH {
            return Err(Errno::NameTooLong);
        }
        let mut todo: Vec<String> =
            path.split('/').rev().filter(|p| !p.is_empty() && *p != ".").map(str::to_owned).collect();
        let mut done = String::new();
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if name == ".." {
                done.truncate(done.rfind('/').unwrap_or(0));
                continue;
            }
            let here = format!("{done}/{name}");
            let node = self.raw(&here);
            if (!todo.is_empty() || follow)
                && let Some(Node { body: Body::Link(target), .. }) = &node
            {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::Loop);
                }
                if target.starts_with('/') {
                    done.clear();
                }
                todo.extend(
                    target.split('/').rev().filter(|p| !p.is_empty() && *p != ".").map(str::to_owned),
                );
                continue;
            }
            if !todo.is_empty() {
                let node = node.ok_or(Errno::NoEntry)?;
                if !matches!(node.body, Body::Directory) {
                    return Err(Errno::NotDirectory);
                }
                self.allow(&node, SEARCH)?;
            }
            done = here;
        }
        Ok(if done.is_empty() { "/".into() } else { done })
    }

    fn allow(&self, node: &Node, want: u32) -> Result<(), Errno> {
        let shift = if self.who.uid == node.uid {
            6
        } else if self.who.gid == node.gid {
            3
        } else {
            0
        };
        let granted = self.who.uid == 0 || (node.mode >> shift) & want == want;
        if granted { Ok(()) } else { Err(Errno::Access) }
    }

    fn node(&self, path: &str, follow: bool) -> Result<(String, Node), Errno> {
        let real = self.resolve(path, follow)?;
        let node = self.raw(&real).ok_or(Errno::NoEntry)?;
        if path.ends_with('/') && !matches!(node.body, Body::Directory) {
            return Err(Errno::NotDirectory);
        }
        Ok((real, node))
    }

    /// What a path leads to.
    pub fn stat(&self, path: &str) -> Result<Meta, Errno> {
        self.node(path, true).map(|(_, node)| node.meta())
    }

    /// What a path is, links not followed.
    pub fn lstat(&self, path: &str) -> Result<Meta, Errno> {
        self.node(path, false).map(|(_, node)| node.meta())
    }

    /// The path without links and dots.
    pub fn real_path(&self, path: &str) -> Result<String, Errno> {
        self.resolve(path, true)
    }

    /// Whether the user may read, write or execute a path (`r`, `w`, `x`).
    pub fn may(&self, path: &str, what: char) -> bool {
        let want = match what {
            'r' => READ,
            'w' => WRITE,
            _ => SEARCH,
        };
        self.node(path, true).is_ok_and(|(_, node)| self.allow(&node, want).is_ok())
    }

    /// The bytes of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let (real, node) = self.node(path, true)?;
        if matches!(node.body, Body::Directory) {
            return Err(Errno::IsDirectory);
        }
        self.allow(&node, READ)?;
        Ok(match node.body {
            Body::File(bytes) => bytes.to_vec(),
            Body::Program(size) => self.site.program(&real, size),
            Body::Artefact { sha256, .. } => {
                self.session.read_artefact(&sha256, MAX_FILE).unwrap_or_default()
            }
            Body::Device(_, 1, minor) => self.device(minor),
            Body::Device(..) | Body::Directory | Body::Link(_) => Vec::new(),
        })
    }

    /// Names in a directory, sorted by bytes, with what they are.
    pub fn list(&self, path: &str) -> Result<Vec<(String, Meta)>, Errno> {
        let (real, node) = self.node(path, true)?;
        if !matches!(node.body, Body::Directory) {
            return Err(Errno::NotDirectory);
        }
        self.allow(&node, READ)?;
        let prefix = if real == "/" { "/".to_owned() } else { format!("{real}/") };
        let mut names = BTreeMap::new();
        if !self.hidden(&format!("{prefix}x")) {
            for (name, node) in self.site.children(&real, self.session.now()) {
                names.insert(name, node.meta());
            }
        }
        self.list_processes(&real, &mut names);
        let whole = self.key(&prefix);
        for key in self.session.overlay().keys(&whole) {
            let Some(name) = key.strip_prefix(&whole).filter(|n| !n.contains('/') && !n.is_empty()) else {
                continue;
            };
            match self.session.overlay().get(&key).and_then(|bytes| Node::decode(&bytes)) {
                Some(node) => names.insert(name.to_owned(), node.meta()),
                None => names.remove(name),
            };
        }
        Ok(names.into_iter().collect())
    }

    fn put(&self, path: &str, node: &Node) -> Result<(), Errno> {
        if self.session.overlay().put(self.key(path), node.encode()) { Ok(()) } else { Err(Errno::NoSpace) }
    }

    /// Splits a path into its real parent, which must be writable, and a name.
    fn parent(&self, path: &str) -> Result<(String, String), Errno> {
        let trimmed = path.trim_end_matches('/');
        let (above, name) = trimmed.rsplit_once('/').unwrap_or((".", trimmed));
        if name.is_empty() || name == "." || name == ".." {
            return Err(Errno::Exists);
        }
        let above = if above.is_empty() { "/" } else { above };
        let (real, node) = self.node(above, true)?;
        if !matches!(node.body, Body::Directory) {
            return Err(Errno::NotDirectory);
        }
        if real == "/proc" || real.starts_with("/proc/") || real == "/sys" || real.starts_with("/sys/") {
            return Err(Errno::NoEntry);
        }
        self.allow(&node, WRITE | SEARCH)?;
        let real = if real == "/" { format!("/{name}") } else { format!("{real}/{name}") };
        Ok((real, name.to_owned()))
    }

    fn touch_parent(&self, real: &str) {
        let above = match real.rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((above, _)) => above,
        };
        if let Some(mut node) = self.raw(above) {
            node.mtime = self.now();
            let _ = self.put(above, &node);
        }
    }

    /// Writes a file, new or over the old one; appends where asked. Gives whether it is new.
    pub fn write(&self, path: &str, bytes: &[u8], append: bool) -> Result<bool, Errno> {
        if bytes.len() > MAX_FILE {
            return Err(Errno::TooLarge);
        }
        match self.node(path, true) {
            Ok((_, Node { body: Body::Directory, .. })) => Err(Errno::IsDirectory),
            Ok((_, Node { body: Body::Device(..), mode, .. })) if mode & WRITE != 0 => Ok(false),
            Ok((real, mut node)) => {
                self.allow(&node, WRITE)?;
                let mut whole = if append { self.read(&real).unwrap_or_default() } else { Vec::new() };
                whole.extend_from_slice(bytes);
                if whole.len() > MAX_FILE {
                    return Err(Errno::TooLarge);
                }
                node.body = Body::File(whole.into());
                node.mtime = self.now();
                self.put(&real, &node).map(|()| false)
            }
            Err(Errno::NoEntry) => {
                let target = self.resolve(path, true).unwrap_or_else(|_| path.to_owned());
                let (real, _) = self.parent(&target)?;
                self.create(&real, Body::File(bytes.into()), 0o666 & !self.mask).map(|()| true)
            }
            Err(e) => Err(e),
        }
    }

    /// Puts a file whose bytes are kept as an artefact.
    pub fn put_artefact(&self, path: &str, sha256: &str, size: u64) -> Result<(), Errno> {
        let mode = self.stat(path).map_or(0o644, |m| m.mode);
        let (real, _) = match self.node(path, true) {
            Ok((real, node)) => {
                self.allow(&node, WRITE)?;
                (real, String::new())
            }
            Err(_) => self.parent(path)?,
        };
        self.create(&real, Body::Artefact { sha256: sha256.to_owned(), size }, mode)
    }

    fn create(&self, real: &str, body: Body, mode: u32) -> Result<(), Errno> {
        let node = Node { body, mode, uid: self.who.uid, gid: self.who.gid, mtime: self.now() };
        self.put(real, &node)?;
        self.touch_parent(real);
        Ok(())
    }

    /// Makes a directory.
    pub fn make_directory(&self, path: &str) -> Result<(), Errno> {
        if self.lstat(path).is_ok() {
            return Err(Errno::Exists);
        }
        let (real, _) = self.parent(path)?;
        self.create(&real, Body::Directory, 0o777 & !self.mask)
    }

    /// Makes a symbolic link.
    pub fn link(&self, target: &str, path: &str) -> Result<(), Errno> {
        if self.lstat(path).is_ok() {
            return Err(Errno::Exists);
        }
        let (real, _) = self.parent(path)?;
        self.create(&real, Body::Link(target.to_owned()), 0o777)
    }

    /// Removes a file, or a directory that is empty.
    pub fn remove(&self, path: &str, directory: bool) -> Result<(), Errno> {
        let (_, node) = self.node(path.trim_end_matches('/'), false)?;
        let is_directory = matches!(node.body, Body::Directory);
        match (is_directory, directory) {
            (true, false) => return Err(Errno::IsDirectory),
            (false, true) => return Err(Errno::NotDirectory),
            (true, true) if !self.list(path)?.is_empty() => return Err(Errno::NotEmpty),
            _ => {}
        }
        let (real, _) = self.parent(path)?;
        let sticky =
            real.rsplit_once('/').and_then(|(above, _)| self.raw(if above.is_empty() { "/" } else { above }));
        if sticky.is_some_and(|n| {
            n.mode & 0o1000 != 0 && n.uid != self.who.uid && node.uid != self.who.uid && self.who.uid != 0
        }) {
            return Err(Errno::NotPermitted);
        }
        self.erase(&real)?;
        self.touch_parent(&real);
        Ok(())
    }

    fn erase(&self, real: &str) -> Result<(), Errno> {
        if self.site.node(real, self.session.now()).is_some() {
            let gone = self.session.overlay().put(self.key(real), Node::GONE.to_vec());
            return if gone { Ok(()) } else { Err(Errno::NoSpace) };
        }
        self.session.overlay().remove(&self.key(real));
        Ok(())
    }

    /// Moves a file or directory.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        let (source, node) = self.node(from, false)?;
        self.parent(from)?;
        let (target, _) = self.parent(to)?;
        if target.starts_with(&format!("{source}/")) {
            return Err(Errno::Invalid);
        }
        if matches!(node.body, Body::Directory) {
            for (name, _) in self.list(&source)? {
                self.put(&target, &node)?;
                self.rename(&format!("{source}/{name}"), &format!("{target}/{name}"))?;
            }
        }
        let mut node = node;
        if let Body::Program(size) = node.body {
            node.body = Body::File(self.site.program(&source, size).into());
        }
        self.put(&target, &node)?;
        self.erase(&source)?;
        self.touch_parent(&source);
        self.touch_parent(&target);
        Ok(())
    }

    /// Hard links of an entry: a directory has its own two and one for each directory in it.
    pub fn links(&self, path: &str, meta: &Meta) -> usize {
        if !meta.is_directory() {
            return 1;
        }
        let (real, now) = (self.resolve(path, true).unwrap_or_default(), self.session.now());
        let mut inside: std::collections::BTreeSet<String> = self
            .site
            .children(&real, now)
            .into_iter()
            .filter(|(_, n)| matches!(n.body, Body::Directory))
            .map(|(n, _)| n)
            .collect();
        inside.extend(
            self.list(path).unwrap_or_default().into_iter().filter(|(_, m)| m.is_directory()).map(|(n, _)| n),
        );
        inside.len() + 2
    }

    /// An entry as `ls -l` shows it: what SFTP sends beside a name.
    pub fn long_name(&self, name: &str, meta: &Meta) -> String {
        let at = jiff::Timestamp::from_second(meta.mtime).unwrap_or_default().to_zoned(self.site.zone());
        let recent = (0..15_778_476).contains(&(self.now() - meta.mtime));
        let time = at.strftime(if recent { "%b %e %H:%M" } else { "%b %e  %Y" });
        let (owner, group) = (self.site.user_name(meta.uid), self.site.group_name(meta.gid));
        format!("{}    ? {owner:<8} {group:<8} {:>8} {time} {name}", meta.mode_text(), meta.size)
    }

    /// Total and free blocks of 4 KiB.
    pub fn space(&self) -> [u64; 2] {
        let [size, _, free] = self.site.disk(self.session.now());
        [size / 4, free / 4]
    }

    /// Names of users and groups.
    pub fn names(&self, users: &[u32], groups: &[u32]) -> [Vec<String>; 2] {
        let user =
            |id: &u32| Some(self.site.user_name(*id)).filter(|n| *n != id.to_string()).unwrap_or_default();
        let group =
            |id: &u32| Some(self.site.group_name(*id)).filter(|n| *n != id.to_string()).unwrap_or_default();
        [users.iter().map(user).collect(), groups.iter().map(group).collect()]
    }

    /// Changes mode, owner or time of a path.
    pub fn change(&self, path: &str, edit: impl FnOnce(&mut Node)) -> Result<(), Errno> {
        let (real, mut node) = self.node(path, true)?;
        if self.who.uid != 0 && node.uid != self.who.uid {
            return Err(Errno::NotPermitted);
        }
        edit(&mut node);
        if let Body::Program(size) = node.body {
            node.body = Body::File(self.site.program(&real, size).into());
        }
        self.put(&real, &node)
    }
}
