//! The forms in which the archive's searches answer: JSON, the native model in XML, a table.

use super::retrieve::boundary;
use crate::decoys::http::dicomweb::attributes::{Attribute, Attributes, Values, compact};
use crate::decoys::http::dicomweb::native;
use crate::decoys::http::dicomweb::qido::{Parameters, keyword};
use crate::decoys::http::engine::{Ask, Piece, Reply};
use crate::decoys::http::uri::split_target;
use crate::wire::dicom::dataset::{Tag, Vr, tags, vr_of};

/// Buckets of a Java hash set at first; it grows when three quarters are full.
const BUCKETS: usize = 16;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// The JSON model (PS3.18 F).
    Json,
    /// A document of the native model (PS3.19 A.1) for each match.
    Xml,
    /// A table with this between columns.
    Csv(char),
}

impl Output {
    /// What a client takes, in the archive's order; `None` when it is none of these.
    pub(super) fn of(ask: &Ask<'_>) -> Option<Self> {
        let (_, query) = split_target(ask.head.target());
        let parameters = Parameters::read(query);
        let asked = parameters.get("accept").map(str::to_owned);
        let header = || ask.head.header("Accept").map(|text| String::from_utf8_lossy(text).into_owned());
        Output::read(&asked.or_else(header).unwrap_or_default())
    }

    fn read(accept: &str) -> Option<Self> {
        if accept.trim().is_empty() {
            return Some(Output::Json);
        }
        let kinds: Vec<&str> = accept.split(',').collect();
        let any = |wanted: &[&str]| kinds.iter().any(|kind| wanted.iter().any(|w| fits(essence(kind), w)));
        if any(&["application/dicom+json", "application/json"]) {
            return Some(Output::Json);
        }
        if kinds.iter().any(|kind| fits(of_parts(kind), "application/dicom+xml")) {
            return Some(Output::Xml);
        }
        let table = kinds.iter().find(|kind| fits(essence(kind), "text/csv"))?;
        let semicolon = parameter(table, "delimiter") == Some("semicolon");
        Some(Output::Csv(if semicolon { ';' } else { ',' }))
    }

    /// The answer with all matches; `keys` are the attributes that were asked for.
    pub(super) fn reply(self, ask: &Ask<'_>, matches: &[Attributes], keys: &[Tag]) -> Reply {
        self.fill(Reply::new(200).with("Cache-Control", "no-cache"), ask, matches, keys)
    }

    /// The same with the head of another answer.
    pub(super) fn fill(self, head: Reply, ask: &Ask<'_>, matches: &[Attributes], keys: &[Tag]) -> Reply {
        let (kind, body) = match self {
            Output::Json => ("application/dicom+json".to_owned(), json(matches)),
            Output::Csv(between) => ("text/csv;charset=utf-8".to_owned(), table(matches, keys, between)),
            Output::Xml => {
                let boundary = boundary(ask);
                let kind = format!(
                    "multipart/related;start=\"<{boundary}@resteasy-multipart>\";type=\"application/dicom+xml\"; boundary={boundary}"
                );
                (kind, documents(matches, &boundary))
            }
        };
        let piece = Piece { bytes: body.into(), reference: None };
        head.typed(kind).with_pieces(Box::new(std::iter::once(piece)), None)
    }
}

/// The answer to who takes none of the forms.
pub(super) fn not_acceptable() -> Reply {
    Reply::new(406).with("Vary", "Accept")
}

fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

/// What the parts are of, where there are some.
fn of_parts(kind: &str) -> &str {
    match essence(kind) {
        related if related.eq_ignore_ascii_case("multipart/related") => {
            parameter(kind, "type").unwrap_or("*/*")
        }
        other => other,
    }
}

fn parameter<'k>(kind: &'k str, name: &str) -> Option<&'k str> {
    kind.split(';').skip(1).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Whether a kind that a client takes, which may have wildcards, is this one.
fn fits(taken: &str, kind: &str) -> bool {
    let (Some((of, sub)), Some((own, own_sub))) = (taken.split_once('/'), kind.split_once('/')) else {
        return false;
    };
    of == "*" || of.eq_ignore_ascii_case(own) && (sub == "*" || sub.eq_ignore_ascii_case(own_sub))
}

fn json(matches: &[Attributes]) -> String {
    let mut out = String::from("[");
    for (at, attributes) in matches.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        compact(attributes, &mut out);
    }
    out.push(']');
    out
}

fn documents(matches: &[Attributes], boundary: &str) -> String {
    let part = |attributes: &Attributes| {
        let document = native::document(attributes);
        format!("--{boundary}\r\nContent-Type: application/dicom+xml\r\n\r\n{document}\r\n")
    };
    matches.iter().map(part).collect::<String>() + &format!("--{boundary}--")
}

/// A table as RFC 4180 has it, every value in quotes but for those that are missing.
fn table(matches: &[Attributes], keys: &[Tag], between: char) -> String {
    let columns = as_hashed(keys);
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |cells: Vec<String>| cells.join(&between.to_string()) + "\r\n";
    let mut out = line(columns.iter().map(|tag| quoted(keyword(*tag).unwrap_or_default())).collect());
    for attributes in matches {
        let cell = |tag: &Tag| {
            let found = attributes.iter().find(|attribute| attribute.tag == *tag);
            found.and_then(first_text).map(|text| quoted(&text)).unwrap_or_default()
        };
        out.push_str(&line(columns.iter().map(cell).collect()));
    }
    out
}

/// A cell has the first value only, but for the modalities.
fn first_text(attribute: &Attribute) -> Option<String> {
    match &attribute.values {
        Values::Texts(texts) if attribute.tag == tags::MODALITIES_IN_STUDY => Some(texts.join("\\")),
        Values::Texts(texts) | Values::Names(texts) => texts.first().filter(|text| !text.is_empty()).cloned(),
        Values::Integers(numbers) => numbers.first().map(i64::to_string),
        Values::Decimals(numbers) => numbers.first().map(f64::to_string),
        Values::Items(_) | Values::Bulk(_) | Values::Bytes(_) | Values::Empty => None,
    }
}

/// Tags in the order in which a Java hash set gives them back.
fn as_hashed(keys: &[Tag]) -> Vec<Tag> {
    let mut keys: Vec<Tag> = keys.iter().copied().filter(|tag| vr_of(*tag) != Vr::SQ).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut buckets = BUCKETS;
    while keys.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    let mask = u32::try_from(buckets - 1).unwrap_or(u32::MAX);
    keys.sort_by_key(|tag| {
        let hash = (u32::from(tag.group()) << 16) | u32::from(tag.element());
        (hash ^ (hash >> 16)) & mask
    });
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoys::http::dicomweb::attributes::of_text;

    #[test]
    fn the_form_is_chosen_as_the_archive_does() {
        for (accept, expected) in [
            ("", Some(Output::Json)),
            ("*/*", Some(Output::Json)),
            ("application/*", Some(Output::Json)),
            ("text/html, application/dicom+json;q=0.5", Some(Output::Json)),
            ("multipart/related; type=\"application/dicom+xml\"", Some(Output::Xml)),
            ("multipart/related", Some(Output::Xml)),
            ("application/dicom+xml", Some(Output::Xml)),
            ("multipart/related; type=\"application/dicom\"", None),
            ("text/csv", Some(Output::Csv(','))),
            ("text/csv;delimiter=semicolon", Some(Output::Csv(';'))),
            ("text/html", None),
        ] {
            assert_eq!(Output::read(accept), expected, "{accept}");
        }
    }

    #[test]
    fn a_table_has_a_line_for_each_match() {
        let study = vec![
            of_text(tags::MODALITIES_IN_STUDY, "CT\\SR"),
            of_text(tags::PATIENT_NAME, "Li^\"Na\"=李^娜"),
            of_text(tags::STUDY_ID, ""),
        ];
        let keys =
            [tags::PATIENT_NAME, tags::STUDY_ID, tags::MODALITIES_IN_STUDY, tags::REFERENCED_STUDY_SEQUENCE];
        // 0010,0010 and 0020,0010 fall into the buckets 0 and 0x30 & 15; 0008,0061 into 0x69 & 15.
        assert_eq!(
            table(&[study], &keys, ','),
            "\"PatientName\",\"StudyID\",\"ModalitiesInStudy\"\r\n\"Li^\"\"Na\"\"=李^娜\",,\"CT\\SR\"\r\n"
        );
    }
}
