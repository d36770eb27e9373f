//! Reads a shell line into a [`Script`]. Never fails otherwise than bash would say it.

mod assign;
mod compound;

use crate::decoys::ssh::shell::ast::{
    BOTH, Command, Item, Junction, Kind, Part, Pipeline, Redirect, Script, Target, Word,
};
use crate::decoys::ssh::shell::words;

/// Longest source read at once: a script pasted through `exec` fits, a flood does not.
pub const MAX_SOURCE: usize = 256 << 10;

/// Deepest nesting of commands and substitutions, against stack exhaustion.
pub const MAX_DEPTH: usize = 24;

/// Why a line is no script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyntaxError {
    /// It ends too early; a terminal asks for more.
    Unfinished,
    /// A quote or bracket stays open; a terminal asks for more.
    Open(char),
    /// A token that can't stand where it stands.
    Unexpected(String),
}

/// Parses a whole source text.
///
/// # Errors
/// The first [`SyntaxError`].
pub fn parse(source: &str) -> Result<Script, SyntaxError> {
    if source.len() > MAX_SOURCE {
        return Err(SyntaxError::Unexpected("newline".into()));
    }
    let mut parser = Parser::new(source, 0)?;
    let script = parser.script(&[])?;
    match parser.peek_token() {
        None => Ok(script),
        Some(token) => Err(SyntaxError::Unexpected(token)),
    }
}

/// A position in a source text.
pub(in crate::decoys::ssh::shell) struct Parser {
    source: Vec<char>,
    position: usize,
    depth: usize,
    /// Newlines behind which here-documents lie: (newline, where reading goes on).
    documents: Vec<(usize, usize)>,
}

/// Builtins behind which `NAME=(…)` may stand.
const DECLARE: [&str; 5] = ["declare", "typeset", "local", "export", "readonly"];

const WORDS_THAT_END: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl Parser {
    pub(in crate::decoys::ssh::shell) fn new(source: &str, depth: usize) -> Result<Self, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(SyntaxError::Unexpected("(".into()));
        }
        Ok(Parser { source: source.chars().collect(), position: 0, depth, documents: Vec::new() })
    }

    pub(in crate::decoys::ssh::shell) fn depth(&self) -> usize {
        self.depth
    }

    /// Goes one level down; an error ends the whole parse, so it need not come up again.
    pub(in crate::decoys::ssh::shell) fn deeper(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(SyntaxError::Unexpected("(".into())) } else { Ok(()) }
    }

    pub(in crate::decoys::ssh::shell) fn shallower(&mut self) {
        self.depth -= 1;
    }

    pub(in crate::decoys::ssh::shell) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(in crate::decoys::ssh::shell) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.source.get(self.position + ahead).copied()
    }

    pub(in crate::decoys::ssh::shell) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += 1;
        Some(c)
    }

    pub(in crate::decoys::ssh::shell) fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.peek_at(i) == Some(c))
    }

    pub(in crate::decoys::ssh::shell) fn eat(&mut self, text: &str) -> bool {
        let found = self.starts(text);
        if found {
            self.position += text.chars().count();
        }
        found
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.position += 1,
                Some('\\') if self.peek_at(1) == Some('\n') => self.position += 2,
                Some('#') if self.at_word_start() => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.position += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn at_word_start(&self) -> bool {
        let before = self.position.checked_sub(1).and_then(|i| self.source.get(i));
        before.is_none_or(|c| c.is_whitespace() || ";&|(".contains(*c))
    }

    fn newline(&mut self) -> bool {
        if self.peek() != Some('\n') {
            return false;
        }
        let here = self.position;
        let after = self.documents.iter().find(|(at, _)| *at == here).map(|(_, to)| *to);
        self.position = after.unwrap_or(here + 1);
        true
    }

    fn newlines(&mut self) {
        loop {
            self.blanks();
            if !self.newline() {
                return;
            }
        }
    }

    /// How bash names the next token in an error.
    fn peek_token(&mut self) -> Option<String> {
        self.blanks();
        for operator in ["&&", "||", ";;", "|", "&", ";", "(", ")"] {
            if self.starts(operator) {
                return Some(operator.to_owned());
            }
        }
        match self.peek()? {
            '\n' => Some("newline".into()),
            _ => Some(self.peek_word().unwrap_or_else(|| self.peek().map(String::from).unwrap_or_default())),
        }
    }

    /// The next word when it is plain letters: a possible keyword.
    fn peek_word(&self) -> Option<String> {
        let word: String =
            (0..).map_while(|i| self.peek_at(i)).take_while(|c| !words::ends_word(*c)).take(64).collect();
        (!word.is_empty()).then_some(word)
    }

    fn keyword(&mut self, word: &str) -> bool {
        self.blanks();
        let found = self.peek_word().as_deref() == Some(word);
        if found {
            self.position += word.chars().count();
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), SyntaxError> {
        self.newlines();
        if self.keyword(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&mut self) -> SyntaxError {
        match self.peek_token() {
            Some(token) => SyntaxError::Unexpected(token),
            None => SyntaxError::Unfinished,
        }
    }

    /// Reads commands until one of `ends`, `)` or the end.
    pub(in crate::decoys::ssh::shell) fn script(&mut self, ends: &[&str]) -> Result<Script, SyntaxError> {
        self.deeper()?;
        let mut items = Vec::new();
        loop {
            self.newlines();
            let stop = match self.peek() {
                None | Some(')') => true,
                Some(';') => self.starts(";;"),
                _ => self.peek_word().is_some_and(|w| ends.contains(&w.as_str())),
            };
            if stop {
                break;
            }
            let from = self.position;
            let mut item = self.item()?;
            self.blanks();
            if !self.starts("&&") && self.eat("&") {
                let typed: String =
                    self.source.get(from..self.position - 1).unwrap_or_default().iter().collect();
                item.background = Some(typed.trim().to_owned());
            } else if !self.starts(";;") {
                self.eat(";");
            }
            items.push(item);
            self.blanks();
            if matches!(self.peek(), Some('&' | '|')) || (self.peek() == Some(';') && !self.starts(";;")) {
                return Err(self.unexpected());
            }
        }
        self.shallower();
        Ok(items)
    }

    fn body(&mut self, ends: &[&str]) -> Result<Script, SyntaxError> {
        let script = self.script(ends)?;
        if script.is_empty() { Err(self.unexpected()) } else { Ok(script) }
    }

    fn item(&mut self) -> Result<Item, SyntaxError> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let junction = if self.eat("&&") {
                Junction::And
            } else if self.eat("||") {
                Junction::Or
            } else {
                return Ok(Item { first, rest, background: None });
            };
            self.newlines();
            rest.push((junction, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let mut negated = false;
        while self.keyword("!") {
            negated = !negated;
        }
        let timed = self.keyword("time");
        while self.keyword("!") {
            negated = !negated;
        }
        let mut commands = vec![self.command()?];
        loop {
            self.blanks();
            if self.starts("||") || !self.eat("|") {
                return Ok(Pipeline { negated, timed, commands });
            }
            if self.eat("&") {
                let both = Redirect { fd: 2, to: Target::Duplicate(Word::plain("1")) };
                if let Some(last) = commands.last_mut() {
                    last.redirects.push(both);
                }
            }
            self.newlines();
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Result<Command, SyntaxError> {
        self.blanks();
        let kind = match self.compound()? {
            Some(kind) => kind,
            None => return self.simple(),
        };
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(Command { kind, redirects })
    }

    fn simple(&mut self) -> Result<Command, SyntaxError> {
        let (mut assigns, mut list, mut lists, mut redirects) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            if list.is_empty()
                && let Some(assign) = self.assignment(false)?
            {
                assigns.push(assign);
                continue;
            }
            if list.first().and_then(Word::bare).is_some_and(|w| DECLARE.contains(&w))
                && let Some(assign) = self.assignment(true)?
            {
                list.push(Word::plain(assign.name.clone()));
                lists.push(assign);
                continue;
            }
            match self.word()? {
                Some(word) => list.push(word),
                None => break,
            }
            self.blanks();
            if self.peek() == Some('(') {
                return Err(self.unexpected());
            }
        }
        if assigns.is_empty() && list.is_empty() && redirects.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command { kind: Kind::Simple { assigns, words: list, lists }, redirects })
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, SyntaxError> {
        self.blanks();
        let start = self.position;
        if self.starts("<(") {
            return Ok(None);
        }
        let mut fd = None;
        if self.starts("&>") {
            self.position += 1;
            fd = Some(BOTH);
        } else if let (Some(c), Some('<' | '>')) = (self.peek(), self.peek_at(1))
            && let Some(digit) = c.to_digit(10)
        {
            fd = u8::try_from(digit).ok();
            self.position += 1;
        }
        let operator =
            ["<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">&", ">|", ">"].into_iter().find(|o| self.starts(o));
        let Some(operator) = operator else {
            self.position = start;
            return Ok(None);
        };
        self.position += operator.len();
        self.blanks();
        if operator == "<" && self.eat("<(") {
            let script = self.script(&[])?;
            if !self.eat(")") {
                return Err(SyntaxError::Open(')'));
            }
            let part = Part::Substitution { script, quoted: true };
            let text = words::with_newline(Word(vec![part]));
            return Ok(Some(Redirect { fd: fd.unwrap_or(0), to: Target::Here(text) }));
        }
        let from = self.position;
        let word = self.word()?.ok_or_else(|| self.unexpected())?;
        let fd = fd.unwrap_or(u8::from(operator.starts_with('>')));
        if operator == "<>" {
            return Ok(Some(Redirect { fd: if fd == 1 { 0 } else { fd }, to: Target::Both(word) }));
        }
        let to = match operator {
            "<" => Target::Read(word),
            "<<<" => Target::Here(words::with_newline(word)),
            "<<" | "<<-" => {
                let raw: String = self.source.get(from..self.position).unwrap_or_default().iter().collect();
                Target::Here(self.document(&raw, operator == "<<-")?)
            }
            ">>" => Target::Append(word),
            ">&" | "<&" if word.bare().is_some_and(|w| w == "-" || w.parse::<u8>().is_ok()) => {
                Target::Duplicate(word)
            }
            ">&" => return Ok(Some(Redirect { fd: BOTH, to: Target::Write(word) })),
            _ => Target::Write(word),
        };
        Ok(Some(Redirect { fd, to }))
    }

    /// Takes the here-document that begins behind this line.
    fn document(&mut self, delimiter: &str, strip: bool) -> Result<Word, SyntaxError> {
        let quoted = delimiter.contains(['\'', '"', '\\']);
        let delimiter: String = delimiter.chars().filter(|c| !"'\"\\".contains(*c)).collect();
        let newline = (self.position..self.source.len()).find(|i| self.source.get(*i) == Some(&'\n'));
        let Some(newline) = newline else { return Err(SyntaxError::Unfinished) };
        let earlier = self.documents.iter().position(|(at, _)| *at == newline);
        let mut at = earlier.and_then(|i| self.documents.get(i)).map_or(newline + 1, |d| d.1);
        let mut body = String::new();
        loop {
            let rest = self.source.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return Err(SyntaxError::Unfinished);
            }
            let line: String = rest.iter().take_while(|c| **c != '\n').collect();
            at = (at + line.chars().count() + 1).min(self.source.len());
            let line = if strip { line.trim_start_matches('\t') } else { line.as_str() };
            if line.trim_end_matches('\r') == delimiter {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        match earlier.and_then(|i| self.documents.get_mut(i)) {
            Some(document) => document.1 = at,
            None => self.documents.push((newline, at)),
        }
        if quoted { Ok(words::quoted(&body)) } else { words::document(&body, self.depth) }
    }

    fn word(&mut self) -> Result<Option<Word>, SyntaxError> {
        words::word(self)
    }
}
