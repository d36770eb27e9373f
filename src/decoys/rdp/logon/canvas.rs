//! Shapes, and the part of a screen that they are drawn on.

use super::glyphs;

/// A colour: red, green, blue.
pub(in crate::decoys::rdp) type Colour = [u8; 3];

/// A part of the screen, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decoys::rdp) struct Rect {
    pub(in crate::decoys::rdp) x: u16,
    pub(in crate::decoys::rdp) y: u16,
    pub(in crate::decoys::rdp) width: u16,
    pub(in crate::decoys::rdp) height: u16,
}

impl Rect {
    pub(super) const fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Rect { x, y, width, height }
    }

    pub(super) fn holds(self, x: u16, y: u16) -> bool {
        x >= self.x && y >= self.y && x < self.right() && y < self.bottom()
    }

    pub(in crate::decoys::rdp) fn right(self) -> u16 {
        self.x.saturating_add(self.width)
    }

    pub(in crate::decoys::rdp) fn bottom(self) -> u16 {
        self.y.saturating_add(self.height)
    }

    /// The smallest one that holds both.
    pub(in crate::decoys::rdp) fn around(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Rect {
            x,
            y,
            width: self.right().max(other.right()).saturating_sub(x),
            height: self.bottom().max(other.bottom()).saturating_sub(y),
        }
    }

    /// Smaller by so much on each side.
    pub(super) fn inner(self, by: u16) -> Self {
        Rect {
            x: self.x.saturating_add(by),
            y: self.y.saturating_add(by),
            width: self.width.saturating_sub(by.saturating_mul(2)),
            height: self.height.saturating_sub(by.saturating_mul(2)),
        }
    }

    /// One of this size in its middle.
    pub(super) fn middle(self, width: u16, height: u16) -> Self {
        Rect {
            x: self.x.saturating_add(self.width.saturating_sub(width) / 2),
            y: self.y.saturating_add(self.height.saturating_sub(height) / 2),
            width,
            height,
        }
    }
}

/// Something to draw.
pub(super) enum Shape {
    /// One colour.
    Fill(Rect, Colour),
    /// From one colour above to another below.
    Fade(Rect, Colour, Colour),
    /// A disc: its middle and its radius.
    Disc(u16, u16, u16, Colour),
    /// The upper half of a disc.
    Dome(u16, u16, u16, Colour),
    /// A line of text in letters of a size, its upper left corner here, cut off behind the width.
    Text(u16, u16, u16, u8, Colour, String),
}

impl Shape {
    /// Text that ends where the part does.
    pub(super) fn text(at: Rect, size: u8, colour: Colour, text: &str) -> Self {
        Shape::Text(at.x, at.y, at.width, size, colour, text.to_owned())
    }

    /// Text in the middle of a part.
    pub(super) fn centred(at: Rect, size: u8, colour: Colour, text: &str) -> Self {
        let place = at.middle(glyphs::width(text, size), u16::from(size));
        Shape::Text(place.x, place.y, at.width, size, colour, text.to_owned())
    }

    /// A frame of one pixel around a filled part.
    pub(super) fn framed(at: Rect, frame: Colour, inside: Colour) -> [Self; 2] {
        [Shape::Fill(at, frame), Shape::Fill(at.inner(1), inside)]
    }
}

/// Pixels of a part of the screen.
pub(in crate::decoys::rdp) struct Band {
    pub(in crate::decoys::rdp) part: Rect,
    pixels: Vec<Colour>,
}

impl Band {
    pub(super) fn new(part: Rect) -> Self {
        let count = usize::from(part.width) * usize::from(part.height);
        Band { part, pixels: vec![[0; 3]; count] }
    }

    /// The pixel at a place of the screen; black outside.
    pub(in crate::decoys::rdp) fn at(&self, x: u16, y: u16) -> Colour {
        self.index(x, y).and_then(|index| self.pixels.get(index)).copied().unwrap_or_default()
    }

    fn index(&self, x: u16, y: u16) -> Option<usize> {
        let inside = self.part.holds(x, y);
        let (column, row) = (x.checked_sub(self.part.x)?, y.checked_sub(self.part.y)?);
        inside.then(|| usize::from(row) * usize::from(self.part.width) + usize::from(column))
    }

    /// Lays a colour over a pixel; `much` of fifteen.
    fn blend(&mut self, x: u16, y: u16, colour: Colour, much: u8) {
        let Some(pixel) = self.index(x, y).and_then(|index| self.pixels.get_mut(index)) else { return };
        for (slot, new) in pixel.iter_mut().zip(colour) {
            *slot = mix(*slot, new, u16::from(much), 15);
        }
    }

    fn fill(&mut self, rect: Rect, colour: impl Fn(u16) -> Colour) {
        let (from, to) = (rect.x.max(self.part.x), rect.right().min(self.part.right()));
        for y in rect.y.max(self.part.y)..rect.bottom().min(self.part.bottom()) {
            let colour = colour(y);
            let Some(start) = self.index(from, y).filter(|_| from < to) else { continue };
            let row = self.pixels.get_mut(start..start + usize::from(to - from));
            row.unwrap_or_default().fill(colour);
        }
    }

    /// Draws a shape over what is there.
    pub(super) fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Fill(rect, colour) => self.fill(*rect, |_| *colour),
            Shape::Fade(rect, above, below) => self.fill(*rect, |y| {
                let (at, of) = (y.saturating_sub(rect.y), rect.height.max(1));
                let mut colour = *above;
                colour.iter_mut().zip(below).for_each(|(slot, new)| *slot = mix(*slot, *new, at, of));
                colour
            }),
            Shape::Disc(x, y, radius, colour) => {
                self.disc(*x, *y, *radius, y.saturating_add(*radius), *colour)
            }
            Shape::Dome(x, y, radius, colour) => self.disc(*x, *y, *radius, *y, *colour),
            Shape::Text(x, y, width, size, colour, text) => {
                let last = x.saturating_add(*width);
                glyphs::write(text, *size, |column, row, much| {
                    let at = x.saturating_add(column);
                    if at < last {
                        self.blend(at, y.saturating_add(row), *colour, much);
                    }
                });
            }
        }
    }

    /// A disc down to the row `last`.
    fn disc(&mut self, x: u16, y: u16, radius: u16, last: u16, colour: Colour) {
        let square = |a: u16, b: u16| u32::from(a.abs_diff(b)).pow(2);
        for row in y.saturating_sub(radius)..=last {
            for column in x.saturating_sub(radius)..=x.saturating_add(radius) {
                let far = square(row, y) + square(column, x);
                let limit = u32::from(radius).pow(2);
                // A soft rim of about one pixel.
                let much = if far <= limit.saturating_sub(u32::from(radius)) { 15 } else { 8 };
                if far <= limit {
                    self.blend(column, row, colour, much);
                }
            }
        }
    }
}

/// From one value towards another, `at` of `of` parts of the way.
fn mix(from: u8, to: u8, at: u16, of: u16) -> u8 {
    let (at, of) = (u32::from(at.min(of)), u32::from(of.max(1)));
    let sum = u32::from(from) * (of - at) + u32::from(to) * at;
    u8::try_from(sum / of).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_drawn_apart_fit_together() {
        let shapes = [
            Shape::Fade(Rect::new(0, 0, 64, 64), [0, 0, 90], [0, 90, 0]),
            Shape::Disc(30, 30, 12, [255, 0, 0]),
            Shape::text(Rect::new(5, 20, 50, 16), 16, [255; 3], "登录 Win"),
        ];
        let draw = |part: Rect| {
            let mut band = Band::new(part);
            shapes.iter().for_each(|shape| band.draw(shape));
            band
        };
        let whole = draw(Rect::new(0, 0, 64, 64));
        assert_eq!((whole.at(0, 0), whole.at(99, 0)), ([0, 0, 90], [0; 3]));
        for part in [Rect::new(0, 20, 64, 20), Rect::new(28, 0, 9, 64)] {
            let band = draw(part);
            for y in part.y..part.bottom() {
                for x in part.x..part.right() {
                    assert_eq!(band.at(x, y), whole.at(x, y));
                }
            }
        }
    }
}
