//! Empty stores of both engines for the tests.

use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::database_server::DatabaseServer;
use super::place::{Kind, Place, Settings, Tls};
use super::{Known, Reader, Verified, postgres};

/// A place for one store.
pub(super) struct Rig {
    _folder: TempDir,
    pub(super) place: Place,
    pub(super) settings: Settings,
}

/// One of each engine.
pub(super) fn both() -> [Rig; 2] {
    [Rig::embedded(), Rig::server()]
}

impl Rig {
    pub(super) fn embedded() -> Self {
        Self::of(Settings::default())
    }

    pub(super) fn server() -> Self {
        Self::of(on_server(DatabaseServer::shared()))
    }

    pub(super) fn of(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(&settings, &folder.path().join("honeyward.db"));
        Rig { _folder: folder, place, settings }
    }

    pub(super) fn is_server(&self) -> bool {
        self.settings.kind == Kind::Postgres
    }

    pub(super) fn reader(&self) -> Reader {
        Reader::open(&self.place).unwrap()
    }

    pub(super) fn verify(&self) -> Verified {
        self.reader().verify(&Known::default(), |_, _| {}).unwrap()
    }

    /// Bytes as a statement has them.
    pub(super) fn bytes(&self, hex: &str) -> String {
        if self.is_server() { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") }
    }

    /// Text as a statement has it, also text that is none.
    pub(super) fn text(&self, bytes: &[u8]) -> String {
        let hex = hex::encode(bytes);
        if self.is_server() {
            format!("convert_from('\\x{hex}', 'UTF8')")
        } else {
            format!("CAST(x'{hex}' AS TEXT)")
        }
    }

    /// What somebody with every right does to the store.
    pub(super) fn tamper(&self, sql: &str) {
        if self.is_server() {
            postgres::run(&self.settings, sql).unwrap();
        } else {
            rusqlite::Connection::open(self.place.shown()).unwrap().execute_batch(sql).unwrap();
        }
    }
}

/// A schema of its own on a server.
pub(super) fn on_server(server: &DatabaseServer) -> Settings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    Settings {
        kind: Kind::Postgres,
        host: server.socket().display().to_string(),
        port: server.port(),
        database: "postgres".into(),
        schema: format!("store_{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        password_file: Some(server.password_file()),
        tls: Tls::Off,
        ..Settings::default()
    }
}
