//! What is typed behind `:` in `vi`.

use super::Step;
use super::vi::Vi;

impl Vi {
    /// `ZZ` and `:x`: writes what changed, then leaves.
    pub(super) fn write_and_leave(&mut self) -> Step {
        if self.text.changed { self.write("", true, false) } else { Step::Leave(0) }
    }

    /// Runs a command line.
    pub(super) fn command(&mut self, typed: &str) -> Step {
        let line = typed.trim().trim_start_matches(':');
        if let Some(command) = line.strip_prefix('!') {
            return Step::Shell(command.to_owned());
        }
        if let Some(pattern) = line
            .strip_prefix("%s")
            .or_else(|| line.strip_prefix('s'))
            .filter(|p| !p.starts_with(char::is_alphabetic))
        {
            return self.substitute(pattern, line.starts_with('%'));
        }
        if let Ok(row) = line.parse::<usize>() {
            (self.text.row, self.text.column) = (row.saturating_sub(1), 0);
            self.text.settle();
            return Step::Stay;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let forced = word.ends_with('!');
        match (word.trim_end_matches('!'), rest.trim()) {
            ("" | "noh" | "nohl" | "nohlsearch" | "syntax" | "sy", _) => Step::Stay,
            ("$", _) => {
                (self.text.row, self.text.column) = (usize::MAX, 0);
                self.text.settle();
                Step::Stay
            }
            ("q" | "quit" | "qa" | "qall" | "cq", _) if !forced && self.text.changed => {
                self.message = "E37: No write since last change (add ! to override)".into();
                Step::Stay
            }
            ("cq", _) => Step::Leave(1),
            ("q" | "quit" | "qa" | "qall", _) => Step::Leave(0),
            ("w" | "write" | "up" | "update", rest) => match rest.strip_prefix('!') {
                Some(command) => Step::Shell(command.to_owned()),
                None => self.write(rest, false, forced),
            },
            ("wq" | "wqa", rest) => self.write(rest, true, forced),
            ("x" | "xit" | "xa" | "exit", _) => self.write_and_leave(),
            ("e" | "edit", "") if forced => {
                while self.text.undo() {}
                self.text.changed = false;
                Step::Stay
            }
            ("r" | "read", rest) => match rest.strip_prefix('!') {
                Some(command) => Step::Shell(command.to_owned()),
                None => Step::Read(rest.to_owned()),
            },
            ("sh" | "shell", _) => Step::Shell("$SHELL".into()),
            ("set" | "se", rest) => self.set(rest),
            ("d" | "delete", _) => {
                self.text.keep();
                self.text.take_line(self.text.row);
                Step::Stay
            }
            ("version" | "ve", _) => {
                self.message = "VIM - Vi IMproved 9.0 (2022 Jun 28, compiled Feb 21 2025 00:00:00)".into();
                Step::Stay
            }
            ("help" | "h", _) => {
                self.message = "E433: No tags file".into();
                Step::Stay
            }
            ("python" | "py" | "py3" | "python3" | "lua" | "perl" | "ruby", _) => {
                self.message = "E319: Sorry, the command is not available in this version".into();
                Step::Stay
            }
            _ => {
                self.message = format!("E492: Not an editor command: {line}");
                Step::Stay
            }
        }
    }

    fn write(&mut self, name: &str, leave: bool, forced: bool) -> Step {
        let name = if name.is_empty() { self.name.clone() } else { name.to_owned() };
        if name.is_empty() {
            self.message = "E32: No file name".into();
            return Step::Stay;
        }
        if self.read_only && !forced && name == self.name {
            self.message = "E45: 'readonly' option is set (add ! to override)".into();
            return Step::Stay;
        }
        self.leaving = leave;
        Step::Save(name, self.text.bytes())
    }

    fn set(&mut self, option: &str) -> Step {
        match option {
            "nu" | "number" => self.numbers = true,
            "nonu" | "nonumber" => self.numbers = false,
            "" | "all" | "paste" | "nopaste" | "ic" | "ignorecase" | "noic" | "hls" | "hlsearch"
            | "nohls" => {}
            _ if option.contains('=') => {}
            other => self.message = format!("E518: Unknown option: {other}"),
        }
        Step::Stay
    }

    fn substitute(&mut self, pattern: &str, everywhere: bool) -> Step {
        let mark = pattern.chars().next().unwrap_or('/');
        let parts: Vec<&str> = pattern.trim_start_matches(mark).split(mark).collect();
        let [what, with, flags @ ..] = parts.as_slice() else {
            self.message = format!("E486: Pattern not found: {pattern}");
            return Step::Stay;
        };
        let all = flags.first().is_some_and(|f| f.contains('g'));
        self.text.keep();
        let rows = if everywhere { 0..self.text.lines.len() } else { self.text.row..self.text.row + 1 };
        let (mut hits, mut touched) = (0, 0);
        for row in rows {
            let Some(line) = self.text.lines.get_mut(row) else { continue };
            let old: String = line.iter().collect();
            let count = if all { old.matches(what).count() } else { old.matches(what).count().min(1) };
            if what.is_empty() || count == 0 {
                continue;
            }
            let new = if all { old.replace(what, with) } else { old.replacen(what, with, 1) };
            *line = new.chars().collect();
            hits += count;
            touched += 1;
            self.text.row = row;
        }
        self.text.changed |= hits > 0;
        if hits == 0 {
            self.message = format!("E486: Pattern not found: {what}");
        } else if hits > 2 {
            self.message = format!("{hits} substitutions on {touched} lines");
        }
        self.text.settle();
        Step::Stay
    }
}
