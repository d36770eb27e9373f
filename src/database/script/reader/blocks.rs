//! Blocks, conditions, transactions and variables of T-SQL.

use super::{Read, Reader};
use crate::database::SqlType;
use crate::database::script::{Placed, Step, Transaction};
use sqlparser::ast::{Expr, Ident};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

impl Reader<'_> {
    pub(super) fn condition(&mut self) -> Read<Step> {
        self.parser.next_token();
        let condition = self.expression()?;
        let then = self.block()?;
        while self.parser.peek_nth_token(1).token != Token::EOF && self.word_after_semicolon() == "else" {
            self.parser.next_token();
        }
        let otherwise = if self.word(0) == "else" {
            self.parser.next_token();
            self.block()?
        } else {
            Vec::new()
        };
        Ok(Step::If(Box::new(condition), then, otherwise))
    }

    fn word_after_semicolon(&self) -> String {
        if self.parser.peek_token().token == Token::SemiColon { self.word(1) } else { String::new() }
    }

    /// One statement, or those between BEGIN and END.
    pub(super) fn block(&mut self) -> Read<Vec<Placed>> {
        let begins =
            self.word(0) == "begin" && !matches!(self.word(1).as_str(), "tran" | "transaction" | "try");
        if !begins {
            return Ok(self.placed(false)?.into_iter().collect());
        }
        self.parser.next_token();
        self.until_end()
    }

    fn until_end(&mut self) -> Read<Vec<Placed>> {
        let mut steps = Vec::new();
        while !self.at_end() {
            if self.word(0) == "end" {
                self.parser.next_token();
                return Ok(steps);
            }
            steps.extend(self.placed(false)?);
        }
        self.syntax()
    }

    pub(super) fn try_block(&mut self) -> Read<Step> {
        self.parser.next_token();
        self.parser.next_token();
        let body = self.until_end()?;
        self.parser.next_token();
        self.at_end();
        if (self.word(0).as_str(), self.word(1).as_str()) != ("begin", "catch") {
            return self.syntax();
        }
        self.parser.next_token();
        self.parser.next_token();
        let handler = self.until_end()?;
        self.parser.next_token();
        Ok(Step::Try(body, handler))
    }

    pub(super) fn transaction(&mut self, verb: Transaction) -> Step {
        self.parser.next_token();
        if matches!(self.word(0).as_str(), "tran" | "transaction" | "work") {
            self.parser.next_token();
        }
        Step::Transaction(verb)
    }

    pub(super) fn declare(&mut self) -> Read<Step> {
        self.parser.next_token();
        let mut made = Vec::new();
        loop {
            let name = self.variable()?;
            let _ = self.parser.parse_keyword(Keyword::AS);
            let line = self.line();
            if self.word(0) == "cursor" {
                self.parser.next_token();
                made.push((name, None, None));
                if !self.parser.consume_token(&Token::Comma) {
                    return Ok(Step::Declare(made));
                }
                continue;
            }
            if self.word(0) == "table" {
                self.parser.next_token();
                let (columns, _) = self.parser.parse_columns().map_err(|error| self.fault(&error, line))?;
                return Ok(Step::TableVariable(name, columns));
            }
            let ty = self.parser.parse_data_type().map_err(|error| self.fault(&error, line))?;
            let ty = SqlType::parse(&ty.to_string().replace(['[', ']'], ""));
            let value = if self.parser.consume_token(&Token::Eq) { Some(self.expression()?) } else { None };
            made.push((name, ty, value));
            if !self.parser.consume_token(&Token::Comma) {
                return Ok(Step::Declare(made));
            }
        }
    }

    pub(super) fn variable(&mut self) -> Read<String> {
        match self.parser.peek_token().token {
            Token::Word(word) if word.value.starts_with('@') => {
                self.parser.next_token();
                Ok(word.value.to_lowercase())
            }
            _ => self.syntax(),
        }
    }

    pub(super) fn set(&mut self) -> Read<Step> {
        if !self.word(1).starts_with('@') {
            return Ok(Step::Option(self.words()));
        }
        self.parser.next_token();
        let name = self.variable()?;
        let plus = self.parser.consume_token(&Token::Plus);
        if !self.parser.consume_token(&Token::Eq) {
            return self.syntax();
        }
        let value = self.expression()?;
        let value = if plus {
            let old = Expr::Identifier(Ident::new(name.clone()));
            Expr::BinaryOp {
                left: Box::new(old),
                op: sqlparser::ast::BinaryOperator::Plus,
                right: Box::new(value),
            }
        } else {
            value
        };
        Ok(Step::Assign(name, Box::new(value)))
    }

    /// `THROW` alone, or with three arguments.
    pub(super) fn throw(&mut self) -> Read<Step> {
        self.parser.next_token();
        let mut arguments = Vec::new();
        if matches!(self.parser.peek_token().token, Token::Number(..)) || self.word(0).starts_with('@') {
            arguments.push(self.expression()?);
            while self.parser.consume_token(&Token::Comma) {
                arguments.push(self.expression()?);
            }
            if arguments.len() != 3 {
                return self.syntax();
            }
        }
        Ok(Step::Throw(arguments))
    }

    /// What stands behind `RETURN`.
    pub(super) fn returned(&mut self) -> Read<Step> {
        let given = match self.parser.peek_token().token {
            Token::Number(..) | Token::LParen | Token::Minus => true,
            Token::Word(word) => word.value.starts_with('@'),
            _ => false,
        };
        let value = if given { Some(Box::new(self.expression()?)) } else { None };
        Ok(Step::Return(value))
    }

    pub(super) fn raise(&mut self) -> Read<Step> {
        self.parser.next_token();
        let parentheses = self.parser.consume_token(&Token::LParen);
        let mut arguments = vec![self.expression()?];
        while self.parser.consume_token(&Token::Comma) {
            arguments.push(self.expression()?);
        }
        if parentheses && !self.parser.consume_token(&Token::RParen) {
            return self.syntax();
        }
        if self.word(0) == "with" {
            self.words();
        }
        Ok(Step::Raise(arguments))
    }
}
