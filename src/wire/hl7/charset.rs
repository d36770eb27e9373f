//! Character sets of a message, HL7 table 0211.

use std::borrow::Cow;

use encoding_rs::{BIG5, Encoding, GB18030, ISO_2022_JP, WINDOWS_1252};
use serde::Deserialize;

use super::Message;

/// A character set that can be read and answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Charset {
    /// `ASCII`, `ISO IR6`.
    #[serde(rename = "ASCII")]
    Ascii,
    /// `8859/1`.
    #[serde(rename = "8859/1")]
    Latin1,
    /// `UNICODE UTF-8`, and `UNICODE` as analysers mean it.
    #[serde(rename = "UNICODE UTF-8")]
    Utf8,
    /// `GB 18030-2000`; also reads GBK and GB 2312, which it contains.
    #[serde(rename = "GB 18030-2000")]
    Gb18030,
    /// `BIG-5`.
    #[serde(rename = "BIG-5")]
    Big5,
    /// `ISO IR87`: JIS X 0208 by escape sequences.
    #[serde(rename = "ISO IR87")]
    Iso2022Jp,
}

impl Charset {
    /// The set that MSH-18 names; also by names outside the table that senders use.
    pub fn named(name: &[u8]) -> Option<Self> {
        let name = String::from_utf8_lossy(name).trim().to_ascii_uppercase();
        match name.as_str() {
            "ASCII" | "ISO IR6" | "US-ASCII" => Some(Charset::Ascii),
            "8859/1" | "ISO-8859-1" => Some(Charset::Latin1),
            "UNICODE UTF-8" | "UNICODE" | "UTF-8" | "UTF8" => Some(Charset::Utf8),
            "GB 18030-2000" | "GB18030" | "GB18030-2000" | "GBK" | "GB2312" | "GB 2312" => {
                Some(Charset::Gb18030)
            }
            "BIG-5" | "BIG5" => Some(Charset::Big5),
            "ISO IR87" | "ISO IR14" => Some(Charset::Iso2022Jp),
            _ => None,
        }
    }

    /// Decodes to UTF-8; `None` when the bytes are not of this set. ASCII and UTF-8 stay as they
    /// are: their delimiters can be cut without decoding, so that not even a wrong byte is lost.
    pub fn decode(self, raw: &[u8]) -> Option<Cow<'_, [u8]>> {
        let Some(encoding) = self.encoding() else {
            return Some(Cow::Borrowed(raw));
        };
        let text = encoding.decode_without_bom_handling_and_without_replacement(raw)?;
        Some(match text {
            Cow::Borrowed(same) => Cow::Borrowed(same.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }

    /// Encodes UTF-8. A character that the set lacks becomes `?`, as Java's encoders write it; bytes
    /// that are no UTF-8 came from the peer undecoded and go back as they are.
    pub fn encode(self, utf8: Vec<u8>) -> Vec<u8> {
        if self == Charset::Utf8 || utf8.is_ascii() {
            return utf8;
        }
        let mut out = Vec::with_capacity(utf8.len());
        for chunk in utf8.utf8_chunks() {
            self.encode_text(chunk.valid(), &mut out);
            out.extend_from_slice(chunk.invalid());
        }
        out
    }

    fn encode_text(self, text: &str, out: &mut Vec<u8>) {
        let Some(encoding) = self.encoding() else {
            out.extend(text.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?')));
            return;
        };
        let (bytes, _, lacking) = encoding.encode(text);
        if lacking {
            let known: String = text.chars().map(|c| if knows(encoding, c) { c } else { '?' }).collect();
            out.extend_from_slice(&encoding.encode(&known).0);
        } else {
            out.extend_from_slice(&bytes);
        }
    }

    fn encoding(self) -> Option<&'static Encoding> {
        match self {
            Charset::Ascii | Charset::Utf8 => None,
            Charset::Latin1 => Some(WINDOWS_1252),
            Charset::Gb18030 => Some(GB18030),
            Charset::Big5 => Some(BIG5),
            Charset::Iso2022Jp => Some(ISO_2022_JP),
        }
    }
}

fn knows(encoding: &'static Encoding, c: char) -> bool {
    !encoding.encode(c.encode_utf8(&mut [0; 4])).2
}

/// A message in UTF-8 and the set it came in.
#[derive(Debug)]
pub struct Text<'a> {
    /// The message. Equal to the input where that can be cut without decoding.
    pub bytes: Cow<'a, [u8]>,
    /// The set to answer in.
    pub charset: Charset,
}

impl<'a> Text<'a> {
    /// Decodes a message by its MSH-18. Without one, by `default`; bytes that can't be UTF-8 are
    /// then taken as GB 18030, as Chinese systems send them without saying so.
    ///
    /// Double-byte sets must be decoded before they are cut: the second byte of a character may
    /// equal a delimiter.
    pub fn decode(raw: &'a [u8], default: Charset) -> Self {
        let named = Message::parse_unchecked(raw).and_then(|m| {
            let name = m.msh(18).repetitions().next()?;
            Charset::named(name.raw())
        });
        Self::of(raw, named.unwrap_or_else(|| guess(raw, default)))
    }

    /// Decodes text that can't name its set.
    pub fn unnamed(raw: &'a [u8], default: Charset) -> Self {
        Self::of(raw, guess(raw, default))
    }

    fn of(raw: &'a [u8], charset: Charset) -> Self {
        match charset.decode(raw) {
            Some(bytes) => Text { bytes, charset },
            None => Text { bytes: Cow::Borrowed(raw), charset },
        }
    }
}

fn guess(raw: &[u8], default: Charset) -> Charset {
    if raw.is_ascii() {
        default
    } else if std::str::from_utf8(raw).is_ok() {
        Charset::Utf8
    } else if Charset::Gb18030.decode(raw).is_some() {
        Charset::Gb18030
    } else {
        default
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(charset: &str, name: &[u8]) -> Vec<u8> {
        [format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.4||||||{charset}\rPID|1||1||").as_bytes(), name].concat()
    }

    fn name(text: &Text<'_>) -> String {
        Message::parse(&text.bytes).unwrap().first("PID").unwrap().field(5).text()
    }

    #[test]
    fn the_named_set_is_used() {
        for (label, charset) in
            [("GB 18030-2000", Charset::Gb18030), ("UNICODE UTF-8", Charset::Utf8), ("BIG-5", Charset::Big5)]
        {
            let raw = message(label, &charset.encode("王芳".into()));
            let text = Text::decode(&raw, Charset::Utf8);
            assert_eq!((text.charset, name(&text).as_str()), (charset, "王芳"), "{label}");
        }
        let raw = message("ISO IR87", &Charset::Iso2022Jp.encode("山田".into()));
        assert_eq!(name(&Text::decode(&raw, Charset::Utf8)), "山田");
    }

    #[test]
    fn unsaid_gbk_is_recognised() {
        let raw = message("", &Charset::Gb18030.encode("王芳".into()));
        let text = Text::decode(&raw, Charset::Utf8);
        assert_eq!((text.charset, name(&text).as_str()), (Charset::Gb18030, "王芳"));
        let plain = message("", b"WANG");
        assert_eq!(Text::decode(&plain, Charset::Gb18030).charset, Charset::Gb18030);
    }

    #[test]
    fn a_second_byte_is_no_delimiter() {
        // U+5C4C in GBK is 8C 7C: its second byte is a vertical bar.
        let raw = message("GB 18030-2000", &[0x8c, 0x7c]);
        let text = Text::decode(&raw, Charset::Utf8);
        assert_eq!(name(&text).chars().count(), 1);
    }

    #[test]
    fn what_a_set_lacks_is_a_question_mark() {
        assert_eq!(Charset::Ascii.encode("王 A".into()), b"? A");
        assert_eq!(Charset::Latin1.encode("é王".into()), b"\xe9?");
        assert_eq!(Charset::Iso2022Jp.encode("😀".into()), b"?");
    }

    proptest! {
        #[test]
        fn gb18030_round_trips(text in "\\PC{0,40}") {
            let bytes = Charset::Gb18030.encode(text.clone().into_bytes());
            prop_assert_eq!(Charset::Gb18030.decode(&bytes).unwrap().into_owned(), text.as_bytes());
        }

        #[test]
        fn any_bytes_decode(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Text::decode(&raw, Charset::Gb18030);
        }
    }
}
