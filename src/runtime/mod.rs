//! Shutdown that every task hears, and named tasks.

mod shutdown;

pub use shutdown::{Shutdown, Trigger, shutdown};
