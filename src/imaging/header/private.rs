//! Elements that makers add in odd groups, under the creators by which tools know them (PS3.5 7.8).

use bytes::Bytes;

use super::{Maker, Subject};
use crate::wire::dicom::dataset::{DataSet, Tag, Vr, tags};
use crate::world::Modality;

/// A header with what its device's maker adds.
pub(crate) fn with(mut set: DataSet, s: &Subject<'_>) -> DataSet {
    match (s.maker(), s.study.modality) {
        (Maker::Siemens, Modality::CT) => siemens_ct(&mut set),
        (Maker::Siemens, Modality::MR) => siemens_mr(&mut set, s),
        (Maker::Ge, Modality::CT) => ge_ct(&mut set, s),
        (Maker::Ge, Modality::MR) => ge_mr(&mut set, s),
        (Maker::Ge, Modality::MG) => ge_mammography(&mut set),
        (Maker::UnitedImaging, Modality::CT) => united_ct(&mut set, s),
        (Maker::Agfa, Modality::DX | Modality::CR) => agfa(&mut set, s),
        (Maker::Philips, Modality::DX) => philips(&mut set, s),
        _ => {}
    }
    set
}

/// A block of a group: its first elements are reserved by a creator.
struct Block<'a> {
    set: &'a mut DataSet,
    group: u16,
    place: u16,
}

impl<'a> Block<'a> {
    fn reserve(set: &'a mut DataSet, group: u16, place: u16, creator: &str) -> Self {
        let mut block = Block { set, group, place };
        let tag = Tag(group, place);
        block.put(tag, Vr::LO, creator.as_bytes().to_vec());
        block
    }

    fn put(&mut self, tag: Tag, vr: Vr, mut value: Vec<u8>) {
        if value.len() % 2 == 1 {
            value.push(if vr == Vr::OB || vr == Vr::UI { 0 } else { b' ' });
        }
        self.set.put_bytes(tag, vr, Bytes::from(value));
    }

    fn text(&mut self, element: u8, vr: Vr, value: &str) -> &mut Self {
        self.put(Tag(self.group, self.place << 8 | u16::from(element)), vr, value.as_bytes().to_vec());
        self
    }

    fn bytes(&mut self, element: u8, vr: Vr, value: Vec<u8>) -> &mut Self {
        self.put(Tag(self.group, self.place << 8 | u16::from(element)), vr, value);
        self
    }

    fn short(&mut self, element: u8, value: i16) -> &mut Self {
        self.bytes(element, Vr::SS, value.to_le_bytes().to_vec())
    }

    fn long(&mut self, element: u8, value: i32) -> &mut Self {
        self.bytes(element, Vr::SL, value.to_le_bytes().to_vec())
    }

    fn single(&mut self, element: u8, value: f32) -> &mut Self {
        self.bytes(element, Vr::FL, value.to_le_bytes().to_vec())
    }
}

fn siemens_ct(set: &mut DataSet) {
    Block::reserve(set, 0x0019, 0x10, "SIEMENS CT VA0  COAD").text(0x92, Vr::DS, "4").text(
        0x93,
        Vr::DS,
        "1000",
    );
    Block::reserve(set, 0x0021, 0x10, "SIEMENS MED").text(0x11, Vr::DS, "0\\0");
    let values = csa(set, &[("Actual3DImaPartNumber", "IS", None)]);
    Block::reserve(set, 0x0029, 0x10, "SIEMENS CSA HEADER")
        .text(0x08, Vr::CS, "SOM 5")
        .text(0x09, Vr::LO, "VA10A 971201")
        .bytes(0x10, Vr::OB, values);
}

fn siemens_mr(set: &mut DataSet, s: &Subject<'_>) {
    let image = csa(
        set,
        &[
            ("ImagePositionPatient", "FD", Some(tags::IMAGE_POSITION_PATIENT)),
            ("ImageOrientationPatient", "FD", Some(tags::IMAGE_ORIENTATION_PATIENT)),
            ("SliceLocation", "FD", Some(tags::SLICE_LOCATION)),
            ("SliceThickness", "DS", Some(tags::SLICE_THICKNESS)),
            ("PixelSpacing", "DS", Some(tags::PIXEL_SPACING)),
            ("RepetitionTime", "DS", Some(tags::REPETITION_TIME)),
            ("EchoTime", "DS", Some(tags::ECHO_TIME)),
            ("FlipAngle", "DS", Some(tags::FLIP_ANGLE)),
            ("ImagingFrequency", "DS", Some(tags::IMAGING_FREQUENCY)),
            ("PixelBandwidth", "DS", Some(tags::PIXEL_BANDWIDTH)),
            ("PhaseEncodingDirectionPositive", "IS", None),
        ],
    );
    let series = csa(
        set,
        &[
            ("ProtocolName", "LO", Some(tags::PROTOCOL_NAME)),
            ("PatientPosition", "CS", Some(tags::PATIENT_POSITION)),
            ("SequenceFileOwner", "SH", None),
        ],
    );
    let said = |tag| set.text(tag).unwrap_or_default();
    let (rows, thick) = (set.u16(tags::ROWS).unwrap_or_default(), said(tags::SLICE_THICKNESS));
    let spacing: f64 =
        said(tags::PIXEL_SPACING).split('\\').next().and_then(|v| v.parse().ok()).unwrap_or(0.0);
    let field = (spacing * f64::from(rows)).round();
    let away = said(tags::SLICE_LOCATION);
    Block::reserve(set, 0x0029, 0x10, "SIEMENS CSA HEADER")
        .text(0x08, Vr::CS, "IMAGE NUM 4")
        .text(0x09, Vr::LO, "20140106")
        .bytes(0x10, Vr::OB, image)
        .text(0x18, Vr::CS, "MR")
        .text(0x19, Vr::LO, "20140106")
        .bytes(0x20, Vr::OB, series);
    Block::reserve(set, 0x0029, 0x11, "SIEMENS MEDCOM HEADER2").text(0x60, Vr::LO, "com");
    Block::reserve(set, 0x0051, 0x10, "SIEMENS MR HEADER")
        .text(0x08, Vr::CS, "IMAGE NUM 4")
        .text(0x09, Vr::LO, "1.0")
        .text(0x0a, Vr::LO, &format!("TA {:02}:{:02}", 1 + s.series.number % 3, 7 * s.series.number % 60))
        .text(0x0b, Vr::SH, &format!("{rows}*{rows}"))
        .text(0x0c, Vr::LO, &format!("FoV {field}*{field}"))
        .text(0x0d, Vr::SH, &format!("SP H{away}"))
        .text(0x17, Vr::SH, &format!("SL {thick}"));
}

/// A header of version 2 (`SV10`): named values, each as text in items of four bytes' multiple.
fn csa(set: &DataSet, wanted: &[(&str, &str, Option<Tag>)]) -> Vec<u8> {
    const MARK: i32 = 77;
    const MARK_OF_TAG: i32 = 205;
    const LEAST_ITEMS: usize = 6;
    let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX).to_le_bytes();
    let mut out = b"SV10\x04\x03\x02\x01".to_vec();
    out.extend(number(wanted.len()));
    out.extend(MARK.to_le_bytes());
    for (name, vr, tag) in wanted {
        let text = tag.and_then(|tag| set.text(tag)).unwrap_or_default();
        let values: Vec<&str> = text.split('\\').filter(|value| !value.is_empty()).collect();
        let mut field = [0; 64];
        field.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
        out.extend(field);
        out.extend(number(values.len()));
        let mut kind = [0; 4];
        kind.iter_mut().zip(vr.bytes()).for_each(|(slot, byte)| *slot = byte);
        out.extend(kind);
        out.extend(number(match *vr {
            "DS" => 3,
            "FD" => 4,
            "IS" => 6,
            "CS" => 16,
            _ => 19,
        }));
        let items = if values.is_empty() { 0 } else { values.len().max(LEAST_ITEMS) };
        out.extend(number(items));
        out.extend(MARK_OF_TAG.to_le_bytes());
        for i in 0..items {
            let value = values.get(i).map(|value| [value.as_bytes(), b"\0"].concat()).unwrap_or_default();
            let length = number(value.len());
            out.extend(length);
            out.extend(length);
            out.extend(MARK.to_le_bytes());
            out.extend(length);
            out.extend(&value);
            out.resize(out.len() + (4 - value.len() % 4) % 4, 0);
        }
    }
    out
}

/// What all of a maker's scanners of the family say of themselves.
fn ge_identity(set: &mut DataSet, s: &Subject<'_>, product: &str) {
    let seconds = i32::try_from(s.study.started.as_second()).unwrap_or(i32::MAX);
    Block::reserve(set, 0x0009, 0x10, "GEMS_IDEN_01")
        .text(0x01, Vr::LO, product)
        .text(0x02, Vr::SH, &s.study.device.station)
        .text(0x04, Vr::SH, s.study.device.model.split(' ').next().unwrap_or_default())
        .long(0x27, seconds);
}

fn ge_ct(set: &mut DataSet, s: &Subject<'_>) {
    ge_identity(set, s, "CT_LIGHTSPEED");
    let place: f32 = set.text(tags::SLICE_LOCATION).and_then(|z| z.parse().ok()).unwrap_or(0.0);
    Block::reserve(set, 0x0019, 0x10, "GEMS_ACQU_01")
        .long(0x02, 912)
        .text(0x18, Vr::LO, if place > 0.0 { "S" } else { "I" })
        .text(0x23, Vr::DS, "39.375")
        .text(0x27, Vr::DS, "0.5")
        .short(0x39, 16);
    Block::reserve(set, 0x0027, 0x10, "GEMS_IMAG_01").short(0x10, 0).single(0x41, place);
    Block::reserve(set, 0x0043, 0x10, "GEMS_PARM_01").short(0x10, 400).short(0x12, 14);
    Block::reserve(set, 0x0045, 0x10, "GEMS_HELIOS_01").short(0x01, 64).single(0x02, 0.625);
}

fn ge_mr(set: &mut DataSet, s: &Subject<'_>) {
    ge_identity(set, s, "SIGNA");
    let diffusion = s.series.description.contains("DWI");
    let kind = if diffusion { "epi2" } else { "fse-xl" };
    Block::reserve(set, 0x0019, 0x10, "GEMS_ACQU_01").text(0x9c, Vr::LO, kind).text(0x9e, Vr::LO, kind);
    let weight = if diffusion { "1000\\8\\0\\0" } else { "0\\0\\0\\0" };
    Block::reserve(set, 0x0043, 0x10, "GEMS_PARM_01").text(0x39, Vr::IS, weight);
}

fn ge_mammography(set: &mut DataSet) {
    let thickness = set.text(tags::BODY_PART_THICKNESS).unwrap_or_default();
    let angle = set.text(tags::POSITIONER_PRIMARY_ANGLE).unwrap_or_default();
    Block::reserve(set, 0x0045, 0x10, "GEMS_SENO_02")
        .text(0x06, Vr::DS, &angle)
        .text(0x09, Vr::DS, &thickness)
        .text(0x1b, Vr::LO, "STANDARD");
}

fn united_ct(set: &mut DataSet, s: &Subject<'_>) {
    let number = s.instance.number.to_string();
    let count = s.series.instances.to_string();
    Block::reserve(set, 0x0065, 0x10, "Image Private Header").text(0x50, Vr::DS, &count).text(
        0x0a,
        Vr::SH,
        &number,
    );
}

fn agfa(set: &mut DataSet, s: &Subject<'_>) {
    let way = if s.study.modality == Modality::CR { "PORTRAIT" } else { "LANDSCAPE" };
    Block::reserve(set, 0x0019, 0x10, "Agfa ADC NX").text(0xf5, Vr::CS, way);
}

fn philips(set: &mut DataSet, s: &Subject<'_>) {
    Block::reserve(set, 0x2001, 0x10, "Philips Imaging DD 001").text(0x63, Vr::CS, "ELSEWHERE");
    Block::reserve(set, 0x200b, 0x10, "Philips RAD Imaging DD 001").text(0x40, Vr::LO, &s.series.protocol);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_csa_header_are_found_where_readers_look() {
        let mut set = DataSet::new();
        set.put_str(tags::SLICE_LOCATION, "-12.5");
        let bytes =
            csa(&set, &[("SliceLocation", "FD", Some(tags::SLICE_LOCATION)), ("Nothing", "IS", None)]);
        assert_eq!(bytes[..8], *b"SV10\x04\x03\x02\x01");
        assert_eq!(bytes[8..16], [2, 0, 0, 0, 77, 0, 0, 0]);
        assert_eq!(&bytes[16..29], b"SliceLocation");
        // Name, count, representation, type, items, mark; then four lengths and the value.
        let value = 16 + 64 + 4 + 4 + 4 + 4 + 4 + 16;
        assert_eq!(&bytes[value..value + 6], b"-12.5\0");
        let next = value + 8 + 5 * 16;
        assert_eq!(&bytes[next..next + 7], b"Nothing");
        assert_eq!(bytes.len(), next + 64 + 20);
    }

    #[test]
    fn a_block_is_reserved_before_it_is_used() {
        let mut set = DataSet::new();
        Block::reserve(&mut set, 0x0043, 0x11, "MAKER").short(0x12, -2);
        assert_eq!(set.text(Tag(0x0043, 0x0011)).as_deref(), Some("MAKER"));
        assert_eq!(set.bytes(Tag(0x0043, 0x1112)).unwrap()[..], [0xfe, 0xff]);
    }
}
