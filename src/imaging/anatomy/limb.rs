//! Joints of the limbs, lying flat: x across, z along, y through.

use super::Plan;
use super::builder::Builder;
use crate::imaging::solid::P3;
use crate::imaging::tissue::Tissue;
use crate::world::Finding;

/// Which part of a limb is imaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    Hand,
    Wrist,
    Knee,
    Ankle,
}

/// Warp, top and bottom of the exposure.
pub(crate) fn build(b: &mut Builder, plan: &Plan) -> (f32, f32, f32) {
    let (s, finding, joint) = (b.build.scale(), plan.finding, plan.joint);
    match joint {
        Joint::Hand | Joint::Wrist => hand(b, s, plan),
        Joint::Knee => knee(b, s, finding),
        Joint::Ankle => ankle(b, s, finding),
    }
    // The hand is built as a left one, knee and ankle as right ones.
    let built = if matches!(joint, Joint::Hand | Joint::Wrist) { 1.0 } else { -1.0 };
    if plan.lesion.side.is_some_and(|side| side != built) {
        b.mirror();
    }
    match joint {
        Joint::Wrist => (0.8, 26.0 * s, -120.0 * s),
        Joint::Hand => (0.8, 110.0 * s, -112.0 * s),
        Joint::Knee => (2.0, 145.0, -145.0),
        Joint::Ankle => (1.6, 120.0, -120.0),
    }
}

fn flesh(b: &mut Builder, points: &[(P3, f32)]) {
    for (tissue, out) in [(Tissue::Skin, 1.6), (Tissue::Fat, 0.0), (Tissue::Muscle, -2.6)] {
        let tube: Vec<_> = points.iter().map(|(p, r)| (*p, (r + out).max(1.0))).collect();
        b.tube(tissue, &tube);
    }
}

/// A long bone: thick walls in the shaft, thin ones at its wide ends.
fn long_bone(b: &mut Builder, from: P3, to: P3, ends: [f32; 2], shaft: f32, wall: f32) {
    let at = |t: f32| -> P3 { std::array::from_fn(|i| from[i] + (to[i] - from[i]) * t) };
    let radius = |t: f32| {
        let (near, far) = ((1.0 - t / 0.24).max(0.0), (1.0 - (1.0 - t) / 0.24).max(0.0));
        shaft
            + (ends[0] - shaft) * near * near * (3.0 - 2.0 * near)
            + (ends[1] - shaft) * far * far * (3.0 - 2.0 * far)
    };
    let thin = |t: f32| {
        let near_end = (1.0 - t.min(1.0 - t) / 0.2).max(0.0);
        wall * (1.0 - 0.72 * near_end)
    };
    let points: Vec<_> = (0..=20).map(|i| i as f32 / 20.0).map(|t| (at(t), radius(t), thin(t))).collect();
    let outer: Vec<_> = points.iter().map(|(p, r, _)| (*p, *r)).collect();
    let inner: Vec<_> = points.iter().map(|(p, r, w)| (*p, (r - w).max(0.2))).collect();
    b.tube(Tissue::Cortical, &outer);
    b.tube(Tissue::Spongy, &inner);
}

/// A line of the breaking: fragments stand apart by a little.
fn fracture(b: &mut Builder, at: P3, radius: f32) {
    let tilt = b.rng.range(-0.6, 0.6);
    let mut points = Vec::new();
    for i in 0..9 {
        let x = (i as f32 / 4.0 - 1.0) * (radius + 1.5);
        let jag = b.rng.range(-0.9, 0.9);
        points.push(([at[0] + x, at[1], at[2] + x * tilt + jag], 0.75));
    }
    b.tube(Tissue::Gap, &points);
}

/// Base and tip of a finger with its metacarpal, the lengths of its bones, and their radius.
type Ray = ([f32; 2], [f32; 2], [f32; 4], f32);

fn hand(b: &mut Builder, s: f32, plan: &Plan) {
    let wrist = plan.joint == Joint::Wrist;
    let broken_finger = plan.finding == Finding::Fracture && !wrist;
    let rays: [Ray; 5] = [
        ([24.0, -28.0], [66.0, 32.0], [42.0, 29.0, 24.0, 0.0], 5.0),
        ([15.0, -14.0], [32.0, 84.0], [62.0, 37.0, 22.0, 16.0], 4.4),
        ([3.0, -12.0], [5.0, 98.0], [60.0, 41.0, 26.0, 17.0], 4.5),
        ([-8.0, -14.0], [-20.0, 88.0], [53.0, 38.0, 24.0, 17.0], 4.0),
        ([-18.0, -18.0], [-46.0, 64.0], [49.0, 30.0, 18.0, 15.0], 3.7),
    ];
    flesh(b, &[([0.0, 0.0, -22.0], 24.0), ([0.0, 0.0, -60.0], 23.0), ([0.0, 0.0, -130.0], 27.0)]);
    for x in [-24.0, -8.0, 8.0, 22.0] {
        flesh(b, &[([x * 0.8 * s, 0.0, -30.0 * s], 13.0), ([x * s, 0.0, 36.0 * s], 11.0)]);
    }
    for (base, tip, _, _) in rays {
        flesh(b, &[([base[0] * s, 0.0, base[1] * s], 12.0), ([tip[0] * s, 0.0, (tip[1] + 6.0) * s], 7.4)]);
    }
    let drawn = 1 + (b.rng.next() % 4) as usize;
    let broken = plan.lesion.finger.unwrap_or(drawn);
    for (number, (base, tip, lengths, shaft)) in rays.into_iter().enumerate() {
        let (dx, dz) = (tip[0] - base[0], tip[1] - base[1]);
        let long = dx.hypot(dz);
        let at = |along: f32| [(base[0] + dx / long * along) * s, 0.0, (base[1] + dz / long * along) * s];
        let mut along = 0.0;
        for (joint, length) in lengths.into_iter().enumerate() {
            let length = length * long / lengths.iter().sum::<f32>() * 0.97;
            if length < 1.0 {
                continue;
            }
            let slim = shaft * (1.0 - 0.17 * joint as f32);
            let ends = [slim * 1.55, slim * 1.4];
            long_bone(b, at(along + 2.4), at(along + length - 2.0), ends, slim, slim * 0.42);
            // After the bone of the palm comes the finger's first one.
            if broken_finger && number == broken && joint == 1 {
                fracture(b, at(along + length * 0.62), slim * 1.2);
            }
            along += length + 1.6;
        }
    }
    let carpals = [
        (17.0, -34.0, 7.5),
        (8.0, -28.0, 6.5),
        (0.0, -30.0, 8.5),
        (-11.0, -31.0, 7.5),
        (10.0, -44.0, 8.5),
        (-2.0, -47.0, 8.0),
        (-13.0, -44.0, 7.0),
    ];
    for (x, z, r) in carpals {
        b.block([x * s, 0.0, z * s], [r * s, r, r * s], 1.1, 0.35);
    }
    long_bone(b, [7.0 * s, 0.0, -59.0 * s], [10.0 * s, 0.0, -240.0], [13.0, 7.0], 6.6, 2.3);
    if plan.finding == Finding::Fracture && wrist {
        fracture(b, [7.5 * s, 0.0, -78.0 * s], 10.5);
    }
    long_bone(b, [-15.0 * s, 0.0, -58.0 * s], [-16.0 * s, 0.0, -240.0], [7.5, 6.0], 5.2, 2.1);
}

fn knee(b: &mut Builder, s: f32, finding: Finding) {
    flesh(
        b,
        &[
            ([4.0, 0.0, 240.0], 74.0 * s),
            ([0.0, 0.0, 30.0], 57.0 * s),
            ([0.0, 4.0, -40.0], 52.0 * s),
            ([-3.0, 8.0, -240.0], 55.0 * s),
        ],
    );
    let worn = finding == Finding::Degeneration;
    let space = if worn { 1.0 } else { 3.2 };
    b.fused(|b| {
        long_bone(b, [12.0, 0.0, 330.0], [2.0, 0.0, 22.0], [17.0, 30.0 * s], 14.5 * s, 5.0);
        for side in [-1.0, 1.0] {
            b.block([side * 20.0 * s, 4.0, 19.0 + space], [20.0 * s, 25.0, 19.0], 1.1, 0.25);
        }
    });
    b.fused(|b| {
        long_bone(b, [0.0, 4.0, -16.0], [-4.0, 6.0, -330.0], [34.0 * s, 17.0], 13.5 * s, 4.6);
        for side in [-1.0, 1.0] {
            b.block([side * 19.0 * s, 2.0, -15.0 - space * 0.3], [19.5 * s, 22.0, 11.0], 1.2, 0.5);
            b.bone(&[([side * 5.0, 0.0, -2.0], 2.4), ([side * 6.0, 0.0, -14.0], 5.0)], 0.8);
        }
    });
    if worn {
        for (side, z) in [(-1.0, 6.0), (1.0, 6.0), (-1.0, -10.0), (1.0, -10.0)] {
            let to = [side * 44.0 * s, 0.0, z + side * 1.5];
            b.tube(Tissue::Cortical, &[([side * 34.0 * s, 0.0, z], 3.0), (to, 1.0)]);
        }
    }
    long_bone(b, [-36.0 * s, 16.0, -38.0], [-34.0 * s, 16.0, -330.0], [9.5, 7.0], 6.2, 2.4);
    b.block([3.0, -36.0, 26.0], [22.0 * s, 9.0, 22.0], 1.4, 0.2);
    if finding == Finding::Fracture {
        fracture(b, [-2.0, 4.0, -52.0], 21.0 * s);
    }
}

fn ankle(b: &mut Builder, s: f32, finding: Finding) {
    flesh(b, &[([0.0, 0.0, 240.0], 46.0 * s), ([0.0, 0.0, 40.0], 34.0 * s), ([0.0, 2.0, -24.0], 36.0 * s)]);
    flesh(b, &[([0.0, 24.0, -42.0], 31.0), ([0.0, -34.0, -58.0], 30.0), ([0.0, -120.0, -70.0], 17.0)]);
    long_bone(b, [2.0, 0.0, 300.0], [4.0, 0.0, 14.0], [16.0, 22.0 * s], 12.5 * s, 4.4);
    b.bone(&[([6.0, -52.0, -46.0], 13.0), ([8.0, -128.0, -66.0], 9.0)], 1.6);
    b.bone(&[([22.0 * s, 0.0, 14.0], 8.0), ([25.0 * s, 0.0, -6.0], 6.0)], 1.4);
    long_bone(b, [-23.0 * s, 4.0, 300.0], [-28.0 * s, 6.0, -14.0], [7.0, 8.5], 6.0, 2.4);
    b.block([0.0, -4.0, -14.0], [19.0 * s, 26.0, 13.0], 1.3, 0.5);
    b.block([-4.0, 14.0, -44.0], [19.0 * s, 34.0, 17.0], 1.5, 0.4);
    b.block([10.0, -40.0, -40.0], [16.0 * s, 12.0, 14.0], 1.2, 0.4);
    b.block([-14.0, -42.0, -50.0], [13.0 * s, 14.0, 12.0], 1.2, 0.4);
    if finding == Finding::Fracture {
        fracture(b, [-27.0 * s, 6.0, 8.0], 9.0);
    }
}
