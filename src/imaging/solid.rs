//! Shapes in the patient's coordinates: millimetres, x to the left, y to the back, z to the head
//! (the patient-based system of PS3.3 C.7.6.2.1.1).

use super::noise::noise3;
use super::tissue::Tissue;

/// A point or a vector in millimetres.
pub(crate) type P3 = [f32; 3];

/// What a solid looks like.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// An ellipsoid turned about the long axis of the body.
    Ellipsoid {
        centre: P3,
        radii: P3,
        /// Cosine and sine of the turn.
        turn: (f32, f32),
        /// 0 for an ellipsoid up to 1 for a rounded box.
        boxy: f32,
    },
    /// A straight piece of a tube with round ends, its radius changing evenly.
    Capsule { a: P3, b: P3, ra: f32, rb: f32 },
}

/// Keeps only the part of a solid on one side of a plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clip {
    pub(crate) axis: usize,
    pub(crate) limit: f32,
    pub(crate) above: bool,
}

/// One piece of a body. Later ones cover earlier ones.
#[derive(Debug, Clone)]
pub(crate) struct Solid {
    pub(crate) tissue: Tissue,
    pub(crate) shape: Shape,
    /// 1 covers all below it; less lets it shine through.
    pub(crate) opacity: f32,
    /// How far the surface wanders in and out, mm.
    pub(crate) rough: f32,
    /// Width of that wandering, mm.
    pub(crate) rough_scale: f32,
    /// Extra softness of the edge, mm.
    pub(crate) soft: f32,
    /// Keeps only winding sheets this far apart (sulci); 0 keeps all.
    pub(crate) sheets: f32,
    pub(crate) clip: Option<Clip>,
    /// Pieces of one tube share a number, so that a projection counts their overlap once.
    pub(crate) part: u32,
}

impl Solid {
    /// Smallest and largest coordinates of its exact shape, moved out by a margin.
    pub(crate) fn bounds(&self, margin: f32) -> (P3, P3) {
        match &self.shape {
            Shape::Ellipsoid { centre, radii, turn, .. } => {
                let (c, s) = (turn.0.abs(), turn.1.abs());
                let reach = [c * radii[0] + s * radii[1], s * radii[0] + c * radii[1], radii[2]];
                (
                    std::array::from_fn(|i| centre[i] - reach[i] - margin),
                    std::array::from_fn(|i| centre[i] + reach[i] + margin),
                )
            }
            Shape::Capsule { a, b, ra, rb } => (
                std::array::from_fn(|i| (a[i] - ra).min(b[i] - rb) - margin),
                std::array::from_fn(|i| (a[i] + ra).max(b[i] + rb) + margin),
            ),
        }
    }

    /// How much of the neighbourhood of `p` it fills, 0..1; the edge is `edge` mm wide.
    pub(crate) fn cover(&self, p: P3, edge: f32, seed: u64) -> f32 {
        let edge = edge + self.soft;
        let band = edge + self.rough;
        let mut inside = self.shape.inside(p, band);
        if let Some(clip) = self.clip {
            let beyond = if clip.above { p[clip.axis] - clip.limit } else { clip.limit - p[clip.axis] };
            inside = inside.min(beyond);
        }
        if inside <= -band {
            return 0.0;
        }
        if self.rough > 0.0 && inside.abs() < self.rough + edge / 2.0 {
            inside += self.rough * noise3(seed ^ 0xED6E, p.map(|v| v / self.rough_scale));
        }
        let cover = (0.5 + inside / edge).clamp(0.0, 1.0);
        if self.sheets > 0.0 && cover > 0.0 { cover * self.sheet(p, seed) } else { cover }
    }

    /// How far beyond the exact shape it can still be seen, with an edge of a width.
    pub(crate) fn margin(&self, edge: f32) -> f32 {
        self.rough + (edge + self.soft) / 2.0
    }

    /// A level along a line as a quadratic of the steps taken: of an ellipsoid 1 at the surface of
    /// the round form, of a tube the squared distance from its axis.
    pub(crate) fn quadratic(&self, from: P3, step: P3) -> (f32, f32, f32) {
        let (centre, radii, turn) = match &self.shape {
            Shape::Ellipsoid { centre, radii, turn, .. } => (centre, radii, turn),
            Shape::Capsule { a, b, .. } => return from_axis(from, step, *a, *b),
        };
        let local = |v: P3| [turn.0 * v[0] + turn.1 * v[1], turn.0 * v[1] - turn.1 * v[0], v[2]];
        let (d, u) = (local(std::array::from_fn(|i| from[i] - centre[i])), local(step));
        let (mut a, mut b, mut c) = (0.0, 0.0, 0.0);
        for i in 0..3 {
            let scale = 1.0 / (radii[i] * radii[i]);
            a += u[i] * u[i] * scale;
            b += 2.0 * u[i] * d[i] * scale;
            c += d[i] * d[i] * scale;
        }
        (a, b, c)
    }

    /// Levels of [`Solid::quadratic`] beyond which a point surely is outside, and below which it
    /// surely is inside, when places may be off by `reach` mm.
    pub(crate) fn levels(&self, reach: f32) -> (f32, f32) {
        let (radii, boxy) = match &self.shape {
            Shape::Ellipsoid { radii, boxy, .. } => (radii, boxy),
            Shape::Capsule { ra, rb, .. } => return ((ra.max(*rb) + reach).powi(2), 0.0),
        };
        let margin = reach / radii[0].min(radii[1]).min(radii[2]);
        // A box reaches further out than the round form: its level is at least 1/√3 of the round one.
        let outer = (1.0 + margin) * (1.0 + margin) / (1.0 - 0.423 * boxy);
        let inner = if margin < 1.0 { (1.0 - margin) * (1.0 - margin) } else { 0.0 };
        (outer, inner)
    }

    fn sheet(&self, p: P3, seed: u64) -> f32 {
        let fold = noise3(seed ^ 0x5A1C, p.map(|v| v / self.sheets)).abs();
        ((0.16 - fold) / 0.12).clamp(0.0, 1.0)
    }
}

/// Tells most places apart from the surface without a square root or a division.
pub(crate) struct Quick {
    centre: P3,
    /// Along the axes of an ellipsoid, turned; of a tube from one end to the other.
    axis: P3,
    scale: P3,
    boxy: f32,
    tube: bool,
    /// Levels outside of which nothing is, and within which all is.
    outer: f32,
    inner: f32,
}

impl Quick {
    pub(crate) fn of(solid: &Solid, edge: f32) -> Self {
        let reach = solid.margin(edge);
        // What is cut or folded has surfaces within.
        let whole = solid.clip.is_none() && solid.sheets == 0.0;
        match &solid.shape {
            Shape::Ellipsoid { centre, radii, turn, boxy } => {
                let margin = reach / radii[0].min(radii[1]).min(radii[2]);
                let inner = if whole && margin < 1.0 { (1.0 - margin) * (1.0 - margin) } else { -1.0 };
                Quick {
                    centre: *centre,
                    axis: [turn.0, turn.1, 0.0],
                    scale: radii.map(|r| 1.0 / r),
                    boxy: *boxy,
                    tube: false,
                    outer: (1.0 + margin) * (1.0 + margin),
                    inner,
                }
            }
            Shape::Capsule { a, b, ra, rb } => {
                let axis: P3 = std::array::from_fn(|i| b[i] - a[i]);
                let long = axis.iter().map(|v| v * v).sum::<f32>();
                let core = ra.min(*rb) - reach;
                Quick {
                    centre: *a,
                    axis,
                    scale: [if long > 0.0 { 1.0 / long } else { 0.0 }, 0.0, 0.0],
                    boxy: 0.0,
                    tube: true,
                    outer: (ra.max(*rb) + reach).powi(2),
                    inner: if whole && core > 0.0 { core * core } else { -1.0 },
                }
            }
        }
    }

    /// 0 or 1 where that is sure.
    pub(crate) fn cover(&self, p: P3) -> Option<f32> {
        let d: P3 = std::array::from_fn(|i| p[i] - self.centre[i]);
        let level = if self.tube { self.of_tube(d) } else { self.of_ellipsoid(d) };
        if level > self.outer {
            Some(0.0)
        } else if level < self.inner {
            Some(1.0)
        } else {
            None
        }
    }

    fn of_tube(&self, d: P3) -> f32 {
        let along = ((0..3).map(|i| d[i] * self.axis[i]).sum::<f32>() * self.scale[0]).clamp(0.0, 1.0);
        (0..3).map(|i| (d[i] - along * self.axis[i]).powi(2)).sum()
    }

    fn of_ellipsoid(&self, d: P3) -> f32 {
        let [c, s, _] = self.axis;
        let n = [c * d[0] + s * d[1], c * d[1] - s * d[0], d[2]];
        let q: P3 = std::array::from_fn(|i| (n[i] * self.scale[i]).powi(2));
        let round = q[0] + q[1] + q[2];
        if self.boxy == 0.0 {
            return round;
        }
        let square = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]).sqrt();
        round + (square - round) * self.boxy
    }
}

impl Shape {
    /// About how deep `p` lies below the surface in mm, negative outside. Exact only within `band`
    /// of the surface; deeper it is at least `band`, further out at most `-band`.
    fn inside(&self, p: P3, band: f32) -> f32 {
        match self {
            Shape::Ellipsoid { centre, radii, turn, boxy } => {
                let (dx, dy) = (p[0] - centre[0], p[1] - centre[1]);
                let d = [turn.0 * dx + turn.1 * dy, turn.0 * dy - turn.1 * dx, p[2] - centre[2]];
                let n: P3 = std::array::from_fn(|i| d[i] / radii[i]);
                let q: P3 = n.map(|v| v * v);
                let round = q[0] + q[1] + q[2];
                let level = if *boxy > 0.0 {
                    let square = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]).sqrt();
                    round + (square - round) * boxy
                } else {
                    round
                };
                let thin = radii[0].min(radii[1]).min(radii[2]);
                let margin = band / thin;
                if level > (1.0 + margin) * (1.0 + margin) {
                    return -band;
                }
                if margin < 1.0 && level < (1.0 - margin) * (1.0 - margin) {
                    return band;
                }
                let slope: f32 = (0..3).map(|i| q[i] / (radii[i] * radii[i])).sum();
                (1.0 - level) / (2.0 * slope.sqrt()).max(1e-4)
            }
            Shape::Capsule { a, b, ra, rb } => {
                let (along, distance) = along_segment(p, *a, *b);
                ra + (rb - ra) * along - distance
            }
        }
    }
}

/// Where on a segment the nearest point to `p` lies, 0..1, and its distance.
fn along_segment(p: P3, a: P3, b: P3) -> (f32, f32) {
    let (mut dot, mut length, mut square) = (0.0, 0.0, 0.0);
    for i in 0..3 {
        dot += (p[i] - a[i]) * (b[i] - a[i]);
        length += (b[i] - a[i]) * (b[i] - a[i]);
    }
    let along = if length > 0.0 { (dot / length).clamp(0.0, 1.0) } else { 0.0 };
    for i in 0..3 {
        let d = p[i] - a[i] - along * (b[i] - a[i]);
        square += d * d;
    }
    (along, square.sqrt())
}

/// The squared distance from the line through `a` and `b`, along a line of steps.
fn from_axis(from: P3, step: P3, a: P3, b: P3) -> (f32, f32, f32) {
    let dot = |v: P3, w: P3| v[0] * w[0] + v[1] * w[1] + v[2] * w[2];
    let axis: P3 = std::array::from_fn(|i| b[i] - a[i]);
    let long = dot(axis, axis).max(1e-6);
    let d: P3 = std::array::from_fn(|i| from[i] - a[i]);
    let (along_d, along_u) = (dot(d, axis), dot(step, axis));
    (
        dot(step, step) - along_u * along_u / long,
        2.0 * (dot(d, step) - along_d * along_u / long),
        dot(d, d) - along_d * along_d / long,
    )
}
