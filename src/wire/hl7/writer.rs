//! Writes segments by field number, escaping what would be read as a delimiter.

use super::{Delimiters, Segment};

/// A message being written, in UTF-8.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    delimiters: Delimiters,
    field: usize,
}

impl Writer {
    /// Starts with nothing.
    pub fn new(delimiters: Delimiters) -> Self {
        Writer { out: Vec::with_capacity(512), delimiters, field: 0 }
    }

    /// Starts a segment; the one before is ended.
    pub fn segment(&mut self, id: &str) -> &mut Self {
        self.end_segment();
        self.out.extend_from_slice(id.as_bytes());
        self.field = 0;
        self
    }

    /// Starts a header segment (MSH) with its delimiters; the next field is 3.
    pub fn header(&mut self, id: &str) -> &mut Self {
        self.segment(id);
        self.out.push(self.delimiters.field);
        self.out.extend_from_slice(&self.delimiters.encoding());
        self.field = 2;
        self
    }

    /// Sets field `n` to plain text. Fields are set in rising order.
    pub fn put(&mut self, n: usize, text: &str) -> &mut Self {
        if text.is_empty() {
            return self;
        }
        self.go(n);
        self.escaped(text.as_bytes());
        self
    }

    /// Sets field `n` to components. Empty ones at the end are left out.
    pub fn parts(&mut self, n: usize, components: &[&str]) -> &mut Self {
        if components.iter().all(|c| c.is_empty()) {
            return self;
        }
        self.go(n);
        self.components(components)
    }

    /// Sets field `n` to components that have subcomponents. Empty ones at the end are left out.
    pub fn nested(&mut self, n: usize, components: &[&[&str]]) -> &mut Self {
        self.go(n);
        for (at, component) in components.iter().enumerate() {
            if at > 0 {
                self.out.push(self.delimiters.component);
            }
            let used = component.iter().rposition(|s| !s.is_empty()).map_or(0, |last| last + 1);
            for (at, subcomponent) in component.iter().take(used).enumerate() {
                if at > 0 {
                    self.out.push(self.delimiters.subcomponent);
                }
                self.escaped(subcomponent.as_bytes());
            }
        }
        self
    }

    /// Adds a repetition to the field just set.
    pub fn repeat(&mut self, components: &[&str]) -> &mut Self {
        self.out.push(self.delimiters.repetition);
        self.components(components)
    }

    /// Sets field `n` to bytes that are already encoded with this writer's delimiters.
    pub fn verbatim(&mut self, n: usize, raw: &[u8]) -> &mut Self {
        if !raw.is_empty() {
            self.go(n);
            self.out.extend_from_slice(raw);
        }
        self
    }

    /// Adds a whole segment that was written with other delimiters, role by role.
    pub fn transcribe(&mut self, segment: &Segment<'_>) -> &mut Self {
        self.end_segment();
        let from = segment.delimiters();
        for byte in segment.raw() {
            match from
                .all()
                .iter()
                .position(|d| d == byte)
                .and_then(|at| self.delimiters.all().get(at).copied())
            {
                Some(same_role) => self.out.push(same_role),
                None => self.escaped(&[*byte]),
            }
        }
        self
    }

    /// The message, each segment ended by CR.
    pub fn finish(mut self) -> Vec<u8> {
        self.end_segment();
        self.out
    }

    fn end_segment(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\r');
        }
    }

    fn go(&mut self, n: usize) {
        while self.field < n {
            self.out.push(self.delimiters.field);
            self.field += 1;
        }
    }

    fn components(&mut self, components: &[&str]) -> &mut Self {
        let used = components.iter().rposition(|c| !c.is_empty()).map_or(0, |last| last + 1);
        for (at, component) in components.iter().take(used).enumerate() {
            if at > 0 {
                self.out.push(self.delimiters.component);
            }
            self.escaped(component.as_bytes());
        }
        self
    }

    /// A line end inside a value would end the segment, so it becomes a hexadecimal escape.
    fn escaped(&mut self, text: &[u8]) {
        for byte in text {
            match self.delimiters.escape_letter(*byte) {
                Some(letter) => {
                    self.out.extend_from_slice(&[self.delimiters.escape, letter, self.delimiters.escape]);
                }
                None if *byte == b'\r' || *byte == b'\n' => {
                    let escape = char::from(self.delimiters.escape);
                    self.out.extend_from_slice(format!("{escape}X{byte:02X}{escape}").as_bytes());
                }
                None => self.out.push(*byte),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_land_on_their_number() {
        let mut w = Writer::new(Delimiters::STANDARD);
        w.header("MSH").put(3, "LIS").parts(9, &["ACK", "A01", ""]).put(12, "2.4");
        w.segment("PID")
            .parts(3, &["1", "", "", "HIS", "MR"])
            .repeat(&["5101", "", "", "GA", "SS"])
            .put(5, "");
        assert_eq!(w.finish(), b"MSH|^~\\&|LIS||||||ACK^A01|||2.4\rPID|||1^^^HIS^MR~5101^^^GA^SS\r");
    }

    #[test]
    fn segments_move_between_delimiters() {
        let other = Delimiters::of_header(b"MSH#*+!%#").unwrap();
        let segment = Segment::new(b"OBX#1#NM#WBC*10!S!9#a|b", other);
        let mut w = Writer::new(Delimiters::STANDARD);
        w.transcribe(&segment);
        assert_eq!(w.finish(), b"OBX|1|NM|WBC^10\\S\\9|a\\F\\b\r");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(values in proptest::collection::vec("\\PC{0,12}", 1..8), other in any::<bool>()) {
            let delimiters = if other { Delimiters::of_header(b"MSH#*+!%#").unwrap() } else { Delimiters::STANDARD };
            let mut w = Writer::new(delimiters);
            w.header("MSH").put(3, "A").segment("ZZZ");
            for (at, value) in values.iter().enumerate() {
                w.parts(at + 1, &[value, "x", value]);
            }
            let raw = w.finish();
            let message = Message::parse(&raw).unwrap();
            let segment = message.first("ZZZ").unwrap();
            for (at, value) in values.iter().enumerate() {
                let field = segment.field(at + 1);
                let (first, third) = (field.component(1), field.component(3));
                prop_assert_eq!(first.value().into_owned(), value.as_bytes());
                prop_assert_eq!(third.value().into_owned(), value.as_bytes());
            }
        }
    }
}
