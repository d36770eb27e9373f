//! What the hospital is made of, as plain tables: nothing here computes.

pub(super) mod analysers;
pub(super) mod calendar;
pub(super) mod departments;
pub(super) mod devices;
pub(super) mod diagnoses;
pub(super) mod exams;
pub(super) mod lab;
pub(super) mod panels;
pub(super) mod places;
pub(super) mod reports;
pub(super) mod treatment;
