//! One form for one value: RFC 8785 (JCS) for what records hold.
//!
//! Keys sorted, no white space, strings escaped as ECMAScript does. Records hold no fractions, so
//! the number rules of RFC 8785 3.2.2.3 reduce to decimal integers, which are written in full.

use serde_json::Value;

/// Appends the canonical form of a value.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(map) => write_object(map, out),
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::String(text) => write_string(text, out),
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
    }
}

fn write_object(map: &serde_json::Map<String, Value>, out: &mut Vec<u8>) {
    // RFC 8785 sorts by UTF-16 code units. All keys are field names of ours, so ASCII, where that
    // is the order of bytes.
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| key.as_str());
    out.push(b'{');
    for (i, (key, item)) in entries.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        write(item, out);
    }
    out.push(b'}');
}

/// RFC 8785 3.2.2.2: short escapes where JSON has them, `\u00xx` for other control characters,
/// everything else as it is.
fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            0..0x20 => 0,
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[from..at]);
        match short {
            0 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            short => out.extend_from_slice(&[b'\\', short]),
        }
        from = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(value: &Value) -> String {
        let mut out = Vec::new();
        write(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_are_sorted_and_strings_escaped_as_the_rfc_shows() {
        let value = serde_json::json!({
            "string": "\u{20ac}$\u{000F}\u{000a}A'\u{0042}\u{0022}\u{005c}\\\"/",
            "literals": [null, true, false],
            "a": {"c": 1, "b": -2},
        });
        assert_eq!(
            canonical(&value),
            r#"{"a":{"b":-2,"c":1},"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
    }

    proptest! {
        #[test]
        fn every_string_reads_back(text in any::<String>()) {
            let value = Value::String(text);
            prop_assert_eq!(serde_json::from_str::<Value>(&canonical(&value)).unwrap(), value);
        }
    }
}
