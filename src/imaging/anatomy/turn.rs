//! A body seen from another side.

use super::Body;
use crate::imaging::solid::{Clip, P3, Shape, Solid};

impl Body {
    /// The same body turned about its long axis, so that a quarter turn brings its left side to the
    /// front and its front to the left of the picture.
    pub(crate) fn turned(&self, degrees: f32) -> Body {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let solids = self.solids.iter().map(|solid| turned(solid, sin, cos)).collect();
        Body { solids, ..self.clone() }
    }
}

fn turned(solid: &Solid, sin: f32, cos: f32) -> Solid {
    let place = |p: P3| [p[0] * cos + p[1] * sin, p[1] * cos - p[0] * sin, p[2]];
    let shape = match &solid.shape {
        Shape::Ellipsoid { centre, radii, turn: (c, s), boxy } => Shape::Ellipsoid {
            centre: place(*centre),
            radii: *radii,
            turn: (c * cos + s * sin, s * cos - c * sin),
            boxy: *boxy,
        },
        Shape::Capsule { a, b, ra, rb } => Shape::Capsule { a: place(*a), b: place(*b), ra: *ra, rb: *rb },
    };
    Solid { shape, clip: solid.clip.and_then(|clip| turned_clip(clip, sin, cos)), ..solid.clone() }
}

/// Planes across the long axis stay; others only follow a quarter turn, and are dropped else.
fn turned_clip(clip: Clip, sin: f32, cos: f32) -> Option<Clip> {
    let quarter = cos.abs() < 0.01;
    match clip.axis {
        2 => Some(clip),
        1 if quarter => Some(Clip { axis: 0, limit: clip.limit * sin, above: clip.above == (sin > 0.0) }),
        0 if quarter => Some(Clip { axis: 1, limit: -clip.limit * sin, above: clip.above != (sin > 0.0) }),
        _ => None,
    }
}
