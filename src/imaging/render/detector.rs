//! What a detector and a reading workstation make of the paths of rays.

use super::dx::{BITS, Grid};
use super::shadows::Shadows;
use crate::imaging::maths::{exp, ln};
use crate::imaging::noise::{Rng, blur, blur_row};

/// Attenuation of water at the beam's energy, per mm.
const WATER: f32 = 0.0205;

/// Share of scattered radiation that a grid lets through.
const SCATTER: f32 = 0.28;

/// Rows that are worked on together: they stay in the processor's cache.
const BAND: usize = 32;

/// What is left of the light of each ray behind soft parts, mm of water on a coarse grid, and behind all
/// that is sharp.
pub(crate) fn expose(soft: &[f32], coarse: &Grid, grid: &Grid, mut shadows: Shadows) -> Vec<f32> {
    let stretch = Stretch::new(coarse, grid);
    let mut light = vec![0.0; grid.width * grid.height];
    for (band, top) in light.chunks_mut(BAND * grid.width).zip((0..).step_by(BAND)) {
        for (line, y) in band.chunks_exact_mut(grid.width).zip(top..) {
            stretch.row(soft, y, line);
        }
        shadows.add(grid, top, band);
        band.iter_mut().for_each(|v| *v = exp(-*v * WATER));
    }
    light
}

/// The processed image of what light is left, which is worked on in place: an image is large.
pub(crate) fn read(rng: &mut Rng, mut light: Vec<f32>, grid: &Grid) -> Vec<u16> {
    detect(rng, &mut light, grid);
    shade(&light, grid)
}

/// Radiation at the detector, as its logarithm: what is left, what was scattered, and that light
/// comes in quanta.
fn detect(rng: &mut Rng, signal: &mut [f32], grid: &Grid) {
    let scattered = Wide::of(signal, grid, 22.0);
    let mut quanta = vec![0.0; grid.width + 1];
    let mut around = vec![0.0; grid.width];
    for (y, line) in signal.chunks_exact_mut(grid.width).enumerate() {
        scattered.row(y, &mut around);
        rng.fill_normal(&mut quanta);
        for ((v, s), pair) in line.iter_mut().zip(&around).zip(quanta.windows(2)) {
            let light = (*v * (1.0 - SCATTER) + s * SCATTER).max(1e-5);
            // Neighbours share some of their light.
            let spread = 0.75 * pair[1] + 0.5 * pair[0];
            *v = spread * 0.0028 / light.sqrt() - ln(light);
        }
    }
}

/// What the workstation makes of it: coarse contrast reduced, edges raised, spread over all values.
fn shade(signal: &[f32], grid: &Grid) -> Vec<u16> {
    /// Of so many rows and columns one is looked at to find the range of values.
    const SAMPLED: [usize; 2] = [16, 5];
    let mut shader = Shader::new(signal, grid);
    let mut sample = Vec::new();
    for y in (0..grid.height).step_by(SAMPLED[0]) {
        let seen = &signal[y * grid.width..(y + 1) * grid.width];
        let pairs = shader.row(y).iter().zip(seen).step_by(SAMPLED[1]);
        sample.extend(pairs.filter(|(_, seen)| **seen > 0.12).map(|(value, _)| *value));
    }
    let mut at = |share: f32| {
        let place = (share * sample.len() as f32) as usize;
        let found = place < sample.len();
        found.then(|| *sample.select_nth_unstable_by(place, f32::total_cmp).1)
    };
    let (low, high) = (at(0.004).unwrap_or(0.0), at(0.996).unwrap_or(1.0) + 0.1);
    let top = f32::from((1u16 << BITS) - 1);
    let scale = top / (high - low).max(0.1);
    let mut samples = Vec::with_capacity(signal.len());
    for y in 0..grid.height {
        samples.extend(shader.row(y).iter().map(|v| ((v - low) * scale).clamp(0.0, top) as i32 as u16));
    }
    samples
}

/// Computes rows of the processed image, before they are spread.
struct Shader<'a> {
    signal: &'a [f32],
    grid: &'a Grid,
    coarse: Wide,
    /// Radius of the box that edges are raised against, pixels.
    radius: usize,
    padded: Vec<f32>,
    sums: Vec<f32>,
    fine: Vec<f32>,
    out: Vec<f32>,
}

impl<'a> Shader<'a> {
    fn new(signal: &'a [f32], grid: &'a Grid) -> Self {
        let radius = ((0.7 / grid.pixel) as usize).max(1);
        let line = || vec![0.0; grid.width];
        Shader {
            signal,
            grid,
            coarse: Wide::of(signal, grid, 16.0),
            radius,
            padded: vec![0.0; grid.width + 2 * radius],
            sums: line(),
            fine: line(),
            out: line(),
        }
    }

    fn row(&mut self, y: usize) -> &[f32] {
        let (width, last) = (self.grid.width, self.grid.height - 1);
        let line = |y: usize| &self.signal[y.min(last) * width..(y.min(last) + 1) * width];
        self.sums.fill(0.0);
        for shift in 0..=2 * self.radius {
            let near = line((y + shift).saturating_sub(self.radius));
            self.sums.iter_mut().zip(near).for_each(|(sum, v)| *sum += v);
        }
        blur_row(&self.sums, &mut self.padded, self.radius, &mut self.fine);
        self.coarse.row(y, &mut self.out);
        let share = 0.5 / (2 * self.radius + 1) as f32;
        for ((slot, v), fine) in self.out.iter_mut().zip(line(y)).zip(&self.fine) {
            *slot = 1.5 * v - 0.38 * *slot - share * fine;
        }
        &self.out
    }
}

/// A wide blur of a picture, computed on a grid of some 2 mm and drawn straight between.
struct Wide {
    means: Vec<f32>,
    stretch: Stretch,
}

impl Wide {
    fn of(full: &[f32], grid: &Grid, width: f32) -> Self {
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
            let row = (y * step + step / 2).min(grid.height - 1);
            for x in 0..small.width {
                let column = (x * step).min(grid.width - 1);
                let line =
                    &full[row * grid.width + column..row * grid.width + (column + step).min(grid.width)];
                means.push(line.iter().sum::<f32>() / line.len() as f32);
            }
        }
        blur(&mut means, small.width, small.height, (width / small.pixel) as usize);
        Wide { means, stretch: Stretch::new(&small, grid) }
    }

    fn row(&self, y: usize, out: &mut [f32]) {
        self.stretch.row(&self.means, y, out);
    }
}

/// How a coarse grid is drawn on a fine one: bilinear, from cell centres to cell centres.
struct Stretch {
    /// Fine pixels per coarse one, inverted.
    ratio: f32,
    width: usize,
    height: usize,
    /// Runs of pixels after the same cell: the end of the run, and the cell.
    runs: Vec<(usize, usize)>,
    /// Of each pixel, how far it lies from its cell to the next.
    shares: Vec<f32>,
}

impl Stretch {
    fn new(coarse: &Grid, grid: &Grid) -> Self {
        let ratio = grid.pixel / coarse.pixel;
        let mut stretch = Stretch {
            ratio,
            width: coarse.width,
            height: coarse.height,
            runs: Vec::with_capacity(coarse.width),
            shares: Vec::with_capacity(grid.width),
        };
        for x in 0..grid.width {
            let (cell, share) = stretch.place(x, coarse.width);
            stretch.shares.push(share);
            match stretch.runs.last_mut() {
                Some((end, known)) if *known == cell => *end = x + 1,
                _ => stretch.runs.push((x + 1, cell)),
            }
        }
        stretch
    }

    fn place(&self, i: usize, cells: usize) -> (usize, f32) {
        let at = ((i as f32 + 0.5) * self.ratio - 0.5).clamp(0.0, cells as f32 - 1.0);
        let low = (at as usize).min(cells - 2);
        (low, at - low as f32)
    }

    fn row(&self, from: &[f32], y: usize, out: &mut [f32]) {
        let (row, down) = self.place(y, self.height);
        let upper = &from[row * self.width..(row + 1) * self.width];
        let lower = &from[(row + 1) * self.width..(row + 2) * self.width];
        let knot = |cell: usize| upper[cell] + (lower[cell] - upper[cell]) * down;
        let mut start = 0;
        for &(end, cell) in &self.runs {
            let (first, by) = (knot(cell), knot(cell + 1) - knot(cell));
            let run = out[start..end].iter_mut().zip(&self.shares[start..end]);
            run.for_each(|(slot, share)| *slot = first + by * share);
            start = end;
        }
    }
}
