//! Transfer syntaxes (PS3.5 annex A) whose data sets are not compressed.

use super::uids;

/// How a data set is laid out in bytes. Others (JPEG, RLE …) lay the data set out as
/// [`TransferSyntax::ExplicitLittle`] and the pixel data in fragments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TransferSyntax {
    /// Implicit VR Little Endian, the default of every network peer.
    ImplicitLittle,
    /// Explicit VR Little Endian.
    ExplicitLittle,
    /// Explicit VR Big Endian, retired, still offered by old devices.
    ExplicitBig,
}

impl TransferSyntax {
    /// Its UID.
    pub fn uid(self) -> &'static str {
        match self {
            TransferSyntax::ImplicitLittle => uids::IMPLICIT_VR_LITTLE_ENDIAN,
            TransferSyntax::ExplicitLittle => uids::EXPLICIT_VR_LITTLE_ENDIAN,
            TransferSyntax::ExplicitBig => "1.2.840.10008.1.2.2",
        }
    }

    /// The syntax with this UID, which may be padded.
    pub fn from_uid(uid: &str) -> Option<Self> {
        let uid = uid.trim_end_matches(['\0', ' ']);
        [Self::ImplicitLittle, Self::ExplicitLittle, Self::ExplicitBig].into_iter().find(|ts| ts.uid() == uid)
    }

    pub(super) fn explicit(self) -> bool {
        self != TransferSyntax::ImplicitLittle
    }

    pub(super) fn big(self) -> bool {
        self == TransferSyntax::ExplicitBig
    }
}
