//! Scenarios: what raises an alert, and above all what does not.

mod allowed;
mod attacks;
mod benign;
mod burn_in;
mod moves;
mod pacs;
mod sharing;
mod stage;
mod storms;
