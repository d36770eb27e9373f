//! Words, numbers and patterns as the product reads them.

/// A word in lower case; empty where there is none.
pub(super) fn lower(word: Option<&Vec<u8>>) -> String {
    word.map(|word| String::from_utf8_lossy(word).to_ascii_lowercase()).unwrap_or_default()
}

/// A number of 64 bits without spaces.
pub(super) fn integer(word: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(word).ok()?;
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// Steps that one comparison may take: patterns of many stars would take for ever.
const MAX_STEPS: u32 = 100_000;

/// The product's glob: `*`, `?`, `[a-z]`, `[^a]`, `\x`.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let mut steps = MAX_STEPS;
    matches(pattern, text, &mut steps)
}

fn matches(mut pattern: &[u8], mut text: &[u8], steps: &mut u32) -> bool {
    while let Some((first, rest)) = pattern.split_first() {
        *steps = steps.saturating_sub(1);
        if *steps == 0 {
            return false;
        }
        match first {
            b'*' => {
                let rest = rest.iter().position(|byte| *byte != b'*').and_then(|at| rest.get(at..));
                let Some(rest) = rest else { return true };
                return (0..=text.len()).any(|at| matches(rest, text.get(at..).unwrap_or_default(), steps));
            }
            b'?' if !text.is_empty() => pattern = rest,
            b'[' => {
                let Some((byte, _)) = text.split_first() else { return false };
                let (found, after) = class(rest, *byte);
                if !found {
                    return false;
                }
                pattern = after;
            }
            _ => {
                let (wanted, after) = match (first, rest.split_first()) {
                    (b'\\', Some((escaped, after))) => (escaped, after),
                    _ => (first, rest),
                };
                if text.first() != Some(wanted) {
                    return false;
                }
                pattern = after;
            }
        }
        text = text.get(1..).unwrap_or_default();
    }
    text.is_empty()
}

/// Whether a byte is in a class, and what follows the class.
fn class(mut rest: &[u8], byte: u8) -> (bool, &[u8]) {
    let not = rest.first() == Some(&b'^');
    rest = if not { rest.get(1..).unwrap_or_default() } else { rest };
    let mut found = false;
    loop {
        match rest {
            [] => return (found != not, rest),
            [b']', after @ ..] => return (found != not, after),
            [b'\\', one, after @ ..] => {
                found |= *one == byte;
                rest = after;
            }
            [low, b'-', high, after @ ..] if *high != b']' => {
                found |= (*low.min(high)..=*low.max(high)).contains(&byte);
                rest = after;
            }
            [one, after @ ..] => {
                found |= *one == byte;
                rest = after;
            }
        }
    }
}
