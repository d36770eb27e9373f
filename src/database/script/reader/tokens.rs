//! What is done to the tokens of a batch before they are read.

use super::Read;
use crate::database::problem::Problem;
use crate::database::script::{MAX_DEPTH, MAX_OPERATORS};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Takes `OPTION (…)` out: it says how a query is run, not what it gives.
pub(super) fn without_options(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
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

/// `DELETE FROM t ROLLBACK`, `SELECT 1 SET NOCOUNT ON`: the parser would take the word for an alias.
pub(super) fn parted(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut made = Vec::with_capacity(tokens.len());
    let (mut depth, mut begun) = (0usize, Begun::Nothing);
    for token in tokens {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::SemiColon => begun = Begun::Nothing,
            Token::Word(word) if word.quote_style.is_none() && depth == 0 => {
                let ends = match word.keyword {
                    Keyword::ROLLBACK | Keyword::COMMIT => begun != Begun::Nothing,
                    Keyword::SET => begun == Begun::Query,
                    _ => false,
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
        made.push(token);
    }
    made
}

/// What a batch's tokens are in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    Nothing,
    /// No clause of it begins with SET.
    Query,
    Change,
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
