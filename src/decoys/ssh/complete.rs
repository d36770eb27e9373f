//! Completion of names at a prompt.

use super::line::Line;
use super::shell::state::Shell;

/// Completes a file or command name: the common part, or the choices.
pub(super) fn complete(shell: &Shell, line: &mut Line, text: &str, prompt: &str, echo: &mut Vec<u8>) {
    let word = text.rsplit([' ', '|', ';', '&', '>', '<']).next().unwrap_or_default();
    let (folder, start) = word.rsplit_once('/').map_or(("", word), |(f, s)| (f, s));
    let place = match (word.starts_with('/'), folder) {
        (true, "") => "/".to_owned(),
        (_, "") => shell.cwd.clone(),
        (_, folder) => {
            shell.path(&folder.replacen('~', &shell.account.home, usize::from(folder.starts_with('~'))))
        }
    };
    let names = shell.fs.list(&place).unwrap_or_default();
    let hits: Vec<(String, bool)> = names
        .into_iter()
        .filter(|(n, _)| n.starts_with(start) && (!n.starts_with('.') || start.starts_with('.')))
        .map(|(n, m)| {
            let folder =
                m.is_directory() || shell.fs.stat(&format!("{place}/{n}")).is_ok_and(|m| m.is_directory());
            (n, folder)
        })
        .take(500)
        .collect();
    match hits.as_slice() {
        [] => echo.push(7),
        [(name, folder)] => {
            let rest = name.get(start.len()..).unwrap_or_default();
            line.put(&format!("{rest}{}", if *folder { "/" } else { " " }), echo);
        }
        [(first, _), ..] => {
            let common = first
                .char_indices()
                .map(|(at, c)| at + c.len_utf8())
                .take_while(|end| hits.iter().all(|(n, _)| n.get(..*end) == first.get(..*end)))
                .last()
                .unwrap_or(0);
            match first.get(start.len()..common).filter(|r| !r.is_empty()) {
                Some(rest) => line.put(rest, echo),
                None => {
                    let shown: Vec<(String, String)> = hits
                        .iter()
                        .map(|(n, f)| {
                            let n = format!("{n}{}", if *f { "/" } else { "" });
                            (n.clone(), n)
                        })
                        .collect();
                    let width = shell.screen.as_ref().map_or(80, |s| usize::from(s.columns));
                    let list = super::shell::text::columns(&shown, width).replace('\n', "\r\n");
                    echo.extend_from_slice(format!("\r\n{list}{prompt}{}", line.shown()).as_bytes());
                }
            }
        }
    }
}
