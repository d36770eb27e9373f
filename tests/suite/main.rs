//! The integration suite: one binary, a module per subject.

mod delivery;
mod golden;
