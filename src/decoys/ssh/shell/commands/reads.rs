//! Whether a program reads standard input with its arguments: a terminal would wait for it.

use super::Options;

pub(super) fn never(_: &[String]) -> bool {
    false
}

pub(super) fn always(_: &[String]) -> bool {
    true
}

/// Filters: standard input when no file is named, or `-`.
pub(super) fn without_files(arguments: &[String]) -> bool {
    arguments.iter().skip(1).all(|a| a.starts_with('-'))
}

/// Letters of a filter's options that take values: a word behind one is no file.
fn value_letters(arguments: &[String]) -> &'static str {
    match arguments.first().map(|name| name.rsplit('/').next().unwrap_or(name)) {
        Some("head") => "nc",
        Some("tail") => "ncs",
        Some("sort") => "ktSTo",
        Some("uniq") => "fsw",
        Some("cut") => "dfbc",
        Some("paste") => "d",
        Some("fold") => "w",
        Some("expand" | "unexpand") => "t",
        Some("shuf") => "nio",
        Some("grep" | "egrep" | "fgrep" | "rgrep") => "efmABCdD",
        Some("sed") => "efl",
        Some("awk" | "mawk") => "Fvf",
        Some(_) | None => "",
    }
}

/// Filters whose first operand is no file.
pub(super) fn behind_one(arguments: &[String]) -> bool {
    let options = Options::new(arguments.get(1..).unwrap_or_default(), value_letters(arguments));
    let is_grep = arguments.first().is_some_and(|name| name.ends_with("grep"));
    let given =
        options.has('f') || (options.has('e') && !arguments.first().is_some_and(|n| n.ends_with("awk")));
    let folders = is_grep && (options.has('r') || options.has('R') || options.long.contains(&"--recursive"));
    let operands = &options.operands;
    (operands.len() <= usize::from(!given) && !folders) || operands.iter().any(|o| *o == "-")
}

/// Filters whose options take values.
pub(super) fn valued(arguments: &[String]) -> bool {
    let operands = Options::new(arguments.get(1..).unwrap_or_default(), value_letters(arguments)).operands;
    operands.is_empty() || operands.iter().any(|o| *o == "-")
}

/// Filters whose options with these letters take values.
pub(super) fn behind_values(arguments: &[String], letters: &str) -> bool {
    Options::new(arguments.get(1..).unwrap_or_default(), letters).operands.is_empty()
}

/// Programs that read standard input where a `-` says so.
pub(super) fn any_dash(arguments: &[String]) -> bool {
    arguments.iter().skip(1).any(|a| a == "-")
}

pub(super) fn shuf_reads(arguments: &[String]) -> bool {
    !arguments.iter().any(|a| a.starts_with("-i") || a == "-e") && valued(arguments)
}

pub(super) fn split_reads(arguments: &[String]) -> bool {
    let operands = Options::new(arguments.get(1..).unwrap_or_default(), "lbna").operands;
    operands.first().is_none_or(|o| *o == "-")
}
