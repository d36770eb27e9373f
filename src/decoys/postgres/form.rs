//! How rows of a COPY are written.

use super::text::{Kind, Piece};

/// How rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    csv: bool,
    /// Whether the first line holds names.
    pub(super) header: bool,
    delimiter: u8,
    null: Vec<u8>,
}

impl Default for Form {
    fn default() -> Self {
        Form { csv: false, header: false, delimiter: b'\t', null: b"\\N".to_vec() }
    }
}

/// `WITH (FORMAT csv, HEADER, DELIMITER ';', NULL '')`, or the same in the old way without commas.
pub(super) fn form(options: &[Piece<'_>]) -> Form {
    let mut form = Form::default();
    if options.iter().any(|piece| piece.is("csv")) {
        form = Form { csv: true, delimiter: b',', null: Vec::new(), ..form };
    }
    for (at, piece) in options.iter().enumerate() {
        let mut behind = options.iter().skip(at + 1).skip_while(|piece| piece.is("as"));
        let value = behind.next().filter(|piece| piece.kind == Kind::Text);
        let value = value.map(|piece| piece.text.trim_start_matches(['e', 'E']).trim_matches('\''));
        if piece.is("header") {
            let off = options.get(at + 1).is_some_and(|next| next.is("false") || next.is("off"));
            form.header = !off;
        } else if piece.is("delimiter") {
            let byte = value.map(|value| if value == "\\t" { "\t" } else { value });
            form.delimiter = byte.and_then(|value| value.bytes().next()).unwrap_or(form.delimiter);
        } else if piece.is("null") {
            form.null = value.map_or(form.null, |value| value.as_bytes().to_vec());
        }
    }
    form
}

impl Form {
    /// Appends a row.
    pub(super) fn line(&self, values: &[Option<Vec<u8>>], out: &mut Vec<u8>) {
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                out.push(self.delimiter);
            }
            match value {
                None => out.extend_from_slice(&self.null),
                Some(value) if self.csv => self.csv_value(value, out),
                Some(value) => self.text_value(value, out),
            }
        }
        out.push(b'\n');
    }

    fn csv_value(&self, value: &[u8], out: &mut Vec<u8>) {
        let sharp = |byte: &u8| *byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r');
        if value != self.null.as_slice() && !value.iter().any(sharp) {
            out.extend_from_slice(value);
            return;
        }
        out.push(b'"');
        for byte in value {
            if *byte == b'"' {
                out.push(b'"');
            }
            out.push(*byte);
        }
        out.push(b'"');
    }

    fn text_value(&self, value: &[u8], out: &mut Vec<u8>) {
        for byte in value {
            let escape = match byte {
                b'\\' => b'\\',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                byte if *byte == self.delimiter => *byte,
                byte => {
                    out.push(*byte);
                    continue;
                }
            };
            out.extend_from_slice(&[b'\\', escape]);
        }
    }

    /// The values of a line that came in; `None` for NULL.
    pub(super) fn values(&self, line: &str) -> Vec<Option<String>> {
        let delimiter = char::from(self.delimiter);
        if !self.csv {
            let null = String::from_utf8_lossy(&self.null);
            return line.split(delimiter).map(|part| (part != null).then(|| unescape(part))).collect();
        }
        let mut values = Vec::new();
        let (mut value, mut quoted, mut inside) = (String::new(), false, false);
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '"' if inside && characters.next_if_eq(&'"').is_some() => value.push('"'),
                '"' => (inside, quoted) = (!inside, true),
                c if c == delimiter && !inside => {
                    values.push((quoted || !value.is_empty()).then(|| std::mem::take(&mut value)));
                    quoted = false;
                }
                c => value.push(c),
            }
        }
        values.push((quoted || !value.is_empty()).then_some(value));
        values
    }
}

fn unescape(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut characters = part.chars();
    while let Some(c) = characters.next() {
        match (c, c == '\\') {
            (_, true) => out.extend(characters.next().map(|c| match c {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            })),
            (c, false) => out.push(c),
        }
    }
    out
}
