//! Kinds of files, by their first bytes.

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A DICOM file (PS3.10 7.1).
    Dicom,
    /// Windows program (PE, or MZ alone).
    Pe,
    /// ELF program or library.
    Elf,
    /// Mach-O program.
    MachO,
    /// Java class.
    Class,
    /// ZIP, and what is built on it: JAR, WAR, APK, OOXML.
    Zip,
    /// RAR.
    Rar,
    /// 7-Zip.
    SevenZip,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// Microsoft cabinet.
    Cab,
    /// OLE compound file: old Office documents, MSI.
    Ole,
    /// Windows shortcut.
    Shortcut,
    /// Script with an interpreter line.
    Script,
    /// PHP.
    Php,
    /// JSP or ASP.
    ServerPage,
    /// PDF.
    Pdf,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// TIFF.
    Tiff,
    /// GIF.
    Gif,
    /// HTML.
    Html,
    /// XML.
    Xml,
    /// None of these, printable.
    Text,
    /// None of these.
    Unknown,
}

/// What a kind of file is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// It runs.
    Program,
    /// It holds other files.
    Archive,
    /// Neither.
    Data,
}

/// First bytes that name a kind; at least three, since shorter ones come about by chance.
const STARTS: [(&[u8], Kind); 26] = [
    (b"\x7fELF", Kind::Elf),
    (b"\xcf\xfa\xed\xfe", Kind::MachO),
    (b"\xce\xfa\xed\xfe", Kind::MachO),
    (b"\xca\xfe\xba\xbe", Kind::Class),
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"Rar!\x1a\x07", Kind::Rar),
    (b"7z\xbc\xaf\x27\x1c", Kind::SevenZip),
    (b"\x1f\x8b\x08", Kind::Gzip),
    (b"BZh", Kind::Bzip2),
    (b"\xfd7zXZ\x00", Kind::Xz),
    (b"MSCF\x00\x00\x00\x00", Kind::Cab),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Ole),
    (b"L\x00\x00\x00\x01\x14\x02\x00", Kind::Shortcut),
    (b"<?php", Kind::Php),
    (b"<%@", Kind::ServerPage),
    (b"%PDF-", Kind::Pdf),
    (b"\x89PNG\r\n\x1a\n", Kind::Png),
    (b"\xff\xd8\xff", Kind::Jpeg),
    (b"II*\x00", Kind::Tiff),
    (b"MM\x00*", Kind::Tiff),
    (b"GIF8", Kind::Gif),
    (b"<!DOCTYPE html", Kind::Html),
    (b"<html", Kind::Html),
    (b"<?xml", Kind::Xml),
    (b"#!/", Kind::Script),
];

/// Where the prefix of a DICOM file stands.
const PREFIX: usize = 128;

/// Where an MZ program says how far its PE header is.
const PE_OFFSET: usize = 0x3C;

/// Bytes that are looked at to tell text from the rest.
const SAMPLE: usize = 512;

impl Kind {
    /// The kind of a file that starts so.
    pub fn of(bytes: &[u8]) -> Kind {
        if bytes.get(PREFIX..PREFIX + 4) == Some(b"DICM") {
            return Kind::Dicom;
        }
        Kind::plain(bytes)
    }

    /// The same, without looking for DICOM behind a preamble.
    pub(super) fn plain(bytes: &[u8]) -> Kind {
        if is_mz(bytes) {
            return Kind::Pe;
        }
        let known = STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind);
        known.unwrap_or_else(|| if is_text(bytes) { Kind::Text } else { Kind::Unknown })
    }

    /// Its media type.
    pub fn media(self) -> &'static str {
        match self {
            Kind::Dicom => "application/dicom",
            Kind::Pe => "application/vnd.microsoft.portable-executable",
            Kind::Elf => "application/x-elf",
            Kind::MachO => "application/x-mach-binary",
            Kind::Class => "application/java-vm",
            Kind::Zip => "application/zip",
            Kind::Rar => "application/vnd.rar",
            Kind::SevenZip => "application/x-7z-compressed",
            Kind::Gzip => "application/gzip",
            Kind::Bzip2 => "application/x-bzip2",
            Kind::Xz => "application/x-xz",
            Kind::Cab => "application/vnd.ms-cab-compressed",
            Kind::Ole => "application/x-ole-storage",
            Kind::Shortcut => "application/x-ms-shortcut",
            Kind::Script => "text/x-script",
            Kind::Php => "application/x-httpd-php",
            Kind::ServerPage => "text/x-server-page",
            Kind::Pdf => "application/pdf",
            Kind::Png => "image/png",
            Kind::Jpeg => "image/jpeg",
            Kind::Tiff => "image/tiff",
            Kind::Gif => "image/gif",
            Kind::Html => "text/html",
            Kind::Xml => "application/xml",
            Kind::Text => "text/plain",
            Kind::Unknown => "application/octet-stream",
        }
    }

    /// What it is good for.
    pub fn nature(self) -> Nature {
        match self {
            Kind::Pe
            | Kind::Elf
            | Kind::MachO
            | Kind::Class
            | Kind::Script
            | Kind::Php
            | Kind::ServerPage
            | Kind::Shortcut => Nature::Program,
            Kind::Zip
            | Kind::Rar
            | Kind::SevenZip
            | Kind::Gzip
            | Kind::Bzip2
            | Kind::Xz
            | Kind::Cab
            | Kind::Ole => Nature::Archive,
            Kind::Dicom
            | Kind::Pdf
            | Kind::Png
            | Kind::Jpeg
            | Kind::Tiff
            | Kind::Gif
            | Kind::Html
            | Kind::Xml
            | Kind::Text
            | Kind::Unknown => Nature::Data,
        }
    }
}

/// Two letters are too few: the PE header must be where they say, or lie beyond what is there.
fn is_mz(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"MZ") {
        return false;
    }
    let Some(raw) = bytes.get(PE_OFFSET..).and_then(|rest| rest.first_chunk::<4>()) else { return false };
    let at = usize::try_from(u32::from_le_bytes(*raw)).unwrap_or(usize::MAX);
    match at.checked_add(4).and_then(|end| bytes.get(at..end)) {
        Some(signature) => signature == b"PE\0\0",
        None => at > PE_OFFSET && at < MAX_PE_OFFSET,
    }
}

/// No program has its PE header farther away; what points beyond is chance.
const MAX_PE_OFFSET: usize = 64 << 20;

fn is_text(bytes: &[u8]) -> bool {
    let sample = bytes.get(..SAMPLE.min(bytes.len())).unwrap_or_default();
    !sample.is_empty() && sample.iter().all(|byte| !matches!(byte, 0..=8 | 14..=26 | 28..=31 | 0x7F))
}
