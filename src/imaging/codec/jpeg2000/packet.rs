//! Packets (ITU-T T.800 annex B.10): which code-blocks of a resolution there are, and their bytes.

use super::super::bits::{BitWriter, Stuffing};
use super::block::Coded;

/// The code-blocks of one subband, in rows.
pub(super) struct Band {
    /// Code-blocks side by side.
    pub(super) across: usize,
    /// All code-blocks.
    pub(super) blocks: Vec<Coded>,
    /// Most bit planes that a coefficient of this subband can have (E.1).
    pub(super) planes: u32,
}

/// Bits of a length before any code-block asked for more (B.10.7.1).
const LENGTH_BITS: u32 = 3;

/// One packet: the header, then the bytes of its code-blocks.
pub(super) fn packet(bands: &[Band], out: &mut Vec<u8>) {
    let mut header = BitWriter::new(Vec::new(), Stuffing::Bit);
    header.put(1, 1);
    bands.iter().for_each(|band| band_header(band, &mut header));
    out.append(&mut header.finish(false));
    bands.iter().flat_map(|band| &band.blocks).for_each(|block| out.extend_from_slice(&block.bytes));
}

fn band_header(band: &Band, header: &mut BitWriter) {
    let absent = band.blocks.iter().map(|block| u32::from(block.passes == 0)).collect();
    let mut inclusion = TagTree::new(band.across, absent);
    let lacking = band.blocks.iter().map(|block| band.planes.saturating_sub(block.planes)).collect();
    let mut zero_planes = TagTree::new(band.across, lacking);
    for (number, block) in band.blocks.iter().enumerate() {
        inclusion.put(number, 1, header);
        if block.passes == 0 {
            continue;
        }
        zero_planes.put(number, u32::MAX, header);
        passes(block.passes, header);
        let length = block.bytes.len() as u32;
        let room = LENGTH_BITS + block.passes.ilog2();
        let more = (32 - length.leading_zeros()).saturating_sub(room);
        (0..more).for_each(|_| header.put(1, 1));
        header.put(0, 1);
        header.put(length, room + more);
    }
}

/// How many coding passes (table B.4).
fn passes(count: u32, header: &mut BitWriter) {
    match count {
        0..=1 => header.put(0, 1),
        2 => header.put(0b10, 2),
        3..=5 => header.put(0b1100 | (count - 3), 4),
        6..=36 => header.put(0b1111 << 5 | (count - 6), 9),
        _ => header.put(0b1_1111_1111 << 7 | (count - 37), 16),
    }
}

/// A tag tree (B.10.2): numbers of a grid, told by how the least of ever larger squares grow.
struct TagTree {
    /// Grids from the leaves to the root, each with its width.
    levels: Vec<(usize, Vec<Node>)>,
}

/// Its value, how far it was told, and whether all of it was.
type Node = (u32, u32, bool);

impl TagTree {
    fn new(across: usize, values: Vec<u32>) -> Self {
        let leaves: Vec<Node> = values.into_iter().map(|value| (value, 0, false)).collect();
        let mut levels = vec![(across.max(1), leaves)];
        while let Some((width, nodes)) = levels.last()
            && nodes.len() > 1
        {
            levels.push(parents(*width, nodes));
        }
        TagTree { levels }
    }

    /// Tells a leaf's value, or that it is not below `limit`.
    fn put(&mut self, leaf: usize, limit: u32, out: &mut BitWriter) {
        let width = self.levels[0].0;
        let (row, column) = (leaf / width, leaf % width);
        let mut low = 0;
        for (level, (width, nodes)) in self.levels.iter_mut().enumerate().rev() {
            let (value, told, known) = &mut nodes[(row >> level) * *width + (column >> level)];
            low = low.max(*told);
            while low < limit && low < *value {
                out.put(0, 1);
                low += 1;
            }
            if low < limit && !*known {
                out.put(1, 1);
                *known = true;
            }
            *told = low;
        }
    }
}

fn parents(width: usize, nodes: &[Node]) -> (usize, Vec<Node>) {
    let (above, rows) = (width.div_ceil(2), (nodes.len() / width).div_ceil(2));
    let mut least = vec![(u32::MAX, 0, false); above * rows];
    for (number, node) in nodes.iter().enumerate() {
        let parent = &mut least[(number / width / 2) * above + number % width / 2];
        parent.0 = parent.0.min(node.0);
    }
    (above, least)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of B.10.2: figure B.12 and the bits that it gives.
    #[test]
    fn the_standard_s_tag_tree() {
        let values = vec![1, 3, 2, 3, 2, 3, 2, 2, 1, 4, 3, 2, 2, 2, 2, 2, 1, 2];
        let mut tree = TagTree::new(6, values);
        let mut out = BitWriter::new(Vec::new(), Stuffing::Bit);
        tree.put(0, u32::MAX, &mut out);
        tree.put(1, u32::MAX, &mut out);
        // 01111 and 001, then zeros up to a whole byte.
        assert_eq!(out.finish(false), [0b0111_1001]);
    }
}
