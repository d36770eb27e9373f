//! Numbers that are a person's: resident identity numbers (GB 11643-1999).

/// Weights of the first 17 digits, and the check characters by their sum modulo 11.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

/// Length of a number.
const LENGTH: usize = 18;

/// Part of a county's code that was never given out: invented numbers have it.
const INVENTED: &[u8] = b"99";

/// The first number in a text that may be a person's: its date is one, its check character is right
/// and its county may exist.
pub fn resident_id(text: &[u8]) -> Option<&[u8]> {
    text.windows(LENGTH).enumerate().find_map(|(at, number)| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let beside = [before, text.get(at + LENGTH)];
        let alone = beside.iter().flatten().all(|byte| !byte.is_ascii_alphanumeric());
        (alone && is_issued(number)).then_some(number)
    })
}

fn is_issued(number: &[u8]) -> bool {
    let Some((digits, [check])) = number.split_last_chunk::<1>() else { return false };
    if !digits.iter().all(u8::is_ascii_digit) || digits.get(4..6) == Some(INVENTED) {
        return false;
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let right = usize::try_from(sum % 11).ok().and_then(|at| CHECKS.get(at));
    right == Some(&check.to_ascii_uppercase()) && is_region(digits) && is_date(digits)
}

/// Regions are numbered from 11 to 82.
fn is_region(digits: &[u8]) -> bool {
    number(digits, 0..2).is_some_and(|region| (11..=82).contains(&region))
}

fn is_date(digits: &[u8]) -> bool {
    let part = |range| number(digits, range);
    let (Some(year), Some(month), Some(day)) = (part(6..10), part(10..12), part(12..14)) else {
        return false;
    };
    (1900..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn number(digits: &[u8], range: std::ops::Range<usize>) -> Option<u32> {
    std::str::from_utf8(digits.get(range)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_that_may_be_a_persons_is_one() {
        let real = b"11010519491231002X";
        assert_eq!(resident_id(real), Some(real.as_slice()));
        assert_eq!(resident_id(b"PID|1||11010519491231002x^^^MOH"), Some(b"11010519491231002x".as_slice()));
        assert_eq!(resident_id(b"110105194912310021"), None, "wrong check character");
        assert_eq!(resident_id(b"510199197001011238"), None, "no county has this number");
        assert_eq!(resident_id(b"9911010519491231002X"), None, "a piece of a longer number");
        assert_eq!(resident_id(b"1.2.840.113619.2.55"), None);
    }
}
