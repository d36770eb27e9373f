//! Airways and vessels of the lungs: a tree that halves its way outwards.

use super::builder::Builder;
use crate::imaging::noise::Rng;
use crate::imaging::solid::P3;
use crate::imaging::tissue::Tissue;

/// Where a lung ends, for twigs that must stay inside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lung {
    pub(crate) centre: P3,
    pub(crate) radii: P3,
}

impl Lung {
    pub(crate) fn level(&self, p: P3) -> f32 {
        (0..3).map(|i| ((p[i] - self.centre[i]) / self.radii[i]).powi(2)).sum()
    }

    /// A place moved out to the wall of the chest when it lies within the lung.
    pub(crate) fn around(&self, p: P3) -> P3 {
        // Lungs are painted as rounded boxes (see `Solid::boxed`): so is their level.
        let level = |p: P3| {
            let q: P3 = std::array::from_fn(|i| ((p[i] - self.centre[i]) / self.radii[i]).powi(2));
            let (round, square) = (q[0] + q[1] + q[2], (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]).sqrt());
            round + (square - round) * 0.45
        };
        let moved = |by: f32| -> P3 { [p[0] * by, self.centre[1] + (p[1] - self.centre[1]) * by, p[2]] };
        let far = (0..110).map(|step| 1.0 + 0.02 * step as f32).find(|by| level(moved(*by)) > 1.11);
        far.map_or(p, moved)
    }
}

/// Vessels with their first airways, from the hilum outwards.
pub(crate) fn vessels(b: &mut Builder, lung: &Lung, hilum: P3) {
    const SEGMENTS: usize = 13;
    let mut rng = b.rng.clone();
    b.rng.next();
    for segment in 0..SEGMENTS {
        let turn = segment as f32 / SEGMENTS as f32 * std::f32::consts::TAU + rng.range(-0.2, 0.2);
        let target = [
            lung.centre[0] + lung.radii[0] * 0.5 * (turn * 2.0).sin() + rng.range(-12.0, 12.0),
            lung.centre[1] + lung.radii[1] * 0.75 * turn.sin(),
            lung.centre[2] + lung.radii[2] * 0.8 * turn.cos(),
        ];
        let low = if target[2] < hilum[2] { 1.15 } else { 0.9 };
        let radius = rng.range(3.0, 4.3) * low;
        airway(b, hilum, target, radius);
        grow(b, &mut rng, lung, Twig { from: hilum, along: towards(hilum, target), radius, age: 0 });
    }
}

#[derive(Clone, Copy)]
struct Twig {
    from: P3,
    along: P3,
    radius: f32,
    age: u32,
}

/// Vessels thinner than this can't be seen on a slice.
const THINNEST: f32 = 0.5;

fn grow(b: &mut Builder, rng: &mut Rng, lung: &Lung, twig: Twig) {
    if twig.radius < THINNEST || twig.age > 10 {
        return;
    }
    let length = (twig.radius * rng.range(5.0, 9.5)).max(8.0);
    let middle = step(twig.from, twig.along, length / 2.0);
    let bent = aside(rng, twig.along, 0.22);
    let end = step(middle, bent, length / 2.0);
    if lung.level(end) > 0.93 {
        return;
    }
    let thin = twig.radius * 0.88;
    let knots = [(twig.from, twig.radius), (middle, (twig.radius + thin) / 2.0), (end, thin)];
    b.tube(Tissue::Vessel, &knots);
    let spread = rng.range(0.35, 0.75);
    for share in [rng.range(0.78, 0.87), rng.range(0.5, 0.72)] {
        let along = aside(rng, bent, spread);
        grow(b, rng, lung, Twig { from: end, along, radius: twig.radius * share, age: twig.age + 1 });
    }
}

fn airway(b: &mut Builder, hilum: P3, target: P3, radius: f32) {
    let along = towards(hilum, target);
    let beside = [along[1] * 5.0, -along[0] * 5.0, 3.0];
    let from = std::array::from_fn(|i| hilum[i] + beside[i] * 0.6);
    let to = std::array::from_fn(|i| hilum[i] + beside[i] + along[i] * radius * 9.0);
    let bore = radius * 0.62;
    b.tube(Tissue::Muscle, &[(from, bore + 0.9), (to, bore * 0.6 + 0.6)]);
    b.tube(Tissue::Air, &[(from, bore), (to, bore * 0.6)]);
}

fn towards(from: P3, to: P3) -> P3 {
    unit(std::array::from_fn(|i| to[i] - from[i]))
}

fn step(from: P3, along: P3, length: f32) -> P3 {
    std::array::from_fn(|i| from[i] + along[i] * length)
}

fn aside(rng: &mut Rng, along: P3, by: f32) -> P3 {
    unit(std::array::from_fn(|i| along[i] + by * rng.normal()))
}

fn unit(v: P3) -> P3 {
    let length = v.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
    v.map(|x| x / length)
}
