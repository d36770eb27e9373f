//! The first packets: X.224 connection request and confirm with the negotiation of security in them,
//! MS-RDPBCGR 2.2.1.1 and 2.2.1.2.

use super::behaviour::Negotiating;
use super::cursor::Cursor;
use super::tpkt;

/// Standard RDP security: what remains where no bit is set.
pub const RDP: u32 = 0;
/// TLS.
pub const SSL: u32 = 0x01;
/// CredSSP over TLS.
pub const HYBRID: u32 = 0x02;
/// RDSTLS.
pub const RDSTLS: u32 = 0x04;
/// CredSSP, and a word about authorisation behind it.
pub const HYBRID_EX: u32 = 0x08;
/// Microsoft Entra.
pub const AAD: u32 = 0x10;

/// Protocols by the names that events and personas use.
const NAMES: [(u32, &str); 5] =
    [(SSL, "ssl"), (HYBRID, "hybrid"), (RDSTLS, "rdstls"), (HYBRID_EX, "hybrid_ex"), (AAD, "aad")];

/// Reasons for a refusal, 2.2.1.2.2.
pub mod failure {
    /// TLS is needed.
    pub const SSL_REQUIRED: u32 = 1;
    /// TLS is not allowed.
    pub const SSL_NOT_ALLOWED: u32 = 2;
    /// CredSSP is needed.
    pub const HYBRID_REQUIRED: u32 = 5;
}

/// Longest cookie or token that is kept: a line that cuts mstshash at nine characters, or a
/// broker's token of some hundred.
const MAX_LINE: usize = 512;

/// What a client begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionRequest {
    /// The account after `Cookie: mstshash=`.
    pub cookie: Option<Vec<u8>>,
    /// A routing token of a load balancer, the whole line.
    pub token: Option<Vec<u8>>,
    /// The protocols asked for, when any word is said of them.
    pub requested: Option<u32>,
    /// Flags beside them.
    pub flags: u8,
    /// The id by which the client's own logs name this connection.
    pub correlation: Option<[u8; 16]>,
}

/// What the host answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A confirm without a word of negotiation, as before there was one.
    Bare,
    /// This protocol.
    Agreed(u32),
    /// No, for this reason.
    Failed(u32),
}

impl ConnectionRequest {
    /// Reads an X.224 TPDU; `None` when it is no connection request.
    pub fn parse(tpdu: &[u8]) -> Option<Self> {
        const REQUEST: u8 = 0xe0;
        let mut cursor = Cursor::new(tpdu);
        let _length = cursor.u8()?;
        // The low half is a credit, which nobody here uses.
        if cursor.u8()? & 0xf0 != REQUEST {
            return None;
        }
        // Destination and source reference, class.
        cursor.take(5)?;
        let mut request = ConnectionRequest::default();
        let mut rest = cursor.rest();
        if let Some((line, behind)) = line(rest) {
            match line.strip_prefix(b"Cookie: mstshash=") {
                Some(account) => request.cookie = Some(cut(account)),
                None => request.token = Some(cut(line)),
            }
            rest = behind;
        }
        request.negotiate(Cursor::new(rest));
        Some(request)
    }

    fn negotiate(&mut self, mut cursor: Cursor<'_>) {
        const REQUEST: u8 = 0x01;
        const CORRELATION: u8 = 0x06;
        const CORRELATION_PRESENT: u8 = 0x08;
        let Some([REQUEST, flags, 8, 0, a, b, c, d]) = cursor.chunk() else { return };
        self.requested = Some(u32::from_le_bytes([a, b, c, d]));
        self.flags = flags;
        if flags & CORRELATION_PRESENT != 0 && cursor.chunk() == Some([CORRELATION, 0, 0x24, 0]) {
            self.correlation = cursor.chunk();
        }
    }

    /// What a host with this manner answers.
    pub fn answer(&self, manner: &Negotiating) -> Answer {
        let known = manner.known();
        let Some(requested) = self.requested.filter(|_| known != RDP) else { return Answer::Bare };
        let asked = requested & known;
        let first = [HYBRID_EX, HYBRID].into_iter().find(|protocol| asked & protocol != 0);
        if let Some(hybrid) = first {
            return Answer::Agreed(hybrid);
        }
        if asked & RDSTLS != 0 {
            return Answer::Agreed(RDSTLS);
        }
        match (asked & SSL != 0, manner.nla_required) {
            (_, true) => Answer::Failed(failure::HYBRID_REQUIRED),
            (true, false) => Answer::Agreed(SSL),
            (false, false) if manner.standard => Answer::Agreed(RDP),
            (false, false) => Answer::Failed(failure::SSL_REQUIRED),
        }
    }
}

/// A line that ends in CR LF, and what follows it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((line, rest.get(2..)?))
}

fn cut(line: &[u8]) -> Vec<u8> {
    line.get(..MAX_LINE).unwrap_or(line).to_vec()
}

/// A connection confirm with its TPKT; flags are the build's (2.2.1.2.1).
pub fn confirm(answer: Answer, flags: u8) -> Vec<u8> {
    const CONFIRM: u8 = 0xd0;
    // Windows gives every connection this source reference.
    const REFERENCE: [u8; 2] = [0x12, 0x34];
    let word = match answer {
        Answer::Bare => Vec::new(),
        Answer::Agreed(protocol) => [&[2, flags, 8, 0][..], &protocol.to_le_bytes()].concat(),
        Answer::Failed(reason) => [&[3, 0, 8, 0][..], &reason.to_le_bytes()].concat(),
    };
    let length = u8::try_from(6 + word.len()).unwrap_or(u8::MAX);
    tpkt::packet(&[&[length, CONFIRM, 0, 0][..], &REFERENCE, &[0], &word].concat())
}

/// Names of the protocols in a request: `rdp` where there is no other.
pub fn names(protocols: u32) -> Vec<String> {
    let set = NAMES.iter().filter(|(bit, _)| protocols & bit != 0);
    let mut names: Vec<String> = set.map(|(_, name)| (*name).to_owned()).collect();
    if names.is_empty() {
        names.push("rdp".to_owned());
    }
    names
}

/// The bit of a protocol's name.
pub(super) fn bit(name: &str) -> Option<u32> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(bit, _)| *bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manner(nla_required: bool, standard: bool, protocols: &[&str]) -> Negotiating {
        let protocols = protocols.iter().map(|name| (*name).to_owned()).collect();
        Negotiating { protocols, flags: 0x0f, nla_required, standard }
    }

    fn request(requested: Option<u32>) -> ConnectionRequest {
        ConnectionRequest { requested, ..ConnectionRequest::default() }
    }

    #[test]
    fn a_request_is_read_with_its_line_and_its_words() {
        let nmap =
            hex::decode("25e00000000000436f6f6b69653a206d737473686173683d6e6d61700d0a0100080003000000");
        let read = ConnectionRequest::parse(&nmap.unwrap()).unwrap();
        assert_eq!((read.cookie.as_deref(), read.requested), (Some(&b"nmap"[..]), Some(SSL | HYBRID)));
        let mut long =
            b"\x06\xe0\0\0\0\0\0Cookie: msts=3640205228.15629.0000\r\n\x01\x08\x08\0\x0b\0\0\0".to_vec();
        long.extend(b"\x06\0\x24\0ABCDEFGHIJKLMNOP");
        let read = ConnectionRequest::parse(&long).unwrap();
        assert!(read.token.unwrap().starts_with(b"Cookie: msts="));
        assert_eq!(read.correlation, Some(*b"ABCDEFGHIJKLMNOP"));
        assert_eq!(ConnectionRequest::parse(&[6, 0xe0, 0, 0, 0, 0, 0]), Some(request(None)));
        assert_eq!(ConnectionRequest::parse(&[2, 0xf0, 0x80, 0, 0, 0, 0]), None);
    }

    #[test]
    fn a_server_that_wants_network_authentication_has_no_other_way() {
        let manner = manner(true, false, &["ssl", "hybrid", "rdstls", "hybrid_ex"]);
        let answer = |asked| request(Some(asked)).answer(&manner);
        assert_eq!(answer(RDP), Answer::Failed(failure::HYBRID_REQUIRED));
        assert_eq!(answer(SSL), Answer::Failed(failure::HYBRID_REQUIRED));
        assert_eq!(answer(SSL | HYBRID), Answer::Agreed(HYBRID));
        assert_eq!(answer(SSL | HYBRID | HYBRID_EX), Answer::Agreed(HYBRID_EX));
        assert_eq!(answer(RDSTLS), Answer::Agreed(RDSTLS));
        assert_eq!(request(None).answer(&manner), Answer::Bare);
    }

    #[test]
    fn older_builds_take_what_they_know() {
        let seven = manner(false, true, &["ssl", "hybrid"]);
        assert_eq!(request(Some(HYBRID_EX)).answer(&seven), Answer::Agreed(RDP));
        assert_eq!(request(Some(SSL | HYBRID_EX)).answer(&seven), Answer::Agreed(SSL));
        let xp = manner(false, true, &[]);
        assert_eq!(request(Some(SSL | HYBRID)).answer(&xp), Answer::Bare);
        let ten = manner(false, false, &["ssl", "hybrid", "hybrid_ex"]);
        assert_eq!(request(Some(RDP)).answer(&ten), Answer::Failed(failure::SSL_REQUIRED));
    }

    #[test]
    fn confirms_are_those_that_scanners_know() {
        assert_eq!(hex::encode(confirm(Answer::Bare, 0)), "0300000b06d00000123400");
        let agreed = confirm(Answer::Agreed(HYBRID), 0x0f);
        assert_eq!(hex::encode(agreed), "030000130ed000001234000 20f080002000000".replace(' ', ""));
        let failed = confirm(Answer::Failed(failure::HYBRID_REQUIRED), 0x0f);
        assert_eq!(hex::encode(failed), "030000130ed00000123400030008000500000 0".replace(' ', ""));
    }
}
