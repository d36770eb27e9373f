//! What a system is made of, from a list of the pack: a line per file with its size and date; its
//! bytes are not given out, since the system has them open.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::node::{Body, Node, Times, attribute};
use crate::decoys::Making;
use crate::decoys::smb::path::folded;

/// Names below one folder.
pub(super) struct Listing {
    nodes: BTreeMap<String, Node>,
}

impl Listing {
    /// Reads the list: `2019-03-19T12:52:33 size path`, the path with `\`; a size of `-` is a folder's;
    /// `h` and `s` before the path are attributes.
    ///
    /// # Errors
    /// The line that is none.
    pub(super) fn new(making: &Making, from: &str) -> Result<Self, String> {
        let text = making.pack.files.text(from).map_err(|fault| fault.problem)?;
        let offset =
            Offset::from_seconds(making.pack.hospital.utc_offset_minutes * 60).unwrap_or(Offset::UTC);
        let mut nodes = BTreeMap::from([(String::new(), Node::folder("", Times::default()))]);
        for (line, number) in text.lines().zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (path, node) = entry(line, offset).ok_or_else(|| {
                format!("{from}:{number}: expected a time, a size or -, attributes or -, a path")
            })?;
            nodes.insert(folded(path), node);
        }
        Ok(Listing { nodes })
    }

    pub(super) fn find(&self, below: &[String]) -> Option<Node> {
        self.nodes.get(&folded(&below.join("\\"))).filter(|_| !below.is_empty()).cloned()
    }

    pub(super) fn list(&self, below: &[String]) -> Option<Vec<Node>> {
        let folder = folded(&below.join("\\"));
        if !self.nodes.get(&folder)?.is_folder() {
            return None;
        }
        let prefix = if folder.is_empty() { folder } else { format!("{folder}\\") };
        let inside = self.nodes.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        let direct = inside.filter(|(key, _)| {
            key.strip_prefix(&prefix).is_some_and(|rest| !rest.is_empty() && !rest.contains('\\'))
        });
        Some(direct.map(|(_, node)| node.clone()).collect())
    }
}

fn entry(line: &str, offset: Offset) -> Option<(&str, Node)> {
    let mut parts = line.splitn(4, ' ');
    let (time, size, marks, path) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let at: DateTime = time.parse().ok()?;
    let times = Times::at(offset.to_timestamp(at).ok()?);
    let name = path.rsplit('\\').next().unwrap_or(path);
    let mut node = match size {
        "-" => Node::folder(name, times),
        size => Node::file(name, size.parse().ok()?, times, Body::Held),
    };
    for mark in marks.chars() {
        node.attributes |= match mark {
            'h' => attribute::HIDDEN,
            's' => attribute::SYSTEM,
            'r' => attribute::READ_ONLY,
            '-' => 0,
            _ => return None,
        };
    }
    Some((path, node))
}
