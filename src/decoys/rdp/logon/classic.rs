//! The dialog of Windows XP: a window on a blue screen.

use super::canvas::{Colour, Rect, Shape};
use super::glyphs;
use super::{Focus, Layout, Logon, View};
use crate::decoys::rdp::capabilities::Screen;

const DESKTOP: Colour = [0, 78, 152];
const FACE: Colour = [236, 233, 216];
const FRAME: Colour = [0, 72, 219];
const FIELD_FRAME: Colour = [127, 157, 185];
const BUTTON_FRAME: Colour = [0, 60, 116];
const TITLE: [Colour; 2] = [[61, 149, 255], [0, 83, 225]];
const BANNER: [Colour; 2] = [[109, 142, 232], [72, 101, 201]];
const STRIPE: Colour = [238, 151, 55];
const BLACK: Colour = [0; 3];
const WHITE: Colour = [255; 3];
const GREY: Colour = [172, 168, 153];

/// Letters of a dialog.
const SIZE: u8 = 12;
/// The window's size, its title's height and its banner's.
const WINDOW: [u16; 2] = [419, 262];
const TITLE_HEIGHT: u16 = 29;
const BANNER_HEIGHT: u16 = 76;
/// The widest line of a message.
const MESSAGE: u16 = 330;

pub(super) fn layout(screen: Screen) -> Layout {
    let whole = Rect::new(0, 0, screen.width, screen.height);
    let window = whole.middle(WINDOW[0], WINDOW[1]);
    let at = |x, y, width, height| Rect::new(window.x + x, window.y + y, width, height);
    let message = message_box(screen);
    Layout {
        user: at(104, 125, 290, 22),
        password: at(104, 156, 290, 22),
        accept: at(147, 221, 78, 23),
        cancel: at(233, 221, 78, 23),
        all: window.around(message),
        dismiss: Rect::new(message.x + message.width / 2 - 39, message.bottom() - 36, 78, 23),
    }
}

fn message_box(screen: Screen) -> Rect {
    Rect::new(0, 0, screen.width, screen.height).middle(MESSAGE + 90, 156)
}

pub(super) fn shapes(logon: &Logon, layout: &Layout) -> Vec<Shape> {
    let words = &logon.words;
    let window = Rect::new(0, 0, logon.screen.width, logon.screen.height).middle(WINDOW[0], WINDOW[1]);
    let mut shapes = vec![Shape::Fill(logon.whole(), DESKTOP)];
    shapes.extend(framed_window(window, &words.title));
    shapes.extend(banner(window, &words.product));
    for (label, field) in [(&words.user, layout.user), (&words.password, layout.password)] {
        let place = Rect::new(window.x + 17, field.y + 4, 86, field.height);
        shapes.push(Shape::text(place, SIZE, BLACK, label));
        shapes.extend(Shape::framed(field, FIELD_FRAME, WHITE));
    }
    shapes.extend(typed(logon, layout));
    shapes.extend(button(layout.accept, &words.accept, true));
    shapes.extend(button(layout.cancel, &words.cancel, false));
    let more = Rect { x: layout.cancel.x + 86, ..layout.cancel };
    shapes.extend(button(more, &words.more, false));
    if let Some(text) = logon.message() {
        shapes.extend(message(logon, layout, text));
    }
    shapes
}

fn framed_window(at: Rect, title: &str) -> Vec<Shape> {
    let bar = Rect { height: TITLE_HEIGHT, ..at };
    let place = Rect::new(bar.x + 8, bar.y + 8, bar.width - 16, 16);
    let [light, dark] = TITLE;
    vec![
        Shape::Fill(at, FRAME),
        Shape::Fill(at.inner(3), FACE),
        Shape::Fade(bar, light, dark),
        // Titles are bold: drawn twice, one pixel apart.
        Shape::text(place, SIZE, WHITE, title),
        Shape::text(Rect { x: place.x + 1, ..place }, SIZE, WHITE, title),
    ]
}

fn banner(window: Rect, product: &str) -> Vec<Shape> {
    let at = Rect::new(window.x + 3, window.y + TITLE_HEIGHT, window.width - 6, BANNER_HEIGHT);
    let [light, dark] = BANNER;
    let (maker, name) = product.split_once(' ').unwrap_or(("", product));
    vec![
        Shape::Fade(at, light, dark),
        Shape::Fill(Rect::new(at.x, at.bottom() - 4, at.width, 4), STRIPE),
        Shape::text(Rect::new(at.x + 24, at.y + 8, 300, 16), SIZE, WHITE, maker),
        Shape::text(Rect::new(at.x + 24, at.y + 24, 360, 30), 26, WHITE, name),
    ]
}

/// What stands in the fields, and the caret.
fn typed(logon: &Logon, layout: &Layout) -> Vec<Shape> {
    let hidden = logon.hidden();
    let inside = |field: Rect| Rect::new(field.x + 4, field.y + 4, field.width - 10, 16);
    let mut shapes = vec![
        Shape::text(inside(layout.user), SIZE, BLACK, &logon.user),
        Shape::text(inside(layout.password), SIZE, BLACK, &hidden),
    ];
    let (field, text) = match logon.focus {
        Focus::User => (layout.user, logon.user.as_str()),
        Focus::Password => (layout.password, hidden.as_str()),
    };
    if logon.view == View::Form {
        let x = field.x + 4 + glyphs::width(text, SIZE).min(field.width - 12);
        shapes.push(Shape::Fill(Rect::new(x, field.y + 4, 1, 14), BLACK));
    }
    shapes
}

fn button(at: Rect, label: &str, first: bool) -> Vec<Shape> {
    let [frame, inside] =
        Shape::framed(at, BUTTON_FRAME, if first { [206, 231, 255] } else { [243, 243, 239] });
    let face = Shape::Fade(at.inner(if first { 3 } else { 1 }), WHITE, [226, 223, 214]);
    vec![frame, inside, face, Shape::centred(at, SIZE, BLACK, label)]
}

fn message(logon: &Logon, layout: &Layout, text: &str) -> Vec<Shape> {
    let at = message_box(logon.screen);
    let mut shapes = framed_window(at, &logon.words.message);
    shapes.push(Shape::Disc(at.x + 34, at.y + 58, 15, [255, 206, 49]));
    shapes.push(Shape::centred(Rect::new(at.x + 19, at.y + 43, 31, 30), 26, BLACK, "!"));
    for (line, y) in glyphs::lines(text, SIZE, MESSAGE).iter().zip((at.y + 42..).step_by(17)) {
        shapes.push(Shape::text(Rect::new(at.x + 66, y, MESSAGE + 20, 16), SIZE, BLACK, line));
    }
    shapes.push(Shape::Fill(Rect::new(at.x + 3, layout.dismiss.y - 8, at.width - 6, 1), GREY));
    shapes.extend(button(layout.dismiss, &logon.words.accept, true));
    shapes
}
