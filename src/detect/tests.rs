//! Scenarios: what raises an alert, and above all what does not.

mod attacks;
mod benign;
mod pacs;
mod sharing;
mod stage;
