//! The services of a table: how a product queries, retrieves and stores.

use std::collections::{BTreeMap, BTreeSet};

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use serde::Deserialize;

use crate::archive::SendingTable;
use crate::archive::{Duplicates, Level};
use crate::decoys::dicom::find::rules::Rules;
use crate::persona::{Pack, Protocol, Transport};
use crate::session::Destination;
use crate::wire::dicom::dataset::Tag;

/// Query.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Statuses of C-FIND.
    pub(crate) find_status: FindStatus,
    /// Information models.
    pub(crate) roots: Roots,
    /// Specific Character Set of what it keeps.
    pub(crate) charset: String,
    /// Keys by level, as keywords of PS3.6; others are left out of answers.
    pub(crate) keys: Keys,
    /// How many days back its studies are at hand.
    pub(crate) online_days: u32,
    /// One in so many of the hospital's studies is in it.
    #[serde(default = "every")]
    pub(crate) one_in: u32,
    /// How it queries.
    #[serde(default)]
    pub(crate) rules: Rules,
}

fn every() -> u32 {
    1
}

/// Statuses of C-FIND (PS3.4 C.4.1.1.4).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindStatus {
    /// Query/Retrieve Level is missing or empty.
    pub(crate) no_level: u16,
    /// Query/Retrieve Level is none.
    pub(crate) bad_level: u16,
    /// A unique key above the level is missing, or the level is above the model's root.
    pub(crate) missing_key: u16,
    /// SOP class of the command is no query model.
    pub(crate) sop_class: u16,
    /// Cancelled by the peer.
    pub(crate) cancelled: u16,
}

/// Which information models exist (PS3.4 C.6).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roots {
    /// Patient root.
    pub(crate) patient: bool,
    /// Study root.
    pub(crate) study: bool,
    /// Patient/study only, retired.
    pub(crate) patient_study: bool,
}

/// Keywords by level.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// PATIENT.
    pub(crate) patient: Vec<String>,
    /// STUDY.
    pub(crate) study: Vec<String>,
    /// SERIES.
    pub(crate) series: Vec<String>,
    /// IMAGE.
    pub(crate) image: Vec<String>,
    /// Those of them that are answered and never compared.
    #[serde(default)]
    pub(crate) answered_only: Vec<String>,
}

/// Retrieve.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retrieve {
    /// Whether C-GET is offered beside C-MOVE.
    pub(crate) get: bool,
    /// Whether an unknown destination is told before anything is looked for.
    #[serde(default)]
    pub(crate) destination_first: bool,
    /// Least time between two pending responses of a C-MOVE, milliseconds; 0 tells after each
    /// sub-operation.
    #[serde(default)]
    pub(crate) move_pending_ms: u32,
    /// Statuses.
    pub(crate) status: RetrieveStatus,
    /// Transfer syntaxes of what it sends.
    #[serde(default)]
    pub(crate) sending: SendingTable,
    /// Move destinations.
    #[serde(default)]
    pub(crate) peer: Vec<Peer>,
}

/// Statuses of C-GET and C-MOVE (PS3.4 C.4.2.1.5, C.4.3.1.4).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetrieveStatus {
    /// Query/Retrieve Level is missing or empty.
    pub(crate) no_level: u16,
    /// Query/Retrieve Level is none.
    pub(crate) bad_level: u16,
    /// SOP class of the command is no retrieve model.
    pub(crate) sop_class: u16,
    /// Cancelled by the peer.
    pub(crate) cancelled: u16,
    /// No sub-operation succeeded.
    pub(crate) all_failed: u16,
    /// Some did not.
    pub(crate) some_failed: u16,
    /// Move destination unknown.
    pub(crate) unknown_destination: u16,
    /// More matches than can be held.
    pub(crate) too_many: u16,
    /// Nothing matches.
    #[serde(default)]
    pub(crate) no_match: u16,
    /// A unique key above the level is missing.
    #[serde(default)]
    pub(crate) missing_key: u16,
    /// Move destination is known but can't be reached; all sub-operations fail when absent.
    #[serde(default)]
    pub(crate) unreachable: Option<u16>,
}

/// A move destination.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    /// Its AE title.
    pub(crate) ae_title: String,
    /// The deception host that answers to it by DICOM.
    pub(crate) host: String,
    /// Its port there; the host's first DICOM service when absent.
    #[serde(default)]
    pub(crate) port: Option<u16>,
}

impl Peer {
    /// Where it is, when the pack has such a service.
    pub(crate) fn destination(&self, pack: &Pack) -> Option<Destination> {
        let (_, service) = match self.port {
            Some(port) => pack.service_at(&self.host, Transport::Tcp, port)?,
            None => pack.service(&self.host, Protocol::Dicom)?,
        };
        let dicom = service.protocol == Protocol::Dicom;
        dicom.then(|| Destination { host: self.host.clone(), port: service.port })
    }
}

/// Storage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    /// What becomes of an object whose SOP Instance UID is there already.
    #[serde(default)]
    pub(crate) duplicates: Duplicates,
    /// Whether a command with a SOP class that is no storage class is refused.
    pub(crate) checks_sop_class: bool,
    /// Statuses.
    pub(crate) status: StoreStatus,
}

/// Statuses of C-STORE (PS3.4 B.2.3).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreStatus {
    /// Kept.
    pub(crate) ok: u16,
    /// SOP class not supported.
    pub(crate) sop_class: u16,
    /// Data set and command don't name the same SOP class or instance.
    pub(crate) mismatch: u16,
    /// Data set names no SOP class or instance.
    pub(crate) not_understood: u16,
    /// Data set is empty.
    pub(crate) empty: u16,
    /// Data set can't be read; absent: the product breaks off.
    pub(crate) unreadable: Option<u16>,
    /// There is no room left (PS3.4 B.2.3: A7xx).
    #[serde(default = "out_of_resources")]
    pub(crate) full: u16,
    /// Data set names no study or series; kept but not found when it is success.
    #[serde(default)]
    pub(crate) unplaced: u16,
}

/// Refused: Out of Resources.
fn out_of_resources() -> u16 {
    0xA700
}

impl Query {
    /// Keys that are answered and never compared.
    ///
    /// # Errors
    /// The keyword that is not one of PS3.6.
    pub(crate) fn answered_only(&self) -> Result<BTreeSet<Tag>, String> {
        let tag = |word: &String| {
            let entry = StandardDataDictionary.by_name(word).ok_or_else(|| word.clone())?;
            Ok(entry.tag_range().inner())
        };
        self.keys.answered_only.iter().map(tag).collect()
    }

    /// The level of each supported key.
    ///
    /// # Errors
    /// The keyword that is not one of PS3.6.
    pub(crate) fn key_levels(&self) -> Result<BTreeMap<Tag, Level>, String> {
        let keys = &self.keys;
        let levels = [
            (Level::Patient, &keys.patient),
            (Level::Study, &keys.study),
            (Level::Series, &keys.series),
            (Level::Image, &keys.image),
        ];
        let all = levels.into_iter().flat_map(|(level, words)| words.iter().map(move |w| (w, level)));
        all.map(|(word, level)| {
            let entry = StandardDataDictionary.by_name(word).ok_or_else(|| word.clone())?;
            Ok((entry.tag_range().inner(), level))
        })
        .collect()
    }
}
