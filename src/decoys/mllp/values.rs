//! Values against their data types, as the default rules of the HAPI library check them.

use crate::wire::hl7::Message;

/// Fields that hold a date or time, of the segments that most messages have.
const TIMES: [(&str, usize); 9] = [
    ("EVN", 2),
    ("PID", 7),
    ("PV1", 44),
    ("PV1", 45),
    ("OBR", 6),
    ("OBR", 7),
    ("OBR", 22),
    ("OBX", 14),
    ("DG1", 5),
];

/// The first value that is not of its type, and where it stands.
pub(super) fn wrong(message: &Message<'_>) -> Option<(String, (&'static str, usize))> {
    let later = withdrawn(message);
    let times = TIMES.iter().filter_map(|(id, field)| {
        let value = message.first(id)?.field(*field).component(1).text();
        (!is_time(&value))
            .then_some((format!("'{value}' requires to be empty or a HL7 datetime string"), (*id, *field)))
    });
    later.into_iter().chain(times).next()
}

/// EVN-1 is withdrawn as of 2.7.
fn withdrawn(message: &Message<'_>) -> Option<(String, (&'static str, usize))> {
    let version = message.msh(12).component(1).text();
    let minor: u32 = version.split('.').nth(1)?.parse().ok()?;
    let value = message.first("EVN")?.field(1).text();
    (minor >= 7 && !value.is_empty()).then(|| {
        let words = "requires to be empty because it is withdrawn from the current HL7 version and should not be used";
        (format!("'{value}' {words}"), ("EVN", 1))
    })
}

/// `YYYY[MM[DD[HH[MM[SS[.S+]]]]]][+/-ZZZZ]`, or nothing, or the null of two quotes.
fn is_time(text: &str) -> bool {
    if text.is_empty() || text == "\"\"" {
        return true;
    }
    let zone = text.find(['+', '-']).unwrap_or(text.len());
    let (local, zone) = text.split_at(zone);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = local.split_once('.').unwrap_or((local, "0"));
    let zoned = zone.is_empty() || (zone.len() == 5 && zone.get(1..).is_some_and(digits));
    matches!(whole.len(), 4 | 6 | 8 | 10 | 12 | 14)
        && digits(whole)
        && !fraction.is_empty()
        && digits(fraction)
        && zoned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_any_precision() {
        for good in ["", "\"\"", "1970", "19700101", "20260302081500.1234+0800", "202603020815"] {
            assert!(is_time(good), "{good}");
        }
        for bad in ["notadate", "1970-01-01", "197001011", "20260302081500.", "19700101+8"] {
            assert!(!is_time(bad), "{bad}");
        }
    }
}
