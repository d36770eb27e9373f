//! What answers SQL: the hospital's database, as one connection sees it.

use jiff::Timestamp;

use crate::database::{Parameter, Pulled};

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
    /// Stops the request.
    fn cancel(&mut self);
    /// Makes the session as new.
    fn reset(&mut self);
    /// The current database.
    fn database(&self) -> String;
}
