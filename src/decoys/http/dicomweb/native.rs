//! The native DICOM model in XML (PS3.19 A.1), as dcm4che writes it: without line breaks or a namespace.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use quick_xml::escape::partial_escape;

use super::attributes::{Attribute, Values, groups, tag_name};
use super::qido::keyword;
use crate::wire::dicom::dataset::Tag;

/// Parts of a name in a group (PS3.5 6.2.1.1).
const PARTS: [&str; 5] = ["FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"];

/// A whole document.
pub(crate) fn document(attributes: &[Attribute]) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><NativeDicomModel xml:space=\"preserve\">");
    item(attributes, &mut out);
    out.push_str("</NativeDicomModel>");
    out
}

fn item(attributes: &[Attribute], out: &mut String) {
    let mut creators: BTreeMap<(u16, u16), &str> = BTreeMap::new();
    for attribute in attributes {
        let Tag(group, number) = attribute.tag;
        let private = group % 2 == 1;
        if private && (0x10..=0xff).contains(&number) {
            // It names the owner of a block of private attributes and is no attribute itself (PS3.5 7.8.1).
            if let Values::Texts(texts) = &attribute.values {
                creators.insert((group, number), texts.first().map_or("", String::as_str));
            }
            continue;
        }
        let creator = if private { creators.get(&(group, number >> 8)).copied() } else { None };
        start(attribute, creator, out);
        values(&attribute.values, out);
        out.push_str("</DicomAttribute>");
    }
}

fn start(attribute: &Attribute, creator: Option<&str>, out: &mut String) {
    let Tag(group, number) = attribute.tag;
    let tag = if creator.is_some() { Tag(group, number & 0xff) } else { attribute.tag };
    out.push_str("<DicomAttribute");
    if let Some(keyword) = keyword(tag).filter(|keyword| !keyword.is_empty() && creator.is_none()) {
        out.push_str(&format!(" keyword=\"{keyword}\""));
    }
    out.push_str(&format!(" tag=\"{}\"", tag_name(tag)));
    if let Some(creator) = creator {
        out.push_str(&format!(" privateCreator=\"{}\"", quoted(creator)));
    }
    out.push_str(&format!(" vr=\"{}\">", attribute.vr.to_string()));
}

fn values(values: &Values, out: &mut String) {
    match values {
        Values::Empty => {}
        Values::Texts(texts) => numbered(texts.iter().map(|text| partial_escape(text).into_owned()), out),
        Values::Integers(numbers) => numbered(numbers.iter().map(i64::to_string), out),
        Values::Decimals(numbers) => numbered(numbers.iter().map(f64::to_string), out),
        Values::Names(names) => names.iter().zip(1..).for_each(|(name, number)| person(name, number, out)),
        Values::Items(items) => {
            for (attributes, number) in items.iter().zip(1..) {
                out.push_str(&format!("<Item number=\"{number}\">"));
                item(attributes, out);
                out.push_str("</Item>");
            }
        }
        Values::Bulk(place) => out.push_str(&format!("<BulkData uri=\"{}\"/>", quoted(place))),
        Values::Bytes(bytes) => {
            out.push_str(&format!("<InlineBinary>{}</InlineBinary>", BASE64_STANDARD.encode(bytes)));
        }
    }
}

fn numbered(texts: impl Iterator<Item = String>, out: &mut String) {
    for (text, number) in texts.zip(1..) {
        out.push_str(&format!("<Value number=\"{number}\">{text}</Value>"));
    }
}

fn person(name: &str, number: usize, out: &mut String) {
    out.push_str(&format!("<PersonName number=\"{number}\">"));
    for (group, text) in groups(name).into_iter().filter(|(_, text)| !text.is_empty()) {
        out.push_str(&format!("<{group}>"));
        for (part, text) in PARTS.into_iter().zip(text.split('^')).filter(|(_, text)| !text.is_empty()) {
            out.push_str(&format!("<{part}>{}</{part}>", partial_escape(text)));
        }
        out.push_str(&format!("</{group}>"));
    }
    out.push_str("</PersonName>");
}

/// The value of an attribute.
fn quoted(text: &str) -> String {
    partial_escape(text).replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoys::http::dicomweb::attributes::of_text;
    use crate::wire::dicom::dataset::{Vr, tags};

    #[test]
    fn every_kind_of_value_is_written() {
        let private = |number, values| Attribute { tag: Tag(0x0029, number), vr: Vr::LO, values };
        let all = [
            of_text(tags::MODALITIES_IN_STUDY, "CT\\SR"),
            of_text(tags::PATIENT_NAME, "Li^Na=李^<娜>"),
            of_text(tags::KVP, "120"),
            private(0x10, Values::Texts(vec!["ACME".into()])),
            private(0x1001, Values::Texts(vec!["a&b".into()])),
            Attribute {
                tag: tags::REFERENCED_STUDY_SEQUENCE,
                vr: Vr::SQ,
                values: Values::Items(vec![vec![of_text(tags::STUDY_ID, "")]]),
            },
            Attribute { tag: tags::PIXEL_DATA, vr: Vr::OW, values: Values::Bulk("http://h/b?a&b".into()) },
        ];
        let expected = "<DicomAttribute keyword=\"ModalitiesInStudy\" tag=\"00080061\" vr=\"CS\"><Value number=\"1\">CT</Value><Value number=\"2\">SR</Value></DicomAttribute>\
<DicomAttribute keyword=\"PatientName\" tag=\"00100010\" vr=\"PN\"><PersonName number=\"1\"><Alphabetic><FamilyName>Li</FamilyName><GivenName>Na</GivenName></Alphabetic><Ideographic><FamilyName>李</FamilyName><GivenName>&lt;娜&gt;</GivenName></Ideographic></PersonName></DicomAttribute>\
<DicomAttribute keyword=\"KVP\" tag=\"00180060\" vr=\"DS\"><Value number=\"1\">120</Value></DicomAttribute>\
<DicomAttribute tag=\"00290001\" privateCreator=\"ACME\" vr=\"LO\"><Value number=\"1\">a&amp;b</Value></DicomAttribute>\
<DicomAttribute keyword=\"ReferencedStudySequence\" tag=\"00081110\" vr=\"SQ\"><Item number=\"1\"><DicomAttribute keyword=\"StudyID\" tag=\"00200010\" vr=\"SH\"></DicomAttribute></Item></DicomAttribute>\
<DicomAttribute keyword=\"PixelData\" tag=\"7FE00010\" vr=\"OW\"><BulkData uri=\"http://h/b?a&amp;b\"/></DicomAttribute></NativeDicomModel>";
        let written = document(&all);
        assert_eq!(written.split_once("preserve\">").map(|(_, rest)| rest), Some(expected), "{written}");
    }
}
