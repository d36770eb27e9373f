//! What the codecs write, read by the decoders of DCMTK and GDCM: every pixel must come back.

use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use honeyward::imaging::Form;
use honeyward::imaging::codec::{in_form, transcode};
use honeyward::wire::dicom::dataset::{Coding, DataSet, FileMeta, TransferSyntax, Vr, part10, tags, uids};

/// Codings without loss, with the tool that decodes each.
const LOSSLESS: [(Coding, &str); 5] = [
    (Coding::JpegLossless, "dcmdjpeg"),
    (Coding::JpegLosslessFirstOrder, "dcmdjpeg"),
    (Coding::JpegLsLossless, "dcmdjpls"),
    (Coding::Jpeg2000Lossless, "gdcmconv"),
    (Coding::Rle, "dcmdrle"),
];

/// A kind of image.
#[derive(Debug, Clone, Copy)]
struct Kind {
    columns: u16,
    rows: u16,
    frames: u16,
    components: u16,
    bits: u16,
    allocated: u16,
    signed: bool,
}

impl Kind {
    const fn grey(bits: u16, allocated: u16, signed: bool) -> Self {
        Kind { columns: 67, rows: 45, frames: 1, components: 1, bits, allocated, signed }
    }
}

const KINDS: [Kind; 10] = [
    Kind::grey(8, 8, false),
    Kind::grey(10, 16, false),
    Kind::grey(12, 16, false),
    Kind::grey(16, 16, false),
    Kind::grey(12, 16, true),
    Kind::grey(16, 16, true),
    Kind { components: 3, ..Kind::grey(8, 8, false) },
    Kind { components: 3, frames: 3, ..Kind::grey(8, 8, false) },
    Kind { frames: 4, ..Kind::grey(12, 16, false) },
    Kind { columns: 1, rows: 1, ..Kind::grey(12, 16, false) },
];

#[test]
fn every_pixel_comes_back() {
    for kind in KINDS {
        for (coding, decoder) in LOSSLESS {
            let folder = tempfile::tempdir().unwrap();
            let drawn = image(kind);
            let file = save(folder.path(), &transcode(drawn.clone(), coding).unwrap(), coding);
            let plain = folder.path().join("plain.dcm");
            let raw: &[&str] = if decoder == "gdcmconv" { &["--raw"] } else { &[] };
            run(decoder, &[raw, &[file.to_str().unwrap(), plain.to_str().unwrap()]].concat());
            assert_eq!(Some(&pixels(&plain)), drawn.bytes(tags::PIXEL_DATA), "{coding:?} {kind:?}");
        }
    }
}

/// What others write is read here as they meant it: what an intruder stores is decoded for him.
#[test]
fn what_others_write_is_read() {
    let encoders: [(Coding, &str, &[&str]); 5] = [
        (Coding::Rle, "dcmcrle", &[]),
        (Coding::JpegLosslessFirstOrder, "dcmcjpeg", &["+e1"]),
        (Coding::JpegLsLossless, "dcmcjpls", &["+il"]),
        (Coding::Jpeg2000Lossless, "gdcmconv", &["--j2k"]),
        (Coding::JpegLossless, "dcmcjpeg", &["+el", "+sv", "6"]),
    ];
    // GDCM takes no colours and no single pixel for JPEG 2000.
    let taken = |kind: &Kind, coding| {
        coding != Coding::Jpeg2000Lossless || (kind.components == 1 && kind.columns > 1 && kind.frames == 1)
    };
    for (coding, encoder, options) in encoders {
        for kind in KINDS.into_iter().filter(|kind| taken(kind, coding)) {
            let folder = tempfile::tempdir().unwrap();
            let drawn = image(kind);
            let plain = save_in(folder.path(), &drawn, TransferSyntax::ExplicitLittle);
            let coded = folder.path().join("theirs.dcm");
            run(encoder, &[options, &[plain.to_str().unwrap(), coded.to_str().unwrap()]].concat());
            let set = read(&coded, TransferSyntax::Encapsulated(coding));
            let read =
                honeyward::wire::pixels::plain(set, coding).unwrap_or_else(|_| panic!("{coding:?} {kind:?}"));
            assert_eq!(meant(&read, kind), meant(&drawn, kind), "{coding:?} {kind:?}");
        }
    }
}

/// The bits of each sample that mean something.
fn meant(set: &DataSet, kind: Kind) -> Vec<u16> {
    let pixels = set.bytes(tags::PIXEL_DATA).unwrap();
    if kind.allocated == 8 {
        return pixels.iter().map(|byte| u16::from(*byte)).collect();
    }
    let mask = u16::MAX >> (16 - kind.bits);
    pixels.as_chunks::<2>().0.iter().map(|raw| u16::from_le_bytes(*raw) & mask).collect()
}

/// An image that a device kept as baseline JPEG: what an archive sends decoded is what others decode,
/// but for a step of rounding, and both say what was lost.
#[test]
fn what_was_lost_is_lost_in_every_syntax() {
    let baseline = TransferSyntax::Encapsulated(Coding::JpegBaseline);
    for components in [1, 3] {
        let drawn = image(Kind { components, columns: 70, frames: 2, ..Kind::grey(8, 8, false) });
        let plain = TransferSyntax::ExplicitLittle;
        let form = |sent| in_form(&drawn.encode(plain), Form { kept: baseline, sent }).unwrap();
        let coded = DataSet::decode(&form(baseline), baseline).unwrap();
        let shown = DataSet::decode(&form(plain), plain).unwrap();
        for set in [&coded, &shown] {
            assert_eq!(set.text(tags::LOSSY_IMAGE_COMPRESSION).as_deref(), Some("01"));
            assert_eq!(set.text(tags::LOSSY_IMAGE_COMPRESSION_METHOD).as_deref(), Some("ISO_10918_1"));
        }
        let colours = [(1, "MONOCHROME2"), (3, "YBR_FULL_422")].into_iter().find(|(n, _)| *n == components);
        assert_eq!(coded.text(tags::PHOTOMETRIC_INTERPRETATION).as_deref(), colours.map(|(_, c)| c));
        let folder = tempfile::tempdir().unwrap();
        let file = save(folder.path(), &coded, Coding::JpegBaseline);
        let decoded = folder.path().join("plain.dcm");
        run("dcmdjpeg", &[file.to_str().unwrap(), decoded.to_str().unwrap()]);
        let (ours, theirs) = (shown.bytes(tags::PIXEL_DATA).unwrap(), pixels(&decoded));
        assert_eq!(ours.len(), theirs.len());
        let furthest = ours.iter().zip(&theirs).map(|(one, two)| one.abs_diff(*two)).max().unwrap();
        assert!(furthest <= 3, "{components} components: {furthest}");
        let lossless = TransferSyntax::Encapsulated(Coding::JpegLosslessFirstOrder);
        let again = DataSet::decode(&form(lossless), lossless).unwrap();
        let file = save(folder.path(), &again, Coding::JpegLosslessFirstOrder);
        run("dcmdjpeg", &[file.to_str().unwrap(), decoded.to_str().unwrap()]);
        assert_eq!(&pixels(&decoded), ours);
    }
}

/// A gradient with a flat corner, a bright bar and noise.
fn image(kind: Kind) -> DataSet {
    let mut set = DataSet::new();
    set.put_str(tags::SOP_CLASS_UID, uids::MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE_IMAGE_STORAGE);
    set.put_str(tags::SOP_INSTANCE_UID, "1.2.3.4");
    set.put_u16(tags::SAMPLES_PER_PIXEL, kind.components);
    set.put_str(tags::PHOTOMETRIC_INTERPRETATION, if kind.components == 3 { "RGB" } else { "MONOCHROME2" });
    if kind.components == 3 {
        set.put_u16(tags::PLANAR_CONFIGURATION, 0);
    }
    set.put_integers(tags::NUMBER_OF_FRAMES, &[kind.frames.into()]);
    set.put_u16(tags::ROWS, kind.rows);
    set.put_u16(tags::COLUMNS, kind.columns);
    set.put_u16(tags::BITS_ALLOCATED, kind.allocated);
    set.put_u16(tags::BITS_STORED, kind.bits);
    set.put_u16(tags::HIGH_BIT, kind.bits - 1);
    set.put_u16(tags::PIXEL_REPRESENTATION, u16::from(kind.signed));
    let vr = if kind.allocated == 8 { Vr::OB } else { Vr::OW };
    set.put_bytes(tags::PIXEL_DATA, vr, Bytes::from(samples(kind)));
    set
}

fn samples(kind: Kind) -> Vec<u8> {
    let span = 1i64 << kind.bits;
    let mut noise = 1u64;
    let mut out = Vec::new();
    for frame in 0..i64::from(kind.frames) {
        for row in 0..i64::from(kind.rows) {
            for column in 0..i64::from(kind.columns) {
                for component in 0..i64::from(kind.components) {
                    noise =
                        noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let value = match (row, column) {
                        (..12, ..20) => 5,
                        (_, 30..33) => span - 1,
                        (20.., 50..) => i64::try_from(noise >> 40).unwrap() % span,
                        _ => (row * 7 + column * 3 + component * 11 + frame * 13) % span,
                    };
                    let low = if kind.signed { value - span / 2 } else { value };
                    let bytes = low.to_le_bytes();
                    out.extend_from_slice(&bytes[..usize::from(kind.allocated / 8)]);
                }
            }
        }
    }
    if out.len() % 2 == 1 {
        out.push(0);
    }
    out
}

fn save(folder: &Path, set: &DataSet, coding: Coding) -> PathBuf {
    save_in(folder, set, TransferSyntax::Encapsulated(coding))
}

fn save_in(folder: &Path, set: &DataSet, ts: TransferSyntax) -> PathBuf {
    let meta = FileMeta {
        sop_class: uids::MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE_IMAGE_STORAGE,
        sop_instance: "1.2.3.4",
        transfer_syntax: ts.uid(),
        implementation: "1.2.3.5",
        version: "TEST",
        source: "",
    };
    let file = folder.join("coded.dcm");
    std::fs::write(&file, part10(&meta, &set.encode(ts))).unwrap();
    file
}

fn pixels(file: &Path) -> Bytes {
    read(file, TransferSyntax::ExplicitLittle).bytes(tags::PIXEL_DATA).unwrap().clone()
}

fn read(file: &Path, ts: TransferSyntax) -> DataSet {
    let bytes = Bytes::from(std::fs::read(file).unwrap());
    let group: u32 = u32::from_le_bytes(bytes[140..144].try_into().unwrap());
    DataSet::decode(&bytes.slice(144 + group as usize..), ts).unwrap()
}

fn run(tool: &str, arguments: &[&str]) {
    let ended = Command::new(tool).args(arguments).output().unwrap_or_else(|e| panic!("{tool}: {e}"));
    assert!(ended.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
}
