//! The files: the persona's, the lists made from the world, and what the intruder left.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Station;
use crate::session::Session;
use crate::world::OrderKind;

/// Uid of the anonymous account, and of the one with a password.
pub(super) const ANONYMOUS: u32 = 108;
pub(super) const LOCAL: u32 = 1_001;

/// Largest file of an intruder that is read back to him.
const MAX_BACK: usize = 8 << 20;

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) folder: bool,
    pub(super) size: usize,
    pub(super) mode: &'static str,
    pub(super) owner: u32,
    pub(super) modified: i64,
}

/// What an intruder left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Left {
    /// SHA-256 of the artefact; empty for a folder.
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) owner: u32,
    pub(super) at: i64,
}

/// The tree as one session sees it.
pub(super) struct Tree<'a> {
    pub(super) station: &'a Station,
    pub(super) session: &'a Session,
    pub(super) now: Timestamp,
}

/// A path from the root, whatever is said relative to a folder.
pub(super) fn absolute(folder: &str, said: &str) -> String {
    let whole = if said.starts_with('/') { said.to_owned() } else { format!("{folder}/{said}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent })
}

fn folder(owner: u32, mode: &'static str, modified: i64) -> Node {
    Node { folder: true, size: 4_096, mode, owner, modified }
}

impl Tree<'_> {
    fn key(&self, path: &str) -> String {
        format!("ftp:{}:{path}", self.station.host.name)
    }

    fn left(&self, path: &str) -> Option<Left> {
        serde_json::from_slice(&self.session.overlay().get(&self.key(path))?).ok()
    }

    /// Whether everybody may put files in a folder.
    pub(super) fn is_open(&self, path: &str) -> bool {
        self.station.behaviour.folder.iter().any(|folder| folder.open && folder.path == path)
    }

    /// Whether an intruder left this.
    pub(super) fn is_left(&self, path: &str) -> bool {
        self.left(path).is_some()
    }

    /// The days of the lists, with the end of each.
    fn days(&self) -> BTreeMap<String, (jiff::civil::Date, i64)> {
        let view = self.session.world().at(self.now);
        let today = view.local(self.now).date();
        let days = (1..=i64::from(self.station.behaviour.export_days)).filter_map(|back| {
            let day = today.checked_sub(back.days()).ok()?;
            // Written at 02:10 of the next day.
            let offset = i64::from(view.hospital().utc_offset_minutes) * 60;
            let end =
                day.checked_add(1.day()).ok()?.at(2, 10, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            let at = end.timestamp().as_second() - offset;
            let path = format!("{}/{}.csv", self.station.behaviour.exports, day.strftime("%Y%m%d"));
            Some((path, (day, at)))
        });
        days.collect()
    }

    /// Imaging orders of a day: the lines of its list, and the orders' numbers.
    fn list_of(&self, day: jiff::civil::Date) -> (String, Vec<String>) {
        let view = self.session.world().at(self.now);
        let mut text = "accession,order,department,code,name,ordered\r\n".to_owned();
        let mut ids = Vec::new();
        for order in view.orders_on(day).into_iter().filter(|order| order.kind == OrderKind::Imaging) {
            text.push_str(&format!(
                "{},{},{},{},{},{}\r\n",
                order.accession.as_deref().unwrap_or_default(),
                order.placer,
                order.department,
                order.code,
                order.name,
                view.local(order.ordered).strftime("%Y-%m-%d %H:%M:%S")
            ));
            ids.push(order.placer);
        }
        (text, ids)
    }

    /// All of a folder, by name.
    pub(super) fn list(&self, path: &str) -> BTreeMap<String, Node> {
        self.session.heavy(|| {
            let inside = |candidate: &str| candidate != "/" && parent(candidate) == path;
            let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
            let mut found = BTreeMap::new();
            let behaviour = &self.station.behaviour;
            let own = behaviour
                .folder
                .iter()
                .map(|f| f.path.as_str())
                .chain(behaviour.file.iter().map(|f| f.path.as_str()));
            for one in own.chain([behaviour.exports.as_str()]).filter(|one| inside(one)) {
                found.extend(self.node(one).map(|node| (name(one), node)));
            }
            if path == behaviour.exports {
                for one in self.days().keys() {
                    found.extend(self.node(one).map(|node| (name(one), node)));
                }
            }
            let prefix = self.key("");
            for key in self.session.overlay().keys(&prefix) {
                let one = key.strip_prefix(&prefix).unwrap_or_default();
                if inside(one) {
                    found.extend(self.node(one).map(|node| (name(one), node)));
                }
            }
            found
        })
    }

    /// One file or folder.
    pub(super) fn node(&self, path: &str) -> Option<Node> {
        let behaviour = &self.station.behaviour;
        if let Some(left) = self.left(path) {
            let mode = if left.sha256.is_empty() { "drwxr-xr-x" } else { "-rw-------" };
            let size = usize::try_from(left.size).unwrap_or(0);
            return Some(Node {
                folder: left.sha256.is_empty(),
                size,
                mode,
                owner: left.owner,
                modified: left.at,
            });
        }
        if let Some(found) = behaviour.folder.iter().find(|folder| folder.path == path) {
            let (owner, mode) = if found.open { (ANONYMOUS, "drwxrwxr-x") } else { (0, "drwxr-xr-x") };
            return Some(folder(owner, mode, found.modified.as_second()));
        }
        if let Some(found) = behaviour.file.iter().find(|file| file.path == path) {
            let modified = found.modified.as_second();
            return Some(Node {
                folder: false,
                size: found.text.len(),
                mode: "-rw-r--r--",
                owner: 0,
                modified,
            });
        }
        let days = self.days();
        let newest = days.values().map(|(_, at)| *at).filter(|at| *at <= self.now.as_second()).max();
        if path == "/" || path == behaviour.exports {
            let modified = if path == "/" {
                behaviour.folder.iter().map(|f| f.modified.as_second()).max()
            } else {
                newest
            };
            return Some(folder(0, "drwxr-xr-x", modified.unwrap_or(0)));
        }
        let (day, at) = days.get(path).filter(|(_, at)| *at <= self.now.as_second())?;
        let size = self.list_of(*day).0.len();
        Some(Node { folder: false, size, mode: "-rw-r--r--", owner: LOCAL, modified: *at })
    }

    /// A file's bytes, and the orders that it lists.
    pub(super) fn read(&self, path: &str, local: bool) -> Option<(Vec<u8>, Vec<String>)> {
        if let Some(left) = self.left(path) {
            // What anonymous people leave is not for others, and not for them.
            let bytes = self.session.read_artefact(&left.sha256, MAX_BACK);
            return bytes.filter(|_| local).map(|bytes| (bytes, Vec::new()));
        }
        if let Some(found) = self.station.behaviour.file.iter().find(|file| file.path == path) {
            return Some((found.text.clone().into_bytes(), Vec::new()));
        }
        let days = self.days();
        let (day, _) = days.get(path).filter(|(_, at)| *at <= self.now.as_second())?;
        self.session.heavy(|| {
            let (text, ids) = self.list_of(*day);
            Some((text.into_bytes(), ids))
        })
    }

    /// Keeps what was left; `false` when there is no room.
    pub(super) fn leave(&self, path: &str, left: &Left) -> bool {
        let Ok(bytes) = serde_json::to_vec(left) else { return false };
        self.session.overlay().put(self.key(path), bytes)
    }

    /// Removes what was left.
    pub(super) fn forget(&self, path: &str) {
        self.session.overlay().remove(&self.key(path));
    }

    /// Gives what was left another name.
    pub(super) fn rename(&self, from: &str, to: &str) -> bool {
        let Some(left) = self.left(from) else { return false };
        self.forget(from);
        self.leave(to, &left)
    }
}

/// A line of LIST.
pub(super) fn line(name: &str, node: &Node, now: Timestamp) -> String {
    const HALF_YEAR: i64 = 182 * 86_400;
    let at = Timestamp::from_second(node.modified).unwrap_or(now);
    let age = now.as_second() - node.modified;
    let form = if (0..HALF_YEAR).contains(&age) { "%b %d %H:%M" } else { "%b %d  %Y" };
    let links = if node.folder { 2 } else { 1 };
    let when = at.strftime(form).to_string();
    format!("{} {links:>4} {:<8} {:<8} {:>8} {when} {name}\r\n", node.mode, node.owner, 0, node.size)
}
