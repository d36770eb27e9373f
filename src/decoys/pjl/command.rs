//! Lines of the printer job language (PJL Technical Reference Manual, chapter 2).

/// Longest line that is read: the manual's limit is 255, products take more.
pub const MAX_LINE: usize = 2048;

/// What brackets the language (Universal Exit Language).
pub const UEL: &[u8] = b"\x1b%-12345X";

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What is to be done, in upper case; empty for a line with the prefix alone.
    pub verb: String,
    /// All after it, as it came.
    pub rest: String,
}

impl Command {
    /// Reads a line without its end; `None` where the prefix is missing.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(line);
        let (prefix, after) = text.split_at_checked(4)?;
        if !prefix.eq_ignore_ascii_case("@PJL") || after.starts_with(|c: char| !c.is_ascii_whitespace()) {
            return None;
        }
        let after = after.trim_ascii();
        let end = after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len());
        let (verb, rest) = after.split_at(end);
        Some(Command { verb: verb.to_ascii_uppercase(), rest: rest.trim_ascii().to_owned() })
    }

    /// The value of an option (`NAME = "x"`), without quotes.
    pub fn option(&self, name: &str) -> Option<&str> {
        let mut rest = self.rest.as_str();
        while let Some(at) = rest.find('=') {
            let (before, after) = rest.split_at(at);
            let found = before.trim_ascii_end();
            let found = found.rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or(found);
            let value = after.get(1..).unwrap_or_default().trim_ascii_start();
            let (value, left) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => {
                    let end = value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len());
                    value.split_at(end)
                }
            };
            if found.eq_ignore_ascii_case(name) {
                return Some(value);
            }
            rest = left;
        }
        None
    }

    /// A number among the options.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.option(name)?.parse().ok()
    }

    /// The line that answers begin with: the command as it came.
    pub fn again(&self) -> String {
        format!("@PJL {} {}", self.verb, self.rest).trim_ascii_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_with_and_without_quotes_and_blanks() {
        let line = br#"@PJL FSUPLOAD FORMAT:BINARY NAME = "0:\a b\c=d.txt" OFFSET=7 SIZE =12"#;
        let command = Command::parse(line).unwrap();
        assert_eq!(command.verb, "FSUPLOAD");
        assert_eq!(command.option("name"), Some(r"0:\a b\c=d.txt"));
        assert_eq!((command.number("OFFSET"), command.number("SIZE")), (Some(7), Some(12)));
        assert_eq!(command.option("COUNT"), None);
        assert_eq!(Command::parse(b"@pjl"), Some(Command { verb: String::new(), rest: String::new() }));
        assert_eq!(Command::parse(b"@PJLX INFO"), None);
        assert_eq!(Command::parse(b"hello"), None);
        assert_eq!(Command::parse(b"@PJL ECHO a  b").unwrap().again(), "@PJL ECHO a  b");
    }
}
