//! Cuts through a body: row by row, each solid paints the columns that it reaches.

use super::anatomy::Body;
use super::brush::{BEND, Brush, Row};
use super::lattice::Lattice;
use super::solid::P3;
use super::tissue::{Look, Tissue};

/// An image plane. `across` and `down` are the steps between pixels; each lies along one axis.
#[derive(Debug, Clone)]
pub(crate) struct Plane {
    /// Centre of the first pixel.
    pub(crate) origin: P3,
    pub(crate) across: P3,
    pub(crate) down: P3,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Plane {
    pub(crate) fn at(&self, column: f32, row: f32) -> P3 {
        std::array::from_fn(|i| self.origin[i] + column * self.across[i] + row * self.down[i])
    }

    /// Width and height of a pixel, mm.
    pub(crate) fn pixel(&self) -> [f32; 2] {
        [self.across, self.down].map(|step| step.iter().map(|v| v.abs()).sum())
    }

    /// Columns and rows that a box covers; `None` when the plane misses it.
    pub(crate) fn window(&self, low: P3, high: P3) -> Option<[usize; 4]> {
        let mut window = [0, self.width, 0, self.height];
        for axis in 0..3 {
            let (from, to) = (low[axis] - self.origin[axis], high[axis] - self.origin[axis]);
            let (step, first, size) = if self.across[axis] != 0.0 {
                (self.across[axis], 0, self.width)
            } else if self.down[axis] != 0.0 {
                (self.down[axis], 2, self.height)
            } else if from > 0.0 || to < 0.0 {
                return None;
            } else {
                continue;
            };
            let (a, b) = if step > 0.0 { (from / step, to / step) } else { (to / step, from / step) };
            window[first] = a.floor().clamp(0.0, size as f32) as usize;
            window[first + 1] = (b.ceil() + 1.0).clamp(0.0, size as f32) as usize;
        }
        (window[0] < window[1] && window[2] < window[3]).then_some(window)
    }
}

/// Paints a body on a plane with edges `edge` mm wide; `look` gives each tissue's value.
pub(crate) fn paint(body: &Body, plane: &Plane, edge: f32, look: impl Fn(Tissue) -> Look) -> Vec<f32> {
    let [picture] = paint_all(body, plane, edge, Some(Texture::new(body, plane)), |tissue| {
        let (value, mottle) = look(tissue);
        ([value], mottle)
    });
    picture
}

/// As [`paint`], for tissues without texture.
pub(crate) fn paint_flat(body: &Body, plane: &Plane, edge: f32, value: impl Fn(Tissue) -> f32) -> Vec<f32> {
    let [picture] = paint_all(body, plane, edge, None, |tissue| ([value(tissue)], 0.0));
    picture
}

/// As [`paint`], for two values of each tissue; only the first has texture.
pub(crate) fn paint_two(
    body: &Body,
    plane: &Plane,
    edge: f32,
    look: impl Fn(Tissue) -> ([f32; 2], f32),
) -> [Vec<f32>; 2] {
    paint_all(body, plane, edge, Some(Texture::new(body, plane)), look)
}

fn paint_all<const N: usize>(
    body: &Body,
    plane: &Plane,
    edge: f32,
    mut texture: Option<Texture>,
    look: impl Fn(Tissue) -> ([f32; N], f32),
) -> [Vec<f32>; N] {
    let mut bumps = Vec::new();
    // From the last to the first: what is covered already needs no second look.
    let solids = body.solids.iter().rev();
    let brushes: Vec<Brush<'_, N>> =
        solids.filter_map(|s| Brush::new(body, s, plane, edge, look(s.tissue), &mut bumps)).collect();
    let mut bends: [Lattice; 3] = std::array::from_fn(|axis| body.bends(plane, BEND / 5.0, axis));
    let (air, _) = look(Tissue::Air);
    let line = || vec![0.0; plane.width];
    let mut row = Row {
        number: 0,
        place: std::array::from_fn(|_| line()),
        mottle: line(),
        out: std::array::from_fn(|_| line()),
        open: line(),
    };
    let mut pictures = std::array::from_fn(|_| Vec::with_capacity(plane.width * plane.height));
    for number in 0..plane.height {
        row.start(plane, number, body.warp, &mut bends, texture.as_mut());
        for brush in brushes.iter().filter(|brush| (brush.window[2]..brush.window[3]).contains(&number)) {
            brush.paint(plane, &mut bumps, &mut row);
        }
        for ((picture, out), air) in pictures.iter_mut().zip(&row.out).zip(air) {
            picture.extend(out.iter().zip(&row.open).map(|(value, open)| value + open * air));
        }
    }
    pictures
}

impl<const N: usize> Row<N> {
    /// An empty row: where its pixels lie, and their texture.
    fn start(
        &mut self,
        plane: &Plane,
        number: usize,
        warp: f32,
        bends: &mut [Lattice; 3],
        texture: Option<&mut Texture>,
    ) {
        self.number = number;
        let from = plane.at(0.0, number as f32);
        for (axis, (place, bend)) in self.place.iter_mut().zip(bends).enumerate() {
            let (start, step) = (from[axis], plane.across[axis]);
            place.iter_mut().enumerate().for_each(|(i, slot)| *slot = start + step * i as i32 as f32);
            bend.add_row(number, warp, place);
        }
        self.out.iter_mut().for_each(|out| out.fill(0.0));
        self.open.fill(1.0);
        if let Some(texture) = texture {
            self.mottle.fill(0.0);
            texture.coarse.add_row(number, 0.5, &mut self.mottle);
            texture.fine.add_row(number, 0.6, &mut self.mottle);
        }
    }
}

/// Blotches and grains within tissues.
struct Texture {
    coarse: Lattice,
    fine: Lattice,
}

impl Texture {
    fn new(body: &Body, plane: &Plane) -> Self {
        let noise = |spacing, salt, wide| Lattice::of_noise(plane, spacing, body.seed ^ salt, wide);
        Texture { coarse: noise(2.8, 0xC0A, 6.5), fine: noise(1.8, 0xF1E, 2.7) }
    }
}
