//! DICOM files: a preamble that is a program, and what private elements, pixel data and encapsulated
//! documents carry (PS3.10 7.1; CVE-2019-11687).

use std::ops::Range;

use bytes::Bytes;

use super::{Finding, Kind, MAX_FOUND, Nature, pdf};
use crate::wire::dicom::dataset::{Tag, TransferSyntax, inflate, tags};
use crate::wire::dicom::elements::{Elements, Flat};

/// Preamble, prefix, and the group length element that starts the meta information.
const META: usize = 132;
const GROUP_LENGTH_ELEMENT: usize = 12;

const ENCAPSULATED_DOCUMENT: Tag = Tag(0x0042, 0x0011);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);

/// Elements looked at: real objects have some hundreds at the top level.
const MAX_ELEMENTS: usize = 4096;

/// Most bytes that a deflated data set is opened to.
const MAX_INFLATED: usize = 4 << 20;

pub(super) fn inspect(file: &Bytes) -> Vec<Finding> {
    let mut found: Vec<Finding> = preamble(file).into_iter().collect();
    let Some((start, syntax)) = data_set(file) else { return found };
    let rest = file.slice(start..);
    if syntax == TransferSyntax::Deflated {
        // Places in what was inflated are none in the file.
        let mut hidden = elements(&inflate(&rest, MAX_INFLATED), syntax, 0);
        hidden.iter_mut().for_each(|finding| finding.at = start..file.len());
        found.append(&mut hidden);
    } else {
        found.append(&mut elements(&rest, syntax, start));
    }
    found
}

/// The file is also something else, by its first 128 bytes.
fn preamble(file: &Bytes) -> Option<Finding> {
    let kind = Kind::plain(file);
    let weakness = match (kind, kind.nature()) {
        (_, Nature::Program) => Some("CVE-2019-11687"),
        (_, Nature::Archive) => Some("polyglot-preamble"),
        // Whole-slide scanners write files that are TIFF too.
        (Kind::Tiff, Nature::Data) => None,
        (_, Nature::Data) => return None,
    };
    Some(Finding { what: format!("{} in the preamble", kind.media()), weakness, at: 0..file.len() })
}

/// Where the data set begins, and its transfer syntax.
fn data_set(file: &Bytes) -> Option<(usize, TransferSyntax)> {
    let length = file.get(META + 8..).and_then(|rest| rest.first_chunk::<4>())?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let begin = META + GROUP_LENGTH_ELEMENT;
    let start = begin.checked_add(length).filter(|start| *start <= file.len())?;
    let meta = Elements::of(file.slice(begin..start), TransferSyntax::ExplicitLittle);
    let uid = meta.flatten().find(|element| element.tag == tags::TRANSFER_SYNTAX_UID)?;
    let uid = std::str::from_utf8(&uid.value).ok()?.trim_end_matches('\0').to_owned();
    Some((start, TransferSyntax::from_uid(&uid)?))
}

fn elements(data_set: &Bytes, syntax: TransferSyntax, start: usize) -> Vec<Finding> {
    let mut found = Vec::new();
    for element in Elements::of(data_set.clone(), syntax).take(MAX_ELEMENTS) {
        let Ok(element) = element else { break };
        if found.len() >= MAX_FOUND {
            break;
        }
        let begin = start.saturating_add(element.header.end);
        found.append(&mut value(&element, begin..begin.saturating_add(element.value.len())));
    }
    found
}

/// What one value carries that it has no need of.
fn value(element: &Flat, at: Range<usize>) -> Vec<Finding> {
    let kind = Kind::plain(&element.value);
    let carries = |weakness| {
        vec![Finding { what: format!("{} in {}", kind.media(), element.tag), weakness, at: at.clone() }]
    };
    let private = element.tag.group() % 2 == 1;
    match (element.tag, kind.nature()) {
        (ENCAPSULATED_DOCUMENT, Nature::Data) if kind == Kind::Pdf => pdf::inspect(&element.value, at.start),
        (PIXEL_DATA | ENCAPSULATED_DOCUMENT, Nature::Program) => carries(Some("program-in-object")),
        (PIXEL_DATA | ENCAPSULATED_DOCUMENT, Nature::Archive) => carries(Some("archive-in-object")),
        (_, Nature::Program) if private => carries(Some("program-in-object")),
        // Some vendors pack their own notes.
        (_, Nature::Archive) if private => carries(None),
        (_, Nature::Program | Nature::Archive | Nature::Data) => Vec::new(),
    }
}
