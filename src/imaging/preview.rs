//! Small 8-bit pictures for pages.

use super::anatomy::{Body, Build};
use super::header::{Dose, ECG_STEP, Subject, mr_window};
use super::render::{Frame, ct, dx, ecg, mg, mr, scout, sheet, us};
use super::{exposure_of, joint_of};
use crate::world::{Content, Modality};

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

/// Draws what a page shows of an instance. Reports have no picture of their own: an empty sheet
/// stands for them.
pub(crate) fn draw(s: &Subject<'_>, body: &Body, build: Build, max_side: usize) -> GrayImage {
    match s.instance.content {
        Content::Image => still(s, body, build, max_side),
        Content::Cine => smaller(&image(us::WIDTH, us::HEIGHT, us::still(body, s)), max_side),
        Content::DoseSheet => {
            let page = sheet::draw(s, &Dose::of_ct(s, body, build));
            smaller(&image(sheet::WIDTH, sheet::HEIGHT, page), max_side)
        }
        Content::Waveform => traces(s, max_side),
        Content::DoseReport | Content::Document => image(max_side, max_side, vec![255; max_side * max_side]),
    }
}

/// Twelve leads below each other.
fn traces(s: &Subject<'_>, side: usize) -> GrayImage {
    let recording = ecg::record(s.study, s.wording, ECG_STEP);
    let count = recording.samples.len() / ecg::LEADS;
    let mut pixels = vec![255; side * side];
    for lead in 0..ecg::LEADS {
        let middle = (lead * 2 + 1) * side / (2 * ecg::LEADS);
        for column in 0..side {
            let sample = recording.samples[column * count / side * ecg::LEADS + lead];
            let row = middle as i64 - i64::from(sample) * side as i64 / 6000;
            pixels[row.clamp(0, side as i64 - 1) as usize * side + column] = 0;
        }
    }
    image(side, side, pixels)
}

fn still(s: &Subject<'_>, body: &Body, build: Build, max_side: usize) -> GrayImage {
    let (study, series, instance) = (s.study, s.series, s.instance);
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
        Modality::DX | Modality::CR => {
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
            let screen = us::still(body, s);
            smaller(&image(us::WIDTH, us::HEIGHT, screen), max_side)
        }
        Modality::MG => {
            let frame = mg::draw(&mg::Breast::of(study, &series.description, s.wording, build));
            let top = f32::from((1u16 << dx::BITS) - 1);
            smaller(&shown(&frame, (top / 2.0, top)), max_side)
        }
        Modality::ECG => traces(s, max_side),
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
