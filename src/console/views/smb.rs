//! What was done over SMB, as a tree: account, share, folder, file.

use std::collections::BTreeMap;

use super::Block;
use crate::event::line::of as told;
use crate::event::{Detail, Observation, SessionEvent, Tainted};

/// Deepest folder that has its own line.
const DEPTH: usize = 12;

#[derive(Default)]
struct Node {
    below: BTreeMap<String, Node>,
    blocks: Vec<Block>,
}

impl Node {
    fn at<'n>(&'n mut self, path: &[String]) -> &'n mut Node {
        match path.split_first() {
            None => self,
            Some((first, rest)) => self.below.entry(first.clone()).or_default().at(rest),
        }
    }

    fn flatten(self, depth: usize, out: &mut Vec<Block>) {
        for mut block in self.blocks {
            block.depth = depth;
            out.push(block);
        }
        for (name, node) in self.below {
            out.push(Block { title: super::clean(&name), depth, ..Block::default() });
            node.flatten(depth + 1, out);
        }
    }
}

/// The tree, line by line.
pub(super) fn tree(events: &[&SessionEvent]) -> Vec<Block> {
    let mut root = Node::default();
    for event in events {
        let (path, block) = match &event.observation {
            Observation::Request { verb, target, status, detail: Some(Detail::SmbFile(file)) } => {
                let mut block = Block::new(event.at, false, verb.for_terminal());
                block.fact("status", format!("{status:08X}"));
                block.fact("bytes", file.bytes.to_string());
                block.fact("to", file.renamed_to.for_terminal());
                block.fact("kind", format!("{} {}", file.kind_before, file.kind_after).trim());
                if let (Some(before), Some(after)) = (file.entropy_before, file.entropy_after) {
                    block.fact("entropy", format!("{} → {}", bits(before), bits(after)));
                }
                (path(&file.account, &file.share, target), block)
            }
            Observation::Request { verb, target, status, detail: Some(Detail::Smb(smb)) } => {
                let mut block =
                    Block::new(event.at, false, format!("{} {}", verb.for_terminal(), target.for_terminal()));
                block.fact("status", format!("{status:08X}"));
                block.fact("dialect", &smb.dialect);
                block.fact("encrypted", &smb.cipher);
                (path(&smb.account, &smb.share, &Tainted::default()), block)
            }
            Observation::Opened { .. } | Observation::Closed { .. } => continue,
            other => (Vec::new(), Block::new(event.at, false, told(other))),
        };
        root.at(&path).blocks.push(block);
    }
    let mut out = Vec::new();
    root.flatten(0, &mut out);
    out
}

fn path(account: &Tainted, share: &Tainted, target: &Tainted) -> Vec<String> {
    let heads = [account, share].into_iter().filter(|part| !part.is_empty()).map(Tainted::for_terminal);
    let target = target.for_terminal();
    // An escaped backslash is two.
    let parts = target.split(['\\', '/']).filter(|part| !part.is_empty()).map(str::to_owned);
    heads.chain(parts).take(DEPTH).collect()
}

fn bits(hundredths: u16) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
