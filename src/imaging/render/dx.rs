//! Digital radiography: the same bodies seen through. Soft parts are summed along the ray on a
//! coarse grid; bones and lung vessels are projected at the detector's own sharpness.

use std::collections::BTreeMap;

use super::Frame;
use crate::imaging::anatomy::{Body, Joint};
use crate::imaging::noise::{Rng, blur};
use crate::imaging::plane::{Plane, paint_flat};
use crate::imaging::solid::{P3, Shape, Solid};
use crate::imaging::tissue::Tissue;
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
    depth: f32,
    /// Grid of the soft parts, mm.
    coarse: f32,
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
struct Grid {
    left: f32,
    top: f32,
    pixel: f32,
    width: usize,
    height: usize,
}

impl Grid {
    fn of(exposure: &Exposure, pixel: f32) -> Self {
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
    let soft = soft_parts(body, exposure);
    let mut path = enlarge(&soft, &Grid::of(exposure, exposure.coarse), &grid);
    project(body, &grid, &mut path);
    marker(exposure, &grid, &mut path);
    let signal = detect(&mut Rng::new(body.seed, "quanta"), path, &grid);
    let samples = shade(&signal, &grid);
    Frame { width: grid.width, height: grid.height, samples }
}

/// Attenuation of water at the beam's energy, per mm.
const WATER: f32 = 0.0205;

/// Millimetres of water that each coarse ray crosses, without bones and lung vessels.
fn soft_parts(body: &Body, exposure: &Exposure) -> Vec<f32> {
    let grid = Grid::of(exposure, exposure.coarse);
    let solids: Vec<Solid> =
        body.solids.iter().filter(|s| !is_sharp(s) && s.tissue != Tissue::Table).cloned().collect();
    let soft = Body { solids: solids.into(), ..body.clone() };
    // Limbs are thin: their layers must be too, or their outlines show as steps.
    let deep = exposure.coarse * if exposure.coarse < 1.0 { 1.6 } else { 2.6 };
    let slabs = (exposure.depth / deep) as usize;
    let mut out = Vec::with_capacity(grid.width * grid.height);
    for row in 0..grid.height {
        let z = grid.top - (row as f32 + 0.5) * grid.pixel;
        let plane = Plane {
            origin: [grid.left + grid.pixel / 2.0, -exposure.depth / 2.0, z],
            across: [grid.pixel, 0.0, 0.0],
            down: [0.0, deep, 0.0],
            width: grid.width,
            height: slabs,
        };
        let density = |tissue: Tissue| 1.0 + tissue.hounsfield().0 / 1000.0;
        let cut = paint_flat(&soft, &plane, exposure.coarse * 1.5, density);
        out.extend(
            (0..grid.width)
                .map(|x| cut.iter().skip(x).step_by(grid.width).map(|v| v.max(0.0)).sum::<f32>() * deep),
        );
    }
    out
}

fn is_sharp(solid: &Solid) -> bool {
    solid.tissue.is_bone() || matches!(solid.tissue, Tissue::Vessel | Tissue::Stone | Tissue::Nodule)
}

/// How much more a tissue takes away than what it was painted over.
fn excess(tissue: Tissue) -> f32 {
    match tissue {
        Tissue::Cortical => 1.05,
        Tissue::Spongy => -0.72,
        Tissue::Skull => 1.5,
        Tissue::Diploe => -0.8,
        Tissue::Gap => -0.9,
        Tissue::Vessel => 0.8,
        Tissue::Nodule => 1.2,
        Tissue::Stone => 1.6,
        _ => 0.0,
    }
}

fn project(body: &Body, grid: &Grid, path: &mut [f32]) {
    let mut parts: BTreeMap<u32, Vec<Solid>> = BTreeMap::new();
    for solid in body.solids.iter().filter(|solid| is_sharp(solid)) {
        parts.entry(solid.part).or_default().push(bent(body, solid));
    }
    for pieces in parts.values() {
        let Some(first) = pieces.first() else { continue };
        add_part(pieces, excess(first.tissue) * first.opacity, grid, path);
    }
}

/// Adds a tube once, though its pieces overlap.
fn add_part(pieces: &[Solid], excess: f32, grid: &Grid, path: &mut [f32]) {
    let windows: Vec<_> = pieces.iter().filter_map(|piece| window(piece, grid).map(|w| (piece, w))).collect();
    let edge = |i: usize, pick: fn(usize, usize) -> usize| windows.iter().map(|(_, w)| w[i]).reduce(pick);
    let (Some(left), Some(right), Some(top), Some(bottom)) =
        (edge(0, usize::min), edge(1, usize::max), edge(2, usize::min), edge(3, usize::max))
    else {
        return;
    };
    let width = right - left;
    let mut thick = vec![0.0f32; width * (bottom - top)];
    for (piece, w) in &windows {
        for row in w[2]..w[3] {
            let z = grid.top - (row as f32 + 0.5) * grid.pixel;
            let start = (row - top) * width;
            let slots = &mut thick[start + w[0] - left..start + w[1] - left];
            for (slot, column) in slots.iter_mut().zip(w[0]..) {
                let x = grid.left + (column as f32 + 0.5) * grid.pixel;
                *slot = slot.max(chord(&piece.shape, x, z));
            }
        }
    }
    for (row, line) in thick.chunks_exact(width).enumerate() {
        let start = (top + row) * grid.width + left;
        for (slot, mm) in path[start..start + width].iter_mut().zip(line) {
            *slot += mm * excess;
        }
    }
}

/// A solid where the bends of its body bring it, as they bring what lies around it.
fn bent(body: &Body, solid: &Solid) -> Solid {
    let place = |p: P3| {
        let by = |axis: u64| body.warp * body.bend(axis, p);
        [p[0] - by(0), p[1], p[2] - by(2)]
    };
    let shape = match &solid.shape {
        Shape::Ellipsoid { centre, radii, turn, boxy } => {
            Shape::Ellipsoid { centre: place(*centre), radii: *radii, turn: *turn, boxy: *boxy }
        }
        Shape::Capsule { a, b, ra, rb } => Shape::Capsule { a: place(*a), b: place(*b), ra: *ra, rb: *rb },
    };
    Solid { shape, ..solid.clone() }
}

fn window(solid: &Solid, grid: &Grid) -> Option<[usize; 4]> {
    let (low, high) = solid.bounds(0.0);
    let column = |x: f32| ((x - grid.left) / grid.pixel).clamp(0.0, grid.width as f32) as usize;
    let row = |z: f32| ((grid.top - z) / grid.pixel).clamp(0.0, grid.height as f32) as usize;
    let window = [column(low[0]), column(high[0]), row(high[2]), row(low[2])];
    (window[0] < window[1] && window[2] < window[3]).then_some(window)
}

/// Millimetres that a ray from front to back runs through a shape.
fn chord(shape: &Shape, x: f32, z: f32) -> f32 {
    match shape {
        Shape::Ellipsoid { centre, radii, turn, boxy } => {
            let radii = if turn.1.abs() > 0.7 { [radii[1], radii[0], radii[2]] } else { *radii };
            let (u, w) = (((x - centre[0]) / radii[0]).powi(2), ((z - centre[2]) / radii[2]).powi(2));
            let round = (1.0 - u - w).max(0.0).sqrt();
            let square = (1.0 - (u * u + w * w)).max(0.0).sqrt().sqrt();
            2.0 * radii[1] * (round + (square - round) * boxy)
        }
        Shape::Capsule { a, b, ra, rb } => {
            let (dx, dz) = (b[0] - a[0], b[2] - a[2]);
            let flat = dx * dx + dz * dz;
            let along =
                if flat > 1e-6 { (((x - a[0]) * dx + (z - a[2]) * dz) / flat).clamp(0.0, 1.0) } else { 0.0 };
            let (ex, ez) = (x - a[0] - along * dx, z - a[2] - along * dz);
            let radius = ra + (rb - ra) * along;
            if ex * ex + ez * ez >= radius * radius {
                return 0.0;
            }
            let deep = (b[1] - a[1]) * (b[1] - a[1]);
            let slant = (1.0 + deep / flat.max(1e-3)).sqrt().min(1.35);
            2.0 * slant * (radius * radius - ex * ex - ez * ez).max(0.0).sqrt()
        }
    }
}

/// The technician's lead letter at the patient's right.
fn marker(exposure: &Exposure, grid: &Grid, path: &mut [f32]) {
    const STROKES: [[f32; 4]; 5] = [
        [0.0, 0.0, 0.0, 10.0],
        [0.0, 10.0, 4.5, 10.0],
        [4.5, 10.0, 4.5, 5.4],
        [4.5, 5.2, 0.0, 5.2],
        [1.8, 5.2, 5.0, 0.0],
    ];
    let left = exposure.middle - exposure.size[0] / 2.0 + exposure.size[0] * 0.08;
    let low = exposure.top - exposure.size[1] * 0.08 - 10.0;
    let at = |x: f32, z: f32| -> P3 { [left + x, 0.0, low + z] };
    let strokes: Vec<Solid> = STROKES.iter().map(|s| stroke(at(s[0], s[1]), at(s[2], s[3]))).collect();
    add_part(&strokes, 60.0, grid, path);
}

fn stroke(a: P3, b: P3) -> Solid {
    Solid {
        tissue: Tissue::Stone,
        shape: Shape::Capsule { a, b, ra: 0.75, rb: 0.75 },
        opacity: 1.0,
        rough: 0.0,
        rough_scale: 1.0,
        soft: 0.0,
        sheets: 0.0,
        clip: None,
        part: 0,
    }
}

/// Bilinear, from cell centres to cell centres.
fn enlarge(from: &[f32], coarse: &Grid, grid: &Grid) -> Vec<f32> {
    let place = |i: usize, cells: usize| {
        let at = ((i as f32 + 0.5) * grid.pixel / coarse.pixel - 0.5).clamp(0.0, cells as f32 - 1.0);
        let low = (at as usize).min(cells - 2);
        (low, at - low as f32)
    };
    let columns: Vec<_> = (0..grid.width).map(|x| place(x, coarse.width)).collect();
    let mut out = Vec::with_capacity(grid.width * grid.height);
    for y in 0..grid.height {
        let (row, t) = place(y, coarse.height);
        let upper = &from[row * coarse.width..(row + 1) * coarse.width];
        let lower = &from[(row + 1) * coarse.width..(row + 2) * coarse.width];
        out.extend(columns.iter().map(|&(x, u)| {
            let a = upper[x] + (upper[x + 1] - upper[x]) * u;
            let b = lower[x] + (lower[x + 1] - lower[x]) * u;
            a + (b - a) * t
        }));
    }
    out
}

/// Share of scattered radiation that a grid lets through.
const SCATTER: f32 = 0.28;

/// Radiation at the detector, as its logarithm: what is left, what was scattered, and that light
/// comes in quanta.
fn detect(rng: &mut Rng, path: Vec<f32>, grid: &Grid) -> Vec<f32> {
    let mut signal = path;
    signal.iter_mut().for_each(|mm| *mm = (-*mm * WATER).exp());
    let scattered = far_blur(&signal, grid, 22.0);
    let mut before = 0.0;
    for (v, s) in signal.iter_mut().zip(&scattered) {
        let light = (*v * (1.0 - SCATTER) + s * SCATTER).max(1e-5);
        let quantum = rng.normal();
        let spread = 0.75 * quantum + 0.5 * before;
        before = quantum;
        *v = -(light.ln()) + spread * 0.0028 / light.sqrt();
    }
    signal
}

/// A wide blur, computed on a grid of some 2 mm.
fn far_blur(full: &[f32], grid: &Grid, width: f32) -> Vec<f32> {
    let step = ((2.0 / grid.pixel) as usize).max(1);
    let small = Grid {
        left: grid.left,
        top: grid.top,
        pixel: grid.pixel * step as f32,
        width: grid.width.div_ceil(step).max(2),
        height: grid.height.div_ceil(step).max(2),
    };
    let mut means = Vec::with_capacity(small.width * small.height);
    for y in 0..small.height {
        for x in 0..small.width {
            let (row, column) = ((y * step + step / 2).min(grid.height - 1), (x * step).min(grid.width - 1));
            let line = &full[row * grid.width + column..row * grid.width + (column + step).min(grid.width)];
            means.push(line.iter().sum::<f32>() / line.len() as f32);
        }
    }
    blur(&mut means, small.width, small.height, (width / small.pixel) as usize);
    enlarge(&means, &small, grid)
}

/// What the workstation makes of it: coarse contrast reduced, edges raised, spread over all values.
fn shade(signal: &[f32], grid: &Grid) -> Vec<u16> {
    let coarse = far_blur(signal, grid, 16.0);
    let mut fine = signal.to_vec();
    blur(&mut fine, grid.width, grid.height, ((0.5 / grid.pixel) as usize).max(1));
    let value = |i: usize| 0.62 * coarse[i] + (signal[i] - coarse[i]) + 0.5 * (signal[i] - fine[i]);
    let mut sample: Vec<f32> =
        (0..signal.len()).step_by(37).filter(|i| signal[*i] > 0.12).map(value).collect();
    sample.sort_by(f32::total_cmp);
    let at = |share: f32| sample.get((share * sample.len() as f32) as usize).copied();
    let (low, high) = (at(0.004).unwrap_or(0.0), at(0.996).unwrap_or(1.0) + 0.1);
    let top = f32::from((1u16 << BITS) - 1);
    (0..signal.len())
        .map(|i| ((value(i) - low) / (high - low).max(0.1) * top).clamp(0.0, top) as u16)
        .collect()
}
