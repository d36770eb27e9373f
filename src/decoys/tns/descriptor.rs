//! Connect descriptors: `(DESCRIPTION=(CONNECT_DATA=(SID=orcl)))`.

/// Most names in one descriptor.
const MAX_NAMES: usize = 256;

/// Deepest nesting: real ones have six levels.
const MAX_DEPTH: usize = 16;

/// A descriptor as pairs of name and value, in order, outer ones first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Descriptor(Vec<(String, String)>);

impl Descriptor {
    /// Reads a descriptor; `None` where its parentheses don't match or a name has no value.
    pub fn parse(text: &str) -> Option<Descriptor> {
        let mut found = Vec::new();
        list(text.trim_matches(|c: char| c.is_whitespace() || c == '\0'), 0, &mut found)?;
        (!found.is_empty()).then_some(Descriptor(found))
    }

    /// The first value of a name, in any case; one that holds a list gives the list's text.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// One or more `(NAME=value)`.
fn list(mut rest: &str, depth: usize, found: &mut Vec<(String, String)>) -> Option<()> {
    while !rest.trim_start().is_empty() {
        let inside = rest.trim_start().strip_prefix('(')?;
        let end = closing(inside)?;
        let (body, after) = (inside.get(..end)?, inside.get(end + 1..)?);
        let (name, value) = body.split_once('=')?;
        let value = value.trim();
        if found.len() >= MAX_NAMES || depth >= MAX_DEPTH {
            return None;
        }
        found.push((name.trim().to_owned(), value.to_owned()));
        if value.starts_with('(') {
            list(value, depth + 1, found)?;
        }
        rest = after;
    }
    Some(())
}

/// Where the parenthesis closes that is open before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_at_any_depth() {
        let text = "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1521))\n (CONNECT_DATA=(SID = orcl)\
                    (CID=(PROGRAM=sql plus)(HOST=__jdbc__)(USER=))))";
        let descriptor = Descriptor::parse(text).unwrap();
        assert_eq!(descriptor.get("sid"), Some("orcl"));
        assert_eq!(descriptor.get("PROGRAM"), Some("sql plus"));
        assert_eq!(descriptor.get("USER"), Some(""));
        assert_eq!(descriptor.get("SERVICE_NAME"), None);
    }

    #[test]
    fn what_is_no_descriptor_is_refused() {
        for text in ["", "(", "()", "(A=(B=c)", "A=b", "(A)", &"(A=".repeat(40)] {
            assert_eq!(Descriptor::parse(text), None, "{text}");
        }
        assert!(Descriptor::parse(&format!("{}x{}", "(A=".repeat(15), ")".repeat(15))).is_some());
        assert!(Descriptor::parse(&format!("{}x{}", "(A=".repeat(30), ")".repeat(30))).is_none());
    }
}
