//! The integration suite: one binary, a module per subject.

mod crash;
mod delivery;
mod dicom_objects;
mod documented;
mod golden;
mod honeynet;
mod mistakes;
mod packets;
mod posting;
mod siem;
mod world;
