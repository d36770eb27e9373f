//! One server, shared by its connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rustls::ServerConfig;

use super::Behaviour;
use crate::database::Catalog;
use crate::decoys::Making;
use crate::persona::{self, CertifiedHost, SelfSigned};
use crate::session::{TlsRules, heavy, tls_config, windows_names};
use crate::wire::ntlm::Names;

/// The first process id of a user: lower ones are the server's own.
const FIRST_SPID: u16 = 51;
/// Process ids are given again after so many.
const SPIDS: u16 = 250;
/// Logins whose failures are counted; only those that exist can be locked.
const MAX_COUNTED: usize = 64;

/// The server that a host claims to run.
pub(super) struct Server {
    pub(super) behaviour: Behaviour,
    /// What it holds.
    pub(super) catalog: Arc<Catalog>,
    /// Its name in messages: the host's NetBIOS name, with the instance where that is no default one.
    pub(super) name: String,
    /// The host's names, which NTLM tells.
    pub(super) names: Names,
    making: Certificate,
    tls: OnceLock<Option<Arc<ServerConfig>>>,
    next_spid: AtomicU16,
    failures: Mutex<BTreeMap<String, Failures>>,
}

/// What its certificate is made from.
struct Certificate {
    pack: Arc<persona::Pack>,
    host: Arc<persona::Host>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Server {
    pub(super) fn new(behaviour: Behaviour, catalog: Arc<Catalog>, making: &Making) -> Arc<Self> {
        let (host, hospital) = (&making.host, &making.pack.hospital);
        let names = windows_names(host, hospital);
        let name = match behaviour.instance.as_str() {
            "MSSQLSERVER" => names.netbios_computer.clone(),
            instance => format!("{}\\{instance}", names.netbios_computer),
        };
        // Where a server has been up for a while, process ids are anywhere.
        let first = making.pack.installation.number(&format!("tds/{}/spid", host.name), 40);
        let server = Arc::new(Server {
            behaviour,
            catalog,
            name,
            names,
            making: Certificate { pack: Arc::clone(&making.pack), host: Arc::clone(host) },
            tls: OnceLock::new(),
            next_spid: AtomicU16::new(u16::try_from(first).unwrap_or(0)),
            failures: Mutex::default(),
        });
        // A key takes some hundred milliseconds: it is made before somebody waits for it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let early = Arc::clone(&server);
            runtime.spawn_blocking(move || early.tls().is_some());
        }
        server
    }

    /// What it encrypts with; `None` where it can't.
    pub(super) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.tls.get_or_init(|| heavy(|| self.make_tls())).clone()
    }

    fn make_tls(&self) -> Option<Arc<ServerConfig>> {
        let made = self.making.make(&self.behaviour);
        // Windows Server 2012 R2 and its kin know TLS 1.2 at most.
        let config =
            made.and_then(|made| tls_config(made, TlsRules { schannel: true, ..TlsRules::default() }));
        config.inspect_err(|error| tracing::error!(%error, "no TLS for SQL Server")).ok()
    }

    pub(super) fn next_spid(&self) -> u16 {
        FIRST_SPID + self.next_spid.fetch_add(1, Ordering::Relaxed) % SPIDS
    }

    /// Whether a login is locked.
    pub(super) fn is_locked(&self, login: &str, now: Timestamp) -> bool {
        let (after, minutes) = (self.behaviour.login.lock_after, self.behaviour.login.lock_minutes);
        let open_again = SignedDuration::from_mins(i64::from(minutes));
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        after > 0
            && failures
                .get(&login.to_lowercase())
                .is_some_and(|f| f.count >= after && now.duration_since(f.last) < open_again)
    }

    /// Counts a wrong password, or forgets those before a right one.
    pub(super) fn note_password(&self, login: &str, right: bool, now: Timestamp) {
        if self.behaviour.login.lock_after == 0 {
            return;
        }
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let login = login.to_lowercase();
        if right {
            failures.remove(&login);
        } else if failures.len() < MAX_COUNTED || failures.contains_key(&login) {
            let entry = failures.entry(login).or_insert(Failures { count: 0, last: now });
            *entry = Failures { count: entry.count.saturating_add(1), last: now };
        }
    }
}

impl Certificate {
    fn make(&self, behaviour: &Behaviour) -> Result<CertifiedHost, String> {
        let tls = &behaviour.tls;
        if tls.common_name.is_empty() {
            return persona::certificate(&self.pack, &self.host);
        }
        let rules = SelfSigned { common_name: &tls.common_name, days: tls.days, installed: tls.made };
        persona::self_signed(&self.pack.installation, &format!("{}/tds", self.host.name), &rules)
    }
}
