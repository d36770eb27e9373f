//! The five characters that cut a message, as its header names them.

/// Delimiters of one message, HL7 v2.5.1 2.5.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// Between fields, MSH-1.
    pub field: u8,
    /// Between components, first of MSH-2.
    pub component: u8,
    /// Between repetitions, second of MSH-2.
    pub repetition: u8,
    /// Around escape sequences, third of MSH-2.
    pub escape: u8,
    /// Between subcomponents, fourth of MSH-2.
    pub subcomponent: u8,
}

impl Delimiters {
    /// The recommended ones: `|^~\&`.
    pub const STANDARD: Delimiters =
        Delimiters { field: b'|', component: b'^', repetition: b'~', escape: b'\\', subcomponent: b'&' };

    /// Reads the delimiters at offset 3 of a header segment, whatever its first three bytes are.
    /// Encoding characters that are left out keep their recommended value. `None` below five bytes.
    pub fn of_header(header: &[u8]) -> Option<Self> {
        let field = *header.get(3)?;
        let mut encoding =
            header.get(4..)?.iter().copied().take_while(|b| *b != field && *b != b'\r' && *b != b'\n');
        let standard = Self::STANDARD;
        Some(Delimiters {
            field,
            component: encoding.next()?,
            repetition: encoding.next().unwrap_or(standard.repetition),
            escape: encoding.next().unwrap_or(standard.escape),
            subcomponent: encoding.next().unwrap_or(standard.subcomponent),
        })
    }

    /// MSH-2: the encoding characters in their order.
    pub fn encoding(&self) -> [u8; 4] {
        [self.component, self.repetition, self.escape, self.subcomponent]
    }

    /// All five, field separator first.
    pub fn all(&self) -> [u8; 5] {
        [self.field, self.component, self.repetition, self.escape, self.subcomponent]
    }

    /// The letter that stands for a delimiter in an escape sequence, 2.7.1.
    pub(super) fn escape_letter(&self, byte: u8) -> Option<u8> {
        self.all().iter().position(|d| *d == byte).and_then(|at| b"FSRET".get(at)).copied()
    }

    /// The delimiter that an escape letter stands for, 2.7.1.
    pub(super) fn of_letter(&self, letter: u8) -> Option<u8> {
        b"FSRET".iter().position(|l| *l == letter).and_then(|at| self.all().get(at).copied())
    }

    /// Whether the five differ from each other and none is a letter, digit or control character.
    pub fn sound(&self) -> bool {
        let all = self.all();
        all.iter().enumerate().all(|(at, byte)| {
            byte.is_ascii_punctuation() && !all.iter().take(at).any(|earlier| earlier == byte)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_its_own() {
        let given = Delimiters::of_header(b"MSH#*+!%#A#B").unwrap();
        assert_eq!(given.all(), *b"#*+!%");
        assert!(given.sound());
    }

    #[test]
    fn what_is_left_out_is_standard() {
        assert_eq!(Delimiters::of_header(b"MSH|^|A"), Some(Delimiters::STANDARD));
        assert_eq!(Delimiters::of_header(b"MSH||A"), None);
        assert_eq!(Delimiters::of_header(b"MSH"), None);
    }

    #[test]
    fn twins_and_letters_are_unsound() {
        assert!(!Delimiters::of_header(b"MSH|^^\\&|").unwrap().sound());
        assert!(!Delimiters::of_header(b"MSHlo wolrd").unwrap().sound());
    }
}
