//! The integration suite: one binary, a module per subject.

mod agreement;
mod archives;
mod browser;
mod clients;
mod codecs;
mod crash;
mod dcmtk;
mod delivery;
mod dicom_objects;
mod documented;
mod golden;
mod honeynet;
mod kept;
mod lifecycle;
mod mistakes;
mod packets;
mod posting;
mod privacy;
mod regressions;
mod senders;
mod services;
mod shell;
mod siem;
mod truth;
mod turn;
mod world;
