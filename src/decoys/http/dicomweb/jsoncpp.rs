//! JSON as jsoncpp's stream writer lays it out: what Orthanc and its plugins write.

use std::collections::BTreeMap;

use super::attributes::{Attribute, Values, decimal, groups, quoted, tag_name};

/// A value; members of objects are sorted, as jsoncpp keeps them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, in its digits.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// A string.
    pub(crate) fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    /// A number.
    pub(crate) fn number(number: impl std::fmt::Display) -> Json {
        Json::Number(number.to_string())
    }

    /// An object.
    pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Strings.
    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Json {
        Json::List(texts.into_iter().map(|text| Json::text(text)).collect())
    }

    /// With a step of indentation of three blanks: Orthanc's own answers.
    pub(crate) fn styled(&self) -> String {
        self.written("   ")
    }

    /// With tabs, as errors and plugins write it.
    pub(crate) fn tabbed(&self) -> String {
        self.written("\t")
    }

    fn written(&self, step: &str) -> String {
        let mut out = String::new();
        self.write(step, 0, true, &mut out);
        out
    }

    /// `inline`: whether an opening bracket follows what is there already.
    fn write(&self, step: &str, depth: usize, inline: bool, out: &mut String) {
        let line = |depth: usize, out: &mut String| {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(step));
        };
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(number) => out.push_str(number),
            Json::Text(text) => out.push_str(&quoted(text, true)),
            Json::List(list) if list.is_empty() => out.push_str("[]"),
            Json::Object(members) if members.is_empty() => out.push_str("{}"),
            Json::List(list) => {
                if !inline {
                    line(depth, out);
                }
                out.push('[');
                for (at, value) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    line(depth + 1, out);
                    value.write(step, depth + 1, true, out);
                }
                line(depth, out);
                out.push(']');
            }
            Json::Object(members) => {
                if !inline {
                    line(depth, out);
                }
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    line(depth + 1, out);
                    out.push_str(&quoted(name, true));
                    out.push_str(" : ");
                    value.write(step, depth + 1, false, out);
                }
                line(depth, out);
                out.push('}');
            }
        }
    }
}

/// Attributes as the DICOMweb plugin writes them.
pub(crate) fn of_attributes(attributes: &[Attribute]) -> Json {
    Json::Object(
        attributes.iter().map(|attribute| (tag_name(attribute.tag), of_attribute(attribute))).collect(),
    )
}

fn of_attribute(attribute: &Attribute) -> Json {
    let mut members = BTreeMap::from([("vr".to_owned(), Json::text(attribute.vr.to_string()))]);
    let mut add = |name: &str, value| {
        members.insert(name.to_owned(), value);
    };
    match &attribute.values {
        Values::Empty => {}
        Values::Texts(texts) => add(
            "Value",
            Json::List(texts.iter().map(|t| if t.is_empty() { Json::Null } else { Json::text(t) }).collect()),
        ),
        Values::Names(names) => {
            let name = |name: &String| {
                let groups = groups(name).into_iter().filter(|(_, text)| !text.is_empty());
                Json::Object(groups.map(|(group, text)| (group.to_owned(), Json::Text(text))).collect())
            };
            add("Value", Json::List(names.iter().map(name).collect()));
        }
        Values::Integers(numbers) => add("Value", Json::List(numbers.iter().map(Json::number).collect())),
        Values::Decimals(numbers) => {
            add("Value", Json::List(numbers.iter().map(|n| Json::number(decimal(*n))).collect()));
        }
        Values::Items(items) => add("Value", Json::List(items.iter().map(|i| of_attributes(i)).collect())),
        Values::Bulk(place) => add("BulkDataURI", Json::text(place)),
        Values::Bytes(bytes) => {
            use base64::Engine;
            add("InlineBinary", Json::text(base64::prelude::BASE64_STANDARD.encode(bytes)));
        }
    }
    Json::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_of_members_stand_on_their_own_line() {
        let value = Json::object([
            ("b", Json::texts(["x"])),
            ("a", Json::object([("n", Json::number(1))])),
            ("c", Json::List(vec![])),
        ]);
        assert_eq!(
            value.styled(),
            "{\n   \"a\" : \n   {\n      \"n\" : 1\n   },\n   \"b\" : \n   [\n      \"x\"\n   ],\n   \"c\" : []\n}"
        );
    }
}
