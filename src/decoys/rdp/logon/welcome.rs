//! The screen of Windows 7: fields in the middle of a blue picture, the product's name below.

use super::canvas::{Colour, Rect, Shape};
use super::glyphs;
use super::{Focus, Layout, Logon, View};
use crate::decoys::rdp::capabilities::Screen;

const ABOVE: Colour = [16, 82, 146];
const MIDDLE: Colour = [40, 132, 190];
const BELOW: Colour = [8, 58, 110];
const WHITE: Colour = [255; 3];
const BLACK: Colour = [0; 3];
const HINT: Colour = [120, 120, 120];
const FIELD_FRAME: Colour = [98, 130, 160];
const RED: Colour = [176, 42, 32];
const BLUE: Colour = [24, 98, 160];

/// Letters of fields, of messages, and of the product's name.
const SIZE: u8 = 12;
const TEXT: u8 = 16;
const BRAND: u8 = 26;
/// The picture of an account.
const PICTURE: u16 = 126;
/// The widest line of a message.
const MESSAGE: u16 = 420;

pub(super) fn layout(screen: Screen) -> Layout {
    let whole = Rect::new(0, 0, screen.width, screen.height);
    let field = whole.middle(225, 25);
    let y = screen.height / 2;
    Layout {
        user: Rect { y: y + 20, ..field },
        password: Rect { y: y + 53, ..field },
        accept: Rect::new(field.right() + 8, y + 51, 30, 30),
        cancel: Rect { y: y + 106, ..whole.middle(110, 28) },
        all: whole,
        dismiss: Rect { y: y + 60, ..whole.middle(92, 28) },
    }
}

pub(super) fn shapes(logon: &Logon, layout: &Layout) -> Vec<Shape> {
    let mut shapes = backdrop(logon);
    match (logon.view, logon.message()) {
        (View::Form, _) => shapes.extend(form(logon, layout)),
        (View::Wrong | View::Denied, Some(text)) => shapes.extend(message(logon, layout, text)),
        (View::Busy | View::Wrong | View::Denied, _) => {
            let at = Rect { y: layout.user.y, height: 30, ..logon.whole() };
            shapes.push(Shape::Disc(at.x + at.width / 2 - 60, at.y + 12, 8, WHITE));
            shapes.push(Shape::Disc(at.x + at.width / 2 - 60, at.y + 12, 5, MIDDLE));
            shapes.push(Shape::centred(at, TEXT, WHITE, &logon.words.busy));
        }
    }
    shapes
}

fn backdrop(logon: &Logon) -> Vec<Shape> {
    let Rect { width, height, .. } = logon.whole();
    let middle = height / 2;
    let brand = Rect::new(0, height.saturating_sub(72), width, 30);
    let corner = |x: u16| Rect::new(x, height.saturating_sub(58), 38, 28);
    let (left, right) = (corner(32), corner(width.saturating_sub(84)));
    let power = right.middle(12, 12);
    let mut shapes = vec![
        Shape::Fade(Rect::new(0, 0, width, middle), ABOVE, MIDDLE),
        Shape::Fade(Rect::new(0, middle, width, height - middle), MIDDLE, BELOW),
        Shape::centred(brand, BRAND, WHITE, &logon.words.product),
    ];
    shapes.extend(Shape::framed(left, WHITE, BLUE));
    let ring = left.middle(16, 16);
    shapes.push(Shape::Disc(ring.x + 8, ring.y + 8, 8, WHITE));
    shapes.push(Shape::Disc(ring.x + 8, ring.y + 8, 5, BLUE));
    shapes.extend(Shape::framed(right, WHITE, RED));
    shapes.push(Shape::Disc(power.x + 6, power.y + 7, 7, WHITE));
    shapes.push(Shape::Disc(power.x + 6, power.y + 7, 5, RED));
    shapes.push(Shape::Fill(Rect::new(power.x + 4, power.y - 2, 5, 9), RED));
    shapes.push(Shape::Fill(Rect::new(power.x + 5, power.y - 1, 2, 8), WHITE));
    shapes
}

fn form(logon: &Logon, layout: &Layout) -> Vec<Shape> {
    let words = &logon.words;
    let hidden = logon.hidden();
    let mut shapes = picture(layout);
    let fields = [
        (layout.user, logon.user.as_str(), &words.user, Focus::User),
        (layout.password, hidden.as_str(), &words.password, Focus::Password),
    ];
    for (field, text, label, focus) in fields {
        shapes.extend(Shape::framed(field, FIELD_FRAME, WHITE));
        let inside = Rect::new(field.x + 6, field.y + 5, field.width - 12, 18);
        // An empty field says what it is for.
        let (colour, shown) = if text.is_empty() { (HINT, label.as_str()) } else { (BLACK, text) };
        shapes.push(Shape::text(inside, SIZE, colour, shown));
        if logon.focus == focus {
            let x = inside.x + glyphs::width(text, SIZE).min(inside.width);
            shapes.push(Shape::Fill(Rect::new(x, field.y + 5, 1, 15), BLACK));
        }
    }
    shapes.extend(arrow(layout.accept));
    shapes.extend(Shape::framed(layout.cancel, WHITE, BLUE));
    shapes.push(Shape::centred(layout.cancel, SIZE, WHITE, &words.more));
    shapes
}

/// The frame for the picture of an account that has none of its own: a person before grey.
fn picture(layout: &Layout) -> Vec<Shape> {
    let field = layout.user;
    let at = Rect::new(field.x + (field.width - PICTURE) / 2, field.y.saturating_sub(148), PICTURE, PICTURE);
    let (x, y) = (at.x + PICTURE / 2, at.y + PICTURE / 2);
    let inside = at.inner(8);
    let mut shapes = Vec::from(Shape::framed(at, [200, 224, 240], [128, 176, 210]));
    shapes.extend([
        Shape::Fade(inside, [226, 232, 238], [148, 160, 172]),
        Shape::Disc(x, y - 14, 22, [104, 118, 132]),
        Shape::Dome(x, inside.bottom() - 1, 42, [104, 118, 132]),
    ]);
    shapes
}

fn arrow(at: Rect) -> Vec<Shape> {
    let (x, y) = (at.x + 15, at.y + 15);
    let mut shapes = vec![
        Shape::Disc(x, y, 15, WHITE),
        Shape::Disc(x, y, 13, BLUE),
        Shape::Fill(Rect::new(x - 7, y - 1, 13, 3), WHITE),
    ];
    shapes.extend(
        (0..6u16).map(|i| Shape::Fill(Rect::new(x + 2 + i - i / 6, y + i - 5, 1, 11 - 2 * i), WHITE)),
    );
    shapes
}

fn message(logon: &Logon, layout: &Layout, text: &str) -> Vec<Shape> {
    let lines = glyphs::lines(text, TEXT, MESSAGE);
    let height = u16::try_from(lines.len()).unwrap_or(1) * 24;
    let top = layout.dismiss.y.saturating_sub(height + 20);
    let widest = lines.iter().map(|line| glyphs::width(line, TEXT)).max().unwrap_or(0);
    let left = logon.whole().middle(widest, 1).x;
    let mut shapes = vec![
        Shape::Disc(left.saturating_sub(30), top + 10, 14, RED),
        Shape::centred(Rect::new(left.saturating_sub(44), top - 6, 28, 30), BRAND, WHITE, "x"),
    ];
    for (line, y) in lines.iter().zip((top..).step_by(24)) {
        shapes.push(Shape::text(Rect::new(left, y, MESSAGE + 40, 20), TEXT, WHITE, line));
    }
    shapes.extend(Shape::framed(layout.dismiss, WHITE, BLUE));
    shapes.push(Shape::centred(layout.dismiss, TEXT, WHITE, &logon.words.accept));
    shapes
}
