//! What a DICOM product does, as a table: `dicom.toml` of a persona.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use serde::Deserialize;

use super::find::rules::Rules;
use super::retrieve::sending::SendingTable;
use crate::archive::Level;
use crate::persona::{self, Pack, Protocol};
use crate::session::Destination;
use crate::wire::dicom::dataset::{Charset, Tag};

/// Root of the SOP classes that a table may shorten.
const SOP_CLASS_ROOT: &str = "1.2.840.10008.5.1.4.";

/// One product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Product and version, for people.
    pub(crate) product: String,
    /// Its own AE title.
    pub(crate) ae_title: String,
    /// How it names itself in associations and files.
    pub(crate) implementation: Implementation,
    /// How it uses its connection.
    pub(crate) network: Network,
    /// How long it waits.
    pub(crate) timers: Timers,
    /// How it negotiates.
    pub(crate) association: Association,
    /// How it breaks off.
    pub(crate) abort: Abort,
    /// What it offers.
    pub(crate) services: Services,
    /// Query; none for a mere storage provider.
    pub(crate) query: Option<Query>,
    /// Retrieve; needs `query`.
    pub(crate) retrieve: Option<Retrieve>,
    /// Storage.
    pub(crate) store: Store,
}

/// Implementation class UID and version name (PS3.7 D.3.3.2).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Implementation {
    /// Class UID.
    pub(crate) uid: String,
    /// Version name.
    pub(crate) version: String,
}

/// How it uses its connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    /// Nagle's algorithm stays on.
    pub(crate) nagle: bool,
    /// How it cuts P-DATA into writes.
    pub(crate) segmentation: Segmentation,
    /// Largest PDU that it takes, bytes, as it announces.
    pub(crate) max_pdu: u32,
    /// Largest PDU that it sends whatever the peer takes, bytes.
    pub(crate) max_send_pdu: u32,
    /// Largest A-ASSOCIATE-RQ that it reads, bytes.
    pub(crate) largest_request: u32,
}

/// How P-DATA becomes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Segmentation {
    /// The 12 bytes of PDU and PDV header, then the rest: DCMTK.
    HeaderApart,
    /// Each PDU by one write.
    Whole,
}

/// How long it waits, in milliseconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timers {
    /// From accept to the header of the first PDU (ARTIM, PS3.8 9.1.5).
    pub(crate) first_pdu_ms: u64,
    /// Between two pieces of a PDU's body.
    pub(crate) body_ms: u64,
    /// For the next PDU of an association.
    pub(crate) idle_ms: u64,
    /// The two before vary by up to this much more.
    pub(crate) spread_ms: u64,
    /// For the peer's close after an A-ABORT.
    pub(crate) after_abort_ms: u64,
    /// For the peer's close after an A-RELEASE-RP.
    pub(crate) after_release_ms: u64,
}

impl Timers {
    /// A time of the table.
    pub(crate) fn of(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }
}

/// How it negotiates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Association {
    /// Which called AE titles it takes.
    pub(crate) called: Called,
    /// In which order its answer lists presentation contexts.
    pub(crate) order: Order,
    /// Whether it grants the roles proposed for storage classes, as C-GET needs.
    pub(crate) role_selection: bool,
    /// Transfer syntaxes that it takes, most wanted first.
    pub(crate) transfer_syntaxes: Vec<String>,
    /// Result for a storage class that it knows in syntaxes that it doesn't.
    pub(crate) unsupported_storage: u8,
    /// How it says no.
    pub(crate) refusals: Refusals,
}

/// Which called AE titles are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Called {
    /// Its own.
    Own,
    /// Any that is not empty.
    Any,
}

/// Order of presentation contexts in an A-ASSOCIATE-AC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// As proposed.
    Proposed,
    /// Accepted storage classes before all others.
    StorageFirst,
}

/// Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 table 9-21).
pub(crate) type Refusal = [u8; 3];

/// How it says no.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusals {
    /// Called AE title not recognised.
    pub(crate) called: Refusal,
    /// Application context not supported.
    pub(crate) application_context: Refusal,
    /// Protocol version not supported.
    pub(crate) version: Refusal,
    /// How long it waits for the peer's close, milliseconds; 0 closes at once.
    pub(crate) linger_ms: u64,
}

/// Source and reason of an A-ABORT (PS3.8 table 9-26).
pub(crate) type AbortCode = [u8; 2];

/// How it breaks off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Abort {
    /// The first PDU is a known one but no A-ASSOCIATE-RQ.
    pub(crate) first: AbortCode,
    /// A PDU that has no place in an open association.
    pub(crate) unexpected: AbortCode,
    /// Anything else that it can't go on with.
    pub(crate) violation: AbortCode,
    /// A P-DATA-TF above its maximum length; sent one after another.
    pub(crate) oversized: Vec<AbortCode>,
}

/// What it offers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Services {
    /// Verification.
    pub(crate) verification: bool,
    /// Whether a C-CANCEL that comes late is ignored; else it is a violation.
    pub(crate) cancel: bool,
    /// Storage classes, whole or below 1.2.840.10008.5.1.4.
    pub(crate) storage: Vec<String>,
}

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
    /// How it queries.
    #[serde(default)]
    pub(crate) rules: Rules,
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
            Some(port) => pack.service_at(&self.host, port)?,
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

/// What becomes of an object whose SOP Instance UID is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Duplicates {
    /// The new one takes its place.
    #[default]
    Replaced,
    /// The old one stays; the answer is success.
    Kept,
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

impl Behaviour {
    /// Reads and checks a table.
    ///
    /// # Errors
    /// A located fault.
    pub(crate) fn read(file: &persona::Behaviour) -> Result<Self, persona::Fault> {
        let table: Behaviour = file.parse()?;
        let fault = |word: &str, problem: String| {
            persona::Fault::at(&file.file, &file.text, file.text.find(word).unwrap_or(0), problem)
        };
        if !(1..=16).contains(&table.ae_title.len()) {
            return Err(fault("ae_title", "ae_title: expected 1 to 16 characters".into()));
        }
        if !(4096..=262_144).contains(&table.network.max_pdu) {
            return Err(fault("max_pdu", "max_pdu: expected 4096 to 262144".into()));
        }
        if table.association.transfer_syntaxes.is_empty() {
            return Err(fault("transfer_syntaxes", "transfer_syntaxes: expected at least one".into()));
        }
        if table.retrieve.is_some() && table.query.is_none() {
            return Err(fault("[retrieve]", "retrieve needs a query table".into()));
        }
        if let Some(query) = &table.query {
            if Charset::from_term(&query.charset).is_none() {
                return Err(fault("charset", format!("charset \"{}\" is not supported", query.charset)));
            }
            if let Err(keyword) = query.key_levels().and(query.rules.added_tags()) {
                return Err(fault(&keyword, format!("\"{keyword}\" is no keyword of PS3.6")));
            }
        }
        Ok(table)
    }

    /// The storage classes, whole.
    pub(crate) fn storage_classes(&self) -> impl Iterator<Item = Bytes> + '_ {
        self.services.storage.iter().map(|uid| {
            if uid.starts_with("1.2.840.") { uid.clone() } else { format!("{SOP_CLASS_ROOT}{uid}") }.into()
        })
    }
}

impl Query {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::PackFiles;

    fn table(text: &str) -> persona::Behaviour {
        persona::Behaviour { file: "dicom.toml".into(), text: text.into() }
    }

    fn shipped(host: &str) -> String {
        let files = PackFiles::embedded("chenglan").unwrap();
        files.text(&format!("{host}/dicom.toml")).unwrap().to_owned()
    }

    #[test]
    fn shipped_tables_are_whole() {
        let pacs = Behaviour::read(&table(&shipped("pacs"))).unwrap();
        assert_eq!(pacs.storage_classes().count(), 186);
        assert_eq!(pacs.query.unwrap().key_levels().unwrap().len(), 28);
        let his = Behaviour::read(&table(&shipped("his"))).unwrap();
        assert!(his.query.is_none());
    }

    #[test]
    fn faults_have_their_line() {
        let wrong = shipped("pacs").replace("\"PatientSex\"", "\"PatientSox\"");
        let fault = Behaviour::read(&table(&wrong)).unwrap_err();
        assert!(fault.line.is_some_and(|line| line > 1), "{fault}");
        assert!(fault.problem.contains("PatientSox"), "{fault}");
        let wrong = shipped("pacs").replace("max_pdu = 16384", "max_pdu = 5");
        assert!(Behaviour::read(&table(&wrong)).unwrap_err().problem.contains("4096"));
        let wrong = shipped("pacs").replace("nagle = true", "nagel = true");
        assert!(Behaviour::read(&table(&wrong)).unwrap_err().problem.contains("nagel"));
    }
}
