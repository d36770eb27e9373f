//! The identifier of an answer (PS3.4 C.4.1.1.3.2): requested keys, level, retrieve AE title and the
//! character set that fits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;

use super::query::{Asked, affected, rules};
use super::rules::{Answers, Sequences, is_summary};
use crate::archive::{Level, Record, binary, is_number, recoded};
use crate::decoys::dicom::profile::Profile;
use crate::wire::dicom::dataset::{
    Charset, DataSet, Element, Tag, TransferSyntax, Value, Vr, element_header, tags, vr_of,
};

/// Character sets of one byte, which can hold ASCII and nothing of what the archive keeps.
const SINGLE_BYTE: [&str; 11] = [
    "ISO_IR 101",
    "ISO_IR 109",
    "ISO_IR 110",
    "ISO_IR 144",
    "ISO_IR 127",
    "ISO_IR 126",
    "ISO_IR 138",
    "ISO_IR 148",
    "ISO_IR 13",
    "ISO_IR 166",
    "ISO_IR 100",
];

/// How answers to one query are written.
pub(crate) struct Template {
    slots: Vec<(Tag, Vr, Slot)>,
    syntax: TransferSyntax,
    kept: Charset,
    /// What (0008,0005) says of it.
    term: String,
    wish: Wish,
    /// The lowest level that a requested attribute comes from.
    pub(crate) depth: Level,
}

enum Slot {
    Charset,
    Fixed(String),
    Value,
    /// A sequence; what is wanted of its items, and whether it is left out where there is none.
    Items(DataSet, bool),
}

/// The character set that the peer asked for.
enum Wish {
    /// That in which values are kept.
    Kept,
    /// None: answers are in Latin-1.
    Latin1,
    /// One that values can be turned into.
    Other(Charset),
    /// One that holds ASCII only of what there is.
    Ascii(String),
    /// None, or one that is not known.
    Unknown,
}

impl Template {
    /// For a query whose answers go out in this transfer syntax.
    pub(crate) fn new(asked: &Asked, syntax: TransferSyntax, profile: &Profile) -> Self {
        let (query, rules) = (&asked.query, rules(profile));
        let mut slots: BTreeMap<Tag, (Vr, Slot)> = BTreeMap::new();
        for key in &query.keys {
            let hidden = rules.counts_at_own_level && is_summary(key.tag) && key.level != query.level;
            let slot = if hidden { Slot::Fixed(String::new()) } else { Slot::Value };
            slots.insert(key.tag, (vr_of(key.tag), slot));
        }
        slots.extend(asked.empty.iter().map(|(tag, vr)| (*tag, (*vr, Slot::Fixed(String::new())))));
        let left_out = rules.sequences == Sequences::FirstInstance;
        slots.extend(
            asked.sequences.iter().map(|(tag, item)| (*tag, (Vr::SQ, Slot::Items(item.clone(), left_out)))),
        );
        for tag in rules.added_tags().unwrap_or_default() {
            let value = match tag {
                tags::RETRIEVE_AE_TITLE => profile.table.ae_title.clone(),
                tags::INSTANCE_AVAILABILITY => rules.availability.clone(),
                _ => String::new(),
            };
            slots.insert(tag, (vr_of(tag), Slot::Fixed(value)));
        }
        let level = Slot::Fixed(query.level.as_str().to_owned());
        slots.insert(tags::SPECIFIC_CHARACTER_SET, (Vr::CS, Slot::Charset));
        slots.insert(tags::QUERY_RETRIEVE_LEVEL, (Vr::CS, level));
        let of_keys =
            query.keys.iter().map(|key| key.level).chain([query.level]).max().unwrap_or(query.level);
        let depth = if left_out && !asked.sequences.is_empty() { Level::Image } else { of_keys };
        let slots = slots.into_iter().map(|(tag, (vr, slot))| (tag, vr, slot)).collect();
        let (kept, term) = (profile.charset, rules.term(profile.charset).to_owned());
        Template { slots, syntax, kept, term, wish: wish(asked, profile), depth }
    }

    /// Writes the answer for a record.
    pub(crate) fn write(&self, record: &Record<'_>) -> Bytes {
        let values: Vec<Cow<'_, str>> =
            self.slots.iter().map(|(tag, _, slot)| self.value(*tag, slot, record)).collect();
        let items: Vec<Option<Vec<DataSet>>> =
            self.slots.iter().map(|(tag, _, slot)| items(*tag, slot, record)).collect();
        let within = texts_within(&items);
        let texts = || {
            let flat = self.slots.iter().zip(&values).filter(|((_, vr, _), _)| affected(*vr));
            flat.map(|(_, text)| text.as_ref()).chain(within.iter().map(String::as_str))
        };
        let ascii = texts().all(|text| text.is_ascii());
        let fits =
            |charset: Charset| ascii || texts().all(|text| charset.decode(&charset.encode(text)) == *text);
        let (charset, term): (Charset, &str) = match &self.wish {
            Wish::Kept => (self.kept, &self.term),
            Wish::Latin1 => (Charset::Latin1, Charset::Latin1.term()),
            Wish::Other(other) if fits(*other) => (*other, other.term()),
            Wish::Ascii(term) if ascii => (Charset::Default, term),
            Wish::Other(_) | Wish::Ascii(_) | Wish::Unknown if ascii => (Charset::Default, ""),
            Wish::Other(_) | Wish::Ascii(_) | Wish::Unknown => (self.kept, &self.term),
        };
        let mut out = Vec::with_capacity(256);
        for (((tag, vr, slot), text), items) in self.slots.iter().zip(&values).zip(items) {
            match slot {
                Slot::Items(_, true) if items.is_none() => {}
                Slot::Items(..) => {
                    let items = items.unwrap_or_default();
                    let mut set = DataSet::new();
                    set.put_items(*tag, items.iter().map(|i| recoded(i, Charset::Utf8, charset)).collect());
                    set.encode_into(self.syntax, &mut out);
                }
                Slot::Fixed(_) | Slot::Value if is_number(*vr) => {
                    let big = self.syntax == TransferSyntax::ExplicitBig;
                    self.element(*tag, *vr, &binary(*vr, text, big), &mut out);
                }
                Slot::Charset if term.is_empty() => {}
                Slot::Charset => self.element(*tag, *vr, term.as_bytes(), &mut out),
                Slot::Fixed(_) | Slot::Value if affected(*vr) && matches!(self.wish, Wish::Latin1) => {
                    let fitting: String = text.chars().filter(|c| u32::from(*c) < 256).collect();
                    self.element(*tag, *vr, &charset.encode(&fitting), &mut out);
                }
                Slot::Fixed(_) | Slot::Value if affected(*vr) => {
                    self.element(*tag, *vr, &charset.encode(text), &mut out);
                }
                Slot::Fixed(_) | Slot::Value => self.element(*tag, *vr, text.as_bytes(), &mut out),
            }
        }
        Bytes::from(out)
    }

    fn value<'a>(&'a self, tag: Tag, slot: &'a Slot, record: &Record<'a>) -> Cow<'a, str> {
        match slot {
            Slot::Charset | Slot::Items(..) => "".into(),
            Slot::Fixed(text) => text.as_str().into(),
            Slot::Value => record.text(tag),
        }
    }

    fn element(&self, tag: Tag, vr: Vr, value: &[u8], out: &mut Vec<u8>) {
        let odd = value.len() % 2 == 1;
        let length = u32::try_from(value.len() + usize::from(odd)).unwrap_or(u32::MAX);
        element_header(tag, vr, length, self.syntax, out);
        out.extend_from_slice(value);
        if odd {
            out.push(if vr == Vr::UI { 0 } else { b' ' });
        }
    }
}

/// The items of a sequence with what is wanted of them.
fn items(tag: Tag, slot: &Slot, record: &Record<'_>) -> Option<Vec<DataSet>> {
    let Slot::Items(wanted, _) = slot else { return None };
    let items = record.items(tag)?;
    Some(items.iter().map(|item| select(wanted, item)).collect())
}

/// The wanted attributes of an item; all when nothing is named.
fn select(wanted: &DataSet, item: &DataSet) -> DataSet {
    if wanted.is_empty() {
        return item.clone();
    }
    let named = item.iter().filter(|(tag, _)| wanted.contains(*tag));
    named
        .map(|(tag, element)| match &element.value {
            Value::Items(items) => {
                let within = wanted.items(tag).first().cloned().unwrap_or_default();
                let items = items.iter().map(|item| select(&within, item)).collect();
                (tag, Element { vr: element.vr, value: Value::Items(items) })
            }
            Value::Bytes(_) | Value::Fragments(_) => (tag, element.clone()),
        })
        .collect()
}

/// All texts of items to which a character set applies.
fn texts_within(items: &[Option<Vec<DataSet>>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting: Vec<&DataSet> = items.iter().flatten().flatten().collect();
    while let Some(item) = waiting.pop() {
        for (tag, element) in item.iter() {
            waiting.extend(item.items(tag));
            if affected(element.vr) {
                found.extend(item.text_in(tag, Charset::Utf8));
            }
        }
    }
    found
}

fn wish(asked: &Asked, profile: &Profile) -> Wish {
    match rules(profile).answers {
        Answers::Kept => return Wish::Kept,
        Answers::Latin1 => return Wish::Latin1,
        Answers::AsAsked if asked.charset == profile.charset.term() => return Wish::Kept,
        Answers::AsAsked => {}
    }
    match Charset::from_term(&asked.charset) {
        Some(Charset::Latin1) => Wish::Ascii(asked.charset.clone()),
        Some(charset @ (Charset::Gb18030 | Charset::Gbk | Charset::Utf8)) => Wish::Other(charset),
        None if SINGLE_BYTE.contains(&asked.charset.as_str()) => Wish::Ascii(asked.charset.clone()),
        Some(Charset::Default | Charset::Iso2022Gb2312) | None => Wish::Unknown,
    }
}
