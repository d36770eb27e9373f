//! Pictures for a client's screen: bitmap updates (MS-RDPBCGR 2.2.9.1.1.3.1.2) with interleaved run-length
//! coding (2.2.9.1.1.3.1.2.4).

use super::capabilities::{Client, Screen};
use super::cursor::short;
use super::logon::{Band, Rect};
use super::share;

/// Side of a tile; the width of a bitmap is a multiple of four.
pub(super) const TILE: u16 = 64;
/// Most bytes of tiles in one update: a fast-path packet holds 16383 in all.
const MAX_UPDATE: usize = 15 << 10;

/// Types of updates.
const BITMAP: u16 = 1;
const PALETTE: u16 = 2;

/// How a client gets its pictures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Painter {
    pub(super) screen: Screen,
    pub(super) client: Client,
}

/// An update, before it is wrapped for its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Update {
    /// A share data PDU.
    Slow(Vec<u8>),
    /// The body of a fast-path packet.
    Fast(Vec<u8>),
}

impl Painter {
    /// The palette that eight bits need, three of red, three of green and two of blue.
    pub(super) fn palette(&self) -> Option<Update> {
        if self.screen.depth != 8 {
            return None;
        }
        let mut body = PALETTE.to_le_bytes().to_vec();
        body.extend([0, 0]);
        body.extend(256u32.to_le_bytes());
        let spread = |value: u8, most: u16| u8::try_from(u16::from(value) * 255 / most).unwrap_or(u8::MAX);
        for index in 0..=255u8 {
            body.extend([spread(index >> 5, 7), spread(index >> 2 & 7, 7), spread(index & 3, 3)]);
        }
        Some(self.update(PALETTE, &body))
    }

    /// Updates that show a part of the screen, which `draw` draws row of tiles by row.
    pub(super) fn paint(&self, part: Rect, draw: impl Fn(Rect) -> Band) -> Vec<Update> {
        let (mut updates, mut tiles, mut count) = (Vec::new(), Vec::new(), 0u16);
        for row in self.rows(part) {
            let band = draw(row);
            for tile in columns(row) {
                let coded = self.tile(&band, tile);
                if tiles.len() + coded.len() > MAX_UPDATE && count > 0 {
                    updates.push(self.bitmaps(count, &tiles));
                    tiles.clear();
                    count = 0;
                }
                tiles.extend(coded);
                count += 1;
            }
        }
        if count > 0 {
            updates.push(self.bitmaps(count, &tiles));
        }
        updates
    }

    /// Rows of tiles that hold a part, with sides at multiples of four.
    fn rows(&self, part: Rect) -> Vec<Rect> {
        let Screen { width, height, .. } = self.screen;
        let (left, right) = (part.x / 4 * 4, part.right().min(width).next_multiple_of(4).min(width));
        let (top, bottom) = (part.y, part.bottom().min(height));
        if left >= right {
            return Vec::new();
        }
        (top..bottom)
            .step_by(usize::from(TILE))
            .map(|y| Rect { x: left, y, width: right - left, height: TILE.min(bottom - y) })
            .collect()
    }

    fn bitmaps(&self, count: u16, tiles: &[u8]) -> Update {
        let body = [&BITMAP.to_le_bytes()[..], &count.to_le_bytes(), tiles].concat();
        self.update(BITMAP, &body)
    }

    fn update(&self, kind: u16, body: &[u8]) -> Update {
        if !self.client.fast {
            return Update::Slow(share::data(share::data::UPDATE, body));
        }
        let [code, _] = kind.to_le_bytes();
        Update::Fast([&[code][..], &short(body.len()).to_le_bytes(), body].concat())
    }

    /// One tile with its place (TS_BITMAP_DATA).
    fn tile(&self, band: &Band, at: Rect) -> Vec<u8> {
        const COMPRESSED: u16 = 0x0001;
        const BARE: u16 = 0x0400;
        let pixels = self.pixels(band, at);
        let bytes = usize::from(self.screen.depth).div_ceil(8);
        let raw: Vec<u8> =
            pixels.iter().flat_map(|pixel| pixel.to_le_bytes().into_iter().take(bytes)).collect();
        let coded = compress(&pixels, usize::from(at.width), bytes);
        let (flags, data) = match coded.len() < raw.len() {
            true if self.client.bare_bitmaps => (COMPRESSED | BARE, coded),
            true => (COMPRESSED, [header(coded.len(), at.width, bytes, raw.len()), coded].concat()),
            false => (0, raw),
        };
        let place = [at.x, at.y, at.right() - 1, at.bottom() - 1, at.width, at.height];
        let head = place.into_iter().chain([self.screen.depth, flags, short(data.len())]);
        head.flat_map(u16::to_le_bytes).chain(data).collect()
    }

    /// Pixels of a tile in the client's depth, the lowest row first.
    fn pixels(&self, band: &Band, at: Rect) -> Vec<u32> {
        let rows = (at.y..at.bottom()).rev();
        rows.flat_map(|y| (at.x..at.right()).map(move |x| self.colour(band.at(x, y)))).collect()
    }

    fn colour(&self, [red, green, blue]: [u8; 3]) -> u32 {
        let [red, green, blue] = [red, green, blue].map(u32::from);
        match self.screen.depth {
            8 => red >> 5 << 5 | green >> 5 << 2 | blue >> 6,
            15 => red >> 3 << 10 | green >> 3 << 5 | blue >> 3,
            16 => red >> 3 << 11 | green >> 2 << 5 | blue >> 3,
            _ => red << 16 | green << 8 | blue,
        }
    }
}

fn columns(row: Rect) -> impl Iterator<Item = Rect> {
    let starts = (row.x..row.right()).step_by(usize::from(TILE));
    starts.map(move |x| Rect { x, width: TILE.min(row.right() - x), ..row })
}

/// TS_CD_HEADER.
fn header(length: usize, width: u16, bytes: usize, raw: usize) -> Vec<u8> {
    let scan = usize::from(width) * bytes;
    [0, length, scan, raw].into_iter().flat_map(|word| short(word).to_le_bytes()).collect()
}

/// Codes of orders with a length of five bits, and with one of sixteen.
#[derive(Clone, Copy)]
struct Code(u8, u8);

const BACKGROUND: Code = Code(0x00, 0xf0);
const COLOUR: Code = Code(0x60, 0xf3);
const IMAGE: Code = Code(0x80, 0xf4);

/// Shortest runs that are worth an order of their own.
const RUN: usize = 3;

/// Compresses pixels of `bytes` bytes, `width` in a row.
fn compress(pixels: &[u32], width: usize, bytes: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut image: Vec<u32> = Vec::new();
    let mut at = 0;
    while at < pixels.len() {
        // An order that begins in the first row stays there: its background is black.
        let end = if at < width { width } else { pixels.len() };
        let background =
            (at..end).take_while(|i| pixels.get(*i) == above(pixels, *i, width).as_ref()).count();
        let first = pixels.get(at);
        let colour = (at..end).take_while(|i| pixels.get(*i) == first).count();
        let run = background.max(colour);
        if run < RUN {
            image.extend(first);
            at += 1;
            if at == end {
                flush(&mut out, &mut image, bytes);
            }
            continue;
        }
        flush(&mut out, &mut image, bytes);
        if background >= colour {
            order(&mut out, BACKGROUND, background);
        } else {
            order(&mut out, COLOUR, colour);
            out.extend(first.into_iter().flat_map(|pixel| pixel.to_le_bytes().into_iter().take(bytes)));
        }
        at += run;
    }
    flush(&mut out, &mut image, bytes);
    out
}

/// The pixel of the row before; black for the first.
fn above(pixels: &[u32], at: usize, width: usize) -> Option<u32> {
    at.checked_sub(width).map_or(Some(0), |above| pixels.get(above).copied())
}

fn flush(out: &mut Vec<u8>, image: &mut Vec<u32>, bytes: usize) {
    if !image.is_empty() {
        order(out, IMAGE, image.len());
        out.extend(image.drain(..).flat_map(|pixel| pixel.to_le_bytes().into_iter().take(bytes)));
    }
}

fn order(out: &mut Vec<u8>, Code(short_code, long_code): Code, length: usize) {
    match u8::try_from(length) {
        Ok(length @ 1..=31) => out.push(short_code | length),
        _ => {
            out.push(long_code);
            out.extend(short(length).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Undoes the coding as a client does.
    fn expand(mut coded: &[u8], width: usize, bytes: usize) -> Vec<u32> {
        let mut out: Vec<u32> = Vec::new();
        let pixel = |coded: &mut &[u8]| {
            let (taken, rest) = coded.split_at(bytes);
            *coded = rest;
            taken.iter().rev().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte))
        };
        let mut last = 0xff;
        while let [code, rest @ ..] = coded {
            let first_row = out.len() < width;
            let (kind, length, rest) = match code {
                0xf0..=0xf4 => {
                    let kind = [0, 1, 2, 3, 4][usize::from(code & 7)];
                    (kind, usize::from(u16::from_le_bytes([rest[0], rest[1]])), &rest[2..])
                }
                code => (code >> 5, usize::from(code & 31), rest),
            };
            coded = rest;
            assert!(kind != 0 || last != 0 || out.len() == width, "two runs of background");
            last = kind;
            match kind {
                0 => (0..length).for_each(|_| {
                    let above = if first_row { 0 } else { out[out.len() - width] };
                    out.push(above);
                }),
                3 => {
                    let one = pixel(&mut coded);
                    out.extend(vec![one; length]);
                }
                4 => (0..length).for_each(|_| out.push(pixel(&mut coded))),
                _ => panic!("{kind}"),
            }
        }
        out
    }

    #[test]
    fn what_is_coded_is_had_back() {
        let pictures: [Vec<u32>; 5] = [
            vec![0; 4096],
            vec![0x1234; 4096],
            (0..4096u32).map(|i| i / 7 % 13).collect(),
            (0..4096u32).map(|i| i.wrapping_mul(2_654_435_761) >> 16).collect(),
            (0..4096u32).map(|i| if i % 64 < 40 { 5 } else { i / 64 }).collect(),
        ];
        for picture in pictures {
            for width in [64, 4] {
                let coded = compress(&picture, width, 2);
                let known: Vec<u32> = picture.iter().map(|pixel| pixel & 0xffff).collect();
                assert_eq!(expand(&coded, width, 2), known);
            }
        }
        assert!(compress(&vec![7; 4096], 64, 3).len() < 12);
    }
}
