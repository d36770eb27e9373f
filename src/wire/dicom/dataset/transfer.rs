//! Transfer syntaxes (PS3.5 annex A).

use super::uids;

/// How a data set is laid out in bytes, and its pixels in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TransferSyntax {
    /// Implicit VR Little Endian, the default of every network peer.
    ImplicitLittle,
    /// Explicit VR Little Endian.
    ExplicitLittle,
    /// Explicit VR Big Endian, retired, still offered by old devices.
    ExplicitBig,
    /// Deflated Explicit VR Little Endian (PS3.5 A.5): what is encoded and decoded here are the
    /// bytes before [`super::deflate`] and after [`super::inflate`].
    Deflated,
    /// Laid out as [`TransferSyntax::ExplicitLittle`], pixel data in fragments (PS3.5 A.4).
    Encapsulated(Coding),
}

/// How the pixels of an encapsulated syntax are coded. Only some are written here
/// (`imaging/codec`); the others are known because archives take and keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Coding {
    /// JPEG Baseline (Process 1), lossy, 8 bits.
    JpegBaseline,
    /// JPEG Extended (Process 2 and 4), lossy, 12 bits.
    JpegExtended,
    /// JPEG Lossless, Non-Hierarchical (Process 14).
    JpegLossless,
    /// JPEG Lossless, First-Order Prediction (Process 14, Selection Value 1).
    JpegLosslessFirstOrder,
    /// JPEG-LS Lossless.
    JpegLsLossless,
    /// JPEG-LS Lossy (Near-Lossless).
    JpegLsNearLossless,
    /// JPEG 2000 (Lossless Only).
    Jpeg2000Lossless,
    /// JPEG 2000.
    Jpeg2000,
    /// JPEG 2000 Part 2 Multi-component (Lossless Only).
    Jpeg2000MultiLossless,
    /// JPEG 2000 Part 2 Multi-component.
    Jpeg2000Multi,
    /// MPEG2 Main Profile / Main Level.
    Mpeg2Main,
    /// MPEG2 Main Profile / High Level.
    Mpeg2High,
    /// MPEG-4 AVC/H.264 High Profile / Level 4.1.
    Mpeg4High41,
    /// MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1.
    Mpeg4BluRay41,
    /// MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D video.
    Mpeg4High42Flat,
    /// MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D video.
    Mpeg4High42Deep,
    /// MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2.
    Mpeg4Stereo42,
    /// HEVC/H.265 Main Profile / Level 5.1.
    HevcMain51,
    /// HEVC/H.265 Main 10 Profile / Level 5.1.
    HevcMain10,
    /// High-Throughput JPEG 2000 (Lossless Only).
    HtJpeg2000Lossless,
    /// High-Throughput JPEG 2000 with RPCL Options (Lossless Only).
    HtJpeg2000LosslessRpcl,
    /// High-Throughput JPEG 2000.
    HtJpeg2000,
    /// RLE Lossless.
    Rle,
}

/// Every coding with its UID (PS3.6 table A-1).
const CODINGS: [(Coding, &str); 23] = [
    (Coding::JpegBaseline, "1.2.840.10008.1.2.4.50"),
    (Coding::JpegExtended, "1.2.840.10008.1.2.4.51"),
    (Coding::JpegLossless, "1.2.840.10008.1.2.4.57"),
    (Coding::JpegLosslessFirstOrder, "1.2.840.10008.1.2.4.70"),
    (Coding::JpegLsLossless, "1.2.840.10008.1.2.4.80"),
    (Coding::JpegLsNearLossless, "1.2.840.10008.1.2.4.81"),
    (Coding::Jpeg2000Lossless, "1.2.840.10008.1.2.4.90"),
    (Coding::Jpeg2000, "1.2.840.10008.1.2.4.91"),
    (Coding::Jpeg2000MultiLossless, "1.2.840.10008.1.2.4.92"),
    (Coding::Jpeg2000Multi, "1.2.840.10008.1.2.4.93"),
    (Coding::Mpeg2Main, "1.2.840.10008.1.2.4.100"),
    (Coding::Mpeg2High, "1.2.840.10008.1.2.4.101"),
    (Coding::Mpeg4High41, "1.2.840.10008.1.2.4.102"),
    (Coding::Mpeg4BluRay41, "1.2.840.10008.1.2.4.103"),
    (Coding::Mpeg4High42Flat, "1.2.840.10008.1.2.4.104"),
    (Coding::Mpeg4High42Deep, "1.2.840.10008.1.2.4.105"),
    (Coding::Mpeg4Stereo42, "1.2.840.10008.1.2.4.106"),
    (Coding::HevcMain51, "1.2.840.10008.1.2.4.107"),
    (Coding::HevcMain10, "1.2.840.10008.1.2.4.108"),
    (Coding::HtJpeg2000Lossless, "1.2.840.10008.1.2.4.201"),
    (Coding::HtJpeg2000LosslessRpcl, "1.2.840.10008.1.2.4.202"),
    (Coding::HtJpeg2000, "1.2.840.10008.1.2.4.203"),
    (Coding::Rle, "1.2.840.10008.1.2.5"),
];

impl TransferSyntax {
    /// The syntaxes whose data sets are neither deflated nor hold fragments: those of queries and
    /// of all other services but storage.
    pub const PLAIN: [TransferSyntax; 3] = [Self::ImplicitLittle, Self::ExplicitLittle, Self::ExplicitBig];

    /// Every syntax that is known.
    pub fn all() -> impl Iterator<Item = Self> {
        let codings = CODINGS.iter().map(|(coding, _)| Self::Encapsulated(*coding));
        Self::PLAIN.into_iter().chain([Self::Deflated]).chain(codings)
    }

    /// Its UID.
    pub fn uid(self) -> &'static str {
        match self {
            TransferSyntax::ImplicitLittle => uids::IMPLICIT_VR_LITTLE_ENDIAN,
            TransferSyntax::ExplicitLittle => uids::EXPLICIT_VR_LITTLE_ENDIAN,
            TransferSyntax::ExplicitBig => "1.2.840.10008.1.2.2",
            TransferSyntax::Deflated => "1.2.840.10008.1.2.1.99",
            TransferSyntax::Encapsulated(coding) => {
                CODINGS.iter().find(|(known, _)| *known == coding).map_or("", |(_, uid)| uid)
            }
        }
    }

    /// The syntax with this UID, which may be padded.
    pub fn from_uid(uid: &str) -> Option<Self> {
        let uid = uid.trim_end_matches(['\0', ' ']);
        Self::all().find(|ts| ts.uid() == uid)
    }

    /// Whether it is one of [`TransferSyntax::PLAIN`].
    pub fn is_plain(self) -> bool {
        Self::PLAIN.contains(&self)
    }

    /// How pixels are coded; `None` when they are not.
    pub fn coding(self) -> Option<Coding> {
        match self {
            TransferSyntax::Encapsulated(coding) => Some(coding),
            TransferSyntax::ImplicitLittle
            | TransferSyntax::ExplicitLittle
            | TransferSyntax::ExplicitBig
            | TransferSyntax::Deflated => None,
        }
    }

    pub(super) fn explicit(self) -> bool {
        self != TransferSyntax::ImplicitLittle
    }

    pub(super) fn big(self) -> bool {
        self == TransferSyntax::ExplicitBig
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_uid_is_known_once() {
        let all: Vec<_> = TransferSyntax::all().collect();
        let uids: BTreeSet<_> = all.iter().map(|ts| ts.uid()).collect();
        assert_eq!(uids.len(), all.len());
        for ts in all {
            assert_eq!(TransferSyntax::from_uid(&format!("{}\0", ts.uid())), Some(ts));
            assert_eq!(ts.coding().is_none(), ts.is_plain() || ts == TransferSyntax::Deflated);
        }
        assert_eq!(TransferSyntax::from_uid("1.2.840.10008.1.2.4"), None);
    }
}
