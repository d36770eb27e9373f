//! Marker segments that the JPEG streams share (ITU-T T.81 annex B).

use super::Raster;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// A stream's begin.
pub(super) fn start() -> Vec<u8> {
    vec![0xFF, SOI]
}

/// Adds a stream's end.
pub(super) fn end(mut out: Vec<u8>) -> Vec<u8> {
    out.extend([0xFF, EOI]);
    out
}

/// Adds a marker segment with its length (B.1.1.4).
pub(super) fn segment(marker: u8, content: &[u8], out: &mut Vec<u8>) {
    out.extend([0xFF, marker]);
    out.extend(length(content.len() + 2));
    out.extend_from_slice(content);
}

/// Adds a frame header (B.2.2): for each component its horizontal and vertical sampling factors and
/// its quantization table.
pub(super) fn frame_header(
    raster: &Raster,
    marker: u8,
    precision: u32,
    components: &[(u8, u8, u8)],
    out: &mut Vec<u8>,
) {
    let mut content = vec![precision as u8];
    content.extend(length(raster.rows));
    content.extend(length(raster.columns));
    content.push(components.len() as u8);
    for ((across, down, table), id) in components.iter().zip(1u8..) {
        content.extend([id, across << 4 | down, *table]);
    }
    segment(marker, &content, out);
}

/// Adds a scan header (B.2.3) of all components: for each its entropy coding tables, then what the
/// process makes of Ss, Se and Ah/Al.
pub(super) fn scan_header(tables: &[u8], parameters: [u8; 3], out: &mut Vec<u8>) {
    let mut content = vec![tables.len() as u8];
    for (table, id) in tables.iter().zip(1u8..) {
        content.extend([id, *table]);
    }
    content.extend(parameters);
    segment(SOS, &content, out);
}

fn length(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes()
}
