//! Smooth fields over a plane, computed at knots and drawn straight between.

use super::noise::{noise_line, noise3};
use super::plane::Plane;
use super::solid::P3;

/// A field whose rows are all needed.
pub(crate) struct Lattice {
    /// Pixels from knot to knot, across and down.
    apart: [usize; 2],
    columns: usize,
    knots: Vec<f32>,
    /// Shares of the way from one knot to the next.
    shares: Vec<f32>,
    line: Vec<f32>,
}

impl Lattice {
    /// Computes a field about every `spacing` mm.
    pub(crate) fn new(plane: &Plane, spacing: f32, field: impl Fn(P3) -> f32) -> Self {
        let mut lattice = Lattice::empty(plane, spacing);
        let [across, down] = lattice.apart;
        for (row, line) in lattice.knots.chunks_exact_mut(lattice.columns).enumerate() {
            for (column, knot) in line.iter_mut().enumerate() {
                *knot = field(plane.at((column * across) as f32, (row * down) as f32));
            }
        }
        lattice
    }

    /// Noise with features `scale` mm wide.
    pub(crate) fn of_noise(plane: &Plane, spacing: f32, seed: u64, scale: f32) -> Self {
        let mut lattice = Lattice::empty(plane, spacing);
        let [across, down] = lattice.apart;
        let axis = (0..3).find(|axis| plane.across[*axis] != 0.0).unwrap_or(0);
        let step = plane.across[axis] * across as f32 / scale;
        for (row, line) in lattice.knots.chunks_exact_mut(lattice.columns).enumerate() {
            let from = plane.at(0.0, (row * down) as f32).map(|v| v / scale);
            noise_line(seed, from, axis, step, line);
        }
        lattice
    }

    fn empty(plane: &Plane, spacing: f32) -> Self {
        let apart = plane.pixel().map(|mm| ((spacing / mm).round() as usize).max(1));
        let columns = plane.width.div_ceil(apart[0]) + 1;
        let rows = plane.height.div_ceil(apart[1]) + 1;
        let knots = vec![0.0; columns * rows];
        let shares = (0..apart[0]).map(|i| i as f32 / apart[0] as f32).collect();
        Lattice { apart, columns, knots, shares, line: vec![0.0; columns] }
    }

    /// Adds the field, times `scale`, to a row.
    pub(crate) fn add_row(&mut self, row: usize, scale: f32, out: &mut [f32]) {
        let (top, down) = (row / self.apart[1], (row % self.apart[1]) as f32 / self.apart[1] as f32);
        let upper = &self.knots[top * self.columns..(top + 1) * self.columns];
        let lower = &self.knots[(top + 1) * self.columns..(top + 2) * self.columns];
        for ((slot, a), b) in self.line.iter_mut().zip(upper).zip(lower) {
            *slot = (a + (b - a) * down) * scale;
        }
        match self.apart[0] {
            2 => between::<2>(&self.line, out),
            3 => between::<3>(&self.line, out),
            4 => between::<4>(&self.line, out),
            5 => between::<5>(&self.line, out),
            _ => self.between_any(out),
        }
    }

    fn between_any(&self, out: &mut [f32]) {
        for (span, ends) in out.chunks_mut(self.apart[0]).zip(self.line.windows(2)) {
            let (from, by) = (ends[0], ends[1] - ends[0]);
            span.iter_mut().zip(&self.shares).for_each(|(slot, share)| *slot += from + by * share);
        }
    }
}

/// As [`Lattice::between_any`], for a number of pixels that the compiler knows.
fn between<const APART: usize>(line: &[f32], out: &mut [f32]) {
    let shares: [f32; APART] = std::array::from_fn(|i| i as f32 / APART as f32);
    let whole = out.len() / APART;
    let (spans, rest) = out.as_chunks_mut::<APART>();
    for (span, ends) in spans.iter_mut().zip(line.windows(2)) {
        let (from, by) = (ends[0], ends[1] - ends[0]);
        span.iter_mut().zip(&shares).for_each(|(slot, share)| *slot += from + by * share);
    }
    for (slot, share) in rest.iter_mut().zip(&shares) {
        *slot += line[whole] + (line[whole + 1] - line[whole]) * share;
    }
}

/// Noise that only few pixels need: knots are computed when one is asked for.
pub(crate) struct Bumps {
    seed: u64,
    /// Width of a bump, mm.
    scale: f32,
    /// Knots per pixel; 0 when there would be one for about each.
    dense: [f32; 2],
    columns: usize,
    knots: Vec<f32>,
}

impl Bumps {
    /// Knots per bump.
    const KNOTS: f32 = 5.0;

    fn new(plane: &Plane, seed: u64, scale: f32) -> Self {
        let dense = plane.pixel().map(|mm| mm * Self::KNOTS / scale);
        if dense[0].max(dense[1]) > 0.6 {
            return Bumps { seed, scale, dense: [0.0; 2], columns: 0, knots: Vec::new() };
        }
        let count = |pixels: usize, dense: f32| (pixels as f32 * dense) as usize + 3;
        let (columns, rows) = (count(plane.width, dense[0]), count(plane.height, dense[1]));
        Bumps { seed, scale, dense, columns, knots: vec![f32::NAN; columns * rows] }
    }

    /// Which one of some has a seed and a width; it is added when none has.
    pub(crate) fn find(known: &mut Vec<Self>, plane: &Plane, seed: u64, scale: f32) -> usize {
        known.iter().position(|b| b.seed == seed && b.scale == scale).unwrap_or_else(|| {
            known.push(Bumps::new(plane, seed, scale));
            known.len() - 1
        })
    }

    /// The noise at a pixel, -1..1.
    pub(crate) fn at(&mut self, plane: &Plane, column: usize, row: usize) -> f32 {
        if self.columns == 0 {
            return self.noise(plane, column as f32, row as f32);
        }
        let (x, y) = (column as f32 * self.dense[0], row as f32 * self.dense[1]);
        let (left, top) = (x as usize, y as usize);
        let (u, v) = (x - left as f32, y - top as f32);
        let upper = self.pair(plane, left, top, u);
        upper + (self.pair(plane, left, top + 1, u) - upper) * v
    }

    fn pair(&mut self, plane: &Plane, left: usize, row: usize, share: f32) -> f32 {
        let at = row * self.columns + left;
        for i in 0..2 {
            if self.knots[at + i].is_nan() {
                let (x, y) = ((left + i) as f32 / self.dense[0], row as f32 / self.dense[1]);
                self.knots[at + i] = self.noise(plane, x, y);
            }
        }
        self.knots[at] + (self.knots[at + 1] - self.knots[at]) * share
    }

    fn noise(&self, plane: &Plane, column: f32, row: f32) -> f32 {
        noise3(self.seed, plane.at(column, row).map(|v| v / self.scale))
    }
}
