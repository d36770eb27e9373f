//! What is soft in a radiograph: how much tissue each ray meets, found from where it enters and leaves
//! each solid.

use std::ops::Range;

use super::dx::{Exposure, Grid};
use super::shadows::is_sharp;
use crate::imaging::anatomy::Body;
use crate::imaging::brush::BEND;
use crate::imaging::lattice::{Bumps, Lattice};
use crate::imaging::plane::Plane;
use crate::imaging::solid::{Clip, P3, Shape, Solid};
use crate::imaging::tissue::Tissue;

/// Millimetres of water that each coarse ray crosses, without bones and lung vessels.
pub(crate) fn soft_parts(body: &Body, exposure: &Exposure, grid: &Grid) -> Vec<f32> {
    let half = grid.pixel / 2.0;
    let plane = Plane {
        origin: [grid.left + half, 0.0, grid.top - half],
        across: [grid.pixel, 0.0, 0.0],
        down: [0.0, 0.0, -grid.pixel],
        width: grid.width,
        height: grid.height,
    };
    let mut bends = Bends::new(body, &plane, exposure.depth);
    let mut bumps = Vec::new();
    // What was painted last hides what it was painted on.
    let solids = body.solids.iter().rev().filter(|s| !is_sharp(s) && s.tissue != Tissue::Table);
    let parts: Vec<Part<'_>> =
        solids.filter_map(|s| Part::new(body, s, &plane, &bends, &mut bumps)).collect();
    let mut rays: Vec<Ray> = (0..grid.width).map(|_| Ray::default()).collect();
    let mut out = Vec::with_capacity(grid.width * grid.height);
    for row in 0..grid.height {
        bends.start(row, body.warp);
        rays.iter_mut().for_each(|ray| ray.start(exposure.depth / 2.0));
        for part in parts.iter().filter(|part| (part.window[2]..part.window[3]).contains(&row)) {
            part.cross(&plane, &bends, &mut bumps, row, &mut rays);
        }
        out.extend(rays.iter().map(|ray| ray.path));
    }
    soften(&mut out, grid);
    out
}

/// Rays are thin: takes the steps out of outlines.
fn soften(out: &mut [f32], grid: &Grid) {
    for row in out.chunks_exact_mut(grid.width) {
        three(row.len(), 1, row);
    }
    for column in 0..grid.width {
        three(grid.height, grid.width, &mut out[column..]);
    }
}

/// Each of `count` values, `step` apart, becomes half of itself and a quarter of each neighbour.
fn three(count: usize, step: usize, values: &mut [f32]) {
    let mut before = values[0];
    for i in 0..count {
        let (here, after) = (values[i * step], values[(i + 1).min(count - 1) * step]);
        values[i * step] = 0.25 * (before + after) + 0.5 * here;
        before = here;
    }
}

/// One ray from front to back.
#[derive(Default)]
struct Ray {
    /// Pieces of it that are not yet filled: from, to, and how much is open.
    free: Vec<[f32; 3]>,
    spare: Vec<[f32; 3]>,
    /// Water so far, mm.
    path: f32,
}

impl Ray {
    /// What is open less than this is taken as filled.
    const SHUT: f32 = 0.004;

    fn start(&mut self, half: f32) {
        self.free.clear();
        self.free.push([-half, half, 1.0]);
        self.path = 0.0;
    }

    /// Fills what is free between two depths.
    fn fill(&mut self, from: f32, to: f32, opacity: f32, density: f32) {
        if self.free.iter().all(|[a, b, _]| *a >= to || *b <= from) {
            return;
        }
        self.spare.clear();
        for &[a, b, open] in &self.free {
            let (start, end) = (a.max(from), b.min(to));
            if start >= end {
                self.spare.push([a, b, open]);
                continue;
            }
            self.path += open * opacity * density * (end - start);
            let left = open * (1.0 - opacity);
            let pieces = [[a, start, open], [start, end, left], [end, b, open]];
            self.spare.extend(pieces.into_iter().filter(|[a, b, open]| b > a && *open > Self::SHUT));
        }
        std::mem::swap(&mut self.free, &mut self.spare);
    }
}

/// How far the body is bent, at some depths.
struct Bends {
    /// The first depth, mm.
    front: f32,
    /// For each depth and axis.
    fields: Vec<[Lattice; 3]>,
    row: Vec<[Vec<f32>; 3]>,
}

impl Bends {
    /// From depth to depth, mm.
    const APART: f32 = BEND / 2.0;

    fn new(body: &Body, plane: &Plane, depth: f32) -> Self {
        let front = -depth / 2.0;
        let count = (depth / Self::APART) as usize + 1;
        let at = |i: usize| {
            let [x, _, z] = plane.origin;
            let plane = Plane { origin: [x, front + i as f32 * Self::APART, z], ..plane.clone() };
            std::array::from_fn(|axis| body.bends(&plane, BEND / 4.0, axis))
        };
        let line = || std::array::from_fn(|_| vec![0.0; plane.width]);
        Bends { front, fields: (0..count).map(at).collect(), row: (0..count).map(|_| line()).collect() }
    }

    fn start(&mut self, row: usize, warp: f32) {
        for (fields, lines) in self.fields.iter_mut().zip(&mut self.row) {
            for (field, line) in fields.iter_mut().zip(lines) {
                line.fill(0.0);
                field.add_row(row, warp, line);
            }
        }
    }

    /// The depth that is nearest to a place.
    fn nearest(&self, y: f32) -> usize {
        (((y - self.front) / Self::APART + 0.5).max(0.0) as usize).min(self.fields.len() - 1)
    }
}

/// A solid that rays cross.
struct Part<'a> {
    solid: &'a Solid,
    window: [usize; 4],
    density: f32,
    opacity: f32,
    /// Which of the bends moves it.
    depth: usize,
    rough: Option<usize>,
    /// Width of the edges that cut it, mm.
    edge: f32,
    /// How far beyond its shape it may be seen, mm.
    reach: f32,
    /// How far its edge fades inwards and outwards, mm.
    haze: f32,
}

/// Share that winding sheets fill.
const SHEETS: f32 = 0.22;

impl<'a> Part<'a> {
    fn new(
        body: &Body,
        solid: &'a Solid,
        plane: &Plane,
        bends: &Bends,
        bumps: &mut Vec<Bumps>,
    ) -> Option<Self> {
        let reach = solid.margin(0.0) + body.warp;
        let (low, high) = solid.bounds(reach);
        // Rays have no ends: only their columns and rows count.
        let window = plane.window([low[0], f32::NEG_INFINITY, low[2]], [high[0], f32::INFINITY, high[2]])?;
        let seed = body.seed ^ 0xED6E;
        let rough = (solid.rough > 0.0).then(|| Bumps::find(bumps, plane, seed, solid.rough_scale));
        let sheets = if solid.sheets > 0.0 { SHEETS } else { 1.0 };
        Some(Part {
            solid,
            window,
            density: (1.0 + solid.tissue.hounsfield().0 / 1000.0).max(0.0),
            opacity: solid.opacity * sheets,
            depth: bends.nearest((low[1] + high[1]) / 2.0),
            rough,
            edge: solid.soft + plane.pixel()[0],
            reach,
            // Along a ray the bumps of a soft solid blur into one another.
            haze: if solid.soft > 0.0 { solid.soft / 2.0 + solid.rough } else { 0.0 },
        })
    }

    /// Columns of a row that it may reach.
    fn columns(&self, plane: &Plane, z: f32) -> Range<usize> {
        let [left, right, ..] = self.window;
        let Shape::Ellipsoid { centre, radii, boxy, .. } = &self.solid.shape else { return left..right };
        let high = ((z - centre[2]).abs() - self.reach).max(0.0) / radii[2];
        let room = (1.0 - if *boxy > 0.0 { high.powi(4) } else { high * high }).max(0.0).sqrt();
        let (low, most) = self.solid.bounds(0.0);
        let half = (most[0] - low[0]) / 2.0 * if *boxy > 0.0 { room.sqrt() } else { room } + self.reach;
        let column = |x: f32| ((x - plane.origin[0]) / plane.across[0]).max(0.0) as usize;
        let start = column(centre[0] - half).clamp(left, right);
        start..(column(centre[0] + half) + 2).clamp(start, right)
    }

    /// Fills the rays of a row where they run through it.
    fn cross(&self, plane: &Plane, bends: &Bends, bumps: &mut [Bumps], row: usize, rays: &mut [Ray]) {
        let [bend_x, bend_y, bend_z] = &bends.row[self.depth];
        let start = plane.at(0.0, row as f32);
        for column in self.columns(plane, start[2]) {
            let x = start[0] + column as f32 * plane.across[0];
            let from = [x + bend_x[column], bend_y[column], start[2] + bend_z[column]];
            let grown =
                self.rough.map_or(0.0, |rough| self.solid.rough * bumps[rough].at(plane, column, row));
            let crossed = match &self.solid.shape {
                Shape::Ellipsoid { centre, radii, turn, boxy } => {
                    let d = [from[0] - centre[0], from[1] - centre[1], from[2] - centre[2]];
                    Line::new(d, *radii, *turn).cross(*boxy, grown, self.haze)
                }
                Shape::Capsule { a, b, ra, rb } => through_tube(from, *a, *b, ra + grown, rb + grown),
            };
            let Some((mut front, mut back)) = crossed else { continue };
            let mut opacity = self.opacity;
            if let Some(clip) = self.solid.clip {
                opacity *= cut(clip, from, self.edge, &mut front, &mut back);
            }
            if front < back && opacity > 0.0 {
                rays[column].fill(front, back, opacity, self.density);
            }
        }
    }
}

/// A ray in the measures of an ellipsoid: where it starts, and what a step of a millimetre is.
struct Line {
    from: P3,
    step: P3,
    /// One over the square of each radius.
    steep: P3,
}

impl Line {
    /// From a place relative to the middle.
    fn new(d: P3, radii: P3, (c, s): (f32, f32)) -> Self {
        let scale = radii.map(|r| 1.0 / r);
        Line {
            from: [(c * d[0] + s * d[1]) * scale[0], (c * d[1] - s * d[0]) * scale[1], d[2] * scale[2]],
            step: [s * scale[0], c * scale[1], 0.0],
            steep: scale.map(|v| v * v),
        }
    }

    /// Where it enters and leaves a form that is `grown` mm larger and fades over `haze` mm.
    fn cross(&self, boxy: f32, grown: f32, haze: f32) -> Option<(f32, f32)> {
        let a = self.step[0] * self.step[0] + self.step[1] * self.step[1];
        let middle = -(self.from[0] * self.step[0] + self.from[1] * self.step[1]) / a;
        let q = self.squares(middle);
        let nearest = q[0] + q[1] + q[2];
        // How fast the level grows with the distance there, per mm.
        let slope = if nearest > 1e-4 {
            ((q[0] * self.steep[0] + q[1] * self.steep[1] + q[2] * self.steep[2]) / nearest).sqrt()
        } else {
            self.steep[0].max(self.steep[1]).sqrt()
        };
        let level = (1.0 + grown * slope).max(0.0).powi(2);
        if boxy > 0.0 && self.step[0].abs().min(self.step[1].abs()) < 1e-6 {
            return self.cross_straight(boxy, level);
        }
        if boxy > 0.0 {
            let room = level / (1.0 - 0.423 * boxy) - nearest;
            let half = (room.max(0.0) / a).sqrt();
            let front = self.approach(middle, middle - half, boxy, level)?;
            return Some((front, self.approach(middle, middle + half, boxy, level)?));
        }
        let (room, haze) = (level - nearest, haze * slope);
        if room <= -haze {
            return None;
        }
        let half = if haze > 1e-3 {
            // The mean of all surfaces between the inner and the outer one.
            let (outer, inner) = (room + haze, (room - haze).max(0.0));
            (outer * outer.sqrt() - inner * inner.sqrt()) / (3.0 * haze * a.sqrt())
        } else {
            (room / a).sqrt()
        };
        Some((middle - half, middle + half))
    }

    /// As [`Line::cross`], through a rounded box along one of its axes: only one square changes, and
    /// the level is quadratic in it.
    fn cross_straight(&self, boxy: f32, level: f32) -> Option<(f32, f32)> {
        let (along, beside) = if self.step[0].abs() < 1e-6 { (1, 0) } else { (0, 1) };
        let (u, w) = (self.from[beside].powi(2), self.from[2].powi(2));
        let round = 1.0 - boxy;
        let left = level - round * (u + w);
        let room = left * left - boxy * boxy * (u * u + w * w);
        if left <= 0.0 || room <= 0.0 {
            return None;
        }
        let root = left * left * round * round + (2.0 * boxy - 1.0) * room;
        let square = room / (left * round + root.max(0.0).sqrt());
        let (middle, half) = (-self.from[along] / self.step[along], square.sqrt() / self.step[along].abs());
        Some((middle - half, middle + half))
    }

    fn squares(&self, t: f32) -> P3 {
        std::array::from_fn(|i| (self.from[i] + self.step[i] * t).powi(2))
    }

    /// Newton's steps to the surface of a rounded box, from outside.
    fn approach(&self, middle: f32, start: f32, boxy: f32, level: f32) -> Option<f32> {
        const STEPS: usize = 4;
        let mut t = start;
        for _ in 0..STEPS {
            let n: P3 = std::array::from_fn(|i| self.from[i] + self.step[i] * t);
            let q = n.map(|v| v * v);
            let square = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]).sqrt().max(1e-6);
            let round = q[0] + q[1] + q[2];
            let over = round + (square - round) * boxy - level;
            let slope: f32 =
                (0..2).map(|i| 2.0 * n[i] * self.step[i] * (1.0 - boxy + boxy * q[i] / square)).sum();
            // Past the nearest point: the ray misses it.
            if slope * (start - middle) <= 0.0 {
                return (over <= 0.0).then_some(t);
            }
            t -= over / slope;
        }
        ((t - middle) * (start - middle) > 0.0).then_some(t)
    }
}

/// Where a ray enters and leaves a tube: its cone between the ends, and the balls at the ends.
fn through_tube(from: P3, a: P3, b: P3, ra: f32, rb: f32) -> Option<(f32, f32)> {
    let axis = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    let square = axis.iter().map(|v| v * v).sum::<f32>();
    let join = |one: Option<(f32, f32)>, other: Option<(f32, f32)>| match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    };
    let ends = join(through_ball(from, a, ra), through_ball(from, b, rb));
    if square < 1e-6 {
        return ends;
    }
    let d = [from[0] - a[0], from[1] - a[1], from[2] - a[2]];
    let (share, per_mm) = ((0..3).map(|i| d[i] * axis[i]).sum::<f32>() / square, axis[1] / square);
    // Squared distance from the axis less the squared radius there, halved in the linear term.
    let (e, f): (P3, P3) = (
        std::array::from_fn(|i| d[i] - share * axis[i]),
        std::array::from_fn(|i| f32::from(u8::from(i == 1)) - per_mm * axis[i]),
    );
    let (radius, growth) = (ra + (rb - ra) * share, (rb - ra) * per_mm);
    let dot = |v: P3, w: P3| v[0] * w[0] + v[1] * w[1] + v[2] * w[2];
    let (p, q, r) = (dot(f, f) - growth * growth, dot(e, f) - radius * growth, dot(e, e) - radius * radius);
    let root = q * q - p * r;
    if root <= 0.0 || p <= 1e-9 {
        return ends;
    }
    let (mut front, mut back) = ((-q - root.sqrt()) / p, (-q + root.sqrt()) / p);
    if per_mm.abs() > 1e-9 {
        let (one, other) = (-share / per_mm, (1.0 - share) / per_mm);
        (front, back) = (front.max(one.min(other)), back.min(one.max(other)));
    } else if !(0.0..=1.0).contains(&share) {
        return ends;
    }
    if front < back { join(ends, Some((front, back))) } else { ends }
}

fn through_ball(from: P3, centre: P3, radius: f32) -> Option<(f32, f32)> {
    let (x, z) = (from[0] - centre[0], from[2] - centre[2]);
    let room = radius * radius - x * x - z * z;
    let middle = centre[1] - from[1];
    (room > 0.0 && radius > 0.0).then(|| (middle - room.sqrt(), middle + room.sqrt()))
}

/// Cuts a piece of a ray by a plane, and says how much of it stays where the plane runs along it.
fn cut(clip: Clip, from: P3, edge: f32, front: &mut f32, back: &mut f32) -> f32 {
    if clip.axis == 1 {
        let limit = clip.limit - from[1];
        if clip.above {
            *front = front.max(limit);
        } else {
            *back = back.min(limit);
        }
        return 1.0;
    }
    let beyond = if clip.above { from[clip.axis] - clip.limit } else { clip.limit - from[clip.axis] };
    (0.5 + beyond / edge).clamp(0.0, 1.0)
}
