//! The escapes of `PS1`, after bash(1), "PROMPTING".

use super::state::Shell;

/// Expands a prompt.
pub(super) fn expand(shell: &Shell, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(letter) = rest.next() else { break };
        let time = |format: &str| {
            let now = shell.session.now().to_zoned(shell.site.zone());
            now.strftime(format).to_string()
        };
        match letter {
            'u' => out.push_str(&shell.account.name),
            'h' => out.push_str(shell.site.host.hostname.split('.').next().unwrap_or_default()),
            'H' => out.push_str(&shell.site.host.hostname),
            'w' => out.push_str(&place(shell)),
            'W' => {
                let place = place(shell);
                out.push_str(place.rsplit('/').next().filter(|p| !p.is_empty()).unwrap_or(&place));
            }
            '$' => out.push(if shell.account.uid == 0 { '#' } else { '$' }),
            's' => out.push_str(shell.name.trim_start_matches('-')),
            'v' => out.push_str("5.2"),
            'V' => out.push_str("5.2.15"),
            'j' => out.push_str(&shell.jobs.len().to_string()),
            '!' | '#' => out.push_str(&(shell.history.len() + 1).to_string()),
            't' => out.push_str(&time("%H:%M:%S")),
            'T' => out.push_str(&time("%I:%M:%S")),
            'A' => out.push_str(&time("%H:%M")),
            '@' => out.push_str(&time("%I:%M %p")),
            'd' => out.push_str(&time("%a %b %d")),
            'e' => out.push('\u{1b}'),
            'a' => out.push('\u{7}'),
            'n' => out.push_str("\r\n"),
            'r' => out.push('\r'),
            '[' | ']' => {}
            '0'..='7' => {
                let mut value = letter.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    if let Some(digit) = rest.peek().and_then(|c| c.to_digit(8)) {
                        rest.next();
                        value = value * 8 + digit;
                    }
                }
                out.extend(char::from_u32(value));
            }
            '\\' => out.push('\\'),
            other => out.extend(['\\', other]),
        }
    }
    out
}

/// The working directory with the home as `~`.
fn place(shell: &Shell) -> String {
    match shell.cwd.strip_prefix(shell.account.home.as_str()) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
        _ => shell.cwd.clone(),
    }
}
