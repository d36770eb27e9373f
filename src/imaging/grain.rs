//! Grain of reconstructed images: white noise shaped by the kernel, made row by row.

use super::noise::{Rng, blur_row, lerp};

/// Rows of grain with mean 0 and deviation 1.
pub(crate) struct Grain<'a> {
    rng: &'a mut Rng,
    /// Takes out the finest grain, if the kernel does.
    fine: Vec<Down>,
    coarse: Vec<Down>,
    /// Rows that wait for the coarse ones below them.
    late: Late,
    taken: f32,
    scale: f32,
    row: Vec<f32>,
    blotches: Vec<f32>,
}

impl<'a> Grain<'a> {
    /// `smooth` in 0..1: 0 keeps the finest grain and takes the coarse out, as edge-enhancing
    /// kernels do; 1 gives the blotches of soft-tissue kernels.
    pub(crate) fn new(rng: &'a mut Rng, width: usize, smooth: f32) -> Self {
        let twice = |radius: usize| (0..2).map(|_| Down::new(width, radius)).collect();
        let (soft, wide) = (smooth > 0.3, 1 + (smooth * 2.0) as usize);
        let taken = lerp(0.9, 0.45, smooth);
        let mut grain = Grain {
            rng,
            fine: if soft { twice(1) } else { Vec::new() },
            coarse: twice(wide),
            late: Late::new(width, 2 * wide),
            taken,
            scale: 1.0 / variance(soft, wide, taken).sqrt(),
            row: vec![0.0; width],
            blotches: vec![0.0; width],
        };
        // Rows above the picture, so that its first one is like any other.
        for _ in 0..4 * wide + 4 {
            grain.next();
        }
        grain
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> &[f32] {
        self.rng.fill_normal(&mut self.row);
        self.fine.iter_mut().for_each(|filter| filter.pass(&mut self.row));
        self.blotches.copy_from_slice(&self.row);
        self.coarse.iter_mut().for_each(|filter| filter.pass(&mut self.blotches));
        self.late.pass(&mut self.row);
        for (v, coarse) in self.row.iter_mut().zip(&self.blotches) {
            *v = (*v - self.taken * coarse) * self.scale;
        }
        &self.row
    }
}

/// Variance of the grain: the sum of the squares of what it is filtered with.
fn variance(soft: bool, wide: usize, taken: f32) -> f32 {
    let boxed = |of: &[f32], radius: usize| {
        let size = 2 * radius + 1;
        let mut out = vec![0.0; of.len() + size - 1];
        for (i, v) in of.iter().enumerate() {
            out[i..i + size].iter_mut().for_each(|slot| *slot += v / size as f32);
        }
        out
    };
    let fine = if soft { boxed(&boxed(&[1.0], 1), 1) } else { vec![1.0] };
    let coarse = boxed(&boxed(&fine, wide), wide);
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let (own, shared, wider) = (dot(&fine, &fine), dot(&fine, &coarse[2 * wide..]), dot(&coarse, &coarse));
    // Filters run in both directions.
    own * own - 2.0 * taken * shared * shared + taken * taken * wider * wider
}

/// A box filter along rows and down columns; rows come out as many later as its radius.
struct Down {
    radius: usize,
    padded: Vec<f32>,
    smooth: Vec<f32>,
    sums: Vec<f32>,
    late: Late,
}

impl Down {
    fn new(width: usize, radius: usize) -> Self {
        Down {
            radius,
            padded: vec![0.0; width + 2 * radius],
            smooth: vec![0.0; width],
            sums: vec![0.0; width],
            late: Late::new(width, 2 * radius + 1),
        }
    }

    fn pass(&mut self, row: &mut [f32]) {
        blur_row(row, &mut self.padded, self.radius, &mut self.smooth);
        let scale = 1.0 / (2 * self.radius + 1) as f32;
        let rows = row.iter_mut().zip(&mut self.sums).zip(self.late.oldest()).zip(&self.smooth);
        for (((slot, sum), oldest), entering) in rows {
            *sum += entering - *oldest;
            *oldest = *entering;
            *slot = *sum * scale;
        }
    }
}

/// Keeps some rows; each takes the place of the oldest.
struct Late {
    rows: Vec<Vec<f32>>,
    next: usize,
}

impl Late {
    fn new(width: usize, rows: usize) -> Self {
        Late { rows: vec![vec![0.0; width]; rows], next: 0 }
    }

    fn oldest(&mut self) -> &mut [f32] {
        let at = self.next;
        self.next = (at + 1) % self.rows.len();
        &mut self.rows[at]
    }

    fn pass(&mut self, row: &mut [f32]) {
        row.swap_with_slice(self.oldest());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grain_has_unit_deviation_and_its_kernel_shapes_it() {
        let neighbours = |smooth| {
            let mut rng = Rng::new(7, "t");
            let mut grain = Grain::new(&mut rng, 256, smooth);
            let g: Vec<f32> = (0..256).flat_map(|_| grain.next().to_vec()).collect();
            let mean = g.iter().sum::<f32>() / g.len() as f32;
            let variance = g.iter().map(|v| v * v).sum::<f32>() / g.len() as f32;
            assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.06, "{mean} {variance}");
            let along = g.windows(2).map(|w| w[0] * w[1]).sum::<f32>();
            let down = g.iter().zip(&g[256..]).map(|(a, b)| a * b).sum::<f32>();
            [along, down].map(|sum| sum / g.len() as f32)
        };
        assert!(neighbours(1.0).iter().all(|v| *v > 0.4), "soft kernels give blotches");
        assert!(neighbours(0.0).iter().all(|v| *v < 0.1), "sharp kernels give fine grain");
    }
}
