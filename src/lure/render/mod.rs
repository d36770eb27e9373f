//! Files of baits, as the programs that they belong to write them.

mod clinical;
mod credentials;
mod documents;

use super::token::Tokens;
use super::{Kind, Lure};
use crate::persona::Host;

/// A file to be put at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, when the place names a folder only.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Where a bait leads to.
pub(super) struct Way<'a> {
    pub(super) host: &'a Host,
    pub(super) service: &'static str,
    pub(super) port: u16,
}

impl<'a> Way<'a> {
    fn new(kind: Kind, host: &'a Host) -> Self {
        let found = kind.services().iter().find_map(|service| {
            let one = host.services.iter().find(|one| one.protocol.as_str() == *service)?;
            Some((*service, one.port))
        });
        let (service, port) = found.unwrap_or(("http", 80));
        Way { host, service, port }
    }

    /// `http://10.0.0.11/path`.
    pub(super) fn url(&self, path: &str) -> String {
        let address = self.host.address;
        match (self.service, self.port) {
            ("http", 80) | ("https", 443) => format!("{}://{address}/{path}", self.service),
            (service, port) => format!("{service}://{address}:{port}/{path}"),
        }
    }
}

pub(super) fn file(lure: &Lure, tokens: &Tokens, host: &Host) -> File {
    let way = Way::new(lure.kind, host);
    let (name, bytes) = match lure.kind {
        Kind::Database => credentials::database(&way, tokens),
        Kind::Rdp => credentials::rdp(&way, tokens),
        Kind::Script => credentials::script(&way, tokens),
        Kind::Browser => credentials::browser(&way, tokens),
        Kind::SshKey => credentials::ssh_key(tokens),
        Kind::Kubeconfig => credentials::kubeconfig(&way, tokens),
        Kind::Url => credentials::url(&way, tokens),
        Kind::Docx => documents::docx(&way, tokens),
        Kind::Xlsx => documents::xlsx(&way, tokens),
        Kind::Pdf => documents::pdf(&way, tokens, lure.minted),
        Kind::Row => clinical::row(tokens),
        Kind::Study => clinical::study(tokens, lure.minted),
        Kind::Patient => clinical::patient(tokens),
        Kind::Account => clinical::message(tokens, lure.minted),
    };
    File { name: name.to_owned(), bytes }
}
