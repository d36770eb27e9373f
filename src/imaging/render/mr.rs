//! Magnetic resonance: cuts in any of the three directions, weighted by sequence.

use super::Frame;
use super::protocol::Protocol;
use crate::imaging::anatomy::Body;
use crate::imaging::lattice::Lattice;
use crate::imaging::noise::{Rng, noise3};
use crate::imaging::plane::{Plane, paint};
use crate::imaging::solid::P3;
use crate::imaging::tissue::{Look, Tissue};
use crate::world::{Region, Series, Study};

/// How tissues are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weighting {
    T1,
    T2,
    Flair,
    Diffusion,
    /// Proton density.
    Density,
}

/// Which way slices are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Axial,
    Sagittal,
    Coronal,
}

/// How a series was acquired.
#[derive(Debug, Clone)]
pub(crate) struct Acquisition {
    pub(crate) weighting: Weighting,
    /// Signal of fat is taken away.
    pub(crate) fat_saturated: bool,
    pub(crate) cut: Cut,
    /// Rows and columns.
    pub(crate) matrix: usize,
    /// Side of the square, mm.
    pub(crate) field: f32,
    pub(crate) thickness: f32,
    /// From slice to slice, mm.
    pub(crate) spacing: f32,
    /// Middle of the stack.
    centre: P3,
    count: u32,
    surface_coil: bool,
}

impl Acquisition {
    pub(crate) fn of(study: &Study, series: &Series) -> Self {
        let words = format!("{} {}", series.description, series.protocol).to_ascii_uppercase();
        let spine = study.region == Region::LumbarSpine;
        let cut = if ["SAG", "矢状"].iter().any(|w| words.contains(w)) {
            Cut::Sagittal
        } else if words.contains("COR") {
            Cut::Coronal
        } else if spine && !["TRA", "AX"].iter().any(|w| words.contains(w)) {
            Cut::Sagittal
        } else {
            Cut::Axial
        };
        let (matrix, field, centre) = frame(study.region, cut);
        let thickness =
            Protocol::read(&series.description).thickness.unwrap_or(if spine { 4.0 } else { 5.0 });
        Acquisition {
            weighting: weighting(&words),
            fat_saturated: ["STIR", "_FS", " FS", "WATER", "_W"].iter().any(|w| words.contains(w)),
            cut,
            matrix,
            field,
            thickness,
            spacing: thickness * 1.2,
            centre,
            count: series.instances.max(1),
            surface_coil: spine,
        }
    }

    /// Cosines of rows and columns (0020,0037).
    pub(crate) fn directions(&self) -> (P3, P3) {
        match self.cut {
            Cut::Axial => ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
            Cut::Sagittal => ([0.0, 1.0, 0.0], [0.0, 0.0, -1.0]),
            Cut::Coronal => ([1.0, 0.0, 0.0], [0.0, 0.0, -1.0]),
        }
    }

    /// Centre of the first pixel of a slice, and how far along the stack it lies.
    pub(crate) fn origin(&self, number: u32, side: usize) -> (P3, f32) {
        let (rows, columns) = self.directions();
        let pixel = self.field / side as f32;
        let back = (pixel - self.field) / 2.0;
        let along = self.spacing * (number as f32 - 1.0 - (self.count - 1) as f32 / 2.0);
        let stack: P3 = match self.cut {
            Cut::Axial => [0.0, 0.0, 1.0],
            Cut::Sagittal => [1.0, 0.0, 0.0],
            Cut::Coronal => [0.0, 1.0, 0.0],
        };
        let at: P3 =
            std::array::from_fn(|i| self.centre[i] + back * (rows[i] + columns[i]) + along * stack[i]);
        let location = (0..3).map(|i| at[i] * stack[i]).sum();
        (at, location)
    }
}

fn weighting(words: &str) -> Weighting {
    let says = |names: &[&str]| names.iter().any(|name| words.contains(name));
    if says(&["DWI", "DIFF"]) {
        Weighting::Diffusion
    } else if says(&["T1", "LAVA", "VIBE"]) {
        Weighting::T1
    } else if says(&["FLAIR", "DARK"]) {
        Weighting::Flair
    } else if says(&["PD"]) {
        Weighting::Density
    } else {
        Weighting::T2
    }
}

fn frame(region: Region, cut: Cut) -> (usize, f32, P3) {
    match (region, cut) {
        (Region::LumbarSpine, Cut::Sagittal | Cut::Coronal) => (384, 300.0, [0.0, 34.0, 0.0]),
        (Region::LumbarSpine, Cut::Axial) => (320, 200.0, [0.0, 52.0, -60.0]),
        (Region::Head, Cut::Axial) => (320, 230.0, [0.0, -2.0, 14.0]),
        (Region::Head, Cut::Sagittal | Cut::Coronal) => (320, 240.0, [0.0, 0.0, -4.0]),
        (Region::Chest | Region::Abdomen, _) => (320, 380.0, [0.0, 0.0, 20.0]),
        (Region::Limb, _) => (320, 180.0, [0.0, 0.0, 0.0]),
    }
}

/// One slice with `side` pixels a side.
pub(crate) fn slice(body: &Body, how: &Acquisition, number: u32, side: usize) -> Frame {
    let (rows, columns) = how.directions();
    let (origin, along) = how.origin(number, side);
    let pixel = how.field / side as f32;
    let plane = Plane {
        origin,
        across: rows.map(|v| v * pixel),
        down: columns.map(|v| v * pixel),
        width: side,
        height: side,
    };
    let edge = 1.3 * pixel + 0.08 * how.thickness;
    let clean = paint(body, &plane, edge, |tissue| signal(tissue, how));
    let mut rng = Rng::new(body.seed ^ u64::from(along.to_bits()), "coil");
    let mut sensed = Lattice::new(&plane, 8.0, |place| sensitivity(body, how, place));
    let (mut heard, mut noise) = (vec![0.0; side], vec![0.0; 2 * side]);
    let mut samples = Vec::with_capacity(clean.len());
    for (row, line) in clean.chunks_exact(side).enumerate() {
        heard.fill(0.0);
        sensed.add_row(row, 1.0, &mut heard);
        rng.fill_normal(&mut noise);
        let channels = noise[..side].iter().zip(&noise[side..]);
        samples.extend(line.iter().zip(&heard).zip(channels).map(|((value, heard), (a, b))| {
            // Magnitude of a complex signal: noise in both channels (Rician).
            let (re, im) = (value.max(0.0) * heard + 15.0 * a, 15.0 * b);
            ((re * re + im * im).sqrt() * 1.15).clamp(0.0, 4095.0) as u16
        }));
    }
    Frame { width: side, height: side, samples }
}

/// Coils hear what is near; a spine coil lies under the back.
fn sensitivity(body: &Body, how: &Acquisition, p: P3) -> f32 {
    let uneven = 1.0 + 0.10 * noise3(body.seed ^ 0xB1A5, p.map(|v| v / 95.0));
    if how.surface_coil { uneven * (1.28 - 0.0048 * (95.0 - p[1]).clamp(0.0, 190.0)) } else { uneven }
}

/// Signal of a tissue, 0 to about 1000, and its texture.
fn signal(tissue: Tissue, how: &Acquisition) -> Look {
    let [t1, t2, flair, diffusion, texture] = brightness(tissue);
    let seen = match how.weighting {
        Weighting::T1 => t1,
        Weighting::T2 => t2,
        Weighting::Flair => flair,
        Weighting::Diffusion => diffusion,
        Weighting::Density => 0.5 * (t1 + t2),
    };
    let fatty = matches!(tissue, Tissue::Fat | Tissue::Gland | Tissue::Spongy | Tissue::Diploe);
    let value = if how.fat_saturated && fatty { seen * 0.2 } else { seen };
    (value, texture * value)
}

fn brightness(tissue: Tissue) -> [f32; 5] {
    match tissue {
        Tissue::Air | Tissue::Table | Tissue::Lung => [4.0, 4.0, 4.0, 4.0, 0.0],
        Tissue::Cortical | Tissue::Skull | Tissue::Stone => [30.0, 26.0, 24.0, 8.0, 0.1],
        Tissue::Dura | Tissue::Gap | Tissue::Lens => [150.0, 90.0, 110.0, 40.0, 0.1],
        Tissue::Skin => [420.0, 330.0, 330.0, 60.0, 0.1],
        Tissue::Fat | Tissue::Gland => [820.0, 640.0, 560.0, 30.0, 0.08],
        Tissue::Muscle | Tissue::Heart => [300.0, 165.0, 190.0, 60.0, 0.14],
        Tissue::Vessel | Tissue::Blood => [110.0, 60.0, 60.0, 20.0, 0.2],
        Tissue::Liver | Tissue::Pancreas => [380.0, 230.0, 240.0, 120.0, 0.08],
        Tissue::Spleen | Tissue::Kidney => [280.0, 400.0, 380.0, 260.0, 0.08],
        Tissue::Bowel | Tissue::Stool => [240.0, 330.0, 250.0, 110.0, 0.3],
        Tissue::Fluid => [115.0, 960.0, 85.0, 60.0, 0.04],
        Tissue::Grey => [330.0, 470.0, 420.0, 330.0, 0.05],
        Tissue::White => [450.0, 340.0, 320.0, 290.0, 0.04],
        Tissue::Cord => [390.0, 400.0, 380.0, 200.0, 0.05],
        Tissue::Spongy | Tissue::Diploe => [540.0, 400.0, 330.0, 40.0, 0.16],
        Tissue::Disc => [260.0, 590.0, 420.0, 90.0, 0.1],
        Tissue::DryDisc => [230.0, 130.0, 150.0, 40.0, 0.15],
        Tissue::Cartilage => [330.0, 280.0, 300.0, 90.0, 0.1],
        Tissue::Nodule | Tissue::GroundGlass | Tissue::Consolidation => [280.0, 420.0, 400.0, 180.0, 0.2],
        Tissue::Effusion | Tissue::Cyst => [120.0, 940.0, 110.0, 60.0, 0.03],
        Tissue::Infarct => [235.0, 720.0, 700.0, 880.0, 0.05],
        Tissue::Oedema => [260.0, 690.0, 660.0, 300.0, 0.05],
        Tissue::Haematoma => [520.0, 250.0, 300.0, 200.0, 0.2],
    }
}
