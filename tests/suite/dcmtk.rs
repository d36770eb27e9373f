//! DCMTK's clients against the PACS of a honeynet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::honeynet::{Honeynet, client, text};

/// Runs a client on the PACS; it must succeed.
pub(crate) fn dcmtk(net: &Honeynet, program: &str, arguments: &[&str], files: &[&str]) -> String {
    let address = net.address("pacs", "dicom");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let to = ["-aec", "CLZXPACS", &ip, &port];
    let output = client(program, "dcmtk", &[arguments, &to, files].concat());
    succeeded(program, &output)
}

fn succeeded(program: &str, output: &Output) -> String {
    assert!(output.status.success(), "{program}: {}", text(output));
    text(output)
}

/// C-FIND, study root: a file for each answer.
pub(crate) fn find(net: &Honeynet, folder: &Path, keys: &[&str]) -> Vec<PathBuf> {
    retrieve_into(net, "findscu", folder, &["-X"], keys)
}

/// C-GET, study root: a file for each image.
pub(crate) fn get(net: &Honeynet, folder: &Path, keys: &[&str]) -> Vec<PathBuf> {
    retrieve_into(net, "getscu", folder, &[], keys)
}

fn retrieve_into(
    net: &Honeynet,
    program: &str,
    folder: &Path,
    options: &[&str],
    keys: &[&str],
) -> Vec<PathBuf> {
    fs::create_dir_all(folder).unwrap();
    let mut arguments = vec!["-S", "-od", folder.to_str().unwrap()];
    arguments.extend(options);
    keys.iter().for_each(|key| arguments.extend(["-k", key]));
    dcmtk(net, program, &arguments, &[]);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// `dcmdump` of a file, in UTF-8, every value whole.
pub(crate) fn dump(file: &Path) -> String {
    let output = client("dcmdump", "dcmtk", &["+U8", "+L", file.to_str().unwrap()]);
    assert!(output.stderr.is_empty(), "{}", text(&output));
    succeeded("dcmdump", &output)
}

/// The value of an element (`gggg,eeee`) at the top level of a dump.
pub(crate) fn value<'a>(dump: &'a str, tag: &str) -> &'a str {
    let line = dump.lines().find(|line| line.starts_with(&format!("({tag})")));
    let line = line.unwrap_or_else(|| panic!("no {tag}: {dump}"));
    let value = line.split_once('[').and_then(|(_, rest)| rest.rsplit_once("] "));
    value.map_or("", |(value, _)| value)
}

/// Two files hold one data set; how the lengths of sequences are written may differ.
pub(crate) fn assert_same_data_set(one: &Path, other: &Path) {
    let (one, other) = (dump(one), dump(other));
    let (one, other) = (data_set(&one), data_set(&other));
    for (left, right) in one.iter().zip(&other) {
        assert_eq!(left, right);
    }
    assert_eq!(one.len(), other.len());
}

/// The elements of a dump without the file's meta header and the marks of lengths.
fn data_set(dump: &str) -> Vec<&str> {
    let (_, data_set) = dump.split_once("# Dicom-Data-Set").unwrap();
    let elements = data_set.lines().filter(|line| {
        let line = line.trim_start();
        line.starts_with('(') && !line.starts_with("(fffe,")
    });
    elements.map(|line| line.split_once(" SQ ").map_or(line, |(tag, _)| tag)).collect()
}

/// A small image of nobody, as a scanner of papers would store it.
pub(crate) fn paper(folder: &Path) -> PathBuf {
    let [source, pixels, file] = ["paper.txt", "paper.raw", "paper.dcm"].map(|name| folder.join(name));
    let shades: Vec<u8> = (0..64 * 64).map(|n| if n % 9 == 0 { 255 } else { 32 }).collect();
    fs::write(&pixels, shades).unwrap();
    let elements = format!(
        "(0008,0005) CS [ISO_IR 192]\n(0008,0016) UI =SecondaryCaptureImageStorage\n\
         (0008,0018) UI [1.2.826.0.1.3680043.9.9999.1]\n(0008,0060) CS [OT]\n(0008,0064) CS [SI]\n\
         (0010,0010) PN [Wai^Lai=外^来]\n(0010,0020) LO [EXT0001]\n\
         (0020,000d) UI [1.2.826.0.1.3680043.9.9999.2]\n(0020,000e) UI [1.2.826.0.1.3680043.9.9999.3]\n\
         (0028,0002) US 1\n(0028,0004) CS [MONOCHROME2]\n(0028,0010) US 64\n(0028,0011) US 64\n\
         (0028,0100) US 8\n(0028,0101) US 8\n(0028,0102) US 7\n(0028,0103) US 0\n(7fe0,0010) OB ={}\n",
        pixels.display(),
    );
    fs::write(&source, elements).unwrap();
    let arguments = ["+te", source.to_str().unwrap(), file.to_str().unwrap()];
    succeeded("dump2dcm", &client("dump2dcm", "dcmtk", &arguments));
    assert!(file.is_file(), "dump2dcm made nothing");
    file
}
