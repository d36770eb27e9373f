//! Archives, as intruders pack and unpack them.

pub(super) mod gzip;
pub(super) mod tar;
