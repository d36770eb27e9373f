//! One form for one value: RFC 8785 (JCS) for what records hold.
//!
//! Records hold no fractions, and serde_json writes integers in full, strings with just the escapes
//! of RFC 8785 3.2.2.2 and no white space. So what is left to do is to sort the keys.

use std::ops::Range;

/// Appends `json`, which serde_json wrote, with the keys of every object sorted.
pub(super) fn sort(json: &[u8], out: &mut Vec<u8>) {
    Sorter { json, at: 0, members: Vec::new() }.value(out);
}

/// The value at a path of keys, as it stands in `json`, which serde_json wrote.
pub(super) fn find<'j>(json: &'j [u8], path: &[&str]) -> Option<&'j [u8]> {
    let Some((wanted, rest)) = path.split_first() else { return Some(json) };
    let mut at = 1;
    while json.get(at) == Some(&b'"') {
        let key = at..string_end(json, at);
        let value = key.end + 1..value_end(json, key.end + 1);
        if json[key.start + 1..key.end - 1] == *wanted.as_bytes() {
            return find(&json[value], rest);
        }
        at = value.end + 1;
    }
    None
}

struct Sorter<'j> {
    json: &'j [u8],
    at: usize,
    /// Members of the objects that are open, innermost last.
    members: Vec<Member>,
}

struct Member {
    /// Its key in the input, with quotes.
    key: Range<usize>,
    /// Its text in the output, with the comma behind it.
    text: Range<usize>,
}

impl Sorter<'_> {
    fn value(&mut self, out: &mut Vec<u8>) {
        match self.json.get(self.at) {
            Some(b'{') => self.object(out),
            Some(b'[') => self.array(out),
            _ => self.copy(value_end(self.json, self.at), out),
        }
    }

    fn copy(&mut self, to: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.json[self.at..to]);
        self.at = to;
    }

    fn array(&mut self, out: &mut Vec<u8>) {
        self.copy(self.at + 1, out);
        while self.json.get(self.at).is_some_and(|&byte| byte != b']') {
            self.value(out);
            if self.json.get(self.at) == Some(&b',') {
                self.copy(self.at + 1, out);
            }
        }
        self.at += 1;
        out.push(b']');
    }

    fn object(&mut self, out: &mut Vec<u8>) {
        self.copy(self.at + 1, out);
        let first = self.members.len();
        while self.json.get(self.at) == Some(&b'"') {
            let start = out.len();
            let key = self.at..string_end(self.json, self.at);
            self.copy(key.end + 1, out);
            self.value(out);
            out.push(b',');
            self.members.push(Member { key, text: start..out.len() });
            // The comma, or the brace that ends the loop.
            self.at += usize::from(self.json.get(self.at) == Some(&b','));
        }
        self.at += 1;
        self.arrange(first, out);
        match self.members.len() > first {
            true => *out.last_mut().unwrap_or(&mut 0) = b'}',
            false => out.push(b'}'),
        }
        self.members.truncate(first);
    }

    /// Puts the members of an object, which are the end of the output, in order.
    fn arrange(&mut self, first: usize, out: &mut Vec<u8>) {
        // RFC 8785 sorts by UTF-16 code units. All keys are field names of ours, so ASCII, where
        // that is the order of bytes.
        let (json, members) = (self.json, &mut self.members[first..]);
        let key = |member: &Member| &json[member.key.start + 1..member.key.end - 1];
        if members.is_sorted_by(|a, b| key(a) <= key(b)) {
            return;
        }
        let start = members.first().map_or(out.len(), |member| member.text.start);
        let unsorted = out.split_off(start);
        members.sort_unstable_by(|a, b| key(a).cmp(key(b)));
        for member in members {
            out.extend_from_slice(&unsorted[member.text.start - start..member.text.end - start]);
        }
    }
}

/// Where the value that begins at `at` ends.
fn value_end(json: &[u8], at: usize) -> usize {
    match json.get(at) {
        Some(b'"') => string_end(json, at),
        Some(b'{' | b'[') => container_end(json, at),
        _ => {
            let rest = json.get(at..).unwrap_or_default();
            at + rest.iter().position(|byte| b",}]".contains(byte)).unwrap_or(rest.len())
        }
    }
}

/// Where the object or array that begins at `at` ends.
fn container_end(json: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                at = string_end(json, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

/// Where the string that begins at `at` with a quote ends, behind its last quote.
fn string_end(json: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        match json.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return json.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn canonical(json: &str) -> String {
        let mut out = Vec::new();
        sort(json.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_are_sorted_and_strings_escaped_as_the_rfc_shows() {
        let text = serde_json::to_string("\u{20ac}$\u{000F}\u{000a}A'\u{0042}\u{0022}\u{005c}\\\"/").unwrap();
        let json =
            format!(r#"{{"string":{text},"literals":[null,true,{{}},false,[]],"a":{{"c":1,"b":-2}}}}"#);
        assert_eq!(
            canonical(&json),
            r#"{"a":{"b":-2,"c":1},"literals":[null,true,{},false,[]],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
    }

    #[test]
    fn a_path_leads_to_a_value() {
        let json = br#"{"at":[1,{"what":"no"}],"event":{"x":"}","inner":{"what":"yes"}},"n":7}"#;
        assert_eq!(find(json, &["event", "inner", "what"]), Some(&b"\"yes\""[..]));
        assert_eq!(find(json, &["n"]), Some(&b"7"[..]));
        assert_eq!(find(json, &["event", "what"]), None);
        assert_eq!(find(b"{}", &["a"]), None);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map("[a-z\"\\\\]{0,4}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The value with its keys in falling order, which no sorted form has.
    fn turned(value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let mut members: Vec<_> = map
                    .iter()
                    .map(|(k, v)| format!("{}:{}", serde_json::to_string(k).unwrap(), turned(v)))
                    .collect();
                members.reverse();
                format!("{{{}}}", members.join(","))
            }
            Value::Array(items) => format!("[{}]", items.iter().map(turned).collect::<Vec<_>>().join(",")),
            other => other.to_string(),
        }
    }

    proptest! {
        #[test]
        fn any_order_becomes_the_one_order(value in values()) {
            let sorted = canonical(&turned(&value));
            prop_assert_eq!(&canonical(&sorted), &sorted);
            prop_assert_eq!(serde_json::from_str::<Value>(&sorted).unwrap(), value);
        }
    }
}
