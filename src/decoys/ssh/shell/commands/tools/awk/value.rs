//! Values: text that is a number where one is wanted.

use crate::decoys::ssh::shell::regex::Regex;

pub(super) fn split(line: &str, separator: &str) -> Vec<String> {
    if separator == " " {
        return line.split_whitespace().map(str::to_owned).collect();
    }
    if separator.chars().count() == 1 && separator != "|" {
        return if line.is_empty() { Vec::new() } else { line.split(separator).map(str::to_owned).collect() };
    }
    let Ok(regex) = Regex::new(separator, separator.chars().count() > 1, false) else {
        return vec![line.to_owned()];
    };
    let letters: Vec<char> = line.chars().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some((from, to)) = regex.find(&letters, at).and_then(|s| s.first().copied().flatten())
        && to > from
    {
        out.push(letters.get(at..from).unwrap_or_default().iter().collect());
        at = to;
    }
    out.push(letters.get(at..).unwrap_or_default().iter().collect());
    out
}

pub(super) fn number(text: &str) -> f64 {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || ".-+eE".contains(c))).unwrap_or(text.len());
    text.get(..end).and_then(|t| t.parse().ok()).unwrap_or(0.0)
}

pub(super) fn show(n: f64) -> String {
    if n == n.trunc() && n.abs() < 1e15 {
        format!("{n:.0}")
    } else {
        format!("{n:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

pub(super) fn flag(holds: bool) -> String {
    if holds { "1" } else { "0" }.to_owned()
}

pub(super) fn truth(value: &str) -> bool {
    !value.is_empty() && value != "0"
}

pub(super) fn arithmetic(operator: &str, a: f64, b: f64) -> f64 {
    match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => a.powf(b),
    }
}

pub(super) fn format(values: &[String]) -> String {
    let Some((format, mut rest)) = values.split_first() else { return String::new() };
    let mut out = String::new();
    let mut text = format.as_str();
    while let Some(at) = text.find('%') {
        let (before, spec) = text.split_at(at);
        out.push_str(before);
        let Some(end) =
            spec.char_indices().skip(1).find(|(_, c)| c.is_alphabetic() || *c == '%').map(|(i, _)| i)
        else {
            break;
        };
        let letter = spec.get(end..).and_then(|s| s.chars().next()).unwrap_or('s');
        text = spec.get(end + letter.len_utf8()..).unwrap_or_default();
        if letter == '%' {
            out.push('%');
            continue;
        }
        let value = rest.split_first().map_or(String::new(), |(first, tail)| {
            rest = tail;
            first.clone()
        });
        let flags = spec.get(1..end).unwrap_or_default();
        let (width, precision) = flags.split_once('.').unwrap_or((flags, ""));
        let shown = match letter {
            'd' | 'i' => show(number(&value).trunc()),
            'f' => format!("{:.*}", precision.parse::<usize>().unwrap_or(6).min(20), number(&value)),
            'x' => format!("{:x}", format!("{:.0}", number(&value)).parse::<i64>().unwrap_or(0)),
            'c' => value.chars().take(1).collect(),
            _ => value,
        };
        let wide = width.trim_start_matches(['-', '0']).parse::<usize>().unwrap_or(0).min(1_000);
        out.push_str(&match (width.starts_with('-'), width.starts_with('0')) {
            (true, _) => format!("{shown:<wide$}"),
            (_, true) => format!("{shown:0>wide$}"),
            _ => format!("{shown:>wide$}"),
        });
    }
    if !text.contains('%') {
        out.push_str(text);
    }
    out
}
