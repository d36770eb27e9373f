//! PDF that acts by itself (ISO 32000-1, 12.6 actions). Names may be written with `#xx` (7.3.5).

use super::Finding;

/// Longest name that means something here.
const MAX_NAME: usize = 16;

/// Names of what runs, opens or carries something.
const ACTIVE: [&[u8]; 9] = [
    b"JavaScript",
    b"JS",
    b"Launch",
    b"EmbeddedFile",
    b"EmbeddedFiles",
    b"RichMedia",
    b"XFA",
    b"SubmitForm",
    b"ImportData",
];

/// Looks through a document that starts at `offset` of its file.
pub(super) fn inspect(document: &[u8], offset: usize) -> Vec<Finding> {
    let mut found = Vec::<Finding>::new();
    for name in names(document) {
        let Some(active) = ACTIVE.iter().find(|active| **active == name.as_slice()) else { continue };
        let what = format!("{} in application/pdf", String::from_utf8_lossy(active));
        if found.iter().all(|finding| finding.what != what) {
            found.push(Finding {
                what,
                weakness: Some("active-pdf"),
                at: offset..offset.saturating_add(document.len()),
            });
        }
    }
    found
}

/// Names of the document, decoded, those that are too long left out.
fn names(document: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let starts = document.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    starts.filter_map(|start| name(document.get(start..)?))
}

fn name(rest: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let mut rest = rest.iter();
    while let Some(byte) = rest.as_slice().first() {
        if !byte.is_ascii_alphanumeric() && *byte != b'#' {
            break;
        }
        rest.next();
        let byte = match (*byte, rest.as_slice()) {
            (b'#', [high, low, ..]) => {
                let pair = [*high, *low];
                let value = u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?;
                rest.nth(1);
                value
            }
            (byte, _) => byte,
        };
        decoded.push(byte);
        if decoded.len() > MAX_NAME {
            return None;
        }
    }
    Some(decoded)
}
