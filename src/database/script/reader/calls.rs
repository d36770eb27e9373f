//! Calls of procedures and their arguments.

use super::{Read, Reader};
use crate::database::problem::Problem;
use crate::database::rewrite::literal;
use crate::database::script::{Argument, Call, Step};
use sqlparser::ast::{Expr, Ident};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

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
        let mut name = vec![self.name_part()?];
        while self.parser.consume_token(&Token::Period) {
            while self.parser.consume_token(&Token::Period) {
                name.push(String::new());
            }
            name.push(self.name_part()?);
        }
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
