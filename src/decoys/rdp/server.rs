//! One host's Remote Desktop, shared by its connections.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;
use rustls::ServerConfig;

use super::behaviour::Behaviour;
use super::security::HostKey;
use crate::decoys::Making;
use crate::persona::{Account, Host, Pack, Protocol};
use crate::session::{TlsRules, heavy, tls_config, windows_certificate, windows_names};
use crate::wire::ntlm::Names;

/// What a host is to those who connect.
pub(super) struct Server {
    pub(super) behaviour: Behaviour,
    /// The host's names.
    pub(super) names: Names,
    pub(super) host: Arc<Host>,
    pack: Arc<Pack>,
    certified: Mutex<Option<Certified>>,
    host_key: OnceLock<Option<Arc<HostKey>>>,
}

/// The certificate at hand.
#[derive(Clone)]
pub(super) struct Certified {
    /// What TLS is made with.
    pub(super) config: Arc<ServerConfig>,
    /// The key that CredSSP binds to.
    pub(super) public_key: Vec<u8>,
    ends: Timestamp,
}

impl Server {
    pub(super) fn new(behaviour: Behaviour, making: &Making) -> Arc<Self> {
        Arc::new(Server {
            behaviour,
            names: windows_names(&making.host, &making.pack.hospital),
            host: Arc::clone(&making.host),
            pack: Arc::clone(&making.pack),
            certified: Mutex::default(),
            host_key: OnceLock::new(),
        })
    }

    /// The certificate that the host has now; `None` where none can be made.
    pub(super) fn certified(&self, now: Timestamp) -> Option<Certified> {
        let mut held = self.certified.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_none_or(|certified| certified.ends <= now) {
            *held = heavy(|| self.certify(now));
        }
        held.clone()
    }

    fn certify(&self, now: Timestamp) -> Option<Certified> {
        let made = windows_certificate(&self.pack, &self.host, self.behaviour.certificate.sha1, now);
        let certified = made.and_then(|made| {
            let config = tls_config(made.host, TlsRules { schannel: true, ..TlsRules::default() })?;
            Ok(Certified { config, public_key: made.public_key, ends: made.ends })
        });
        certified.inspect_err(|error| tracing::error!(%error, "no TLS for Remote Desktop")).ok()
    }

    /// The key of standard RDP security; `None` where none can be made.
    pub(super) fn host_key(&self) -> Option<Arc<HostKey>> {
        let make = || {
            let seed = self.pack.installation.derive(&format!("rdp/{}/host-key", self.host.name));
            let made = heavy(|| HostKey::make(seed, self.behaviour.core.bits));
            made.inspect_err(|error| tracing::error!(%error, "no key for Remote Desktop")).ok().map(Arc::new)
        };
        self.host_key.get_or_init(make).clone()
    }

    /// The lure account of that name: Windows knows no case in names. A name may have its domain before
    /// or behind it.
    pub(super) fn account(&self, name: &str) -> Option<&Account> {
        let name = name.rsplit('\\').next().unwrap_or(name);
        let name = name.split('@').next().unwrap_or(name);
        let is = |account: &&Account| {
            account.services.contains(&Protocol::Rdp) && account.name.eq_ignore_ascii_case(name)
        };
        self.host.accounts.iter().find(is)
    }
}
