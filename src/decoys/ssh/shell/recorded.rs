//! Programs of the system that only say something: what Debian 12's own say to an ordinary user.

use super::run::{Io, Run, Sink};

/// `@ name|arguments|status`, then lines of output (`1…`) and of error output (`2…`). No arguments stand
/// for none, `*` for all others; `{last}` is the last argument.
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
            let sink: &Sink = if error { &io.error } else { &io.out };
            self.write(sink, format!("{text}\n").into_bytes()).await;
        }
        status
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
