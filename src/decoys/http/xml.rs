//! A small tree of an XML document with its namespaces. Entities that a document declares are never
//! expanded: a reference to one stands for nothing, as the products' parsers are set.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{PrefixDeclaration, ResolveResult};
use quick_xml::reader::NsReader;
use quick_xml::{XmlVersion, escape};

/// Deepest nesting.
const MAX_DEPTH: usize = 64;
/// Most elements of a document.
const MAX_ELEMENTS: usize = 50_000;

/// One element.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Element {
    /// Local name.
    pub name: String,
    /// Its namespace; empty for none.
    pub space: String,
    /// Attributes: local name and value.
    pub attributes: Vec<(String, String)>,
    /// All text in it, without that of its children.
    pub text: String,
    /// Its children.
    pub children: Vec<Element>,
}

/// Why a document can't be read: where, and in the words of the JDK's parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Line, from 1.
    pub row: usize,
    /// Column, from 1.
    pub column: usize,
    /// The parser's words.
    pub words: String,
}

impl Element {
    /// The first child with this local name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first element with this local name, at any depth.
    pub fn find(&self, name: &str) -> Option<&Element> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// All elements with this local name, at any depth.
    pub fn all<'a>(&'a self, name: &'a str) -> Vec<&'a Element> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.all(name));
        }
        found
    }

    /// An attribute; empty when it is missing.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

/// Reads a document's root.
///
/// # Errors
/// [`Broken`], with the place.
pub fn parse(bytes: &[u8]) -> Result<Element, Broken> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(broken("", 0, "Invalid byte 1 of 1-byte UTF-8 sequence."));
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(broken(text, 0, "Premature end of file."));
    }
    if !text.trim_start().starts_with('<') {
        return Err(broken(text, 0, "Content is not allowed in prolog."));
    }
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut count = 0;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(0);
        let event = reader.read_resolved_event().map_err(|error| ended(text, at, &error));
        let (space, event) = event?;
        let space = match space {
            ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(prefix) => {
                let words = format!("The prefix \"{}\" for element is not bound.", &*prefix);
                return Err(broken(text, at, &words));
            }
        };
        let whole = match event {
            Event::Start(start) => {
                count += 1;
                if open.len() >= MAX_DEPTH || count > MAX_ELEMENTS {
                    return Err(broken(text, at, "JAXP00010006: The maximum depth of elements is exceeded."));
                }
                open.push(element(&start, space));
                None
            }
            Event::Empty(start) => {
                count += 1;
                if count > MAX_ELEMENTS {
                    return Err(broken(
                        text,
                        at,
                        "JAXP00010004: The accumulated size of elements is exceeded.",
                    ));
                }
                Some(element(&start, space))
            }
            Event::End(_) => open.pop(),
            Event::Text(part) => {
                add(&mut open, &part);
                None
            }
            Event::CData(part) => {
                add(&mut open, &part);
                None
            }
            Event::GeneralRef(entity) => {
                let known = entity.resolve_char_ref().ok().flatten().map(String::from);
                let known = known.or_else(|| escape::resolve_predefined_entity(&entity).map(str::to_owned));
                add(&mut open, &known.unwrap_or_default());
                None
            }
            Event::Eof => {
                let words = "XML document structures must start and end within the same entity.";
                return Err(broken(text, text.len(), words));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
        };
        if let Some(whole) = whole {
            match open.last_mut() {
                Some(parent) => parent.children.push(whole),
                None => return Ok(whole),
            }
        }
    }
}

/// Whether a document declares entities or an outer subset.
pub fn declares_entities(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(64 << 10)).unwrap_or_default();
    super::uri::holds(head, b"<!DOCTYPE") || super::uri::holds(head, b"<!ENTITY")
}

fn add(open: &mut [Element], text: &str) {
    if let Some(last) = open.last_mut() {
        last.text.push_str(text);
    }
}

fn element(start: &BytesStart<'_>, space: String) -> Element {
    let attributes = start.attributes().flatten().filter_map(|attribute| {
        let declares: Option<PrefixDeclaration<'_>> = attribute.key.as_namespace_binding();
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or_default().into_owned();
        declares.is_none().then(|| (attribute.key.local_name().as_ref().to_owned(), value))
    });
    Element {
        name: start.local_name().as_ref().to_owned(),
        space,
        attributes: attributes.collect(),
        ..Element::default()
    }
}

/// The JDK's words for what quick-xml found.
fn ended(text: &str, at: usize, error: &quick_xml::Error) -> Broken {
    let said = error.to_string();
    let Some((_, rest)) = said.split_once("expected `</") else {
        return broken(
            text,
            text.len(),
            "XML document structures must start and end within the same entity.",
        );
    };
    let name = rest.split('>').next().unwrap_or_default();
    let words =
        format!("The element type \"{name}\" must be terminated by the matching end-tag \"</{name}>\".");
    broken(text, at.max(1), &words)
}

fn broken(text: &str, at: usize, words: &str) -> Broken {
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    let row = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Broken { row, column, words: words.to_owned() }
}

/// Text as element content.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xd;"),
            c if u32::from(c) < 0x20 && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_spaces_and_text() {
        let root = parse(
            b"<?xml version='1.0'?><a:b xmlns:a='urn:x' c='1&amp;2'><d>x&lt;<![CDATA[<y>]]></d><d/></a:b>",
        )
        .unwrap();
        assert_eq!((root.name.as_str(), root.space.as_str(), root.attribute("c")), ("b", "urn:x", "1&2"));
        assert_eq!(root.child("d").unwrap().text, "x<<y>");
        assert_eq!(root.all("d").len(), 2);
    }

    #[test]
    fn declared_entities_stand_for_nothing() {
        let text = b"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>1&x;2</a>";
        assert_eq!(parse(text).unwrap().text, "12");
        assert!(declares_entities(text) && !declares_entities(b"<a/>"));
    }

    #[test]
    fn what_is_broken_has_its_place() {
        assert_eq!(parse(b"").unwrap_err().words, "Premature end of file.");
        assert_eq!(parse(b"x").unwrap_err().words, "Content is not allowed in prolog.");
        assert!(parse(b"<a").unwrap_err().words.starts_with("XML document structures"));
        assert!(parse(b"<a></b>").unwrap_err().words.contains("\"</a>\""));
        assert!(parse("<a>".repeat(100).as_bytes()).is_err());
    }
}
