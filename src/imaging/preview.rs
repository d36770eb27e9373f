//! Small 8-bit pictures for pages.

use super::anatomy::{Body, Build};
use super::header::mr_window;
use super::render::{Frame, ct, dx, mr, scout, us};
use super::{exposure_of, joint_of};
use crate::world::{Instance, Modality, Series, Study};

/// A grey picture, rows from the top, one byte a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrayImage {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height` values, 0 black.
    pub pixels: Vec<u8>,
}

pub(crate) fn draw(
    body: &Body,
    build: Build,
    study: &Study,
    series: &Series,
    instance: &Instance,
    max_side: usize,
) -> GrayImage {
    match study.modality {
        Modality::CT if scout::is_scout(series) => {
            let frame = scout::draw(body, &scout::extent(study.region, joint_of(study), body));
            let (centre, width) = scout::WINDOW;
            smaller(&shown(&frame, (centre - ct::LOWEST, width)), max_side)
        }
        Modality::CT => {
            let scan = ct::Scan::of(study, series, body, build);
            let side = max_side.min(ct::MATRIX);
            let hu = ct::slice(body, &scan, instance.number, side);
            image(side, side, hu.iter().map(|v| windowed(*v, scan.window)).collect())
        }
        Modality::DX => {
            let exposure = exposure_of(study, instance, body);
            let long = exposure.size[0].max(exposure.size[1]);
            let frame = dx::expose(body, &exposure, dx::PIXEL.max(long / max_side as f32 * 1.01));
            let top = f32::from((1u16 << dx::BITS) - 1);
            shown(&frame, (top / 2.0, top))
        }
        Modality::MR => {
            let how = mr::Acquisition::of(study, series);
            let frame = mr::slice(body, &how, instance.number, max_side.min(how.matrix));
            shown(&frame, mr_window(how.weighting))
        }
        Modality::US => {
            let screen = us::still(body, study, instance.number);
            smaller(&image(us::WIDTH, us::HEIGHT, screen), max_side)
        }
    }
}

fn shown(frame: &Frame, window: (f32, f32)) -> GrayImage {
    let pixels = frame.samples.iter().map(|v| windowed(f32::from(*v), window)).collect();
    image(frame.width, frame.height, pixels)
}

/// Linear window (PS3.3 C.11.2.1.2).
fn windowed(value: f32, (centre, width): (f32, f32)) -> u8 {
    (((value - centre) / width + 0.5) * 255.0).clamp(0.0, 255.0) as u8
}

fn image(width: usize, height: usize, pixels: Vec<u8>) -> GrayImage {
    GrayImage { width: width as u32, height: height as u32, pixels }
}

/// Averages whole blocks of pixels.
fn smaller(from: &GrayImage, max_side: usize) -> GrayImage {
    let (width, height) = (from.width as usize, from.height as usize);
    let block = width.max(height).div_ceil(max_side);
    let (columns, rows) = (width / block, height / block);
    let mut pixels = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let sum: usize = (0..block * block)
                .map(|i| {
                    usize::from(from.pixels[(row * block + i / block) * width + column * block + i % block])
                })
                .sum();
            pixels.push((sum / (block * block)) as u8);
        }
    }
    image(columns, rows, pixels)
}
