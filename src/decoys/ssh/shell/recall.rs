//! History expansion (`!!`, `!$`, `!123`, `!ssh`, `^a^b`), as a terminal's bash does it before it reads a line.

/// A line after expansion: what to run, and whether it differs from what was typed.
///
/// # Errors
/// The event that is not there, as bash names it.
pub fn expand(line: &str, history: &[String]) -> Result<Option<String>, String> {
    if let Some(rest) = line.strip_prefix('^') {
        return quick(rest, history).map(Some);
    }
    let letters: Vec<char> = line.chars().collect();
    let (mut out, mut at, mut changed, mut single) = (String::new(), 0, false, false);
    let mut double = false;
    while let Some(c) = letters.get(at) {
        at += 1;
        match c {
            '\\' => {
                out.push('\\');
                if let Some(next) = letters.get(at) {
                    out.push(*next);
                    at += 1;
                }
                continue;
            }
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '!' if !single && begins(letters.get(at).copied(), double) && !inside_bracket(&out) => {
                let (text, used) = event(letters.get(at..).unwrap_or_default(), history)?;
                out.push_str(&text);
                at += used;
                changed = true;
                continue;
            }
            _ => {}
        }
        out.push(*c);
    }
    Ok(changed.then_some(out))
}

/// Whether what stands behind `!` makes it an event.
fn begins(next: Option<char>, double: bool) -> bool {
    match next {
        None | Some(' ' | '\t' | '\n' | '=' | '(' | ';' | '&' | '|') => false,
        Some('"') => !double,
        Some(_) => true,
    }
}

/// `$!`, `[!a]` and `${!a}` are no events.
fn inside_bracket(before: &str) -> bool {
    before.ends_with('$') || before.ends_with("${") || before.ends_with('[')
}

fn event(rest: &[char], history: &[String]) -> Result<(String, usize), String> {
    let first = rest.first().copied().unwrap_or(' ');
    let last = history.last();
    let missing = |text: String| format!("!{text}: event not found");
    let (line, used) = match first {
        '!' => (last.ok_or_else(|| missing("!".into()))?, 1),
        '$' | '*' | '^' | ':' => (last.ok_or_else(|| missing(first.into()))?, 0),
        '-' | '0'..='9' => {
            let text: String = rest
                .iter()
                .enumerate()
                .take_while(|(n, c)| c.is_ascii_digit() || (*n == 0 && **c == '-'))
                .map(|(_, c)| *c)
                .collect();
            let number: i64 = text.parse().map_err(|_| missing(text.clone()))?;
            let index =
                if number < 0 { i64::try_from(history.len()).unwrap_or(0) + number } else { number - 1 };
            let found = usize::try_from(index).ok().and_then(|n| history.get(n));
            (found.ok_or_else(|| missing(text.clone()))?, text.chars().count())
        }
        '?' => {
            let text: String = rest.iter().skip(1).take_while(|c| **c != '?').collect();
            let used = (text.chars().count() + 2).min(rest.len());
            let found = history.iter().rev().find(|l| l.contains(&text));
            (found.ok_or_else(|| missing(format!("?{text}")))?, used)
        }
        _ => {
            let text: String =
                rest.iter().take_while(|c| !c.is_whitespace() && !";&|:()\"".contains(**c)).collect();
            let found = history.iter().rev().find(|l| l.starts_with(&text));
            (found.ok_or_else(|| missing(text.clone()))?, text.chars().count())
        }
    };
    let (text, more) = words(line, rest.get(used..).unwrap_or_default())?;
    Ok((text, used + more))
}

/// Which words of an event are meant.
fn words(line: &str, rest: &[char]) -> Result<(String, usize), String> {
    let all: Vec<&str> = line.split_whitespace().collect();
    let tail = |from: usize| all.get(from..).unwrap_or_default().join(" ");
    let colon = usize::from(rest.first() == Some(&':'));
    let bad = || "bad word specifier".to_owned();
    match rest.get(colon) {
        Some('$') => Ok((all.last().copied().unwrap_or_default().to_owned(), colon + 1)),
        Some('*') => Ok((tail(1), colon + 1)),
        Some('^') => Ok((all.get(1).ok_or_else(bad)?.to_string(), colon + 1)),
        Some(c) if colon == 1 && c.is_ascii_digit() => {
            let digits: String = rest.iter().skip(1).take_while(|c| c.is_ascii_digit()).collect();
            let word = digits.parse::<usize>().ok().and_then(|n| all.get(n)).ok_or_else(bad)?;
            Ok((word.to_string(), 1 + digits.len()))
        }
        Some('p') if colon == 1 => Ok((line.to_owned(), 2)),
        _ => Ok((line.to_owned(), 0)),
    }
}

/// `^old^new^`
fn quick(rest: &str, history: &[String]) -> Result<String, String> {
    let mut parts = rest.splitn(3, '^');
    let (old, new) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let last = history.last().filter(|l| !old.is_empty() && l.contains(old));
    last.map(|l| l.replacen(old, new, 1)).ok_or_else(|| format!(":s^{rest}: substitution failed"))
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn events_stand_for_earlier_lines() {
        let history = ["cat /etc/passwd", "ls -la /opt /home"].map(str::to_owned);
        let said = |line: &str| expand(line, &history);
        assert_eq!(said("sudo !!"), Ok(Some("sudo ls -la /opt /home".into())));
        assert_eq!(said("cd !$"), Ok(Some("cd /home".into())));
        assert_eq!(said("!1 | head"), Ok(Some("cat /etc/passwd | head".into())));
        assert_eq!(said("!ca"), Ok(Some("cat /etc/passwd".into())));
        assert_eq!(said("echo !:2 !*"), Ok(Some("echo /opt -la /opt /home".into())));
        assert_eq!(said("^opt^srv"), Ok(Some("ls -la /srv /home".into())));
        assert_eq!(said("echo 'a!b' ${!x} $! ! [!a]*"), Ok(None));
        assert_eq!(said("!nosuch"), Err("!nosuch: event not found".into()));
    }
}
