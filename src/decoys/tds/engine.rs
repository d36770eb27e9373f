//! What answers SQL: the hospital's database, as one connection sees it.

use jiff::Timestamp;

use crate::database::{Parameter, Pulled, Seen};

/// What is to be run.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ask {
    /// A batch.
    Batch(String),
    /// A text with parameters that it names.
    Prepared(String, Vec<Parameter>),
    /// A procedure by name.
    Call(String, Vec<Parameter>),
}

/// One connection's database.
pub(super) trait Engine: Send {
    /// Begins a request; what an earlier one still had to say is dropped.
    fn begin(&mut self, ask: Ask, now: Timestamp);
    /// The next part, some `rows` of it at most.
    fn pull(&mut self, rows: usize) -> Pulled;
    /// Stops the request; gives what is to be told of what went out of it.
    fn cancel(&mut self) -> Option<Box<Seen>>;
    /// Makes the session as new; what is to be told of what was under way.
    fn reset(&mut self) -> Option<Box<Seen>>;
    /// Whether another connection ended this one.
    fn is_ended(&self) -> bool;
    /// The current database.
    fn database(&self) -> String;
}
