//! Expansion of words: parameters, substitutions, splitting, file names (POSIX XCU 2.6).

use futures_util::future::BoxFuture;

use super::arith::{self, Names};
use super::ast::{Change, Index, Part, Word};
use super::run::{Flow, Io, Run, Stop};
use super::state::Shell;
use super::text::{Marked, matches};

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
    pub(super) async fn words(&mut self, words: &[Word], io: &Io) -> Result<Vec<String>, Stop> {
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
    pub(super) async fn text(&mut self, word: &Word, io: &Io) -> Result<String, Stop> {
        Ok(self.pattern(word, io).await?.into_iter().map(|(c, _)| c).collect())
    }

    /// Expands a word to a pattern that remembers what was quoted.
    pub(super) async fn pattern(&mut self, word: &Word, io: &Io) -> Result<Field, Stop> {
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
    pub(super) async fn arithmetic(&mut self, source: &str, io: &Io) -> Result<i64, Stop> {
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

fn tilde(site: &super::Site, home: &mut Option<String>, text: &str) -> String {
    let (name, rest) = match text.find('/') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    match name.strip_prefix('~') {
        Some("") => home.take().map_or_else(|| text.to_owned(), |h| format!("{h}{rest}")),
        Some(user) => site.account(user).map_or_else(|| text.to_owned(), |a| format!("{}{rest}", a.home)),
        None => text.to_owned(),
    }
}

fn glob(shell: &Shell, field: &Field) -> Vec<String> {
    let absolute = field.first().is_some_and(|(c, _)| *c == '/');
    let segments: Vec<&[Marked]> = field.split(|(c, _)| *c == '/').filter(|s| !s.is_empty()).collect();
    let mut found = vec![if absolute { "/".to_owned() } else { String::new() }];
    for (n, segment) in segments.iter().enumerate() {
        let last = n + 1 == segments.len();
        let mut next = Vec::new();
        for base in &found {
            step(shell, base, segment, last, &mut next);
            if next.len() > MAX_FIELDS {
                break;
            }
        }
        found = next;
    }
    found
}

fn step(shell: &Shell, base: &str, segment: &[Marked], last: bool, next: &mut Vec<String>) {
    let join = |name: &str| {
        if base.is_empty() || base.ends_with('/') {
            format!("{base}{name}")
        } else {
            format!("{base}/{name}")
        }
    };
    if !segment.iter().any(|(c, quoted)| !quoted && "*?[".contains(*c)) {
        let path = join(&segment.iter().map(|(c, _)| *c).collect::<String>());
        if shell.fs.lstat(&shell.path(&path)).is_ok() {
            next.push(path);
        }
        return;
    }
    let folder = if base.is_empty() { shell.cwd.clone() } else { shell.path(base) };
    let hidden = segment.first().is_some_and(|(c, _)| *c == '.');
    for (name, meta) in shell.fs.list(&folder).unwrap_or_default() {
        let letters: Vec<char> = name.chars().collect();
        let enters = last || meta.is_directory() || meta.target.is_some();
        if enters && (hidden || !name.starts_with('.')) && matches(segment, &letters) {
            next.push(join(&name));
        }
    }
}

fn trim(value: &str, pattern: &[Marked], suffix: bool, longest: bool) -> String {
    let letters: Vec<char> = value.chars().collect();
    let count = letters.len();
    let mut cuts: Vec<usize> = (0..=count).collect();
    if longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (piece, rest) = if suffix {
            (letters.get(count - cut..), letters.get(..count - cut))
        } else {
            (letters.get(..cut), letters.get(cut..))
        };
        if piece.is_some_and(|p| matches(pattern, p)) {
            return rest.unwrap_or_default().iter().collect();
        }
    }
    value.to_owned()
}

fn replace(value: &str, pattern: &[Marked], with: &str, all: bool) -> String {
    let letters: Vec<char> = value.chars().take(4096).collect();
    let mut out = String::new();
    let mut at = 0;
    let mut open = true;
    while at < letters.len() {
        let found = (at + 1..=letters.len())
            .rev()
            .find(|end| open && letters.get(at..*end).is_some_and(|p| matches(pattern, p)));
        match found {
            Some(end) => {
                out.push_str(with);
                at = end;
                open = all;
            }
            None => {
                out.extend(letters.get(at));
                at += 1;
            }
        }
    }
    out
}

fn slice(value: &str, offset: i64, length: Option<i64>) -> String {
    let letters: Vec<char> = value.chars().collect();
    let count = i64::try_from(letters.len()).unwrap_or(0);
    let start = if offset < 0 { (count + offset).max(0) } else { offset.min(count) };
    let end = match length {
        None => count,
        Some(length) if length < 0 => (count + length).max(start),
        Some(length) => start.saturating_add(length).min(count),
    };
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    letters.get(range).unwrap_or_default().iter().collect()
}

fn case(value: &str, upper: bool, all: bool) -> String {
    let turn = |c: char| if upper { c.to_uppercase().to_string() } else { c.to_lowercase().to_string() };
    value.chars().enumerate().map(|(n, c)| if all || n == 0 { turn(c) } else { c.into() }).collect()
}

/// `{a,b}` and `{1..9}`: at most this many words.
const MAX_BRACES: usize = 4_096;

fn braces(word: &Word) -> Vec<Word> {
    for (n, part) in word.0.iter().enumerate() {
        let Part::Text { text, quoted: false } = part else { continue };
        let Some((before, choices, after)) = brace(text) else { continue };
        let mut out = Vec::new();
        for choice in choices {
            let mut parts = word.0.clone();
            if let Some(slot) = parts.get_mut(n) {
                *slot = Part::Text { text: format!("{before}{choice}{after}"), quoted: false };
            }
            out.extend(braces(&Word(parts)));
            if out.len() >= MAX_BRACES {
                break;
            }
        }
        return out;
    }
    vec![word.clone()]
}

fn brace(text: &str) -> Option<(&str, Vec<String>, &str)> {
    let open = text.find('{')?;
    let close = open + text.get(open..)?.find('}')?;
    let inside = text.get(open + 1..close)?;
    if inside.contains('{') {
        return None;
    }
    let choices = if let Some((from, to)) = inside.split_once("..") {
        range(from, to)?
    } else if inside.contains(',') {
        inside.split(',').map(str::to_owned).collect()
    } else {
        return None;
    };
    Some((text.get(..open)?, choices, text.get(close + 1..)?))
}

fn range(from: &str, to: &str) -> Option<Vec<String>> {
    if let (Ok(a), Ok(b)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let wide = if from.starts_with('0') && from.len() > 1 { from.len() } else { 0 };
        let count = usize::try_from(a.abs_diff(b)).ok()?.min(MAX_BRACES - 1);
        let step = if a <= b { 1 } else { -1 };
        return Some(
            (0..=count).map(|n| format!("{:0wide$}", a + step * i64::try_from(n).unwrap_or(0))).collect(),
        );
    }
    let (mut a, mut b) = (from.chars(), to.chars());
    match (a.next()?, a.next(), b.next()?, b.next()) {
        (a, None, b, None) if a <= b => Some((a..=b).map(String::from).collect()),
        (a, None, b, None) => Some((b..=a).rev().map(String::from).collect()),
        _ => None,
    }
}

impl Names for Shell {
    fn get(&self, name: &str) -> i64 {
        let text = match (name, name.split_once('[')) {
            ("RANDOM" | "SECONDS", _) => Shell::get(&mut self.clone(), name),
            (_, Some((array, key))) => {
                let key = self.clone().number_key(array, key);
                self.items(array).and_then(|items| items.get(&key).cloned())
            }
            _ => self.variables.get(name).map(|v| v.value.clone()),
        };
        text.and_then(|t| t.trim().parse().ok()).unwrap_or(0)
    }

    fn set(&mut self, name: &str, value: i64) {
        match name.split_once('[') {
            Some((array, key)) => {
                let key = self.number_key(array, key);
                self.set_element(array, &key, value.to_string());
            }
            None => Shell::set(self, name, value.to_string()),
        }
    }
}

impl Shell {
    /// The key of an element in an expression: `key]` as it stands, or its value.
    fn number_key(&mut self, array: &str, key: &str) -> String {
        let key = key.trim_end_matches(']');
        if self.is_keyed(array) {
            return key.to_owned();
        }
        arith::evaluate(key, self).unwrap_or(0).to_string()
    }
}
