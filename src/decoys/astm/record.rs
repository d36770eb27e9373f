//! Records: E1394 5 and 6. A message is records ended by CR, cut by the delimiters of its header.

use std::borrow::Cow;

/// Most records read of one message: a chemistry run of a day has some thousands.
const MAX_RECORDS: usize = 20_000;

/// Delimiters, E1394 5.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// Between fields.
    pub field: u8,
    /// Between repetitions.
    pub repeat: u8,
    /// Between components.
    pub component: u8,
    /// Around escapes.
    pub escape: u8,
}

impl Delimiters {
    /// The recommended ones: `|\^&`.
    pub const STANDARD: Delimiters = Delimiters { field: b'|', repeat: b'\\', component: b'^', escape: b'&' };

    fn of_header(header: &[u8]) -> Option<Self> {
        match header {
            [b'H', field, repeat, component, escape, ..] => {
                Some(Delimiters { field: *field, repeat: *repeat, component: *component, escape: *escape })
            }
            _ => None,
        }
    }
}

/// A message from its header on.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    raw: &'a [u8],
    delimiters: Delimiters,
}

impl<'a> Message<'a> {
    /// Cuts a transmission into its messages: each begins with an H record. Records before the first
    /// header belong to none.
    pub fn split(raw: &'a [u8]) -> Vec<Message<'a>> {
        let mut starts: Vec<usize> =
            lines(raw).filter(|(_, line)| line.starts_with(b"H")).map(|(at, _)| at).collect();
        starts.push(raw.len());
        starts
            .windows(2)
            .filter_map(|bounds| match bounds {
                [start, end] => raw.get(*start..*end),
                _ => None,
            })
            .filter_map(|raw| Delimiters::of_header(raw).map(|delimiters| Message { raw, delimiters }))
            .collect()
    }

    /// The records in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let delimiters = self.delimiters;
        lines(self.raw).map(move |(_, raw)| Record { raw, delimiters }).take(MAX_RECORDS)
    }

    /// The H record.
    pub fn header(&self) -> Record<'a> {
        self.records().next().unwrap_or(Record { raw: b"", delimiters: self.delimiters })
    }
}

/// Non-empty lines with their places.
fn lines(raw: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    raw.split(|b| *b == b'\r' || *b == b'\n')
        .map(move |line| {
            let start = at;
            at += line.len() + 1;
            (start, line)
        })
        .filter(|(_, line)| !line.is_empty())
}

/// One record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    raw: &'a [u8],
    delimiters: Delimiters,
}

impl<'a> Record<'a> {
    /// One repetition of another record's field, to be cut as a record of that field alone.
    pub fn lone(part: &'a [u8], of: &Record<'_>) -> Self {
        Record { raw: part, delimiters: of.delimiters }
    }

    /// The bytes without CR.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The record type: `H`, `P`, `O`, `R`, `Q`, `L` …
    pub fn kind(&self) -> u8 {
        self.raw.first().copied().unwrap_or_default().to_ascii_uppercase()
    }

    /// Field `n` as the standard counts: 1 is the type. Empty when missing.
    pub fn field(&self, n: usize) -> &'a [u8] {
        let at = n.checked_sub(1);
        at.and_then(|at| self.raw.split(|b| *b == self.delimiters.field).nth(at)).unwrap_or_default()
    }

    /// The repetitions of a field.
    pub fn repetitions(&self, n: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let repeat = self.delimiters.repeat;
        self.field(n).split(move |b| *b == repeat)
    }

    /// The components of a field's repetition, as text with escapes resolved.
    pub fn components(&self, part: &'a [u8]) -> Vec<String> {
        part.split(|b| *b == self.delimiters.component)
            .map(|raw| String::from_utf8_lossy(&self.unescape(raw)).trim().to_owned())
            .collect()
    }

    /// Escapes, E1394 5.4.6: `&F&`, `&S&`, `&R&`, `&E&`.
    fn unescape(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        let d = self.delimiters;
        if !raw.contains(&d.escape) {
            return Cow::Borrowed(raw);
        }
        let mut out = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((first, tail)) = rest.split_first() {
            let resolved = match tail {
                [letter, close, after @ ..] if *first == d.escape && *close == d.escape => {
                    let byte = match letter {
                        b'F' => Some(d.field),
                        b'S' => Some(d.component),
                        b'R' => Some(d.repeat),
                        b'E' => Some(d.escape),
                        _ => None,
                    };
                    byte.map(|byte| (byte, after))
                }
                _ => None,
            };
            let (byte, after) = resolved.unwrap_or((*first, tail));
            out.push(byte);
            rest = after;
        }
        Cow::Owned(out)
    }
}

/// A message being written, with the standard delimiters.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    field: usize,
}

impl Writer {
    /// Starts with an H record and its delimiters; the next field is 3.
    pub(super) fn header(&mut self) -> &mut Self {
        self.record("H");
        self.out.push_str("|\\^&");
        self.field = 2;
        self
    }

    /// Starts a record of this type; the one before is ended.
    pub(super) fn record(&mut self, kind: &str) -> &mut Self {
        self.end();
        self.out.push_str(kind);
        self.field = 1;
        self
    }

    /// Sets field `n` to components; empty ones at the end are left out. Fields are set in rising
    /// order. What a value holds of delimiters is escaped, of control characters left out.
    pub(super) fn put(&mut self, n: usize, components: &[&str]) -> &mut Self {
        let used = components.iter().rposition(|c| !c.is_empty()).map_or(0, |last| last + 1);
        if used > 0 {
            self.go(n);
        }
        for (at, component) in components.iter().take(used).enumerate() {
            if at > 0 {
                self.out.push('^');
            }
            component.chars().for_each(|c| push_escaped(&mut self.out, c));
        }
        self
    }

    /// Adds a repetition to the field just set.
    pub(super) fn repeat(&mut self, components: &[&str]) -> &mut Self {
        self.out.push('\\');
        let field = self.field;
        self.put(field, components)
    }

    /// The text, each record ended by CR.
    pub(super) fn finish(mut self) -> String {
        self.end();
        self.out
    }

    fn go(&mut self, n: usize) {
        while self.field < n {
            self.out.push('|');
            self.field += 1;
        }
    }

    fn end(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\r');
        }
    }
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '|' => out.push_str("&F&"),
        '^' => out.push_str("&S&"),
        '\\' => out.push_str("&R&"),
        '&' => out.push_str("&E&"),
        c if c.is_control() => {}
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_transmission_is_cut_into_messages_by_their_own_delimiters() {
        let raw = b"H|\\^&|||XN^1\rP|1\rR|1|^^^^WBC^1|8.13\\9\rL|1|N\rH@!~#@@@GX@\rQ@1@~77\rL@1\r";
        let messages = Message::split(raw);
        assert_eq!(messages.len(), 2);
        let kinds: Vec<u8> = messages[0].records().map(|r| r.kind()).collect();
        assert_eq!(kinds, b"HPRL");
        let result = messages[0].records().nth(2).unwrap();
        assert_eq!(result.components(result.field(3)), ["", "", "", "", "WBC", "1"]);
        assert_eq!(result.repetitions(4).count(), 2);
        let query = messages[1].records().nth(1).unwrap();
        assert_eq!(query.components(query.field(3)), ["", "77"]);
        assert_eq!(messages[1].header().field(5), b"GX");
    }

    #[test]
    fn what_has_no_header_is_no_message() {
        assert!(Message::split(b"P|1\rL|1\r").is_empty());
        assert!(Message::split(b"H|\r").is_empty());
        assert!(Message::split(b"").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(values in proptest::collection::vec("[ -~张三]{1,10}", 1..5)) {
            let mut w = Writer::default();
            w.header().record("R");
            for (at, value) in values.iter().enumerate() {
                w.put(at + 2, &["x", value]);
            }
            let out = w.finish();
            let message = Message::split(out.as_bytes())[0];
            let record = message.records().nth(1).unwrap();
            for (at, value) in values.iter().enumerate() {
                let components = record.components(record.field(at + 2));
                prop_assert_eq!(components.get(1).map(String::as_str).unwrap_or_default(), value.trim());
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(raw in proptest::collection::vec(any::<u8>(), 0..200), n in 0usize..30) {
            let raw = [b"H".as_slice(), &raw].concat();
            for message in Message::split(&raw) {
                for record in message.records() {
                    for part in record.repetitions(n) {
                        let _ = record.components(part);
                    }
                }
            }
        }
    }
}
