//! What bytes look like: for telling encryption from work.

use bytes::Bytes;

use crate::wire::content::inspect;

/// The kind of a file by its beginning, as a media type.
pub(super) fn kind(sample: &[u8]) -> String {
    // Only the beginning is looked at: a document's own findings are told where it is kept whole.
    const START: usize = 4096;
    let start = sample.get(..START.min(sample.len())).unwrap_or_default();
    inspect(&Bytes::copy_from_slice(start)).kind.media().to_owned()
}

/// Shannon's entropy in hundredths of a bit per byte: 800 is as much as there can be.
pub(super) fn entropy(sample: &[u8]) -> u16 {
    let mut counts = [0u32; 256];
    for byte in sample {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let all = f64::from(u32::try_from(sample.len()).unwrap_or(u32::MAX)).max(1.0);
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / all;
            -share * share.log2()
        })
        .sum();
    // Between 0 and 800.
    format!("{:.0}", bits * 100.0).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_shannon() {
        assert_eq!((entropy(b""), entropy(b"aaaa"), entropy(b"abab")), (0, 0, 100));
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(entropy(&all), 800);
    }
}
