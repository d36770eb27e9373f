//! What is sharp in a radiograph: bones, lung vessels, nodules, stones and the lead letter, each added
//! as the length that rays run through it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::dx::{Exposure, Grid};
use crate::imaging::anatomy::Body;
use crate::imaging::solid::{P3, Shape, Solid};
use crate::imaging::tissue::Tissue;

/// Whether a solid is drawn here, and not among the soft parts.
pub(crate) fn is_sharp(solid: &Solid) -> bool {
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

/// What is sharp, ready to be added to the paths of rays, mm of water.
pub(crate) struct Shadows {
    parts: Vec<Part>,
    /// Room to work in, all zero between parts.
    thick: Vec<f32>,
}

/// Pieces of one tube, or one solid alone: what overlaps counts once.
struct Part {
    excess: f32,
    pieces: Vec<(Shape, [usize; 4])>,
    /// Columns and rows of all: left, right, top, bottom.
    window: [usize; 4],
}

impl Shadows {
    /// What is sharp in a body, and the technician's lead letter at the patient's right.
    pub(crate) fn of(body: &Body, exposure: &Exposure, grid: &Grid) -> Self {
        let mut groups: BTreeMap<u32, (f32, Vec<Shape>)> = BTreeMap::new();
        for solid in body.solids.iter().filter(|solid| is_sharp(solid)) {
            let group =
                groups.entry(solid.part).or_insert((excess(solid.tissue) * solid.opacity, Vec::new()));
            group.1.push(bent(body, solid));
        }
        let letter = (LEAD, letter(exposure));
        let parts = groups.into_values().chain([letter]);
        let parts = parts.filter_map(|(excess, shapes)| Part::new(excess, shapes, grid)).collect();
        Shadows { parts, thick: Vec::new() }
    }

    /// Adds it to a band of rows, of which `top` is the first.
    pub(crate) fn add(&mut self, grid: &Grid, top: usize, band: &mut [f32]) {
        let rows = top..top + band.len() / grid.width;
        for part in self.parts.iter().filter(|p| p.window[2] < rows.end && p.window[3] > rows.start) {
            part.add(grid, rows.clone(), &mut self.thick, band);
        }
    }
}

impl Part {
    fn new(excess: f32, shapes: Vec<Shape>, grid: &Grid) -> Option<Self> {
        let placed = shapes.into_iter().filter_map(|shape| window(&shape, grid).map(|w| (shape, w)));
        let pieces: Vec<_> = placed.collect();
        let window = pieces
            .iter()
            .map(|(_, w)| *w)
            .reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].max(b[3])])?;
        Some(Part { excess, pieces, window })
    }

    fn add(&self, grid: &Grid, rows: Range<usize>, thick: &mut Vec<f32>, band: &mut [f32]) {
        let [left, right, top, bottom] = self.window;
        let (top, bottom, width) = (top.max(rows.start), bottom.min(rows.end), right - left);
        thick.resize(thick.len().max(width * (bottom - top)), 0.0);
        let mut touched = vec![right..left; bottom - top];
        for (shape, w) in &self.pieces {
            for row in w[2].max(top)..w[3].min(bottom) {
                let z = grid.top - (row as f32 + 0.5) * grid.pixel;
                let span = span(shape, z, grid, w[0]..w[1]);
                if span.is_empty() {
                    continue;
                }
                let touched = &mut touched[row - top];
                *touched = touched.start.min(span.start)..touched.end.max(span.end);
                let start = (row - top) * width;
                let slots = &mut thick[start + span.start - left..start + span.end - left];
                let first = grid.left + (span.start as f32 + 0.5) * grid.pixel;
                deepen(shape, first, grid.pixel, z, slots);
            }
        }
        for ((line, touched), row) in thick.chunks_exact_mut(width).zip(touched).zip(top..) {
            if touched.is_empty() {
                continue;
            }
            let start = (row - rows.start) * grid.width;
            let line = &mut line[touched.start - left..touched.end - left];
            for (slot, mm) in band[start + touched.start..start + touched.end].iter_mut().zip(line) {
                *slot += *mm * self.excess;
                *mm = 0.0;
            }
        }
    }
}

/// Columns of a row behind which a shape may lie.
fn span(shape: &Shape, z: f32, grid: &Grid, window: Range<usize>) -> Range<usize> {
    let (from, to) = match shape {
        Shape::Ellipsoid { centre, radii, turn, boxy } => {
            let wide = seen_radii(*radii, *turn)[0];
            let w = ((z - centre[2]) / radii[2]).powi(2);
            let room = (1.0 - if *boxy > 0.0 { w * w } else { w }).max(0.0).sqrt();
            let half = wide * if *boxy > 0.0 { room.sqrt() } else { room };
            (centre[0] - half, centre[0] + half)
        }
        Shape::Capsule { a, b, ra, rb } => {
            let (dx, dz) = (b[0] - a[0], b[2] - a[2]);
            if dz.abs() < 1e-2 {
                return window;
            }
            // Between two lines beside the axis.
            let (middle, half) = (a[0] + (z - a[2]) * dx / dz, ra.max(*rb) * dx.hypot(dz) / dz.abs());
            (middle - half, middle + half)
        }
    };
    let column = |x: f32| ((x - grid.left) / grid.pixel).max(0.0) as usize;
    let start = column(from).clamp(window.start, window.end);
    start..(column(to) + 1).clamp(start, window.end)
}

/// Radii across and along the rays: a turn by more than an eighth swaps them.
fn seen_radii(radii: P3, turn: (f32, f32)) -> [f32; 2] {
    if turn.1.abs() > 0.7 { [radii[1], radii[0]] } else { [radii[0], radii[1]] }
}

/// Raises lengths in mm to those that rays from front to back run through a shape; `x` is that of the
/// first.
fn deepen(shape: &Shape, x: f32, pixel: f32, z: f32, slots: &mut [f32]) {
    match shape {
        Shape::Ellipsoid { centre, radii, turn, boxy } => {
            let [wide, deep] = seen_radii(*radii, *turn);
            let w = ((z - centre[2]) / radii[2]).powi(2);
            let (start, step) = ((x - centre[0]) / wide, pixel / wide);
            for (i, slot) in slots.iter_mut().enumerate() {
                let at = start + step * i as i32 as f32;
                let u = at * at;
                let round = (1.0 - u - w).max(0.0).sqrt();
                let square = (1.0 - (u * u + w * w)).max(0.0).sqrt().sqrt();
                *slot = slot.max(2.0 * deep * (round + (square - round) * boxy));
            }
        }
        Shape::Capsule { a, b, ra, rb } => {
            let (dx, dz) = (b[0] - a[0], b[2] - a[2]);
            let flat = dx * dx + dz * dz;
            let per_flat = if flat > 1e-6 { 1.0 / flat } else { 0.0 };
            let deep = (b[1] - a[1]) * (b[1] - a[1]);
            let slant = 2.0 * (1.0 + deep / flat.max(1e-3)).sqrt().min(1.35);
            let (far, high, growth) = (x - a[0], z - a[2], rb - ra);
            for (i, slot) in slots.iter_mut().enumerate() {
                let across = far + pixel * i as i32 as f32;
                let along = ((across * dx + high * dz) * per_flat).clamp(0.0, 1.0);
                let (ex, ez, radius) = (across - along * dx, high - along * dz, ra + growth * along);
                *slot = slot.max(slant * (radius * radius - ex * ex - ez * ez).max(0.0).sqrt());
            }
        }
    }
}

/// A solid's shape where the bends of its body bring it, as they bring what lies around it.
fn bent(body: &Body, solid: &Solid) -> Shape {
    let place = |p: P3| {
        let by = |axis: u64| body.warp * body.bend(axis, p);
        [p[0] - by(0), p[1], p[2] - by(2)]
    };
    match &solid.shape {
        Shape::Ellipsoid { centre, radii, turn, boxy } => {
            Shape::Ellipsoid { centre: place(*centre), radii: *radii, turn: *turn, boxy: *boxy }
        }
        Shape::Capsule { a, b, ra, rb } => Shape::Capsule { a: place(*a), b: place(*b), ra: *ra, rb: *rb },
    }
}

fn window(shape: &Shape, grid: &Grid) -> Option<[usize; 4]> {
    let (low, high) = shape.bounds();
    let column = |x: f32| ((x - grid.left) / grid.pixel).clamp(0.0, grid.width as f32) as usize;
    let row = |z: f32| ((grid.top - z) / grid.pixel).clamp(0.0, grid.height as f32) as usize;
    let window = [column(low[0]), column(high[0]), row(high[2]), row(low[2])];
    (window[0] < window[1] && window[2] < window[3]).then_some(window)
}

/// What lead takes away.
const LEAD: f32 = 60.0;

/// The strokes of the lead letter.
fn letter(exposure: &Exposure) -> Vec<Shape> {
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
    let stroke = |s: &[f32; 4]| Shape::Capsule { a: at(s[0], s[1]), b: at(s[2], s[3]), ra: 0.75, rb: 0.75 };
    STROKES.iter().map(stroke).collect()
}
