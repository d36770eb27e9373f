//! Files of the pack, with the words of this installation filled in.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::node::{Body, Node, Times};
use crate::decoys::Making;
use crate::decoys::smb::path::folded;
use crate::persona::{Account, Pack};

/// Files below one folder of a host's.
pub(super) struct Files {
    /// By the path below, without case; folders too.
    nodes: BTreeMap<String, Node>,
}

impl Files {
    /// Reads and fills them in.
    ///
    /// # Errors
    /// A word that nothing stands for, or a folder without files.
    pub(super) fn new(making: &Making, from: &str, within_days: u32) -> Result<Self, String> {
        let pack = &making.pack;
        let root = format!("{}/{from}/", making.host.folder);
        let paths: Vec<String> = pack.files.below(&root).map(str::to_owned).collect();
        if paths.is_empty() {
            return Err(format!(
                "from = \"{from}\": expected a folder with files below {}",
                making.host.name
            ));
        }
        let mut nodes = BTreeMap::new();
        for path in paths {
            let below = path.strip_prefix(&root).unwrap_or(&path).to_owned();
            let times = times(making, &path, within_days);
            let bytes = pack.files.get(&path).ok_or("it is gone")?;
            let bytes =
                content(bytes, pack).map_err(|word| format!("{path}: nothing stands for {{{word}}}"))?;
            plant(&mut nodes, &below, bytes, times);
        }
        Ok(Files { nodes })
    }

    pub(super) fn find(&self, below: &[String]) -> Option<Node> {
        self.nodes.get(&folded(&below.join("/"))).cloned()
    }

    pub(super) fn list(&self, below: &[String]) -> Option<Vec<Node>> {
        let folder = folded(&below.join("/"));
        if !self.nodes.get(&folder)?.is_folder() {
            return None;
        }
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let inside = self.nodes.iter().filter(|(key, _)| {
            let rest = key.strip_prefix(&prefix);
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
        });
        Some(inside.map(|(_, node)| node.clone()).collect())
    }
}

/// A file and the folders on the way to it; a folder is as new as what came into it last.
fn plant(nodes: &mut BTreeMap<String, Node>, below: &str, bytes: Arc<[u8]>, times: Times) {
    let ways = std::iter::once(0).chain(below.match_indices('/').map(|(at, _)| at));
    for end in ways {
        let folder = below.get(..end).unwrap_or_default();
        let name = folder.rsplit('/').next().unwrap_or_default();
        let node = nodes.entry(folded(folder)).or_insert_with(|| Node::folder(name, times));
        node.times.written = node.times.written.max(times.written);
        node.times.changed = node.times.written;
        node.times.accessed = node.times.written;
        node.times.created = node.times.created.min(times.created);
    }
    let name = below.rsplit('/').next().unwrap_or(below);
    let size = u64::try_from(bytes.len()).unwrap_or(0);
    nodes.insert(folded(below), Node::file(name, size, times, Body::Bytes(bytes)));
}

/// In working hours of a day within so many before the start of this year.
fn times(making: &Making, path: &str, within_days: u32) -> Times {
    /// 2026-01-01 in China.
    const SET_UP: i64 = 1_767_196_800;
    let number = |what: &str, bound: u64| {
        i64::try_from(making.pack.installation.number(&format!("file/{path}/{what}"), bound)).unwrap_or(0)
    };
    let day = number("day", u64::from(within_days.max(1))) + 1;
    let second = SET_UP - day * 86_400 + 8 * 3600 + number("second", 10 * 3600);
    let at = Timestamp::from_second(second).unwrap_or_default();
    let earlier = at.checked_sub(SignedDuration::from_secs(number("age", 90 * 86_400))).unwrap_or(at);
    let (written, created) = (Times::at(at), Times::at(earlier));
    Times { created: created.created, ..written }
}

/// A file's bytes: text has its words filled in, the line ends of Windows, and the system's code page
/// where it begins with no mark of its own.
fn content(bytes: &[u8], pack: &Pack) -> Result<Arc<[u8]>, String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(bytes.into()) };
    let filled = fill(text, pack)?.replace('\n', "\r\n");
    if filled.starts_with('\u{feff}') || filled.starts_with("<?xml") {
        return Ok(filled.into_bytes().into());
    }
    Ok(encoding_rs::GBK.encode(&filled).0.into())
}

/// Fills in `{password:his/hisadmin}` and its like; braces that hold no such word stay.
pub(super) fn fill(text: &str, pack: &Pack) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let word = after
            .split_once('}')
            .filter(|(word, _)| word.contains(':') && !word.contains(char::is_whitespace));
        let Some((word, tail)) = word else {
            filled.push('{');
            rest = after;
            continue;
        };
        filled.push_str(&value(word, pack).ok_or(word)?);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn value(word: &str, pack: &Pack) -> Option<String> {
    let (kind, of) = word.split_once(':')?;
    match kind {
        "address" => pack.known(of).map(|host| host.address.to_string()),
        "hostname" => pack.known(of).map(|host| host.hostname.clone()),
        "netbios" => {
            pack.known(of).map(|host| host.hostname.chars().take(15).collect::<String>().to_uppercase())
        }
        "password" => account(of, pack).map(|account| account.password.clone()),
        "account" => account(of, pack).map(|account| account.name.clone()),
        "hospital" => match of {
            "name" => Some(pack.hospital.name.clone()),
            "code" => Some(pack.hospital.code.clone()),
            "domain" => Some(pack.hospital.domain.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn account<'a>(lure: &str, pack: &'a Pack) -> Option<&'a Account> {
    let (host, _) = lure.split_once('/')?;
    pack.known(host)?.accounts.iter().find(|account| account.lure == lure)
}
