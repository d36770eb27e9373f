//! Letters (RFC 5322, RFC 2045, RFC 2047): one notice, or several that waited together.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::forward::Destination;

/// Longest line of base64, RFC 2045 6.8.
const LINE: usize = 76;

/// Bytes of text in one encoded word: with its frame and the name of the header within 76 characters, RFC 2047 2.
const WORD: usize = 39;

/// A notice in a letter.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// The same whenever the same thing is told: `<incident>:<revision>`.
    pub key: &'a str,
    /// Its headline, a line feed, its text: UTF-8.
    pub text: &'a str,
}

/// The letter, with CRLF, its lines not yet stuffed.
///
/// Its Message-ID is the first notice's key, so that the same letter sent again is known by it; `References`
/// name the incident, so that readers show its revisions together.
pub fn letter(notices: &[Notice<'_>], destination: &Destination, at: Timestamp) -> String {
    let headline = |notice: &Notice<'_>| notice.text.lines().next().unwrap_or_default().to_owned();
    let key = notices.first().map_or("", |notice| notice.key);
    let first = notices.first().map(headline).unwrap_or_default();
    let subject = match notices.len() {
        0 | 1 => first,
        more => format!("{first} (+{})", more - 1),
    };
    let host = &destination.hostname;
    let date = rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
    let incident = key.split(':').next().unwrap_or(key);
    let texts: Vec<&str> = notices.iter().map(|notice| notice.text).collect();
    let mut out = String::new();
    let from = destination.from.as_deref().unwrap_or_default();
    let to: Vec<&str> = destination.recipients().collect();
    for (name, value) in [
        ("Date", date),
        ("From", from.to_owned()),
        ("To", to.join(",\r\n ")),
        ("Subject", encoded(&subject)),
        ("Message-ID", format!("<{}@{host}>", key.replace(':', "."))),
        ("References", format!("<{incident}@{host}>")),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", "base64".to_owned()),
    ] {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("\r\n");
    let body = STANDARD.encode(format!("{}\n", texts.join("\n\n----\n\n")));
    for line in body.as_bytes().chunks(LINE) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push_str("\r\n");
    }
    out
}

/// A header's text as encoded words, each of whole characters.
fn encoded(text: &str) -> String {
    let mut words = vec![String::new()];
    for c in text.chars().filter(|c| !c.is_control()) {
        if words.last().is_some_and(|word| word.len() + c.len_utf8() > WORD) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let words: Vec<String> =
        words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_can_write_no_header_of_its_own() {
        let to: Destination = toml::from_str(
            "name = \"m\"\naddress = \"127.0.0.1:25\"\nformat = \"brief\"\ntransport = \"smtp\"\n\
             from = \"hw@hospital.example\"\nto = \"soc@hospital.example, duty@hospital.example\"\n",
        )
        .unwrap();
        let text = format!("【高】{}\r\nBcc: x@evil\nbody", "很长".repeat(40));
        let notice = Notice { key: "0193a0b2:2", text: &text };
        let letter = letter(&[notice, notice], &to, Timestamp::UNIX_EPOCH);
        let (head, body) = letter.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().all(|line| line.len() <= 78), "{head}");
        assert!(!letter.contains("Bcc:") && head.contains("Message-ID: <0193a0b2.2@honeyward>"), "{head}");
        assert!(head.contains("To: soc@hospital.example,\r\n duty@hospital.example\r\n"), "{head}");
        let body = STANDARD.decode(body.replace("\r\n", "")).unwrap();
        assert!(String::from_utf8(body).unwrap().ends_with("body\n"));
    }
}
