//! Statements as text: where they end and where parameters stand. What they mean is the database's.

/// Most statements of one text that are told apart; what follows belongs to the last.
pub const MAX_STATEMENTS: usize = 1000;

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

impl Piece<'_> {
    /// Whether it is this key word, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// What it stands for: a string or name without its quotes, a bare name in lower case.
    pub fn value(&self) -> String {
        let inner = |text: &str, quote: char| {
            let text = text.strip_prefix(quote).unwrap_or(text);
            text.strip_suffix(quote).unwrap_or(text).to_owned()
        };
        match self.kind {
            Kind::Text if self.text.starts_with('$') => {
                let mark = self.text.get(1..).and_then(|rest| rest.find('$')).map_or(0, |at| at + 2);
                let end = self.text.len().saturating_sub(mark);
                self.text.get(mark..end).unwrap_or_default().to_owned()
            }
            Kind::Text => match self.text.strip_prefix(['e', 'E']) {
                Some(text) => escaped(&inner(text, '\'').replace("''", "'")),
                None => inner(self.text, '\'').replace("''", "'"),
            },
            Kind::Quoted => inner(self.text, '"').replace("\"\"", "\""),
            Kind::Word => self.text.to_lowercase(),
            Kind::Blank | Kind::Parameter | Kind::Symbol => self.text.to_owned(),
        }
    }
}

/// What backslashes of an escape string stand for.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.extend(characters.next().map(|c| match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            other => other,
        }));
    }
    out
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

/// The pieces without blank space and comments.
pub fn words(sql: &str) -> Vec<Piece<'_>> {
    pieces(sql).filter(|piece| piece.kind != Kind::Blank).collect()
}

fn piece(rest: &str, first: char) -> (Kind, usize) {
    let after = |count: usize| rest.get(count..).unwrap_or_default();
    match first {
        c if c.is_whitespace() => (Kind::Blank, span(rest, char::is_whitespace)),
        '-' if rest.starts_with("--") => (Kind::Blank, rest.find('\n').map_or(rest.len(), |end| end + 1)),
        '/' if rest.starts_with("/*") => (Kind::Blank, comment(rest)),
        '\'' => (Kind::Text, quoted(rest, '\'', false)),
        '"' => (Kind::Quoted, quoted(rest, '"', false)),
        'e' | 'E' if after(1).starts_with('\'') => (Kind::Text, 1 + quoted(after(1), '\'', true)),
        '$' => dollar(rest),
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

/// A comment; they nest.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
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

/// `$1`, or `$tag$ … $tag$`.
fn dollar(text: &str) -> (Kind, usize) {
    let rest = text.get(1..).unwrap_or_default();
    let digits = span(rest, |c| c.is_ascii_digit());
    if digits > 0 {
        return (Kind::Parameter, 1 + digits);
    }
    let tag = span(rest, is_word);
    let Some(mark) = text.get(..tag + 2).filter(|mark| mark.ends_with('$')) else {
        return (Kind::Symbol, 1);
    };
    let body = text.get(mark.len()..).unwrap_or_default();
    (Kind::Text, body.find(mark).map_or(text.len(), |end| 2 * mark.len() + end))
}

/// A statement of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its text, without the blank around it.
    pub text: &'a str,
    /// Where it begins, bytes.
    pub start: usize,
}

/// The statements of a text that holds several; those that are empty are left out.
pub fn statements(sql: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    for piece in pieces(sql) {
        let ends = piece.kind == Kind::Symbol && piece.text == ";" && found.len() < MAX_STATEMENTS - 1;
        if ends {
            found.extend(start.take().and_then(|start| cut(sql, start, piece.start)));
        } else if piece.kind != Kind::Blank {
            start.get_or_insert(piece.start);
        }
    }
    found.extend(start.and_then(|start| cut(sql, start, sql.len())));
    found
}

fn cut(sql: &str, start: usize, end: usize) -> Option<Part<'_>> {
    Some(Part { text: sql.get(start..end)?.trim_end(), start })
}

/// The highest number of a parameter.
pub fn parameters(sql: &str) -> usize {
    pieces(sql).filter_map(|piece| place(&piece)).max().unwrap_or_default()
}

/// The number of a parameter.
pub fn place(piece: &Piece<'_>) -> Option<usize> {
    if piece.kind == Kind::Parameter { piece.text.strip_prefix('$')?.parse().ok() } else { None }
}

/// The statement with a literal in the place of each parameter; parameters are counted from 0.
pub fn filled(sql: &str, literal: impl Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(sql.len());
    for piece in pieces(sql) {
        match place(&piece).and_then(|place| place.checked_sub(1)) {
            Some(at) => out.push_str(&literal(at)),
            None => out.push_str(piece.text),
        }
    }
    out
}

/// Text as a string literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether a name may stand without quotes.
pub fn is_plain(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_');
    first && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        statements(sql).into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn statements_end_at_semicolons_outside_of_quotes() {
        let sql = "select ';', \"a;\" ; -- c;\n update t set a = $x$;$x$ /* ; /* ; */ ; */ where b;;";
        let found = texts(sql);
        assert_eq!(found[0], "select ';', \"a;\"");
        assert!(found[1].starts_with("update t") && found[1].ends_with("where b"));
        assert_eq!(found.len(), 2);
        assert_eq!(texts("-- only a comment").len(), 0);
        assert_eq!(texts("select e'a\\';' x").len(), 1);
    }

    #[test]
    fn parameters_are_found_and_filled() {
        let sql = "select $2, $1, '$3', $$ $4 $$";
        assert_eq!(parameters(sql), 2);
        assert_eq!(filled(sql, |at| at.to_string()), "select 1, 0, '$3', $$ $4 $$");
        assert_eq!(filled("select $0", |_| String::new()), "select $0");
    }

    #[test]
    fn pieces_are_what_they_stand_for() {
        let values: Vec<_> =
            words("Set \"A\"\"b\" = 'it''s' E'\\n\\'' $q$x$q$").iter().map(Piece::value).collect();
        assert_eq!(values, ["set", "A\"b", "=", "it's", "\n'", "x"]);
    }

    #[test]
    fn pieces_join_to_the_text_whatever_it_is() {
        for sql in ["'", "\"", "$", "$a", "/*", "e'", "`", "张三'李", "--", "*/", "a$b$", ":", "/*!"] {
            assert_eq!(pieces(sql).map(|piece| piece.text).collect::<String>(), sql);
        }
    }
}
