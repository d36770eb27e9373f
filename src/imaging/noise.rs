//! Seeded numbers and fields: the same seed gives the same picture for ever.

/// Scrambles 64 bits (the finaliser of SplitMix64).
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A small fast generator for shapes and grain.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        Rng(purpose.bytes().fold(mix(seed), |state, byte| mix(state ^ u64::from(byte))))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// In 0..1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// In `low..high`.
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Close to a normal distribution with mean 0 and deviation 1: four 16-bit numbers of one draw.
    pub(crate) fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
        (sum as f32 / 65536.0 - 2.0) * 1.732_050_8
    }

    /// As many of them, for grain: each from four bytes, two of one draw.
    pub(crate) fn fill_normal(&mut self, out: &mut [f32]) {
        const EVEN: u64 = 0x00FF_00FF_00FF_00FF;
        // Four even numbers of 0 to 255.
        const MEAN: f32 = 510.0;
        const DEVIATION: f32 = 147.798_5;
        let normal = |sum: u64| ((sum & 0xFFFF) as i32 as f32 - MEAN) * (1.0 / DEVIATION);
        for pair in out.chunks_mut(2) {
            let bits = self.next();
            let twos = (bits & EVEN) + ((bits >> 8) & EVEN);
            let fours = twos + (twos >> 16);
            pair.iter_mut().zip([fours, fours >> 32]).for_each(|(slot, sum)| *slot = normal(sum));
        }
    }
}

/// Smooth noise in -1..1 with features one unit wide.
pub(crate) fn noise3(seed: u64, p: [f32; 3]) -> f32 {
    let cell = p.map(floor);
    let fade = |i: usize| {
        let t = p[i] - cell[i];
        t * t * (3.0 - 2.0 * t)
    };
    let (u, v, w) = (fade(0), fade(1), fade(2));
    let own = (seed ^ (seed >> 32)) as u32;
    let ends = |i: usize, odd: u32| {
        let low = (cell[i] as i32 as u32).wrapping_mul(odd);
        [low, low.wrapping_add(odd)]
    };
    let (x, y, z) = (ends(0, 0x9E37_79B1), ends(1, 0x85EB_CA77), ends(2, 0xC2B2_AE3D));
    let corner = |i: usize, j: usize, k: usize| {
        // Two rounds of multiply and shift (the finaliser of MurmurHash3).
        let mut h = own ^ x[i] ^ y[j].rotate_left(11) ^ z[k].rotate_left(21);
        h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
        h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
        ((h >> 8) as i32 - (1 << 23)) as f32 * (1.0 / (1 << 23) as f32)
    };
    let along = |j, k| lerp(corner(0, j, k), corner(1, j, k), u);
    lerp(lerp(along(0, 0), along(1, 0), v), lerp(along(0, 1), along(1, 1), v), w)
}

/// How much [`noise3`] changes over a distance of one, but for one place in thousands: along an axis
/// it may be twice as steep.
pub(crate) const STEEP: f32 = 1.6;

/// As `f32::floor`, which is a call into the C library on the oldest processors we support.
fn floor(v: f32) -> f32 {
    let whole = v as i32 as f32;
    if whole > v { whole - 1.0 } else { whole }
}

pub(crate) fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// A row of [`noise3`] at evenly spaced places along an axis, in the order of `out`: what they have
/// in common is computed once.
pub(crate) fn noise_line(seed: u64, from: [f32; 3], axis: usize, step: f32, out: &mut [f32]) {
    let mut known = f32::NAN;
    let mut ends = [0.0; 2];
    let (mut at, fade) = (from, |t: f32| t * t * (3.0 - 2.0 * t));
    for (i, slot) in out.iter_mut().enumerate() {
        let place = from[axis] + step * i as f32;
        let cell = floor(place);
        if cell != known {
            // At whole places the noise is what its corners say.
            ends = if cell == known + 1.0 { [ends[1], f32::NAN] } else { [f32::NAN; 2] };
            for (end, corner) in ends.iter_mut().zip([cell, cell + 1.0]) {
                if end.is_nan() {
                    at[axis] = corner;
                    *end = noise3(seed, at);
                }
            }
            known = cell;
        }
        *slot = lerp(ends[0], ends[1], fade(place - cell));
    }
}

/// A box filter of the given radius, run twice in both directions: close to a Gaussian.
pub(crate) fn blur(plane: &mut [f32], width: usize, height: usize, radius: usize) {
    if radius == 0 || width == 0 || height == 0 {
        return;
    }
    let mut line = vec![0.0; width + 2 * radius];
    let mut rows = vec![0.0; plane.len()];
    for _ in 0..2 {
        for (row, out) in plane.chunks_exact(width).zip(rows.chunks_exact_mut(width)) {
            blur_row(row, &mut line, radius, out);
        }
        blur_columns(&rows, plane, width, radius);
    }
}

/// Moves down all columns at once, so that memory is read row by row.
fn blur_columns(source: &[f32], plane: &mut [f32], width: usize, radius: usize) {
    let height = source.len() / width;
    let row = |y: isize| {
        let y = y.clamp(0, height as isize - 1) as usize;
        &source[y * width..(y + 1) * width]
    };
    let reach = radius as isize;
    let scale = 1.0 / (2 * radius + 1) as f32;
    let mut sums = vec![0.0f32; width];
    for y in -reach..=reach {
        sums.iter_mut().zip(row(y)).for_each(|(s, v)| *s += v);
    }
    for (y, out) in (0..).zip(plane.chunks_exact_mut(width)) {
        let (leaving, entering) = (row(y - reach), row(y + reach + 1));
        for (((slot, sum), entering), leaving) in out.iter_mut().zip(&mut sums).zip(entering).zip(leaving) {
            *slot = *sum * scale;
            *sum += entering - leaving;
        }
    }
}

/// Up to this radius it is quicker to add up each box anew, for many pixels at once.
const SMALL: usize = 4;

/// Means of boxes along a row. `line` has room for the row and the radius at both ends.
pub(crate) fn blur_row(source: &[f32], line: &mut [f32], radius: usize, out: &mut [f32]) {
    let width = source.len();
    line[..radius].fill(source[0]);
    line[radius..radius + width].copy_from_slice(source);
    line[radius + width..].fill(source[width - 1]);
    let scale = 1.0 / (2 * radius + 1) as f32;
    if radius <= SMALL {
        out.copy_from_slice(&line[..width]);
        for shift in 1..=2 * radius {
            out.iter_mut().zip(&line[shift..]).for_each(|(slot, v)| *slot += v);
        }
        out.iter_mut().for_each(|slot| *slot *= scale);
        return;
    }
    let mut sum: f32 = line[..2 * radius].iter().sum();
    for (i, slot) in out.iter_mut().enumerate() {
        sum += line[i + 2 * radius];
        *slot = sum * scale;
        sum -= line[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_noise_is_the_noise_along_it() {
        for (axis, step) in [(0, 0.21), (1, -0.4), (2, 1.3)] {
            let from = [0.3, -7.2, 4.9];
            let mut line = [0.0; 40];
            noise_line(9, from, axis, step, &mut line);
            for (i, value) in line.iter().enumerate() {
                let mut at = from;
                at[axis] += step * i as f32;
                assert!((value - noise3(9, at)).abs() < 1e-4, "{axis} {i}");
            }
        }
    }

    #[test]
    fn noise_is_smooth_bounded_and_seeded() {
        let line = |seed| (0..400).map(move |i| noise3(seed, [i as f32 * 0.05, 0.3, -2.2]));
        assert!(line(1).all(|v| v.abs() <= 1.0));
        assert!(line(1).zip(line(1).skip(1)).all(|(a, b)| (a - b).abs() < 0.2));
        assert!(line(1).zip(line(2)).any(|(a, b)| (a - b).abs() > 0.3));
    }
}
