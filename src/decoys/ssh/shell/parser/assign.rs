//! Reads assignments.

use super::{Parser, SyntaxError};
use crate::decoys::ssh::shell::ast::{Assign, Value, Word};
use crate::decoys::ssh::shell::words;

/// Longest name, brackets included, that is looked for.
const MAX_NAME: usize = 512;

impl Parser {
    /// Takes an assignment if one stands here; only one of a list where `lists`.
    pub(super) fn assignment(&mut self, lists: bool) -> Result<Option<Assign>, SyntaxError> {
        let Some((name, key, append, length)) = self.left_side() else { return Ok(None) };
        if lists && self.peek_at(length) != Some('(') {
            return Ok(None);
        }
        for _ in 0..length {
            self.next();
        }
        let key = key.map(|text| words::key(&text, self.depth())).transpose()?;
        let value = if key.is_none() && self.eat("(") {
            Value::List(self.elements()?)
        } else {
            Value::Text(self.word()?.unwrap_or_default())
        };
        Ok(Some(Assign { name, key, append, value }))
    }

    /// `NAME=`, `NAME[key]=` or with `+=`: the name, the key, whether it appends, its length.
    fn left_side(&self) -> Option<(String, Option<String>, bool, usize)> {
        let (name, mut at) = self.name_ahead()?;
        let mut key = None;
        if self.peek_at(at) == Some('[') {
            let mut text = String::new();
            loop {
                at += 1;
                match self.peek_at(at)? {
                    ']' => break,
                    c if c == '\n' || text.len() > MAX_NAME => return None,
                    c => text.push(c),
                }
            }
            at += 1;
            key = Some(text);
        }
        let append = self.peek_at(at) == Some('+');
        at += usize::from(append);
        (self.peek_at(at) == Some('=')).then_some((name, key, append, at + 1))
    }

    fn name_ahead(&self) -> Option<(String, usize)> {
        let name: String = (0..MAX_NAME)
            .map_while(|ahead| self.peek_at(ahead))
            .take_while(|c| *c == '_' || c.is_ascii_alphanumeric())
            .collect();
        let length = name.len();
        (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, length))
    }

    /// The elements of a list up to `)`.
    fn elements(&mut self) -> Result<Vec<(Option<Word>, Word)>, SyntaxError> {
        let mut list = Vec::new();
        loop {
            self.newlines();
            if self.eat(")") {
                return Ok(list);
            }
            if let Some((key, length)) = self.bracketed() {
                for _ in 0..length {
                    self.next();
                }
                let key = words::key(&key, self.depth())?;
                list.push((Some(key), self.word()?.unwrap_or_default()));
                continue;
            }
            match self.word()? {
                Some(word) => list.push((None, word)),
                None => return Err(self.unexpected()),
            }
        }
    }

    /// `[key]=` of an element: the key and the length of all.
    fn bracketed(&self) -> Option<(String, usize)> {
        if self.peek() != Some('[') {
            return None;
        }
        let key: String =
            (1..MAX_NAME).map_while(|n| self.peek_at(n)).take_while(|c| *c != ']' && *c != '\n').collect();
        let end = key.chars().count() + 1;
        (self.peek_at(end) == Some(']') && self.peek_at(end + 1) == Some('=')).then_some((key, end + 2))
    }
}
