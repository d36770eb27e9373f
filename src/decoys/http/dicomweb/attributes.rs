//! The DICOM JSON model (PS3.18 annex F) as plain data; products write it in their own way.

use std::borrow::Cow;

use crate::wire::dicom::dataset::{Charset, DataSet, Tag, Value, Vr, vr_of};

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    /// Texts; an empty one is null.
    Texts(Vec<String>),
    /// Person names; the groups are those between equals signs.
    Names(Vec<String>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Numbers in digits (`DS`, `FD`, `FL`).
    Decimals(Vec<f64>),
    /// Items.
    Items(Vec<Attributes>),
    /// Bulk, by where it can be had.
    Bulk(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nothing.
    Empty,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attribute {
    /// Its tag.
    pub(crate) tag: Tag,
    /// Its representation.
    pub(crate) vr: Vr,
    /// Its value.
    pub(crate) values: Values,
}

/// Attributes by tag.
pub(crate) type Attributes = Vec<Attribute>;

/// `GGGGEEEE`.
pub(crate) fn tag_name(tag: Tag) -> String {
    format!("{:04X}{:04X}", tag.group(), tag.element())
}

/// The attribute of a text whose values are separated by backslashes.
pub(crate) fn of_text(tag: Tag, text: &str) -> Attribute {
    let vr = vr_of(tag);
    Attribute { tag, vr, values: values(vr, text) }
}

fn values(vr: Vr, text: &str) -> Values {
    if vr == Vr::SQ || text.is_empty() {
        return Values::Empty;
    }
    let split = || text.split('\\').map(|value| value.trim_matches([' ', '\0']));
    match vr {
        Vr::PN => Values::Names(split().map(str::to_owned).collect()),
        Vr::IS | Vr::US | Vr::SS | Vr::UL | Vr::SL | Vr::UV | Vr::SV => {
            Values::Integers(split().filter_map(|value| value.parse().ok()).collect())
        }
        Vr::DS | Vr::FD | Vr::FL => {
            Values::Decimals(split().filter_map(|value| value.parse().ok()).collect())
        }
        Vr::LT | Vr::ST | Vr::UT | Vr::UR => Values::Texts(vec![text.trim_end().to_owned()]),
        Vr::AE | Vr::AS | Vr::AT | Vr::CS | Vr::DA | Vr::DT | Vr::LO | Vr::SH | Vr::TM | Vr::UC | Vr::UI => {
            Values::Texts(split().map(str::to_owned).collect())
        }
        Vr::OB | Vr::OD | Vr::OF | Vr::OL | Vr::OV | Vr::OW | Vr::UN | Vr::SQ => Values::Empty,
    }
}

/// All attributes of a data set; pixel data and other bulk by `bulk`, which gives its place.
pub(crate) fn of_data_set(
    set: &DataSet,
    charset: Charset,
    bulk: &dyn Fn(Tag) -> Option<String>,
) -> Attributes {
    let known = set.iter().filter(|(tag, _)| tag.element() != 0);
    known
        .map(|(tag, element)| {
            let values = match &element.value {
                Value::Items(items) if items.is_empty() => Values::Empty,
                Value::Items(items) => {
                    Values::Items(items.iter().map(|item| of_data_set(item, charset, bulk)).collect())
                }
                Value::Fragments(_) => bulk(tag).map_or(Values::Empty, Values::Bulk),
                Value::Bytes(bytes) => of_bytes(set, tag, element.vr, bytes, charset, bulk),
            };
            Attribute { tag, vr: element.vr, values }
        })
        .collect()
}

fn of_bytes(
    set: &DataSet,
    tag: Tag,
    vr: Vr,
    bytes: &[u8],
    charset: Charset,
    bulk: &dyn Fn(Tag) -> Option<String>,
) -> Values {
    if bytes.is_empty() {
        return Values::Empty;
    }
    match vr {
        Vr::US => Values::Integers(words(bytes).map(i64::from).collect()),
        Vr::SS => Values::Integers(words(bytes).map(|w| i64::from(w.cast_signed())).collect()),
        Vr::UL => Values::Integers(longs(bytes).map(i64::from).collect()),
        Vr::SL => Values::Integers(longs(bytes).map(|l| i64::from(l.cast_signed())).collect()),
        Vr::FL => Values::Decimals(longs(bytes).map(|l| f64::from(f32::from_bits(l))).collect()),
        Vr::FD => Values::Decimals(quads(bytes).map(f64::from_bits).collect()),
        Vr::AT => {
            let pairs: Vec<u16> = words(bytes).collect();
            let tags = pairs.chunks_exact(2).filter_map(|pair| {
                let [group, element] = pair else { return None };
                Some(tag_name(Tag(*group, *element)))
            });
            Values::Texts(tags.collect())
        }
        Vr::OB | Vr::OD | Vr::OF | Vr::OL | Vr::OV | Vr::OW | Vr::UN | Vr::UV | Vr::SV => match bulk(tag) {
            Some(place) => Values::Bulk(place),
            None => Values::Bytes(bytes.to_vec()),
        },
        _ => values(vr, &set.text_in(tag, charset).unwrap_or_default()),
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)))
}

fn longs(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).filter_map(|quad| Some(u32::from_le_bytes(quad.try_into().ok()?)))
}

fn quads(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).filter_map(|eight| Some(u64::from_le_bytes(eight.try_into().ok()?)))
}

/// The groups of a person name with the names that the JSON model gives them.
pub(crate) fn groups(name: &str) -> Vec<(&'static str, String)> {
    let names = ["Alphabetic", "Ideographic", "Phonetic"];
    names.into_iter().zip(name.split('=')).map(|(group, text)| (group, text.to_owned())).collect()
}

/// A string in JSON; characters beyond ASCII are escaped where `ascii`.
pub(crate) fn quoted(text: &str, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if ascii && !c.is_ascii() => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A number as Java and jsoncpp write it: with a point.
pub(crate) fn decimal(number: f64) -> Cow<'static, str> {
    if !number.is_finite() {
        return "null".into();
    }
    format!("{number:?}").into()
}

/// The attributes as dcm4che writes them: compact, representation before value, no escapes.
pub(crate) fn compact(attributes: &[Attribute], out: &mut String) {
    out.push('{');
    for (at, attribute) in attributes.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&format!("\"{}\":{{\"vr\":\"{}\"", tag_name(attribute.tag), attribute.vr.to_string()));
        compact_value(&attribute.values, out);
        out.push('}');
    }
    out.push('}');
}

fn compact_value(values: &Values, out: &mut String) {
    use base64::Engine;
    let mut list = |parts: Vec<String>| out.push_str(&format!(",\"Value\":[{}]", parts.join(",")));
    match values {
        Values::Empty => {}
        Values::Texts(texts) => list(texts.iter().map(|t| text_or_null(t)).collect()),
        Values::Names(names) => list(names.iter().map(|name| person(name)).collect()),
        Values::Integers(numbers) => list(numbers.iter().map(i64::to_string).collect()),
        Values::Decimals(numbers) => list(numbers.iter().map(|n| decimal(*n).into_owned()).collect()),
        Values::Items(items) => list(
            items
                .iter()
                .map(|item| {
                    let mut inner = String::new();
                    compact(item, &mut inner);
                    inner
                })
                .collect(),
        ),
        Values::Bulk(place) => out.push_str(&format!(",\"BulkDataURI\":{}", quoted(place, false))),
        Values::Bytes(bytes) => {
            let text = base64::prelude::BASE64_STANDARD.encode(bytes);
            out.push_str(&format!(",\"InlineBinary\":\"{text}\""));
        }
    }
}

fn text_or_null(text: &str) -> String {
    if text.is_empty() { "null".to_owned() } else { quoted(text, false) }
}

fn person(name: &str) -> String {
    let groups = groups(name).into_iter().filter(|(_, text)| !text.is_empty());
    let groups: Vec<String> =
        groups.map(|(group, text)| format!("\"{group}\":{}", quoted(&text, false))).collect();
    format!("{{{}}}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dicom::dataset::tags;

    #[test]
    fn values_are_typed_by_their_representation() {
        let mut out = String::new();
        compact(
            &[
                of_text(tags::MODALITIES_IN_STUDY, "CT\\SR"),
                of_text(tags::PATIENT_NAME, "Li^Na=李^娜"),
                of_text(tags::KVP, "120"),
                of_text(tags::NUMBER_OF_STUDY_RELATED_SERIES, "3"),
                of_text(tags::STUDY_ID, ""),
            ],
            &mut out,
        );
        assert_eq!(
            out,
            "{\"00080061\":{\"vr\":\"CS\",\"Value\":[\"CT\",\"SR\"]},\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"Li^Na\",\"Ideographic\":\"李^娜\"}]},\"00180060\":{\"vr\":\"DS\",\"Value\":[120.0]},\"00201206\":{\"vr\":\"IS\",\"Value\":[3]},\"00200010\":{\"vr\":\"SH\"}}"
        );
        assert_eq!(quoted("a\"李\n", true), "\"a\\\"\\u674e\\n\"");
    }
}
