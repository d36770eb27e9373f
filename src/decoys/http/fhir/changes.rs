//! What a peer tried to change in one of the hospital's records.

use std::collections::BTreeMap;

use super::node::{Node, Object};
use crate::event::Tainted;
use crate::event::observation::{Change, MAX_CHANGES};

/// Longest value that a change tells.
const LONGEST: usize = 256;

/// The leaves that differ, by their path (`name[0].family`).
pub(super) fn between(own: &Object, sent: &Object) -> Vec<Change> {
    let (before, after) = (leaves(own), leaves(sent));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let change = |name: &String| Change {
        field: name.clone(),
        from: before.get(name).cloned().unwrap_or_default(),
        to: Tainted::new(after.get(name).cloned().unwrap_or_default()),
    };
    differing.take(MAX_CHANGES).map(change).collect()
}

fn leaves(object: &Object) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (name, node) in object.0.iter().filter(|(name, _)| name != "meta" && name != "text") {
        collect(name, node, &mut all);
    }
    all
}

fn collect(path: &str, node: &Node, all: &mut BTreeMap<String, String>) {
    match node {
        Node::Text(_) | Node::Number(_) | Node::Flag(_) => {
            let text: String = node.primitive().unwrap_or_default().chars().take(LONGEST).collect();
            all.insert(path.to_owned(), text);
        }
        Node::List(list) => {
            for (at, one) in list.iter().enumerate() {
                collect(&format!("{path}[{at}]"), one, all);
            }
        }
        Node::Object(object) => {
            for (name, one) in &object.0 {
                collect(&format!("{path}.{name}"), one, all);
            }
        }
    }
}
