//! Names by birth cohort, and finding them by pattern.

use std::sync::LazyLock;

use super::dice::{Dice, Key, Purpose};
use super::{Name, Sex};

/// Marks a name of the minority table.
const MINORITY: u16 = u16::MAX;

/// Marks a given name of one character.
const ALONE: u8 = u8::MAX;

/// People in a thousand with a name of the minority table.
const MINORITY_SHARE: u32 = 14;

/// A Chinese text with its pinyin in lower case.
#[derive(Debug)]
struct Word {
    han: &'static str,
    pinyin: &'static str,
}

/// Given names of one sex up to a birth year.
#[derive(Debug)]
struct Cohort {
    sex: Sex,
    until: i32,
    alone: u32,
    first: Vec<Word>,
    second: Vec<Word>,
}

#[derive(Debug)]
struct Minority {
    sex: Sex,
    group: &'static str,
    first: Word,
    second: Word,
}

#[derive(Debug)]
struct Names {
    families: Vec<(Word, u32)>,
    weight: u32,
    cohorts: Vec<Cohort>,
    minorities: Vec<Minority>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let families: Vec<_> =
        include_str!("tables/families.txt").split_whitespace().filter_map(family).collect();
    Names {
        weight: families.iter().map(|f| f.1).sum(),
        families,
        cohorts: include_str!("tables/given.txt").lines().filter_map(cohort).collect(),
        minorities: include_str!("tables/minority.txt").lines().filter_map(minority).collect(),
    }
});

fn word(text: &'static str) -> Word {
    let at = text.find(|c: char| c.is_ascii()).unwrap_or(text.len());
    let (han, pinyin) = text.split_at(at);
    Word { han, pinyin }
}

fn family(token: &'static str) -> Option<(Word, u32)> {
    let (name, weight) = token.split_once(':')?;
    Some((word(name), weight.parse().ok()?))
}

fn sex(letter: &str) -> Option<Sex> {
    match letter {
        "M" => Some(Sex::M),
        "F" => Some(Sex::F),
        _ => None,
    }
}

fn cohort(line: &'static str) -> Option<Cohort> {
    let mut parts = line.split('|');
    let mut head = parts.next()?.split_whitespace();
    let sex = sex(head.next()?)?;
    let (until, alone) = (head.next()?.parse().ok()?, head.next()?.parse().ok()?);
    let mut words = || parts.next().map(|list| list.split_whitespace().map(word).collect());
    Some(Cohort { sex, until, alone, first: words()?, second: words()? })
}

fn minority(line: &'static str) -> Option<Minority> {
    let mut parts = line.split_whitespace();
    Some(Minority {
        sex: sex(parts.next()?)?,
        group: parts.next()?,
        first: word(parts.next()?),
        second: word(parts.next()?),
    })
}

/// A name as six bytes: places in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NameKey {
    family: u16,
    row: u8,
    first: u8,
    second: u8,
}

impl NameKey {
    /// The name of a person.
    pub(super) fn draw(key: Key, person: u64, sex: Sex, birth_year: i32) -> NameKey {
        let mut dice = key.dice(Purpose::Name, person, 0);
        if dice.permille(MINORITY_SHARE) {
            return NameKey::draw_minority(&mut dice, sex);
        }
        let names = &*NAMES;
        let mut left = dice.below(names.weight);
        let family = names.families.iter().position(|(_, weight)| {
            let here = left < *weight;
            left = left.saturating_sub(*weight);
            here
        });
        let fits = |c: &Cohort| c.sex == sex && birth_year <= c.until;
        let row = names.cohorts.iter().position(fits).unwrap_or(0);
        let cohort = &names.cohorts[row];
        let first = if dice.permille(cohort.alone) { ALONE } else { place(&mut dice, &cohort.first) };
        let mut second = place(&mut dice, &cohort.second);
        while first != ALONE && cohort.first[usize::from(first)].han == cohort.second[usize::from(second)].han
        {
            second = place(&mut dice, &cohort.second);
        }
        NameKey { family: family.unwrap_or(0) as u16, row: row as u8, first, second }
    }

    fn draw_minority(dice: &mut Dice, sex: Sex) -> NameKey {
        let all = &NAMES.minorities;
        let fits = |i: &usize| all[*i].sex == sex;
        let firsts: Vec<usize> = (0..all.len()).filter(fits).collect();
        let first = *dice.pick(&firsts);
        let seconds: Vec<usize> =
            firsts.iter().copied().filter(|i| all[*i].group == all[first].group).collect();
        NameKey { family: MINORITY, row: 0, first: first as u8, second: *dice.pick(&seconds) as u8 }
    }

    /// The name in full.
    pub(super) fn name(self) -> Name {
        let (family, first, second) = self.words();
        let dot = if self.family == MINORITY { "·" } else { "" };
        let first_han = first.map_or("", |w| w.han);
        let first_pinyin = first.map_or("", |w| w.pinyin);
        Name {
            family: family.han.to_owned(),
            given: format!("{dot}{first_han}{}", second.han),
            family_pinyin: capital(family.pinyin, ""),
            given_pinyin: capital(first_pinyin, second.pinyin),
        }
    }

    /// The ethnic group that the name tells, if it tells one.
    pub(super) fn group(self) -> Option<&'static str> {
        (self.family == MINORITY).then(|| NAMES.minorities[usize::from(self.first)].group)
    }

    fn words(self) -> (&'static Word, Option<&'static Word>, &'static Word) {
        let names = &*NAMES;
        if self.family == MINORITY {
            let part = |i: u8| &names.minorities[usize::from(i)];
            return (&part(self.first).first, None, &part(self.second).second);
        }
        let cohort = &names.cohorts[usize::from(self.row)];
        let first = (self.first != ALONE).then(|| &cohort.first[usize::from(self.first)]);
        (&names.families[usize::from(self.family)].0, first, &cohort.second[usize::from(self.second)])
    }
}

fn place(dice: &mut Dice, words: &[Word]) -> u8 {
    dice.below(words.len() as u32) as u8
}

fn capital(first: &str, second: &str) -> String {
    let mut text = String::with_capacity(first.len() + second.len());
    for (i, c) in first.chars().chain(second.chars()).enumerate() {
        text.push(if i == 0 { c.to_ascii_uppercase() } else { c });
    }
    text
}

/// Longest pattern that is looked at, in characters: a DICOM person name has at most 64 per group.
const MAX_PATTERN: usize = 64;

/// A name pattern with `*` and `?` (PS3.4 C.2.2.2.4), ready to match.
#[derive(Debug)]
pub(super) struct NamePattern {
    wanted: Vec<char>,
    han: bool,
    families: Vec<bool>,
}

impl NamePattern {
    /// Reads a pattern. Spaces between parts count as `^`; Chinese patterns match the Chinese name.
    pub(super) fn new(pattern: &str) -> NamePattern {
        let pattern = pattern.trim().trim_end_matches('^');
        let han = !pattern.is_ascii();
        let wanted: Vec<char> = pattern
            .chars()
            .filter(|c| !(han && (*c == '^' || *c == ' ')))
            .map(|c| if c == ' ' { '^' } else { c.to_ascii_lowercase() })
            .take(MAX_PATTERN)
            .collect();
        let families = NAMES.families.iter().map(|(word, _)| could_begin(&wanted, word, han)).collect();
        NamePattern { wanted, han, families }
    }

    /// Whether a name matches; `buffer` is reused between calls.
    pub(super) fn matches(&self, key: NameKey, buffer: &mut Vec<char>) -> bool {
        if key.family != MINORITY && !self.families[usize::from(key.family)] {
            return false;
        }
        let (family, first, second) = key.words();
        let text = |w: &'static Word| if self.han { w.han } else { w.pinyin };
        buffer.clear();
        buffer.extend(text(family).chars());
        if !self.han {
            buffer.push('^');
        } else if key.family == MINORITY {
            buffer.push('·');
        }
        buffer.extend(first.map_or("", text).chars());
        buffer.extend(text(second).chars());
        wild(&self.wanted, buffer)
    }
}

/// Whether a family name agrees with what a pattern says before its first wildcard.
fn could_begin(wanted: &[char], family: &Word, han: bool) -> bool {
    let literal = wanted.iter().take_while(|c| !matches!(c, '*' | '?'));
    let begin = if han { family.han } else { family.pinyin };
    let tail = if han { None } else { Some('^') };
    begin.chars().chain(tail).zip(literal).all(|(a, b)| a == *b)
}

/// Wildcard match in linear space: on a mismatch the last `*` takes one more character.
fn wild(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, key: NameKey) -> bool {
        NamePattern::new(pattern).matches(key, &mut Vec::new())
    }

    #[test]
    fn patterns_match_all_forms() {
        let key = Key::new(&[3; 32]);
        for person in 0..300 {
            let drawn = NameKey::draw(key, person, Sex::F, 1980);
            let name = drawn.name();
            let (family, given) = (&name.family_pinyin, &name.given_pinyin);
            assert!(matches(&format!("{family}^{given}"), drawn), "{name:?}");
            assert!(matches(&format!("{family} {given}").to_uppercase(), drawn));
            assert!(matches(&format!("{family}*"), drawn) && matches("*", drawn) && matches("**", drawn));
            assert!(matches(&format!("?{}^*", &family[1..]), drawn));
            assert!(matches(&name.chinese(), drawn) && matches(&format!("{}*", name.family), drawn));
            assert!(!matches("Qqq*", drawn) && !matches(&format!("{family}^"), drawn));
        }
    }

    #[test]
    fn cohorts_and_sexes_differ() {
        let key = Key::new(&[3; 32]);
        let given = |sex, year| -> std::collections::BTreeSet<String> {
            (0..400).map(|p| NameKey::draw(key, p, sex, year).name().given).collect()
        };
        assert!(given(Sex::F, 1945).contains("秀英"));
        assert!(!given(Sex::M, 2016).contains("建国"));
        assert!(given(Sex::M, 1961).iter().any(|g| g.starts_with("建")));
    }
}
