//! Statements and what came back.

use super::Block;
use crate::event::line::{of as told, word};
use crate::event::{Observation, SessionEvent};

/// Statements in their order, each with what it gave, among the results as they went out.
pub(super) fn statements(events: &[&SessionEvent], results: Vec<Block>) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for event in events {
        match &event.observation {
            Observation::Query { subject, filter, answers, unbounded, .. } => {
                let mut block = Block::new(event.at, false, "SQL");
                block.text = Some(super::clean(&filter.for_terminal()));
                block.fact("rows", answers.to_string());
                block.fact("records", word(subject));
                block.fact("filter", if *unbounded { "none: all rows" } else { "" });
                out.push(block);
            }
            Observation::Request { verb, target, status, .. } => {
                let mut block = Block::new(event.at, false, verb.for_terminal());
                block.text = Some(super::clean(&target.for_terminal()));
                block.fact("error", if *status == 0 { String::new() } else { status.to_string() });
                out.push(block);
            }
            Observation::RecordRead { subject, count, ids } => {
                let mut block = Block::new(event.at, true, format!("{count} {}", word(subject)));
                block.heads(["id"]);
                ids.iter().for_each(|id| block.row([id.as_str()]));
                out.push(block);
            }
            Observation::Opened { .. } | Observation::Closed { .. } => {}
            other => out.push(Block::new(event.at, false, told(other))),
        }
    }
    out.extend(results);
    // A result goes out after its statement was told: the order of equals stays.
    out.sort_by_key(|block| block.at);
    out
}
