//! Frames of the link: E1381 6.3, `STX` number text `ETB|ETX` checksum `CR LF`.

/// Start of text.
pub(super) const STX: u8 = 0x02;
/// End of text: the last frame of a record.
pub(super) const ETX: u8 = 0x03;
/// End of transmission block: a frame that is not the last.
pub(super) const ETB: u8 = 0x17;

/// Longest frame taken, bytes. The standard says 247; analysers that send a whole message with its
/// histograms in one frame reach some 40 KB.
pub(super) const MAX_FRAME: usize = 64 << 10;

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// 0 to 7.
    pub number: u8,
    /// The text.
    pub text: &'a [u8],
    /// Whether it ends its record (ETX).
    pub last: bool,
    /// Whether it had a checksum.
    pub checked: bool,
}

/// Reads a frame without its STX and its CR LF.
///
/// # Errors
/// The rule that it breaks, in a few words.
pub fn parse(raw: &[u8]) -> Result<Frame<'_>, &'static str> {
    let end = raw.iter().position(|b| *b == ETX || *b == ETB).ok_or("frame without ETX or ETB")?;
    let (body, sum) = raw.split_at_checked(end + 1).ok_or("frame without ETX or ETB")?;
    let (number, rest) = body.split_first().ok_or("frame without a number")?;
    let number = number.checked_sub(b'0').filter(|n| *n <= 7).ok_or("frame number is not 0 to 7")?;
    let (mark, text) = rest.split_last().ok_or("frame without a number")?;
    if !sum.is_empty() && !sum.eq_ignore_ascii_case(&digits(checksum(body))) {
        return Err("frame checksum is wrong");
    }
    Ok(Frame { number, text, last: *mark == ETX, checked: !sum.is_empty() })
}

/// Sum modulo 256 of the bytes from the frame number to ETX or ETB, E1381 6.3.3.
pub fn checksum(body: &[u8]) -> u8 {
    body.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// Writes a frame.
pub fn encode(number: u8, text: &[u8], last: bool) -> Vec<u8> {
    let mut frame = Vec::with_capacity(text.len() + 7);
    frame.extend_from_slice(&[STX, b'0' + number % 8]);
    frame.extend_from_slice(text);
    frame.push(if last { ETX } else { ETB });
    let sum = checksum(frame.get(1..).unwrap_or_default());
    frame.extend_from_slice(&digits(sum));
    frame.extend_from_slice(b"\r\n");
    frame
}

fn digits(sum: u8) -> [u8; 2] {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    let digit = |n: u8| HEX.get(usize::from(n)).copied().unwrap_or(b'0');
    [digit(sum >> 4), digit(sum & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn checksums_of_real_frames() {
        for (body, sum) in
            [(b"2P|1||\r\x17".as_slice(), b"4B"), (b"5C|1|I||I\r\x17", b"4F"), (b"7L|1|N\r\x03", b"0A")]
        {
            assert_eq!(digits(checksum(body)), *sum);
            assert!(parse(&[body, sum].concat()).unwrap().checked);
        }
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(parse(b"1H|\r\x0300"), Err("frame checksum is wrong"));
        assert_eq!(parse(b"9H\r\x03"), Err("frame number is not 0 to 7"));
        assert_eq!(parse(b"1H\r"), Err("frame without ETX or ETB"));
        assert_eq!(parse(b"\x03"), Err("frame number is not 0 to 7"));
        assert!(!parse(b"1H\r\x03").unwrap().checked);
        assert_eq!(parse(b"7L|1|N\r\x030a").unwrap().text, b"L|1|N\r", "lower case is read");
    }

    proptest! {
        #[test]
        fn frames_are_read_back(number in 0u8..8, text in "[ -~\r]{0,200}", last in any::<bool>()) {
            let raw = encode(number, text.as_bytes(), last);
            let inner = &raw[1..raw.len() - 2];
            prop_assert_eq!(parse(inner), Ok(Frame { number, text: text.as_bytes(), last, checked: true }));
        }

        #[test]
        fn any_bytes_are_read_without_panic(raw in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&raw);
        }
    }
}
