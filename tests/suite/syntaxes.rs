//! Real clients ask archives for compressed objects, and decode what comes.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use honeyward::wire::dicom::dataset::{DataSet, TransferSyntax, tags};

use crate::dcmtk::{dump, value};
use crate::honeynet::{Honeynet, client, text};
use crate::kept::Watch;
use crate::truth;

/// Archives beside the PACS, each as another product.
const ARCHIVES: [(&str, u8); 6] =
    [("his", 11), ("pacs", 12), ("lis", 13), ("vna", 15), ("ris", 16), ("eiarch", 17)];

/// Options of `getscu`, the syntax that comes, and what decodes it.
const ASKED: [(&str, &str, &[&str]); 4] = [
    ("+xs", "1.2.840.10008.1.2.4.70", &["dcmdjpeg"]),
    ("+xt", "1.2.840.10008.1.2.4.80", &["dcmdjpls"]),
    ("+xv", "1.2.840.10008.1.2.4.90", &["gdcmconv", "--raw"]),
    ("+xr", "1.2.840.10008.1.2.5", &["dcmdrle"]),
];

#[test]
fn objects_come_in_the_syntax_asked_for_and_show_the_same() {
    let net = Honeynet::of(&ARCHIVES, "");
    for modality in ["MR", "US"] {
        let keys = first_image(&net, modality);
        let folder = net.scratch(modality);
        let plain = got(&net, ("eiarch", "EIARCH"), &[], &keys, &folder.join("plain"));
        assert_eq!(read(&plain).0, "1.2.840.10008.1.2.1");
        for (option, syntax, decoder) in ASKED {
            let file = got(&net, ("eiarch", "EIARCH"), &[option], &keys, &folder.join(option));
            assert_eq!(read(&file).0, syntax, "{option}");
            let decoded = folder.join("decoded.dcm");
            let paths = [file.to_str().unwrap(), decoded.to_str().unwrap()];
            let output = client(decoder[0], "dcmtk", &[&decoder[1..], &paths].concat());
            assert!(output.status.success(), "{decoder:?}: {}", text(&output));
            assert!(pixels(&decoded) == pixels(&plain), "{modality} {option}: other pixels");
        }
    }
}

/// dcm4chee decodes, but codes for nobody: what it keeps as JPEG 2000 comes so or uncompressed.
#[test]
fn an_archive_that_only_decodes_fails_what_it_would_have_to_code() {
    let net = Honeynet::of(&ARCHIVES, "");
    let keys = first_image(&net, "MR");
    let folder = net.scratch("vna");
    let kept = got(&net, ("vna", "DCM4CHEE"), &["+xv"], &keys, &folder.join("kept"));
    assert_eq!(read(&kept).0, "1.2.840.10008.1.2.4.90");
    let decoded = got(&net, ("vna", "DCM4CHEE"), &[], &keys, &folder.join("decoded"));
    assert_eq!(read(&decoded).0, "1.2.840.10008.1.2.1");
    let (files, said) = retrieve(&net, ("vna", "DCM4CHEE"), &["+xs"], &keys, &folder.join("coded"));
    assert!(files.is_empty() && said.contains("OutOfResourcesSubOperations"), "{said}");
}

/// What a device sent as baseline JPEG is moved as it is, and arrives as it is.
#[test]
fn a_moved_object_arrives_as_it_is_kept() {
    let net = Honeynet::of(&ARCHIVES, "");
    let mut watch = Watch::new(&net);
    let keys = first_image(&net, "US");
    let address = net.address("ris", "dicom");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let to = ["-S", "-aec", "CLZXRIS", "-aem", "DCM4CHEE"];
    let mut arguments: Vec<&str> = to.to_vec();
    keys.iter().for_each(|key| arguments.extend(["-k", key]));
    arguments.extend([&ip[..], &port]);
    let moved = watch.run(&[("ris", "dicom"), ("vna", "dicom")], || {
        let output = client("movescu", "dcmtk", &arguments);
        assert!(output.status.success(), "{}", text(&output));
    });
    let arrived = moved[1].artefacts();
    assert_eq!(arrived.len(), 1);
    let file = net.scratch("arrived.dcm");
    fs::write(&file, &arrived[0]).unwrap();
    let said = dump(&file);
    assert_eq!(read(&file).0, "1.2.840.10008.1.2.4.50");
    assert_eq!(value(&said, "0028,0004"), "YBR_FULL_422");
    assert_eq!(value(&said, "0028,2110"), "01");
    let decoded = net.scratch("decoded.dcm");
    let output = client("dcmdjpeg", "dcmtk", &[file.to_str().unwrap(), decoded.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output));
    let varied = pixels(&decoded).iter().filter(|sample| **sample > 20).count();
    assert!(varied > 10_000, "a picture: {varied}");
}

/// Keys of the first image of a study of the last days.
fn first_image(net: &Honeynet, modality: &str) -> Vec<String> {
    let view = truth::view(net);
    let rows = (1..6).flat_map(|days| truth::listed(net, "studies", days));
    let row = rows.into_iter().find(|row| row["modality"] == modality).expect(modality);
    let study = view.study(row["uid"].as_str().unwrap()).unwrap();
    let (series, image) = truth::images(&view, &study).remove(0);
    vec![
        "QueryRetrieveLevel=IMAGE".to_owned(),
        format!("StudyInstanceUID={}", study.uid),
        format!("SeriesInstanceUID={}", series.uid),
        format!("SOPInstanceUID={}", image.uid),
    ]
}

/// The one object that `getscu` gets.
fn got(net: &Honeynet, archive: (&str, &str), options: &[&str], keys: &[String], folder: &Path) -> PathBuf {
    let (mut files, said) = retrieve(net, archive, options, keys, folder);
    assert_eq!(files.len(), 1, "{archive:?} {options:?}: {said}");
    files.remove(0)
}

fn retrieve(
    net: &Honeynet,
    (host, title): (&str, &str),
    options: &[&str],
    keys: &[String],
    folder: &Path,
) -> (Vec<PathBuf>, String) {
    fs::create_dir_all(folder).unwrap();
    let address = net.address(host, "dicom");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let mut arguments = vec!["-S", "+B", "-aec", title, "-od", folder.to_str().unwrap()];
    arguments.extend(options);
    keys.iter().for_each(|key| arguments.extend(["-k", key]));
    arguments.extend([&ip[..], &port]);
    let output = client("getscu", "dcmtk", &arguments);
    (fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect(), text(&output))
}

/// Pixels of an uncompressed file.
fn pixels(file: &Path) -> Bytes {
    let (syntax, bytes) = read(file);
    let set = DataSet::decode(&bytes, TransferSyntax::from_uid(&syntax).unwrap()).unwrap();
    set.bytes(tags::PIXEL_DATA).unwrap().clone()
}

/// Transfer Syntax UID of a file, and its data set.
fn read(file: &Path) -> (String, Bytes) {
    const GROUP: usize = 144;
    let bytes = Bytes::from(fs::read(file).unwrap());
    let length = u32::from_le_bytes(bytes[GROUP - 4..GROUP].try_into().unwrap()) as usize;
    let meta = bytes.slice(GROUP..GROUP + length);
    let meta = DataSet::decode(&meta, TransferSyntax::ExplicitLittle).unwrap();
    (meta.text(tags::TRANSFER_SYNTAX_UID).unwrap(), bytes.slice(GROUP + length..))
}
