//! Calls of procedures and their arguments.

use super::{Read, Reader};
use crate::database::problem::Problem;
use crate::database::rewrite::literal;
use crate::database::script::{Argument, Call, Step};
use sqlparser::ast::{Expr, Ident};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

/// Most words before the call of an `INSERT … EXEC`: the names of as many columns as a table may have.
const MAX_COLUMNS: usize = 2_100;

impl Reader<'_> {
    pub(super) fn name_part(&mut self) -> Read<String> {
        match self.parser.next_token().token {
            Token::Word(word) => Ok(word.value),
            other => Err((Problem::Syntax(other.to_string()), self.line())),
        }
    }

    pub(super) fn is_bare_call(&self) -> bool {
        match self.parser.peek_token().token {
            Token::Word(word) => word.keyword == Keyword::NoKeyword && !word.value.starts_with('@'),
            _ => false,
        }
    }

    /// `INSERT [INTO] t [(a, b)] EXEC …`, if it is one.
    pub(super) fn insert_called(&mut self) -> Read<Option<Step>> {
        let mut at = usize::from(self.word(1) == "into") + 1;
        // Behind the name and the columns.
        let mut depth = 0;
        for _ in 0..MAX_COLUMNS {
            match self.parser.peek_nth_token(at).token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                Token::Word(word)
                    if depth == 0 && matches!(word.keyword, Keyword::EXEC | Keyword::EXECUTE) =>
                {
                    break;
                }
                Token::Word(_) | Token::Period | Token::Comma => {}
                _ => return Ok(None),
            }
            at += 1;
        }
        if !matches!(self.word(at).as_str(), "exec" | "execute") {
            return Ok(None);
        }
        self.parser.next_token();
        if self.word(0) == "into" {
            self.parser.next_token();
        }
        let (table, columns) = (self.object_name()?, self.column_names()?);
        self.parser.next_token();
        Ok(Some(Step::InsertCalled(table, columns, Box::new(self.call()?))))
    }

    pub(super) fn call(&mut self) -> Read<Step> {
        if self.parser.consume_token(&Token::LParen) {
            let text = self.expression()?;
            if !self.parser.consume_token(&Token::RParen) {
                return self.syntax();
            }
            if self.word(0) == "at" {
                self.parser.next_token();
                let at = Some(self.name_part()?);
                let value = Argument { name: String::new(), value: text, output: None };
                return Ok(Step::Call(Call {
                    result: None,
                    name: vec!["sp_executesql".to_owned()],
                    arguments: vec![value],
                    at,
                }));
            }
            return Ok(Step::Text(Box::new(text)));
        }
        let mut result = None;
        if self.word(0).starts_with('@') && self.parser.peek_nth_token(1).token == Token::Eq {
            result = Some(self.variable()?);
            self.parser.next_token();
        }
        let name = self.object_name()?;
        let mut arguments = Vec::new();
        if self.begins_argument() {
            loop {
                arguments.push(self.argument()?);
                if !self.parser.consume_token(&Token::Comma) {
                    break;
                }
            }
        }
        Ok(Step::Call(Call { result, name, arguments, at: None }))
    }

    fn begins_argument(&self) -> bool {
        match self.parser.peek_token().token {
            Token::Word(word) => {
                word.value.starts_with('@')
                    || word.quote_style.is_some()
                    || word.keyword == Keyword::NoKeyword
                    || matches!(
                        word.keyword,
                        Keyword::NULL
                            | Keyword::DEFAULT
                            | Keyword::TRUE
                            | Keyword::FALSE
                            | Keyword::ON
                            | Keyword::OFF
                    )
            }
            Token::EOF | Token::SemiColon => false,
            _ => true,
        }
    }

    fn argument(&mut self) -> Read<Argument> {
        let mut name = String::new();
        if self.word(0).starts_with('@') && self.parser.peek_nth_token(1).token == Token::Eq {
            name = self.variable()?;
            self.parser.next_token();
        }
        // A bare word is text here, whatever it means elsewhere.
        let value = match self.parser.peek_token().token {
            Token::Word(word) if word.value.starts_with('@') => {
                self.parser.next_token();
                Expr::Identifier(Ident::new(word.value.to_lowercase()))
            }
            Token::Word(word) if matches!(word.keyword, Keyword::NULL | Keyword::DEFAULT) => {
                self.parser.next_token();
                literal(&rusqlite::types::Value::Null)
            }
            Token::Word(word) => {
                self.parser.next_token();
                let mut text = word.value;
                while self.parser.consume_token(&Token::Period) {
                    text = format!("{text}.{}", self.name_part()?);
                }
                literal(&rusqlite::types::Value::Text(text))
            }
            _ => self.expression()?,
        };
        let wants = matches!(self.word(0).as_str(), "output" | "out");
        if wants {
            self.parser.next_token();
        }
        let output = match &value {
            Expr::Identifier(ident) if wants => Some(ident.value.clone()),
            _ => None,
        };
        Ok(Argument { name, value, output })
    }
}
