//! Binary numbers as text and back (PS3.5 6.2): an index keeps text only.

use crate::wire::dicom::dataset::Vr;

/// Whether values of a representation are binary numbers.
pub fn is_number(vr: Vr) -> bool {
    size(vr).is_some()
}

/// The numbers of a value field in digits, several with backslashes between; `None` when it is no
/// number or not whole.
pub fn text(vr: Vr, value: &[u8], big: bool) -> Option<String> {
    let size = size(vr)?;
    let whole = value.len().is_multiple_of(size);
    let numbers = value.chunks_exact(size).map(|raw| one(vr, raw, big));
    whole.then(|| numbers.collect::<Option<Vec<_>>>())?.map(|numbers| numbers.join("\\"))
}

/// The value field of numbers in digits; empty when a text is none.
pub fn binary(vr: Vr, text: &str, big: bool) -> Vec<u8> {
    let parts = text.split('\\').filter(|part| !part.is_empty());
    parts.map(|part| field(vr, part.trim(), big)).collect::<Option<Vec<_>>>().unwrap_or_default().concat()
}

fn size(vr: Vr) -> Option<usize> {
    match vr {
        Vr::US | Vr::SS => Some(2),
        Vr::UL | Vr::SL | Vr::FL | Vr::AT => Some(4),
        Vr::FD | Vr::SV | Vr::UV => Some(8),
        Vr::AE | Vr::AS | Vr::CS | Vr::DA | Vr::DS | Vr::DT | Vr::IS | Vr::LO | Vr::LT | Vr::OB => None,
        Vr::OD | Vr::OF | Vr::OL | Vr::OV | Vr::OW | Vr::PN | Vr::SH | Vr::SQ | Vr::ST | Vr::TM => None,
        Vr::UC | Vr::UI | Vr::UN | Vr::UR | Vr::UT => None,
    }
}

fn one(vr: Vr, raw: &[u8], big: bool) -> Option<String> {
    let mut raw = raw.to_vec();
    if vr == Vr::AT {
        let half = |pair: &[u8]| {
            pair.try_into()
                .ok()
                .map(|pair| if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
        };
        return Some(format!("{:04X}{:04X}", half(raw.get(..2)?)?, half(raw.get(2..)?)?));
    }
    if big {
        raw.reverse();
    }
    Some(match vr {
        Vr::US => u16::from_le_bytes(raw.try_into().ok()?).to_string(),
        Vr::SS => i16::from_le_bytes(raw.try_into().ok()?).to_string(),
        Vr::UL => u32::from_le_bytes(raw.try_into().ok()?).to_string(),
        Vr::SL => i32::from_le_bytes(raw.try_into().ok()?).to_string(),
        Vr::FL => f32::from_le_bytes(raw.try_into().ok()?).to_string(),
        Vr::FD => f64::from_le_bytes(raw.try_into().ok()?).to_string(),
        Vr::SV => i64::from_le_bytes(raw.try_into().ok()?).to_string(),
        Vr::UV => u64::from_le_bytes(raw.try_into().ok()?).to_string(),
        _ => return None,
    })
}

fn field(vr: Vr, text: &str, big: bool) -> Option<Vec<u8>> {
    if vr == Vr::AT {
        let half = |range: std::ops::Range<usize>| u16::from_str_radix(text.get(range)?, 16).ok();
        let halves = [half(0..4)?, half(4..8)?];
        let bytes = halves.map(|half| if big { half.to_be_bytes() } else { half.to_le_bytes() });
        return Some(bytes.concat());
    }
    let mut raw = match vr {
        Vr::US => text.parse::<u16>().ok()?.to_le_bytes().to_vec(),
        Vr::SS => text.parse::<i16>().ok()?.to_le_bytes().to_vec(),
        Vr::UL => text.parse::<u32>().ok()?.to_le_bytes().to_vec(),
        Vr::SL => text.parse::<i32>().ok()?.to_le_bytes().to_vec(),
        Vr::FL => text.parse::<f32>().ok()?.to_le_bytes().to_vec(),
        Vr::FD => text.parse::<f64>().ok()?.to_le_bytes().to_vec(),
        Vr::SV => text.parse::<i64>().ok()?.to_le_bytes().to_vec(),
        Vr::UV => text.parse::<u64>().ok()?.to_le_bytes().to_vec(),
        _ => return None,
    };
    if big {
        raw.reverse();
    }
    Some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for (vr, digits) in [
            (Vr::US, "512\\7"),
            (Vr::SS, "-3"),
            (Vr::UL, "70000"),
            (Vr::SL, "-70000"),
            (Vr::FL, "0.5"),
            (Vr::FD, "12.25"),
            (Vr::SV, "-1"),
            (Vr::UV, "1"),
            (Vr::AT, "00181063"),
        ] {
            for big in [false, true] {
                assert_eq!(text(vr, &binary(vr, digits, big), big).as_deref(), Some(digits));
            }
        }
        assert_eq!(text(Vr::US, &[1], false), None);
        assert_eq!(text(Vr::LO, b"12", false), None);
        assert_eq!(binary(Vr::US, "many", false), b"");
        assert_eq!(binary(Vr::US, "512", false), [0, 2]);
    }
}
