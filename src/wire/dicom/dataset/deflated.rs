//! Deflated data sets (PS3.5 A.5): a raw DEFLATE stream (RFC 1951) around the explicit encoding.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// The bytes of a deflated data set, padded to even length with one NUL as the syntax asks.
pub fn deflate(data_set: &[u8]) -> Bytes {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to a Vec can't fail.
    let _ = encoder.write_all(data_set);
    let mut out = encoder.finish().unwrap_or_default();
    if out.len() % 2 == 1 {
        out.push(0);
    }
    Bytes::from(out)
}

/// What a deflated data set holds, at most `cap` bytes: a stream that is broken, cut off or longer
/// gives what came before. A thousand bytes may hold a million, so the cap is what bounds memory.
pub fn inflate(bytes: &[u8], cap: usize) -> Bytes {
    let mut out = Vec::new();
    let limit = u64::try_from(cap).unwrap_or(u64::MAX);
    // An error leaves in `out` what was read before it.
    let _ = DeflateDecoder::new(bytes).take(limit).read_to_end(&mut out);
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bomb_ends_at_the_cap() {
        let bomb = deflate(&vec![0; 1 << 20]);
        assert!(bomb.len() < 2048);
        assert_eq!(inflate(&bomb, 1000).len(), 1000);
    }

    #[test]
    fn a_broken_stream_gives_what_came_before() {
        let text: Vec<u8> = (0..4000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let whole = deflate(&text);
        let cut = inflate(&whole[..whole.len() / 2], 1 << 20);
        assert!(text.starts_with(&cut) && cut.len() < text.len());
    }

    proptest! {
        #[test]
        fn what_was_deflated_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let deflated = deflate(&bytes);
            prop_assert_eq!(deflated.len() % 2, 0);
            prop_assert_eq!(inflate(&deflated, 1 << 20), bytes);
        }

        #[test]
        fn hostile_bytes_stay_within_the_cap(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(inflate(&bytes, 64).len() <= 64);
        }
    }
}
