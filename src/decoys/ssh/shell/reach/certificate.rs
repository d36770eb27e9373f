//! The certificate of a server, as far as `curl -v` shows it.

use crate::wire::der;

/// What is shown of a certificate (RFC 5280, section 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// Subject, as OpenSSL prints names.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Valid from.
    pub from: String,
    /// Valid until.
    pub until: String,
}

/// UTCTime.
const UTC_TIME: u8 = 0x17;

impl Certificate {
    /// Of DER; `None` when it is no certificate.
    pub(super) fn read(certificate: &[u8]) -> Option<Self> {
        let body = der::only(der::only(certificate, der::SEQUENCE)?, der::SEQUENCE)?;
        let mut rest = body;
        let mut elements = Vec::new();
        while let Some((tag, value, after)) = der::element(rest) {
            elements.push((tag, value));
            rest = after;
        }
        // The version is there or not; then serial, algorithm, issuer, validity, subject.
        let first = usize::from(elements.first()?.0 == der::context(0));
        let at = |n: usize| elements.get(first + n).map(|(_, value)| *value);
        let validity = at(3)?;
        let (tag, from, rest) = der::element(validity)?;
        let (last_tag, until, _) = der::element(rest)?;
        Some(Certificate {
            subject: name(at(4)?),
            issuer: name(at(2)?),
            from: time(tag, from)?,
            until: time(last_tag, until)?,
        })
    }

    /// Whether it was issued by its own subject.
    pub(super) fn is_root(&self) -> bool {
        self.subject == self.issuer
    }
}

/// What OpenSSL says of a chain whose root it does not know: text and number.
pub(super) fn fault(chain: &[Certificate]) -> (&'static str, u8) {
    match chain {
        [only] if only.is_root() => ("self-signed certificate", 18),
        [.., last] if last.is_root() => ("self-signed certificate in certificate chain", 19),
        _ => ("unable to get local issuer certificate", 20),
    }
}

/// `C=CN; O=...; CN=...`
fn name(mut sets: &[u8]) -> String {
    let mut parts = Vec::new();
    while let Some((_, set, after)) = der::element(sets) {
        sets = after;
        let Some((_, pair, _)) = der::element(set) else { continue };
        let Some((_, kind, value)) = der::element(pair) else { continue };
        let Some((_, text, _)) = der::element(value) else { continue };
        let label = match kind {
            [0x55, 4, 3] => "CN",
            [0x55, 4, 6] => "C",
            [0x55, 4, 7] => "L",
            [0x55, 4, 8] => "ST",
            [0x55, 4, 10] => "O",
            [0x55, 4, 11] => "OU",
            _ => continue,
        };
        parts.push(format!("{label}={}", escaped(text)));
    }
    parts.join("; ")
}

/// Names are printed byte by byte; what is not ASCII is escaped.
fn escaped(text: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte).to_string(),
        other => format!("\\x{other:02X}"),
    };
    text.iter().map(one).collect()
}

/// `Nov 23 14:39:09 2026 GMT`
fn time(tag: u8, text: &[u8]) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = std::str::from_utf8(text).ok()?;
    let (year, rest) = if tag == UTC_TIME {
        let (year, rest) = text.split_at_checked(2)?;
        let century = if year < "50" { "20" } else { "19" };
        (format!("{century}{year}"), rest)
    } else {
        let (year, rest) = text.split_at_checked(4)?;
        (year.to_owned(), rest)
    };
    let two = |n: usize| rest.get(n..n + 2);
    let month = MONTHS.get(two(0)?.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day: u8 = two(2)?.parse().ok()?;
    Some(format!("{month} {day:>2} {}:{}:{} {year} GMT", two(4)?, two(6)?, two(8)?))
}
