//! Compound commands.

use std::sync::Arc;

use super::{Parser, SyntaxError, WORDS_THAT_END};
use crate::decoys::ssh::shell::ast::{Kind, Script, Word};
use crate::decoys::ssh::shell::words;

impl Parser {
    pub(in crate::decoys::ssh::shell) fn compound(&mut self) -> Result<Option<Kind>, SyntaxError> {
        if self.starts("((") {
            self.position += 2;
            return Ok(Some(Kind::Arithmetic(words::arithmetic(self)?)));
        }
        if self.eat("(") {
            let script = self.body(&[])?;
            self.blanks();
            return if self.eat(")") { Ok(Some(Kind::Subshell(script))) } else { Err(self.unexpected()) };
        }
        let Some(word) = self.peek_word() else { return Ok(None) };
        Ok(Some(match word.as_str() {
            "{" => {
                self.position += 1;
                let script = self.body(&["}"])?;
                self.expect("}")?;
                Kind::Group(script)
            }
            "if" => self.conditional()?,
            "while" | "until" => self.repeat(word == "until")?,
            "for" => self.walk()?,
            "case" => self.cases()?,
            "[[" => self.double_bracket()?,
            "function" => {
                self.keyword("function");
                self.blanks();
                let name = self.peek_word().ok_or_else(|| self.unexpected())?;
                self.position += name.chars().count();
                self.blanks();
                if self.eat("(") && !self.eat(")") {
                    return Err(self.unexpected());
                }
                self.function(name)?
            }
            end if WORDS_THAT_END.contains(&end) => return Err(self.unexpected()),
            name if self.is_definition(name) => {
                let name = name.to_owned();
                self.position += name.chars().count();
                self.blanks();
                self.eat("(");
                self.blanks();
                if !self.eat(")") {
                    return Err(self.unexpected());
                }
                self.function(name)?
            }
            _ => return Ok(None),
        }))
    }

    fn is_definition(&self, name: &str) -> bool {
        if !name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) {
            return false;
        }
        let mut ahead = name.chars().count();
        while self.peek_at(ahead) == Some(' ') {
            ahead += 1;
        }
        if self.peek_at(ahead) != Some('(') {
            return false;
        }
        ahead += 1;
        while self.peek_at(ahead) == Some(' ') {
            ahead += 1;
        }
        self.peek_at(ahead) == Some(')')
    }

    fn function(&mut self, name: String) -> Result<Kind, SyntaxError> {
        self.newlines();
        let body = Arc::new(self.command()?);
        Ok(Kind::Function { name, body })
    }

    fn conditional(&mut self) -> Result<Kind, SyntaxError> {
        self.keyword("if");
        let mut arms = Vec::new();
        loop {
            let condition = self.body(&["then"])?;
            self.expect("then")?;
            let body = self.body(&["elif", "else", "fi"])?;
            arms.push((condition, body));
            if !self.keyword("elif") {
                break;
            }
        }
        let otherwise = if self.keyword("else") { Some(self.body(&["fi"])?) } else { None };
        self.expect("fi")?;
        Ok(Kind::If { arms, otherwise })
    }

    fn repeat(&mut self, until: bool) -> Result<Kind, SyntaxError> {
        self.keyword(if until { "until" } else { "while" });
        let condition = self.body(&["do"])?;
        let body = self.loop_body()?;
        Ok(Kind::While { until, condition, body })
    }

    fn loop_body(&mut self) -> Result<Script, SyntaxError> {
        self.expect("do")?;
        let body = self.body(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn walk(&mut self) -> Result<Kind, SyntaxError> {
        self.keyword("for");
        self.blanks();
        if self.eat("((") {
            let parts = words::count_parts(self)?;
            self.blanks();
            self.eat(";");
            return Ok(Kind::Count { parts, body: self.loop_body()? });
        }
        let name = self.peek_word().ok_or_else(|| self.unexpected())?;
        self.position += name.chars().count();
        self.newlines();
        let words = if self.keyword("in") {
            let mut list = Vec::new();
            self.blanks();
            while let Some(word) = self.word()? {
                list.push(word);
                self.blanks();
            }
            Some(list)
        } else {
            None
        };
        self.blanks();
        self.eat(";");
        Ok(Kind::For { name, words, body: self.loop_body()? })
    }

    fn cases(&mut self) -> Result<Kind, SyntaxError> {
        self.keyword("case");
        self.blanks();
        let subject = self.word()?.ok_or_else(|| self.unexpected())?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines();
            if self.keyword("esac") {
                return Ok(Kind::Case { subject, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?.ok_or_else(|| self.unexpected())?);
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            if !self.eat(")") {
                return Err(self.unexpected());
            }
            let body = self.script(&["esac"])?;
            arms.push((patterns, body));
            self.newlines();
            self.eat(";;");
        }
    }

    fn double_bracket(&mut self) -> Result<Kind, SyntaxError> {
        self.keyword("[[");
        let mut list = Vec::new();
        loop {
            self.newlines();
            if self.keyword("]]") {
                return Ok(Kind::Test(list));
            }
            if list.last().and_then(Word::bare) == Some("=~") {
                self.blanks();
                list.push(words::expression(self)?);
                continue;
            }
            let operator = ["&&", "||", "(", ")", "<", ">"].into_iter().find(|o| self.starts(o));
            if let Some(operator) = operator {
                self.position += operator.len();
                list.push(Word::plain(operator));
                continue;
            }
            list.push(self.word()?.ok_or_else(|| self.unexpected())?);
        }
    }
}
