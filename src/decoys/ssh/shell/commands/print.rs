//! `echo` and `printf`.

use super::Call;
use crate::decoys::ssh::shell::text::unescape;

/// `echo`
pub(super) fn echo(call: &mut Call) -> i32 {
    let mut rest = call.rest();
    let (mut newline, mut escapes) = (true, false);
    while let Some((first, tail)) = rest.split_first()
        && first.len() > 1
        && first.strip_prefix('-').is_some_and(|l| l.chars().all(|c| "neE".contains(c)))
    {
        newline &= !first.contains('n');
        escapes |= first.contains('e');
        rest = tail;
    }
    let text = rest.join(" ");
    if escapes {
        let (bytes, stopped) = unescape(&text, true);
        call.bytes(&bytes);
        newline &= !stopped;
    } else {
        call.out(&text);
    }
    if newline {
        call.out("\n");
    }
    0
}

/// `printf`
pub(super) fn printf(call: &mut Call) -> i32 {
    let rest = call.rest();
    let Some((format, mut values)) = rest.split_first() else {
        call.error("printf: usage: printf [-v var] format [arguments]\n");
        return 2;
    };
    let mut status = 0;
    for _ in 0..1_000 {
        let before = values.len();
        status |= print_once(call, format, &mut values);
        if values.is_empty() || values.len() == before {
            break;
        }
    }
    status
}

fn print_once(call: &mut Call, format: &str, values: &mut &[String]) -> i32 {
    let mut status = 0;
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (before, spec) = rest.split_at(at);
        call.bytes(&unescape(before, false).0);
        let end = spec.char_indices().skip(1).find(|(_, c)| c.is_alphabetic() || *c == '%');
        let Some((end, letter)) = end else {
            call.out(spec);
            return status;
        };
        let flags = spec.get(1..end).unwrap_or_default();
        rest = spec.get(end + letter.len_utf8()..).unwrap_or_default();
        if letter == '%' {
            call.out("%");
            continue;
        }
        let value = values.split_first().map_or("", |(first, tail)| {
            *values = tail;
            first.as_str()
        });
        match convert(letter, value) {
            Ok(text) => call.bytes(&pad(&text, flags, letter)),
            Err(text) => {
                let line = format!("{}printf: {value}: invalid number\n", call.shell.prefix());
                call.error(&line);
                call.bytes(&pad(&text, flags, letter));
                status = 1;
            }
        }
    }
    call.bytes(&unescape(rest, false).0);
    status
}

fn convert(letter: char, value: &str) -> Result<Vec<u8>, Vec<u8>> {
    let number = || -> Result<i64, i64> {
        let text = value.trim();
        if text.is_empty() {
            return Ok(0);
        }
        if let Some(c) = text.strip_prefix(['\'', '"']) {
            return Ok(c.chars().next().map_or(0, |c| i64::from(u32::from(c))));
        }
        if let Some(hex) = text.strip_prefix("0x") {
            return i64::from_str_radix(hex, 16).map_err(|_| 0);
        }
        text.parse().map_err(|_| 0)
    };
    let shown = |f: fn(i64) -> String| number().map(|n| f(n).into_bytes()).map_err(|n| f(n).into_bytes());
    match letter {
        'd' | 'i' | 'u' => shown(|n| n.to_string()),
        'x' => shown(|n| format!("{n:x}")),
        'X' => shown(|n| format!("{n:X}")),
        'o' => shown(|n| format!("{n:o}")),
        'c' => Ok(value.chars().next().map(String::from).unwrap_or_default().into_bytes()),
        'b' => Ok(unescape(value, true).0),
        'f' | 'g' | 'e' => Ok(value.parse::<f64>().unwrap_or(0.0).to_string().into_bytes()),
        'q' => Ok(value.replace(' ', "\\ ").into_bytes()),
        _ => Ok(value.as_bytes().to_vec()),
    }
}

fn pad(text: &[u8], flags: &str, letter: char) -> Vec<u8> {
    let left = flags.starts_with('-');
    let zero = flags.starts_with('0');
    let (width, precision) = flags
        .trim_start_matches(['-', '0', '+', ' '])
        .split_once('.')
        .map_or((flags.trim_start_matches(['-', '0', '+', ' ']), None), |(w, p)| {
            (w, p.parse::<usize>().ok())
        });
    let mut body = text.to_vec();
    if let Some(precision) = precision {
        if letter == 'f' {
            let value: f64 = String::from_utf8_lossy(text).parse().unwrap_or(0.0);
            body = format!("{value:.*}", precision.min(20)).into_bytes();
        } else {
            body.truncate(precision);
        }
    } else if letter == 'f' {
        let value: f64 = String::from_utf8_lossy(text).parse().unwrap_or(0.0);
        body = format!("{value:.6}").into_bytes();
    }
    let wide = width.parse::<usize>().unwrap_or(0).min(4_096);
    let missing = wide.saturating_sub(String::from_utf8_lossy(&body).chars().count());
    let fill = vec![if zero && !left { b'0' } else { b' ' }; missing];
    if left { [body, fill].concat() } else { [fill, body].concat() }
}

/// `perl`: its version, and `-e` with `print` of texts; anything else runs without a trace.
pub(crate) fn perl(call: &mut Call) -> i32 {
    let rest = call.rest();
    if rest.iter().any(|a| a == "-v") {
        call.out("\nThis is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64-linux-gnu-thread-multi\n(with 60 registered patches, see perl -V for more detail)\n\nCopyright 1987-2022, Larry Wall\n\nPerl may be copied only under the terms of either the Artistic License or the\nGNU General Public License, which may be found in the Perl 5 source kit.\n\nComplete documentation for Perl, including FAQ lists, should be found on\nthis system using \"man perl\" or \"perldoc perl\".  If you have access to the\nInternet, point your browser at https://www.perl.org/, the Perl Home Page.\n\n");
        return 0;
    }
    let Some(source) = rest.iter().skip_while(|a| !a.starts_with("-e") && !a.ends_with('e')).nth(1) else {
        return 0;
    };
    for statement in source.split(';') {
        let Some(list) = statement.trim().strip_prefix("print") else { continue };
        for item in list.split(',') {
            let item = item.trim().trim_matches(['(', ')']);
            if let Some(text) = item.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
                call.bytes(&unescape(text, false).0);
            } else if let Some(text) = item.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
                call.out(text);
            } else if let Ok(value) = crate::decoys::ssh::shell::arith::evaluate(item, call.shell) {
                call.out(&value.to_string());
            }
        }
    }
    0
}
