//! The abdomen with the lumbar spine. z = 0 lies at the second lumbar vertebra.

use super::builder::Builder;
use super::spine::{self, Spine};
use super::{Plan, abdomen_finding};
use crate::imaging::noise::Rng;
use crate::imaging::solid::P3;
use crate::imaging::tissue::Tissue;
use crate::world::{Finding, Sex};

/// Warp, top and bottom of the scan.
pub(crate) fn build(b: &mut Builder, plan: &Plan) -> (f32, f32, f32) {
    let s = b.build.scale();
    let fat = 9.0 + 24.0 * b.build.fat();
    let room = [128.0 * s, 88.0 * s];
    b.couch(room[1] + fat + 14.0);
    wall(b, room, fat);
    lung_bases(b, s);
    upper_organs(b, s);
    kidneys(b, s);
    vessels(b, s);
    bowel(b, s);
    pelvis(b, s);
    b.ill(plan.seed, |b| abdomen_finding::paint(b, plan, s));
    bones(b, s, plan);
    (4.2, 130.0 * s, -120.0 * s)
}

const TALL: f32 = 900.0;

/// The twelfth thoracic vertebra among those that are built.
const TWELFTH: usize = 3;

fn wall(b: &mut Builder, room: [f32; 2], fat: f32) {
    let [w, d] = room;
    b.ellipsoid(Tissue::Skin, [0.0, 0.0, 0.0], [w + fat + 14.0, d + fat + 12.0, TALL]).boxed(0.4);
    b.ellipsoid(Tissue::Fat, [0.0, 0.0, 0.0], [w + fat + 12.0, d + fat + 10.0, TALL]).boxed(0.4);
    for (tissue, out) in
        [(Tissue::Muscle, 10.0), (Tissue::Fat, 7.4), (Tissue::Muscle, 6.6), (Tissue::Fat, 0.0)]
    {
        b.ellipsoid(tissue, [0.0, -4.0, 0.0], [w + out, d + out, TALL]).boxed(0.3).rough(1.2, 30.0);
    }
    b.pair(Tissue::Muscle, [34.0, -d - 4.0, 0.0], [34.0, 7.0, TALL], |m| {
        m.rough(1.0, 20.0);
    });
    b.pair(Tissue::Muscle, [36.0, d - 2.0, 0.0], [31.0, 22.0, TALL], |m| {
        m.rough(2.5, 20.0);
    });
    b.pair(Tissue::Fat, [36.0, d - 4.0, 0.0], [27.0, 17.0, TALL], |m| {
        m.veil(0.4).sheets = 13.0;
    });
    b.pair(Tissue::Muscle, [72.0, d - 14.0, 0.0], [17.0, 12.0, TALL], |m| {
        m.rough(2.0, 18.0);
    });
}

fn lung_bases(b: &mut Builder, s: f32) {
    b.ellipsoid(Tissue::Lung, [0.0, 12.0, 190.0], [124.0 * s, 82.0 * s, 120.0]).boxed(0.3);
    b.ellipsoid(Tissue::Heart, [25.0, -34.0, 158.0], [58.0, 42.0, 50.0]).turned(28.0);
    b.ellipsoid(Tissue::Muscle, [66.0 * s, 14.0, 20.0], [64.0 * s, 78.0 * s, 112.0]).cut(2, 84.0, true);
    b.ellipsoid(Tissue::Fat, [66.0 * s, 14.0, 20.0], [61.0 * s, 75.0 * s, 109.0]).cut(2, 82.0, true);
}

fn upper_organs(b: &mut Builder, s: f32) {
    let lobe = [-62.0 * s, -6.0, 46.0];
    b.ellipsoid(Tissue::Liver, lobe, [67.0 * s, 78.0 * s, 84.0]).rough(3.5, 32.0);
    b.ellipsoid(Tissue::Liver, [4.0, -44.0 * s, 64.0], [62.0 * s, 34.0, 44.0]).turned(-8.0).rough(3.0, 26.0);
    b.ellipsoid(Tissue::Fat, [-10.0, -64.0 * s, 46.0], [3.0, 22.0, 26.0]).turned(14.0).soft(1.0);
    let mut rng = Rng::new(b.build.seed, "liver");
    for _ in 0..16 {
        let porta = [-22.0 * s, -2.0, 38.0];
        let out = [
            porta[0] - rng.range(15.0, 78.0) * s,
            porta[1] + rng.range(-55.0, 50.0) * s,
            porta[2] + rng.range(-30.0, 48.0),
        ];
        let middle: P3 = std::array::from_fn(|i| (porta[i] + out[i]) / 2.0 + rng.range(-8.0, 8.0));
        b.tube(Tissue::Blood, &[(porta, 4.2), (middle, 2.9), (out, 1.1)]);
    }
    b.ellipsoid(Tissue::Liver, [-58.0 * s, -44.0, -4.0], [21.0, 17.0, 34.0]).veil(0.6);
    b.ellipsoid(Tissue::Muscle, [-44.0 * s, -48.0, -8.0], [16.0, 15.0, 32.0]);
    b.ellipsoid(Tissue::Fluid, [-44.0 * s, -48.0, -8.0], [14.5, 13.5, 30.0]);
    b.ellipsoid(Tissue::Spleen, [100.0 * s, 38.0 * s, 52.0], [23.0, 44.0, 50.0])
        .turned(26.0)
        .rough(3.0, 22.0);
    b.ellipsoid(Tissue::Bowel, [56.0 * s, -40.0 * s, 62.0], [42.0, 37.0, 46.0])
        .turned(-22.0)
        .rough(3.0, 20.0);
    b.ellipsoid(Tissue::Stool, [56.0 * s, -40.0 * s, 62.0], [37.0, 32.0, 42.0]).turned(-22.0).veil(0.3);
    b.ellipsoid(Tissue::Air, [54.0 * s, -46.0 * s, 64.0], [34.0, 28.0, 38.0]).turned(-22.0).cut(
        1,
        -52.0 * s,
        false,
    );
    let pancreas = [
        ([-34.0 * s, -16.0, -6.0], 14.0),
        ([-14.0, -24.0, 4.0], 11.0),
        ([18.0, -24.0, 16.0], 9.0),
        ([52.0 * s, -4.0, 30.0], 9.5),
        ([84.0 * s, 22.0, 42.0], 7.5),
    ];
    b.tube(Tissue::Pancreas, &pancreas);
    b.tube(Tissue::Fluid, &[([-20.0, -20.0, 0.0], 1.2), ([50.0 * s, -4.0, 29.0], 0.8)]);
}

fn kidneys(b: &mut Builder, s: f32) {
    for side in [-1.0, 1.0] {
        let c = [side * 60.0 * s, 42.0 * s, -6.0 + side * 8.0];
        b.ellipsoid(Tissue::Fat, c, [36.0, 35.0, 68.0]);
        b.ellipsoid(Tissue::Kidney, c, [26.0, 27.0, 54.0]).turned(side * 32.0).rough(1.8, 16.0);
        let sinus = [c[0] - side * 9.0, c[1] - 7.0, c[2]];
        b.ellipsoid(Tissue::Fat, sinus, [13.0, 11.0, 28.0]).turned(side * 32.0).rough(3.5, 9.0);
        b.ellipsoid(Tissue::Kidney, sinus, [5.0, 6.0, 24.0]).rough(4.0, 8.0);
        b.ellipsoid(Tissue::Fluid, [sinus[0] - side * 4.0, sinus[1] - 3.0, c[2]], [5.0, 4.5, 12.0])
            .rough(1.5, 8.0);
        let ureter = [
            ([sinus[0] - side * 10.0, sinus[1] - 4.0, c[2] - 10.0], 2.6),
            ([side * 38.0, 30.0, c[2] - 60.0], 2.0),
            ([side * 34.0, 30.0, -190.0], 2.0),
        ];
        b.tube(Tissue::Muscle, &ureter);
        b.tube(Tissue::Muscle, &[([side * 42.0, 26.0, 44.0], 2.0), ([side * 52.0, 34.0, 54.0], 2.4)]);
    }
}

fn vessels(b: &mut Builder, s: f32) {
    let old = ((b.build.age - 45.0) / 40.0).clamp(0.0, 1.0);
    let r = 8.6 + 2.4 * old;
    b.tube(
        Tissue::Blood,
        &[([12.0, 22.0, 190.0], r + 1.5), ([9.0, 14.0, 40.0], r), ([5.0, 10.0, -70.0], r - 1.0)],
    );
    b.tube(
        Tissue::Blood,
        &[([-24.0, 6.0, 190.0], 12.0), ([-20.0, 10.0, 40.0], 11.0), ([-14.0, 14.0, -76.0], 10.0)],
    );
    for side in [-1.0, 1.0] {
        b.tube(
            Tissue::Blood,
            &[
                ([5.0, 10.0, -68.0], r - 2.0),
                ([side * 34.0, 18.0, -130.0], 6.0),
                ([side * 50.0, 4.0, -200.0], 5.5),
            ],
        );
        b.tube(Tissue::Blood, &[([side * 6.0, 14.0, 2.0], 3.2), ([side * 42.0 * s, 34.0, -2.0], 2.6)]);
        b.tube(Tissue::Blood, &[([-6.0 + side * 8.0, 8.0, 2.0], 4.2), ([side * 42.0 * s, 32.0, 0.0], 3.6)]);
    }
    b.tube(
        Tissue::Blood,
        &[([8.0, 4.0, 18.0], 3.6), ([4.0, -16.0, -20.0], 3.4), ([-4.0, -26.0, -100.0], 2.2)],
    );
    b.tube(
        Tissue::Blood,
        &[([-8.0, -18.0, -50.0], 5.0), ([-10.0, -16.0, 10.0], 6.0), ([-22.0, -4.0, 38.0], 6.6)],
    );
    b.tube(
        Tissue::Blood,
        &[([-10.0, -14.0, 14.0], 4.6), ([40.0 * s, 0.0, 30.0], 4.0), ([86.0 * s, 28.0, 46.0], 3.4)],
    );
    for _ in 0..(old * 9.0) as usize {
        let z = b.rng.range(-60.0, 60.0);
        let turn = b.rng.range(0.0, std::f32::consts::TAU);
        let at = [8.0 + turn.cos() * (r - 0.4), 13.0 + turn.sin() * (r - 0.4), z];
        let to = [at[0], at[1] + 1.0, z + b.rng.range(2.0, 6.0)];
        b.tube(Tissue::Cortical, &[(at, 0.9), (to, 0.8)]);
    }
    for _ in 0..60 {
        let root = [b.rng.range(-20.0, 20.0), b.rng.range(-34.0, -18.0), b.rng.range(-100.0, 0.0)];
        let to = [
            root[0] + b.rng.range(-60.0, 60.0),
            root[1] + b.rng.range(-34.0, 14.0),
            root[2] + b.rng.range(-25.0, 25.0),
        ];
        b.tube(Tissue::Blood, &[(root, 1.5), (to, 0.8)]);
    }
}

fn bowel(b: &mut Builder, s: f32) {
    let colon: [(P3, f32); 13] = [
        ([-92.0 * s, 10.0, -190.0], 23.0),
        ([-96.0 * s, 14.0, -120.0], 22.0),
        ([-96.0 * s, 16.0, -62.0], 19.0),
        ([-84.0 * s, -22.0, -34.0], 17.0),
        ([-50.0 * s, -64.0 * s, -48.0], 16.0),
        ([0.0, -70.0 * s, -56.0], 16.0),
        ([48.0 * s, -64.0 * s, -30.0], 16.0),
        ([88.0 * s, -26.0, 14.0], 15.0),
        ([104.0 * s, 10.0, 20.0], 15.0),
        ([106.0 * s, 30.0, -30.0], 13.0),
        ([104.0 * s, 28.0, -100.0], 12.0),
        ([92.0 * s, 10.0, -160.0], 13.0),
        ([40.0, 20.0, -200.0], 14.0),
    ];
    b.tube(Tissue::Bowel, &colon);
    let content: Vec<_> = colon.iter().map(|(p, r)| (*p, r - 2.6)).collect();
    b.tube(Tissue::Stool, &content);
    for (p, r) in colon {
        for _ in 0..3 {
            let at = [
                p[0] + b.rng.range(-5.0, 5.0),
                p[1] - r * b.rng.range(0.1, 0.5),
                p[2] + b.rng.range(-18.0, 18.0),
            ];
            let g = r * b.rng.range(0.28, 0.55);
            b.ellipsoid(Tissue::Air, at, [g, g * 0.7, g * 1.4]).rough(g * 0.3, 6.0).cut(
                1,
                at[1] + g * 0.35,
                false,
            );
        }
    }
    for _ in 0..17 {
        let mut at = [b.rng.range(-58.0, 66.0) * s, b.rng.range(-58.0, 4.0) * s, b.rng.range(-190.0, -24.0)];
        let mut path = vec![(at, 11.0)];
        for _ in 0..4 {
            at = [
                (at[0] + b.rng.range(-26.0, 26.0)).clamp(-76.0 * s, 80.0 * s),
                (at[1] + b.rng.range(-18.0, 18.0)).clamp(-66.0 * s, 8.0),
                at[2] + b.rng.range(-18.0, 18.0),
            ];
            path.push((at, b.rng.range(8.5, 12.5)));
        }
        b.tube(Tissue::Bowel, &path);
        let inner: Vec<_> = path.iter().map(|(p, r)| (*p, r - 3.4)).collect();
        b.tube(Tissue::Fluid, &inner);
        if b.rng.unit() < 0.35 {
            let (p, r) = path[2];
            b.ellipsoid(Tissue::Air, [p[0], p[1] - 3.0, p[2]], [r * 0.55, r * 0.4, r * 0.6]).cut(
                1,
                p[1] - 2.0,
                false,
            );
        }
    }
}

fn pelvis(b: &mut Builder, s: f32) {
    let full = b.rng.range(0.8, 1.15);
    let bladder = [b.rng.range(-4.0, 4.0), -38.0 * s, -174.0];
    if b.build.sex == Sex::F {
        b.ellipsoid(Tissue::Kidney, [2.0, 10.0, -164.0], [29.0 * s, 21.0, 27.0]).rough(1.5, 16.0);
        b.ellipsoid(Tissue::Gland, [2.0, 8.0, -164.0], [11.0, 4.0, 16.0]);
        b.pair(Tissue::Kidney, [44.0 * s, 6.0, -160.0], [14.0, 11.0, 16.0], |m| {
            m.rough(2.0, 8.0);
        });
    } else {
        b.ellipsoid(Tissue::Gland, [0.0, -14.0, -208.0], [22.0, 17.0, 18.0]).rough(1.0, 10.0);
    }
    b.ellipsoid(Tissue::Muscle, bladder, [40.0 * s * full, 29.0 * full, 33.0 * full]).rough(1.5, 20.0);
    b.ellipsoid(Tissue::Fluid, bladder, [36.5 * s * full, 25.5 * full, 29.5 * full]).rough(1.5, 20.0);
}

fn bones(b: &mut Builder, s: f32, plan: &Plan) {
    b.pair(Tissue::Muscle, [37.0, 46.0, -70.0], [19.0, 19.0, 110.0], |m| {
        m.rough(1.5, 18.0);
    });
    let worn = plan.finding == Finding::Degeneration || b.build.age > 66.0;
    let level = plan.lesion.level.map(|level| level + TWELFTH);
    let broken = plan.finding == Finding::Fracture;
    spine::build(
        b,
        &Spine {
            body: [22.0 * s, 16.5 * s, 13.6],
            pitch: 34.0,
            first: 172.0,
            count: 9,
            line: |z| 50.0 - 9.0 * ((z + 40.0) / 70.0).cos(),
            transverse: 38.0,
            worn,
            narrow: level.filter(|_| plan.finding == Finding::Degeneration),
            wedge: level.or(Some(TWELFTH + 1)).filter(|_| broken),
        },
    );
    for number in 0..5 {
        for side in [-1.0, 1.0] {
            let start = 176.0 - 26.0 * number as f32;
            let reach = if number == 4 { 0.34 } else { 0.72 - 0.06 * number as f32 };
            let rib: Vec<(P3, f32)> = (0..=18)
                .map(|i| {
                    let t = reach * i as f32 / 18.0;
                    let angle = std::f32::consts::PI * (0.09 + 0.91 * t);
                    let at = [
                        side * 131.0 * s * angle.sin().powf(0.85),
                        84.0 * s * angle.cos(),
                        start - 78.0 * t * t - 30.0 * t,
                    ];
                    (at, 4.9 - 0.8 * t)
                })
                .collect();
            b.bone(&rib, 1.15);
        }
    }
    b.fused(sacrum);
    for side in [-1.0, 1.0] {
        b.fused(|b| hip(b, side, s));
    }
}

fn sacrum(b: &mut Builder) {
    b.bone(&[([0.0, 57.0, -150.0], 20.0), ([0.0, 74.0, -196.0], 13.0), ([0.0, 76.0, -226.0], 7.0)], 1.3);
    for side in [-1.0, 1.0] {
        b.bone(&[([side * 12.0, 60.0, -152.0], 17.0), ([side * 40.0, 68.0, -158.0], 15.0)], 1.3);
        b.bone(&[([side * 38.0, 68.0, -160.0], 13.0), ([side * 12.0, 76.0, -204.0], 8.0)], 1.2);
    }
}

/// One wing: a fan of rays from the socket to the crest.
fn hip(b: &mut Builder, side: f32, s: f32) {
    for step in 0..22 {
        let t = step as f32 / 21.0;
        let arch = -100.0 - 46.0 * (t - 0.42).powi(2) * 4.0;
        let crest = [side * (50.0 + 72.0 * t) * s, 74.0 - 96.0 * t, arch];
        let socket = [side * (66.0 + 22.0 * t) * s, 34.0 - 32.0 * t, -206.0];
        b.bone(&[(crest, 5.2), (socket, 9.0)], 1.3);
    }
}
