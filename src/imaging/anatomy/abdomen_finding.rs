//! Cysts and stones: where the report says, and as large.

use super::Plan;
use super::builder::Builder;
use super::lesion::{Height, Lesion};
use crate::imaging::solid::P3;
use crate::imaging::tissue::Tissue;
use crate::world::Finding;

/// Paints the finding of a plan into an abdomen of a size.
pub(super) fn paint(b: &mut Builder, plan: &Plan, s: f32) {
    match plan.finding {
        Finding::HepaticCyst => cysts(b, &plan.lesion, s),
        Finding::RenalStone => stones(b, &plan.lesion, s),
        Finding::Normal
        | Finding::PulmonaryNodule
        | Finding::Pneumonia
        | Finding::PleuralEffusion
        | Finding::CerebralInfarction
        | Finding::CerebralHaemorrhage
        | Finding::Fracture
        | Finding::Degeneration
        | Finding::BreastMass
        | Finding::AtrialFibrillation
        | Finding::Ischaemia => {}
    }
}

/// Middles of the liver's segments 2 to 8.
const SEGMENTS: [P3; 7] = [
    [26.0, -42.0, 78.0],
    [30.0, -48.0, 54.0],
    [-20.0, -46.0, 54.0],
    [-72.0, -36.0, 10.0],
    [-84.0, 22.0, 8.0],
    [-84.0, 24.0, 66.0],
    [-58.0, -18.0, 88.0],
];

fn cysts(b: &mut Builder, lesion: &Lesion, s: f32) {
    let [long, short] = lesion.radii_or(&mut b.rng, 9.0, 24.0);
    let drawn = 2 + (b.rng.next() % 7) as usize;
    let segment = lesion.segment.map_or(drawn, |number| number as usize).clamp(2, 8) - 2;
    for number in 0..lesion.count.unwrap_or(1) {
        let middle = SEGMENTS[(segment + number * 3) % SEGMENTS.len()];
        let at = [
            middle[0] * s + b.rng.range(-5.0, 5.0),
            middle[1] * s + b.rng.range(-5.0, 5.0),
            middle[2] + b.rng.range(-5.0, 5.0),
        ];
        let share = if number == 0 { 1.0 } else { b.rng.range(0.3, 0.65) };
        b.ellipsoid(Tissue::Cyst, at, [long * share, short * share, short * share])
            .rough(short * 0.04, short);
    }
}

fn stones(b: &mut Builder, lesion: &Lesion, s: f32) {
    let side = lesion.side_or(&mut b.rng);
    let [long, short] = lesion.radii_or(&mut b.rng, 2.4, 5.5);
    let kidney = [side * 60.0 * s, 42.0 * s, -6.0 + side * 8.0];
    let high = match lesion.height {
        Some(Height::Upper) => 25.0,
        Some(Height::Middle) | None => 0.0,
        Some(Height::Lower) => -25.0,
    };
    let sinus = [kidney[0] - side * 7.0, kidney[1] - 5.0, kidney[2]];
    if lesion.dammed {
        b.ellipsoid(Tissue::Fluid, [sinus[0] - side * 3.0, sinus[1] - 3.0, sinus[2]], [9.0, 9.0, 20.0])
            .rough(2.0, 9.0);
        for calyx in [-20.0, 0.0, 20.0] {
            let to = [sinus[0] + side * 7.0, sinus[1] + 4.0, sinus[2] + calyx];
            b.tube(Tissue::Fluid, &[([sinus[0], sinus[1], sinus[2] + calyx * 0.5], 3.5), (to, 4.5)]);
        }
    }
    for number in 0..lesion.count.unwrap_or(1) {
        let share = if number == 0 { 1.0 } else { b.rng.range(0.4, 0.8) };
        let away = if number == 0 { 0.0 } else { b.rng.range(-12.0, 12.0) };
        let at =
            [sinus[0] + b.rng.range(-2.0, 2.0), sinus[1] + b.rng.range(-2.0, 3.0), sinus[2] + high + away];
        let radii = [short, short * 0.9, long].map(|r| r * share);
        b.ellipsoid(Tissue::Stone, at, radii).rough(short * 0.12, short * 0.7);
    }
}
