//! The head. z = 0 lies at the level of the third ventricle.

use super::Plan;
use super::builder::Builder;
use crate::imaging::solid::P3;
use crate::imaging::tissue::Tissue;
use crate::world::Finding;

/// Warp, top and bottom of the scan.
pub(crate) fn build(b: &mut Builder, plan: &Plan) -> (f32, f32, f32) {
    let s = b.build.scale().max(0.85).sqrt();
    let old = ((b.build.age - 35.0) / 50.0).clamp(0.0, 1.0);
    rest(b, s);
    face(b, s);
    skull(b, s);
    brain(b, s, old);
    cerebellum_and_stem(b, s);
    ventricles(b, s, old);
    b.ill(plan.seed, |b| finding_in(b, plan, s));
    base_of_skull(b, s);
    (2.2, 92.0 * s, -62.0 * s)
}

/// The head holder: a shallow shell of foam behind the head.
fn rest(b: &mut Builder, s: f32) {
    if b.lying {
        let y = -8.0;
        b.ellipsoid(Tissue::Table, [0.0, y, 0.0], [112.0 * s, 124.0 * s, 900.0]).cut(1, 22.0, true);
        b.ellipsoid(Tissue::Air, [0.0, y, 0.0], [109.0 * s, 121.0 * s, 900.0]).cut(1, 20.0, true);
    }
}

fn face(b: &mut Builder, s: f32) {
    for (tissue, out) in [(Tissue::Skin, 2.0), (Tissue::Fat, 0.0), (Tissue::Muscle, -5.0)] {
        b.ellipsoid(tissue, [0.0, -44.0 * s, -86.0], [63.0 * s + out, 56.0 * s + out, 88.0 + out])
            .rough(1.5, 26.0);
        b.ellipsoid(tissue, [0.0, -100.0 * s, -62.0], [12.0 + out, 18.0 + out, 26.0]);
        b.ellipsoid(tissue, [0.0, 30.0, -150.0], [58.0 * s + out, 62.0 * s + out, 110.0 + out]);
    }
    b.pair(Tissue::Skin, [81.0 * s, 16.0, -30.0], [5.0, 18.0, 30.0], |ear| {
        ear.turned(-18.0).rough(2.0, 8.0);
    });
    b.pair(Tissue::Muscle, [67.0 * s, -24.0, -20.0], [6.5, 24.0, 42.0], |m| {
        m.rough(1.0, 12.0);
    });
}

fn skull(b: &mut Builder, s: f32) {
    let c = [0.0, 0.0, 4.0];
    let thick = b.rng.range(6.0, 8.2);
    let shell = |out: f32| [70.0 * s + out, 89.0 * s + out, 81.0 * s + out];
    b.ellipsoid(Tissue::Skin, c, shell(thick + 6.5)).rough(0.8, 40.0);
    b.ellipsoid(Tissue::Fat, c, shell(thick + 4.2)).rough(0.8, 30.0);
    b.ellipsoid(Tissue::Muscle, c, shell(thick + 1.2));
    b.ellipsoid(Tissue::Skull, c, shell(thick)).rough(0.6, 30.0);
    b.ellipsoid(Tissue::Diploe, c, shell(thick - 2.3)).rough(0.8, 14.0);
    b.ellipsoid(Tissue::Skull, c, shell(2.0)).rough(0.5, 20.0);
    let fossa = |out: f32| [59.0 * s + out, 45.0 * s + out, 46.0 + out];
    for (tissue, out) in [(Tissue::Skull, thick - 1.5), (Tissue::Diploe, thick - 3.4), (Tissue::Skull, 1.6)] {
        b.ellipsoid(tissue, [0.0, 40.0 * s, -38.0], fossa(out)).cut(2, -12.0, false);
    }
    b.ellipsoid(Tissue::Fluid, c, shell(0.0));
    b.ellipsoid(Tissue::Fluid, [0.0, 40.0 * s, -38.0], fossa(0.0)).cut(2, -12.0, false);
}

fn brain(b: &mut Builder, s: f32, old: f32) {
    let c = [0.0, 0.0, 4.0];
    let gap = 1.0 + 2.6 * old;
    let whole = [70.0 * s - gap, 89.0 * s - gap, 81.0 * s - gap];
    b.ellipsoid(Tissue::Grey, c, whole).rough(1.4, 11.0);
    let sulci = b.ellipsoid(Tissue::Fluid, c, whole);
    sulci.sheets = 12.5;
    sulci.opacity = 0.42 + 0.5 * old;
    b.ellipsoid(Tissue::White, c, whole.map(|r| r - 9.5)).rough(5.5, 8.5).soft(1.4);
    let middle = [8.5, whole[1] - 6.0, whole[2] - 6.0];
    b.ellipsoid(Tissue::Grey, c, middle).rough(3.5, 8.0).soft(1.4);
    let folds = b.ellipsoid(Tissue::Fluid, c, [10.0, whole[1] - 4.0, whole[2] - 4.0]);
    folds.sheets = 12.5;
    folds.opacity = 0.42 + 0.5 * old;
    b.pair(Tissue::White, [14.0, 0.0, 12.0], [15.0, 40.0 * s, 26.0], |m| {
        m.rough(3.0, 9.0).soft(1.4);
    });
    b.ellipsoid(Tissue::White, [0.0, -4.0, 24.0], [18.0, 38.0, 5.0]).soft(1.0);
    b.pair(Tissue::Grey, [25.0 * s, -4.0, 4.0], [6.5, 20.0, 15.0], |m| {
        m.turned(-16.0).rough(1.0, 9.0).soft(1.6);
    });
    b.pair(Tissue::Grey, [11.0 * s, 14.0, 6.0], [8.5, 14.0, 11.0], |m| {
        m.turned(24.0).soft(1.6);
    });
    b.pair(Tissue::Grey, [14.0 * s, -24.0, 12.0], [5.0, 8.0, 11.0], |m| {
        m.soft(1.4);
    });
    // Insula and Sylvian fissure.
    for side in [-1.0, 1.0] {
        let wide = 1.5 + 2.2 * old;
        let path = [
            ([side * 60.0 * s, -12.0, -8.0], wide + 0.8),
            ([side * 42.0 * s, -16.0, -4.0], wide),
            ([side * 37.0 * s, 2.0, 4.0], wide * 0.8),
            ([side * 46.0 * s, 20.0, 14.0], wide * 0.8),
            ([side * 60.0 * s, 28.0, 20.0], wide * 0.7),
        ];
        b.tube(Tissue::Fluid, &path);
    }
    let fissure = [0.9 + 0.9 * old, 88.0 * s - gap, 62.0];
    b.ellipsoid(Tissue::Fluid, [0.0, 0.0, 30.0], fissure).cut(2, 22.0, true);
    b.ellipsoid(Tissue::Fluid, [0.0, -60.0 * s, 8.0], [1.2 + old, 28.0 * s, 34.0]);
    b.ellipsoid(Tissue::Fluid, [0.0, 64.0 * s, 12.0], [1.1 + old, 24.0 * s, 26.0]);
    b.ellipsoid(Tissue::Dura, [0.0, 0.0, 42.0], [0.75, 89.0 * s, 46.0]).cut(2, 30.0, true);
    b.ellipsoid(Tissue::Dura, [0.0, 87.0 * s, 20.0], [4.0, 3.6, 40.0]);
}

fn cerebellum_and_stem(b: &mut Builder, s: f32) {
    b.ellipsoid(Tissue::Dura, [0.0, 42.0 * s, -38.0], [57.4 * s, 43.4 * s, 34.4]).veil(0.7);
    b.ellipsoid(Tissue::Fluid, [0.0, 42.0 * s, -38.0], [56.2 * s, 42.2 * s, 33.2]);
    b.pair(Tissue::Grey, [22.0 * s, 45.0 * s, -38.0], [32.0 * s, 36.0 * s, 30.0], |m| {
        m.rough(1.5, 6.0);
    });
    b.ellipsoid(Tissue::Grey, [0.0, 48.0 * s, -34.0], [13.0, 26.0 * s, 25.0]).rough(1.5, 6.0);
    b.pair(Tissue::White, [22.0, 44.0, -38.0], [16.0, 19.0, 13.0], |m| {
        m.rough(5.0, 6.0).soft(1.5);
    });
    b.ellipsoid(Tissue::Fluid, [0.0, 2.0, -24.0], [21.0, 17.0, 11.0]).rough(4.0, 10.0);
    b.tube(
        Tissue::White,
        &[
            ([0.0, 14.0, -4.0], 14.0),
            ([0.0, 16.0, -24.0], 14.5),
            ([0.0, 20.0, -44.0], 13.0),
            ([0.0, 26.0, -90.0], 7.0),
        ],
    );
    b.ellipsoid(Tissue::Dura, [0.0, -4.0, -24.0], [1.8, 1.8, 9.0]);
}

fn ventricles(b: &mut Builder, s: f32, old: f32) {
    let wide = 1.0 + 0.55 * old + b.rng.range(-0.12, 0.12);
    for side in [-1.0, 1.0] {
        let uneven = wide * if side > 0.0 { 1.06 } else { 0.97 };
        let at = |x: f32, y: f32, z: f32| -> P3 { [side * x * s, y * s, z] };
        let horn = [
            (at(11.0, -36.0, 12.0), 3.2 * uneven),
            (at(8.0, -24.0, 14.0), 4.6 * uneven),
            (at(8.5, -8.0, 20.0), 4.4 * uneven),
            (at(11.0, 12.0, 22.0), 4.8 * uneven),
            (at(19.0, 32.0, 16.0), 6.0 * uneven),
            (at(22.0, 46.0, 8.0), 4.2 * uneven),
            (at(20.0, 60.0, 6.0), 1.8 * uneven),
        ];
        b.tube(Tissue::Fluid, &horn);
        let temporal =
            [(at(20.0, 34.0, 12.0), 4.0 * uneven), (at(30.0, 18.0, -10.0), 1.9), (at(31.0, 0.0, -16.0), 1.3)];
        b.tube(Tissue::Fluid, &temporal);
        if b.build.age > 25.0 {
            let plexus = at(20.0, 33.0, 15.0);
            b.ellipsoid(Tissue::Stone, plexus, [1.6, 2.4, 2.6]).rough(1.0, 2.0).veil(0.35);
        }
    }
    b.ellipsoid(Tissue::White, [0.0, -22.0, 15.0], [1.0, 12.0, 8.0]);
    b.ellipsoid(Tissue::Fluid, [0.0, 4.0, 2.0], [2.0 * wide, 15.0, 11.0]);
    b.ellipsoid(Tissue::Fluid, [0.0, 34.0, -34.0], [7.0 * wide, 5.0, 9.0]).rough(0.8, 6.0);
    b.ellipsoid(Tissue::Fluid, [0.0, 30.0, 2.0], [10.0, 5.0, 6.0]).rough(1.5, 6.0);
    if b.build.age > 20.0 {
        b.ellipsoid(Tissue::Stone, [0.4, 26.0, 3.0], [1.8, 1.6, 1.8]).veil(0.45);
    }
}

/// Where the names of [`super::lesion`] lie on the left.
const NUCLEI: [P3; 4] = [[28.0, -6.0, 6.0], [13.0, 14.0, 7.0], [25.0, 2.0, 38.0], [25.0, 24.0, 22.0]];

fn finding_in(b: &mut Builder, plan: &Plan, s: f32) {
    let lesion = &plan.lesion;
    let side = lesion.side_or(&mut b.rng);
    let nucleus = NUCLEI[lesion.nucleus.unwrap_or(0)];
    let at = [side * nucleus[0] * s, nucleus[1] * s, nucleus[2]];
    match plan.finding {
        Finding::CerebralInfarction => {
            let [long, short] = lesion.radii_or(&mut b.rng, 5.0, 9.0);
            b.ellipsoid(Tissue::Infarct, at, [short, long, short])
                .rough(short * 0.3, 5.0)
                .soft(1.6)
                .veil(0.9);
            for _ in 0..3 {
                let other = NUCLEI[(b.rng.next() % 4) as usize];
                let r = b.rng.range(1.5, 2.8);
                let to = [-side * other[0] * s, other[1] + b.rng.range(-8.0, 8.0), other[2]];
                b.ellipsoid(Tissue::Infarct, to, [r, r * 1.2, r]).soft(1.2).veil(0.8);
            }
        }
        Finding::CerebralHaemorrhage => {
            let [long, short] = lesion.radii_or(&mut b.rng, 11.0, 21.0);
            b.ellipsoid(Tissue::Oedema, at, [short + 4.0, long + 5.0, short + 5.0])
                .rough(3.0, 9.0)
                .soft(3.0)
                .veil(0.8);
            b.ellipsoid(Tissue::Haematoma, at, [short, long, short]).rough(short * 0.12, 9.0).soft(1.0);
        }
        Finding::Normal
        | Finding::PulmonaryNodule
        | Finding::Pneumonia
        | Finding::PleuralEffusion
        | Finding::HepaticCyst
        | Finding::RenalStone
        | Finding::Fracture
        | Finding::Degeneration
        | Finding::BreastMass
        | Finding::AtrialFibrillation
        | Finding::Ischaemia => {}
    }
}

fn base_of_skull(b: &mut Builder, s: f32) {
    for side in [-1.0, 1.0] {
        let at = |x: f32, y: f32, z: f32| -> P3 { [side * x * s, y * s, z] };
        b.bone(
            &[(at(12.0, 2.0, -42.0), 6.0), (at(36.0, 14.0, -42.0), 9.5), (at(62.0, 26.0, -44.0), 12.0)],
            2.4,
        );
        b.bone(&[(at(62.0, 28.0, -46.0), 11.0), (at(62.0, 34.0, -78.0), 8.0)], 1.8);
        for _ in 0..26 {
            let cell = at(b.rng.range(53.0, 68.0), b.rng.range(20.0, 42.0), b.rng.range(-72.0, -38.0));
            let r = b.rng.range(1.2, 3.2);
            b.ellipsoid(Tissue::Air, cell, [r, r, r * 1.2]).rough(0.5, 2.0);
        }
        b.bone(
            &[(at(14.0, -28.0, -30.0), 2.6), (at(44.0, -34.0, -26.0), 2.6), (at(62.0, -24.0, -22.0), 4.0)],
            1.0,
        );
        b.bone(&[(at(66.0, -34.0, -48.0), 4.0), (at(64.0, 4.0, -52.0), 3.4)], 1.2);
        orbit(b, side, s);
        b.ellipsoid(Tissue::Skull, at(9.0, -70.0, -52.0), [7.0, 21.0, 20.0]);
        b.ellipsoid(Tissue::Air, at(9.0, -70.0, -52.0), [6.0, 20.0, 19.0]).rough(1.5, 6.0);
        for wall in 0..4 {
            let y = -84.0 + 9.0 * wall as f32;
            b.tube(Tissue::Spongy, &[(at(3.0, y, -44.0), 0.7), (at(15.0, y + 3.0, -58.0), 0.7)]);
        }
        b.ellipsoid(Tissue::Skull, at(30.0, -62.0, -80.0), [18.0, 20.0, 20.0]);
        b.ellipsoid(Tissue::Air, at(30.0, -62.0, -80.0), [16.5, 18.5, 18.5]).rough(1.5, 10.0);
    }
    b.tube(Tissue::Cortical, &[([0.0, -96.0 * s, -40.0], 1.6), ([0.0, -46.0 * s, -56.0], 1.2)]);
    b.bone(&[([0.0, -14.0, -44.0], 13.0), ([0.0, 6.0, -52.0], 9.0)], 1.6);
    b.ellipsoid(Tissue::Air, [2.0, -28.0, -44.0], [13.0, 11.0, 9.0]).rough(1.5, 8.0);
    let frontal = b.rng.range(7.0, 13.0);
    b.ellipsoid(Tissue::Air, [3.0, -90.0 * s, -16.0], [frontal, 3.4, 9.0]).rough(1.5, 6.0);
    b.bone(&[([0.0, -88.0 * s, -26.0], 7.0), ([0.0, -101.0 * s, -44.0], 4.0)], 1.4);
}

fn orbit(b: &mut Builder, side: f32, s: f32) {
    let c = [side * 31.0 * s, -68.0 * s, -36.0];
    b.ellipsoid(Tissue::Skull, [c[0], c[1] + 2.0, c[2]], [20.0, 25.0, 19.0]).cut(1, -80.0 * s, true);
    b.ellipsoid(Tissue::Fat, [c[0], c[1] + 1.0, c[2]], [18.0, 23.0, 17.0]);
    let globe = [c[0], c[1] - 9.0, c[2]];
    b.ellipsoid(Tissue::Muscle, globe, [12.4, 12.4, 12.4]);
    b.ellipsoid(Tissue::Fluid, globe, [11.3, 11.3, 11.3]);
    b.ellipsoid(Tissue::Lens, [globe[0], globe[1] - 8.0, globe[2]], [4.6, 2.2, 4.6]);
    let apex = [side * 15.0 * s, -40.0 * s, -35.0];
    b.tube(Tissue::Cord, &[([globe[0] - side * 1.5, globe[1] + 11.0, globe[2]], 2.1), (apex, 1.8)]);
    for dx in [-1.0, 1.0] {
        let belly = [c[0] + dx * 11.0, c[1] + 4.0, c[2]];
        b.tube(Tissue::Muscle, &[([c[0] + dx * 11.5, c[1] - 6.0, c[2]], 1.2), (belly, 2.2), (apex, 1.4)]);
    }
}
