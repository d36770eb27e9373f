//! Batches: several messages in one file or frame.

use super::{MAX_BATCH, Message};

/// Cuts a frame into its messages, HL7 v2.5.1 2.10.3: `FHS`/`BHS` headers and `BTS`/`FTS` trailers
/// are dropped, each `MSH` begins a message. A frame that begins with `MSH` and holds one is given
/// back whole. At most [`MAX_BATCH`].
pub fn split(raw: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = line_starts(raw).filter(|at| begins(raw, *at, b"MSH")).take(MAX_BATCH).collect();
    let ends = starts.iter().skip(1).copied().chain([raw.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| raw.get(*start..end)).map(without_trailer).collect()
}

fn line_starts(raw: &[u8]) -> impl Iterator<Item = usize> {
    let ends = raw.iter().enumerate().filter(|(_, b)| **b == b'\r' || **b == b'\n');
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1))
}

fn begins(raw: &[u8], at: usize, id: &[u8]) -> bool {
    raw.get(at..).is_some_and(|rest| rest.starts_with(id))
}

fn without_trailer(message: &[u8]) -> &[u8] {
    let trailer = [b"BTS", b"FTS", b"BHS", b"FHS"];
    let cut = line_starts(message).find(|at| trailer.iter().any(|id| begins(message, *at, *id)));
    cut.and_then(|at| message.get(..at)).unwrap_or(message)
}

impl Message<'_> {
    /// Whether bytes begin as a batch or a file of batches does.
    pub fn is_batch(raw: &[u8]) -> bool {
        raw.starts_with(b"FHS") || raw.starts_with(b"BHS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_at_its_headers() {
        let raw = b"FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|1\rPID|1\rMSH|^~\\&|2\rPID|2\rBTS|2\rFTS|1\r";
        assert_eq!(split(raw), [b"MSH|^~\\&|1\rPID|1\r".as_slice(), b"MSH|^~\\&|2\rPID|2\r"]);
    }

    #[test]
    fn one_message_stays_whole() {
        let raw = b"MSH|^~\\&|1\rPID|1||MSH\r";
        assert_eq!(split(raw), [raw.as_slice()]);
        assert!(split(b"BHS|^~\\&|A\rBTS|0\r").is_empty());
        assert!(split(b"").is_empty());
    }
}
