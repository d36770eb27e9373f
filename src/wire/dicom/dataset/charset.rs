//! Specific Character Set (0008,0005) (PS3.3 C.12.1.1.2): text to bytes and back.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, GBK};

/// ESC 02/04 02/09 04/01: GB 2312 into G1 (PS3.3 table C.12-4).
const TO_GB2312: &[u8] = &[0x1B, 0x24, 0x29, 0x41];

/// A character set of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Charset {
    /// ISO IR 6, ASCII: the attribute is absent. High bytes are read as Latin-1, so nothing is lost.
    #[default]
    Default,
    /// `ISO_IR 100`, Latin-1.
    Latin1,
    /// `GB18030`.
    Gb18030,
    /// `GBK`.
    Gbk,
    /// `ISO_IR 192`, UTF-8.
    Utf8,
    /// `\ISO 2022 IR 58`, GB 2312 by code extension.
    Iso2022Gb2312,
}

impl Charset {
    /// The value of (0008,0005); empty for [`Charset::Default`].
    pub fn term(self) -> &'static str {
        match self {
            Charset::Default => "",
            Charset::Latin1 => "ISO_IR 100",
            Charset::Gb18030 => "GB18030",
            Charset::Gbk => "GBK",
            Charset::Utf8 => "ISO_IR 192",
            Charset::Iso2022Gb2312 => "\\ISO 2022 IR 58",
        }
    }

    /// The character set of a value of (0008,0005); `None` when it is not one of these.
    pub fn from_term(term: &str) -> Option<Self> {
        if term.split('\\').any(|value| value.trim() == "ISO 2022 IR 58") {
            return Some(Charset::Iso2022Gb2312);
        }
        match term.split('\\').next().unwrap_or_default().trim().trim_end_matches('\0') {
            "" | "ISO_IR 6" | "ISO 2022 IR 6" => Some(Charset::Default),
            "ISO_IR 100" | "ISO 2022 IR 100" => Some(Charset::Latin1),
            "GB18030" => Some(Charset::Gb18030),
            "GBK" => Some(Charset::Gbk),
            "ISO_IR 192" => Some(Charset::Utf8),
            _ => None,
        }
    }

    /// Text of a value field. Bytes that are no text become U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Charset::Default | Charset::Latin1 => encoding_rs::mem::decode_latin1(bytes),
            Charset::Gb18030 => GB18030.decode_without_bom_handling(bytes).0,
            Charset::Gbk => GBK.decode_without_bom_handling(bytes).0,
            Charset::Utf8 => String::from_utf8_lossy(bytes),
            Charset::Iso2022Gb2312 => {
                GBK.decode_without_bom_handling(&without_escapes(bytes)).0.into_owned().into()
            }
        }
    }

    /// The value field of a text; characters that the set does not have become `?`.
    pub fn encode(self, text: &str) -> Cow<'_, [u8]> {
        match self {
            Charset::Default => per_char(text, |c| u8::try_from(c).ok().filter(u8::is_ascii)).into(),
            Charset::Latin1 => per_char(text, |c| u8::try_from(c).ok()).into(),
            Charset::Gb18030 => through(GB18030, text),
            Charset::Gbk => through(GBK, text),
            Charset::Utf8 => text.as_bytes().into(),
            Charset::Iso2022Gb2312 => with_escapes(text).into(),
        }
    }
}

fn per_char(text: &str, byte: impl Fn(char) -> Option<u8>) -> Vec<u8> {
    text.chars().map(|c| byte(c).unwrap_or(b'?')).collect()
}

fn through<'a>(encoding: &'static Encoding, text: &'a str) -> Cow<'a, [u8]> {
    let (bytes, _, unmappable) = encoding.encode(text);
    if !unmappable {
        return bytes;
    }
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        let mut room = [0; 4];
        match encoding.encode(c.encode_utf8(&mut room)) {
            (_, _, true) => out.push(b'?'),
            (bytes, _, false) => out.extend_from_slice(&bytes),
        }
    }
    out.into()
}

/// Each stretch between delimiters that holds GB 2312 announces it anew (PS3.5 6.1.2.5.3).
fn with_escapes(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + TO_GB2312.len());
    for stretch in text.split_inclusive(['\\', '^', '=', '\n', '\r', '\t', '\x0C']) {
        if !stretch.is_ascii() {
            out.extend_from_slice(TO_GB2312);
        }
        out.extend_from_slice(&through(GBK, stretch));
    }
    out
}

fn without_escapes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(TO_GB2312) {
            Some(after) => rest = after,
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}
