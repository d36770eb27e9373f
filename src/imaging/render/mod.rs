//! Bodies to pixels, one file per kind of device.

pub(crate) mod ct;
mod detector;
pub(crate) mod dx;
pub(crate) mod ecg;
pub(crate) mod mg;
pub(crate) mod mr;
pub(crate) mod protocol;
mod rays;
pub(crate) mod scout;
mod shadows;
pub(crate) mod sheet;
pub(crate) mod us;
mod us_screen;

/// Pixels as they are stored, one frame.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) samples: Vec<u16>,
}
