//! Functions of the C library in forms that compilers run on several pixels at once, exact to some
//! millionths: more than pixels hold.

use std::f32::consts::{LN_2, LOG2_E};

/// e to the power of `x`, for powers that a number can hold.
#[inline]
pub(crate) fn exp(x: f32) -> f32 {
    let shifted = (x * LOG2_E + 127.0).clamp(1.0, 254.0);
    let whole = (shifted + 0.5) as i32;
    // What is left of the power of two, within ±½: the series of e to the power of x.
    let rest = (shifted - whole as f32) * LN_2;
    let series =
        1.0 + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest * (1.0 / 120.0)))));
    f32::from_bits((whole as u32) << 23) * series
}

/// The natural logarithm of a number above zero.
#[inline]
pub(crate) fn ln(x: f32) -> f32 {
    /// Half of the square root of two: what is left lies evenly around one.
    const MIDDLE: i32 = 0x3F35_04F3;
    let bits = x.to_bits() as i32;
    let power = (bits.wrapping_sub(MIDDLE)) >> 23;
    let rest = f32::from_bits((bits - (power << 23)) as u32);
    let z = (rest - 1.0) / (rest + 1.0);
    let square = z * z;
    let series = 2.0 * z * (1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0))));
    power as f32 * LN_2 + series
}

/// The angle whose tangent is `x`, for angles up to an eighth of a turn (the polynomial 4.4.49 of
/// Abramowitz and Stegun).
#[inline]
pub(crate) fn atan(x: f32) -> f32 {
    let s = x * x;
    x * (0.999_866 + s * (-0.330_299_5 + s * (0.180_141 + s * (-0.085_133 + s * 0.020_835_1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_agree_with_the_library() {
        for i in 1..4000 {
            let x = i as f32 * 0.005;
            assert!((exp(-x) / (-x).exp() - 1.0).abs() < 1e-5, "exp {x}");
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-5, "exp {x}");
            assert!((ln(x * x * x) - (x * x * x).ln()).abs() < 1e-5, "ln {x}");
        }
        for i in -100..=100 {
            let x = i as f32 * 0.01;
            assert!((atan(x) - x.atan()).abs() < 2e-5, "atan {x}");
        }
    }
}
