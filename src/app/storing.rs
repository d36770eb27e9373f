//! Which store a data directory has. Commands know the data directory alone, so it is written down
//! there where the store is on a server; a config that names another is refused, for a chain must not
//! begin anew unnoticed.

use std::fs;
use std::io;

use super::Layout;
use super::exit::Exit;
use super::replace::replace;
use crate::store::{Kind, Settings, StoreError};

/// The store of a data directory, as it was written down; the embedded one where nothing was.
///
/// # Errors
/// What was written down can't be read.
pub(crate) fn recorded(layout: &Layout) -> Result<Settings, StoreError> {
    let path = layout.server();
    let fault = |error| StoreError::Io { path: path.clone(), error };
    match fs::read(&path) {
        Ok(json) => serde_json::from_slice(&json).map_err(|error| fault(io::Error::other(error))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(fault(error)),
    }
}

/// Writes down which store the data directory has.
///
/// # Errors
/// The file can't be written.
pub(crate) fn record(layout: &Layout, settings: &Settings) -> io::Result<()> {
    let path = layout.server();
    if settings.kind == Kind::Embedded {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    replace(&path, &serde_json::to_vec_pretty(settings)?)
}

/// Takes the config's store for this data directory.
///
/// # Errors
/// The evidence so far is in another kind of store, or it can't be written down.
pub(crate) fn settle(layout: &Layout, wanted: &Settings) -> Result<(), Exit> {
    let known = recorded(layout)?;
    match (known.kind, wanted.kind) {
        (Kind::Embedded, Kind::Embedded) => return Ok(()),
        (Kind::Postgres, Kind::Embedded) => {
            return Err(Exit::Usage(format!(
                "the evidence of this data directory is on {}, the config names no such [store]: \
                 name it, or move the evidence here with `honeyward store move --to embedded`",
                known.shown()
            )));
        }
        (Kind::Embedded, Kind::Postgres) if layout.database().exists() => {
            return Err(Exit::Usage(format!(
                "the evidence of this data directory is in {}, the config names {}: \
                 move it there with `honeyward store move --to postgres --config FILE`",
                layout.database().display(),
                wanted.shown()
            )));
        }
        (Kind::Embedded | Kind::Postgres, Kind::Postgres) => {}
    }
    if known == *wanted {
        return Ok(());
    }
    record(layout, wanted).map_err(|error| Exit::Could(format!("{}: {error}", layout.server().display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_does_not_begin_anew_unnoticed() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let embedded = Settings::default();
        let server = Settings { kind: Kind::Postgres, host: "db".into(), ..Settings::default() };
        assert!(settle(&layout, &embedded).is_ok());
        assert_eq!(recorded(&layout).unwrap(), embedded);
        assert!(settle(&layout, &server).is_ok());
        assert_eq!(recorded(&layout).unwrap(), server);
        let renamed = Settings { host: "db2".into(), ..server.clone() };
        assert!(settle(&layout, &renamed).is_ok(), "a server may be reached by another name");
        assert_eq!(recorded(&layout).unwrap(), renamed);
        assert!(matches!(settle(&layout, &embedded), Err(Exit::Usage(_))));
        record(&layout, &embedded).unwrap();
        fs::write(layout.database(), b"").unwrap();
        assert!(matches!(settle(&layout, &server), Err(Exit::Usage(_))));
        fs::write(layout.server(), b"{").unwrap();
        assert!(matches!(settle(&layout, &server), Err(Exit::Could(_))));
    }
}
