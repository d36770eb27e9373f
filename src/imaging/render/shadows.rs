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

/// Adds all that is sharp to the paths of rays, mm of water.
pub(crate) fn project(body: &Body, grid: &Grid, path: &mut [f32]) {
    let mut parts: BTreeMap<u32, Vec<Solid>> = BTreeMap::new();
    for solid in body.solids.iter().filter(|solid| is_sharp(solid)) {
        parts.entry(solid.part).or_default().push(bent(body, solid));
    }
    let mut thick = Vec::new();
    for pieces in parts.values() {
        let Some(first) = pieces.first() else { continue };
        add_part(pieces, excess(first.tissue) * first.opacity, grid, &mut thick, path);
    }
}

/// Adds a tube once, though its pieces overlap. `thick` is room to work in, and all zero between parts.
fn add_part(pieces: &[Solid], excess: f32, grid: &Grid, thick: &mut Vec<f32>, path: &mut [f32]) {
    let windows: Vec<_> = pieces.iter().filter_map(|piece| window(piece, grid).map(|w| (piece, w))).collect();
    let edge = |i: usize, pick: fn(usize, usize) -> usize| windows.iter().map(|(_, w)| w[i]).reduce(pick);
    let (Some(left), Some(right), Some(top), Some(bottom)) =
        (edge(0, usize::min), edge(1, usize::max), edge(2, usize::min), edge(3, usize::max))
    else {
        return;
    };
    let width = right - left;
    let size = width * (bottom - top);
    thick.resize(thick.len().max(size), 0.0);
    let mut touched = vec![right..left; bottom - top];
    for (piece, w) in &windows {
        for row in w[2]..w[3] {
            let z = grid.top - (row as f32 + 0.5) * grid.pixel;
            let span = span(&piece.shape, z, grid, w[0]..w[1]);
            if span.is_empty() {
                continue;
            }
            let touched = &mut touched[row - top];
            *touched = touched.start.min(span.start)..touched.end.max(span.end);
            let start = (row - top) * width;
            let slots = &mut thick[start + span.start - left..start + span.end - left];
            let first = grid.left + (span.start as f32 + 0.5) * grid.pixel;
            deepen(&piece.shape, first, grid.pixel, z, slots);
        }
    }
    for ((line, touched), row) in thick.chunks_exact_mut(width).zip(touched).zip(top..) {
        if touched.is_empty() {
            continue;
        }
        let start = row * grid.width;
        let line = &mut line[touched.start - left..touched.end - left];
        for (slot, mm) in path[start + touched.start..start + touched.end].iter_mut().zip(line) {
            *slot += *mm * excess;
            *mm = 0.0;
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

/// The technician's lead letter at the patient's right.
pub(crate) fn marker(exposure: &Exposure, grid: &Grid, path: &mut [f32]) {
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
    add_part(&strokes, 60.0, grid, &mut Vec::new(), path);
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
