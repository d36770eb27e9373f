//! The reversible 5-3 wavelet (ITU-T T.800 annex F): an image becomes a smaller one and what it
//! lacks, level by level.

use super::super::Raster;

/// One component: numbers in rows.
pub(super) struct Plane {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) values: Vec<i32>,
}

/// Components ready to be transformed: shifted around zero (G.1) and, if there are three, with
/// their common part told once (G.2, the reversible component transform).
pub(super) fn planes(raster: &Raster) -> Vec<Plane> {
    let middle = if raster.signed { 0 } else { 1 << (raster.bits - 1) };
    let pixels = raster.samples.chunks_exact(raster.components);
    let mut values = vec![Vec::with_capacity(raster.columns * raster.rows); raster.components];
    for pixel in pixels {
        let mut numbers = [0; 3];
        numbers.iter_mut().zip(pixel).for_each(|(number, sample)| *number = raster.value(*sample) - middle);
        if raster.components == 3 {
            let [red, green, blue] = numbers;
            numbers = [(red + 2 * green + blue) >> 2, blue - green, red - green];
        }
        values.iter_mut().zip(numbers).for_each(|(plane, number)| plane.push(number));
    }
    let plane = |values| Plane { columns: raster.columns, rows: raster.rows, values };
    values.into_iter().map(plane).collect()
}

impl Plane {
    /// Transforms it in place: after each level the low part lies at the upper left (F.4).
    pub(super) fn transform(&mut self, levels: u32) {
        let (mut columns, mut rows) = (self.columns, self.rows);
        for _ in 0..levels {
            self.vertical(columns, rows);
            self.horizontal(columns, rows);
            (columns, rows) = (columns.div_ceil(2), rows.div_ceil(2));
        }
    }

    fn horizontal(&mut self, columns: usize, rows: usize) {
        let mut line = Vec::with_capacity(columns);
        for row in self.values.chunks_exact_mut(self.columns).take(rows) {
            line.clear();
            line.extend_from_slice(&row[..columns]);
            lift(&mut line, 1);
            let low = columns.div_ceil(2);
            line.iter().step_by(2).zip(&mut row[..low]).for_each(|(value, slot)| *slot = *value);
            line.iter().skip(1).step_by(2).zip(&mut row[low..]).for_each(|(value, slot)| *slot = *value);
        }
    }

    fn vertical(&mut self, columns: usize, rows: usize) {
        let mut block = Vec::with_capacity(columns * rows);
        let lines = self.values.chunks_exact(self.columns).take(rows);
        lines.for_each(|row| block.extend_from_slice(&row[..columns]));
        lift(&mut block, columns);
        let low = rows.div_ceil(2);
        for (number, row) in block.chunks_exact(columns).enumerate() {
            let to = if number % 2 == 0 { number / 2 } else { low + number / 2 };
            self.values[to * self.columns..][..columns].copy_from_slice(row);
        }
    }
}

/// The two lifting steps (F.4.8.1) over units of `width` numbers that lie one after another; both
/// ends are mirrored (F.4.7).
fn lift(values: &mut [i32], width: usize) {
    let count = values.len() / width;
    if count < 2 {
        return;
    }
    for odd in (1..count).step_by(2) {
        let after = if odd + 1 < count { odd + 1 } else { odd - 1 };
        for at in 0..width {
            let around = values[(odd - 1) * width + at] + values[after * width + at];
            values[odd * width + at] -= around >> 1;
        }
    }
    for even in (0..count).step_by(2) {
        let before = if even > 0 { even - 1 } else { 1 };
        let after = if even + 1 < count { even + 1 } else { even - 1 };
        for at in 0..width {
            let around = values[before * width + at] + values[after * width + at];
            values[even * width + at] += (around + 2) >> 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ramp_has_no_detail() {
        let mut line: Vec<i32> = (0..9).map(|n| n * 4).collect();
        lift(&mut line, 1);
        assert_eq!(line.iter().skip(1).step_by(2).copied().collect::<Vec<_>>(), [0; 4]);
    }

    proptest! {
        /// The same steps backwards (F.3.8.2).
        #[test]
        fn lifting_can_be_undone(values in prop::collection::vec(-70_000i32..70_000, 1..40)) {
            let mut line = values.clone();
            lift(&mut line, 1);
            let count = line.len();
            let mirrored = |at: isize| {
                let last = count as isize - 1;
                (if at < 0 { -at } else if at > last { 2 * last - at } else { at }) as usize
            };
            if count > 1 {
                for (step, start) in [(2, 0), (1, 1)] {
                    for at in (start..count).step_by(2) {
                        let around = line[mirrored(at as isize - 1)] + line[mirrored(at as isize + 1)];
                        line[at] -= if step == 2 { (around + 2) >> 2 } else { -(around >> 1) };
                    }
                }
            }
            prop_assert_eq!(line, values);
        }
    }
}
