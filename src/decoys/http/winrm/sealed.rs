//! A message as NTLM encrypts it over plain HTTP, MS-WSMV 2.2.9.1: two parts between boundaries.

/// The boundary that every Windows uses.
pub const BOUNDARY: &str = "Encrypted Boundary";

/// Length of an NTLM signature.
pub(super) const SIGNATURE: usize = 16;

const OCTETS: &[u8] = b"Content-Type: application/octet-stream\r\n";

/// An encrypted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Signature of what was in the clear.
    pub signature: [u8; SIGNATURE],
    /// What was encrypted.
    pub text: Vec<u8>,
}

impl Sealed {
    /// Reads a body; `None` when it is none.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let at = body.windows(OCTETS.len()).position(|window| window == OCTETS)? + OCTETS.len();
        let rest = body.get(at..)?;
        let end = format!("--{BOUNDARY}--");
        let rest = rest.strip_suffix(b"\r\n").unwrap_or(rest).strip_suffix(end.as_bytes())?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        if usize::try_from(u32::from_le_bytes(*length)).ok()? != SIGNATURE {
            return None;
        }
        let (signature, text) = rest.split_first_chunk::<SIGNATURE>()?;
        Some(Sealed { signature: *signature, text: text.to_vec() })
    }

    /// Writes a body: `protocol` names the way, the length is that of the text in the clear.
    pub fn write(&self, protocol: &str) -> Vec<u8> {
        let head = format!(
            "--{BOUNDARY}\r\n\tContent-Type: {protocol}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={}\r\n--{BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n",
            self.text.len()
        );
        let length = u32::try_from(SIGNATURE).unwrap_or(0).to_le_bytes();
        let end = format!("--{BOUNDARY}--\r\n");
        [head.as_bytes(), &length[..], &self.signature, &self.text, end.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_cut_bodies_are_none() {
        let sealed = Sealed { signature: [7; SIGNATURE], text: b"\0--Encrypted\r\nx".to_vec() };
        let body = sealed.write("application/HTTP-SPNEGO-session-encrypted");
        assert_eq!(Sealed::parse(&body), Some(sealed));
        // Without its last line break it is read all the same, as some clients write it.
        for at in 0..body.len() - 2 {
            assert_eq!(Sealed::parse(&body[..at]), None, "cut at {at}");
        }
    }
}
