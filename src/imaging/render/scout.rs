//! The projection that a CT scanner makes first, to plan its slices on.

use super::Frame;
use super::dx::{Exposure, expose};
use crate::imaging::anatomy::{Body, Joint};
use crate::imaging::solid::P3;
use crate::world::{Region, Series};

/// Pixel, mm.
pub(crate) const PIXEL: f32 = 0.8;

/// Window centre and width for reading, Hounsfield units.
pub(crate) const WINDOW: (f32, f32) = (50.0, 1300.0);

/// Makers' words for it.
const NAMES: [&str; 4] = ["topo", "scout", "surview", "scano"];

/// Whether a series is one.
pub(crate) fn is_scout(series: &Series) -> bool {
    let name = series.description.to_ascii_lowercase();
    NAMES.iter().any(|word| name.starts_with(word))
}

/// What it lights up.
pub(crate) fn extent(region: Region, joint: Joint, body: &Body) -> Exposure {
    Exposure::of(region, joint, body)
}

/// Centre of its first pixel.
pub(crate) fn origin(exposure: &Exposure) -> P3 {
    let half = PIXEL / 2.0;
    [exposure.middle - exposure.size[0] / 2.0 + half, 0.0, exposure.top - half]
}

/// The projection, stored as Hounsfield units and 1024.
pub(crate) fn draw(body: &Body, exposure: &Exposure) -> Frame {
    let mut frame = expose(body, exposure, PIXEL);
    // Scanners scale attenuation so that an average body is about zero.
    frame.samples.iter_mut().for_each(|v| *v = (f32::from(*v) * 0.36 + 330.0) as u16);
    frame
}
