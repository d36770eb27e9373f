//! One solid at work on the rows of a plane.

use std::ops::Range;

use super::anatomy::Body;
use super::lattice::{Bumps, Lattice};
use super::noise::{STEEP, noise3};
use super::plane::Plane;
use super::solid::{P3, Shape, Solid, Surface};

/// One row of a picture that is painted from the front to the back, in `N` kinds of values.
pub(crate) struct Row<const N: usize> {
    /// Which one.
    pub(crate) number: usize,
    /// Where pixels lie in the body before it was bent: nothing alive is an exact ellipse.
    pub(crate) place: [Vec<f32>; 3],
    /// Texture within tissues, -1..1.
    pub(crate) mottle: Vec<f32>,
    pub(crate) out: [Vec<f32>; N],
    /// How much of each pixel is not covered yet.
    pub(crate) open: Vec<f32>,
}

/// What is open less than this can't be seen: a quarter of a grey value at most.
const SHUT: f32 = 0.001;

/// Pixels that are worked on together.
const CHUNK: usize = 32;

/// One solid and how it is painted.
pub(crate) struct Brush<'a, const N: usize> {
    solid: &'a Solid,
    surface: Surface,
    edge: f32,
    values: [f32; N],
    /// How much the first value varies.
    mottle: f32,
    /// Columns and rows that it may touch: left, right, top, bottom.
    pub(crate) window: [usize; 4],
    /// How far the body's bends move it.
    moved: P3,
    /// Levels of its quadratic, see [`Solid::levels`].
    levels: (f32, f32),
    /// Which noise makes its surface uneven, and which its sheets.
    rough: Option<usize>,
    sheets: Option<usize>,
}

impl<'a, const N: usize> Brush<'a, N> {
    /// A brush with the values of the solid's tissue; `None` when the solid misses the plane.
    pub(crate) fn new(
        body: &Body,
        solid: &'a Solid,
        plane: &Plane,
        edge: f32,
        (values, mottle): ([f32; N], f32),
        bumps: &mut Vec<Bumps>,
    ) -> Option<Self> {
        let (moved, slack) = body.bend_of(solid);
        let reach = solid.margin(edge) + slack;
        let (low, high) = solid.bounds(reach);
        let shown = |p: P3| std::array::from_fn(|i| p[i] - moved[i]);
        let window = plane.window(shown(low), shown(high))?;
        let mut noise = |scale: f32, salt: u64| Bumps::find(bumps, plane, body.seed ^ salt, scale);
        Some(Brush {
            surface: Surface::of(solid, edge),
            edge: edge + solid.soft,
            values,
            mottle,
            window,
            moved,
            levels: solid.levels(reach),
            rough: (solid.rough > 0.0).then(|| noise(solid.rough_scale, 0xED6E)),
            sheets: (solid.sheets > 0.0).then(|| noise(solid.sheets, 0x5A1C)),
            solid,
        })
    }

    /// Paints its part of a row.
    pub(crate) fn paint(&self, plane: &Plane, bumps: &mut [Bumps], row: &mut Row<N>) {
        let (near, sure) = self.spans(plane, row.number);
        self.edges(plane, bumps, row, near.start..sure.start);
        self.inside(row, sure.clone());
        self.edges(plane, bumps, row, sure.end..near.end);
    }

    /// Columns of a row that may touch the solid, and those that surely lie inside it.
    fn spans(&self, plane: &Plane, row: usize) -> (Range<usize>, Range<usize>) {
        let window = self.window[0]..self.window[1];
        let nowhere = window.end..window.end;
        let start = plane.at(0.0, row as f32);
        let bent = std::array::from_fn(|i| start[i] + self.moved[i]);
        let (a, b, c) = self.solid.quadratic(bent, plane.across);
        if a < 1e-4 && matches!(self.solid.shape, Shape::Capsule { .. }) {
            // The tube runs along the row.
            return (window, nowhere);
        }
        let (outer, inner) = self.levels;
        let near = solve(a, b, c - outer, &window, true);
        if near.is_empty() {
            return (nowhere.clone(), nowhere);
        }
        let last = near.end..near.end;
        if self.solid.sheets > 0.0 || self.solid.clip.is_some() {
            return (near, last);
        }
        let sure = solve(a, b, c - inner, &near, false);
        if sure.is_empty() { (near, last) } else { (near, sure) }
    }

    /// Where each pixel must be asked how much of it lies inside.
    fn edges(&self, plane: &Plane, bumps: &mut [Bumps], row: &mut Row<N>, range: Range<usize>) {
        for start in range.clone().step_by(CHUNK) {
            let end = (start + CHUNK).min(range.end);
            let open = &row.open[start..end];
            if all_shut(open) {
                continue;
            }
            let mut covers = [0.0; CHUNK];
            let covers = &mut covers[..end - start];
            self.surface.depths([0, 1, 2].map(|axis| &row.place[axis][start..end]), covers);
            if let Some(rough) = self.rough {
                let (bumps, reach) = (&mut bumps[rough], self.solid.rough + self.edge / 2.0);
                for ((depth, open), column) in covers.iter_mut().zip(open).zip(start..) {
                    if depth.abs() < reach && *open > 0.0 {
                        *depth += self.solid.rough * bumps.at(plane, column, row.number);
                    }
                }
            }
            let sharp = 1.0 / self.edge;
            covers.iter_mut().for_each(|v| *v = (0.5 + *v * sharp).clamp(0.0, 1.0) * self.solid.opacity);
            if let Some(sheets) = self.sheets {
                let bumps = &mut bumps[sheets];
                for ((cover, open), column) in covers.iter_mut().zip(open).zip(start..) {
                    if *cover > 0.0 && *open > 0.0 {
                        let fold = bumps.at(plane, column, row.number).abs();
                        *cover *= ((0.16 - fold) / 0.12).clamp(0.0, 1.0);
                    }
                }
            }
            self.blend(row, start..end, covers);
        }
    }

    fn inside(&self, row: &mut Row<N>, range: Range<usize>) {
        let covers = [self.solid.opacity; CHUNK];
        for start in range.clone().step_by(CHUNK) {
            let end = (start + CHUNK).min(range.end);
            if !all_shut(&row.open[start..end]) {
                self.blend(row, start..end, &covers[..end - start]);
            }
        }
    }

    fn blend(&self, row: &mut Row<N>, range: Range<usize>, covers: &[f32]) {
        let open = &mut row.open[range.clone()];
        for (out, value) in row.out.iter_mut().zip(self.values).skip(1) {
            for ((slot, open), cover) in out[range.clone()].iter_mut().zip(open.iter()).zip(covers) {
                *slot += open * cover * value;
            }
        }
        let (value, much) = (self.values[0], self.mottle);
        let first = row.out[0][range.clone()].iter_mut().zip(&row.mottle[range]);
        for (((slot, mottle), open), cover) in first.zip(open).zip(covers) {
            let seen = *open * cover;
            *slot += seen * (value + much * mottle);
            let left = *open - seen;
            *open = if left < SHUT { 0.0 } else { left };
        }
    }
}

/// Whether nothing is open: no number but zero has no bits.
fn all_shut(open: &[f32]) -> bool {
    open.iter().fold(0, |bits, open| bits | open.to_bits()) == 0
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

/// Width of the bends, mm.
pub(crate) const BEND: f32 = 34.0;

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

    /// The same all over a plane.
    pub(crate) fn bends(&self, plane: &Plane, spacing: f32, axis: usize) -> Lattice {
        Lattice::of_noise(plane, spacing, self.seed ^ axis as u64, BEND)
    }
}
