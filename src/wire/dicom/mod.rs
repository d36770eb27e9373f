//! DICOM for the archive, the web pages and the renderer: bytes to values and back.

pub mod command;
pub mod dataset;
pub mod elements;
pub mod pdu;
