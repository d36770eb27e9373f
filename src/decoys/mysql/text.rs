//! SQL as text: where statements end, where parameters stand, what a comment hides. What they mean is
//! the database's.

/// Most statements of one text that are told apart; what follows belongs to the last.
pub const MAX_STATEMENTS: usize = 1000;

/// The version that comments for newer servers are measured by: 5.7.38.
const VERSION: u32 = 50_738;

/// What a piece of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name, a key word or a number.
    Word,
    /// A string, with its quotes.
    Text,
    /// A name in quotes.
    Quoted,
    /// Blank space or a comment.
    Blank,
    /// A parameter.
    Parameter,
    /// Any other character.
    Symbol,
}

/// A piece of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its characters.
    pub text: &'a str,
    /// Where it begins, bytes.
    pub start: usize,
}

/// Cuts a text into pieces that join to the text again.
pub fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = sql.get(start..)?;
        let first = rest.chars().next()?;
        let (kind, length) = piece(rest, first);
        let length = length.clamp(first.len_utf8(), rest.len());
        let found = Piece { kind, text: rest.get(..length)?, start };
        start += length;
        Some(found)
    })
}

fn piece(rest: &str, first: char) -> (Kind, usize) {
    match first {
        c if c.is_whitespace() => (Kind::Blank, span(rest, char::is_whitespace)),
        '-' if line_comment(rest) => (Kind::Blank, line(rest)),
        '#' => (Kind::Blank, line(rest)),
        '/' if rest.starts_with("/*") => (Kind::Blank, block(rest)),
        '\'' => (Kind::Text, quoted(rest, '\'', true)),
        '"' => (Kind::Text, quoted(rest, '"', true)),
        '`' => (Kind::Quoted, quoted(rest, '`', false)),
        '?' => (Kind::Parameter, 1),
        c if is_word(c) => (Kind::Word, span(rest, |c| is_word(c) || c == '$')),
        c => (Kind::Symbol, c.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of the characters at the start that fit.
fn span(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

/// Length up to the end of the line, its end included.
fn line(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |end| end + 1)
}

/// A blank has to follow the two dashes.
fn line_comment(text: &str) -> bool {
    text.strip_prefix("--").is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}

/// A comment; what stands in `/*! … */` is run, so that only its mark is blank.
fn block(text: &str) -> usize {
    if text.starts_with("/*!") {
        let digits = span(text.get(3..).unwrap_or_default(), |c| c.is_ascii_digit());
        if text.get(3..3 + digits).and_then(|digits| digits.parse().ok()).unwrap_or(0) <= VERSION {
            return 3 + digits;
        }
    }
    let body = text.get(2..).unwrap_or_default();
    body.find("*/").map_or(text.len(), |end| end + 4)
}

/// The text that is left to be run: comments are blanks, what `/*! … */` encloses stands free.
pub fn bared(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut enclosed = false;
    let mut pieces = pieces(sql).peekable();
    while let Some(piece) = pieces.next() {
        let comment = piece.kind == Kind::Blank && !piece.text.starts_with(char::is_whitespace);
        if comment {
            enclosed |= piece.text.starts_with("/*!") && !piece.text.ends_with("*/");
            out.push(' ');
        } else if enclosed && piece.text == "*" && pieces.next_if(|next| next.text == "/").is_some() {
            enclosed = false;
        } else {
            out.push_str(piece.text);
        }
    }
    out
}

/// Length of a quoted piece; a doubled quote stands for itself. One that does not end takes the rest.
fn quoted(text: &str, quote: char, backslash: bool) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && backslash {
            characters.next();
        } else if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

/// The statements of a text that holds several; those that are empty are left out.
pub fn statements(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = None;
    for piece in pieces(sql) {
        if piece.kind == Kind::Symbol && piece.text == ";" && found.len() < MAX_STATEMENTS - 1 {
            found.extend(start.take().and_then(|start| sql.get(start..piece.start)));
        } else if piece.kind != Kind::Blank {
            start.get_or_insert(piece.start);
        }
    }
    found.extend(start.and_then(|start| sql.get(start..)));
    found.into_iter().map(str::trim_end).collect()
}

/// How many parameters a statement has.
pub fn parameters(sql: &str) -> usize {
    pieces(sql).filter(|piece| piece.kind == Kind::Parameter).count()
}

/// The statement with a literal in the place of each parameter; parameters are counted from 0.
pub fn filled(sql: &str, literal: impl Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut count = 0;
    for piece in pieces(sql) {
        if piece.kind == Kind::Parameter {
            out.push_str(&literal(count));
            count += 1;
        } else {
            out.push_str(piece.text);
        }
    }
    out
}

/// Text as a string literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_outside_of_quotes() {
        let found = statements("select ';', \"a;\" ; -- c;\n update t set a = `x;` where b;;");
        assert_eq!(found, ["select ';', \"a;\"", "update t set a = `x;` where b"]);
        assert_eq!(statements("select 'a\\';' # x;\n").len(), 1);
        assert!(statements("-- only a comment").is_empty());
        assert_eq!(statements("select 1--2"), ["select 1--2"]);
    }

    #[test]
    fn comments_for_this_server_are_run_and_those_for_newer_ones_are_not() {
        assert_eq!(bared("/*!40101 SET NAMES utf8 */").trim(), "SET NAMES utf8");
        let hinted = bared("SELECT /*!40001 SQL_NO_CACHE */ * FROM t");
        let words: Vec<&str> = hinted.split_whitespace().collect();
        assert_eq!(words, ["SELECT", "SQL_NO_CACHE", "*", "FROM", "t"]);
        assert_eq!(bared("select 1 /*!80000 + 1 */ /* c */").trim(), "select 1");
        assert_eq!(bared("select '/*! x */'"), "select '/*! x */'");
    }

    #[test]
    fn parameters_are_found_and_filled() {
        let sql = "select '?', ? from t where a = ?";
        assert_eq!(parameters(sql), 2);
        assert_eq!(filled(sql, |at| format!("<{at}>")), "select '?', <0> from t where a = <1>");
        assert_eq!(literal("a'b\\"), "'a''b\\\\'");
    }

    #[test]
    fn pieces_join_to_the_text_whatever_it_is() {
        for sql in ["'", "\"", "$", "/*", "`", "张三'李", "--", "*/", "a$b$", ":", "/*!", "/*!99999", "?"]
        {
            assert_eq!(pieces(sql).map(|piece| piece.text).collect::<String>(), sql);
        }
    }
}
