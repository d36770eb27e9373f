//! Shapes in the patient's coordinates: millimetres, x to the left, y to the back, z to the head
//! (the patient-based system of PS3.3 C.7.6.2.1.1).

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
        let (low, high) = self.shape.bounds();
        (low.map(|v| v - margin), high.map(|v| v + margin))
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
}

impl Shape {
    /// Smallest and largest coordinates.
    pub(crate) fn bounds(&self) -> (P3, P3) {
        match self {
            Shape::Ellipsoid { centre, radii, turn, .. } => {
                let (c, s) = (turn.0.abs(), turn.1.abs());
                let reach = [c * radii[0] + s * radii[1], s * radii[0] + c * radii[1], radii[2]];
                (std::array::from_fn(|i| centre[i] - reach[i]), std::array::from_fn(|i| centre[i] + reach[i]))
            }
            Shape::Capsule { a, b, ra, rb } => (
                std::array::from_fn(|i| (a[i] - ra).min(b[i] - rb)),
                std::array::from_fn(|i| (a[i] + ra).max(b[i] + rb)),
            ),
        }
    }
}

/// The surface of a solid, made ready to be asked for many places.
pub(crate) struct Surface {
    form: Form,
    clip: Option<Clip>,
    /// Depths are exact only so near to the surface, mm; others are at least that.
    band: f32,
}

enum Form {
    Ellipsoid {
        centre: P3,
        turn: (f32, f32),
        /// One over each radius.
        scale: P3,
        boxy: f32,
        /// Levels outside of which nothing is, and within which all is.
        outer: f32,
        inner: f32,
    },
    /// From one end along an axis; one over the axis' square; the radius and its growth.
    Tube { end: P3, axis: P3, per_square: f32, radius: f32, growth: f32 },
}

impl Surface {
    pub(crate) fn of(solid: &Solid, edge: f32) -> Self {
        let band = edge + solid.soft + solid.rough;
        let form = match &solid.shape {
            Shape::Ellipsoid { centre, radii, turn, boxy } => {
                let margin = band / radii[0].min(radii[1]).min(radii[2]);
                Form::Ellipsoid {
                    centre: *centre,
                    turn: *turn,
                    scale: radii.map(|r| 1.0 / r),
                    boxy: *boxy,
                    outer: (1.0 + margin) * (1.0 + margin),
                    inner: if margin < 1.0 { (1.0 - margin) * (1.0 - margin) } else { -1.0 },
                }
            }
            Shape::Capsule { a, b, ra, rb } => {
                let axis: P3 = std::array::from_fn(|i| b[i] - a[i]);
                let square = axis.iter().map(|v| v * v).sum::<f32>();
                let per_square = if square > 0.0 { 1.0 / square } else { 0.0 };
                Form::Tube { end: *a, axis, per_square, radius: *ra, growth: rb - ra }
            }
        };
        Surface { form, clip: solid.clip, band }
    }

    /// About how deep places lie below the surface in mm, negative outside.
    pub(crate) fn depths(&self, place: [&[f32]; 3], out: &mut [f32]) {
        match &self.form {
            Form::Ellipsoid { boxy, .. } if *boxy > 0.0 => self.of_ellipsoid::<true>(place, out),
            Form::Ellipsoid { .. } => self.of_ellipsoid::<false>(place, out),
            Form::Tube { .. } => self.of_tube(place, out),
        }
        if let Some(clip) = self.clip {
            let sign = if clip.above { 1.0 } else { -1.0 };
            for (depth, at) in out.iter_mut().zip(place[clip.axis]) {
                *depth = depth.min(sign * (at - clip.limit));
            }
        }
    }

    fn of_ellipsoid<const BOXY: bool>(&self, [x, y, z]: [&[f32]; 3], out: &mut [f32]) {
        let Form::Ellipsoid { centre, turn: (c, s), scale, boxy, outer, inner } = &self.form else { return };
        let steep = scale.map(|v| v * v);
        for (((depth, x), y), z) in out.iter_mut().zip(x).zip(y).zip(z) {
            let (dx, dy, dz) = (x - centre[0], y - centre[1], z - centre[2]);
            let (nx, ny, nz) = ((c * dx + s * dy) * scale[0], (c * dy - s * dx) * scale[1], dz * scale[2]);
            let (qx, qy, qz) = (nx * nx, ny * ny, nz * nz);
            let round = qx + qy + qz;
            let level =
                if BOXY { round + ((qx * qx + qy * qy + qz * qz).sqrt() - round) * boxy } else { round };
            let slope = (qx * steep[0] + qy * steep[1] + qz * steep[2]).sqrt();
            let near = (1.0 - level) / (2.0 * slope).max(1e-4);
            let far = if level > *outer { -self.band } else { near };
            *depth = if level < *inner { self.band } else { far };
        }
    }

    fn of_tube(&self, [x, y, z]: [&[f32]; 3], out: &mut [f32]) {
        let Form::Tube { end, axis, per_square, radius, growth } = &self.form else { return };
        for (((depth, x), y), z) in out.iter_mut().zip(x).zip(y).zip(z) {
            let (dx, dy, dz) = (x - end[0], y - end[1], z - end[2]);
            let along = ((dx * axis[0] + dy * axis[1] + dz * axis[2]) * per_square).clamp(0.0, 1.0);
            let (ex, ey, ez) = (dx - along * axis[0], dy - along * axis[1], dz - along * axis[2]);
            *depth = radius + growth * along - (ex * ex + ey * ey + ez * ez).sqrt();
        }
    }
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
