//! Arrays in the form that PostgreSQL writes them in: `{a,"b c",NULL}`.

/// The elements of an array of one dimension, or of a vector (`1 2 3`); NULL is `None`.
pub fn array_elements(text: &str) -> Vec<Option<String>> {
    let text = text.trim();
    let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return text.split_whitespace().map(|part| Some(part.to_owned())).collect();
    };
    let mut elements = Vec::new();
    let (mut element, mut quoted, mut inside, mut begun) = (String::new(), false, false, false);
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                begun = true;
                element.extend(characters.next());
            }
            '"' => (inside, quoted, begun) = (!inside, true, true),
            ',' if !inside => {
                elements.push(ended(&mut element, quoted));
                (quoted, begun) = (false, true);
            }
            c if inside || !c.is_whitespace() => {
                begun = true;
                element.push(c);
            }
            _ => {}
        }
    }
    if begun {
        elements.push(ended(&mut element, quoted));
    }
    elements
}

fn ended(element: &mut String, quoted: bool) -> Option<String> {
    let element = std::mem::take(element);
    (quoted || !element.eq_ignore_ascii_case("null")).then_some(element)
}

/// Elements as an array.
pub(in crate::database) fn array_text(elements: &[Option<String>]) -> String {
    let shown = |element: &Option<String>| match element {
        None => "NULL".to_owned(),
        Some(text) => {
            let sharp = |c: char| matches!(c, '{' | '}' | ',' | '"' | '\\') || c.is_whitespace();
            if text.is_empty() || text.contains(sharp) || text.eq_ignore_ascii_case("null") {
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            } else {
                text.clone()
            }
        }
    };
    format!("{{{}}}", elements.iter().map(shown).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_as_they_are_written() {
        let all = [Some("a".to_owned()), None, Some("b \"c\\,".to_owned()), Some(String::new())];
        let text = array_text(&all);
        assert_eq!(text, "{a,NULL,\"b \\\"c\\\\,\",\"\"}");
        assert_eq!(array_elements(&text), all);
        assert_eq!(array_elements("{}"), []);
        assert_eq!(array_elements("1 2"), [Some("1".to_owned()), Some("2".to_owned())]);
    }
}
