//! A behaviour table made ready for use: names become sets, syntaxes become values.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use super::behaviour::{Behaviour, whole_class};
use super::commitment::PUSH_MODEL;
use super::find::rules::Unlisted;
use super::performed::PERFORMED_STEP;
use super::worklist::WORKLIST_FIND;
use crate::archive::Level;
use crate::archive::Sending;
use crate::persona::{Behaviour as File, Fault};
use crate::wire::dicom::dataset::{Charset, Tag, TransferSyntax};

/// Verification SOP class (PS3.4 A.4).
pub(crate) const VERIFICATION: &str = "1.2.840.10008.1.1";

/// Query/retrieve information models (PS3.4 C.6): below these, `.1` finds, `.2` moves, `.3` gets.
const MODELS: [(&str, Root); 3] = [
    ("1.2.840.10008.5.1.4.1.2.1", Root::Patient),
    ("1.2.840.10008.5.1.4.1.2.2", Root::Study),
    ("1.2.840.10008.5.1.4.1.2.3", Root::PatientStudy),
];

/// Root of an information model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// Patient root.
    Patient,
    /// Study root.
    Study,
    /// Patient/study only, retired.
    PatientStudy,
}

impl Root {
    /// Its uppermost level.
    pub(crate) fn top(self) -> Level {
        match self {
            Root::Patient | Root::PatientStudy => Level::Patient,
            Root::Study => Level::Study,
        }
    }
}

/// What a query/retrieve SOP class does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// C-FIND.
    Find,
    /// C-MOVE.
    Move,
    /// C-GET.
    Get,
}

/// Model and verb of a query/retrieve SOP class.
pub(crate) fn model(sop_class: &[u8]) -> Option<(Root, Verb)> {
    MODELS.iter().find_map(|(prefix, root)| {
        let verb = match sop_class.strip_prefix(prefix.as_bytes())? {
            b".1" => Verb::Find,
            b".2" => Verb::Move,
            b".3" => Verb::Get,
            _ => return None,
        };
        Some((*root, verb))
    })
}

/// A product, ready to answer.
pub(crate) struct Profile {
    /// The table.
    pub(crate) table: Behaviour,
    /// Storage classes.
    pub(crate) storage: HashSet<Bytes>,
    /// All other classes that it offers.
    pub(crate) services: HashSet<Bytes>,
    /// Transfer syntaxes, most wanted first.
    syntaxes: Syntaxes,
    /// The same of classes that have their own.
    own_syntaxes: HashMap<Bytes, Arc<Syntaxes>>,
    /// How it keeps objects and sends them.
    pub(crate) sending: Sending,
    /// Level of each supported query key.
    pub(crate) keys: BTreeMap<Tag, Level>,
    /// Those that are answered and never compared.
    pub(crate) answered_only: BTreeSet<Tag>,
    /// Character set of what it keeps.
    pub(crate) charset: Charset,
}

/// Transfer syntaxes with their UIDs, most wanted first.
pub(crate) type Syntaxes = Vec<(Bytes, TransferSyntax)>;

impl Profile {
    /// The transfer syntaxes that it takes for a class.
    pub(crate) fn syntaxes(&self, class: &Bytes) -> &Syntaxes {
        self.own_syntaxes.get(class).map_or(&self.syntaxes, Arc::as_ref)
    }

    /// Reads and checks a table.
    ///
    /// # Errors
    /// A located fault.
    pub(crate) fn read(file: &File) -> Result<Self, Fault> {
        let table = Behaviour::read(file)?;
        let association = &table.association;
        let mut own_syntaxes = HashMap::new();
        for group in &association.group {
            let syntaxes = Arc::new(syntaxes(file, &group.transfer_syntaxes)?);
            own_syntaxes.extend(group.classes.iter().map(|uid| (whole_class(uid), Arc::clone(&syntaxes))));
        }
        let sending = table.retrieve.as_ref().map(|retrieve| retrieve.sending.clone()).unwrap_or_default();
        let sending = Sending::read(&sending).map_err(|uid| not_a_syntax(file, &uid))?;
        let query = table.query.as_ref();
        Ok(Profile {
            sending,
            storage: table.storage_classes().collect(),
            services: services(&table),
            syntaxes: syntaxes(file, &association.transfer_syntaxes)?,
            own_syntaxes,
            keys: query.and_then(|query| query.key_levels().ok()).unwrap_or_default(),
            answered_only: query.and_then(|query| query.answered_only().ok()).unwrap_or_default(),
            charset: query.and_then(|query| Charset::from_term(&query.charset)).unwrap_or_default(),
            table,
        })
    }
}

fn syntaxes(file: &File, uids: &[String]) -> Result<Syntaxes, Fault> {
    let read = |uid: &String| {
        let syntax = TransferSyntax::from_uid(uid).ok_or_else(|| not_a_syntax(file, uid))?;
        Ok((Bytes::from(uid.clone()), syntax))
    };
    uids.iter().map(read).collect()
}

fn not_a_syntax(file: &File, uid: &str) -> Fault {
    let at = file.text.find(uid).unwrap_or(0);
    Fault::at(&file.file, &file.text, at, format!("transfer syntax {uid}: expected one of PS3.5"))
}

impl Profile {
    /// What its index says of instances that stands in their headers: keys of the IMAGE level, or all
    /// when it looks into objects.
    pub(crate) fn told_of_headers(&self) -> Option<BTreeSet<Tag>> {
        let rules = self.table.query.as_ref().map(|query| &query.rules);
        if rules.is_some_and(|rules| rules.unlisted == Unlisted::FirstInstance) {
            return None;
        }
        let image = self.keys.iter().filter(|(_, level)| **level == Level::Image);
        Some(image.map(|(tag, _)| *tag).collect())
    }

    /// Whether a class that is no storage class is offered to who calls it by this AE title.
    pub(crate) fn offers(&self, class: &Bytes, called: &[u8]) -> bool {
        let title = self.table.worklist.as_ref().and_then(|table| table.title.as_deref());
        let elsewhere = *class == WORKLIST_FIND && title.is_some_and(|title| title.as_bytes() != called);
        self.services.contains(class) && !elsewhere
    }
}

fn services(table: &Behaviour) -> HashSet<Bytes> {
    let mut found: HashSet<Bytes> = table.services.accepts.iter().map(|uid| whole_class(uid)).collect();
    if table.services.verification {
        found.insert(Bytes::from_static(VERIFICATION.as_bytes()));
    }
    let others = [
        (WORKLIST_FIND, table.worklist.is_some()),
        (PERFORMED_STEP, table.performed.is_some()),
        (PUSH_MODEL, table.commitment.is_some() || table.asks_to_commit()),
    ];
    let offered = others.iter().filter(|(_, offered)| *offered);
    found.extend(offered.map(|(class, _)| Bytes::from_static(class.as_bytes())));
    let Some(query) = &table.query else { return found };
    for (prefix, root) in MODELS {
        let offered = match root {
            Root::Patient => query.roots.patient,
            Root::Study => query.roots.study,
            Root::PatientStudy => query.roots.patient_study,
        };
        let mut add = |verb: &str| {
            found.insert(Bytes::from(format!("{prefix}{verb}")));
        };
        if !offered {
            continue;
        }
        add(".1");
        if let Some(retrieve) = &table.retrieve {
            add(".2");
            if retrieve.get {
                add(".3");
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_recognised() {
        assert_eq!(model(b"1.2.840.10008.5.1.4.1.2.2.1"), Some((Root::Study, Verb::Find)));
        assert_eq!(model(b"1.2.840.10008.5.1.4.1.2.3.3"), Some((Root::PatientStudy, Verb::Get)));
        assert_eq!(model(b"1.2.840.10008.5.1.4.1.2.2.4"), None);
        assert_eq!(model(b"1.2.840.10008.5.1.4.31"), None);
    }
}
