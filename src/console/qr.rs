//! A QR code (ISO/IEC 18004) as a path that a page draws.

use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;

/// The margin that readers want, in modules (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;

/// The drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Drawing {
    /// Width and height in modules, margins included.
    pub size: usize,
    /// Its dark modules, as data of an SVG path.
    pub path: String,
}

/// Draws a text; none when it is too long.
pub(super) fn draw(text: &str) -> Option<Drawing> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        while let Some(first) = row.get(x) {
            let run = row.iter().skip(x).take_while(|module| *module == first).count();
            if *first == Color::Dark {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run;
        }
    }
    Some(Drawing { size: width + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finders_and_a_margin() {
        let drawing = draw("otpauth://totp/Honeyward:wang?secret=MZXW6YTBOI&issuer=Honeyward").unwrap();
        // The first row of the two upper finder patterns: seven dark modules each.
        let right = drawing.size - QUIET - 7;
        assert!(drawing.path.starts_with(&format!("M{QUIET} {QUIET}h7v1h-7z")), "{}", drawing.path);
        assert!(drawing.path.contains(&format!("M{right} {QUIET}h7v1h-7z")));
        assert_eq!((drawing.size - 2 * QUIET - 17) % 4, 0, "a size that there is");
        assert!(draw(&"x".repeat(3_000)).is_none());
    }
}
