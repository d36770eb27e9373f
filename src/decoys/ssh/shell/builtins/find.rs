//! `find` of findutils 4.9: what holds of an entry, and what is done with it.

use crate::decoys::ssh::shell::commands::entries::{self, Entry};
use crate::decoys::ssh::shell::run::{Flow, Io, Run, Source};

/// Most commands that one `find -exec` runs.
const MAX_EXEC: usize = 2_000;

/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 16;

/// One part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// Parts of which one must hold, each a list of which all must.
    Any(Vec<Vec<Term>>),
    /// The opposite.
    Not(Box<Term>),
    /// A test with its value.
    Test(String, String),
    /// Prints the path and this.
    Print(char),
    /// `-printf`
    Format(String),
    /// `-ls`
    List,
    /// `-delete`
    Delete,
    /// `-prune`
    Prune,
    /// `-quit`
    Quit,
    /// `-exec`: the words, and whether all paths go to one call.
    Run(Vec<String>, bool),
}

/// What is asked.
#[derive(Debug, Default)]
struct Search {
    places: Vec<String>,
    expression: Vec<Vec<Term>>,
    deepest: Option<usize>,
    shallowest: usize,
    from_below: bool,
    acts: bool,
}

struct Words<'a> {
    rest: std::slice::Iter<'a, String>,
    search: &'a mut Search,
}

impl Words<'_> {
    fn value(&mut self, of: &str) -> Result<String, String> {
        self.rest.next().cloned().ok_or_else(|| format!("missing argument to `{of}'"))
    }

    fn any(&mut self, depth: usize) -> Result<Vec<Vec<Term>>, String> {
        if depth > MAX_DEPTH {
            return Err("invalid expression".into());
        }
        let mut out = vec![Vec::new()];
        let mut negated = false;
        while let Some(word) = self.rest.next() {
            let term = match word.as_str() {
                ")" | "\\)" => return Ok(out),
                "!" | "-not" => {
                    negated = !negated;
                    continue;
                }
                "-o" | "-or" => {
                    out.push(Vec::new());
                    continue;
                }
                "-a" | "-and" | "-xdev" | "-mount" | "-follow" | "-daystart" | "-noleaf" => continue,
                "(" | "\\(" => Some(Term::Any(self.any(depth + 1)?)),
                word => self.term(word)?,
            };
            let Some(term) = term else { continue };
            let term = if std::mem::take(&mut negated) { Term::Not(Box::new(term)) } else { term };
            if let Some(last) = out.last_mut() {
                last.push(term);
            }
        }
        Ok(out)
    }

    fn term(&mut self, word: &str) -> Result<Option<Term>, String> {
        Ok(Some(match word {
            "-maxdepth" => {
                self.search.deepest = self.value(word)?.parse().ok();
                return Ok(None);
            }
            "-mindepth" => {
                self.search.shallowest = self.value(word)?.parse().unwrap_or(0);
                return Ok(None);
            }
            "-depth" | "-d" => {
                self.search.from_below = true;
                return Ok(None);
            }
            "-name" | "-iname" | "-path" | "-ipath" | "-wholename" | "-type" | "-size" | "-mtime"
            | "-mmin" | "-atime" | "-amin" | "-ctime" | "-cmin" | "-user" | "-perm" | "-newer"
            | "-newermt" | "-group" | "-uid" | "-gid" | "-regex" | "-iregex" | "-links" | "-inum"
            | "-fstype" | "-lname" => Term::Test(word.to_owned(), self.value(word)?),
            "-writable" | "-readable" | "-executable" | "-empty" | "-true" | "-false" | "-nouser"
            | "-nogroup" => Term::Test(word.to_owned(), String::new()),
            "-prune" => Term::Prune,
            "-quit" => Term::Quit,
            action => {
                self.search.acts = true;
                match action {
                    "-print" => Term::Print('\n'),
                    "-print0" => Term::Print('\0'),
                    "-printf" => Term::Format(self.value(word)?),
                    "-ls" => Term::List,
                    "-delete" => {
                        self.search.from_below = true;
                        Term::Delete
                    }
                    "-exec" | "-execdir" | "-ok" | "-okdir" => self.command(action)?,
                    other => return Err(format!("unknown predicate `{other}'")),
                }
            }
        }))
    }

    fn command(&mut self, action: &str) -> Result<Term, String> {
        let mut words = Vec::new();
        for word in self.rest.by_ref() {
            match word.as_str() {
                ";" => return Ok(Term::Run(words, false)),
                "+" if words.last().is_some_and(|w| w == "{}") => return Ok(Term::Run(words, true)),
                _ => words.push(word.clone()),
            }
        }
        Err(format!("missing argument to `{action}'"))
    }
}

/// What a walk gathers.
#[derive(Default)]
struct Walk {
    pruned: Option<String>,
    together: Vec<(Vec<String>, Vec<String>)>,
    ran: usize,
    over: bool,
    status: i32,
}

impl Run<'_> {
    pub(in crate::decoys::ssh::shell) async fn find(&mut self, rest: &[String], io: &Io) -> i32 {
        let rest: Vec<String> =
            rest.iter().filter(|a| !matches!(a.as_str(), "-L" | "-P" | "-H")).cloned().collect();
        let split =
            rest.iter().position(|a| a.starts_with('-') || a == "!" || a == "(").unwrap_or(rest.len());
        let (places, tests) = rest.split_at(split);
        let mut search = Search { places: places.to_vec(), ..Search::default() };
        if search.places.is_empty() {
            search.places.push(".".into());
        }
        let mut words = Words { rest: tests.iter(), search: &mut search };
        match words.any(0) {
            Ok(expression) => search.expression = expression,
            Err(text) => {
                self.error(io, &format!("find: {text}\n")).await;
                return 1;
            }
        }
        let mut walk = Walk::default();
        for place in search.places.clone() {
            self.find_below(&place, &search, &mut walk, io).await;
        }
        for (words, paths) in std::mem::take(&mut walk.together) {
            let last = words.len().saturating_sub(1);
            let call: Vec<String> = words.iter().take(last).cloned().chain(paths).collect();
            if self.found(&call, io).await != 0 {
                walk.status = 1;
            }
        }
        walk.status
    }

    async fn find_below(&mut self, place: &str, search: &Search, walk: &mut Walk, io: &Io) {
        if let Err(errno) = self.shell.fs.lstat(&self.shell.path(place)) {
            self.error(io, &format!("find: ‘{place}’: {errno}\n")).await;
            walk.status = 1;
            return;
        }
        let mut entries = entries::entries(self.shell, place, search.deepest.unwrap_or(usize::MAX));
        if search.from_below {
            entries.reverse();
        }
        for entry in entries {
            if walk.over || self.flow != Flow::Next {
                return;
            }
            if walk.pruned.as_ref().is_some_and(|p| entry.path.starts_with(p.as_str())) {
                continue;
            }
            if entry.depth >= search.shallowest {
                let held = Box::pin(self.any_holds(&search.expression, &entry, walk, io)).await;
                if held && !search.acts {
                    self.out(io, &format!("{}\n", entry.path)).await;
                }
            }
            let pruned = walk.pruned.as_ref().is_some_and(|p| *p == format!("{}/", entry.path));
            if let Some(errno) =
                entry.fault.filter(|_| !pruned && search.deepest.is_none_or(|d| entry.depth < d))
            {
                self.error(io, &format!("find: ‘{}’: {errno}\n", entry.path)).await;
                walk.status = 1;
            }
        }
    }

    async fn any_holds(&mut self, any: &[Vec<Term>], entry: &Entry, walk: &mut Walk, io: &Io) -> bool {
        for all in any {
            let mut held = true;
            for term in all {
                if !Box::pin(self.holds(term, entry, walk, io)).await {
                    held = false;
                    break;
                }
            }
            if held {
                return true;
            }
        }
        false
    }

    async fn holds(&mut self, term: &Term, entry: &Entry, walk: &mut Walk, io: &Io) -> bool {
        match term {
            Term::Any(any) => self.any_holds(any, entry, walk, io).await,
            Term::Not(inner) => !Box::pin(self.holds(inner, entry, walk, io)).await,
            Term::Test(test, value) => entries::holds(self.shell, test, value, entry),
            Term::Print(end) => {
                self.out(io, &format!("{}{end}", entry.path)).await;
                true
            }
            Term::Format(format) => {
                let text = entries::formatted(self.shell, format, entry);
                self.out(io, &text).await;
                true
            }
            Term::List => {
                let line = entries::listed(self.shell, entry);
                self.out(io, &line).await;
                true
            }
            Term::Delete => self.delete_found(entry, walk, io).await,
            Term::Prune => {
                walk.pruned = Some(format!("{}/", entry.path));
                true
            }
            Term::Quit => {
                walk.over = true;
                true
            }
            Term::Run(words, true) => {
                match walk.together.iter_mut().find(|(w, _)| w == words) {
                    Some((_, paths)) => paths.push(entry.path.clone()),
                    None => walk.together.push((words.clone(), vec![entry.path.clone()])),
                }
                true
            }
            Term::Run(words, false) => {
                walk.ran += 1;
                if walk.ran > MAX_EXEC {
                    return false;
                }
                let call: Vec<String> = words.iter().map(|w| w.replace("{}", &entry.path)).collect();
                self.found(&call, io).await == 0
            }
        }
    }

    async fn delete_found(&mut self, entry: &Entry, walk: &mut Walk, io: &Io) -> bool {
        let path = self.shell.path(&entry.path);
        match self.shell.fs.remove(&path, entry.meta.is_directory()) {
            Ok(()) => true,
            Err(errno) => {
                self.error(io, &format!("find: cannot delete ‘{}’: {errno}\n", entry.path)).await;
                walk.status = 1;
                false
            }
        }
    }

    /// Runs what stands behind `-exec`.
    async fn found(&mut self, call: &[String], io: &Io) -> i32 {
        let quiet = Io { input: Source::Null, ..io.clone() };
        match call.first() {
            Some(name) if super::super::commands::find(self.shell, name).is_none() && !name.contains('/') => {
                self.error(io, &format!("find: ‘{name}’: No such file or directory\n")).await;
                1
            }
            Some(_) => Box::pin(self.inner(call, &quiet)).await,
            None => 0,
        }
    }
}
