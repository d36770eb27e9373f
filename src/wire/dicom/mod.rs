//! DICOM for the archive, the web pages and the renderer: bytes to values and back.

pub mod dataset;
