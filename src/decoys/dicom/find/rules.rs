//! How a product queries, as a table: `[query.rules]` of a persona's `dicom.toml`. What is left out
//! is as DCMTK's archive has it.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use serde::Deserialize;

use crate::archive::{Case, Manner};
use crate::wire::dicom::command::Command;
use crate::wire::dicom::dataset::{Charset, Tag, Vr, tags};

/// Longest Error Comment (PS3.7 E.1-2): 64 characters.
const MAX_COMMENT: usize = 64;

/// The rules of a product's queries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rules {
    /// Keys of all levels down to the asked one take part, else only the unique ones above it.
    pub(crate) all_levels: bool,
    /// Unique keys above the level may be missing, and the level may be above its model.
    pub(crate) lenient: bool,
    /// How text is compared.
    pub(crate) text: Text,
    /// Whether case counts in names.
    pub(crate) name_case: Letters,
    /// Whether case counts in all other text.
    pub(crate) text_case: Letters,
    /// Component groups of names are compared each by itself.
    pub(crate) name_groups: bool,
    /// Each of several values is compared.
    pub(crate) each_value: bool,
    /// What becomes of keys that the table does not list.
    pub(crate) unlisted: Unlisted,
    /// What becomes of sequences.
    pub(crate) sequences: Sequences,
    /// When a range of dates and one of times are one range of moments.
    pub(crate) combined: Combined,
    /// Keys of levels below the asked one are answered from the first instance, else empty.
    pub(crate) first_instance: bool,
    /// Such keys are compared with it too.
    pub(crate) first_instance_matches: bool,
    /// Counts and summaries are told at their own level only.
    pub(crate) counts_at_own_level: bool,
    /// Attributes that every answer has, asked for or not, as keywords.
    pub(crate) added: Vec<String>,
    /// Value of Instance Availability where it is added.
    pub(crate) availability: String,
    /// Character set of answers.
    pub(crate) answers: Answers,
    /// Refusals say why, as dcm4che's toolkit does.
    pub(crate) comments: bool,
    /// What (0008,0005) says of the kept text when it is not true: the field's usual defect.
    pub(crate) declared: Option<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            all_levels: false,
            lenient: false,
            text: Text::Bytes,
            name_case: Letters::Exact,
            text_case: Letters::Exact,
            name_groups: false,
            each_value: false,
            unlisted: Unlisted::LeftOut,
            sequences: Sequences::LeftOut,
            combined: Combined::Never,
            first_instance: true,
            first_instance_matches: false,
            counts_at_own_level: false,
            added: vec!["RetrieveAETitle".to_owned()],
            availability: "ONLINE".to_owned(),
            answers: Answers::AsAsked,
            comments: false,
            declared: None,
        }
    }
}

/// How text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Text {
    /// In the bytes of the kept character set when the peer uses it too, else in UTF-8: DCMTK.
    Bytes,
    /// In characters, whatever set the peer uses.
    Characters,
}

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Letters {
    /// It does.
    Exact,
    /// It doesn't.
    Folded,
    /// It doesn't where the key has no lower-case letter: dcm4chee.
    FoldedIfUpper,
}

/// What becomes of keys that the table does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unlisted {
    /// They are left out.
    LeftOut,
    /// They are answered empty and match everything.
    Empty,
    /// They are answered from, and compared with, the first instance: Orthanc.
    FirstInstance,
}

/// What becomes of sequences among the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sequences {
    /// They are left out.
    LeftOut,
    /// They are answered whole from the first instance, or left out where it has none, and match
    /// everything: Orthanc.
    FirstInstance,
    /// Those that are listed are compared key by key, and what was asked for of them is answered:
    /// dcm4chee.
    Compared,
}

/// When a range of dates and one of times are one range of moments (PS3.4 C.2.2.2.5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Combined {
    /// Never.
    Never,
    /// When the association agreed on it.
    Negotiated,
}

/// Character set of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answers {
    /// As the peer asked where it fits, else as kept.
    AsAsked,
    /// As kept.
    Kept,
    /// Latin-1; characters that it lacks are dropped.
    #[serde(rename = "ISO_IR 100")]
    Latin1,
}

impl Rules {
    /// How a key of this representation is compared.
    pub(crate) fn manner(&self, vr: Vr) -> Manner {
        let letters = match vr {
            Vr::PN => self.name_case,
            Vr::LO | Vr::SH | Vr::CS | Vr::LT | Vr::ST | Vr::UC | Vr::UT => self.text_case,
            _ => Letters::Exact,
        };
        let case = match letters {
            Letters::Exact => Case::Exact,
            Letters::Folded => Case::Folded,
            Letters::FoldedIfUpper => Case::FoldedIfUpper,
        };
        Manner { case, groups: self.name_groups, each: self.each_value }
    }

    /// Tags of the added attributes.
    ///
    /// # Errors
    /// The keyword that is not one of PS3.6.
    pub(crate) fn added_tags(&self) -> Result<Vec<Tag>, String> {
        let tag = |word: &String| {
            let entry = StandardDataDictionary.by_name(word).ok_or_else(|| word.clone())?;
            Ok(entry.tag_range().inner())
        };
        self.added.iter().map(tag).collect()
    }

    /// What (0008,0005) says of text that is kept in this character set.
    pub(crate) fn term(&self, kept: Charset) -> &str {
        self.declared.as_deref().unwrap_or(kept.term())
    }

    /// The character set that keys are read in: the one they name, or what the product takes for
    /// text of none or an unknown one.
    pub(crate) fn reading(&self, term: &str, kept: Charset) -> Charset {
        let named = Charset::from_term(term).filter(|charset| *charset != Charset::Default);
        let otherwise = match self.answers {
            Answers::AsAsked | Answers::Kept => kept,
            Answers::Latin1 => Charset::Latin1,
        };
        if self.declared.as_deref() == Some(term) { kept } else { named.unwrap_or(otherwise) }
    }
}

/// Why an identifier is refused, for products that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The element that is missing or wrong.
    pub(crate) tag: Tag,
    /// Its value, when it is wrong.
    pub(crate) value: Option<String>,
}

impl Reason {
    /// The response to a request that is refused for it.
    pub(crate) fn response(&self, request: &Command, status: u16) -> Command {
        let name = StandardDataDictionary.by_tag(self.tag).map_or("", |entry| entry.alias());
        let (group, element) = (self.tag.group(), self.tag.element());
        let mut comment = match &self.value {
            None => format!("Missing {name} ({group:04X},{element:04X})"),
            Some(value) => format!("Invalid {name} ({group:04X},{element:04X}) - {value}"),
        };
        comment.truncate(comment.floor_char_boundary(MAX_COMMENT));
        let mut response = request.response(status);
        response.sop_class = None;
        response.offending = Some(self.tag);
        response.comment = Some(comment.into());
        response
    }
}

/// Whether an attribute is a count or summary that no object has (PS3.4 C.3.4).
pub(super) fn is_summary(tag: Tag) -> bool {
    [
        tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
        tags::NUMBER_OF_PATIENT_RELATED_SERIES,
        tags::NUMBER_OF_PATIENT_RELATED_INSTANCES,
        tags::NUMBER_OF_STUDY_RELATED_SERIES,
        tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
        tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
        tags::MODALITIES_IN_STUDY,
        tags::SOP_CLASSES_IN_STUDY,
    ]
    .contains(&tag)
}
