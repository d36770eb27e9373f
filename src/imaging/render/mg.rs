//! Mammography: a compressed breast of fat, gland and skin, seen from above or slantwise.

use super::Frame;
use super::dx::BITS;
use crate::imaging::anatomy::Build;
use crate::imaging::glyphs::Canvas;
use crate::imaging::lattice::Lattice;
use crate::imaging::noise::{Rng, blur_row, mix, noise3};
use crate::imaging::plane::Plane;
use crate::world::{Finding, Study, Wording};

/// Detector pixel, mm.
pub(crate) const PIXEL: f32 = 0.1;

/// Columns and rows of the detector.
pub(crate) const SIZE: (usize, usize) = (1914, 2294);

/// From above, or slantwise from the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Cc,
    Mlo,
}

/// One breast in the paddle.
#[derive(Debug, Clone)]
pub(crate) struct Breast {
    pub(crate) left: bool,
    pub(crate) view: View,
    /// Between paddle and detector, mm.
    pub(crate) thickness: f32,
    /// Newtons.
    pub(crate) force: f32,
    seed: u64,
    /// From the chest wall to the nipple and half the height, mm.
    reach: f32,
    half: f32,
    /// Share of gland, 0..1.
    dense: f32,
    /// Middle from the chest wall and the axis, and radii, mm.
    mass: Option<[f32; 4]>,
}

impl Breast {
    /// The breast of one of the four views; a mass is where and as large as the report says.
    pub(crate) fn of(study: &Study, name: &str, wording: &Wording, build: Build) -> Self {
        let left = name.trim_start().starts_with('L');
        let view = if name.contains("MLO") { View::Mlo } else { View::Cc };
        // Both sides of a woman are alike, and not the same.
        let mut rng = Rng::new(build.seed, "breasts");
        let (fat, age) = (build.fat(), build.age);
        let reach = 62.0 + 48.0 * fat + rng.range(-8.0, 10.0);
        let half = 66.0 + 26.0 * fat + rng.range(-6.0, 8.0);
        let young = 0.75 - 0.011 * (age - 35.0) + rng.range(-0.15, 0.15) - 0.2 * fat;
        let own = mix(build.seed ^ u64::from(left) ^ 0xB5);
        let mut mine = Rng::new(own, "side");
        let thickness =
            (38.0 + 26.0 * fat + mine.range(-3.0, 3.0)).round() + if view == View::Mlo { 3.0 } else { 0.0 };
        let mut breast = Breast {
            left,
            view,
            thickness,
            force: (86.0 + mine.range(-14.0, 30.0)).round(),
            seed: own ^ if view == View::Mlo { 0x310 } else { 0 },
            reach: reach * mine.range(0.97, 1.03),
            half: half * mine.range(0.97, 1.03) * if view == View::Mlo { 1.12 } else { 1.0 },
            dense: young.clamp(0.12, 0.85),
            mass: None,
        };
        breast.mass = breast.mass_of(study, wording);
        breast
    }

    fn mass_of(&self, study: &Study, wording: &Wording) -> Option<[f32; 4]> {
        let mut rng = Rng::new(study.seed, "mass");
        let drawn = rng.unit() < 0.5;
        let left = wording.get("side").map_or(drawn, |side| side == "左");
        if study.finding != Finding::BreastMass || left != self.left {
            return None;
        }
        let size = |word: &str, or: f32| wording.get(word).and_then(|mm| mm.parse().ok()).unwrap_or(or) / 2.0;
        let (long, short) = (size("mid", 18.0), size("mm", 11.0));
        let quadrant = wording.get("quadrant").unwrap_or("外上");
        // Up in the picture is outwards from above, and the head from the side.
        let high = match self.view {
            View::Cc => quadrant.starts_with('外'),
            View::Mlo => quadrant.ends_with('上'),
        };
        let deep = self.reach * rng.range(0.38, 0.62);
        let beside = self.half * rng.range(0.22, 0.42);
        Some([deep, if high { -beside } else { beside }, long, short])
    }

    /// How far inside the skin a place is, mm: `u` from the chest wall, `v` downwards from the nipple.
    fn depth(&self, u: f32, v: f32) -> f32 {
        let sag = if self.view == View::Mlo { 0.10 * (v - 10.0) } else { 0.0 };
        let (x, y) = (u / (self.reach + sag).max(20.0), v / self.half);
        let power = if self.view == View::Mlo && v < 0.0 { 0.62 } else { 1.0 };
        let level = x * x + (y * y).powf(1.25 * power);
        let body = (1.0 - level.sqrt()) * self.reach.min(self.half);
        // The nipple stands out a little.
        let (tip, beside) = (u - self.reach + 1.4, v * 0.9);
        let nipple = 4.4 - (tip * tip + beside * beside).sqrt();
        body.max(nipple * 0.8)
    }

    /// The pectoral muscle behind the upper part of a slanted view.
    fn pectoral(&self, u: f32, v: f32) -> f32 {
        if self.view == View::Cc {
            return 0.0;
        }
        let edge = 46.0 - 0.46 * (v + self.half + 18.0);
        ((edge - u) / 2.5 + 0.5).clamp(0.0, 1.0)
    }
}

/// The processed image: gland bright, air black.
pub(crate) fn draw(breast: &Breast) -> Frame {
    let (width, height) = SIZE;
    let plane = Plane {
        origin: [0.0, -(height as f32) * PIXEL / 2.0, 0.0],
        across: [PIXEL, 0.0, 0.0],
        down: [0.0, PIXEL, 0.0],
        width,
        height,
    };
    let mut depth = Lattice::new(&plane, 0.8, |p| breast.depth(p[0], p[1]));
    let mut gland = Lattice::new(&plane, 1.1, |p| gland(breast, p[0], p[1]));
    let mut strands = Lattice::new(&plane, 0.45, |p| strands(breast.seed, p[0], p[1]));
    let mut path = vec![0.0; width * height];
    let mut fields = [vec![0.0; width], vec![0.0; width], vec![0.0; width]];
    for (row, line) in path.chunks_exact_mut(width).enumerate() {
        for (field, out) in [&mut depth, &mut gland, &mut strands].into_iter().zip(&mut fields) {
            out.fill(0.0);
            field.add_row(row, 1.0, out);
        }
        let v = plane.origin[1] + row as f32 * PIXEL;
        for (i, slot) in line.iter_mut().enumerate() {
            let inside = fields[0][i];
            if inside > -0.4 {
                *slot = tissue(breast, [i as f32 * PIXEL, v], inside, fields[1][i], fields[2][i]);
            }
        }
    }
    calcifications(breast, &mut path, plane.origin[1]);
    let mut samples = processed(breast, &path);
    marker(breast, &mut samples);
    Frame { width, height, samples }
}

/// Edges raised, quanta added, and the right breast turned to its side.
fn processed(breast: &Breast, path: &[f32]) -> Vec<u16> {
    /// Of the box that edges are raised against, pixels.
    const RADIUS: usize = 3;
    const SIZE_OF_BOX: f32 = (2 * RADIUS + 1) as f32;
    let (width, height) = SIZE;
    let top = f32::from((1u16 << BITS) - 1);
    let mut rng = Rng::new(breast.seed, "quanta");
    let line = || vec![0.0; width];
    let (mut sums, mut soft, mut quanta) = (line(), line(), line());
    let mut padded = vec![0.0; width + 2 * RADIUS];
    let mut samples = vec![0u16; path.len()];
    for (row, out) in samples.chunks_exact_mut(width).enumerate() {
        sums.fill(0.0);
        for near in row..=row + 2 * RADIUS {
            let near = near.saturating_sub(RADIUS).min(height - 1) * width;
            sums.iter_mut().zip(&path[near..near + width]).for_each(|(sum, v)| *sum += v);
        }
        blur_row(&sums, &mut padded, RADIUS, &mut soft);
        rng.fill_normal(&mut quanta);
        let sharp = &path[row * width..(row + 1) * width];
        for (((slot, sharp), soft), quantum) in out.iter_mut().zip(sharp).zip(&soft).zip(&quanta) {
            let value = sharp + 0.7 * (sharp - soft / SIZE_OF_BOX);
            let seen = (value * 4300.0 - 380.0 + 40.0 * quantum).clamp(60.0, top) as i32 as u16;
            *slot = if *sharp > 0.0 { seen } else { 0 };
        }
        if !breast.left {
            out.reverse();
        }
    }
    samples
}

/// How bright a ray through a place is, about 0..1.3.
fn tissue(breast: &Breast, [u, v]: [f32; 2], inside: f32, gland: f32, strands: f32) -> f32 {
    let rim = (inside / (breast.thickness * 0.32)).clamp(0.0, 1.0);
    let thick = 0.35 + 0.65 * (rim * (2.0 - rim)).sqrt();
    let skin = (1.0 - ((inside - 0.9) / 0.9).abs()).max(0.0) * 0.24;
    let fat = 0.26 * thick;
    let ridges = (1.0 - strands.abs() * 2.2).max(0.0);
    let web = 0.10 * ridges * ridges * (0.35 + gland);
    let dense = gland * (0.50 + 0.22 * strands) * thick;
    let pectoral = breast.pectoral(u, v) * (0.42 + 0.05 * strands);
    let lump = breast.mass.map_or(0.0, |mass| lump(breast.seed, mass, u, v));
    (fat + skin + web + dense + pectoral + lump) * ((inside + 0.4) / 0.8).clamp(0.0, 1.0)
}

/// Share of gland along a ray: a cone behind the nipple, broken up by lobes of fat.
fn gland(breast: &Breast, u: f32, v: f32) -> f32 {
    let (x, y) = ((u - breast.reach * 0.56) / (breast.reach * 0.42), (v + 4.0) / (breast.half * 0.62));
    let cone = (1.15 - x * x - y * y).clamp(0.0, 1.0);
    let at = |scale: f32, salt: u64| noise3(breast.seed ^ salt, [u / scale, v / scale, 0.5]);
    let lobes = 0.5 + 0.55 * at(17.0, 1) + 0.38 * at(7.5, 2) + 0.2 * at(3.4, 3);
    (cone * (lobes + 1.1 * breast.dense - 0.45)).clamp(0.0, 1.0)
}

/// Fibres, ducts and vessels: where a field of noise crosses zero.
fn strands(seed: u64, u: f32, v: f32) -> f32 {
    let at = |scale: f32, salt: u64| noise3(seed ^ salt, [u / scale, v / scale, 3.5]);
    0.7 * at(9.0, 11) + 0.45 * at(3.2, 12) + 0.2 * at(1.4, 13)
}

/// A dense lump with rays that pull on what lies around it.
fn lump(seed: u64, [u0, v0, long, short]: [f32; 4], u: f32, v: f32) -> f32 {
    let (du, dv) = ((u - u0) / short, (v - v0) / long);
    let far = (du * du + dv * dv).sqrt();
    if far > 2.4 {
        return 0.0;
    }
    let turn = dv.atan2(du);
    let ray = noise3(seed ^ 0x57A2, [turn.cos() * 3.5, turn.sin() * 3.5, 0.0]);
    let edge = 1.0 + 0.14 * ray;
    let core = ((edge - far) / 0.22 + 0.5).clamp(0.0, 1.0);
    let fine = noise3(seed ^ 0x57A3, [turn.cos() * 9.0, turn.sin() * 9.0, far * 0.4]);
    let rays = (1.0 - fine.abs() * 4.0).max(0.0) * (1.0 - (far - 1.0).abs() / 1.3).clamp(0.0, 1.0);
    0.30 * core + 0.13 * rays
}

/// A few round ones that mean nothing.
fn calcifications(breast: &Breast, path: &mut [f32], top: f32) {
    let mut rng = Rng::new(breast.seed, "grit");
    let (width, height) = SIZE;
    for _ in 0..2 + (rng.next() % 5) {
        let (u, v) = (breast.reach * rng.range(0.2, 0.8), breast.half * rng.range(-0.6, 0.6));
        let radius = rng.range(1.5, 4.0);
        let (column, row) = (u / PIXEL, (v - top) / PIXEL);
        for dy in -5i32..=5 {
            for dx in -5i32..=5 {
                let (x, y) = (column as i32 + dx, row as i32 + dy);
                let inside = (0..width as i32).contains(&x) && (0..height as i32).contains(&y);
                let share = (radius - (dx as f32).hypot(dy as f32)).clamp(0.0, 1.0);
                if inside {
                    path[y as usize * width + x as usize] += 0.5 * share;
                }
            }
        }
    }
}

/// The lead letters beside the breast, towards the armpit.
fn marker(breast: &Breast, samples: &mut [u16]) {
    const LARGE: usize = 5;
    let (width, _) = SIZE;
    let name = match (breast.left, breast.view) {
        (false, View::Cc) => "RCC",
        (true, View::Cc) => "LCC",
        (false, View::Mlo) => "RMLO",
        (true, View::Mlo) => "LMLO",
    };
    let columns = name.len() * 8;
    let mut dots = vec![0u8; columns * 16];
    Canvas::new(&mut dots, columns).write(name, 0, 0, 1);
    let left = if breast.left { width - columns * LARGE - 120 } else { 120 };
    for (i, _) in dots.iter().enumerate().filter(|(_, dot)| **dot == 1) {
        let (x, y) = (left + (i % columns) * LARGE, 160 + (i / columns) * LARGE);
        for row in y..y + LARGE {
            samples[row * width + x..row * width + x + LARGE].fill(3900);
        }
    }
}
