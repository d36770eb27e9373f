//! Protocol data units of the DICOM upper layer (PS3.8 9.3): headers, the small fixed ones, P-DATA.
//!
//! For whoever holds an association, as acceptor or requestor. It never reads past a length that was
//! announced and never keeps more items than [`associate::MAX_CONTEXTS`] and
//! [`associate::MAX_ITEMS`]. The spec is PS3.8 section 9.3 and annex D.

pub mod associate;

pub use associate::{Associate, Context, Extended, Role, UserIdentity};

use bytes::Bytes;
use thiserror::Error;

/// Bytes of a PDU's header: type, reserved, length (PS3.8 9.3.1).
pub const HEADER: usize = 6;

/// Bytes before the fragment of a P-DATA-TF that holds one value: PDU header and PDV header.
pub const DATA_HEAD: usize = 12;

/// Type of a PDU (PS3.8 table 9-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A-ASSOCIATE-RQ, 01H.
    AssociateRq,
    /// A-ASSOCIATE-AC, 02H.
    AssociateAc,
    /// A-ASSOCIATE-RJ, 03H.
    AssociateRj,
    /// P-DATA-TF, 04H.
    Data,
    /// A-RELEASE-RQ, 05H.
    ReleaseRq,
    /// A-RELEASE-RP, 06H.
    ReleaseRp,
    /// A-ABORT, 07H.
    Abort,
}

/// Header of a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Type; `None` for a number that the standard doesn't have.
    pub kind: Option<Kind>,
    /// Bytes that follow.
    pub length: u32,
}

impl Header {
    /// The header at the start of `bytes`; `None` while there are fewer than [`HEADER`].
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let [kind, _, length @ ..] = bytes.first_chunk::<HEADER>()?;
        let kind = match kind {
            1 => Some(Kind::AssociateRq),
            2 => Some(Kind::AssociateAc),
            3 => Some(Kind::AssociateRj),
            4 => Some(Kind::Data),
            5 => Some(Kind::ReleaseRq),
            6 => Some(Kind::ReleaseRp),
            7 => Some(Kind::Abort),
            _ => None,
        };
        Some(Header { kind, length: u32::from_be_bytes(*length) })
    }

    /// Header and body together, in bytes.
    pub fn whole(&self) -> usize {
        usize::try_from(self.length).unwrap_or(usize::MAX).saturating_add(HEADER)
    }
}

/// Why a PDU can't be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PduError {
    /// An item or field goes beyond what holds it.
    #[error("PDU item {0:#04x} is cut off")]
    Truncated(u8),
    /// A name or UID that is longer than its field may be.
    #[error("PDU item {0:#04x} is too long")]
    TooLong(u8),
    /// More items than any product sends.
    #[error("PDU has too many items")]
    TooMany,
    /// Presentation data values whose lengths don't add up to the PDU.
    #[error("presentation data values don't fill their PDU")]
    Values,
}

/// The ten bytes of an A-ASSOCIATE-RJ (PS3.8 9.3.4).
pub fn reject(result: u8, source: u8, reason: u8) -> Bytes {
    Bytes::copy_from_slice(&[3, 0, 0, 0, 0, 4, 0, result, source, reason])
}

/// The ten bytes of an A-ABORT (PS3.8 9.3.8).
pub fn abort(source: u8, reason: u8) -> Bytes {
    Bytes::copy_from_slice(&[7, 0, 0, 0, 0, 4, 0, 0, source, reason])
}

/// The ten bytes of an A-RELEASE-RQ (PS3.8 9.3.6).
pub fn release_request() -> Bytes {
    Bytes::from_static(&[5, 0, 0, 0, 0, 4, 0, 0, 0, 0])
}

/// The ten bytes of an A-RELEASE-RP (PS3.8 9.3.7).
pub fn release_response() -> Bytes {
    Bytes::from_static(&[6, 0, 0, 0, 0, 4, 0, 0, 0, 0])
}

/// Which message a presentation data value is a piece of (PS3.8 annex E.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    /// Presentation context id.
    pub context: u8,
    /// A piece of a command set; else of a data set.
    pub command: bool,
    /// The last piece.
    pub last: bool,
}

/// PDU header and PDV header of a P-DATA-TF that holds one fragment of `length` bytes.
pub fn data_head(fragment: Fragment, length: usize) -> [u8; DATA_HEAD] {
    let length = u32::try_from(length).unwrap_or(u32::MAX - 6);
    let [p0, p1, p2, p3] = (length + 6).to_be_bytes();
    let [v0, v1, v2, v3] = (length + 2).to_be_bytes();
    let control = u8::from(fragment.command) | (u8::from(fragment.last) << 1);
    [4, 0, p0, p1, p2, p3, v0, v1, v2, v3, fragment.context, control]
}

/// One presentation data value (PS3.8 9.3.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdv {
    /// What it is a piece of.
    pub fragment: Fragment,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Most values in one P-DATA-TF: products send one or two; an empty one costs an attacker six bytes.
pub const MAX_VALUES: usize = 1024;

/// The values of a P-DATA-TF's body, at least one.
///
/// # Errors
/// [`PduError::Values`] when their lengths don't add up, [`PduError::TooMany`] past [`MAX_VALUES`].
pub fn values(body: &Bytes) -> Result<Vec<Pdv>, PduError> {
    let mut found = Vec::with_capacity(1);
    let mut rest = body.clone();
    while !rest.is_empty() {
        if found.len() >= MAX_VALUES {
            return Err(PduError::TooMany);
        }
        let [l0, l1, l2, l3, context, control] = *rest.first_chunk::<6>().ok_or(PduError::Values)?;
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        let end = length.checked_add(4).filter(|end| length >= 2 && *end <= rest.len());
        let value = rest.split_to(end.ok_or(PduError::Values)?);
        let fragment = Fragment { context, command: control & 1 != 0, last: control & 2 != 0 };
        found.push(Pdv { fragment, bytes: value.slice(6..) });
    }
    if found.is_empty() { Err(PduError::Values) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_name_their_kind() {
        let header = Header::read(&[4, 0, 0, 0, 1, 2, 9]).unwrap();
        assert_eq!(header, Header { kind: Some(Kind::Data), length: 258 });
        assert_eq!(header.whole(), 264);
        assert_eq!(Header::read(b"GET /").map(|h| h.kind), None);
        assert_eq!(Header::read(b"GET / ").unwrap().kind, None);
    }

    #[test]
    fn values_come_back() {
        let fragment = Fragment { context: 3, command: true, last: false };
        let mut pdu = data_head(fragment, 4).to_vec();
        pdu.extend_from_slice(b"abcd");
        assert_eq!(Header::read(&pdu).unwrap().whole(), pdu.len());
        let found = values(&Bytes::from(pdu).slice(HEADER..)).unwrap();
        assert_eq!(found, [Pdv { fragment, bytes: Bytes::from_static(b"abcd") }]);
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for body in [&b""[..], &[0, 0, 0, 0], &[0, 0, 0, 1, 1], &[0, 0, 0, 16, 1, 3], &[255; 12]] {
            assert_eq!(values(&Bytes::from_static(body)), Err(PduError::Values), "{body:?}");
        }
        let empty = [0, 0, 0, 2, 1, 0].repeat(MAX_VALUES + 1);
        assert_eq!(values(&Bytes::from(empty)), Err(PduError::TooMany));
    }

    proptest! {
        #[test]
        fn hostile_bodies_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = values(&Bytes::from(body));
        }
    }
}
