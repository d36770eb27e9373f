//! Reads steps from tokens.

mod blocks;
mod calls;
mod cursors;
mod definitions;
mod tokens;

use crate::database::Verb;
use crate::database::catalog::Product;
use crate::database::problem::Problem;
use crate::database::rewrite::literal;
use crate::database::script::{MAX_DEPTH, MAX_STEPS, Placed, Step, Transaction};
use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, MsSqlDialect, MySqlDialect, OracleDialect, PostgreSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use tokens::{check, named_schemas, ordered_deletes, parted, plain_operators, tail, without_options};

/// Most words of a statement that are looked at for what reaches out.
const MAX_AHEAD: usize = 2_000;

type Read<T> = Result<T, (Problem, u32)>;

/// Words with which statements begin that are none of the engine's.
const WORDS: &[(&str, Verb)] = &[
    ("backup", Verb::Backup),
    ("restore", Verb::Backup),
    ("grant", Verb::Grant),
    ("revoke", Verb::Grant),
    ("deny", Verb::Grant),
    ("kill", Verb::Other),
    ("dbcc", Verb::Other),
    ("shutdown", Verb::Other),
    ("waitfor", Verb::Other),
    ("reconfigure", Verb::Set),
    ("checkpoint", Verb::Other),
    ("bulk", Verb::Insert),
    ("setuser", Verb::Set),
    ("revert", Verb::Set),
    ("enable", Verb::Alter),
    ("disable", Verb::Alter),
    ("flush", Verb::Other),
    ("show", Verb::Show),
    ("describe", Verb::Show),
    ("desc", Verb::Show),
    ("load", Verb::Other),
    ("listen", Verb::Other),
    ("vacuum", Verb::Other),
    ("analyze", Verb::Other),
    ("discard", Verb::Other),
    ("reset", Verb::Set),
    ("copy", Verb::Other),
    ("lock", Verb::Other),
];

pub(in crate::database::script) struct Reader<'a> {
    parser: Parser<'a>,
    /// The text as it came.
    source: String,
    tokens: Vec<TokenWithSpan>,
    product: Product,
    steps: usize,
    depth: usize,
}

fn dialect(product: Product) -> &'static dyn Dialect {
    match product {
        Product::SqlServer => &MsSqlDialect {},
        Product::MySql => &MySqlDialect {},
        Product::Postgres => &PostgreSqlDialect {},
        Product::Oracle => &OracleDialect {},
    }
}

impl<'a> Reader<'a> {
    pub(in crate::database::script) fn new(text: &str, product: Product) -> Read<Reader<'a>> {
        let dialect = dialect(product);
        let tokens = Tokenizer::new(dialect, text).tokenize_with_location().map_err(|error| {
            let line = u32::try_from(error.location.line).unwrap_or(1);
            (Problem::Unclosed(tail(text, error.location.line, error.location.column)), line)
        })?;
        let tokens = match product {
            Product::SqlServer => ordered_deletes(parted(&named_schemas(without_options(tokens)))),
            Product::Postgres => plain_operators(&tokens),
            Product::MySql | Product::Oracle => tokens,
        };
        check(&tokens)?;
        let parser =
            Parser::new(dialect).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens.clone());
        Ok(Reader { parser, source: text.to_owned(), tokens, product, steps: 0, depth: 0 })
    }

    pub(in crate::database::script) fn batch(mut self) -> Read<Vec<Placed>> {
        let mut steps = Vec::new();
        while !self.at_end() {
            let first = steps.is_empty();
            if let Some(step) = self.placed(first)? {
                steps.push(step);
            }
        }
        Ok(steps)
    }

    fn at_end(&mut self) -> bool {
        while self.parser.consume_token(&Token::SemiColon) {}
        matches!(self.parser.peek_token().token, Token::EOF)
    }

    fn line(&self) -> u32 {
        u32::try_from(self.parser.peek_token().span.start.line.max(1)).unwrap_or(1)
    }

    fn placed(&mut self, first: bool) -> Read<Option<Placed>> {
        self.steps += 1;
        self.depth += 1;
        if self.steps > MAX_STEPS || self.depth > MAX_DEPTH {
            return Err((Problem::TooDeep, self.line()));
        }
        let (line, from) = (self.line(), self.parser.index());
        let step = self.step(first)?;
        self.depth -= 1;
        let to = self.parser.index();
        let text: String =
            self.tokens.get(from..to).unwrap_or_default().iter().map(|t| t.token.to_string()).collect();
        Ok(step.map(|step| Placed { step, line, text: text.trim().to_owned() }))
    }

    fn word(&self, ahead: usize) -> String {
        match self.parser.peek_nth_token(ahead).token {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_lowercase(),
            _ => String::new(),
        }
    }

    fn step(&mut self, first: bool) -> Read<Option<Step>> {
        let word = self.word(0);
        if self.product != Product::SqlServer {
            return self.other_step(&word).map(Some);
        }
        if matches!(word.as_str(), "select" | "insert" | "update" | "delete" | "with") && self.reaches_out() {
            return Ok(Some(Step::Words(Verb::Select, self.words_of_query())));
        }
        let second = self.word(1);
        if let Some(kind) = self.defines() {
            return self.definition(kind, first).map(Some);
        }
        if let Some(step) = self.cursor_step(&word)? {
            return Ok(Some(step));
        }
        if word == "insert"
            && let Some(step) = self.insert_called()?
        {
            return Ok(Some(step));
        }
        let step = match (word.as_str(), second.as_str()) {
            ("go", _) => {
                self.parser.next_token();
                return Ok(None);
            }
            ("if", _) => self.condition()?,
            ("while", _) => {
                self.parser.next_token();
                let condition = self.expression()?;
                Step::While(Box::new(condition), self.block()?)
            }
            ("begin", "tran" | "transaction") => self.transaction(Transaction::Begin),
            ("begin", "try") => self.try_block()?,
            ("begin", _) => {
                let steps = self.block()?;
                let truth = literal(&rusqlite::types::Value::Integer(1));
                Step::If(Box::new(truth), steps, Vec::new())
            }
            ("commit", _) => self.transaction(Transaction::Commit),
            ("rollback", _) => self.transaction(Transaction::Rollback),
            ("declare", _) => self.declare()?,
            ("set", _) => self.set()?,
            ("print", _) => {
                self.parser.next_token();
                Step::Print(Box::new(self.expression()?))
            }
            ("raiserror", _) => self.raise()?,
            ("throw", _) => self.throw()?,
            ("use", _) => {
                self.parser.next_token();
                Step::Use(self.name_part()?)
            }
            ("exec" | "execute", "as") => Step::Words(Verb::Set, self.words()),
            ("exec" | "execute", _) => {
                self.parser.next_token();
                self.call()?
            }
            ("return", _) => {
                self.parser.next_token();
                self.returned()?
            }
            ("break", _) | ("continue", _) => {
                self.parser.next_token();
                Step::Leave(word == "break")
            }
            (
                "drop",
                "database" | "login" | "user" | "procedure" | "proc" | "function" | "trigger" | "assembly"
                | "view",
            ) => Step::Words(Verb::Drop, self.words()),
            (
                "create",
                "database" | "login" | "user" | "assembly" | "credential" | "index" | "unique" | "clustered"
                | "nonclustered" | "server" | "role",
            ) => Step::Words(Verb::Create, self.words()),
            ("alter", _) => Step::Words(Verb::Alter, self.words()),
            ("truncate", _) => Step::Words(Verb::Truncate, self.words()),
            _ => match WORDS.iter().find(|(known, _)| *known == word) {
                Some((_, verb)) => Step::Words(*verb, self.words()),
                None if first && self.is_bare_call() => self.call()?,
                None => self.statement()?,
            },
        };
        Ok(Some(step))
    }

    /// Whether a statement names rows of another server or of a file.
    fn reaches_out(&self) -> bool {
        let (mut depth, mut before) = (0i32, Keyword::NoKeyword);
        for at in 0..MAX_AHEAD {
            match self.parser.peek_nth_token(at).token {
                Token::EOF | Token::SemiColon => return false,
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                Token::Word(word) => {
                    let name = word.value.to_lowercase();
                    if matches!(name.as_str(), "openrowset" | "openquery" | "opendatasource")
                        && self.parser.peek_nth_token(at + 1).token == Token::LParen
                    {
                        return true;
                    }
                    // Another statement begins.
                    let goes_on = matches!(
                        before,
                        Keyword::UNION
                            | Keyword::ALL
                            | Keyword::EXCEPT
                            | Keyword::INTERSECT
                            | Keyword::AS
                            | Keyword::INTO
                    );
                    if at > 0
                        && depth == 0
                        && word.keyword == Keyword::SELECT
                        && !goes_on
                        && self.word(0) == "select"
                    {
                        return false;
                    }
                    before = word.keyword;
                }
                _ => {}
            }
        }
        false
    }

    /// Words of a query up to its end, whatever it holds.
    fn words_of_query(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        while !matches!(self.parser.peek_token().token, Token::EOF | Token::SemiColon) {
            words.push(match self.parser.next_token().token {
                Token::Word(word) => word.value,
                Token::SingleQuotedString(text) | Token::NationalStringLiteral(text) => text,
                other => other.to_string(),
            });
        }
        words
    }

    /// Steps of the products whose clients send single statements.
    fn other_step(&mut self, word: &str) -> Read<Step> {
        let second = self.word(1);
        Ok(match (word, second.as_str()) {
            ("begin", _) | ("start", "transaction") => {
                if self.product == Product::Oracle {
                    return Ok(Step::Words(Verb::Execute, self.words()));
                }
                self.words();
                Step::Transaction(Transaction::Begin)
            }
            ("commit" | "end", _) => {
                self.words();
                Step::Transaction(Transaction::Commit)
            }
            ("rollback" | "abort", _) => {
                self.words();
                Step::Transaction(Transaction::Rollback)
            }
            ("set", _) => Step::Option(self.words()),
            ("use", _) => {
                self.parser.next_token();
                Step::Use(self.name_part()?)
            }
            ("explain", _) if self.product == Product::MySql => Step::Words(Verb::Show, self.words()),
            ("drop", "database" | "schema" | "user" | "role" | "tablespace") => {
                Step::Words(Verb::Drop, self.words())
            }
            (
                "create",
                "database" | "schema" | "user" | "role" | "function" | "procedure" | "extension" | "index"
                | "unique" | "trigger" | "or",
            ) => Step::Words(Verb::Create, self.words()),
            ("alter", _) => Step::Words(Verb::Alter, self.words()),
            ("truncate", _) => Step::Words(Verb::Truncate, self.words()),
            ("call" | "exec" | "execute" | "declare" | "do", _) => Step::Words(Verb::Execute, self.words()),
            _ => match WORDS.iter().find(|(known, _)| *known == word) {
                Some((_, verb)) => Step::Words(*verb, self.words()),
                None => self.statement()?,
            },
        })
    }

    fn statement(&mut self) -> Read<Step> {
        let line = self.line();
        let statement = self.parser.parse_statement().map_err(|error| self.fault(&error, line))?;
        let ended = matches!(self.parser.peek_token().token, Token::SemiColon);
        if matches!(statement, Statement::Merge(_)) && self.product == Product::SqlServer && !ended {
            return Err((Problem::Unterminated, self.line()));
        }
        Ok(Step::Statement(Box::new(statement)))
    }

    fn expression(&mut self) -> Read<Expr> {
        let line = self.line();
        self.parser.parse_expr().map_err(|error| self.fault(&error, line))
    }

    /// The parser says what it found where it stopped; the product names the word.
    fn fault(&mut self, error: &ParserError, line: u32) -> (Problem, u32) {
        match error {
            ParserError::RecursionLimitExceeded => (Problem::TooDeep, line),
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => {
                let found =
                    text.split("found: ").nth(1).map(|rest| rest.split(" at Line").next().unwrap_or(rest));
                let at =
                    text.rsplit("Line: ").next().and_then(|rest| rest.split(',').next()?.trim().parse().ok());
                let near =
                    found.map(str::to_owned).unwrap_or_else(|| self.parser.peek_token().token.to_string());
                let near = if near == "EOF" { self.last_word() } else { near };
                (Problem::Syntax(near.chars().take(128).collect()), at.unwrap_or(line))
            }
        }
    }

    fn last_word(&self) -> String {
        let mut words = self
            .tokens
            .iter()
            .rev()
            .filter(|t| !matches!(t.token, Token::Whitespace(_) | Token::EOF | Token::SemiColon));
        words.next().map(|token| token.token.to_string()).unwrap_or_default()
    }

    fn syntax<T>(&self) -> Read<T> {
        Err((Problem::Syntax(self.parser.peek_token().token.to_string()), self.line()))
    }

    /// All words up to the end of the statement: a semicolon, or a word at the beginning of a line that
    /// begins another one.
    fn words(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        let mut depth = 0usize;
        let mut line = self.line();
        loop {
            let next = self.parser.peek_token();
            match &next.token {
                Token::EOF | Token::SemiColon => return words,
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::Word(word) if depth == 0 && !words.is_empty() && word.quote_style.is_none() => {
                    let new_line = u32::try_from(next.span.start.line).unwrap_or(line) > line;
                    let begins = matches!(
                        word.keyword,
                        Keyword::SELECT
                            | Keyword::EXEC
                            | Keyword::EXECUTE
                            | Keyword::IF
                            | Keyword::DECLARE
                            | Keyword::PRINT
                            | Keyword::USE
                    );
                    let begins = (begins || word.value.eq_ignore_ascii_case("reconfigure"))
                        && !matches!(
                            words.first().map(String::as_str),
                            Some(
                                "create"
                                    | "copy"
                                    | "explain"
                                    | "grant"
                                    | "deny"
                                    | "revoke"
                                    | "GRANT"
                                    | "CREATE"
                            )
                        );
                    let other = new_line
                        && matches!(
                            word.keyword,
                            Keyword::INSERT
                                | Keyword::UPDATE
                                | Keyword::DELETE
                                | Keyword::DROP
                                | Keyword::CREATE
                                | Keyword::ALTER
                                | Keyword::SET
                                | Keyword::BEGIN
                                | Keyword::WHILE
                        );
                    let go = new_line && word.value.eq_ignore_ascii_case("go")
                        || word.keyword == Keyword::ELSE
                        || word.keyword == Keyword::END && words.len() < 30;
                    let dropped = words.first().is_some_and(|word| word.eq_ignore_ascii_case("drop"))
                        && matches!(word.keyword, Keyword::DROP | Keyword::CREATE | Keyword::INSERT);
                    if (begins || dropped) && self.product == Product::SqlServer || other || go {
                        return words;
                    }
                }
                _ => {}
            }
            line = u32::try_from(next.span.start.line).unwrap_or(line);
            self.parser.next_token();
            words.push(match next.token {
                Token::Word(word) => word.value,
                Token::SingleQuotedString(text)
                | Token::NationalStringLiteral(text)
                | Token::DoubleQuotedString(text) => text,
                other => other.to_string(),
            });
        }
    }
}
