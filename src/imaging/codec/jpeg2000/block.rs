//! Code-blocks (ITU-T T.800 annex D): the bits of a block's coefficients, plane by plane from the
//! top, each plane in three passes by what its surroundings let expect.

use super::mq::Mq;

/// Which details a subband holds: it decides which neighbours matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orientation {
    /// None (LL), or vertical ones (LH).
    Vertical,
    /// Horizontal ones (HL).
    Horizontal,
    /// Both (HH).
    Diagonal,
}

/// A coded block.
pub(super) struct Coded {
    pub(super) bytes: Vec<u8>,
    /// Bit planes that are not all zero.
    pub(super) planes: u32,
    /// Coding passes; 0 when all coefficients are.
    pub(super) passes: u32,
}

/// Contexts: significance 0 to 8, then these (table D.1 to D.4).
const SIGN: usize = 9;
const REFINE: usize = 14;
const RUN: usize = 17;
const UNIFORM: usize = 18;

/// States that the contexts begin in (table D.7).
const STATES: [u8; 19] = [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 46];

/// Rows that are scanned together (D.1).
const STRIPE: usize = 4;

// What is known of a coefficient: which neighbours are significant, which of them are negative, and
// what it is itself.
const NORTH: u16 = 1;
const SOUTH: u16 = 1 << 1;
const EAST: u16 = 1 << 2;
const WEST: u16 = 1 << 3;
const DIAGONALS: [u16; 4] = [1 << 4, 1 << 5, 1 << 6, 1 << 7];
const NEIGHBOURS: u16 = 0xFF;
/// From a neighbour's bit to that of its sign.
const NEGATIVE: u32 = 8;
const SIGNIFICANT: u16 = 1 << 12;
const REFINED: u16 = 1 << 13;
const VISITED: u16 = 1 << 14;

/// Codes a block of coefficients in rows of `columns`.
pub(super) fn code(values: &[i32], columns: usize, orientation: Orientation) -> Coded {
    let most = values.iter().map(|value| value.unsigned_abs()).max().unwrap_or(0);
    let planes = 32 - most.leading_zeros();
    if planes == 0 {
        return Coded { bytes: Vec::new(), planes, passes: 0 };
    }
    let mut block = Block::new(values, columns, orientation);
    for plane in (0..planes).rev() {
        block.plane = plane;
        if plane + 1 < planes {
            block.each(Block::propagate);
            block.each(Block::refine);
        }
        block.clean_up();
    }
    Coded { bytes: block.coder.finish(), planes, passes: 3 * planes - 2 }
}

struct Block<'a> {
    values: &'a [i32],
    columns: usize,
    rows: usize,
    /// With a border of one on each side.
    known: Vec<u16>,
    significance: [u8; 256],
    plane: u32,
    coder: Mq,
}

/// Where a coefficient is: in the values, and in what is known.
type At = (usize, usize);

impl<'a> Block<'a> {
    fn new(values: &'a [i32], columns: usize, orientation: Orientation) -> Self {
        let rows = values.len() / columns;
        Block {
            values,
            columns,
            rows,
            known: vec![0; (columns + 2) * (rows + 2)],
            significance: significance(orientation),
            plane: 0,
            coder: Mq::new(&STATES),
        }
    }

    /// Visits coefficients in the order of the scan.
    fn each(&mut self, visit: fn(&mut Self, At)) {
        for top in (0..self.rows).step_by(STRIPE) {
            for column in 0..self.columns {
                for row in top..self.rows.min(top + STRIPE) {
                    visit(self, self.at(row, column));
                }
            }
        }
    }

    fn at(&self, row: usize, column: usize) -> At {
        (row * self.columns + column, (row + 1) * (self.columns + 2) + column + 1)
    }

    fn bit(&self, (value, _): At) -> bool {
        self.values[value].unsigned_abs() >> self.plane & 1 == 1
    }

    /// Significance propagation (D.3.1): what has significant neighbours.
    fn propagate(&mut self, at: At) {
        let known = self.known[at.1];
        if known & SIGNIFICANT == 0 && known & NEIGHBOURS != 0 {
            self.first_bit(at);
            self.known[at.1] |= VISITED;
        }
    }

    /// Magnitude refinement (D.3.3): what was significant before this plane.
    fn refine(&mut self, at: At) {
        let known = self.known[at.1];
        if known & (SIGNIFICANT | VISITED) != SIGNIFICANT {
            return;
        }
        let context = match (known & REFINED != 0, known & NEIGHBOURS != 0) {
            (true, _) => REFINE + 2,
            (false, true) => REFINE + 1,
            (false, false) => REFINE,
        };
        self.coder.put(context, self.bit(at));
        self.known[at.1] |= REFINED;
    }

    /// Clean-up (D.3.4): the rest, four at once where nothing is near.
    fn clean_up(&mut self) {
        for top in (0..self.rows).step_by(STRIPE) {
            for column in 0..self.columns {
                let end = self.rows.min(top + STRIPE);
                let start =
                    if end - top == STRIPE && self.quiet(top, column) { self.run(top, column) } else { top };
                for row in start..end {
                    let at = self.at(row, column);
                    if self.known[at.1] & (SIGNIFICANT | VISITED) == 0 {
                        self.first_bit(at);
                    }
                }
                for row in top..end {
                    let at = self.at(row, column);
                    self.known[at.1] &= !VISITED;
                }
            }
        }
    }

    fn quiet(&self, top: usize, column: usize) -> bool {
        (top..top + STRIPE).all(|row| {
            let known = self.known[self.at(row, column).1];
            known & (SIGNIFICANT | VISITED | NEIGHBOURS) == 0
        })
    }

    /// Four quiet coefficients: gives the row where coding goes on.
    fn run(&mut self, top: usize, column: usize) -> usize {
        let first = (0..STRIPE).find(|row| self.bit(self.at(top + row, column)));
        self.coder.put(RUN, first.is_some());
        let Some(row) = first else { return top + STRIPE };
        self.coder.put(UNIFORM, row & 2 != 0);
        self.coder.put(UNIFORM, row & 1 != 0);
        self.sign(self.at(top + row, column));
        top + row + 1
    }

    /// A bit of a coefficient that was zero so far.
    fn first_bit(&mut self, at: At) {
        let near = usize::from(self.known[at.1] & NEIGHBOURS);
        let bit = self.bit(at);
        self.coder.put(self.significance[near].into(), bit);
        if bit {
            self.sign(at);
        }
    }

    /// Codes the sign of what just became significant (D.3.2), and tells its neighbours.
    fn sign(&mut self, at: At) {
        let known = self.known[at.1];
        let across = contribution(known, EAST) + contribution(known, WEST);
        let along = contribution(known, NORTH) + contribution(known, SOUTH);
        let (context, flipped) = sign_context(across.signum(), along.signum());
        let negative = self.values[at.0] < 0;
        self.coder.put(context, negative != flipped);
        self.tell(at.1, negative);
    }

    fn tell(&mut self, at: usize, negative: bool) {
        let width = self.columns + 2;
        let negative = u16::from(negative);
        self.known[at] |= SIGNIFICANT;
        for (neighbour, direction) in
            [(at - width, SOUTH), (at + width, NORTH), (at - 1, EAST), (at + 1, WEST)]
        {
            self.known[neighbour] |= direction | (direction * negative) << NEGATIVE;
        }
        let corners = [at - width - 1, at - width + 1, at + width - 1, at + width + 1];
        for (neighbour, diagonal) in corners.into_iter().zip(DIAGONALS) {
            self.known[neighbour] |= diagonal;
        }
    }
}

fn contribution(known: u16, direction: u16) -> i32 {
    match (known & direction != 0, known & direction << NEGATIVE != 0) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => -1,
    }
}

/// Context, and whether the decision is turned over (table D.3).
fn sign_context(across: i32, along: i32) -> (usize, bool) {
    let place = 3 * across + along;
    let context = match place.abs() {
        0 => SIGN,
        1 => SIGN + 1,
        2 => SIGN + 2,
        3 => SIGN + 3,
        _ => SIGN + 4,
    };
    (context, place < 0)
}

/// The context of a coefficient by which neighbours are significant (table D.1).
fn significance(orientation: Orientation) -> [u8; 256] {
    let mut table = [0; 256];
    for (near, context) in (0u16..).zip(table.iter_mut()) {
        let across = u32::from(near & EAST != 0) + u32::from(near & WEST != 0);
        let along = u32::from(near & NORTH != 0) + u32::from(near & SOUTH != 0);
        let corners = (near >> 4).count_ones();
        *context = match orientation {
            Orientation::Vertical => beside(across, along, corners),
            Orientation::Horizontal => beside(along, across, corners),
            Orientation::Diagonal => match (corners, across + along) {
                (3.., _) => 8,
                (2, 1..) => 7,
                (2, 0) => 6,
                (1, 2..) => 5,
                (1, 1) => 4,
                (1, 0) => 3,
                (0, 2..) => 2,
                (0, 1) => 1,
                (0, 0) => 0,
            },
        };
    }
    table
}

fn beside(main: u32, other: u32, corners: u32) -> u8 {
    match (main, other, corners) {
        (2.., ..) => 8,
        (1, 1.., _) => 7,
        (1, 0, 1..) => 6,
        (1, 0, 0) => 5,
        (0, 2.., _) => 4,
        (0, 1, _) => 3,
        (0, 0, 2..) => 2,
        (0, 0, 1) => 1,
        (0, 0, 0) => 0,
    }
}
