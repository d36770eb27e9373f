//! Letters on screens: sixteen rows of dots each, eight columns for Latin and sixteen for Chinese.
//!
//! The dots are those of GNU Unifont 15 for ASCII and the characters that this hospital's tables
//! and common screens use; `docs/design/images.md` says under which licence.

use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::ZlibDecoder;

/// Rows of a letter.
pub(crate) const TALL: usize = 16;

/// Letters by code point, packed: two bytes of code point, one of columns, then the rows.
static PACKED: &[u8] = include_bytes!("glyphs.bin");

struct Glyph {
    code: u32,
    wide: bool,
    rows: [u16; TALL],
}

static GLYPHS: LazyLock<Vec<Glyph>> = LazyLock::new(unpacked);

fn unpacked() -> Vec<Glyph> {
    let mut bytes = Vec::new();
    // What is compiled in is whole; a test reads it.
    let _ = ZlibDecoder::new(PACKED).read_to_end(&mut bytes);
    let mut glyphs = Vec::new();
    let mut rest = bytes.as_slice();
    while let [high, low, columns, tail @ ..] = rest {
        let wide = *columns == 16;
        let size = if wide { 2 * TALL } else { TALL };
        let Some((rows, next)) = tail.split_at_checked(size) else { break };
        let row = |i: usize| match wide {
            true => u16::from(rows[2 * i]) << 8 | u16::from(rows[2 * i + 1]),
            false => u16::from(rows[i]) << 8,
        };
        let code = u32::from(*high) << 8 | u32::from(*low);
        glyphs.push(Glyph { code, wide, rows: std::array::from_fn(row) });
        rest = next;
    }
    glyphs
}

fn glyph(c: char) -> Option<&'static Glyph> {
    let at = GLYPHS.binary_search_by_key(&u32::from(c), |glyph| glyph.code).ok()?;
    GLYPHS.get(at)
}

/// A grey screen that is written on.
pub(crate) struct Canvas<'a> {
    pixels: &'a mut [u8],
    width: usize,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(pixels: &'a mut [u8], width: usize) -> Self {
        Canvas { pixels, width }
    }

    /// Writes a line with its upper left corner at a place; what has no letter leaves a gap, and
    /// what does not fit is cut off. Gives the column behind it.
    pub(crate) fn write(&mut self, text: &str, x: usize, y: usize, shade: u8) -> usize {
        let mut left = x;
        for c in text.chars() {
            let Some(glyph) = glyph(c) else {
                left += if c.is_ascii() { 8 } else { 16 };
                continue;
            };
            let columns = if glyph.wide { 16 } else { 8 };
            for (row, bits) in glyph.rows.iter().enumerate() {
                for column in (0..columns).filter(|column| bits >> (15 - column) & 1 == 1) {
                    self.dot(left + column, y + row, shade);
                }
            }
            left += columns;
        }
        left
    }

    /// A dot, when it is on the screen.
    pub(crate) fn dot(&mut self, x: usize, y: usize, shade: u8) {
        if x < self.width
            && let Some(pixel) = self.pixels.get_mut(y * self.width + x)
        {
            *pixel = shade;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_there_and_in_order() {
        assert!(GLYPHS.windows(2).all(|pair| pair[0].code < pair[1].code));
        for c in ('!'..='~').chain("澄岚市中心医院超声肝胆脾肾门静脉王张李".chars()) {
            assert!(glyph(c).is_some_and(|glyph| glyph.rows.iter().any(|row| *row != 0)), "{c}");
        }
        let mut screen = [0; 64 * TALL];
        assert_eq!(Canvas::new(&mut screen, 64).write("A肝", 4, 0, 200), 28);
        assert!(screen.iter().filter(|pixel| **pixel == 200).count() > 30);
        Canvas::new(&mut screen, 64).write("too long for this small screen", 60, 12, 9);
    }
}
