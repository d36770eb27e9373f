//! Baits for the hospital's own machines: each is put at one place, and its use anywhere on the honeynet
//! names that place.
//!
//! A bait's tokens (an account, a password, a number, a path) are drawn from the installation's secret,
//! its number and its place: nobody can make one up, and no two places share one. Everything here is
//! computed from those; the files can be made again at any time. The detector knows a bait by its
//! tokens, in whatever text a peer sends.

mod render;
mod token;

pub use render::File;
pub use token::Tokens;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::persona::{Host, Installation};

/// What a bait is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A connection file of a database.
    Database,
    /// A saved remote desktop connection.
    Rdp,
    /// A script that maps a share.
    Script,
    /// Passwords exported from a browser.
    Browser,
    /// An SSH key with its config.
    SshKey,
    /// A Word document.
    Docx,
    /// A workbook.
    Xlsx,
    /// A PDF.
    Pdf,
    /// A row for a database.
    Row,
    /// A DICOM image of a patient who does not exist.
    Study,
    /// A patient id.
    Patient,
    /// An HL7 account number (PID-18), in a message.
    Account,
    /// A link to a page of a decoy.
    Url,
    /// A kubeconfig.
    Kubeconfig,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 14] = [
        Kind::Database,
        Kind::Rdp,
        Kind::Script,
        Kind::Browser,
        Kind::SshKey,
        Kind::Docx,
        Kind::Xlsx,
        Kind::Pdf,
        Kind::Row,
        Kind::Study,
        Kind::Patient,
        Kind::Account,
        Kind::Url,
        Kind::Kubeconfig,
    ];

    /// Its name, as the command line and the registry have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Database => "database",
            Kind::Rdp => "rdp",
            Kind::Script => "script",
            Kind::Browser => "browser",
            Kind::SshKey => "ssh_key",
            Kind::Docx => "docx",
            Kind::Xlsx => "xlsx",
            Kind::Pdf => "pdf",
            Kind::Row => "row",
            Kind::Study => "study",
            Kind::Patient => "patient",
            Kind::Account => "account",
            Kind::Url => "url",
            Kind::Kubeconfig => "kubeconfig",
        }
    }

    /// Services of which the host that it leads to must have one; the first that it has is used.
    pub fn services(self) -> &'static [&'static str] {
        match self {
            Kind::Database | Kind::Row => &["mysql", "tds", "postgres", "tns"],
            Kind::Rdp => &["rdp"],
            Kind::Script => &["smb"],
            Kind::Browser | Kind::Docx | Kind::Xlsx | Kind::Pdf | Kind::Url => &["http", "https"],
            Kind::SshKey => &["ssh"],
            Kind::Study => &["dicom"],
            Kind::Patient | Kind::Account => &["mllp"],
            Kind::Kubeconfig => &["https", "http"],
        }
    }
}

/// One bait, as the registry keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lure {
    /// Its id, as alerts name it: `L0007-k3f9`.
    pub id: String,
    /// Counts the baits of this installation from 1.
    pub serial: u32,
    /// What it is.
    pub kind: Kind,
    /// The machine that it is put on.
    pub endpoint: String,
    /// Where on that machine.
    pub path: String,
    /// The deception host that it leads to.
    pub host: String,
    /// Whatever the hospital wants to remember.
    #[serde(default)]
    pub note: String,
    /// When it was made.
    pub minted: Timestamp,
    /// When it was withdrawn; its use is no alarm from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// By what it is known in events, lower case; letters and digits only.
    pub tokens: Vec<String>,
}

/// What is wanted of a new bait.
#[derive(Debug, Clone)]
pub struct Order {
    /// What it shall be.
    pub kind: Kind,
    /// The machine that it is put on.
    pub endpoint: String,
    /// Where on that machine.
    pub path: String,
    /// Whatever the hospital wants to remember.
    pub note: String,
}

impl Lure {
    /// Makes a bait that leads to a host.
    pub fn mint(key: &Installation, serial: u32, order: Order, host: &Host, now: Timestamp) -> Self {
        let place = format!("{}\u{1f}{}", order.endpoint, order.path);
        let tokens = Tokens::new(key, serial, order.kind, &place);
        Lure {
            id: format!("L{serial:04}-{}", tokens.check()),
            serial,
            kind: order.kind,
            endpoint: order.endpoint,
            path: order.path,
            host: host.name.clone(),
            note: order.note,
            minted: now,
            revoked: None,
            tokens: tokens.known(order.kind),
        }
    }

    /// Where it was put, for people.
    pub fn place(&self) -> String {
        format!("{}: {}", self.endpoint, self.path)
    }

    /// Its file, made again.
    pub fn file(&self, key: &Installation, host: &Host) -> File {
        let place = format!("{}\u{1f}{}", self.endpoint, self.path);
        render::file(self, &Tokens::new(key, self.serial, self.kind, &place), host)
    }
}

#[cfg(test)]
mod tests;
