//! Reads words: quotes, parameters, substitutions, arithmetic.

use super::ast::{Change, Index, Part, Word};
use super::parser::{Parser, SyntaxError};

/// Whether an unquoted character ends a word.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || ";&|<>()".contains(c)
}

/// Quoted literal text.
pub(super) fn quoted(text: &str) -> Word {
    Word(vec![Part::Text { text: text.to_owned(), quoted: true }])
}

/// A here-string's text: the word, quoted, and a newline.
pub(super) fn with_newline(word: Word) -> Word {
    let Word(mut parts) = word;
    for part in &mut parts {
        match part {
            Part::Text { quoted, .. }
            | Part::Parameter { quoted, .. }
            | Part::Substitution { quoted, .. }
            | Part::Arithmetic { quoted, .. } => *quoted = true,
            Part::Process(_) => {}
        }
    }
    parts.push(Part::Text { text: "\n".into(), quoted: true });
    Word(parts)
}

/// A here-document's body: parameters and substitutions count, quotes do not.
pub(super) fn document(body: &str, depth: usize) -> Result<Word, SyntaxError> {
    let mut parser = Parser::new(body, depth + 1)?;
    let mut parts = Vec::new();
    while let Some(c) = parser.next() {
        match c {
            '$' => parts.push(dollar(&mut parser, true)?),
            '`' => parts.push(backtick(&mut parser, true)?),
            '\\' => match parser.next() {
                Some(c @ ('$' | '`' | '\\')) => push(&mut parts, c, true),
                Some('\n') => {}
                Some(c) => {
                    push(&mut parts, '\\', true);
                    push(&mut parts, c, true);
                }
                None => push(&mut parts, '\\', true),
            },
            c => push(&mut parts, c, true),
        }
    }
    Ok(Word(parts))
}

/// What stands between the brackets of an array's element.
pub(super) fn key(text: &str, depth: usize) -> Result<Word, SyntaxError> {
    let mut parser = Parser::new(text, depth + 1)?;
    Ok(Word(until(&mut parser, |_| false)?))
}

/// The next word, if one stands here.
pub(super) fn word(parser: &mut Parser) -> Result<Option<Word>, SyntaxError> {
    if parser.eat("<(") {
        let script = parser.script(&[])?;
        let part = Part::Process(script);
        return if parser.eat(")") { Ok(Some(Word(vec![part]))) } else { Err(SyntaxError::Open(')')) };
    }
    let parts = until(parser, ends_word)?;
    Ok((!parts.is_empty()).then_some(Word(parts)))
}

/// The expression behind `=~`: brackets are its own.
pub(super) fn expression(parser: &mut Parser) -> Result<Word, SyntaxError> {
    let level = std::cell::Cell::new(0_usize);
    let ends = |c: char| {
        match c {
            '(' => level.set(level.get() + 1),
            ')' => level.set(level.get().saturating_sub(1)),
            _ => {}
        }
        c.is_whitespace() && level.get() == 0
    };
    Ok(Word(until(parser, ends)?))
}

/// Reads parts until an unquoted character for which `ends` holds.
fn until(parser: &mut Parser, ends: impl Fn(char) -> bool) -> Result<Vec<Part>, SyntaxError> {
    let mut parts = Vec::new();
    while let Some(c) = parser.peek() {
        if ends(c) {
            break;
        }
        parser.next();
        match c {
            '\'' => parts.push(single(parser)?),
            '"' => double(parser, &mut parts)?,
            '\\' => match parser.next() {
                Some('\n') => {}
                Some(c) => push(&mut parts, c, true),
                None => return Err(SyntaxError::Unfinished),
            },
            '$' => parts.push(dollar(parser, false)?),
            '`' => parts.push(backtick(parser, false)?),
            c => push(&mut parts, c, false),
        }
    }
    Ok(parts)
}

fn push(parts: &mut Vec<Part>, c: char, quote: bool) {
    if let Some(Part::Text { text, quoted }) = parts.last_mut()
        && *quoted == quote
    {
        text.push(c);
    } else {
        parts.push(Part::Text { text: c.into(), quoted: quote });
    }
}

fn single(parser: &mut Parser) -> Result<Part, SyntaxError> {
    let mut text = String::new();
    loop {
        match parser.next() {
            Some('\'') => return Ok(Part::Text { text, quoted: true }),
            Some(c) => text.push(c),
            None => return Err(SyntaxError::Open('\'')),
        }
    }
}

fn double(parser: &mut Parser, parts: &mut Vec<Part>) -> Result<(), SyntaxError> {
    parts.push(Part::Text { text: String::new(), quoted: true });
    loop {
        match parser.next() {
            Some('"') => return Ok(()),
            Some('\\') => match parser.next() {
                Some(c @ ('$' | '`' | '"' | '\\')) => push(parts, c, true),
                Some('\n') => {}
                Some(c) => {
                    push(parts, '\\', true);
                    push(parts, c, true);
                }
                None => return Err(SyntaxError::Open('"')),
            },
            Some('$') => parts.push(dollar(parser, true)?),
            Some('`') => parts.push(backtick(parser, true)?),
            Some(c) => push(parts, c, true),
            None => return Err(SyntaxError::Open('"')),
        }
    }
}

/// `$'…'`: escapes as C has them.
fn ansi(parser: &mut Parser) -> Result<Part, SyntaxError> {
    let mut raw = String::new();
    loop {
        match parser.next() {
            Some('\'') => break,
            Some('\\') => {
                raw.push('\\');
                raw.push(parser.next().ok_or(SyntaxError::Open('\''))?);
            }
            Some(c) => raw.push(c),
            None => return Err(SyntaxError::Open('\'')),
        }
    }
    let bytes = super::text::unescape(&raw.replace("\\'", "'"), false).0;
    Ok(Part::Text { text: String::from_utf8_lossy(&bytes).into_owned(), quoted: true })
}

fn dollar(parser: &mut Parser, quoted: bool) -> Result<Part, SyntaxError> {
    parser.deeper()?;
    let part = expansion(parser, quoted)?;
    parser.shallower();
    Ok(part)
}

fn expansion(parser: &mut Parser, quoted: bool) -> Result<Part, SyntaxError> {
    match parser.peek() {
        Some('(') if parser.starts("((") && closes_twice(parser) => {
            parser.eat("((");
            Ok(Part::Arithmetic { expression: arithmetic(parser)?, quoted })
        }
        Some('(') => {
            parser.eat("(");
            let script = parser.script(&[])?;
            if parser.eat(")") {
                Ok(Part::Substitution { script, quoted })
            } else {
                Err(SyntaxError::Open(')'))
            }
        }
        Some('{') => {
            parser.eat("{");
            braced(parser, quoted)
        }
        Some('\'') if !quoted => {
            parser.eat("'");
            ansi(parser)
        }
        Some(c) if c == '_' || c.is_ascii_alphabetic() => {
            Ok(Part::Parameter { name: name(parser), index: None, change: Change::None, quoted })
        }
        Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => {
            parser.next();
            Ok(Part::Parameter { name: c.into(), index: None, change: Change::None, quoted })
        }
        _ => Ok(Part::Text { text: "$".into(), quoted }),
    }
}

/// Whether the `((` that stands here ends in `))`: else it is a subshell in a substitution.
fn closes_twice(parser: &Parser) -> bool {
    let mut level = 0_usize;
    for ahead in 0.. {
        match parser.peek_at(ahead) {
            Some('(') => level += 1,
            Some(')') => {
                level = level.saturating_sub(1);
                if level == 1 {
                    return parser.peek_at(ahead + 1) == Some(')');
                }
            }
            Some(_) => {}
            None => return true,
        }
    }
    true
}

fn name(parser: &mut Parser) -> String {
    let mut name = String::new();
    while let Some(c) = parser.peek()
        && (c == '_' || c.is_ascii_alphanumeric())
    {
        name.push(c);
        parser.next();
    }
    name
}

/// Reads an expression up to `))`.
pub(super) fn arithmetic(parser: &mut Parser) -> Result<Word, SyntaxError> {
    let mut parts = Vec::new();
    let mut level = 0_usize;
    loop {
        match parser.next() {
            Some('$') => parts.push(dollar(parser, true)?),
            Some('`') => parts.push(backtick(parser, true)?),
            Some('(') => {
                level += 1;
                push(&mut parts, '(', true);
            }
            Some(')') if level == 0 => {
                return if parser.eat(")") { Ok(Word(parts)) } else { Err(SyntaxError::Open(')')) };
            }
            Some(')') => {
                level -= 1;
                push(&mut parts, ')', true);
            }
            Some('"') => {}
            Some(c) => push(&mut parts, c, true),
            None => return Err(SyntaxError::Open(')')),
        }
    }
}

/// The three expressions of `for ((a; b; c))`.
pub(super) fn count_parts(parser: &mut Parser) -> Result<[Word; 3], SyntaxError> {
    let Word(parts) = arithmetic(parser)?;
    let mut out = [Word::default(), Word::default(), Word::default()];
    let mut at = 0;
    for part in parts {
        let Part::Text { text, .. } = part else {
            if let Some(Word(list)) = out.get_mut(at) {
                list.push(part);
            }
            continue;
        };
        for (i, piece) in text.split(';').enumerate() {
            at += usize::from(i > 0);
            if let Some(Word(list)) = out.get_mut(at) {
                list.push(Part::Text { text: piece.to_owned(), quoted: true });
            }
        }
    }
    Ok(out)
}

fn backtick(parser: &mut Parser, quoted: bool) -> Result<Part, SyntaxError> {
    let mut source = String::new();
    loop {
        match parser.next() {
            Some('`') => break,
            Some('\\') => match parser.next() {
                Some(c @ ('`' | '\\' | '$')) => source.push(c),
                Some(c) => {
                    source.push('\\');
                    source.push(c);
                }
                None => return Err(SyntaxError::Open('`')),
            },
            Some(c) => source.push(c),
            None => return Err(SyntaxError::Open('`')),
        }
    }
    let mut inner = Parser::new(&source, parser.depth() + 1)?;
    Ok(Part::Substitution { script: inner.script(&[])?, quoted })
}

fn braced(parser: &mut Parser, quoted: bool) -> Result<Part, SyntaxError> {
    let done = |name: String, index: Option<Index>, change: Change| {
        Ok(Part::Parameter { name, index, change, quoted })
    };
    if parser.peek() == Some('#') && parser.peek_at(1) != Some('}') {
        parser.eat("#");
        let name = special_or_name(parser);
        let index = index(parser)?;
        return if parser.eat("}") { done(name, index, Change::Length) } else { bad(parser) };
    }
    if parser.peek() == Some('!') && parser.peek_at(1).is_some_and(|c| c == '_' || c.is_ascii_alphabetic()) {
        parser.eat("!");
        let name = name(parser);
        let index = index(parser)?;
        let change = if index.is_some() { Change::Keys } else { Change::Indirect };
        return if parser.eat("}") { done(name, index, change) } else { bad(parser) };
    }
    let name = special_or_name(parser);
    if name.is_empty() {
        return bad(parser);
    }
    let index = index(parser)?;
    if parser.eat("}") {
        return done(name, index, Change::None);
    }
    let change = change(parser)?;
    if parser.eat("}") { done(name, index, change) } else { bad(parser) }
}

/// `[…]` behind a name.
fn index(parser: &mut Parser) -> Result<Option<Index>, SyntaxError> {
    if !parser.eat("[") {
        return Ok(None);
    }
    let mut text = String::new();
    loop {
        match parser.next() {
            Some(']') => break,
            Some(c) => text.push(c),
            None => return Err(SyntaxError::Open('}')),
        }
    }
    Ok(Some(match text.as_str() {
        "@" => Index::Each,
        "*" => Index::Joined,
        _ => Index::At(key(&text, parser.depth())?),
    }))
}

fn change(parser: &mut Parser) -> Result<Change, SyntaxError> {
    let colon = parser.peek() == Some(':') && parser.peek_at(1).is_some_and(|c| "-=+?".contains(c));
    if colon {
        parser.eat(":");
    }
    if let Some(operator) = parser.peek().filter(|c| "-=+?".contains(*c)) {
        parser.next();
        return Ok(Change::Default { operator, colon, word: inside(parser, "}")? });
    }
    for (text, suffix, longest) in
        [("##", false, true), ("#", false, false), ("%%", true, true), ("%", true, false)]
    {
        if parser.eat(text) {
            return Ok(Change::Trim { suffix, longest, pattern: inside(parser, "}")? });
        }
    }
    for (text, upper, all) in
        [("^^", true, true), ("^", true, false), (",,", false, true), (",", false, false)]
    {
        if parser.eat(text) {
            return Ok(Change::Case { upper, all });
        }
    }
    if parser.eat("/") {
        let all = parser.eat("/");
        let pattern = inside(parser, "/}")?;
        let with = if parser.eat("/") { inside(parser, "}")? } else { Word::default() };
        return Ok(Change::Replace { all, pattern, with });
    }
    if parser.eat(":") {
        let offset = inside(parser, ":}")?;
        let length = if parser.eat(":") { Some(inside(parser, "}")?) } else { None };
        return Ok(Change::Slice { offset, length });
    }
    Ok(Change::None)
}

fn inside(parser: &mut Parser, ends: &str) -> Result<Word, SyntaxError> {
    let parts = until(parser, |c| ends.contains(c))?;
    if parser.peek().is_none() { Err(SyntaxError::Open('}')) } else { Ok(Word(parts)) }
}

fn special_or_name(parser: &mut Parser) -> String {
    match parser.peek() {
        Some(c) if "@*#?$!-".contains(c) => {
            parser.next();
            c.into()
        }
        _ => name(parser),
    }
}

fn bad(parser: &Parser) -> Result<Part, SyntaxError> {
    match parser.peek() {
        None => Err(SyntaxError::Open('}')),
        Some(c) => Err(SyntaxError::Unexpected(c.into())),
    }
}
