//! What both sides can do: Demand Active and Confirm Active, MS-RDPBCGR 2.2.1.13 and 2.2.7.

use super::cursor::{Cursor, short};
use super::share::{self, SHARE};

/// Numbers of the sets.
mod set {
    pub(super) const GENERAL: u16 = 1;
    pub(super) const BITMAP: u16 = 2;
    pub(super) const ORDER: u16 = 3;
    pub(super) const POINTER: u16 = 8;
    pub(super) const SHARE: u16 = 9;
    pub(super) const COLOURS: u16 = 10;
    pub(super) const INPUT: u16 = 13;
    pub(super) const FONT: u16 = 14;
    pub(super) const BITMAP_CACHE: u16 = 18;
    pub(super) const VIRTUAL_CHANNEL: u16 = 20;
    pub(super) const DRAW_PLUS: u16 = 22;
    pub(super) const RAIL: u16 = 23;
    pub(super) const WINDOW: u16 = 24;
    pub(super) const COMPOSITION: u16 = 25;
    pub(super) const FRAGMENTS: u16 = 26;
    pub(super) const LARGE_POINTER: u16 = 27;
}

/// The screen that a session is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Width, pixels; a multiple of four.
    pub width: u16,
    /// Height, pixels.
    pub height: u16,
    /// Bits per pixel: 8, 15, 16 or 24.
    pub depth: u16,
}

/// What a client's sets say that matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Client {
    /// It takes updates in fast-path packets.
    pub fast: bool,
    /// It takes compressed bitmaps without their header.
    pub bare_bitmaps: bool,
}

/// `extraFlags` of the general set.
const FAST_OUTPUT: u16 = 0x0001;
const BARE_BITMAPS: u16 = 0x0400;

/// Demand Active of a server; `modern` for those since Windows Vista.
pub fn demand(screen: Screen, modern: bool) -> Vec<u8> {
    let sets = sets(screen, modern);
    let mut blocks: Vec<u8> = short(sets.len()).to_le_bytes().to_vec();
    blocks.extend([0, 0]);
    for (number, body) in &sets {
        blocks.extend(number.to_le_bytes());
        blocks.extend(short(body.len() + 4).to_le_bytes());
        blocks.extend(body);
    }
    let mut body = SHARE.to_le_bytes().to_vec();
    body.extend(4u16.to_le_bytes());
    body.extend(short(blocks.len()).to_le_bytes());
    body.extend(b"RDP\0");
    body.extend(blocks);
    // The session, which is not told.
    body.extend([0; 4]);
    share::control(share::control::DEMAND, &body)
}

fn sets(screen: Screen, modern: bool) -> Vec<(u16, Vec<u8>)> {
    let words = |words: &[u16]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let Screen { width, height, depth } = screen;
    // Windows, NT; version 2; fast-path output, long credentials, reconnection, checksums of salt.
    let general = words(&[1, 3, 0x200, 0, 0, 0x041d, 0, 0, 0, 0x0101]);
    let bitmap = words(&[depth, 1, 1, 1, width, height, 0, 1, 1, 0, 1, 0]);
    // Scancodes, extended mice, fast-path input of both kinds.
    let mut input = words(&[0x0035 | if modern { 0x0100 } else { 0 }, 0]);
    input.resize(84, 0);
    let mut sets = vec![
        (set::SHARE, words(&[share::SERVER, 0xb5e2])),
        (set::GENERAL, general),
        (set::VIRTUAL_CHANNEL, [&2u32.to_le_bytes()[..], &1600u32.to_le_bytes()].concat()),
        (set::DRAW_PLUS, vec![0; 36]),
        (set::FONT, Vec::new()),
        (set::BITMAP, bitmap),
        (set::ORDER, orders()),
        (set::COLOURS, words(&[6, 0])),
        (set::BITMAP_CACHE, vec![1, 0, 0, 0]),
        (set::POINTER, words(&[1, 25, 25])),
        (set::INPUT, input),
    ];
    if modern {
        sets.push((set::RAIL, 7u32.to_le_bytes().to_vec()));
        sets.push((set::WINDOW, vec![2, 0, 0, 0, 3, 12, 0]));
        sets.push((set::COMPOSITION, words(&[0])));
        sets.push((set::FRAGMENTS, 0x0001_1800u32.to_le_bytes().to_vec()));
        sets.push((set::LARGE_POINTER, words(&[1])));
    }
    sets
}

/// The order set: what Windows may draw with.
fn orders() -> Vec<u8> {
    let mut out = vec![0; 16];
    out.extend([0x40, 0x42, 0x0f, 0]);
    // Granularity of one and twenty pixels, one level, no fonts; order flags 0x22.
    for word in [1u16, 20, 0, 1, 0, 0x22] {
        out.extend(word.to_le_bytes());
    }
    // Which primary orders: DstBlt, PatBlt, ScrBlt, MemBlt, Mem3Blt, … LineTo, … as in the protocol's table.
    let supported: [u8; 32] =
        [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0];
    out.extend(supported);
    // Text flags, flags of extended orders, desktop save area, code page of the text.
    out.extend([0xa1, 0x06, 0, 0]);
    out.extend([0x40, 0x42, 0x0f, 0]);
    out.extend([0x40, 0x42, 0x0f, 0]);
    out.extend([1, 0, 0, 0]);
    out.extend([0, 0, 0, 0]);
    out
}

impl Client {
    /// Reads the body of a Confirm Active; `None` when it is none.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        cursor.take(6)?;
        let (source, _length) = (cursor.u16()?, cursor.u16()?);
        cursor.take(usize::from(source))?;
        let count = cursor.u16()?;
        cursor.u16()?;
        let mut client = Client::default();
        for _ in 0..count {
            let (Some(number), Some(length)) = (cursor.u16(), cursor.u16()) else { break };
            let body = cursor.take(usize::from(length).checked_sub(4)?)?;
            if number == set::GENERAL {
                let mut general = Cursor::new(body);
                general.take(10)?;
                let extra = general.u16()?;
                client.fast = extra & FAST_OUTPUT != 0;
                client.bare_bitmaps = extra & BARE_BITMAPS != 0;
            }
        }
        Some(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoys::rdp::share::{Pdu, control};

    #[test]
    fn a_demand_has_the_length_that_it_says() {
        for modern in [false, true] {
            let made = demand(Screen { width: 1024, height: 768, depth: 16 }, modern);
            let pdu = Pdu::parse(&made).unwrap();
            assert_eq!(pdu.control, control::DEMAND);
            let mut cursor = Cursor::new(pdu.body);
            cursor.take(4).unwrap();
            let (source, length) = (cursor.u16().unwrap(), cursor.u16().unwrap());
            cursor.take(usize::from(source)).unwrap();
            assert_eq!(cursor.rest().len(), usize::from(length) + 4);
            let count = cursor.u16().unwrap();
            cursor.u16().unwrap();
            for _ in 0..count {
                let number = cursor.u16().unwrap();
                let length = usize::from(cursor.u16().unwrap());
                let known = match number {
                    1 => 24,
                    2 => 28,
                    3 => 88,
                    8 => 10,
                    9 => 8,
                    10 => 8,
                    13 => 88,
                    14 => 4,
                    18 => 8,
                    20 => 12,
                    22 => 40,
                    23 => 8,
                    24 => 11,
                    25 => 6,
                    26 => 8,
                    _ => 6,
                };
                assert_eq!(length, known, "{number}");
                cursor.take(length - 4).unwrap();
            }
            assert_eq!(cursor.rest(), [0; 4]);
        }
    }

    #[test]
    fn a_client_s_general_set_is_read() {
        let general = [1, 0, 3, 0, 0, 2, 0, 0, 0, 0, 0x1d, 0x04, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut body = [&SHARE.to_le_bytes()[..], &[0xea, 3, 6, 0, 0, 0], b"MSTSC\0", &[1, 0, 0, 0]].concat();
        body.extend([1, 0, 24, 0]);
        body.extend(general);
        assert_eq!(Client::parse(&body), Some(Client { fast: true, bare_bitmaps: true }));
        assert_eq!(Client::parse(&body[..30]), None);
    }
}
