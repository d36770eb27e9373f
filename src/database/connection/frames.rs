//! Blocks, loops, handlers and procedures of a request: how each ends.

use super::Connection;
use super::run::{Enclosing, Frame, Run};
use crate::database::problem::Problem;
use crate::database::{Item, Verb};

/// Most times that the loops of one request go round.
const MAX_ROUNDS: u32 = 20_000;

impl Connection {
    /// After an error: the next step, the handler around it, or the end.
    pub(super) fn go_on(&mut self, run: &mut Run, problem: &Problem) -> bool {
        let caught = run.frames.iter().any(|frame| matches!(frame.kind, Enclosing::Try(_)));
        if goes_on_after(problem) && !caught && !matches!(problem, Problem::Thrown(_)) {
            true
        } else {
            self.unwind(run)
        }
    }

    /// The end of a frame.
    pub(super) fn leave(&mut self, run: &mut Run) -> bool {
        let Some(frame) = self.pop(run) else { return false };
        if let Enclosing::Loop(condition) = &frame.kind {
            run.rounds += 1;
            let again = run.rounds < MAX_ROUNDS && self.truth(condition).unwrap_or(false);
            if again {
                run.frames.push(Frame { at: 0, ..frame });
            }
        }
        !run.frames.is_empty()
    }

    /// The innermost frame ends: what it hid is there again.
    pub(super) fn pop(&mut self, run: &mut Run) -> Option<Frame> {
        let frame = run.frames.pop()?;
        match &frame.kind {
            Enclosing::Procedure(scope) => self.leave_scope(scope),
            Enclosing::Handler => {
                self.facts.state().caught.pop();
            }
            Enclosing::Capture => {
                if let Err(problem) = self.keep_captured() {
                    let seen = self.seen_text("", Verb::Insert);
                    self.failed(&problem, 1, seen, Verb::Insert);
                }
            }
            Enclosing::Block | Enclosing::Loop(_) | Enclosing::Try(_) => {}
        }
        Some(frame)
    }

    /// An error ends the batch, or goes to the handler around it.
    pub(super) fn unwind(&mut self, run: &mut Run) -> bool {
        while let Some(frame) = self.pop(run) {
            if let Enclosing::Try(handler) = frame.kind {
                // What is caught is not shown.
                let shown = self
                    .out
                    .iter()
                    .rposition(|item| matches!(item, Item::Message(message) if message.is_error()));
                if let Some(Item::Message(message)) = shown.and_then(|at| self.out.remove(at)) {
                    self.facts.state().caught.push(message);
                }
                run.frames.push(Frame { steps: handler, at: 0, kind: Enclosing::Handler });
                return true;
            }
        }
        false
    }

    /// `BREAK` or `CONTINUE`: not out of a procedure.
    pub(super) fn leave_loop(&mut self, run: &mut Run, out: bool) {
        while let Some(frame) = run.frames.last_mut() {
            match frame.kind {
                Enclosing::Loop(_) => {
                    frame.at = frame.steps.len();
                    break;
                }
                Enclosing::Procedure(_) => return,
                Enclosing::Block | Enclosing::Try(_) | Enclosing::Handler | Enclosing::Capture => {
                    self.pop(run);
                }
            }
        }
        if out {
            run.frames.pop();
        }
    }
}

/// Errors after which a batch goes on.
fn goes_on_after(problem: &Problem) -> bool {
    match problem {
        Problem::NoProcedure(_) | Problem::Zero | Problem::NotDropped(_) | Problem::Disabled(_) => true,
        Problem::NoOption(_) | Problem::NoLogin(_) | Problem::NoTransaction(_) | Problem::NoDatabase(_) => {
            true
        }
        Problem::NotNull(..)
        | Problem::Duplicate(..)
        | Problem::Denied { .. }
        | Problem::NotMade { .. }
        | Problem::NoRight(_) => true,
        Problem::Raised(_, class, ..) => *class < 20,
        Problem::NoParameter(..) => true,
        _ => false,
    }
}
