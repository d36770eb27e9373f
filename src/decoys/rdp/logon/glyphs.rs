//! Letters in three sizes with soft edges, in sixteen steps.
//!
//! They were drawn from Open Sans (ASCII and quotes) and Droid Sans Fallback (the characters that logon screens
//! use), both under the Apache License 2.0.

use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::ZlibDecoder;

/// Letters by size and code point, packed: size, code point, advance, place, width, height, then steps.
static PACKED: &[u8] = include_bytes!("glyphs.bin");

/// Places are kept eight higher than they are, so that none is negative.
const BIAS: i16 = 8;

struct Glyph {
    size: u8,
    code: u16,
    advance: u8,
    left: i16,
    top: i16,
    width: u8,
    steps: Vec<u8>,
}

static GLYPHS: LazyLock<Vec<Glyph>> = LazyLock::new(unpacked);

fn unpacked() -> Vec<Glyph> {
    let mut bytes = Vec::new();
    // What is compiled in is whole; a test reads it.
    let _ = ZlibDecoder::new(PACKED).read_to_end(&mut bytes);
    let mut glyphs = Vec::new();
    let mut rest = bytes.as_slice();
    while let [size, high, low, advance, left, top, width, height, tail @ ..] = rest {
        let count = (usize::from(*width) * usize::from(*height)).div_ceil(2);
        let Some((steps, next)) = tail.split_at_checked(count) else { break };
        glyphs.push(Glyph {
            size: *size,
            code: u16::from_be_bytes([*high, *low]),
            advance: *advance,
            left: i16::from(*left) - BIAS,
            top: i16::from(*top) - BIAS,
            width: *width,
            steps: steps.iter().flat_map(|pair| [pair >> 4, pair & 0x0f]).collect(),
        });
        rest = next;
    }
    glyphs
}

fn glyph(c: char, size: u8) -> Option<&'static Glyph> {
    let code = u16::try_from(u32::from(c)).ok()?;
    let at = GLYPHS.binary_search_by_key(&(size, code), |glyph| (glyph.size, glyph.code)).ok()?;
    GLYPHS.get(at)
}

/// Whether a character can be written in the smallest size, which has all.
pub(super) fn has(c: char) -> bool {
    c == ' ' || c == '\n' || glyph(c, 12).is_some()
}

/// What has no letter is as wide as half its size, or all of it.
fn advance(c: char, size: u8) -> u16 {
    let missing = if c.is_ascii() { size / 3 } else { size };
    glyph(c, size).map_or(u16::from(missing), |glyph| u16::from(glyph.advance))
}

/// Width of a line, pixels.
pub(super) fn width(text: &str, size: u8) -> u16 {
    text.chars().map(|c| advance(c, size)).fold(0, u16::saturating_add)
}

/// Breaks a text into lines that are not wider; Chinese breaks anywhere.
pub(super) fn lines(text: &str, size: u8, widest: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0u16;
    for c in text.chars() {
        let more = advance(c, size);
        // A full stop or a comma hangs over.
        let hangs = matches!(c, '。' | '，' | '、' | '”');
        if c == '\n' || (used.saturating_add(more) > widest && !hangs) {
            lines.push(String::new());
            used = 0;
        }
        if c != '\n' {
            used = used.saturating_add(more);
            lines.last_mut().into_iter().for_each(|line| line.push(c));
        }
    }
    lines
}

/// Writes a line: for each dot of a letter its column, its row and its step of fifteen.
pub(super) fn write(text: &str, size: u8, mut dot: impl FnMut(u16, u16, u8)) {
    let mut left = 0u16;
    for c in text.chars() {
        if let Some(glyph) = glyph(c, size) {
            let rows = glyph.steps.chunks(usize::from(glyph.width.max(1)));
            for (row, steps) in (glyph.top..).zip(rows) {
                for (column, step) in (glyph.left..).zip(steps) {
                    let (x, y) = (left.checked_add_signed(column), u16::try_from(row));
                    if let (Some(x), Ok(y), 1..) = (x, y, *step) {
                        dot(x, y, *step);
                    }
                }
            }
        }
        left = left.saturating_add(advance(c, size));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_there_and_in_order() {
        assert!(GLYPHS.windows(2).all(|pair| (pair[0].size, pair[0].code) < (pair[1].size, pair[1].code)));
        for c in ('!'..='~').chain("登录用户名或密码不正确●".chars()) {
            assert!(has(c) && glyph(c, 16).is_some(), "{c}");
        }
        let mut dots = 0;
        write("登录", 16, |x, y, step| {
            assert!(x < 34 && y < 24 && step <= 15);
            dots += 1;
        });
        assert!(dots > 100);
    }

    #[test]
    fn long_texts_are_broken() {
        let broken = lines("用户名或密码不正确。用户名或密码不正确。", 12, 120);
        assert_eq!(broken.len(), 2);
        assert_eq!(broken.concat(), "用户名或密码不正确。用户名或密码不正确。");
        assert!(broken.iter().all(|line| width(line, 12) <= 132));
    }
}
