//! Programs of the system that only say something: what Debian 12's own say to an ordinary user.

use super::proc::processes;
use super::run::{Io, Run, Sink};

/// `@ name|arguments|status`, then lines of output (`1…`) and of error output (`2…`). No arguments stand
/// for none, `*` for all others; `{last}` is the last argument, `{took:MS}` how long this machine takes for
/// what takes so many milliseconds on another, `{pid:NAME}` the id of a process in five columns.
const ANSWERS: &str = include_str!("../debian/answers.txt");

/// An answer: exit status, and lines with the stream that they go to.
type Answer = (i32, Vec<(bool, String)>);

/// What a program says to its arguments.
fn answer(name: &str, arguments: &str) -> Option<Answer> {
    let (mut lines, mut other) = (ANSWERS.lines().peekable(), None);
    while let Some(line) = lines.next() {
        let Some(head) = line.strip_prefix("@ ") else { continue };
        let [program, wanted, status] = head.split('|').collect::<Vec<_>>()[..] else { continue };
        if program != name || (wanted != arguments && (wanted != "*" || arguments.is_empty())) {
            continue;
        }
        let mut said = Vec::new();
        while let Some(line) = lines.next_if(|l| !l.starts_with("@ ")) {
            let (stream, text) = line.split_at_checked(1).unwrap_or(("1", ""));
            said.push((stream == "2", text.to_owned()));
        }
        let found = (status.parse().unwrap_or(1), said);
        if wanted == arguments {
            return Some(found);
        }
        other = other.or(Some(found));
    }
    other
}

/// A text with each of its places, which begin so and end with a brace, filled.
fn filled(text: &str, begin: &str, fill: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(begin);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (place, rest) = part.split_once('}').unwrap_or((part, ""));
        out.push_str(&fill(place));
        out.push_str(rest);
    }
    out
}

impl Run<'_> {
    /// Runs a program that has a recorded answer; all others do what they do silently.
    pub(in crate::decoys::ssh::shell) async fn recorded(
        &mut self,
        name: &str,
        arguments: &[String],
        io: &Io,
    ) -> i32 {
        let rest = arguments.get(1..).unwrap_or_default();
        let asked = if rest == ["-V"] { "--version".to_owned() } else { rest.join(" ") };
        let Some((status, said)) = answer(name, &asked) else { return 0 };
        let last = rest.last().cloned().unwrap_or_default();
        for (error, text) in said {
            let text = text.replace("{last}", &last).replace("{hex32}", &self.hex32());
            let text = filled(&text, "{took:", |number| self.took(number));
            let text = filled(&text, "{pid:", |name| self.pid_of(name));
            let sink: &Sink = if error { &io.error } else { &io.out };
            self.write(sink, format!("{text}\n").into_bytes()).await;
        }
        status
    }

    /// A time of the other machine, in this one's speed, as systemd prints it.
    fn took(&self, milliseconds: &str) -> String {
        let pace = 800 + self.shell.site.trait_number("pace of starting", 400);
        let took = milliseconds.parse::<u64>().unwrap_or(0) * pace / 1_000;
        match took {
            1_000.. => format!("{}.{:03}s", took / 1_000, took % 1_000),
            _ => format!("{:>6}", format!("{took}ms")),
        }
    }

    fn pid_of(&self, name: &str) -> String {
        let all = processes(&self.shell.site, self.shell.session.now());
        let program =
            |command: &str| command.split(' ').next().unwrap_or_default().ends_with(&format!("/{name}"));
        let found = all.iter().find(|process| program(&process.command));
        format!("{:>5}", found.map_or(0, |process| process.pid))
    }

    fn hex32(&mut self) -> String {
        (0..4).map(|_| format!("{:08x}", self.shell.random())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_by_their_arguments() {
        let (status, said) = answer("useradd", "-m eve").expect("an answer");
        assert_eq!((status, said.len()), (1, 2));
        assert_eq!(answer("ipcs", "-m").map(|(_, said)| said.len()), Some(4));
        assert!(answer("swapon", "--show").is_some_and(|(status, _)| status == 0));
        assert!(answer("nosuch", "").is_none());
    }
}
