//! Puts solids together.

use super::Build;
use crate::imaging::noise::Rng;
use crate::imaging::solid::{Clip, P3, Shape, Solid};
use crate::imaging::tissue::Tissue;

/// Solids so far, in painting order.
pub(crate) struct Builder {
    pub(crate) rng: Rng,
    pub(crate) build: Build,
    pub(crate) lying: bool,
    solids: Vec<Solid>,
    parts: u32,
}

impl Builder {
    pub(crate) fn new(rng: Rng, build: Build, lying: bool) -> Self {
        Builder { rng, build, lying, solids: Vec::new(), parts: 0 }
    }

    pub(crate) fn finish(self) -> Vec<Solid> {
        self.solids
    }

    /// An ellipsoid; more is set on what is returned.
    pub(crate) fn ellipsoid(&mut self, tissue: Tissue, centre: P3, radii: P3) -> &mut Solid {
        self.add(tissue, Shape::Ellipsoid { centre, radii, turn: (1.0, 0.0), boxy: 0.0 })
    }

    /// The same on both sides: `centre` is that of the left one.
    pub(crate) fn pair(&mut self, tissue: Tissue, centre: P3, radii: P3, more: impl Fn(&mut Solid)) {
        more(self.ellipsoid(tissue, centre, radii));
        more(self.ellipsoid(tissue, [-centre[0], centre[1], centre[2]], radii));
    }

    /// A tube through points, each with its radius.
    pub(crate) fn tube(&mut self, tissue: Tissue, points: &[(P3, f32)]) {
        self.parts += 1;
        for pair in points.windows(2) {
            let ((a, ra), (b, rb)) = (pair[0], pair[1]);
            self.push(tissue, Shape::Capsule { a, b, ra, rb }, self.parts);
        }
    }

    /// A tube of bone: a cortical wall around spongy bone.
    pub(crate) fn bone(&mut self, points: &[(P3, f32)], wall: f32) {
        self.tube(Tissue::Cortical, points);
        let inner: Vec<_> = points.iter().map(|(p, r)| (*p, (r - wall).max(0.2))).collect();
        self.tube(Tissue::Spongy, &inner);
    }

    /// Bones that have grown together: no wall stays between them, and a projection counts their
    /// overlap once.
    pub(crate) fn fused(&mut self, build: impl FnOnce(&mut Self)) {
        let start = self.solids.len();
        build(self);
        let part = self.parts + 1;
        self.parts += 2;
        let bones = &mut self.solids[start..];
        bones.sort_by_key(|solid| solid.tissue == Tissue::Spongy);
        for solid in bones {
            solid.part = part + u32::from(solid.tissue == Tissue::Spongy);
        }
    }

    /// A rounded block of bone.
    pub(crate) fn block(&mut self, centre: P3, radii: P3, wall: f32, boxy: f32) {
        self.ellipsoid(Tissue::Cortical, centre, radii).boxed(boxy);
        self.ellipsoid(Tissue::Spongy, centre, radii.map(|r| r - wall)).boxed(boxy);
    }

    /// Builds what is ill with dice of its own: what is well stays as it is.
    pub(crate) fn ill(&mut self, seed: u64, build: impl FnOnce(&mut Self)) {
        let kept = std::mem::replace(&mut self.rng, Rng::new(seed, "finding"));
        build(self);
        self.rng = kept;
    }

    /// Makes a right side of a left one.
    pub(crate) fn mirror(&mut self) {
        for solid in &mut self.solids {
            match &mut solid.shape {
                Shape::Ellipsoid { centre, turn, .. } => {
                    centre[0] = -centre[0];
                    turn.1 = -turn.1;
                }
                Shape::Capsule { a, b, .. } => (a[0], b[0]) = (-a[0], -b[0]),
            }
        }
    }

    /// A couch under the patient: a thin shell around foam.
    pub(crate) fn couch(&mut self, y: f32) {
        if !self.lying {
            return;
        }
        let clip = Some(Clip { axis: 1, limit: y, above: true });
        self.ellipsoid(Tissue::Table, [0.0, y - 62.0, 0.0], [230.0, 96.0, 4000.0]).clip = clip;
        self.ellipsoid(Tissue::Air, [0.0, y - 62.0, 0.0], [228.0, 94.0, 4000.0]).clip =
            Some(Clip { axis: 1, limit: y + 2.0, above: true });
    }

    fn add(&mut self, tissue: Tissue, shape: Shape) -> &mut Solid {
        self.parts += 1;
        self.push(tissue, shape, self.parts)
    }

    fn push(&mut self, tissue: Tissue, shape: Shape, part: u32) -> &mut Solid {
        let at = self.solids.len();
        self.solids.push(Solid {
            tissue,
            shape,
            opacity: 1.0,
            rough: 0.0,
            rough_scale: 20.0,
            soft: 0.0,
            sheets: 0.0,
            clip: None,
            part,
        });
        &mut self.solids[at]
    }
}

/// Finer settings of a solid.
impl Solid {
    /// Turns an ellipsoid about the long axis of the body, in degrees, from front to left.
    pub(crate) fn turned(&mut self, degrees: f32) -> &mut Self {
        if let Shape::Ellipsoid { turn, .. } = &mut self.shape {
            *turn = (degrees.to_radians().cos(), degrees.to_radians().sin());
        }
        self
    }

    /// 0 for an ellipsoid up to 1 for a rounded box.
    pub(crate) fn boxed(&mut self, amount: f32) -> &mut Self {
        if let Shape::Ellipsoid { boxy, .. } = &mut self.shape {
            *boxy = amount;
        }
        self
    }

    /// An uneven surface: how far, and how wide its bumps are, mm.
    pub(crate) fn rough(&mut self, by: f32, scale: f32) -> &mut Self {
        (self.rough, self.rough_scale) = (by, scale);
        self
    }

    /// A soft edge, mm.
    pub(crate) fn soft(&mut self, by: f32) -> &mut Self {
        self.soft = by;
        self
    }

    /// Lets what is below shine through.
    pub(crate) fn veil(&mut self, opacity: f32) -> &mut Self {
        self.opacity = opacity;
        self
    }

    /// Keeps what lies above or below a plane across an axis.
    pub(crate) fn cut(&mut self, axis: usize, limit: f32, above: bool) -> &mut Self {
        self.clip = Some(Clip { axis, limit, above });
        self
    }
}
