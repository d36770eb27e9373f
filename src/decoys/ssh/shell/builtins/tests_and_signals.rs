//! `test`, `[[`, `kill` and `ulimit`.

use crate::decoys::ssh::shell::ast::Word;
use crate::decoys::ssh::shell::commands::test;
use crate::decoys::ssh::shell::regex::Regex;
use crate::decoys::ssh::shell::run::{Flow, Io, Run, Stop};
use crate::decoys::ssh::shell::text::matches;

impl Run<'_> {
    pub(in crate::decoys::ssh::shell) async fn test_builtin(
        &mut self,
        name: &str,
        rest: &[String],
        io: &Io,
    ) -> i32 {
        let mut rest = rest;
        if name == "[" {
            match rest.split_last() {
                Some((last, before)) if last == "]" => rest = before,
                _ => {
                    let line = format!("{}[: missing `]'\n", self.shell.prefix());
                    self.error(io, &line).await;
                    return 2;
                }
            }
        }
        match test::evaluate(self.shell, rest) {
            Ok(holds) => i32::from(!holds),
            Err(problem) => {
                let line = format!("{}{name}: {problem}\n", self.shell.prefix());
                self.error(io, &line).await;
                2
            }
        }
    }

    /// `[[ … ]]`: `==` takes a pattern, `=~` an expression; no splitting.
    pub(in crate::decoys::ssh::shell) async fn double_bracket(
        &mut self,
        words: &[Word],
        io: &Io,
    ) -> Result<i32, Stop> {
        let mut plain = Vec::new();
        for (n, word) in words.iter().enumerate() {
            let operator = n.checked_sub(1).and_then(|i| words.get(i)).and_then(|w| w.bare());
            if matches!(operator, Some("==" | "=" | "!=" | "=~")) && plain.len() >= 2 {
                let pattern = self.pattern(word, io).await?;
                let operator: String = plain.pop().unwrap_or_default();
                let left: String = plain.pop().unwrap_or_default();
                let text: Vec<char> = left.chars().collect();
                let holds = if operator == "=~" {
                    let source: String = pattern.iter().map(|(c, _)| *c).collect();
                    self.matches_expression(&source, &text)
                } else {
                    matches(&pattern, &text) == (operator != "!=")
                };
                plain.push("-n".to_owned());
                plain.push(if holds { "1".to_owned() } else { String::new() });
                continue;
            }
            plain.push(self.text(word, io).await?);
        }
        let plain: Vec<String> = plain
            .into_iter()
            .map(|w| match w.as_str() {
                "&&" => "-a".to_owned(),
                "||" => "-o".to_owned(),
                _ => w,
            })
            .collect();
        Ok(test::evaluate(self.shell, &plain).map_or(2, |holds| i32::from(!holds)))
    }

    /// `=~`: what matched, and its groups, go to `BASH_REMATCH`.
    fn matches_expression(&mut self, source: &str, text: &[char]) -> bool {
        let spans = Regex::new(source, true, false).ok().and_then(|r| r.find(text, 0));
        let groups: Vec<String> = spans.iter().flatten().map(|span| piece(text, *span)).collect();
        self.shell.set_list("BASH_REMATCH", groups);
        spans.is_some()
    }

    pub(in crate::decoys::ssh::shell) async fn kill(&mut self, rest: &[String], io: &Io) -> i32 {
        let prefix = format!("{}kill: ", self.shell.prefix());
        if rest.first().is_some_and(|a| a == "-l") {
            self.out(io, " 1) SIGHUP\t 2) SIGINT\t 3) SIGQUIT\t 4) SIGILL\t 5) SIGTRAP\n 6) SIGABRT\t 7) SIGBUS\t 8) SIGFPE\t 9) SIGKILL\t10) SIGUSR1\n11) SIGSEGV\t12) SIGUSR2\t13) SIGPIPE\t14) SIGALRM\t15) SIGTERM\n").await;
            return 0;
        }
        let targets: Vec<&String> = rest.iter().filter(|a| !a.starts_with('-')).collect();
        if targets.is_empty() {
            self.error(io, "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n").await;
            return 2;
        }
        let mut status = 0;
        let now = self.shell.session.now();
        for target in targets {
            if let Some(job) = self.job(target) {
                self.shell.jobs.retain(|other| *other != job);
                continue;
            }
            let Ok(pid) = target.parse::<u32>() else {
                self.error(io, &format!("{prefix}{target}: arguments must be process or job IDs\n")).await;
                status = 1;
                continue;
            };
            if pid == self.shell.pid {
                if rest.iter().any(|a| a == "-9" || a == "-KILL") {
                    self.flow = Flow::Exit(137);
                }
                continue;
            }
            let running = crate::decoys::ssh::shell::proc::processes(&self.shell.site, now)
                .into_iter()
                .find(|p| p.pid == pid);
            let problem = match running {
                _ if self.shell.background == Some(pid) => continue,
                Some(p) if p.uid == self.shell.account.uid => continue,
                Some(_) => "Operation not permitted",
                None => "No such process",
            };
            self.error(io, &format!("{prefix}({pid}) - {problem}\n")).await;
            status = 1;
        }
        status
    }

    pub(in crate::decoys::ssh::shell) async fn ulimit(&mut self, rest: &[String], io: &Io) -> i32 {
        let text = match rest.first().map(String::as_str) {
            Some("-n") => "1024\n",
            Some("-u") => "63655\n",
            Some("-a") => {
                "real-time non-blocking time  (microseconds, -R) unlimited\ncore file size              (blocks, -c) 0\ndata seg size               (kbytes, -d) unlimited\nscheduling priority                 (-e) 0\nfile size                   (blocks, -f) unlimited\npending signals                     (-i) 63655\nmax locked memory           (kbytes, -l) 2047304\nmax memory size             (kbytes, -m) unlimited\nopen files                          (-n) 1024\npipe size                (512 bytes, -p) 8\nPOSIX message queues         (bytes, -q) 819200\nreal-time priority                  (-r) 0\nstack size                  (kbytes, -s) 8192\ncpu time                   (seconds, -t) unlimited\nmax user processes                  (-u) 63655\nvirtual memory              (kbytes, -v) unlimited\nfile locks                          (-x) unlimited\n"
            }
            Some("-c") => "0\n",
            _ => "unlimited\n",
        };
        self.out(io, text).await;
        0
    }
}

/// The text of a group; empty when it took no part.
fn piece(text: &[char], span: Option<(usize, usize)>) -> String {
    span.and_then(|(from, to)| text.get(from..to)).unwrap_or_default().iter().collect()
}
