//! Expansion of words: parameters, substitutions, splitting, file names (POSIX XCU 2.6).

mod braces;
mod changes;
mod files;
mod names;

use braces::braces;
use changes::{case, replace, slice, trim};
use files::{glob, tilde};

use futures_util::future::BoxFuture;

use crate::decoys::ssh::shell::arith;
use crate::decoys::ssh::shell::ast::{Change, Index, Part, Word};
use crate::decoys::ssh::shell::run::{Flow, Io, Run, Stop};
use crate::decoys::ssh::shell::text::Marked;

/// Most fields one command line may expand to.
const MAX_FIELDS: usize = 20_000;

/// Most characters one expansion may make.
const MAX_TEXT: usize = 1 << 20;

/// One `${…}` of a word.
#[derive(Clone, Copy)]
struct Meant<'a> {
    name: &'a str,
    index: Option<&'a Index>,
    change: &'a Change,
    quoted: bool,
}

/// Text with, for each character, whether it was quoted.
type Field = Vec<Marked>;

/// Fields under construction: a quoted empty word is a field too.
#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    current: Field,
    open: bool,
}

impl Fields {
    fn push(&mut self, text: &str, quoted: bool) {
        self.open |= quoted || !text.is_empty();
        if self.current.len() + text.len() < MAX_TEXT {
            self.current.extend(text.chars().map(|c| (c, quoted)));
        }
    }

    fn split(&mut self) {
        if self.open && self.done.len() < MAX_FIELDS {
            self.done.push(std::mem::take(&mut self.current));
        }
        self.open = false;
    }

    /// Unquoted text from an expansion: split at IFS.
    fn push_split(&mut self, text: &str, separators: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(|c| separators.contains(c)) {
            let (before, after) = rest.split_at(at);
            let mut chars = after.chars();
            let separator = chars.next();
            self.push(before, false);
            if separator.is_some_and(|c| !c.is_whitespace()) {
                self.open = true;
            }
            self.split();
            rest = chars.as_str();
        }
        self.push(rest, false);
    }
}

impl Run<'_> {
    /// Expands words to arguments.
    pub(in crate::decoys::ssh::shell) async fn words(
        &mut self,
        words: &[Word],
        io: &Io,
    ) -> Result<Vec<String>, Stop> {
        let mut out = Vec::new();
        for word in words {
            for word in braces(word) {
                let mut fields = Fields::default();
                self.parts(&word, io, &mut fields, true).await?;
                fields.split();
                for field in fields.done {
                    self.file_names(&field, &mut out);
                }
            }
            if out.len() > MAX_FIELDS {
                break;
            }
        }
        Ok(out)
    }

    /// Expands a word to one text, without splitting or file names.
    pub(in crate::decoys::ssh::shell) async fn text(&mut self, word: &Word, io: &Io) -> Result<String, Stop> {
        Ok(self.pattern(word, io).await?.into_iter().map(|(c, _)| c).collect())
    }

    /// Expands a word to a pattern that remembers what was quoted.
    pub(in crate::decoys::ssh::shell) async fn pattern(
        &mut self,
        word: &Word,
        io: &Io,
    ) -> Result<Field, Stop> {
        let mut fields = Fields::default();
        self.parts(word, io, &mut fields, false).await?;
        Ok(fields.current)
    }

    fn parts<'b>(
        &'b mut self,
        word: &'b Word,
        io: &'b Io,
        fields: &'b mut Fields,
        split: bool,
    ) -> BoxFuture<'b, Result<(), Stop>> {
        Box::pin(async move {
            for (n, part) in word.0.iter().enumerate() {
                match part {
                    Part::Text { text, quoted: false } if n == 0 && text.starts_with('~') => {
                        fields.push(
                            &tilde(
                                &self.shell.site,
                                &mut self.shell.variables.get("HOME").map(|v| v.value.clone()),
                                text,
                            ),
                            false,
                        );
                    }
                    Part::Text { text, quoted } => fields.push(text, *quoted),
                    Part::Parameter { name, index, change, quoted } => {
                        let meant = Meant { name, index: index.as_ref(), change, quoted: *quoted };
                        self.parameter(meant, io, fields, split).await?
                    }
                    Part::Substitution { script, quoted } => {
                        let text = self.capture(script, io).await;
                        self.insert(&text, *quoted, fields, split);
                    }
                    Part::Process(script) => {
                        let text = self.capture_bytes(script, io).await;
                        let path = self.shell.fs.pipe(&text);
                        fields.push(&path, true);
                    }
                    Part::Arithmetic { expression, quoted } => {
                        let source = self.text(expression, io).await?;
                        let value = self.arithmetic(&source, io).await?;
                        self.insert(&value.to_string(), *quoted, fields, split);
                    }
                }
            }
            Ok(())
        })
    }

    fn insert(&mut self, text: &str, quoted: bool, fields: &mut Fields, split: bool) {
        if quoted || !split {
            fields.push(text, quoted);
        } else {
            let separators = self.shell.variables.get("IFS").map_or(" \t\n".to_owned(), |v| v.value.clone());
            fields.push_split(text, &separators);
        }
    }

    /// Evaluates an expression; a bad one is told on standard error.
    pub(in crate::decoys::ssh::shell) async fn arithmetic(
        &mut self,
        source: &str,
        io: &Io,
    ) -> Result<i64, Stop> {
        if source.trim().is_empty() {
            return Ok(0);
        }
        match arith::evaluate(source, self.shell) {
            Ok(value) => Ok(value),
            Err(arith::Bad(problem)) => {
                let line = format!("{}{}: {problem}\n", self.shell.prefix(), source.trim());
                self.error(io, &line).await;
                Err(Stop(1))
            }
        }
    }

    async fn parameter(
        &mut self,
        meant: Meant<'_>,
        io: &Io,
        fields: &mut Fields,
        split: bool,
    ) -> Result<(), Stop> {
        let Meant { name, index, change, quoted } = meant;
        let joined = name == "*" || matches!(index, Some(Index::Joined));
        if let Some(values) = self.elements(&meant) {
            let values = match change {
                Change::Length => vec![values.len().to_string()],
                Change::Slice { offset, length } => {
                    self.slice_of(name, values, offset, length.as_ref(), io).await?
                }
                Change::Default { .. } if values.is_empty() => {
                    return self.single(None, meant, io, fields, split).await;
                }
                Change::None | Change::Keys | Change::Indirect | Change::Default { .. } => values,
                Change::Trim { .. } | Change::Replace { .. } | Change::Case { .. } => {
                    let mut changed = Vec::new();
                    for value in values {
                        changed.push(self.changed(value, change, io).await?);
                    }
                    changed
                }
            };
            if !split || joined && quoted {
                self.insert(&values.join(" "), quoted, fields, split);
                return Ok(());
            }
            for (n, value) in values.iter().enumerate() {
                if n > 0 {
                    fields.split();
                }
                self.insert(value, quoted, fields, split);
            }
            return Ok(());
        }
        let value = match index {
            Some(Index::At(word)) => {
                let key = self.key(name, word, io).await?;
                self.element(name, &key)
            }
            _ => self.shell.get(name),
        };
        self.single(value, meant, io, fields, split).await
    }

    /// The elements that `$@`, `$*`, `${a[@]}` and their kin mean; `None` for a single value.
    fn elements(&mut self, meant: &Meant<'_>) -> Option<Vec<String>> {
        match meant.index {
            None if meant.name == "@" || meant.name == "*" => Some(self.shell.arguments.clone()),
            Some(Index::Each | Index::Joined) => {
                let items = self.shell.items(meant.name);
                let keys = *meant.change == Change::Keys;
                Some(items.map_or_else(Vec::new, |i| if keys { i.keys() } else { i.values() }))
            }
            None | Some(Index::At(_)) => None,
        }
    }

    /// `${a[@]:1:2}`; positional parameters begin with `$0`.
    async fn slice_of(
        &mut self,
        name: &str,
        mut values: Vec<String>,
        offset: &Word,
        length: Option<&Word>,
        io: &Io,
    ) -> Result<Vec<String>, Stop> {
        if name == "@" || name == "*" {
            values.insert(0, self.shell.name.clone());
        }
        let count = i64::try_from(values.len()).unwrap_or(0);
        let offset = self.text(offset, io).await?;
        let offset = self.arithmetic(&offset, io).await?;
        let start = if offset < 0 { count + offset } else { offset.min(count) }.max(0);
        let end = match length {
            None => count,
            Some(word) => {
                let source = self.text(word, io).await?;
                start.saturating_add(self.arithmetic(&source, io).await?.max(0)).min(count)
            }
        };
        let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
        Ok(values.get(range).unwrap_or_default().to_vec())
    }

    async fn single(
        &mut self,
        value: Option<String>,
        meant: Meant<'_>,
        io: &Io,
        fields: &mut Fields,
        split: bool,
    ) -> Result<(), Stop> {
        let Meant { name, change, quoted, .. } = meant;
        let text = match change {
            Change::Default { operator, colon, word } => {
                let set = value.as_ref().is_some_and(|v| !colon || !v.is_empty());
                match (operator, set) {
                    ('+', true) | ('-' | '=' | '?', false) => {
                        return self
                            .default(name, (*operator, *colon), word, quoted, io, fields, split)
                            .await;
                    }
                    ('+', false) => String::new(),
                    _ => value.unwrap_or_default(),
                }
            }
            Change::None if value.is_none() && self.shell.options.contains(&'u') => {
                let line = format!("{}{name}: unbound variable\n", self.shell.prefix());
                self.error(io, &line).await;
                return Err(self.stop_unset());
            }
            Change::Indirect => match value {
                Some(name) => self.shell.get(&name).unwrap_or_default(),
                None => String::new(),
            },
            other => self.changed(value.unwrap_or_default(), other, io).await?,
        };
        self.insert(&text, quoted, fields, split);
        Ok(())
    }

    /// What a missing variable ends: the line, or a shell that nobody sits at.
    fn stop_unset(&mut self) -> Stop {
        if self.shell.screen.is_some() {
            return Stop(1);
        }
        self.flow = Flow::Exit(127);
        Stop(127)
    }

    /// A value as `${name…}` changes it.
    async fn changed(&mut self, value: String, change: &Change, io: &Io) -> Result<String, Stop> {
        Ok(match change {
            Change::None | Change::Keys | Change::Indirect | Change::Default { .. } => value,
            Change::Length => value.chars().count().to_string(),
            Change::Trim { suffix, longest, pattern } => {
                let pattern = self.pattern(pattern, io).await?;
                trim(&value, &pattern, *suffix, *longest)
            }
            Change::Replace { all, pattern, with } => {
                let pattern = self.pattern(pattern, io).await?;
                let with = self.text(with, io).await?;
                replace(&value, &pattern, &with, *all)
            }
            Change::Slice { offset, length } => {
                let offset = self.text(offset, io).await?;
                let offset = self.arithmetic(&offset, io).await?;
                let length = match length {
                    Some(word) => {
                        let source = self.text(word, io).await?;
                        Some(self.arithmetic(&source, io).await?)
                    }
                    None => None,
                };
                slice(&value, offset, length)
            }
            Change::Case { upper, all } => case(&value, *upper, *all),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "one arm of the expansion above")]
    async fn default(
        &mut self,
        name: &str,
        (operator, colon): (char, bool),
        word: &Word,
        quoted: bool,
        io: &Io,
        fields: &mut Fields,
        split: bool,
    ) -> Result<(), Stop> {
        match operator {
            '=' => {
                let text = self.text(word, io).await?;
                self.shell.set(name, text.clone());
                self.insert(&text, quoted, fields, split);
            }
            '?' => {
                let text = self.text(word, io).await?;
                let why = match (text.is_empty(), colon) {
                    (true, true) => "parameter null or not set".to_owned(),
                    (true, false) => "parameter not set".to_owned(),
                    (false, _) => text,
                };
                let line = format!("{}{name}: {why}\n", self.shell.prefix());
                self.error(io, &line).await;
                return Err(self.stop_unset());
            }
            _ => self.parts(word, io, fields, split && !quoted).await?,
        }
        Ok(())
    }

    /// Replaces a field by the files it names, if it is a pattern that names some.
    fn file_names(&self, field: &Field, out: &mut Vec<String>) {
        let plain: String = field.iter().map(|(c, _)| *c).collect();
        let is_pattern = field.iter().any(|(c, quoted)| !quoted && "*?[".contains(*c));
        if is_pattern {
            let found = glob(self.shell, field);
            if !found.is_empty() {
                out.extend(found.into_iter().take(MAX_FIELDS));
                return;
            }
        }
        out.push(plain);
    }
}
