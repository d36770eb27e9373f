//! Blocks of 8 by 8 samples as coefficients and back (ITU-T T.81 annex A.3).

use std::sync::LazyLock;

use super::colour::Plane;

/// Side of a block.
const SIDE: usize = 8;

/// From a coefficient's place in the zigzag order to that in rows (figure A.6).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Value of cosine `u` at sample `x`, scaled so that the transform keeps lengths.
static COSINES: LazyLock<[[f32; SIDE]; SIDE]> = LazyLock::new(|| {
    let value = |u: usize, x: usize| {
        let scale = if u == 0 { 0.125f32.sqrt() } else { 0.5 };
        scale * ((2 * x + 1) as f32 * u as f32 * std::f32::consts::PI / 16.0).cos()
    };
    std::array::from_fn(|u| std::array::from_fn(|x| value(u, x)))
});

/// A plane as quantized coefficients, each block in zigzag order.
pub(super) struct Quantized {
    pub(super) across: usize,
    pub(super) blocks: Vec<[i32; 64]>,
}

/// Codes a plane; its last samples are repeated up to whole blocks, `multiple` of them side by side.
pub(super) fn blocks(plane: &Plane, steps: &[u16; 64], multiple: usize) -> Quantized {
    let across = plane.columns.div_ceil(SIDE).next_multiple_of(multiple);
    let down = plane.rows.div_ceil(SIDE);
    let block = |number: usize| {
        let (left, top) = (number % across * SIDE, number / across * SIDE);
        let sample = |at: usize| plane.at(left + at % SIDE, top + at / SIDE) - 128.0;
        let coefficients = forward(&std::array::from_fn(sample));
        std::array::from_fn(|at| (coefficients[ZIGZAG[at]] / f32::from(steps[at])).round() as i32)
    };
    Quantized { across, blocks: (0..across * down).map(block).collect() }
}

/// What comes out again, in the size of `like`.
pub(super) fn pixels(coded: &Quantized, steps: &[u16; 64], like: &Plane) -> Plane {
    let mut values = vec![0.0; like.columns * like.rows];
    for (number, block) in coded.blocks.iter().enumerate() {
        let mut coefficients = [0.0; 64];
        for (at, value) in block.iter().enumerate() {
            coefficients[ZIGZAG[at]] = *value as f32 * f32::from(steps[at]);
        }
        let (left, top) = (number % coded.across * SIDE, number / coded.across * SIDE);
        for (at, value) in backward(&coefficients).into_iter().enumerate() {
            let (column, row) = (left + at % SIDE, top + at / SIDE);
            if column < like.columns && row < like.rows {
                values[row * like.columns + column] = (value + 128.0).round().clamp(0.0, 255.0);
            }
        }
    }
    Plane { columns: like.columns, rows: like.rows, values }
}

fn forward(samples: &[f32; 64]) -> [f32; 64] {
    let cosines = &*COSINES;
    let rows: [f32; 64] = std::array::from_fn(|at| {
        let row = &samples[at / SIDE * SIDE..][..SIDE];
        row.iter().zip(cosines[at % SIDE]).map(|(sample, cosine)| sample * cosine).sum()
    });
    std::array::from_fn(|at| (0..SIDE).map(|y| rows[y * SIDE + at % SIDE] * cosines[at / SIDE][y]).sum())
}

fn backward(coefficients: &[f32; 64]) -> [f32; 64] {
    let cosines = &*COSINES;
    let rows: [f32; 64] = std::array::from_fn(|at| {
        let row = &coefficients[at / SIDE * SIDE..][..SIDE];
        row.iter().zip(cosines).map(|(coefficient, cosine)| coefficient * cosine[at % SIDE]).sum()
    });
    std::array::from_fn(|at| (0..SIDE).map(|v| rows[v * SIDE + at % SIDE] * cosines[v][at / SIDE]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_can_be_undone() {
        let samples: [f32; 64] = std::array::from_fn(|at| ((at * 37) % 255) as f32 - 128.0);
        let again = backward(&forward(&samples));
        assert!(samples.iter().zip(again).all(|(one, two)| (one - two).abs() < 0.01));
        assert!((forward(&[1.0; 64])[0] - 8.0).abs() < 0.001, "a flat block has one coefficient");
    }
}
