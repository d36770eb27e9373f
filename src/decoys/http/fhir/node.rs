//! A resource as a tree whose members keep their order, and its JSON and XML forms (FHIR R4, 2.6.2
//! and 2.6.1).

use std::borrow::Cow;
use std::fmt::Write;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Deepest nesting that is read: profiles nest contained lists some ten levels deep.
pub(crate) const MAX_DEPTH: usize = 40;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// A string, code, date or reference.
    Text(String),
    /// A number, as written.
    Number(String),
    /// A boolean.
    Flag(bool),
    /// A repeating element.
    List(Vec<Node>),
    /// An element with members.
    Object(Object),
}

/// Members in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object(pub(crate) Vec<(Cow<'static, str>, Node)>);

impl Object {
    /// Without members.
    pub(crate) fn new() -> Self {
        Object::default()
    }

    /// A resource of a type.
    pub(crate) fn resource(kind: &'static str) -> Self {
        Object::new().text("resourceType", kind)
    }

    /// With a text; an empty one is left out.
    pub(crate) fn text(self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if value.is_empty() { self } else { self.with(name, Node::Text(value)) }
    }

    /// With any value.
    pub(crate) fn with(mut self, name: &'static str, value: Node) -> Self {
        self.0.push((Cow::Borrowed(name), value));
        self
    }

    /// With an element; an empty one is left out.
    pub(crate) fn object(self, name: &'static str, value: Object) -> Self {
        if value.0.is_empty() { self } else { self.with(name, Node::Object(value)) }
    }

    /// With a repeating element; an empty one is left out.
    pub(crate) fn list(self, name: &'static str, values: impl IntoIterator<Item = Object>) -> Self {
        let values: Vec<Node> = values.into_iter().map(Node::Object).collect();
        if values.is_empty() { self } else { self.with(name, Node::List(values)) }
    }

    /// With repeated texts.
    pub(crate) fn texts<T: Into<String>>(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values: Vec<Node> = values.into_iter().map(|text| Node::Text(text.into())).collect();
        if values.is_empty() { self } else { self.with(name, Node::List(values)) }
    }

    /// With a whole number.
    pub(crate) fn number(self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.with(name, Node::Number(value.to_string()))
    }

    /// With a boolean.
    pub(crate) fn flag(self, name: &'static str, value: bool) -> Self {
        self.with(name, Node::Flag(value))
    }

    /// A member.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, node)| node)
    }

    /// A member that is text; empty when it is missing.
    pub(crate) fn str(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Node::Text(text)) => text,
            Some(Node::Number(_) | Node::Flag(_) | Node::List(_) | Node::Object(_)) | None => "",
        }
    }

    /// Its resource type.
    pub(crate) fn kind(&self) -> &str {
        self.str("resourceType")
    }

    /// Sets a member in place, else as the last.
    pub(crate) fn set(&mut self, name: &'static str, value: Node) {
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, node)) => *node = value,
            None => self.0.push((Cow::Borrowed(name), value)),
        }
    }
}

impl From<Object> for Node {
    fn from(object: Object) -> Node {
        Node::Object(object)
    }
}

impl Node {
    /// The values of an element: itself, or each of a repeating one.
    pub(crate) fn each(&self) -> &[Node] {
        match self {
            Node::List(list) => list,
            one => std::slice::from_ref(one),
        }
    }

    /// Its members, when it has some.
    pub(crate) fn members(&self) -> Option<&Object> {
        match self {
            Node::Object(object) => Some(object),
            Node::Text(_) | Node::Number(_) | Node::Flag(_) | Node::List(_) => None,
        }
    }

    /// A primitive as text.
    pub(crate) fn primitive(&self) -> Option<Cow<'_, str>> {
        match self {
            Node::Text(text) | Node::Number(text) => Some(Cow::Borrowed(text)),
            Node::Flag(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Node::List(_) | Node::Object(_) => None,
        }
    }
}

/// Its JSON form; pretty as Jackson's default printer with a narrow colon.
pub(crate) fn json(object: &Object, pretty: bool) -> String {
    let mut out = String::with_capacity(1024);
    json_object(object, pretty.then_some(0), &mut out);
    out
}

fn json_object(object: &Object, indent: Option<usize>, out: &mut String) {
    out.push('{');
    for (at, (name, node)) in object.0.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        new_line(indent.map(|depth| depth + 1), out);
        json_text(name, out);
        out.push(':');
        if indent.is_some() {
            out.push(' ');
        }
        json_node(node, indent.map(|depth| depth + 1), out);
    }
    if !object.0.is_empty() {
        new_line(indent, out);
    }
    out.push('}');
}

fn json_node(node: &Node, indent: Option<usize>, out: &mut String) {
    match node {
        Node::Text(text) => json_text(text, out),
        Node::Number(number) => out.push_str(number),
        Node::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Node::Object(object) => json_object(object, indent, out),
        Node::List(list) => {
            out.push('[');
            let blank = if indent.is_some() { " " } else { "" };
            out.push_str(blank);
            for (at, one) in list.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                    out.push_str(blank);
                }
                json_node(one, indent, out);
            }
            out.push_str(blank);
            out.push(']');
        }
    }
}

fn new_line(indent: Option<usize>, out: &mut String) {
    if let Some(depth) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Its XML form; pretty with three blanks a level, as Woodstox prints for the product.
pub(crate) fn xml(object: &Object, pretty: bool) -> String {
    let mut out = String::with_capacity(1024);
    xml_resource(object, pretty.then_some(0), true, &mut out);
    out
}

fn xml_resource(object: &Object, indent: Option<usize>, outermost: bool, out: &mut String) {
    let kind = object.kind();
    xml_line(indent, out);
    out.push('<');
    out.push_str(kind);
    out.push_str(if outermost || kind != "Bundle" { " xmlns=\"http://hl7.org/fhir\">" } else { ">" });
    for (name, node) in object.0.iter().filter(|(name, _)| name != "resourceType") {
        xml_node(name, node, indent.map(|depth| depth + 1), out);
    }
    xml_line(indent, out);
    let _ = write!(out, "</{kind}>");
}

fn xml_node(name: &str, node: &Node, indent: Option<usize>, out: &mut String) {
    match node {
        Node::List(list) => list.iter().for_each(|one| xml_node(name, one, indent, out)),
        Node::Text(_) | Node::Number(_) | Node::Flag(_) => xml_primitive(name, node, indent, out),
        Node::Object(object) => xml_element(name, object, indent, out),
    }
}

/// Narratives stand as they are; every other primitive is an attribute.
fn xml_primitive(name: &str, node: &Node, indent: Option<usize>, out: &mut String) {
    let value = node.primitive().unwrap_or_default();
    xml_line(indent, out);
    if name == "div" && value.starts_with("<div") {
        out.push_str(&value);
        return;
    }
    let _ = write!(out, "<{name} value=\"{}\"/>", escaped(&value));
}

fn xml_element(name: &str, object: &Object, indent: Option<usize>, out: &mut String) {
    xml_line(indent, out);
    out.push('<');
    out.push_str(name);
    let attributes: &[&str] = if name.ends_with("xtension") { &["id", "url"] } else { &[] };
    for attribute in attributes.iter().filter(|attribute| !object.str(attribute).is_empty()) {
        let _ = write!(out, " {attribute}=\"{}\"", escaped(object.str(attribute)));
    }
    out.push('>');
    let below = indent.map(|depth| depth + 1);
    if object.kind().is_empty() {
        for (own, node) in object.0.iter().filter(|(own, _)| !attributes.contains(&own.as_ref())) {
            xml_node(own, node, below, out);
        }
    } else {
        xml_resource(object, below, false, out);
    }
    xml_line(indent, out);
    let _ = write!(out, "</{name}>");
}

fn xml_line(indent: Option<usize>, out: &mut String) {
    if let Some(depth) = indent.filter(|_| !out.is_empty()) {
        out.push('\n');
        out.extend(std::iter::repeat_n("   ", depth));
    }
}

/// Text as it stands in XML.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "&#x{:x};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::List(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(one) = sequence.next_element()? {
            list.push(one);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some((name, node)) = map.next_entry::<String, Node>()? {
            members.push((Cow::Owned(name), node));
        }
        Ok(Node::Object(Object(members)))
    }
}

/// Reads JSON.
///
/// # Errors
/// The reader's words.
pub(crate) fn read_json(text: &[u8]) -> Result<Object, String> {
    match serde_json::from_slice::<Node>(text).map_err(|error| error.to_string())? {
        Node::Object(object) if depth(&object, 0) <= MAX_DEPTH => Ok(object),
        Node::Object(_) => Err("nested too deeply".to_owned()),
        Node::Text(_) | Node::Number(_) | Node::Flag(_) | Node::List(_) => Err("not an object".to_owned()),
    }
}

fn depth(object: &Object, above: usize) -> usize {
    if above > MAX_DEPTH {
        return above;
    }
    let below = object.0.iter().flat_map(|(_, node)| node.each()).filter_map(Node::members);
    below.map(|members| depth(members, above + 1)).max().unwrap_or(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Object {
        Object::resource("Patient")
            .text("id", "a")
            .list("name", [Object::new().text("family", "张").texts("given", ["a\"b", "c<d"])])
            .flag("active", true)
    }

    #[test]
    fn json_is_printed_as_jackson_does() {
        assert_eq!(
            json(&sample(), true),
            "{\n  \"resourceType\": \"Patient\",\n  \"id\": \"a\",\n  \"name\": [ {\n    \"family\": \"张\",\n    \"given\": [ \"a\\\"b\", \"c<d\" ]\n  } ],\n  \"active\": true\n}"
        );
        assert_eq!(read_json(json(&sample(), false).as_bytes()).unwrap(), sample());
    }

    #[test]
    fn xml_has_values_as_attributes() {
        assert_eq!(
            xml(&sample(), false),
            "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"a\"/><name><family value=\"张\"/><given value=\"a&quot;b\"/><given value=\"c&lt;d\"/></name><active value=\"true\"/></Patient>"
        );
        assert!(xml(&sample(), true).contains("\n   <name>\n      <family value=\"张\"/>\n"));
    }

    #[test]
    fn deep_input_is_refused() {
        let deep = format!("{}1{}", "{\"a\":".repeat(60), "}".repeat(60));
        assert!(read_json(deep.as_bytes()).is_err());
        assert!(read_json(b"[1]").is_err() && read_json(b"{").is_err());
    }
}
