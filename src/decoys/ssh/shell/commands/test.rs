//! `test` and `[`: POSIX XCU test.

use super::Call;
use crate::decoys::ssh::shell::node::Form;
use crate::decoys::ssh::shell::state::Shell;

/// Most nesting of brackets and negations.
const MAX_DEPTH: usize = 40;

/// Evaluates an expression.
///
/// # Errors
/// What bash says behind the command's name.
pub fn evaluate(shell: &Shell, words: &[String]) -> Result<bool, String> {
    or(shell, words, 0)
}

/// `/usr/bin/test`
pub fn program(call: &mut Call) -> i32 {
    let words: Vec<String> = call.rest().iter().filter(|w| *w != "]").cloned().collect();
    match evaluate(call.shell, &words) {
        Ok(holds) => i32::from(!holds),
        Err(problem) => call.fail(2, &problem),
    }
}

fn split<'a>(words: &'a [String], at: &str) -> Option<(&'a [String], &'a [String])> {
    if words.len() <= 3 && words.get(1).is_some_and(|w| is_binary(w)) {
        return None;
    }
    let mut level = 0_i32;
    for (n, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => level += 1,
            ")" => level -= 1,
            w if w == at && level == 0 && n > 0 && n + 1 < words.len() => {
                return Some((words.get(..n)?, words.get(n + 1..)?));
            }
            _ => {}
        }
    }
    None
}

fn or(shell: &Shell, words: &[String], depth: usize) -> Result<bool, String> {
    if depth > MAX_DEPTH {
        return Err("too many arguments".into());
    }
    match split(words, "-o") {
        Some((left, right)) => Ok(and(shell, left, depth)? | or(shell, right, depth + 1)?),
        None => and(shell, words, depth),
    }
}

fn and(shell: &Shell, words: &[String], depth: usize) -> Result<bool, String> {
    if depth > MAX_DEPTH {
        return Err("too many arguments".into());
    }
    match split(words, "-a") {
        Some((left, right)) => Ok(single(shell, left, depth)? & and(shell, right, depth + 1)?),
        None => single(shell, words, depth),
    }
}

fn single(shell: &Shell, words: &[String], depth: usize) -> Result<bool, String> {
    match words {
        [] => Ok(false),
        [one] => Ok(!one.is_empty()),
        [bang, rest @ ..] if bang == "!" => Ok(!or(shell, rest, depth + 1)?),
        [open, rest @ .., close] if open == "(" && close == ")" => or(shell, rest, depth + 1),
        [operator, operand] => unary(shell, operator, operand),
        [left, operator, right] => binary(shell, left, operator, right),
        _ => Err("too many arguments".into()),
    }
}

fn is_binary(word: &str) -> bool {
    matches!(
        word,
        "=" | "==" | "!=" | "<" | ">" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef"
    )
}

fn unary(shell: &Shell, operator: &str, operand: &str) -> Result<bool, String> {
    let path = shell.path(operand);
    let meta = shell.fs.stat(&path).ok();
    let form = |want: Form| meta.as_ref().is_some_and(|m| m.form == want);
    Ok(match operator {
        "-n" => !operand.is_empty(),
        "-z" => operand.is_empty(),
        "-e" | "-a" => meta.is_some(),
        "-f" => form(Form::File),
        "-d" => form(Form::Directory),
        "-b" => form(Form::Block),
        "-c" => form(Form::Character),
        "-L" | "-h" => shell.fs.lstat(&path).is_ok_and(|m| m.form == Form::Link),
        "-s" => meta.is_some_and(|m| m.size > 0),
        "-r" => shell.fs.may(&path, 'r'),
        "-w" => shell.fs.may(&path, 'w'),
        "-x" => shell.fs.may(&path, 'x'),
        "-u" => meta.is_some_and(|m| m.mode & 0o4000 != 0),
        "-g" => meta.is_some_and(|m| m.mode & 0o2000 != 0),
        "-k" => meta.is_some_and(|m| m.mode & 0o1000 != 0),
        "-O" => meta.is_some_and(|m| m.uid == shell.account.uid),
        "-G" => meta.is_some_and(|m| m.gid == shell.account.gid),
        "-p" | "-S" => false,
        "-t" => shell.screen.is_some(),
        "-v" => shell.variables.contains_key(operand),
        _ => return Err(format!("{operator}: unary operator expected")),
    })
}

fn integer(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{text}: integer expression expected"))
}

fn binary(shell: &Shell, left: &str, operator: &str, right: &str) -> Result<bool, String> {
    let time = |p: &str| shell.fs.stat(&shell.path(p)).map(|m| m.mtime).ok();
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-eq" => integer(left)? == integer(right)?,
        "-ne" => integer(left)? != integer(right)?,
        "-lt" => integer(left)? < integer(right)?,
        "-le" => integer(left)? <= integer(right)?,
        "-gt" => integer(left)? > integer(right)?,
        "-ge" => integer(left)? >= integer(right)?,
        "-nt" => time(left) > time(right),
        "-ot" => time(left) < time(right),
        "-ef" => shell.fs.real_path(&shell.path(left)).ok() == shell.fs.real_path(&shell.path(right)).ok(),
        _ => return Err(format!("{operator}: binary operator expected")),
    })
}
