//! Rows as XML, as `FOR XML` writes them.

use rusqlite::types::Value as Cell;

use super::{Answer, Function, function, maybe_text, text, text_of};
use crate::database::cell;
use crate::database::rewrite::{XML_RAW, XML_ROW, XML_VALUE};

pub(super) static FUNCTIONS: &[Function] = &[
    function(XML_ROW, "s", (1, 127), |_, a| row(a)),
    function(XML_VALUE, "s", (1, 1), |_, a| maybe_text(text_of(a, 0).map(|text| plain(&text)))),
];

/// The name of the row's element, then name and value of each column: `@x` is an attribute, a column
/// without a name is text. A row without an element is what its columns are.
fn row(arguments: &[Cell]) -> Answer {
    let name = text_of(arguments, 0).unwrap_or_default();
    let (mut attributes, mut content) = (String::new(), String::new());
    for pair in arguments.get(1..).unwrap_or_default().chunks_exact(2) {
        let [column, value] = pair else { continue };
        let (Some(column), Some(value)) = (cell::text(column), cell::text(value)) else { continue };
        if let Some(attribute) = column.strip_prefix('@') {
            attributes.push_str(&format!(" {attribute}=\"{}\"", escaped(&value).replace('"', "&quot;")));
        } else if column == XML_RAW {
            content.push_str(&value);
        } else if column.is_empty() || column == "*" || column == "text()" {
            content.push_str(&escaped(&value));
        } else {
            content.push_str(&format!("<{column}>{}</{column}>", escaped(&value)));
        }
    }
    text(match (name.is_empty(), content.is_empty()) {
        (true, _) => content,
        (false, true) => format!("<{name}{attributes}/>"),
        (false, false) => format!("<{name}{attributes}>{content}</{name}>"),
    })
}

fn escaped(value: &str) -> String {
    let plain = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    plain.replace('\r', "&#x0D;")
}

/// The text between tags.
fn plain(xml: &str) -> String {
    let (mut made, mut inside) = (String::new(), false);
    for c in xml.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => made.push(c),
            _ => {}
        }
    }
    let made = made.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    made.replace("&#x0D;", "\r").replace("&amp;", "&")
}
