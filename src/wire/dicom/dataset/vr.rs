//! What the value representation of an attribute means for its bytes (PS3.5 6.2).

use std::borrow::Cow;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;

use super::{Tag, Vr};

/// The value representation that PS3.6 gives an attribute. Attributes with a choice (`US or SS`)
/// have the unsigned form, pixel data `OW`; unknown and private ones are `UN`.
pub fn vr_of(tag: Tag) -> Vr {
    StandardDataDictionary.by_tag(tag).map_or(Vr::UN, |entry| entry.vr().relaxed())
}

/// Whether its length has four bytes in explicit encodings (PS3.5 7.1.2).
pub(super) fn long_length(vr: Vr) -> bool {
    matches!(
        vr,
        Vr::OB | Vr::OD | Vr::OF | Vr::OL | Vr::OV | Vr::OW | Vr::SQ | Vr::SV | Vr::UC | Vr::UN | Vr::UR
    ) || matches!(vr, Vr::UT | Vr::UV)
}

/// The byte that makes an odd length even: NUL for UIDs and bytes, space for text.
pub(super) fn padding(vr: Vr) -> u8 {
    if vr == Vr::UI || width(vr) > 0 || matches!(vr, Vr::OB | Vr::UN | Vr::SQ) { 0 } else { b' ' }
}

/// Whether (0008,0005) applies to it (PS3.5 6.1.2.3).
pub(super) fn has_charset(vr: Vr) -> bool {
    matches!(vr, Vr::SH | Vr::LO | Vr::ST | Vr::PN | Vr::LT | Vr::UC | Vr::UT)
}

/// Whether a backslash separates values in it.
pub(super) fn multi_valued(vr: Vr) -> bool {
    !matches!(vr, Vr::LT | Vr::ST | Vr::UT | Vr::UR)
}

/// Size of the number that byte order applies to; 0 when it does not apply.
fn width(vr: Vr) -> usize {
    match vr {
        Vr::US | Vr::SS | Vr::OW | Vr::AT => 2,
        Vr::UL | Vr::SL | Vr::FL | Vr::OF | Vr::OL => 4,
        Vr::FD | Vr::OD | Vr::OV | Vr::SV | Vr::UV => 8,
        Vr::AE | Vr::AS | Vr::CS | Vr::DA | Vr::DS | Vr::DT | Vr::IS | Vr::LO | Vr::LT => 0,
        Vr::OB | Vr::PN | Vr::SH | Vr::SQ | Vr::ST | Vr::TM | Vr::UC | Vr::UI | Vr::UN | Vr::UR | Vr::UT => 0,
    }
}

/// Turns the numbers of a value into the other byte order.
pub(super) fn swapped(vr: Vr, value: &[u8]) -> Cow<'_, [u8]> {
    match width(vr) {
        0 => Cow::Borrowed(value),
        width => Cow::Owned(value.chunks(width).flat_map(|number| number.iter().rev().copied()).collect()),
    }
}
