//! Where a store is: which engine, and how it is reached.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::engine::{Reading, Receiving, Writing};
use super::{StoreError, postgres, sqlite};

/// The port that PostgreSQL has by default.
const PORT: u16 = 5432;

/// Longest name of a schema: PostgreSQL cuts longer ones.
const SCHEMA: usize = 63;

/// Which engine keeps the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// SQLite in the data directory.
    #[default]
    Embedded,
    /// A PostgreSQL server.
    Postgres,
}

/// Whether the server is spoken to through TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Always; the server must show a certificate of `ca` for its name.
    #[default]
    Require,
    /// Never.
    Off,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which engine.
    pub kind: Kind,
    /// Name or address of the server, or the folder of its Unix socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database, which is there already.
    pub database: String,
    /// The schema in it, made at the first start: one per appliance.
    pub schema: String,
    /// Who logs in.
    pub user: String,
    /// A file whose first line is the password; none where the server asks for none.
    pub password_file: Option<PathBuf>,
    /// TLS.
    pub tls: Tls,
    /// Certificates (PEM) that the server's must come from.
    pub ca: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            kind: Kind::Embedded,
            host: String::new(),
            port: PORT,
            database: "honeyward".into(),
            schema: "honeyward".into(),
            user: "honeyward".into(),
            password_file: None,
            tls: Tls::Require,
            ca: None,
        }
    }
}

impl Settings {
    /// What is wrong, with the key that it is about.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        if self.kind == Kind::Embedded {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let mut fault = |key, problem: &str| faults.push((key, format!("{key}: {problem}")));
        if self.host.is_empty() {
            fault("kind", "\"postgres\" needs host: expected the server's name or address");
        }
        if self.port == 0 {
            fault("port", "expected 1 to 65535");
        }
        for (key, value) in [("database", &self.database), ("user", &self.user)] {
            if value.is_empty() || value.contains('\0') {
                fault(key, "expected a name");
            }
        }
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let starts = self.schema.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !starts || self.schema.len() > SCHEMA || !self.schema.chars().all(is_plain) {
            fault("schema", "expected lower-case letters, digits and _, at most 63, not a digit first");
        }
        match (self.tls, self.host.starts_with('/'), &self.ca) {
            (Tls::Require, true, _) => {
                fault("host", "a Unix socket has no TLS: add tls = \"off\"");
            }
            (Tls::Require, false, None) => {
                fault("host", "TLS needs ca, the certificate that the server's comes from; or tls = \"off\"");
            }
            (Tls::Off, _, Some(_)) => fault("ca", "has no use with tls = \"off\""),
            (Tls::Require, false, Some(_)) | (Tls::Off, _, None) => {}
        }
        faults
    }

    /// What is wrong with the files that it names, as far as it can be seen without the server.
    ///
    /// # Errors
    /// One can't be read, or is not what it should be.
    pub fn check_files(&self) -> Result<(), String> {
        match self.kind {
            Kind::Embedded => Ok(()),
            Kind::Postgres => postgres::check_files(self),
        }
    }

    /// How it is named to people: without the password, which it does not hold.
    pub fn shown(&self) -> String {
        format!("{}@{}:{}/{} ({})", self.user, self.host, self.port, self.database, self.schema)
    }
}

/// Where a store is. Copies share the connections of their readers.
#[derive(Debug, Clone)]
pub struct Place(Which);

#[derive(Debug, Clone)]
enum Which {
    File(PathBuf),
    Server(Arc<postgres::Pool>),
}

impl Place {
    /// The place that the settings name; `file` is that of the embedded one.
    pub fn new(settings: &Settings, file: &Path) -> Self {
        Place(match settings.kind {
            Kind::Embedded => Which::File(file.to_owned()),
            Kind::Postgres => Which::Server(Arc::new(postgres::Pool::new(settings.clone()))),
        })
    }

    /// How it is named to people.
    pub fn shown(&self) -> String {
        match &self.0 {
            Which::File(path) => path.display().to_string(),
            Which::Server(pool) => pool.settings().shown(),
        }
    }

    pub(super) fn writer(&self) -> Result<Box<dyn Writing>, StoreError> {
        Ok(match &self.0 {
            Which::File(path) => Box::new(sqlite::Writer::open(path)?),
            Which::Server(pool) => Box::new(postgres::Writer::open(pool.settings().clone())?),
        })
    }

    /// Keeps others from writing as long as what it gives lives. A file's writers are kept away by the
    /// lock of its data directory.
    pub(super) fn hold(&self) -> Result<Option<postgres::Held>, StoreError> {
        match &self.0 {
            Which::File(_) => Ok(None),
            Which::Server(pool) => postgres::Held::take(pool.settings()).map(Some),
        }
    }

    /// Takes a store that is moved here from there: for the first time, or to go on with it.
    pub(super) fn receiver(&self, from: &str) -> Result<Box<dyn Receiving>, StoreError> {
        Ok(match &self.0 {
            Which::File(path) => Box::new(sqlite::Receiver::open(path)?),
            Which::Server(pool) => Box::new(postgres::Receiver::open(pool.settings().clone(), from)?),
        })
    }

    pub(super) fn reader(&self) -> Result<Box<dyn Reading>, StoreError> {
        Ok(match &self.0 {
            Which::File(path) => Box::new(sqlite::Looking::open(path)?),
            Which::Server(pool) => Box::new(postgres::Looking::new(pool.clone())),
        })
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Place(Which::File(path.to_owned()))
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Self {
        Place(Which::File(path.clone()))
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(settings: &Settings) -> Vec<&'static str> {
        settings.faults().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_is_missing_is_said() {
        let embedded = Settings::default();
        assert_eq!(keys(&embedded), [] as [&str; 0]);
        let bare = Settings { kind: Kind::Postgres, ..Settings::default() };
        assert_eq!(keys(&bare), ["kind", "host"]);
        let host = Settings { host: "db.hospital.local".into(), ..bare };
        assert_eq!(keys(&host), ["host"], "no authority");
        assert_eq!(keys(&Settings { ca: Some("ca.pem".into()), ..host.clone() }), [] as [&str; 0]);
        let off = Settings { tls: Tls::Off, ..host };
        assert_eq!(keys(&off), [] as [&str; 0]);
        assert_eq!(keys(&Settings { ca: Some("ca.pem".into()), ..off.clone() }), ["ca"]);
        assert_eq!(keys(&Settings { schema: "a; DROP".into(), ..off.clone() }), ["schema"]);
        assert_eq!(keys(&Settings { port: 0, user: String::new(), ..off.clone() }), ["port", "user"]);
        let socket = Settings { host: "/run/postgresql".into(), ..off };
        assert_eq!(keys(&socket), [] as [&str; 0]);
        assert_eq!(keys(&Settings { tls: Tls::Require, ..socket }), ["host"]);
    }
}
