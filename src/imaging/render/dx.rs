//! Digital radiography: the same bodies seen through. Soft parts are summed along rays on a coarse
//! grid; bones and lung vessels are projected at the detector's own sharpness.

use super::{Frame, detector, rays, shadows};
use crate::imaging::anatomy::{Body, Joint};
use crate::imaging::noise::Rng;
use crate::world::Region;

/// Detector pixel, mm.
pub(crate) const PIXEL: f32 = 0.2;

/// Values are stored in this many bits.
pub(crate) const BITS: u16 = 12;

/// From which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Frontal,
    Lateral,
    Oblique,
}

impl View {
    /// The view of an image of a study: the second of two is what the exam's name says.
    pub(crate) fn of(description: &str, number: u32) -> Self {
        match number {
            2 if description.contains("侧位") => View::Lateral,
            2 if description.contains("斜位") => View::Oblique,
            _ => View::Frontal,
        }
    }

    fn degrees(self) -> f32 {
        match self {
            View::Frontal => 0.0,
            View::Lateral => 90.0,
            View::Oblique => 42.0,
        }
    }
}

/// What the beam lights up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exposure {
    /// From which side.
    pub(crate) view: View,
    /// Width and height, mm.
    pub(crate) size: [f32; 2],
    /// x of the middle and z of the upper edge.
    pub(crate) middle: f32,
    pub(crate) top: f32,
    /// Depth of tissue that is summed, mm.
    pub(crate) depth: f32,
    /// Grid of the soft parts, mm.
    pub(crate) coarse: f32,
}

impl Exposure {
    pub(crate) fn of(region: Region, joint: Joint, body: &Body) -> Self {
        match (region, joint) {
            (Region::Chest, _) => Exposure::new([396.0, 404.0], 0.0, 186.0, 330.0, 1.9),
            (Region::Abdomen, _) => Exposure::new([380.0, 420.0], 0.0, 190.0, 340.0, 1.9),
            (Region::LumbarSpine, _) => Exposure::new([220.0, 380.0], 0.0, 180.0, 340.0, 1.9),
            (Region::Head, _) => Exposure::new([230.0, 270.0], 0.0, 120.0, 260.0, 1.2),
            (Region::Limb, Joint::Wrist) => {
                Exposure::new([130.0, body.top - body.bottom + 10.0], 0.0, body.top + 5.0, 70.0, 0.6)
            }
            (Region::Limb, Joint::Hand) => {
                Exposure::new([190.0, body.top - body.bottom + 16.0], 0.0, body.top + 10.0, 70.0, 0.6)
            }
            (Region::Limb, Joint::Knee | Joint::Ankle) => {
                Exposure::new([200.0, body.top - body.bottom], 0.0, body.top, 190.0, 0.8)
            }
        }
    }

    fn new(size: [f32; 2], middle: f32, top: f32, depth: f32, coarse: f32) -> Self {
        Exposure { view: View::Frontal, size, middle, top, depth, coarse }
    }

    /// Rows and columns of its image with pixels of the given size.
    pub(crate) fn matrix(&self, pixel: f32) -> [usize; 2] {
        let grid = Grid::of(self, pixel);
        [grid.height, grid.width]
    }

    /// The same part of the body from another side.
    pub(crate) fn seen(self, view: View, region: Region) -> Self {
        let depth = self.depth.max(self.size[0]);
        let (size, middle) = match (view, region) {
            (View::Lateral, Region::Chest) => ([340.0, self.size[1]], -4.0),
            (View::Lateral, Region::LumbarSpine) => ([240.0, self.size[1]], 30.0),
            (View::Lateral, Region::Abdomen | Region::Head | Region::Limb) => (self.size, 0.0),
            (View::Frontal | View::Oblique, _) => return Exposure { view, ..self },
        };
        Exposure { view, size, middle, depth, ..self }
    }
}

/// A grid of rays: columns along x, rows downwards.
pub(crate) struct Grid {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) pixel: f32,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Grid {
    pub(crate) fn of(exposure: &Exposure, pixel: f32) -> Self {
        let count = |mm: f32| ((mm / pixel / 2.0).round() as usize * 2).max(8);
        let (width, height) = (count(exposure.size[0]), count(exposure.size[1]));
        Grid { left: exposure.middle - exposure.size[0] / 2.0, top: exposure.top, pixel, width, height }
    }
}

/// The processed image with pixels of the given size; bone is bright.
pub(crate) fn expose(body: &Body, exposure: &Exposure, pixel: f32) -> Frame {
    let turned = (exposure.view != View::Frontal).then(|| body.turned(exposure.view.degrees()));
    let body = turned.as_ref().unwrap_or(body);
    let grid = Grid::of(exposure, pixel);
    let coarse = Grid::of(exposure, exposure.coarse);
    let soft = rays::soft_parts(body, exposure, &coarse);
    let shadows = shadows::Shadows::of(body, exposure, &grid);
    let light = detector::expose(&soft, &coarse, &grid, shadows);
    let samples = detector::read(&mut Rng::new(body.seed, "quanta"), light, &grid);
    Frame { width: grid.width, height: grid.height, samples }
}
