//! Cursors of T-SQL scripts.

use super::{Read, Reader};
use crate::database::script::{CursorQuery, CursorStep, Fetch, Step, Way};
use sqlparser::tokenizer::Token;

impl Reader<'_> {
    /// A statement about a cursor, if this is one.
    pub(super) fn cursor_step(&mut self, word: &str) -> Read<Option<Step>> {
        let step = match word {
            "declare" if self.declares_cursor() => self.declare_cursor()?,
            "set" if self.word(1).starts_with('@') && self.word(3) == "cursor" => self.assign_cursor()?,
            "open" | "close" | "deallocate" => {
                self.parser.next_token();
                let name = self.cursor_name()?;
                match word {
                    "open" => CursorStep::Open(name),
                    "close" => CursorStep::Close(name),
                    _ => CursorStep::Deallocate(name),
                }
            }
            "fetch" => self.fetch()?,
            _ => return Ok(None),
        };
        Ok(Some(Step::Cursor(step)))
    }

    /// `DECLARE c [INSENSITIVE] [SCROLL] CURSOR …`.
    fn declares_cursor(&self) -> bool {
        !self.word(1).starts_with('@')
            && (2..5).any(|ahead| self.word(ahead) == "cursor")
            && (2..4).all(|ahead| {
                matches!(self.word(ahead).as_str(), "cursor" | "insensitive" | "scroll")
                    || (2..ahead).any(|before| self.word(before) == "cursor")
            })
    }

    fn declare_cursor(&mut self) -> Read<CursorStep> {
        self.parser.next_token();
        let name = self.name_part()?.to_lowercase();
        let (mut scrolls, mut is_static) = (false, false);
        while self.word(0) != "cursor" {
            match self.word(0).as_str() {
                "insensitive" => is_static = true,
                "scroll" => scrolls = true,
                _ => return self.syntax(),
            }
            self.parser.next_token();
        }
        let query = self.cursor_query(scrolls, is_static)?;
        Ok(CursorStep::Declare(name, query))
    }

    fn assign_cursor(&mut self) -> Read<CursorStep> {
        self.parser.next_token();
        let name = self.variable()?;
        self.parser.next_token();
        let query = self.cursor_query(false, false)?;
        Ok(CursorStep::Assign(name, CursorQuery { local: true, ..query }))
    }

    /// From the word CURSOR on.
    fn cursor_query(&mut self, mut scrolls: bool, mut is_static: bool) -> Read<CursorQuery> {
        self.parser.next_token();
        let mut local = false;
        while self.word(0) != "for" {
            match self.word(0).as_str() {
                "local" => local = true,
                "scroll" | "dynamic" => scrolls = true,
                "static" | "keyset" => (scrolls, is_static) = (true, true),
                "global" | "forward_only" | "fast_forward" | "read_only" | "scroll_locks" | "optimistic"
                | "type_warning" => {}
                _ => return self.syntax(),
            }
            self.parser.next_token();
        }
        self.parser.next_token();
        let line = self.line();
        let query = self.parser.parse_query().map_err(|error| self.fault(&error, line))?;
        Ok(CursorQuery { query, scrolls, is_static, local })
    }

    fn fetch(&mut self) -> Read<CursorStep> {
        self.parser.next_token();
        let way = match self.word(0).as_str() {
            "next" => Some(Way::Next),
            "prior" => Some(Way::Prior),
            "first" => Some(Way::First),
            "last" => Some(Way::Last),
            "absolute" | "relative" => {
                let absolute = self.word(0) == "absolute";
                self.parser.next_token();
                let count = Box::new(self.expression()?);
                if self.word(0) != "from" {
                    return self.syntax();
                }
                Some(if absolute { Way::Absolute(count) } else { Way::Relative(count) })
            }
            _ => None,
        };
        if let Some(Way::Next | Way::Prior | Way::First | Way::Last) = way {
            self.parser.next_token();
        }
        if self.word(0) == "from" {
            self.parser.next_token();
        }
        let name = self.cursor_name()?;
        let mut into = Vec::new();
        if self.word(0) == "into" {
            self.parser.next_token();
            into.push(self.variable()?);
            while self.parser.consume_token(&Token::Comma) {
                into.push(self.variable()?);
            }
        }
        Ok(CursorStep::Fetch(Fetch { name, way: way.unwrap_or(Way::Next), into }))
    }

    fn cursor_name(&mut self) -> Read<String> {
        if self.word(0) == "global" && !self.word(1).is_empty() {
            self.parser.next_token();
        }
        Ok(self.name_part()?.to_lowercase())
    }
}
