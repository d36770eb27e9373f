//! Computed tomography: axial cuts in Hounsfield units with a kernel's sharpness and grain.

use super::protocol::{Phase, Protocol, smoothness};
use crate::imaging::anatomy::{Body, Build};
use crate::imaging::grain::Grain;
use crate::imaging::noise::{Rng, blur};
use crate::imaging::plane::{Plane, paint};
use crate::imaging::tissue::{Look, Tissue};
use crate::world::{Region, Series, Study};

/// Rows and columns of an axial slice.
pub(crate) const MATRIX: usize = 512;

/// Lowest value that is stored: nothing is thinner than nothing.
pub(crate) const LOWEST: f32 = -1024.0;

/// How a series was scanned and reconstructed.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    count: u32,
    /// Slice thickness, mm.
    pub(crate) thickness: f32,
    /// From slice to slice, mm, downwards negative.
    pub(crate) step: f32,
    /// z of the first slice.
    pub(crate) first: f32,
    /// Side of the square that is reconstructed, mm.
    pub(crate) field: f32,
    /// y of its middle.
    pub(crate) middle: f32,
    /// Name of the kernel when the description has one.
    pub(crate) kernel: Option<String>,
    /// Made for bone or lung.
    pub(crate) hard: bool,
    pub(crate) phase: Phase,
    /// 1 soft tissue, 0 bone or lung.
    pub(crate) smooth: f32,
    /// Deviation of the grain, Hounsfield units.
    pub(crate) noise: f32,
    /// Window centre and width for reading.
    pub(crate) window: (f32, f32),
}

impl Scan {
    pub(crate) fn of(study: &Study, series: &Series, body: &Body, build: Build) -> Self {
        let protocol = Protocol::read(&series.description);
        let usual = if protocol.hard { 0.2 } else { 1.0 };
        let smooth = protocol.kernel.as_deref().map_or(usual, smoothness);
        let count = series.instances.max(1) as f32;
        let span = body.top - body.bottom;
        let thickness = protocol.thickness.unwrap_or(if span / count < 3.0 { 1.0 } else { 5.0 });
        let pitch = (span / count).clamp(thickness * 0.5, thickness.max(2.0)).min(thickness);
        let head = study.region == Region::Head;
        // Heads are scanned from the base upwards, bodies from the top downwards.
        let (first, step) = if head {
            ((body.top + body.bottom - pitch * (count - 1.0)) / 2.0, pitch)
        } else {
            ((body.top + body.bottom + pitch * (count - 1.0)) / 2.0, -pitch)
        };
        let tenth = |mm: f32| (mm * 10.0).round() / 10.0;
        Scan {
            count: series.instances.max(1),
            thickness,
            step: tenth(step).abs().max(0.1).copysign(step),
            first: tenth(first),
            field: field(study.region, build),
            middle: middle(study.region),
            hard: protocol.hard,
            phase: protocol.phase,
            smooth,
            noise: noise(study.region, thickness, smooth, build),
            window: window(study.region, smooth),
            kernel: protocol.kernel,
        }
    }

    /// From the upper edge of the first slice to the lower edge of the last one, mm.
    pub(crate) fn length(&self) -> f64 {
        f64::from(self.step.abs()) * f64::from(self.count - 1) + f64::from(self.thickness)
    }

    /// z of a slice, counted from 1.
    pub(crate) fn z(&self, number: u32) -> f32 {
        self.first + self.step * (number.max(1) - 1) as f32
    }

    /// The slice at `z` with `side` pixels a side.
    fn plane(&self, z: f32, side: usize) -> Plane {
        let pixel = self.field / side as f32;
        let corner = (pixel - self.field) / 2.0;
        Plane {
            origin: [corner, self.middle + corner, z],
            across: [pixel, 0.0, 0.0],
            down: [0.0, pixel, 0.0],
            width: side,
            height: side,
        }
    }

    /// Position of the first pixel of a slice.
    pub(crate) fn origin(&self, number: u32) -> [f32; 3] {
        self.plane(self.z(number), MATRIX).origin
    }
}

fn field(region: Region, build: Build) -> f32 {
    let s = build.scale();
    let whole = match region {
        Region::Head => 236.0,
        Region::Chest => 2.0 * (150.0 * s + 7.0 + 17.0 * build.fat()) + 26.0,
        Region::Abdomen => 2.0 * (142.0 * s + 9.0 + 24.0 * build.fat()) + 24.0,
        Region::LumbarSpine => 160.0,
        Region::Limb => 180.0,
    };
    (whole / 4.0).round() * 4.0
}

fn middle(region: Region) -> f32 {
    match region {
        Region::Head => -6.0,
        Region::Chest | Region::Abdomen => 4.0,
        Region::LumbarSpine => 62.0,
        Region::Limb => 0.0,
    }
}

fn noise(region: Region, thickness: f32, smooth: f32, build: Build) -> f32 {
    let usual = match region {
        Region::Head => 3.3,
        Region::Chest => 9.5,
        Region::Abdomen | Region::LumbarSpine => 10.5,
        Region::Limb => 7.0,
    };
    usual * (5.0 / thickness).sqrt() * (1.0 + 2.6 * (1.0 - smooth)) * (0.85 + 0.35 * build.fat())
}

fn window(region: Region, smooth: f32) -> (f32, f32) {
    match region {
        Region::Chest if smooth < 0.5 => (-600.0, 1200.0),
        _ if smooth < 0.4 => (450.0, 1500.0),
        Region::Head => (35.0, 80.0),
        Region::Chest => (50.0, 350.0),
        Region::Abdomen | Region::LumbarSpine => (50.0, 300.0),
        Region::Limb => (300.0, 1500.0),
    }
}

/// One slice in Hounsfield units.
pub(crate) fn slice(body: &Body, scan: &Scan, number: u32, side: usize) -> Vec<f32> {
    let plane = scan.plane(scan.z(number), side);
    let pixel = scan.field / side as f32;
    let edge = (1.15 * pixel).max(0.75 + 0.5 * scan.smooth + 0.06 * scan.thickness);
    let mut out = paint(body, &plane, edge, |tissue| attenuation(tissue, scan.phase));
    if scan.smooth < 0.6 {
        sharpen(&mut out, side, 0.9 * (0.6 - scan.smooth));
    }
    add_grain(&mut out, body, scan, number, side);
    out
}

/// Hounsfield units with what the contrast medium adds.
fn attenuation(tissue: Tissue, phase: Phase) -> Look {
    let (value, mottle) = tissue.hounsfield();
    let [arterial, venous] = match tissue {
        Tissue::Blood => [215.0, 125.0],
        Tissue::Vessel => [170.0, 120.0],
        Tissue::Heart => [130.0, 85.0],
        Tissue::Kidney => [95.0, 150.0],
        Tissue::Spleen => [70.0, 68.0],
        Tissue::Pancreas => [58.0, 42.0],
        Tissue::Liver => [12.0, 52.0],
        Tissue::Bowel => [26.0, 38.0],
        Tissue::Nodule | Tissue::Consolidation => [25.0, 45.0],
        Tissue::Muscle | Tissue::Gland | Tissue::Skin => [5.0, 11.0],
        _ => [0.0, 0.0],
    };
    match phase {
        Phase::Plain => (value, mottle),
        Phase::Arterial => (value + arterial, mottle),
        Phase::Venous => (value + venous, mottle),
    }
}

fn sharpen(out: &mut [f32], side: usize, by: f32) {
    let mut soft = out.to_vec();
    blur(&mut soft, side, side, 1);
    for (v, s) in out.iter_mut().zip(&soft) {
        *v += by * (*v - s);
    }
}

/// Photons are scarcer in the middle of a body and where shoulders or the skull base widen it.
fn add_grain(out: &mut [f32], body: &Body, scan: &Scan, number: u32, side: usize) {
    let mut rng = Rng::new(body.seed ^ u64::from(scan.z(number).to_bits()), "grain");
    let mut fine = Grain::new(&mut rng, side, scan.smooth);
    let middle = side as f32 / 2.0;
    let across: Vec<f32> = (0..side).map(|column| ((column as f32 - middle) / middle).powi(2)).collect();
    for (line, down) in out.chunks_exact_mut(side).zip(&across) {
        for ((v, n), x) in line.iter_mut().zip(fine.next()).zip(&across) {
            let deep = (1.25 - 0.75 * (x + down)).max(0.45);
            let thin = if *v < -500.0 { 0.7 } else { 1.0 };
            *v = (*v + n * scan.noise * deep * thin).clamp(LOWEST, 3071.0);
        }
    }
}
