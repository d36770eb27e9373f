//! What carries SMB: a type and a length before each message, on port 445 directly (MS-SMB2 2.1) and on
//! port 139 as NetBIOS session service (RFC 1002 4.3).

/// Bytes before each message.
pub const HEADER: usize = 4;

/// SESSION MESSAGE.
const MESSAGE: u8 = 0x00;
/// SESSION REQUEST.
const REQUEST: u8 = 0x81;
/// POSITIVE SESSION RESPONSE.
const POSITIVE: u8 = 0x82;
/// SESSION KEEP ALIVE.
const KEEP_ALIVE: u8 = 0x85;

/// One frame that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A message of so many bytes follows.
    Message(usize),
    /// A session is asked for, in so many bytes.
    Request(usize),
    /// A sign of life.
    KeepAlive,
    /// None of these.
    Other,
}

/// Reads what stands before a message.
pub fn read([kind, high, middle, low]: [u8; HEADER]) -> Frame {
    let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
    match kind {
        MESSAGE => Frame::Message(length),
        REQUEST => Frame::Request(length),
        KEEP_ALIVE => Frame::KeepAlive,
        _ => Frame::Other,
    }
}

/// What stands before a message of this length.
pub fn header(length: usize) -> [u8; HEADER] {
    // What is sent is far below 16 MiB.
    let [_, high, middle, low] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [MESSAGE, high, middle, low]
}

/// A session is given.
pub const GRANTED: [u8; HEADER] = [POSITIVE, 0, 0, 0];

/// The two names of a session request, decoded: called and calling. `None` when they are none.
pub fn names(request: &[u8]) -> Option<(String, String)> {
    let (called, rest) = name(request)?;
    let (calling, _) = name(rest)?;
    Some((called, calling))
}

/// A NetBIOS name in its first level of encoding (RFC 1001 14.1), without its suffix.
fn name(bytes: &[u8]) -> Option<(String, &[u8])> {
    const ENCODED: usize = 32;
    let (length, rest) = bytes.split_first()?;
    let (encoded, rest) = rest.split_at_checked(usize::from(*length))?;
    let pairs = (encoded.len() == ENCODED).then_some(encoded.as_chunks::<2>().0)?;
    let half = |letter: u8| letter.checked_sub(b'A').filter(|half| *half < 16);
    let decoded: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(half(*high)? << 4 | half(*low)?)).collect();
    let mut decoded = decoded?;
    decoded.pop();
    // A scope may follow; the name ends with an empty label.
    let mut rest = rest;
    loop {
        let (length, after) = rest.split_first()?;
        rest = after.get(usize::from(*length)..)?;
        if *length == 0 {
            break;
        }
    }
    Some((String::from_utf8_lossy(&decoded).trim_end().to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_session_request_are_read() {
        let mut request = vec![32];
        request.extend(b"CKFDENECFDEFFCFGEFFCCACACACACACA");
        request.push(0);
        request.extend([32]);
        request.extend(b"EOENEBFACACACACACACACACACACACAAA");
        request.push(0);
        assert_eq!(names(&request), Some(("*SMBSERVER".into(), "NMAP".into())));
        for length in 0..request.len() {
            assert_eq!(names(&request[..length]), None);
        }
    }

    #[test]
    fn lengths_are_written_as_they_are_read() {
        for length in [0, 1, 0x1_0203] {
            assert_eq!(read(header(length)), Frame::Message(length));
        }
        assert_eq!(read([0x85, 0, 0, 0]), Frame::KeepAlive);
        assert_eq!(read(*b"GET "), Frame::Other);
    }
}
