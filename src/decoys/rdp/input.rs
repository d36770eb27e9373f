//! Keys and mice of a client: slow-path (MS-RDPBCGR 2.2.8.1.1.3) and fast-path (2.2.8.1.2) events.

use super::cursor::Cursor;

/// Most events of one packet that are looked at: a fast-path packet has at most 255.
pub const MAX_EVENTS: usize = 255;

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A key by its scan code (set 1); those of the extended half have 0x100 added.
    Key {
        /// Which key.
        code: u16,
        /// Pressed, not released.
        down: bool,
    },
    /// A character, from a client without a keyboard.
    Character(char),
    /// A mouse's first button went down here.
    Click(u16, u16),
    /// Locks of the keyboard as the client has them: bit 2 is the capital lock.
    Locks(u8),
    /// Anything else: a mouse that moves, buttons beyond the first.
    Other,
}

/// Flags of keyboard events.
const RELEASED: u16 = 0x8000;
const EXTENDED: u16 = 0x0100;
/// Flags of mouse events: the first button, pressed.
const FIRST_DOWN: u16 = 0x9000;

fn key(code: u16, released: bool, extended: bool) -> Event {
    Event::Key { code: (code & 0xff) | if extended { 0x100 } else { 0 }, down: !released }
}

fn character(unit: u16, released: bool) -> Event {
    char::from_u32(u32::from(unit)).filter(|_| !released).map_or(Event::Other, Event::Character)
}

fn mouse(flags: u16, x: u16, y: u16) -> Event {
    if flags & FIRST_DOWN == FIRST_DOWN { Event::Click(x, y) } else { Event::Other }
}

/// Reads the body of a slow-path input PDU; `None` when it is broken.
pub fn slow(body: &[u8]) -> Option<Vec<Event>> {
    const SYNCHRONIZE: u16 = 0;
    const SCANCODE: u16 = 4;
    const UNICODE: u16 = 5;
    const MOUSE: u16 = 0x8001;
    let mut cursor = Cursor::new(body);
    let count = cursor.u16()?;
    cursor.u16()?;
    let mut events = Vec::new();
    for _ in 0..usize::from(count).min(MAX_EVENTS) {
        cursor.u32()?;
        let kind = cursor.u16()?;
        let [first, second, third] = [cursor.u16()?, cursor.u16()?, cursor.u16()?];
        events.push(match kind {
            SYNCHRONIZE => Event::Locks(second.to_le_bytes().into_iter().next().unwrap_or(0)),
            SCANCODE => key(second, first & RELEASED != 0, first & EXTENDED != 0),
            UNICODE => character(second, first & RELEASED != 0),
            MOUSE => mouse(first, second, third),
            _ => Event::Other,
        });
    }
    Some(events)
}

/// Whether a fast-path packet is encrypted, by its first byte; whether its checksum is salted.
pub fn is_sealed(first: u8) -> (bool, bool) {
    (first & 0x80 != 0, first & 0x40 != 0)
}

/// Reads the events of a fast-path packet, whose first byte may hold their number; `None` when they are
/// broken.
pub fn fast(first: u8, body: &[u8]) -> Option<Vec<Event>> {
    let mut cursor = Cursor::new(body);
    let count = match first >> 2 & 0x0f {
        0 => cursor.u8()?,
        count => count,
    };
    let mut events = Vec::new();
    for _ in 0..count {
        let header = cursor.u8()?;
        let flags = header & 0x1f;
        events.push(match header >> 5 {
            0 => key(u16::from(cursor.u8()?), flags & 1 != 0, flags & 2 != 0),
            1 => {
                let [flags, x, y] = [cursor.u16()?, cursor.u16()?, cursor.u16()?];
                mouse(flags, x, y)
            }
            2 | 5 => {
                cursor.take(6)?;
                Event::Other
            }
            3 => Event::Locks(flags),
            4 => character(cursor.u16()?, flags & 1 != 0),
            6 => {
                cursor.take(4)?;
                Event::Other
            }
            _ => return None,
        });
    }
    Some(events)
}

/// What a key means to a field of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// A character.
    Type(char),
    /// To the next field.
    Tab,
    /// Done.
    Enter,
    /// Away with it.
    Escape,
    /// The character before is taken back.
    Erase,
}

/// A keyboard of the layout that China uses, which is that of the United States.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keyboard {
    shift: [bool; 2],
    capitals: bool,
}

/// Keys that write, by scan code: plain and with shift.
const ROWS: [(u16, &str, &str); 5] = [
    (0x02, "1234567890-=", "!@#$%^&*()_+"),
    (0x10, "qwertyuiop[]", "QWERTYUIOP{}"),
    (0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
    (0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (0x39, " ", " "),
];
/// The block of digits, with its lock on.
const DIGITS: (u16, &str) = (0x47, "789-456+1230.");

impl Keyboard {
    /// Takes one event.
    pub fn take(&mut self, event: Event) -> Option<Stroke> {
        match event {
            Event::Key { code: 0x2a, down } => self.shift = [down, self.shift[1]],
            Event::Key { code: 0x36, down } => self.shift = [self.shift[0], down],
            Event::Key { code: 0x3a, down: true } => self.capitals = !self.capitals,
            Event::Locks(locks) => self.capitals = locks & 4 != 0,
            Event::Key { code, down: true } => return self.stroke(code),
            Event::Character('\r' | '\n') => return Some(Stroke::Enter),
            Event::Character('\t') => return Some(Stroke::Tab),
            Event::Character('\u{8}') => return Some(Stroke::Erase),
            Event::Character(c) if !c.is_control() => return Some(Stroke::Type(c)),
            Event::Key { down: false, .. } | Event::Character(_) | Event::Click(..) | Event::Other => {}
        }
        None
    }

    fn stroke(&self, code: u16) -> Option<Stroke> {
        match code {
            0x01 => return Some(Stroke::Escape),
            0x0e => return Some(Stroke::Erase),
            0x0f => return Some(Stroke::Tab),
            0x1c | 0x11c => return Some(Stroke::Enter),
            0x37 => return Some(Stroke::Type('*')),
            0x135 => return Some(Stroke::Type('/')),
            _ => {}
        }
        let shift = self.shift.contains(&true);
        let at = |from: u16, row: &str| row.chars().nth(usize::from(code.checked_sub(from)?));
        let written = ROWS.iter().find_map(|(from, plain, shifted)| {
            let letter = at(*from, plain)?;
            let upper = shift != (self.capitals && letter.is_ascii_alphabetic());
            if upper { at(*from, shifted) } else { Some(letter) }
        });
        written.or_else(|| at(DIGITS.0, DIGITS.1)).map(Stroke::Type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(codes: &[u16]) -> String {
        let mut keyboard = Keyboard::default();
        let stroke = |code: &u16| keyboard.take(Event::Key { code: code & 0x7fff, down: code & 0x8000 == 0 });
        let strokes = codes.iter().filter_map(stroke);
        strokes.filter_map(|stroke| if let Stroke::Type(c) = stroke { Some(c) } else { None }).collect()
    }

    #[test]
    fn keys_write_what_they_show() {
        assert_eq!(typed(&[0x2a, 0x1e, 0x802a, 0x20, 0x32, 0x17, 0x31]), "Admin");
        assert_eq!(typed(&[0x19, 0x2a, 0x03, 0x802a, 0x1f, 0x1f, 0x0b, 0x56]), "p@ss0");
        assert_eq!(typed(&[0x3a, 0x1e, 0x02, 0x2a, 0x30, 0x04, 0x802a]), "A1b#");
        assert_eq!(typed(&[0x2b, 0x2c, 0x35, 0x28, 0x47, 0x52, 0x53]), "\\z/'70.");
    }

    #[test]
    fn events_of_both_kinds_are_read() {
        let a = Event::Key { code: 0x1e, down: true };
        let slow_body =
            [2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0x1e, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0, 0x90, 5, 0, 6, 0];
        assert_eq!(slow(&slow_body), Some(vec![a, Event::Click(5, 6)]));
        assert_eq!(slow(&slow_body[..20]), None);
        assert_eq!(fast(2 << 2, &[0, 0x1e, 1, 0x1e]), Some(vec![a, Event::Key { code: 0x1e, down: false }]));
        assert_eq!(fast(0, &[1, 0x80, 0x2d, 0x4e]), Some(vec![Event::Character('中')]));
        assert_eq!(fast(4, &[0x20, 0]), None);
        assert_eq!(fast(4, &[0x64]), Some(vec![Event::Locks(4)]));
    }
}
