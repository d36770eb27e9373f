//! The chest, from the lower neck to the upper abdomen. z = 0 lies just below the carina.

use super::builder::Builder;
use super::lungs::{self, Lung};
use super::spine::{self, Spine};
use super::{Plan, chest_finding};
use crate::imaging::solid::P3;
use crate::imaging::tissue::Tissue;
use crate::world::Sex;

/// Warp, top and bottom of the scan.
pub(crate) fn build(b: &mut Builder, plan: &Plan) -> (f32, f32, f32) {
    let size = b.build.scale();
    let fat = 7.0 + 17.0 * b.build.fat();
    let cage = Cage { size, half: 134.0 * size, depth: 92.0 * size };
    b.couch(cage.depth + fat + 13.0);
    wall(b, &cage, fat);
    upper_abdomen_shell(b, &cage);
    let (right, left) = lungs_of(b, &cage);
    below_diaphragm(b, &cage);
    b.ill(plan.seed, |b| chest_finding::paint(b, plan, [&right, &left]));
    mediastinum(b, size);
    lungs::vessels(b, &right, [-34.0 * size, 4.0, -14.0]);
    lungs::vessels(b, &left, [40.0 * size, 8.0, -10.0]);
    bones(b, &cage, [&right, &left]);
    (3.4, 134.0 * size, -172.0 * size)
}

struct Cage {
    size: f32,
    half: f32,
    depth: f32,
}

const TALL: f32 = 900.0;

fn wall(b: &mut Builder, cage: &Cage, fat: f32) {
    let (w, d) = (cage.half + 12.0, cage.depth + 8.0);
    let s = cage.size;
    let grown_woman = b.build.sex == Sex::F && b.build.age > 13.0;
    for (tissue, out) in [(Tissue::Skin, fat + 2.0), (Tissue::Fat, fat)] {
        b.ellipsoid(tissue, [0.0, 2.0, 0.0], [w + out, d + out, TALL])
            .boxed(0.5)
            .rough(2.5, 60.0)
            .cut(2, 104.0, false);
        b.ellipsoid(tissue, [0.0, 4.0, 104.0], [w + out, d + out, 56.0 + out * 0.3]).boxed(0.4);
        b.tube(
            tissue,
            &[([0.0, 6.0, 110.0], 57.0 * s + out * 0.4), ([0.0, -6.0, 330.0], 52.0 * s + out * 0.3)],
        );
        shoulders(b, tissue, s, out);
        if grown_woman {
            let size = 30.0 + 22.0 * b.build.fat() + out * 0.3;
            b.pair(tissue, [72.0 * s, -d + 6.0, -42.0], [58.0 + out * 0.5, size, 56.0], |_| ());
        }
    }
    if grown_woman {
        b.pair(Tissue::Gland, [76.0 * s, -d - 6.0, -46.0], [32.0, 20.0, 30.0], |m| {
            m.rough(9.0, 11.0).veil(0.75);
        });
    }
    shoulders(b, Tissue::Muscle, s, 0.0);
    b.tube(Tissue::Muscle, &[([0.0, 12.0, 110.0], 50.0 * s), ([0.0, 2.0, 330.0], 46.0 * s)]);
    for side in [-1.0, 1.0] {
        let pectoral = [side * 60.0 * s, -d + 9.0, 56.0];
        b.ellipsoid(Tissue::Muscle, pectoral, [54.0 * s, 10.0, 60.0]).turned(side * 14.0).rough(1.5, 20.0);
        b.ellipsoid(Tissue::Muscle, [side * (w - 8.0), 32.0, 10.0], [11.0, 44.0, 130.0]).rough(2.0, 25.0);
        let blade = [side * 92.0 * s, d - 19.0, 92.0];
        b.ellipsoid(Tissue::Muscle, blade, [50.0 * s, 15.0, 58.0]).turned(side * -34.0).rough(2.0, 25.0);
        b.ellipsoid(Tissue::Muscle, [side * 52.0 * s, d - 12.0, 118.0], [46.0, 16.0, 50.0]).rough(2.0, 25.0);
    }
    for (tissue, out) in [(Tissue::Muscle, 0.0), (Tissue::Fat, -10.0)] {
        let (half, deep) = (cage.half + 7.0 + out, cage.depth + 5.0 + out);
        b.ellipsoid(tissue, [0.0, 0.0, -30.0], [half, deep, 178.0 + out]).boxed(0.35).cut(2, -30.0, true);
        b.ellipsoid(tissue, [0.0, 0.0, -30.0], [half, deep, 330.0]).boxed(0.35).cut(2, -28.0, false);
    }
    b.pair(Tissue::Muscle, [29.0, d - 2.0, 0.0], [27.0, 17.0, TALL], |m| {
        m.rough(2.0, 22.0);
    });
}

/// Arms hang beside the chest for a radiograph and are raised for CT.
fn shoulders(b: &mut Builder, tissue: Tissue, s: f32, out: f32) {
    for side in [-1.0, 1.0] {
        let thick = 44.0 * s + out * 0.7;
        let shoulder = [side * 150.0 * s, 20.0, 104.0];
        let (middle, end) = if b.lying {
            ([side * 165.0 * s, -6.0, 170.0], [side * 150.0 * s, -30.0, 330.0])
        } else {
            ([side * 196.0 * s, 20.0, 40.0], [side * 226.0 * s, 12.0, -240.0])
        };
        b.tube(tissue, &[(shoulder, thick), (middle, thick * 0.96), (end, thick * 0.85)]);
    }
}

fn upper_abdomen_shell(b: &mut Builder, cage: &Cage) {
    b.ellipsoid(Tissue::Fat, [0.0, 0.0, -210.0], [cage.half - 6.0, cage.depth - 8.0, 115.0]).boxed(0.4);
}

fn lungs_of(b: &mut Builder, cage: &Cage) -> (Lung, Lung) {
    let s = cage.size;
    let deep = cage.depth - 10.0;
    let right = Lung { centre: [-70.0 * s, 4.0, -8.0], radii: [cage.half - 74.0 * s, deep, 146.0 * s] };
    let left = Lung { centre: [71.0 * s, 6.0, -8.0], radii: [cage.half - 75.0 * s, deep - 2.0, 144.0 * s] };
    for lung in [&right, &left] {
        b.ellipsoid(Tissue::Lung, lung.centre, lung.radii).boxed(0.45).rough(1.2, 18.0);
    }
    (right, left)
}

fn below_diaphragm(b: &mut Builder, cage: &Cage) {
    let s = cage.size;
    let deep = cage.depth;
    b.ellipsoid(Tissue::Muscle, [-54.0 * s, 2.0, -190.0], [86.0 * s, deep - 6.0, 108.0]).rough(2.0, 40.0);
    b.ellipsoid(Tissue::Liver, [-54.0 * s, 2.0, -190.0], [83.0 * s, deep - 9.0, 105.0]).rough(2.0, 40.0);
    b.ellipsoid(Tissue::Muscle, [66.0 * s, 8.0, -200.0], [73.0 * s, deep - 10.0, 102.0]);
    b.ellipsoid(Tissue::Fat, [66.0 * s, 8.0, -200.0], [70.0 * s, deep - 13.0, 99.0]);
    b.ellipsoid(Tissue::Liver, [4.0, -40.0, -186.0], [62.0 * s, 36.0, 58.0]).rough(2.0, 30.0);
    b.ellipsoid(Tissue::Spleen, [100.0 * s, 40.0, -180.0], [30.0, 40.0, 48.0]).turned(35.0);
    b.ellipsoid(Tissue::Bowel, [58.0 * s, -16.0, -176.0], [40.0, 44.0, 56.0]).rough(3.0, 20.0);
    b.ellipsoid(Tissue::Stool, [58.0 * s, -16.0, -176.0], [36.0, 40.0, 52.0]).veil(0.35);
    b.ellipsoid(Tissue::Air, [58.0 * s, -34.0, -172.0], [31.0, 22.0, 44.0]).cut(1, -30.0, false);
}

fn mediastinum(b: &mut Builder, s: f32) {
    let old = ((b.build.age - 40.0) / 40.0).clamp(0.0, 1.0);
    b.ellipsoid(Tissue::Fat, [4.0, -14.0, 20.0], [35.0 * s, 66.0 * s, 118.0]).rough(3.0, 26.0);
    b.ellipsoid(Tissue::Fat, [4.0, 34.0, -40.0], [31.0 * s, 40.0, 150.0]).rough(2.0, 26.0);
    let heart = [25.0 * s, -26.0, -76.0];
    b.ellipsoid(Tissue::Fat, heart, [66.0 * s, 49.0, 57.0]).turned(28.0).rough(3.0, 24.0);
    b.ellipsoid(Tissue::Heart, heart, [62.0 * s, 44.0, 53.0]).turned(28.0).rough(1.6, 24.0);
    b.ellipsoid(Tissue::Heart, [-18.0 * s, -14.0, -66.0], [33.0, 35.0, 44.0]).rough(1.5, 22.0);
    b.ellipsoid(Tissue::Blood, [12.0, 16.0, -60.0], [37.0, 20.0, 30.0]).rough(1.0, 20.0);
    great_vessels(b, s, 1.0 + 0.18 * old);
    if old > 0.35 {
        calcified_arch(b, s);
    }
    airways(b, s);
    b.tube(
        Tissue::Muscle,
        &[([5.0, 16.0, 170.0], 8.0), ([7.0, 30.0, 0.0], 8.5), ([16.0, 30.0, -150.0], 9.0)],
    );
    b.tube(Tissue::Air, &[([5.0, 15.0, 90.0], 1.6), ([7.0, 29.0, 20.0], 2.1), ([7.0, 29.0, -20.0], 0.6)]);
    for node in 0..7 {
        let at = [b.rng.range(-24.0, 30.0), b.rng.range(-8.0, 18.0), b.rng.range(-25.0, 55.0)];
        let radius = 2.4 + 0.4 * node as f32;
        b.ellipsoid(Tissue::Muscle, at, [radius, radius * 0.8, radius]);
    }
}

fn great_vessels(b: &mut Builder, s: f32, wide: f32) {
    let blood = Tissue::Blood;
    let arch = [
        ([2.0, -20.0, -58.0], 15.0 * wide),
        ([-13.0 * s, -26.0, -20.0], 15.5 * wide),
        ([-11.0 * s, -24.0, 22.0], 15.0 * wide),
        ([0.0, -12.0, 45.0], 14.0 * wide),
        ([16.0 * s, 10.0, 50.0], 13.5 * wide),
        ([27.0 * s, 32.0, 38.0], 13.0 * wide),
        ([30.0 * s, 42.0, 5.0], 12.5 * wide),
        ([27.0 * s, 45.0, -80.0], 11.8 * wide),
        ([13.0, 42.0, -200.0], 11.0 * wide),
    ];
    b.tube(blood, &arch);
    let trunk =
        [([24.0, -32.0, -42.0], 14.0), ([25.0 * s, -20.0, -8.0], 14.0), ([22.0 * s, -6.0, 4.0], 13.0)];
    b.tube(blood, &trunk);
    b.tube(
        blood,
        &[([22.0 * s, -6.0, 3.0], 11.0), ([-8.0, 2.0, -2.0], 10.5), ([-37.0 * s, 6.0, -10.0], 8.0)],
    );
    b.tube(
        blood,
        &[([22.0 * s, -6.0, 3.0], 11.0), ([42.0 * s, 12.0, 2.0], 9.0), ([48.0 * s, 18.0, -18.0], 7.5)],
    );
    b.tube(
        blood,
        &[([-22.0 * s, -20.0, 84.0], 8.0), ([-25.0 * s, -18.0, 20.0], 9.5), ([-22.0, -14.0, -44.0], 10.0)],
    );
    b.tube(blood, &[([-20.0, 10.0, -110.0], 12.0), ([-18.0, 14.0, -190.0], 11.5)]);
    b.tube(blood, &[([-22.0, -20.0, 82.0], 7.0), ([10.0, -28.0, 66.0], 6.5), ([32.0, -22.0, 88.0], 6.5)]);
    b.tube(blood, &[([-4.0, -16.0, 48.0], 6.5), ([-14.0, -8.0, 90.0], 6.0), ([-26.0, -4.0, 170.0], 4.0)]);
    b.tube(blood, &[([8.0, -4.0, 52.0], 4.5), ([16.0, -2.0, 100.0], 4.2), ([26.0, -4.0, 170.0], 4.0)]);
    b.tube(blood, &[([18.0, 12.0, 54.0], 5.5), ([26.0, 14.0, 95.0], 5.2), ([70.0, -10.0, 140.0], 4.5)]);
    for side in [-1.0, 1.0] {
        b.tube(blood, &[([side * 26.0, -8.0, 100.0], 6.0), ([side * 32.0, -10.0, 175.0], 6.5)]);
        let vein = [([side * 30.0, 20.0, -52.0], 7.0), ([side * 52.0, 24.0, -48.0], 5.5)];
        b.tube(blood, &vein);
    }
}

fn calcified_arch(b: &mut Builder, s: f32) {
    for _ in 0..5 {
        let z = b.rng.range(38.0, 60.0);
        let at = [b.rng.range(4.0, 30.0) * s, b.rng.range(-2.0, 40.0), z];
        let to = [at[0] + b.rng.range(-3.0, 3.0), at[1] + b.rng.range(2.0, 7.0), z + 1.0];
        b.tube(Tissue::Cortical, &[(at, 0.9), (to, 0.7)]);
    }
}

fn airways(b: &mut Builder, s: f32) {
    let trunk = [([0.0, -4.0, 175.0], 8.6), ([-1.0, 2.0, 90.0], 8.8), ([0.0, 10.0, 14.0], 8.6)];
    let right = [([-4.0, 11.0, 14.0], 7.4), ([-18.0 * s, 10.0, -4.0], 7.0), ([-36.0 * s, 12.0, -26.0], 5.6)];
    let left = [([4.0, 11.0, 14.0], 6.8), ([22.0 * s, 16.0, -8.0], 6.2), ([42.0 * s, 20.0, -26.0], 5.2)];
    let upper = [([-20.0 * s, 10.0, 0.0], 4.4), ([-38.0 * s, 8.0, 10.0], 3.6)];
    let paths: [&[(P3, f32)]; 4] = [&trunk, &right, &left, &upper];
    for path in paths {
        let outer: Vec<_> = path.iter().map(|(p, r)| (*p, r + 1.5)).collect();
        b.tube(Tissue::Muscle, &outer);
    }
    for path in paths {
        b.tube(Tissue::Air, path);
    }
}

fn bones(b: &mut Builder, cage: &Cage, lungs: [&Lung; 2]) {
    let s = cage.size;
    let old = b.build.age > 62.0;
    spine::build(
        b,
        &Spine {
            body: [16.0 * s, 13.5 * s, 10.6],
            pitch: 25.0,
            first: 178.0,
            count: 16,
            line: |z| 58.0 - 0.00042 * (z - 10.0) * (z - 10.0),
            transverse: 31.0,
            worn: old,
            narrow: None,
            wedge: None,
        },
    );
    for number in 0..12 {
        for (side, lung) in [-1.0, 1.0].into_iter().zip(lungs) {
            rib(b, cage, number, side, lung);
        }
    }
    let front = -cage.depth + 1.0;
    b.block([0.0, front + 4.0, 74.0], [24.0 * s, 6.0, 24.0], 1.2, 0.6);
    b.block([0.0, front, 5.0], [14.0 * s, 5.0, 52.0], 1.2, 0.6);
    for side in [-1.0, 1.0] {
        let clavicle = [
            ([side * 18.0, front + 8.0, 92.0], 7.0),
            ([side * 52.0 * s, front + 14.0, 104.0], 5.4),
            ([side * 100.0 * s, front + 44.0, 118.0], 5.2),
            ([side * 148.0 * s, front + 66.0, 122.0], 6.4),
        ];
        b.bone(&clavicle, 1.7);
        scapula(b, cage, side);
    }
}

/// Half width of the cage at each rib, in proportion to the widest.
const WIDTHS: [f32; 12] = [0.42, 0.62, 0.76, 0.86, 0.93, 0.97, 1.0, 1.0, 0.99, 0.96, 0.9, 0.8];

fn rib(b: &mut Builder, cage: &Cage, number: usize, side: f32, lung: &Lung) {
    let width = WIDTHS[number] * cage.half;
    let deep = cage.depth * (0.5 + 0.5 * WIDTHS[number].sqrt());
    let start = 146.0 - 24.5 * number as f32;
    let drop = 26.0 + 6.5 * number.min(7) as f32;
    let reach = match number {
        10 => 0.5,
        11 => 0.34,
        _ => 0.86,
    };
    let steps = 26;
    let points: Vec<(P3, f32)> = (0..=steps)
        .map(|i| {
            let t = reach * i as f32 / steps as f32;
            let angle = std::f32::consts::PI * (0.07 + 0.93 * t);
            let back = 0.62 * (1.0 - t).powi(6) * deep * 0.25;
            let sink = drop * (1.0 - (angle).cos()) / 2.0 * 1.35;
            let at = [side * width * angle.sin().powf(0.85), deep * angle.cos() - back, start - sink];
            (lung.around(at), 5.0 - 0.9 * t)
        })
        .collect();
    b.bone(&points, 1.15);
    if number < 10 {
        let end = points[steps].0;
        let middle = [side * 20.0, -cage.depth + 4.0, (end[2] + 10.0 + 6.0 * number as f32).min(70.0)];
        b.tube(Tissue::Cartilage, &[(end, 4.4), (middle, 4.0)]);
    }
}

fn scapula(b: &mut Builder, cage: &Cage, side: f32) {
    let (w, d) = (cage.half, cage.depth);
    let tip = [side * w * 0.82, d * 0.86, -18.0];
    let inner = [side * w * 0.62, d + 1.0, 104.0];
    let socket = [side * (w + 16.0), d * 0.28, 116.0];
    for step in 0..9 {
        let t = step as f32 / 8.0;
        let edge = std::array::from_fn(|i| inner[i] + (tip[i] - inner[i]) * t);
        let outer: P3 = std::array::from_fn(|i| socket[i] + (tip[i] - socket[i]) * t);
        b.bone(&[(edge, 2.0), (outer, 2.2 + 1.6 * t.min(0.5))], 0.9);
    }
    b.bone(&[(inner, 3.2), (socket, 4.2)], 1.3);
    b.bone(&[([side * w * 0.66, d + 8.0, 96.0], 3.0), ([side * (w + 18.0), d * 0.5, 134.0], 5.0)], 1.4);
    b.block(socket, [10.0, 13.0, 16.0], 1.6, 0.3);
    b.block([side * (w + 34.0), d * 0.16, 118.0], [21.0, 21.0, 22.0], 1.8, 0.1);
    let end = if b.lying { [side * (w + 20.0), -30.0, 330.0] } else { [side * (w + 90.0), 8.0, -240.0] };
    b.bone(&[([side * (w + 36.0), d * 0.14, 110.0], 13.0), (end, 11.0)], 3.4);
}
