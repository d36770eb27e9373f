//! What is ill in a chest: where the report says, and as large.

use super::Plan;
use super::builder::Builder;
use super::lesion::{Density, Height, Lesion, Side};
use super::lungs::Lung;
use crate::imaging::solid::P3;
use crate::imaging::tissue::Tissue;
use crate::world::Finding;

/// Paints the finding of a plan into the lungs, right one first.
pub(super) fn paint(b: &mut Builder, plan: &Plan, lungs: [&Lung; 2]) {
    let lesion = &plan.lesion;
    let side = lesion.side_or(&mut b.rng);
    match plan.finding {
        Finding::PulmonaryNodule => nodules(b, lesion, lungs, side),
        Finding::Pneumonia => {
            pneumonia(b, lesion, of(lungs, side), 4);
            if lesion.both {
                pneumonia(b, lesion, of(lungs, -side), 2);
            }
        }
        Finding::PleuralEffusion => {
            effusion(b, lesion, of(lungs, side), 1.0);
            if lesion.both {
                effusion(b, lesion, of(lungs, -side), 0.5);
            }
        }
        Finding::Normal
        | Finding::CerebralInfarction
        | Finding::CerebralHaemorrhage
        | Finding::HepaticCyst
        | Finding::RenalStone
        | Finding::Fracture
        | Finding::Degeneration
        | Finding::BreastMass
        | Finding::AtrialFibrillation
        | Finding::Ischaemia => {}
    }
}

fn of(lungs: [&Lung; 2], side: Side) -> &Lung {
    if side < 0.0 { lungs[0] } else { lungs[1] }
}

/// A place in a lobe, at about the given share of the way out.
fn place(b: &mut Builder, lung: &Lung, side: Side, height: Option<Height>, share: f32) -> P3 {
    let drawn = [Height::Upper, Height::Middle, Height::Lower][(b.rng.next() % 3) as usize];
    // The upper lobe lies above and in front, the lower one behind.
    let (low, high, front) = match height.unwrap_or(drawn) {
        Height::Upper => (0.35, 0.62, -0.15),
        Height::Middle => (-0.22, 0.02, -0.55),
        Height::Lower => (-0.44, -0.18, 0.45),
    };
    let z = b.rng.range(low, high);
    let ring = (1.0f32 - z * z).sqrt() * share;
    let turn = (front + b.rng.range(-0.35, 0.35)).clamp(-0.9, 0.9);
    let across = (1.0 - turn * turn).sqrt() * side;
    let unit = [ring * across, ring * turn, z * share.max(0.8)];
    std::array::from_fn(|i| lung.centre[i] + unit[i] * lung.radii[i])
}

fn nodules(b: &mut Builder, lesion: &Lesion, lungs: [&Lung; 2], side: Side) {
    let lung = of(lungs, side);
    // Of a radiograph the report does not say how far out: where neither rib cage nor heart hide it.
    let (low, high) = match lesion.outer {
        Some(true) => (0.74, 0.84),
        Some(false) => (0.36, 0.48),
        None => (0.52, 0.66),
    };
    let share = b.rng.range(low, high);
    let at = place(b, lung, side, lesion.height, share);
    let radii = lesion.radii_or(&mut b.rng, 3.5, 10.0);
    nodule(b, at, radii, lesion.density.unwrap_or(Density::Solid));
    for number in 1..lesion.count.unwrap_or(1) {
        let other = if number % 2 == 1 { -side } else { side };
        let share = b.rng.range(0.45, 0.8);
        let at = place(b, of(lungs, other), other, None, share);
        let smaller = b.rng.range(0.3, 0.65);
        nodule(b, at, radii.map(|r| (r * smaller).max(1.2)), Density::Solid);
    }
}

fn nodule(b: &mut Builder, at: P3, [long, short]: [f32; 2], density: Density) {
    let radii = [long, short, short];
    match density {
        Density::Solid => {
            b.ellipsoid(Tissue::Nodule, at, radii).rough(short * 0.16, short * 0.8).soft(0.5);
            for _ in 0..5 {
                let to = std::array::from_fn(|i| at[i] + b.rng.normal() * short * 0.9);
                b.tube(Tissue::Vessel, &[(at, 0.8), (to, 0.4)]);
            }
        }
        Density::GroundGlass | Density::Mixed => {
            b.ellipsoid(Tissue::GroundGlass, at, radii).rough(short * 0.14, short * 0.7).soft(0.8);
            if density == Density::Mixed {
                b.ellipsoid(Tissue::Nodule, at, radii.map(|r| r * 0.45)).rough(0.4, 2.0).soft(0.5);
            }
        }
    }
}

fn pneumonia(b: &mut Builder, lesion: &Lesion, lung: &Lung, patches: usize) {
    let side = lung.centre[0].signum();
    let height = lesion.height.unwrap_or(Height::Lower);
    for _ in 0..patches {
        let share = b.rng.range(0.5, 0.72);
        let at = place(b, lung, side, Some(height), share);
        let r = b.rng.range(14.0, 26.0);
        b.ellipsoid(Tissue::GroundGlass, at, [r * 1.3, r * 1.2, r * 1.2])
            .rough(9.0, 13.0)
            .soft(7.0)
            .veil(0.7);
        b.ellipsoid(Tissue::Consolidation, at, [r * 0.8, r * 0.7, r * 0.8])
            .rough(7.0, 9.0)
            .soft(4.0)
            .veil(0.75);
        // Airways stay open in what is filled around them.
        let out = std::array::from_fn(|i| at[i] + b.rng.normal() * r * 0.7);
        b.tube(Tissue::Air, &[(at, 1.4), (out, 0.8)]);
    }
}

/// Fluid sinks: behind the lung of who lies, around its base in who stands.
fn effusion(b: &mut Builder, lesion: &Lesion, lung: &Lung, share: f32) {
    let radii = lung.radii.map(|r| r + 1.0);
    let (low, deep) = (lung.centre[2] - lung.radii[2], lung.radii[1]);
    if b.lying {
        let drawn = b.rng.range(14.0, 34.0);
        let level = lung.centre[1] + deep - lesion.depth.unwrap_or(drawn) * share;
        b.ellipsoid(Tissue::Effusion, lung.centre, radii).boxed(0.45).cut(1, level, true);
        let pressed = [lung.centre[0] * 0.8, level - 3.0, lung.centre[2] - lung.radii[2] * 0.6];
        b.ellipsoid(Tissue::Muscle, pressed, [26.0, 9.0, 34.0]).rough(2.0, 14.0).veil(0.85);
    } else {
        let level = low + if lesion.small { 58.0 } else { 92.0 } * share.max(0.7);
        b.ellipsoid(Tissue::Effusion, lung.centre, radii).boxed(0.45).cut(2, level + 34.0, false).soft(6.0);
        // The lung swims on it with a rounded base, so that the fluid climbs along the wall.
        let base = [lung.centre[0] * 0.96, lung.centre[1], level + 62.0];
        b.ellipsoid(Tissue::Lung, base, [lung.radii[0] * 0.97, deep * 0.98, 72.0])
            .rough(1.2, 18.0)
            .soft(7.0)
            .cut(2, level + 44.0, false);
    }
}
