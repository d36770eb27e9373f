use super::*;
use crate::wire::dicom::dataset::{DataSet, FileMeta, Tag, TransferSyntax, Vr, part10, tags};

/// A DICOM file of one element beside its identity.
fn object(tag: Tag, vr: Vr, value: &[u8]) -> Bytes {
    let meta = FileMeta {
        sop_class: "1.2.840.10008.5.1.4.1.1.7",
        sop_instance: "1.2.3",
        transfer_syntax: TransferSyntax::ExplicitLittle.uid(),
        implementation: "1.2.3.4",
        version: "",
        source: "",
    };
    let mut set = DataSet::new();
    set.put_str(tags::PATIENT_ID, "0001");
    set.put_bytes(tag, vr, Bytes::copy_from_slice(value));
    part10(&meta, &set.encode(TransferSyntax::ExplicitLittle)).into()
}

fn program() -> Vec<u8> {
    let mut pe = vec![0; 0x80];
    pe[..2].copy_from_slice(b"MZ");
    pe[0x3C] = 0x40;
    pe[0x40..0x44].copy_from_slice(b"PE\0\0");
    pe
}

fn told(file: &Bytes) -> Vec<(String, Option<&'static str>)> {
    inspect(file).found.into_iter().map(|finding| (finding.what, finding.weakness)).collect()
}

#[test]
fn kinds_are_known_by_their_bytes() {
    let files: [(&[u8], Kind); 9] = [
        (b"\x7fELF\x02\x01\x01", Kind::Elf),
        (b"PK\x03\x04\x14\x00", Kind::Zip),
        (b"#!/bin/sh\nid\n", Kind::Script),
        (b"<%@ page import=\"java.util.*\" %>", Kind::ServerPage),
        (b"%PDF-1.7\n", Kind::Pdf),
        (b"MZ and no more", Kind::Unknown),
        ("患者姓名,住院号\n".as_bytes(), Kind::Text),
        (b"\x00\x01\x02\x03", Kind::Unknown),
        (b"", Kind::Unknown),
    ];
    for (bytes, kind) in files {
        let found = Kind::of(bytes);
        assert!(found == kind || kind == Kind::Unknown && found == Kind::Text, "{bytes:?}: {found:?}");
    }
    assert_eq!(Kind::of(&program()), Kind::Pe);
}

#[test]
fn a_clean_object_carries_nothing() {
    let clean = object(tags::PIXEL_DATA, Vr::OW, &[7; 4000]);
    assert_eq!((inspect(&clean).kind, told(&clean)), (Kind::Dicom, vec![]));
    let notes = object(Tag(0x0029, 0x1010), Vr::OB, b"SV10\x04\x03\x02\x01");
    assert_eq!(told(&notes), []);
}

#[test]
fn programs_and_archives_are_found_where_they_hide() {
    let private = Tag(0x0009, 0x1010);
    let hidden = object(private, Vr::OB, &program());
    let media = "application/vnd.microsoft.portable-executable";
    assert_eq!(told(&hidden), [(format!("{media} in (0009,1010)"), Some("program-in-object"))]);
    let finding = inspect(&hidden).found.remove(0);
    assert_eq!(&hidden[finding.at], &program()[..]);
    let pixels = object(tags::PIXEL_DATA, Vr::OW, b"Rar!\x1a\x07\x01\x00");
    assert_eq!(told(&pixels), [("application/vnd.rar in (7FE0,0010)".into(), Some("archive-in-object"))]);
    let notes = object(private, Vr::OB, b"PK\x03\x04\x14\x00");
    assert_eq!(told(&notes), [("application/zip in (0009,1010)".into(), None)]);
}

#[test]
fn a_preamble_that_is_a_program_is_the_polyglot_weakness() {
    let mut file = object(tags::PIXEL_DATA, Vr::OW, &[0; 64]).to_vec();
    let pe = file.len();
    file[..2].copy_from_slice(b"MZ");
    file[0x3C..0x40].copy_from_slice(&u32::try_from(pe).unwrap().to_le_bytes());
    file.extend_from_slice(b"PE\0\0rest");
    let file = Bytes::from(file);
    assert_eq!(told(&file)[0].1, Some("CVE-2019-11687"));
    let mut slide = object(tags::PIXEL_DATA, Vr::OW, &[0; 64]).to_vec();
    slide[..4].copy_from_slice(b"II*\0");
    assert_eq!(told(&slide.into()), [("image/tiff in the preamble".into(), None)]);
}

#[test]
fn documents_that_act_are_told_from_those_that_show() {
    let document = Tag(0x0042, 0x0011);
    let shows = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction[3 0 R/Fit]>>endobj";
    assert_eq!(told(&object(document, Vr::OB, shows)), []);
    let acts = b"%PDF-1.4\n1 0 obj<</OpenAction<</S/J#61vaScript/JS(app.alert)>>/AA<</S /Launch>>>>endobj ";
    let said: Vec<_> = told(&object(document, Vr::OB, acts)).into_iter().map(|(what, _)| what).collect();
    assert_eq!(said, ["JavaScript", "JS", "Launch"].map(|name| format!("{name} in application/pdf")));
}

#[test]
fn text_for_an_interpreter_is_named() {
    assert_eq!(injection(b"${JNDI:ldap://x}"), Some("CVE-2021-44228"));
    assert_eq!(injection(b"' OR '1'='1"), Some("sql-injection"));
    assert_eq!(injection(b"../../etc/cron.d/x"), Some("path-traversal"));
    assert_eq!(injection("Zhang^San=张^三".as_bytes()), None);
    assert_eq!(injection(b"1.2.840.10008.1.2"), None);
}
