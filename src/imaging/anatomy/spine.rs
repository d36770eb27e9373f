//! Vertebrae, discs, canal.

use super::builder::Builder;
use crate::imaging::solid::P3;
use crate::imaging::tissue::Tissue;

/// A stretch of the spine.
pub(crate) struct Spine {
    /// Half width, depth and height of a vertebral body.
    pub(crate) body: P3,
    /// From one vertebra to the next.
    pub(crate) pitch: f32,
    /// Centre of the first vertebral body counted from the top.
    pub(crate) first: f32,
    pub(crate) count: usize,
    /// y of the bodies' centres at a given z: the curve of the back.
    pub(crate) line: fn(f32) -> f32,
    /// Length of the transverse processes from the middle.
    pub(crate) transverse: f32,
    /// Discs that have dried out.
    pub(crate) worn: bool,
    /// The disc below this vertebra is narrow and bulges into the canal.
    pub(crate) narrow: Option<usize>,
    /// This vertebra is pressed together in front.
    pub(crate) wedge: Option<usize>,
}

/// Adds it, behind everything painted before.
pub(crate) fn build(b: &mut Builder, spine: &Spine) {
    let depth = spine.body[1];
    for level in 0..spine.count {
        let z = spine.first - level as f32 * spine.pitch;
        let y = (spine.line)(z);
        vertebra(b, spine, [0.0, y, z], spine.wedge == Some(level));
        let gap = z - spine.pitch / 2.0;
        let worn = spine.worn && level + 3 >= spine.count;
        let wear = if spine.narrow == Some(level) {
            Wear::Bulging
        } else if worn {
            Wear::Dry
        } else {
            Wear::None
        };
        disc(b, spine, [0.0, (spine.line)(gap), gap], wear);
        if worn {
            osteophytes(b, spine, [0.0, y, z]);
        }
    }
    canal(b, spine, depth);
}

/// How far a disc has gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wear {
    None,
    Dry,
    Bulging,
}

fn vertebra(b: &mut Builder, spine: &Spine, c: P3, pressed: bool) {
    let [w, d, h] = spine.body;
    let arch = |x: f32, dy: f32, dz: f32| [c[0] + x, c[1] + dy, c[2] + dz];
    b.fused(|b| {
        for side in [-1.0, 1.0] {
            b.bone(
                &[(arch(side * w * 0.6, d * 0.7, 4.0), 4.6), (arch(side * w * 0.72, d * 1.5, 2.0), 5.2)],
                0.9,
            );
            b.bone(&[(arch(side * w * 0.72, d * 1.5, 0.0), 5.0), (arch(0.0, d * 2.35, -5.0), 3.6)], 0.9);
            b.bone(
                &[
                    (arch(side * w * 0.8, d * 1.5, 1.0), 4.4),
                    (arch(side * spine.transverse, d * 1.75, 3.0), 3.4),
                ],
                0.9,
            );
            b.bone(
                &[(arch(side * w * 0.8, d * 1.6, 9.0), 4.6), (arch(side * w * 0.74, d * 1.7, -14.0), 4.2)],
                1.5,
            );
        }
        b.bone(&[(arch(0.0, d * 2.3, -5.0), 3.4), (arch(0.0, d * 3.3, -14.0), 3.8)], 0.9);
        if pressed {
            // A third of the height is gone in front, and the upper plate has sunk in.
            b.block([c[0], c[1] + d * 0.36, c[2] - 0.6], [w, d * 0.64, h * 0.93], 0.8, 0.55);
            b.block([c[0], c[1] - d * 0.22, c[2] - h * 0.28], [w * 1.02, d * 0.86, h * 0.68], 1.4, 0.62);
        } else {
            b.block(c, [w, d, h], 0.8, 0.62);
        }
    });
    // The waist of the body.
    for side in [-1.0, 1.0] {
        b.ellipsoid(Tissue::Fat, [c[0] + side * (w + 4.0), c[1] - d * 0.2, c[2]], [5.5, d * 0.8, h * 0.6])
            .soft(1.0);
    }
}

fn disc(b: &mut Builder, spine: &Spine, c: P3, wear: Wear) {
    let [w, d, h] = spine.body;
    let (share, tissue, bulge) = match wear {
        Wear::None => (1.0, Tissue::Disc, 0.6),
        Wear::Dry => (0.75, Tissue::DryDisc, 2.4),
        Wear::Bulging => (0.5, Tissue::DryDisc, 5.0),
    };
    let height = (spine.pitch / 2.0 - h + 0.4) * share;
    b.ellipsoid(Tissue::DryDisc, [c[0], c[1] + bulge * 0.6, c[2]], [w + bulge * 0.4, d + bulge, height])
        .boxed(0.9);
    b.ellipsoid(tissue, [c[0], c[1] + 1.0, c[2]], [w * 0.66, d * 0.6, height * 0.8]).boxed(0.7).soft(1.5);
}

fn osteophytes(b: &mut Builder, spine: &Spine, c: P3) {
    let [w, d, h] = spine.body;
    for (side, end) in [(-1.0, 1.0), (1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)] {
        let out = b.rng.range(2.0, 6.0);
        let from = [c[0] + side * w * 0.85, c[1] - d * 0.4, c[2] + end * h * 0.82];
        let to = [c[0] + side * (w + out), c[1] - d * 0.5, c[2] + end * (h + 1.5)];
        b.tube(Tissue::Cortical, &[(from, 2.4), (to, 1.1)]);
    }
}

fn canal(b: &mut Builder, spine: &Spine, depth: f32) {
    let bottom = spine.first - spine.count as f32 * spine.pitch;
    let steps = spine.count * 2;
    let points = |radius: f32, back: f32| -> Vec<(P3, f32)> {
        (0..=steps)
            .map(|i| {
                let z = spine.first + spine.pitch / 2.0
                    - (spine.first + spine.pitch / 2.0 - bottom) * i as f32 / steps as f32;
                ([0.0, (spine.line)(z) + depth * 1.5 + back, z], radius)
            })
            .collect()
    };
    b.tube(Tissue::Fat, &points(8.4, 0.6));
    b.tube(Tissue::Fluid, &points(7.4, 0.0));
    b.tube(Tissue::Cord, &points(4.1, 0.4));
}
