//! What a DICOM product does, as a table: `dicom.toml` of a persona.

mod services;

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

pub(crate) use self::services::*;

use crate::persona;
use crate::wire::dicom::dataset::Charset;

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
