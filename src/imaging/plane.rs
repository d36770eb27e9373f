//! Cuts through a body: every pixel asks the solids what it lies in.

use std::ops::Range;

use super::anatomy::Body;
use super::noise::{STEEP, noise3};
use super::solid::{P3, Quick, Shape, Solid};
use super::tissue::{Look, Tissue};

/// An image plane. `across` and `down` are the steps between pixels; each lies along one axis.
#[derive(Debug, Clone)]
pub(crate) struct Plane {
    /// Centre of the first pixel.
    pub(crate) origin: P3,
    pub(crate) across: P3,
    pub(crate) down: P3,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Plane {
    pub(crate) fn at(&self, column: f32, row: f32) -> P3 {
        std::array::from_fn(|i| self.origin[i] + column * self.across[i] + row * self.down[i])
    }

    /// Columns and rows that a box covers; `None` when the plane misses it.
    fn window(&self, low: P3, high: P3) -> Option<[usize; 4]> {
        let mut window = [0, self.width, 0, self.height];
        for axis in 0..3 {
            let (from, to) = (low[axis] - self.origin[axis], high[axis] - self.origin[axis]);
            let (step, first, size) = if self.across[axis] != 0.0 {
                (self.across[axis], 0, self.width)
            } else if self.down[axis] != 0.0 {
                (self.down[axis], 2, self.height)
            } else if from > 0.0 || to < 0.0 {
                return None;
            } else {
                continue;
            };
            let (a, b) = if step > 0.0 { (from / step, to / step) } else { (to / step, from / step) };
            window[first] = a.floor().clamp(0.0, size as f32) as usize;
            window[first + 1] = (b.ceil() + 1.0).clamp(0.0, size as f32) as usize;
        }
        (window[0] < window[1] && window[2] < window[3]).then_some(window)
    }
}

/// Paints a body on a plane with edges `edge` mm wide; `look` gives each tissue's value.
pub(crate) fn paint(body: &Body, plane: &Plane, edge: f32, look: impl Fn(Tissue) -> Look) -> Vec<f32> {
    let texture = texture(body, plane);
    paint_on(body, plane, edge, texture, look)
}

/// As [`paint`], for tissues without texture.
pub(crate) fn paint_flat(body: &Body, plane: &Plane, edge: f32, value: impl Fn(Tissue) -> f32) -> Vec<f32> {
    paint_on(body, plane, edge, vec![0.0; plane.width * plane.height], |tissue| (value(tissue), 0.0))
}

fn paint_on(
    body: &Body,
    plane: &Plane,
    edge: f32,
    mottle: Vec<f32>,
    look: impl Fn(Tissue) -> Look,
) -> Vec<f32> {
    let fields = Fields::new(body, plane, mottle);
    let mut canvas =
        Canvas { out: vec![0.0; plane.width * plane.height], open: vec![1.0; plane.width * plane.height] };
    // From the last to the first: what is covered already needs no second look.
    for solid in body.solids.iter().rev() {
        let (moved, slack) = body.bend_of(solid);
        let margin = solid.margin(edge) + slack;
        let (low, high) = solid.bounds(margin);
        let shown = |p: P3| std::array::from_fn(|i| p[i] - moved[i]);
        let Some([left, right, top, bottom]) = plane.window(shown(low), shown(high)) else { continue };
        let brush = Brush { solid, edge, seed: body.seed, look: look(solid.tissue), moved, slack };
        for row in top..bottom {
            let start = row * plane.width;
            let (near, sure) = brush.spans(plane, row, left..right);
            let mut dab = |range: Range<usize>, certain: bool| {
                brush.dab(&mut canvas, &fields, start + range.start..start + range.end, certain);
            };
            dab(near.start..sure.start, false);
            dab(sure.clone(), true);
            dab(sure.end..near.end, false);
        }
    }
    let air = look(Tissue::Air).0;
    canvas.out.iter_mut().zip(&canvas.open).for_each(|(slot, open)| *slot += open * air);
    canvas.out
}

/// A picture that is painted from the front to the back.
struct Canvas {
    out: Vec<f32>,
    /// How much of each pixel is not covered yet.
    open: Vec<f32>,
}

/// What is open less than this can't be seen: a quarter of a grey value at most.
const SHUT: f32 = 0.001;

/// One solid and how it is painted.
struct Brush<'a> {
    solid: &'a Solid,
    edge: f32,
    seed: u64,
    look: Look,
    /// How far the body's bends move it, and by how much more or less at its ends.
    moved: P3,
    slack: f32,
}

impl Brush<'_> {
    fn dab(&self, canvas: &mut Canvas, fields: &Fields, range: Range<usize>, certain: bool) {
        let (value, mottle) = self.look;
        let opacity = self.solid.opacity;
        let texture = &fields.mottle[range.clone()];
        let quick = Quick::of(self.solid, self.edge);
        let pixels = canvas.out[range.clone()].iter_mut().zip(&mut canvas.open[range.clone()]);
        for (((slot, open), m), place) in pixels.zip(texture).zip(&fields.place[range]) {
            if *open < SHUT {
                continue;
            }
            let cover = match if certain { Some(1.0) } else { quick.cover(*place) } {
                Some(cover) => cover * opacity,
                None => self.solid.cover(*place, self.edge, self.seed) * opacity,
            };
            if cover == 0.0 {
                continue;
            }
            *slot += *open * cover * (value + mottle * m);
            *open *= 1.0 - cover;
        }
    }

    /// Columns of a row that may touch the solid, and those that surely lie inside it.
    fn spans(&self, plane: &Plane, row: usize, window: Range<usize>) -> (Range<usize>, Range<usize>) {
        let nowhere = window.end..window.end;
        let reach = self.solid.margin(self.edge) + self.slack;
        let start = plane.at(0.0, row as f32);
        let bent = std::array::from_fn(|i| start[i] + self.moved[i]);
        let (a, b, c) = self.solid.quadratic(bent, plane.across);
        if a < 1e-4 && matches!(self.solid.shape, Shape::Capsule { .. }) {
            // The tube runs along the row.
            return (window, nowhere);
        }
        let (outer, inner) = self.solid.levels(reach);
        let near = solve(a, b, c - outer, &window, true);
        if near.is_empty() {
            return (nowhere.clone(), nowhere);
        }
        if self.solid.sheets > 0.0 || self.solid.clip.is_some() {
            let end = near.end;
            return (near, end..end);
        }
        let sure = solve(a, b, c - inner, &near, false);
        if sure.is_empty() { (near.clone(), near.end..near.end) } else { (near, sure) }
    }
}

/// Columns within `limits` where `a t² + b t + c` is not above zero, rounded outwards or inwards.
fn solve(a: f32, b: f32, c: f32, limits: &Range<usize>, outwards: bool) -> Range<usize> {
    let root = b * b - 4.0 * a * c;
    if root <= 0.0 || a <= 0.0 {
        return limits.end..limits.end;
    }
    let (from, to) = ((-b - root.sqrt()) / (2.0 * a), (-b + root.sqrt()) / (2.0 * a));
    let round = if outwards { 1.0 } else { -1.0 };
    let clamp = |t: f32| (t.max(0.0) as usize).clamp(limits.start, limits.end);
    let (from, to) = (clamp(from - round + 0.5), clamp(to + round + 0.5));
    from..to.max(from)
}

/// What all pixels of a plane need once.
struct Fields {
    /// Where a pixel lies in the body before it was bent: nothing alive is an exact ellipse.
    place: Vec<P3>,
    /// Texture within tissues, -1..1.
    mottle: Vec<f32>,
}

/// Width of the bends, mm.
const BEND: f32 = 34.0;

impl Body {
    /// How far the bends move a solid's middle, and how much more its ends at most, mm.
    fn bend_of(&self, solid: &Solid) -> (P3, f32) {
        let (low, high) = solid.bounds(0.0);
        let half = (0..3).map(|i| (high[i] - low[i]) / 2.0).fold(0.0, f32::max);
        let slack = self.warp * STEEP * (half + 1.0) / BEND;
        if slack >= self.warp {
            return ([0.0; 3], self.warp);
        }
        // A pixel is looked up where it lay before the bending: the middle is where it moved to.
        let middle: P3 = std::array::from_fn(|i| (low[i] + high[i]) / 2.0);
        (std::array::from_fn(|axis| self.warp * self.bend(axis as u64, middle)), slack)
    }

    /// How far a place is bent along an axis, -1..1 of the body's warp.
    pub(crate) fn bend(&self, axis: u64, p: P3) -> f32 {
        noise3(self.seed ^ axis, p.map(|v| v / BEND))
    }
}

impl Fields {
    fn new(body: &Body, plane: &Plane, mottle: Vec<f32>) -> Self {
        let bend: Vec<Vec<f32>> =
            (0..3).map(|axis| lattice(plane, BEND / 5.0, |p| body.bend(axis, p))).collect();
        let mut place = Vec::with_capacity(plane.width * plane.height);
        for row in 0..plane.height {
            for column in 0..plane.width {
                let (at, i) = (plane.at(column as f32, row as f32), place.len());
                place.push(std::array::from_fn(|axis| at[axis] + body.warp * bend[axis][i]));
            }
        }
        Fields { place, mottle }
    }
}

fn texture(body: &Body, plane: &Plane) -> Vec<f32> {
    let coarse = lattice(plane, 2.8, |p| noise3(body.seed ^ 0xC0A, p.map(|v| v / 6.5)));
    let fine = lattice(plane, 1.8, |p| noise3(body.seed ^ 0xF1E, p.map(|v| v / 2.7)));
    coarse.iter().zip(&fine).map(|(c, f)| 0.5 * c + 0.6 * f).collect()
}

/// A smooth field over all pixels, computed every `spacing` mm and drawn straight between.
pub(crate) fn lattice(plane: &Plane, spacing: f32, field: impl Fn(P3) -> f32) -> Vec<f32> {
    let pixel = |step: P3| step.iter().map(|v| v.abs()).sum::<f32>();
    let columns_apart = (spacing / pixel(plane.across)).max(1.0);
    let rows_apart = (spacing / pixel(plane.down)).max(1.0);
    let columns = (plane.width as f32 / columns_apart) as usize + 2;
    let rows = (plane.height as f32 / rows_apart) as usize + 2;
    let mut knots = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            knots.push(field(plane.at(column as f32 * columns_apart, row as f32 * rows_apart)));
        }
    }
    // Positions between knots, without a call to floor() for each pixel.
    let between = |i: usize, apart: f32, most: usize| {
        let at = i as f32 / apart;
        let low = (at as usize).min(most - 2);
        (low, at - low as f32)
    };
    let across: Vec<_> = (0..plane.width).map(|x| between(x, columns_apart, columns)).collect();
    let mut out = Vec::with_capacity(plane.width * plane.height);
    let mut line = vec![0.0; columns];
    for row in 0..plane.height {
        let (top, t) = between(row, rows_apart, rows);
        for (column, slot) in line.iter_mut().enumerate() {
            let (a, b) = (knots[top * columns + column], knots[(top + 1) * columns + column]);
            *slot = a + (b - a) * t;
        }
        out.extend(across.iter().map(|&(left, t)| line[left] + (line[left + 1] - line[left]) * t));
    }
    out
}
