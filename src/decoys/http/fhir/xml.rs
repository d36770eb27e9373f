//! Reads a resource from XML (FHIR R4, 2.6.1). Entities are never expanded: a document that declares
//! any is refused as the server's parser refuses it.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::node::{MAX_DEPTH, Node, Object};
use crate::decoys::http::engine::Ask;
use crate::event::{Observation, Tainted};

/// Most elements of one resource.
const MAX_ELEMENTS: usize = 20_000;

/// Elements that repeat wherever they stand in the types that clients write.
const REPEATING: [&str; 39] = [
    "identifier",
    "name",
    "given",
    "telecom",
    "address",
    "line",
    "contact",
    "coding",
    "category",
    "extension",
    "modifierExtension",
    "contained",
    "performer",
    "participant",
    "reasonCode",
    "location",
    "basedOn",
    "interpretation",
    "referenceRange",
    "result",
    "imagingStudy",
    "presentedForm",
    "series",
    "instance",
    "qualification",
    "alias",
    "note",
    "specimen",
    "component",
    "media",
    "dosageInstruction",
    "reaction",
    "link",
    "entry",
    "photo",
    "communication",
    "generalPractitioner",
    "prefix",
    "suffix",
];

/// Reads the body.
///
/// # Errors
/// The parser's words.
pub(super) fn read(ask: &Ask<'_>) -> Result<Object, String> {
    let text = std::str::from_utf8(ask.body).map_err(|_| syntax("Invalid UTF-8"))?;
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        let sample: String = text.chars().take(512).collect();
        ask.session.emit(Observation::ExploitAttempt {
            weakness: "xml-external-entity".to_owned(),
            payload: Tainted::new(sample),
        });
    }
    parse(text)
}

/// Reads a document.
///
/// # Errors
/// The parser's words.
pub(crate) fn parse(text: &str) -> Result<Object, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().trim_text(true);
    let mut open: Vec<(String, Object)> = Vec::new();
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(|error| syntax(&error.to_string()))? {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= MAX_DEPTH || elements > MAX_ELEMENTS {
                    return Err(syntax("Maximum Element Depth limit Exceeded"));
                }
                open.push((local(&start), attributes(&start)?));
            }
            Event::Empty(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(syntax("Maximum Element Count limit Exceeded"));
                }
                let (name, object) = (local(&start), attributes(&start)?);
                match open.last_mut() {
                    Some((_, parent)) => add(parent, &name, object),
                    None => return Ok(resource(&name, object)),
                }
            }
            Event::End(_) => {
                let Some((name, object)) = open.pop() else { return Err(syntax("Unexpected end tag")) };
                match open.last_mut() {
                    Some((_, parent)) => add(parent, &name, object),
                    None => return Ok(resource(&name, object)),
                }
            }
            Event::GeneralRef(entity) => {
                return Err(syntax(&format!("Undeclared general entity \"{}\"", &*entity)));
            }
            Event::Eof => return Err(syntax("Unexpected EOF in prolog")),
            Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::DocType(_) => {}
        }
    }
}

fn syntax(words: &str) -> String {
    format!("HAPI-1851: com.ctc.wstx.exc.WstxParsingException: {words}")
}

fn local(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

/// `value`, `url` and `id` as members. Only the five entities of XML itself are known.
fn attributes(start: &BytesStart<'_>) -> Result<Object, String> {
    let mut object = Object::new();
    for attribute in start.attributes().flatten() {
        let Ok(text) = attribute.normalized_value(XmlVersion::Implicit1_0) else {
            let name = attribute.value.split('&').nth(1).and_then(|rest| rest.split(';').next());
            return Err(syntax(&format!("Undeclared general entity \"{}\"", name.unwrap_or_default())));
        };
        let value = Node::Text(text.into_owned());
        match attribute.key.as_ref() {
            "value" => object.set("value", value),
            "url" => object.set("url", value),
            "id" => object.set("id", value),
            _ => {}
        }
    }
    Ok(object)
}

fn resource(name: &str, object: Object) -> Object {
    let mut whole = Object::new().text("resourceType", name.to_owned());
    whole.0.extend(object.0);
    whole
}

/// An element that has but a value is a primitive; one whose only child is a type is a resource.
fn add(parent: &mut Object, name: &str, object: Object) {
    let node = match object.0.as_slice() {
        [(only, Node::Text(text))] if only == "value" => primitive(text),
        [(only, Node::Object(inner))]
            if matches!(name, "resource" | "contained") && only.starts_with(char::is_uppercase) =>
        {
            Node::Object(resource(only, inner.clone()))
        }
        _ => Node::Object(object),
    };
    match parent.0.iter_mut().find(|(own, _)| own == name) {
        Some((_, Node::List(list))) => list.push(node),
        Some((_, first)) => *first = Node::List(vec![first.clone(), node]),
        None if REPEATING.contains(&name) => parent.0.push((name.to_owned().into(), Node::List(vec![node]))),
        None => parent.0.push((name.to_owned().into(), node)),
    }
}

fn primitive(text: &str) -> Node {
    match text {
        "true" => Node::Flag(true),
        "false" => Node::Flag(false),
        _ => Node::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_read() {
        let text = "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"a\"/><name><family value=\"&#24352;\"/></name></Patient>";
        let object = parse(text).unwrap();
        assert_eq!(
            super::super::node::json(&object, false),
            "{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"张\"}]}"
        );
    }

    #[test]
    fn entities_are_not_expanded() {
        let declared =
            "<!DOCTYPE a [<!ENTITY x \"y\">]><Patient><name><family value=\"&x;\"/></name></Patient>";
        assert!(parse(declared).unwrap_err().contains("Undeclared general entity \"x\""));
        assert!(parse("<Patient>&x;</Patient>").is_err());
        assert!(parse(&"<a>".repeat(100)).is_err() && parse("").is_err() && parse("</a>").is_err());
    }
}
