//! Builtins on variables and history.

use crate::decoys::ssh::shell::run::{Io, Run};

use super::number;

impl Run<'_> {
    pub(in crate::decoys::ssh::shell) async fn declare(
        &mut self,
        how: &str,
        rest: &[String],
        io: &Io,
    ) -> i32 {
        let mut status = 0;
        let names: Vec<&String> = rest.iter().filter(|a| !a.starts_with('-')).collect();
        if names.is_empty() {
            let lines: String = self
                .shell
                .variables
                .iter()
                .filter(|(_, v)| how != "export" || v.exported)
                .map(|(n, v)| {
                    if how == "export" {
                        format!("declare -x {n}=\"{}\"\n", v.value)
                    } else {
                        format!("{n}={}\n", v.value)
                    }
                })
                .collect();
            self.out(io, &lines).await;
            return 0;
        }
        let letters: String = rest.iter().filter_map(|a| a.strip_prefix('-')).collect();
        for item in names {
            if letters.contains('p') && how != "export" {
                status |= self.show(item, io).await;
                continue;
            }
            let (name, value) = item.split_once('=').map_or((item.as_str(), None), |(n, v)| (n, Some(v)));
            if !is_name(name) {
                let line = format!("{}{how}: `{item}': not a valid identifier\n", self.shell.prefix());
                self.error(io, &line).await;
                status = 1;
                continue;
            }
            if letters.contains('A') || letters.contains('a') {
                self.shell.make_array(name, letters.contains('A'));
            }
            if let Some(value) = value {
                let number = letters.contains('i').then(|| super::super::arith::evaluate(value, self.shell));
                let value = number.and_then(Result::ok).map_or_else(|| value.to_owned(), |n| n.to_string());
                self.shell.set(name, value);
            }
            if how == "export" || rest.iter().any(|a| a == "-x") {
                self.shell.export(name);
            }
        }
        status
    }

    /// `declare -p`
    async fn show(&mut self, name: &str, io: &Io) -> i32 {
        let Some(variable) = self.shell.variables.get(name).cloned() else {
            let line = format!("{}declare: {name}: not found\n", self.shell.prefix());
            self.error(io, &line).await;
            return 1;
        };
        let line = match &variable.items {
            None => {
                format!(
                    "declare {} {name}=\"{}\"\n",
                    if variable.exported { "-x" } else { "--" },
                    variable.value
                )
            }
            Some(items) => {
                let letter = if self.shell.is_keyed(name) { 'A' } else { 'a' };
                let cells: Vec<String> =
                    items.keys().iter().zip(items.values()).map(|(k, v)| format!("[{k}]=\"{v}\"")).collect();
                format!("declare -{letter} {name}=({})\n", cells.join(" "))
            }
        };
        self.out(io, &line).await;
        0
    }

    /// `mapfile` and `readarray`
    pub(in crate::decoys::ssh::shell) async fn mapfile(&mut self, rest: &[String], io: &Io) -> i32 {
        let name =
            rest.iter().rev().find(|a| !a.starts_with('-')).cloned().unwrap_or_else(|| "MAPFILE".into());
        let bare = rest.iter().any(|a| a.starts_with('-') && a.contains('t'));
        let bytes = self.read_all(io).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines = text.split_inclusive('\n').map(|line| {
            if bare { line.strip_suffix('\n').unwrap_or(line).to_owned() } else { line.to_owned() }
        });
        self.shell.set_list(&name, lines);
        0
    }

    /// `unset`, of variables, elements and functions.
    pub(in crate::decoys::ssh::shell) async fn unset(&mut self, rest: &[String], io: &Io) -> i32 {
        for word in rest.iter().filter(|a| !a.starts_with('-')) {
            match word.strip_suffix(']').and_then(|w| w.split_once('[')) {
                Some((name, key)) => {
                    let key = if self.shell.is_keyed(name) {
                        key.to_owned()
                    } else {
                        match self.arithmetic(key, io).await {
                            Ok(number) => number.to_string(),
                            Err(_) => return 1,
                        }
                    };
                    self.shell.unset_element(name, &key);
                }
                None => {
                    self.shell.variables.remove(word);
                    self.shell.functions.remove(word);
                }
            }
        }
        0
    }

    pub(in crate::decoys::ssh::shell) async fn set_builtin(&mut self, rest: &[String], io: &Io) -> i32 {
        match rest.first().map(String::as_str) {
            None => {
                let lines: String =
                    self.shell.variables.iter().map(|(n, v)| format!("{n}={}\n", shown(&v.value))).collect();
                self.out(io, &lines).await;
            }
            Some("--") => self.shell.arguments = rest.get(1..).unwrap_or_default().to_vec(),
            Some(option) if option.starts_with(['-', '+']) => self.set_options(rest),
            Some(_) => self.shell.arguments = rest.to_vec(),
        }
        0
    }

    pub(in crate::decoys::ssh::shell) async fn read_builtin(&mut self, rest: &[String], io: &Io) -> i32 {
        let mut names: Vec<&str> = Vec::new();
        let (mut silent, mut array) = (false, false);
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-p" => {
                    if let Some(prompt) = words.next() {
                        self.error(io, prompt).await;
                    }
                }
                "-s" => silent = true,
                "-t" | "-n" | "-d" | "-u" | "-N" => {
                    words.next();
                }
                option if option.starts_with('-') => {
                    silent |= option.contains('s');
                    array |= option.contains('a');
                }
                name => names.push(name),
            }
        }
        if silent {
            self.echo(false);
        }
        let line = self.read_line(io).await;
        if silent {
            self.echo(true);
        }
        let status = i32::from(line.is_none());
        let line = line.unwrap_or_default();
        let separators = self.shell.variables.get("IFS").map_or(" \t\n".to_owned(), |v| v.value.clone());
        if names.is_empty() {
            self.shell.set("REPLY", line);
            return status;
        }
        if let Some(name) = names.first().filter(|_| array) {
            let cells = line.split(|c| separators.contains(c)).filter(|c| !c.is_empty()).map(str::to_owned);
            self.shell.set_list(name, cells);
            return status;
        }
        let mut left = line.trim_matches(|c: char| c.is_whitespace() && separators.contains(c));
        for (n, name) in names.iter().enumerate() {
            let at = left.find(|c| separators.contains(c)).filter(|_| n + 1 < names.len());
            let (value, tail) = at.map_or((left, ""), |at| left.split_at(at));
            self.shell.set(name, value.to_owned());
            left = tail.trim_start_matches(|c| separators.contains(c));
        }
        status
    }

    pub(in crate::decoys::ssh::shell) async fn history_builtin(&mut self, rest: &[String], io: &Io) -> i32 {
        if rest.first().is_some_and(|a| a == "-c") {
            self.shell.history.clear();
            return 0;
        }
        let last = number(rest.first()).and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        let skip = self.shell.history.len().saturating_sub(last);
        let lines: String = self
            .shell
            .history
            .iter()
            .enumerate()
            .skip(skip)
            .map(|(n, line)| format!("{:>5}  {line}\n", n + 1))
            .collect();
        self.out(io, &lines).await;
        0
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// A value as `set` prints it.
fn shown(value: &str) -> String {
    if value.chars().any(|c| c.is_control()) {
        return format!("$'{}'", value.escape_default());
    }
    if value.chars().any(|c| " \"$`\\&|;<>()*?[]#~'".contains(c)) {
        format!("'{}'", value.replace('\'', "'\\''"))
    } else {
        value.to_owned()
    }
}
