//! What is done to the tokens of a batch before they are read.

use super::Read;
use crate::database::problem::Problem;
use crate::database::script::{MAX_DEPTH, MAX_OPERATORS};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// Takes `OPTION (…)` out: it says how a query is run, not what it gives.
pub(super) fn without_options(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut tokens = without_read_only(tokens);
    let is_option = |token: &Token| matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("option"));
    while let Some(at) = tokens.iter().position(|token| is_option(&token.token)) {
        let mut end = at + 1;
        while matches!(tokens.get(end).map(|t| &t.token), Some(Token::Whitespace(_))) {
            end += 1;
        }
        if tokens.get(end).map(|t| &t.token) != Some(&Token::LParen) {
            break;
        }
        let close = tokens.iter().skip(end).position(|token| token.token == Token::RParen);
        let Some(close) = close else { break };
        tokens.drain(at..=end + close);
    }
    tokens
}

/// Takes `FOR READ ONLY` out, with which the query of a cursor may end.
fn without_read_only(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    const WORDS: [&str; 3] = ["for", "read", "only"];
    let words: Vec<(usize, &str)> = tokens
        .iter()
        .enumerate()
        .filter_map(|(at, token)| match &token.token {
            Token::Whitespace(_) => None,
            Token::Word(word) if word.quote_style.is_none() => Some((at, word.value.as_str())),
            _ => Some((at, "")),
        })
        .collect();
    let found: Vec<usize> = words
        .windows(WORDS.len())
        .filter(|part| part.iter().zip(WORDS).all(|((_, word), known)| word.eq_ignore_ascii_case(known)))
        .flat_map(|part| part.iter().map(|(at, _)| *at))
        .collect();
    if found.is_empty() {
        return tokens;
    }
    tokens
        .into_iter()
        .enumerate()
        .filter(|(at, _)| found.binary_search(at).is_err())
        .map(|(_, token)| token)
        .collect()
}

/// `DELETE FROM t ROLLBACK`, `SELECT 1 SET NOCOUNT ON`: the parser would take the word for an alias.
pub(super) fn parted(tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut made = Vec::with_capacity(tokens.len());
    let (mut depth, mut begun) = (0usize, Begun::Nothing);
    for (at, token) in tokens.iter().enumerate() {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::SemiColon => begun = Begun::Nothing,
            Token::Word(word) if word.quote_style.is_none() && depth == 0 => {
                let ends = match word.keyword {
                    Keyword::ROLLBACK | Keyword::COMMIT => begun != Begun::Nothing,
                    Keyword::SET => begun == Begun::Query,
                    Keyword::FETCH => begun != Begun::Nothing && fetches_from_cursor(tokens, at),
                    _ => begun != Begun::Nothing && begins(&word.value),
                };
                if ends {
                    made.push(TokenWithSpan { token: Token::SemiColon, span: token.span });
                    begun = Begun::Nothing;
                }
                match word.keyword {
                    Keyword::SELECT | Keyword::INSERT => begun = Begun::Query,
                    Keyword::UPDATE | Keyword::ALTER | Keyword::CREATE | Keyword::MERGE => {
                        begun = Begun::Change
                    }
                    Keyword::DELETE | Keyword::DROP | Keyword::TRUNCATE => begun = Begun::Change,
                    Keyword::IF | Keyword::ELSE | Keyword::WHILE | Keyword::BEGIN => begun = Begun::Nothing,
                    _ => {}
                }
            }
            _ => {}
        }
        made.push(token.clone());
    }
    made
}

/// Reserved words that only ever begin a statement, and that the parser takes for an alias.
fn begins(word: &str) -> bool {
    const WORDS: &[&str] = &["open", "close", "deallocate", "waitfor", "use", "break", "continue"];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// `FETCH NEXT FROM c` is a statement, `OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY` the end of one.
fn fetches_from_cursor(tokens: &[TokenWithSpan], at: usize) -> bool {
    let ahead = tokens.iter().skip(at + 1).map(|token| &token.token);
    let mut words = ahead.filter(|token| !matches!(token, Token::Whitespace(_))).take(4);
    !words.any(|token| match token {
        Token::Word(word) => matches!(word.keyword, Keyword::ROW | Keyword::ROWS | Keyword::ONLY),
        _ => false,
    })
}

/// What a batch's tokens are in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    Nothing,
    /// No clause of it begins with SET.
    Query,
    Change,
}

/// `DELETE t …`, `DELETE t OUTPUT … FROM …`: in the order in which the parser takes the parts.
pub(super) fn ordered_deletes(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is_delete = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) => word.keyword == Keyword::DELETE && word.quote_style.is_none(),
        _ => false,
    };
    if !tokens.iter().any(is_delete) {
        return tokens;
    }
    let mut made: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    let mut before = Keyword::NoKeyword;
    while let Some(token) = tokens.get(at) {
        // Part of MERGE, of a trigger or of a right.
        let inside = matches!(
            before,
            Keyword::THEN | Keyword::ON | Keyword::AFTER | Keyword::FOR | Keyword::OF | Keyword::GRANT
        );
        let parts = if is_delete(token) && !inside { DeleteParts::read(&tokens, at) } else { None };
        match parts {
            Some(parts) => {
                at = parts.end;
                made.extend(parts.tokens);
            }
            None => {
                made.push(token.clone());
                at += 1;
            }
        }
        if let Token::Word(word) = &token.token {
            before = word.keyword;
        }
    }
    made
}

/// `db..t.c`: the schema between the periods has no name, which the parser does not know in expressions.
pub(super) fn named_schemas(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut made: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let second =
            token.token == Token::Period && made.last().is_some_and(|last| last.token == Token::Period);
        if second {
            let word = Word { value: String::new(), quote_style: None, keyword: Keyword::NoKeyword };
            made.push(TokenWithSpan { token: Token::Word(word), span: token.span });
        }
        made.push(token);
    }
    made
}

/// A DELETE whose parts stand in another order, up to its condition.
struct DeleteParts {
    tokens: Vec<TokenWithSpan>,
    end: usize,
}

impl DeleteParts {
    fn read(tokens: &[TokenWithSpan], start: usize) -> Option<DeleteParts> {
        let keyword = |at: usize| match tokens.get(at).map(|token| &token.token) {
            Some(Token::Word(word)) if word.quote_style.is_none() => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let blank =
            |at: usize| matches!(tokens.get(at).map(|token| &token.token), Some(Token::Whitespace(_)));
        let skip = |mut at: usize| {
            while blank(at) {
                at += 1;
            }
            at
        };
        // Up to one of these words outside of parentheses.
        let until = |from: usize, ends: &[Keyword]| {
            let mut depth = 0usize;
            let mut at = from;
            while let Some(token) = tokens.get(at) {
                match &token.token {
                    Token::LParen => depth += 1,
                    Token::RParen if depth == 0 => break,
                    Token::RParen => depth -= 1,
                    Token::SemiColon | Token::EOF => break,
                    Token::Word(_) if depth == 0 && ends.contains(&keyword(at)) => break,
                    _ => {}
                }
                at += 1;
            }
            at
        };
        let mut at = skip(start + 1);
        let from = (keyword(at) == Keyword::FROM).then_some(at);
        at = skip(from.map_or(at, |at| at + 1));
        let name = at;
        while matches!(tokens.get(at).map(|token| &token.token), Some(Token::Word(_) | Token::Period)) {
            let part = matches!(tokens.get(at + 1).map(|token| &token.token), Some(Token::Period));
            let dot = matches!(tokens.get(at).map(|token| &token.token), Some(Token::Period));
            at += 1;
            if !part && !dot {
                break;
            }
        }
        let (name, mut at) = (tokens.get(name..at)?.to_vec(), skip(at));
        let mut output = Vec::new();
        if keyword(at) == Keyword::OUTPUT {
            let end = until(at, &[Keyword::FROM, Keyword::WHERE, Keyword::OPTION]);
            output = tokens.get(at..end)?.to_vec();
            at = end;
        }
        let second = keyword(at) == Keyword::FROM;
        if name.is_empty() || from.is_some() && !second && output.is_empty() {
            return None;
        }
        let span = tokens.get(start)?.span;
        let word = |text: &str| TokenWithSpan { token: Token::make_keyword(text), span };
        let gap =
            || TokenWithSpan { token: Token::Whitespace(sqlparser::tokenizer::Whitespace::Space), span };
        let mut made = vec![tokens.get(start)?.clone(), gap()];
        if second {
            let end = until(at + 1, &[Keyword::WHERE, Keyword::OPTION]);
            made.extend(name);
            made.push(gap());
            made.extend(tokens.get(at..end)?.iter().cloned());
            at = end;
        } else {
            made.extend([word("FROM"), gap()]);
            made.extend(name);
        }
        made.push(gap());
        made.extend(output);
        made.push(gap());
        Some(DeleteParts { tokens: made, end: at })
    }
}

/// `OPERATOR(pg_catalog.=)` is `=`: the parser takes the long form in some places only.
pub(super) fn plain_operators(tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let is = |at: usize, wanted: &Token| tokens.get(at).is_some_and(|token| token.token == *wanted);
    let word = |at: usize, name: &str| match tokens.get(at).map(|token| &token.token) {
        Some(Token::Word(word)) => word.value.eq_ignore_ascii_case(name),
        _ => false,
    };
    let mut made = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let long = word(at, "operator")
            && is(at + 1, &Token::LParen)
            && word(at + 2, "pg_catalog")
            && is(at + 3, &Token::Period)
            && is(at + 5, &Token::RParen);
        let operator = tokens.get(at + 4).filter(|_| long);
        made.push(operator.unwrap_or(token).clone());
        at += if operator.is_some() { 6 } else { 1 };
    }
    made
}

/// Refuses what would nest too deeply.
pub(super) fn check(tokens: &[TokenWithSpan]) -> Read<()> {
    let (mut depth, mut operators) = (0usize, 0usize);
    for token in tokens {
        let line = u32::try_from(token.span.start.line).unwrap_or(1);
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::SemiColon => operators = 0,
            Token::Word(word) => match word.keyword {
                // Each of these begins a statement of its own, or a tree beside the last one.
                Keyword::INSERT | Keyword::DECLARE | Keyword::EXEC | Keyword::PRINT => operators = 0,
                Keyword::NoKeyword | Keyword::NULL | Keyword::AS => {}
                _ => operators += 1,
            },
            Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::SingleQuotedString(_) => {}
            Token::NationalStringLiteral(_) | Token::HexStringLiteral(_) | Token::Period | Token::EOF => {}
            _ => operators += 1,
        }
        if depth > MAX_DEPTH || operators > MAX_OPERATORS {
            return Err((Problem::TooDeep, line));
        }
    }
    Ok(())
}

/// The text from a place on, as the product quotes it.
pub(super) fn tail(text: &str, line: u64, column: u64) -> String {
    let start = text.lines().nth(usize::try_from(line.saturating_sub(1)).unwrap_or(0)).unwrap_or_default();
    let skip = usize::try_from(column).unwrap_or(0);
    start.chars().skip(skip).take(128).collect()
}
