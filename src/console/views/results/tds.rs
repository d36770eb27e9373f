//! Result sets of SQL Server: the token stream of MS-TDS 2.2.4 and the types of 2.2.5.

mod values;

use self::values::{Kind, kind, value};
use super::{Cursor, Gathered, Piece, WAITING};
use crate::console::views::Block;

/// Type of packets that hold what a server says, and the bit of the last one.
const RESULT: u8 = 4;
const LAST: u8 = 1;
const HEADER: usize = 8;

/// The version is the first byte of what a login is acknowledged with.
const V71: u8 = 0x71;
const V72: u8 = 0x72;

/// Most columns that are read: what the product has at most in a result.
const COLUMNS: usize = 4096;

pub(super) fn results(pieces: &[Piece<'_>]) -> Vec<Block> {
    let (mut waiting, mut message, mut out) = (Vec::new(), Vec::new(), Vec::new());
    let mut version = 0x74;
    for piece in pieces.iter().filter(|piece| piece.to_peer) {
        if waiting.len() < WAITING {
            waiting.extend_from_slice(piece.bytes);
        }
        while let Some([kind, status, high, low, ..]) = waiting.first_chunk::<HEADER>().copied() {
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length < HEADER {
                // What follows is no TDS: a handshake that went another way.
                return out;
            }
            let Some(body) = waiting.get(HEADER..length) else { break };
            if kind == RESULT && message.len() < WAITING {
                message.extend_from_slice(body);
            }
            if kind == RESULT && status & LAST != 0 {
                let mut stream =
                    Stream { rest: Cursor(&message), version, columns: Vec::new(), gathered: None };
                let mut found = Vec::new();
                while stream.token(&mut found).is_some() {}
                found.extend(stream.gathered.take());
                version = stream.version;
                out.extend(found.into_iter().map(|result| result.block(piece.at)));
                message.clear();
            }
            waiting.drain(..length);
        }
    }
    out
}

struct Stream<'b> {
    rest: Cursor<'b>,
    version: u8,
    columns: Vec<Kind>,
    gathered: Option<Gathered>,
}

impl Stream<'_> {
    /// Reads one token; nothing at the end, or where the rest can't be understood.
    fn token(&mut self, out: &mut Vec<Gathered>) -> Option<()> {
        match self.rest.byte()? {
            0x81 => self.metadata(out)?,
            0xd1 => self.row(false)?,
            0xd2 => self.row(true)?,
            0xfd..=0xff => {
                self.rest.take(4 + if self.version >= V72 { 8 } else { 4 })?;
                out.extend(self.gathered.take());
            }
            0x79 => self.skip(4)?,
            0xad => {
                let length = self.rest.length(2)?;
                let body = self.rest.take(length)?;
                self.version = *body.get(1)?;
            }
            0xaa | 0xab | 0xe3 | 0xed | 0xa9 | 0xa4 | 0xa5 => {
                let length = self.rest.length(2)?;
                self.skip(length)?;
            }
            0xe4 | 0xee => {
                let length = self.rest.length(4)?;
                self.skip(length)?;
            }
            0xae => {
                while self.rest.byte()? != 0xff {
                    let length = self.rest.length(4)?;
                    self.skip(length)?;
                }
            }
            0xac => {
                self.skip(2)?;
                let _ = self.name()?;
                self.skip(1)?;
                let kind = self.column_type()?;
                value(&mut self.rest, &kind)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.rest.take(length).map(drop)
    }

    fn metadata(&mut self, out: &mut Vec<Gathered>) -> Option<()> {
        out.extend(self.gathered.take());
        let count = self.rest.length(2)?;
        self.columns.clear();
        if count > COLUMNS {
            // 0xffff says that there are none.
            return (count == 0xffff).then_some(());
        }
        let mut heads = Vec::new();
        for _ in 0..count {
            let kind = self.column_type()?;
            if kind.is_behind_pointer() {
                self.table()?;
            }
            heads.push(self.name()?);
            self.columns.push(kind);
        }
        self.gathered = Some(Gathered::of(heads));
        Some(())
    }

    /// User type, flags, then the type itself.
    fn column_type(&mut self) -> Option<Kind> {
        self.skip(if self.version >= V72 { 4 } else { 2 } + 2)?;
        kind(&mut self.rest, self.version >= V71)
    }

    fn table(&mut self) -> Option<()> {
        let parts = if self.version >= V72 { self.rest.byte()? } else { 1 };
        for _ in 0..parts {
            let units = self.rest.length(2)?;
            self.skip(units * 2)?;
        }
        Some(())
    }

    fn name(&mut self) -> Option<String> {
        let units = usize::from(self.rest.byte()?);
        self.rest.take(units * 2).map(values::wide)
    }

    fn row(&mut self, has_bitmap: bool) -> Option<()> {
        let map = if has_bitmap { self.rest.take(self.columns.len().div_ceil(8))? } else { &[] };
        let mut cells = Vec::new();
        for (at, kind) in self.columns.iter().enumerate() {
            let is_null = map.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
            cells.push(if is_null { "NULL".to_owned() } else { value(&mut self.rest, kind)? });
        }
        self.gathered.get_or_insert_default().push(|| cells);
        Some(())
    }
}
