//! Documents in a stream, and the few values that a conversation needs of them.

use bytes::{Buf, BytesMut};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Longest document taken, bytes: hundreds of observations with their limits.
pub const MAX_MESSAGE: usize = 256 << 10;

/// Deepest nesting taken; the standard's messages nest to eight.
const MAX_DEPTH: usize = 32;

/// Most elements of one document that are kept.
const MAX_ELEMENTS: usize = 8192;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Name of its root element (`HEL.R01`).
    pub root: String,
    /// Elements in order: name and the attributes `V` (value) and `U` (unit).
    elements: Vec<(String, String, String)>,
}

/// What stands at the start of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// More is needed.
    More,
    /// A document.
    Document(Document),
    /// No document: the rule that was broken.
    Broken(&'static str),
}

impl Document {
    /// Value of the first element of this name; empty when there is none.
    pub fn value(&self, name: &str) -> &str {
        self.elements.iter().find(|(n, ..)| n == name).map_or("", |(_, value, _)| value)
    }

    /// Groups of elements that begin at each element of this name and end before the next.
    pub fn groups<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Group<'a>> {
        let starts = self.elements.iter().enumerate().filter(move |(_, (n, ..))| n == name);
        starts.map(move |(at, _)| {
            let rest = self.elements.get(at + 1..).unwrap_or_default();
            let end = rest.iter().position(|(n, ..)| n == name).unwrap_or(rest.len());
            Group(rest.get(..end).unwrap_or_default())
        })
    }
}

/// Elements between one element and the next of its name.
pub struct Group<'a>(&'a [(String, String, String)]);

impl<'a> Group<'a> {
    /// Value of the first element of this name; empty when there is none.
    pub fn value(&self, name: &str) -> &'a str {
        self.0.iter().find(|(n, ..)| n == name).map_or("", |(_, value, _)| value)
    }

    /// Unit of the first element of this name; empty when there is none.
    pub fn unit(&self, name: &str) -> &'a str {
        self.0.iter().find(|(n, ..)| n == name).map_or("", |(_, _, unit)| unit)
    }
}

/// Takes the next document off the input.
pub fn next_document(input: &mut BytesMut) -> Reading {
    let blank = input.iter().take_while(|b| b.is_ascii_whitespace() || **b == 0).count();
    input.advance(blank);
    match input.first() {
        None => return Reading::More,
        Some(b'<') => {}
        // A byte order mark.
        Some(0xef) if input.len() < 3 || input.starts_with(b"\xef\xbb\xbf") => {}
        Some(_) => return Reading::Broken("bytes that are no XML"),
    }
    // A document ends with a tag.
    let Some(end) = input.iter().rposition(|b| *b == b'>') else {
        return if input.len() > MAX_MESSAGE { Reading::Broken("message too long") } else { Reading::More };
    };
    match read(input.get(..=end).unwrap_or_default()) {
        Ok(Some((document, length))) => {
            input.advance(length.min(input.len()));
            Reading::Document(document)
        }
        Ok(None) if input.len() > MAX_MESSAGE => Reading::Broken("message too long"),
        Ok(None) => Reading::More,
        Err(rule) => Reading::Broken(rule),
    }
}

/// The document at the start of some bytes and its length; `None` when it does not end there.
fn read(bytes: &[u8]) -> Result<Option<(Document, usize)>, &'static str> {
    let mut reader = Reader::from_reader(bytes);
    let mut elements: Vec<(String, String, String)> = Vec::new();
    let mut depth = 0usize;
    loop {
        let event = reader.read_event().map_err(|_| "XML that is not well formed")?;
        let ends = match &event {
            Event::Start(tag) => {
                keep(&mut elements, tag);
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err("XML nested too deep");
                }
                false
            }
            Event::Empty(tag) => {
                keep(&mut elements, tag);
                depth == 0
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                depth == 0
            }
            Event::Eof => return Ok(None),
            // Nothing that a document declares is looked up or put in.
            Event::DocType(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::Comment(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::GeneralRef(_) => false,
        };
        if ends {
            let length = usize::try_from(reader.buffer_position()).unwrap_or(bytes.len());
            let root = elements.first().map(|(name, ..)| name.clone()).unwrap_or_default();
            if root.is_empty() {
                return Err("XML that is not well formed");
            }
            return Ok(Some((Document { root, elements }, length)));
        }
    }
}

fn keep(elements: &mut Vec<(String, String, String)>, tag: &BytesStart<'_>) {
    if elements.len() >= MAX_ELEMENTS {
        return;
    }
    let name = tag.name().as_ref().to_owned();
    let (mut value, mut unit) = (String::new(), String::new());
    for attribute in tag.attributes().flatten() {
        let text = attribute.value.as_ref();
        let text = quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), |t| t.into_owned());
        match attribute.key.as_ref() {
            "V" => value = text,
            "U" => unit = text,
            _ => {}
        }
    }
    elements.push((name, value, unit));
}
