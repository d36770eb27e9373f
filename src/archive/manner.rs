//! How a product compares text: with or without case, each component group of a name by itself,
//! each of several values.

use std::borrow::Cow;

use super::matching::Matcher;
use crate::wire::dicom::dataset::Vr;

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// It does.
    #[default]
    Exact,
    /// It doesn't.
    Folded,
    /// It doesn't where the key has no lower-case letter.
    FoldedIfUpper,
}

/// How a key is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Whether case counts.
    pub case: Case,
    /// A name's component groups are compared each by itself, a key of one group with all of them,
    /// and what follows a key's last component does not matter (PS3.5 6.2.1.1).
    pub groups: bool,
    /// Each of several values is compared, else the whole.
    pub each: bool,
}

/// A key made ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    manner: Manner,
    /// One, or one for each group of a name; whether its case is folded.
    parts: Vec<(Matcher, bool)>,
}

impl Comparison {
    /// Of a key of this representation. `key` has no padding any more.
    pub fn of(vr: Vr, key: &[u8], manner: Manner) -> Self {
        let manner = Manner { groups: manner.groups && vr == Vr::PN, ..manner };
        let text = String::from_utf8_lossy(key);
        let parts = match manner.groups && !key.is_empty() {
            true => text.split('=').map(|group| part(vr, rest_open(group).as_bytes(), manner.case)).collect(),
            false => vec![part(vr, key, manner.case)],
        };
        Comparison { manner, parts }
    }

    /// Whether it matches everything without a look.
    pub fn is_any(&self) -> bool {
        self.parts.iter().all(|(matcher, _)| *matcher == Matcher::Any)
    }

    /// Whether every value matches.
    pub fn is_unbounded(&self) -> bool {
        self.parts.iter().all(|(matcher, _)| matcher.is_unbounded())
    }

    /// The matcher, when there is but one and case counts.
    pub fn plain(&self) -> Option<&Matcher> {
        match self.parts.as_slice() {
            [(matcher, false)] if !self.manner.groups => Some(matcher),
            _ => None,
        }
    }

    /// The key when it names one value; in capitals where case doesn't count.
    pub fn single(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [(matcher, _)] if !self.manner.groups => matcher.single(),
            _ => None,
        }
    }

    /// A pattern for names that every name matches which matches the key.
    pub fn pattern(&self) -> Option<&[u8]> {
        let longest = self.parts.iter().filter_map(|(matcher, _)| matcher.pattern());
        longest.max_by_key(|pattern| pattern.len())
    }

    /// Whether a value matches.
    pub fn matches(&self, value: &[u8]) -> bool {
        if self.manner.groups {
            return self.name(value);
        }
        let Some((matcher, folded)) = self.parts.first() else { return true };
        if !self.manner.each || !value.contains(&b'\\') {
            return matches(matcher, *folded, value);
        }
        value.split(|byte| *byte == b'\\').any(|one| matches(matcher, *folded, one))
    }

    fn name(&self, value: &[u8]) -> bool {
        let text = String::from_utf8_lossy(value);
        let groups: Vec<String> = text.split('=').map(|group| format!("{group}^")).collect();
        if let [(matcher, folded)] = self.parts.as_slice() {
            let alone = |group: &String| matches(matcher, *folded, group.as_bytes());
            return matcher.is_unbounded() || groups.iter().any(alone);
        }
        self.parts.iter().enumerate().all(|(at, (matcher, folded))| {
            let group = groups.get(at).map_or(&b""[..], String::as_bytes);
            matcher.is_unbounded() || matches(matcher, *folded, group)
        })
    }
}

fn part(vr: Vr, key: &[u8], case: Case) -> (Matcher, bool) {
    let text = String::from_utf8_lossy(key);
    let folded = match case {
        Case::Exact => false,
        Case::Folded => true,
        Case::FoldedIfUpper => !text.chars().any(char::is_lowercase),
    };
    let key = if folded { upper(key) } else { key.into() };
    (Matcher::of(vr, &key), folded)
}

fn matches(matcher: &Matcher, folded: bool, value: &[u8]) -> bool {
    if folded { matcher.matches(&upper(value)) } else { matcher.matches(value) }
}

fn upper(text: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(text) {
        Ok(text) if !text.is_ascii() => text.to_uppercase().into_bytes().into(),
        Ok(_) | Err(_) => text.to_ascii_uppercase().into(),
    }
}

/// A group's pattern that further components don't disturb.
fn rest_open(group: &str) -> String {
    let open = group.strip_suffix('*').map_or(group, |rest| rest.trim_end_matches(['^', '*']));
    match (group.is_empty(), group.ends_with('*')) {
        (true, _) => "*".to_owned(),
        (false, true) if open.len() + 1 < group.len() => format!("{open}^*"),
        (false, true) => group.to_owned(),
        (false, false) => format!("{}^*", group.trim_end_matches('^')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "Zhang^San=张^三";

    fn hit(key: &str, manner: Manner) -> bool {
        Comparison::of(Vr::PN, key.as_bytes(), manner).matches(NAME.as_bytes())
    }

    #[test]
    fn case_is_folded_as_the_product_does() {
        let folded = Manner { case: Case::Folded, ..Manner::default() };
        assert!(hit("zhang*", folded) && hit("ZHANG^SAN=张^三", folded) && !hit("zhang", folded));
        let upper = Manner { case: Case::FoldedIfUpper, ..Manner::default() };
        assert!(hit("ZHANG*", upper) && !hit("zhang*", upper) && hit("Zhang*", upper));
    }

    #[test]
    fn groups_are_compared_each_by_itself() {
        let groups = Manner { case: Case::FoldedIfUpper, groups: true, each: false };
        for (key, expected) in [
            ("ZHANG^SAN", true),
            ("Zhang", true),
            ("zhang", false),
            ("张^三", true),
            ("张", true),
            ("三", false),
            ("张*", true),
            ("=张^三", true),
            ("Zhang=张", true),
            ("Zhang=李", false),
            ("Zha*", true),
            ("Zha", false),
            ("*^San", true),
            ("*", true),
            ("", true),
        ] {
            assert_eq!(hit(key, groups), expected, "{key}");
        }
    }

    #[test]
    fn one_of_several_values_is_enough() {
        let each = Manner { each: true, ..Manner::default() };
        let key = Comparison::of(Vr::CS, b"MR", each);
        assert!(key.matches(b"CT\\MR") && !key.matches(b"CT\\SR"));
        assert!(!Comparison::of(Vr::CS, b"MR", Manner::default()).matches(b"CT\\MR"));
    }
}
