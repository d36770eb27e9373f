//! Values as text and numbers.

use bytes::Bytes;

use super::vr::{has_charset, multi_valued, padding};
use super::{Charset, DataSet, Element, Tag, Value, Vr, tags, vr_of};

/// Reading.
impl DataSet {
    /// The character set that (0008,0005) names; [`Charset::Default`] when it is absent or unknown.
    pub fn charset(&self) -> Charset {
        let term = self.bytes(tags::SPECIFIC_CHARACTER_SET);
        let term = term.map(|bytes| String::from_utf8_lossy(bytes));
        term.and_then(|term| Charset::from_term(&term)).unwrap_or_default()
    }

    /// The whole value as text, padding removed; `None` when it is missing or no text.
    pub fn text(&self, tag: Tag) -> Option<String> {
        self.text_in(tag, self.charset())
    }

    /// As [`DataSet::text`], for items, whose character set is mostly that of the data set around.
    pub fn text_in(&self, tag: Tag, charset: Charset) -> Option<String> {
        let element = self.get(tag)?;
        let Value::Bytes(bytes) = &element.value else { return None };
        let charset = if has_charset(element.vr) { charset } else { Charset::Default };
        let text = charset.decode(bytes);
        let text = text.trim_end_matches([' ', '\0']);
        Some(if multi_valued(element.vr) { text.trim_start_matches(' ') } else { text }.to_owned())
    }

    /// The values of a text, split after decoding, because the second byte of a GB 18030 character
    /// may be a backslash. Empty when it is missing or of length zero.
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        self.texts_in(tag, self.charset())
    }

    /// As [`DataSet::texts`] with a given character set.
    pub fn texts_in(&self, tag: Tag, charset: Charset) -> Vec<String> {
        let Some(text) = self.text_in(tag, charset).filter(|text| !text.is_empty()) else {
            return Vec::new();
        };
        if !self.get(tag).is_some_and(|element| multi_valued(element.vr)) {
            return vec![text];
        }
        text.split('\\').map(|value| value.trim_matches([' ', '\0']).to_owned()).collect()
    }

    /// The first value of a `US`.
    pub fn u16(&self, tag: Tag) -> Option<u16> {
        let raw = self.bytes(tag)?.first_chunk::<2>()?;
        Some(u16::from_le_bytes(*raw))
    }

    /// The first value of a `UL`.
    pub fn u32(&self, tag: Tag) -> Option<u32> {
        let raw = self.bytes(tag)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*raw))
    }

    /// The first value of an `IS`.
    pub fn integer(&self, tag: Tag) -> Option<i64> {
        self.texts(tag).first()?.parse().ok()
    }
}

/// Writing. The value representation is that of PS3.6, see [`vr_of`].
impl DataSet {
    /// Sets a text, padded to even length; several values are separated by backslashes.
    pub fn put_text(&mut self, tag: Tag, text: &str, charset: Charset) {
        let vr = vr_of(tag);
        let charset = if has_charset(vr) { charset } else { Charset::Default };
        let mut bytes = charset.encode(text).into_owned();
        if bytes.len() % 2 == 1 {
            bytes.push(padding(vr));
        }
        self.put_bytes(tag, vr, bytes.into());
    }

    /// Sets a text that needs no character set: codes, UIDs, dates, times, numbers in digits.
    pub fn put_str(&mut self, tag: Tag, text: &str) {
        self.put_text(tag, text, Charset::Default);
    }

    /// Sets (0008,0005); removes it for [`Charset::Default`].
    pub fn put_charset(&mut self, charset: Charset) {
        if charset == Charset::Default {
            self.remove(tags::SPECIFIC_CHARACTER_SET);
        } else {
            self.put_str(tags::SPECIFIC_CHARACTER_SET, charset.term());
        }
    }

    /// Sets a number of representation `US`.
    pub fn put_u16(&mut self, tag: Tag, number: u16) {
        self.put_bytes(tag, Vr::US, Bytes::copy_from_slice(&number.to_le_bytes()));
    }

    /// Sets a number of representation `SS`.
    pub fn put_i16(&mut self, tag: Tag, number: i16) {
        self.put_bytes(tag, Vr::SS, Bytes::copy_from_slice(&number.to_le_bytes()));
    }

    /// Sets a number of representation `UL`.
    pub fn put_u32(&mut self, tag: Tag, number: u32) {
        self.put_bytes(tag, Vr::UL, Bytes::copy_from_slice(&number.to_le_bytes()));
    }

    /// Sets a number of representation `SL`.
    pub fn put_i32(&mut self, tag: Tag, number: i32) {
        self.put_bytes(tag, Vr::SL, Bytes::copy_from_slice(&number.to_le_bytes()));
    }

    /// Sets numbers of representation `FD`.
    pub fn put_f64s(&mut self, tag: Tag, numbers: &[f64]) {
        self.put_bytes(tag, Vr::FD, numbers.iter().flat_map(|n| n.to_le_bytes()).collect());
    }

    /// Sets numbers of representation `DS`, each within its sixteen characters.
    pub fn put_decimals(&mut self, tag: Tag, numbers: &[f64]) {
        let texts: Vec<String> = numbers.iter().map(|number| decimal(*number)).collect();
        self.put_str(tag, &texts.join("\\"));
    }

    /// Sets numbers of representation `IS`.
    pub fn put_integers(&mut self, tag: Tag, numbers: &[i64]) {
        let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
        self.put_str(tag, &texts.join("\\"));
    }

    /// Sets a sequence.
    pub fn put_items(&mut self, tag: Tag, items: Vec<DataSet>) {
        self.put(tag, Element { vr: Vr::SQ, value: Value::Items(items) });
    }

    /// Sets an element of length zero.
    pub fn put_empty(&mut self, tag: Tag) {
        let vr = vr_of(tag);
        let value = if vr == Vr::SQ { Value::Items(Vec::new()) } else { Value::Bytes(Bytes::new()) };
        self.put(tag, Element { vr, value });
    }

    /// Sets a value field as it is, numbers in little-endian order.
    pub fn put_bytes(&mut self, tag: Tag, vr: Vr, bytes: Bytes) {
        self.put(tag, Element { vr, value: Value::Bytes(bytes) });
    }
}

/// The shortest form that fits sixteen characters, without an exponent: what devices write.
pub fn decimal(number: f64) -> String {
    const MOST: usize = 16;
    let plain = format!("{number}");
    if plain.len() <= MOST {
        return plain;
    }
    let whole = format!("{number:.0}").len();
    let decimals = MOST.saturating_sub(whole + 2);
    let cut = format!("{number:.decimals$}");
    let cut = cut.trim_end_matches('0').trim_end_matches('.');
    if cut == "-0" || cut.is_empty() { "0".to_owned() } else { cut.to_owned() }
}
