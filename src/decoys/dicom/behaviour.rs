//! What a DICOM product does, as a table: `dicom.toml` of a persona.

mod layer;
mod services;

use bytes::Bytes;
use serde::Deserialize;

pub(crate) use self::layer::*;
pub(crate) use self::services::*;

use super::commitment::CommitmentTable;
use super::console::ConsoleTable;
use super::performed::PerformedTable;
use super::worklist::WorklistTable;
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
    /// Modality worklist.
    pub(crate) worklist: Option<WorklistTable>,
    /// Modality performed procedure steps.
    pub(crate) performed: Option<PerformedTable>,
    /// Storage commitment.
    pub(crate) commitment: Option<CommitmentTable>,
    /// What a console does of its own accord; none for those that only answer.
    pub(crate) console: Option<ConsoleTable>,
}

/// What it offers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Services {
    /// Verification.
    pub(crate) verification: bool,
    /// Whether a C-CANCEL that comes late is ignored; else it is a violation.
    pub(crate) cancel: bool,
    /// Whether a command is served whatever fields it lacks, and its data set read where none
    /// belongs; else both are violations.
    #[serde(default)]
    pub(crate) lenient: bool,
    /// Statuses of a product that looks a command's SOP class up before it serves it; absent: the
    /// command's field alone decides.
    pub(crate) registry: Option<Registry>,
    /// Calling AE titles that may query and retrieve, others are broken off; absent: all may.
    pub(crate) callers: Option<Vec<String>>,
    /// Other classes that it accepts in a proposal.
    #[serde(default)]
    pub(crate) accepts: Vec<String>,
    /// Storage classes, whole or below 1.2.840.10008.5.1.4.
    pub(crate) storage: Vec<String>,
}

/// Statuses of a product that looks SOP classes up (PS3.7 annex C).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registry {
    /// The command names no SOP class.
    pub(crate) no_class: u16,
    /// A composite command for a class that it doesn't serve.
    pub(crate) unknown_class: u16,
    /// A normalized command for a class that it doesn't serve.
    pub(crate) unknown_normalized: u16,
    /// The class has no such operation.
    pub(crate) unknown_operation: u16,
}

impl Behaviour {
    /// Whether it is a console that has others keep its images, and hears of it.
    pub(crate) fn asks_to_commit(&self) -> bool {
        self.console.as_ref().is_some_and(|console| console.commitment.is_some())
    }

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
        if let Some(console) = &table.console
            && Charset::from_term(&console.charset).is_none()
        {
            return Err(fault("[console]", format!("charset \"{}\" is not supported", console.charset)));
        }
        if let Some(query) = &table.query {
            if Charset::from_term(&query.charset).is_none() {
                return Err(fault("charset", format!("charset \"{}\" is not supported", query.charset)));
            }
            if let Err(keyword) = query.key_levels().and(query.answered_only()).and(query.rules.added_tags())
            {
                return Err(fault(&keyword, format!("\"{keyword}\" is no keyword of PS3.6")));
            }
        }
        Ok(table)
    }

    /// Whether it serves a command with a data set that is no object.
    pub(crate) fn reads_identifiers(&self) -> bool {
        let others = self.worklist.is_some() || self.performed.is_some() || self.commitment.is_some();
        self.query.is_some() || others
    }

    /// The storage classes, whole.
    pub(crate) fn storage_classes(&self) -> impl Iterator<Item = Bytes> + '_ {
        self.services.storage.iter().map(|uid| whole_class(uid))
    }
}

/// A SOP class of a table, which may leave the usual root out.
pub(crate) fn whole_class(uid: &str) -> Bytes {
    let whole = uid.starts_with("1.2.840.") || uid.starts_with("1.3.");
    if whole { uid.to_owned() } else { format!("{SOP_CLASS_ROOT}{uid}") }.into()
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
