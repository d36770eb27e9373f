//! `ssh.toml`: how one host's SSH service and the machine behind it behave.

use russh::{Preferred, cipher, compression, kex, keys::Algorithm, mac};
use serde::Deserialize;

use crate::persona::{Behaviour, Fault};

/// The behaviour file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshBehaviour {
    /// Identification line without CR LF (RFC 4253 4.2).
    pub banner: String,
    /// `KexAlgorithms`, in order.
    pub kex: Vec<String>,
    /// `Ciphers`, in order.
    pub ciphers: Vec<String>,
    /// `MACs`, in order.
    pub macs: Vec<String>,
    /// `HostKeyAlgorithms`, in order.
    pub host_keys: Vec<String>,
    /// `server-sig-algs` (RFC 8308 3.1) as the build sends it, in order.
    pub signature_algorithms: Vec<String>,
    /// `LoginGraceTime`, seconds.
    pub login_grace_seconds: u64,
    /// `MaxAuthTries`.
    pub max_auth_tries: usize,
    /// `MaxSessions`.
    pub max_sessions: usize,
    /// What a request to forward a port is told.
    pub tcp_forwarding: Forwarding,
    /// `ClientAliveInterval`, seconds; 0 turns it off.
    pub client_alive_seconds: u64,
    /// The machine behind it.
    pub machine: Machine,
    /// Accounts of the system beside Debian's own.
    #[serde(default)]
    pub user: Vec<User>,
    /// Owners, modes and dates of files below `files/`.
    #[serde(default)]
    pub file: Vec<FileEntry>,
    /// Programs that run beside Debian's own.
    #[serde(default)]
    pub process: Vec<Process>,
}

/// What a request to forward a port is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forwarding {
    /// `AllowTcpForwarding no`: administratively prohibited.
    Prohibited,
    /// Forwarding is on and nobody listens there: connection refused.
    Refused,
}

/// The hardware and network of the machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// `model name` of /proc/cpuinfo.
    pub cpu_model: String,
    /// Processors.
    pub cpus: u32,
    /// Memory in kB, as `MemTotal`.
    pub memory_kb: u64,
    /// Size of the root file system in 1K blocks.
    pub disk_kb: u64,
    /// Used part of it at `installed`, 1K blocks; it grows slowly.
    pub disk_used_kb: u64,
    /// Name of the network interface.
    pub interface: String,
    /// Prefix length of its network.
    pub prefix: u8,
    /// Build text of `uname -v`.
    pub kernel_build: String,
    /// When the system was installed: dates of its files.
    pub installed: jiff::Timestamp,
    /// Days between planned restarts.
    pub restart_days: i64,
}

/// One account of the system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Login name.
    pub name: String,
    /// User and group id.
    pub uid: u32,
    /// GECOS field.
    pub full_name: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

/// Facts of a file or directory of the pack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Absolute path on the decoy.
    pub path: String,
    /// Permission bits, octal.
    pub mode: String,
    /// Owner, a user of the system.
    pub owner: String,
    /// When it was changed last.
    #[serde(default)]
    pub modified: Option<jiff::Timestamp>,
}

/// One program that runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Whose it is.
    pub user: String,
    /// Its command line.
    pub command: String,
    /// Resident memory, kB.
    pub memory_kb: u64,
    /// Share of one processor, tenths of a percent.
    pub cpu_tenths: u32,
}

impl SshBehaviour {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// A located [`Fault`].
    pub fn read(behaviour: &Behaviour) -> Result<Self, Fault> {
        let this: SshBehaviour = behaviour.parse()?;
        let fault = |key: &str, problem: String| {
            Fault::at(&behaviour.file, &behaviour.text, behaviour.text.find(key).unwrap_or(0), problem)
        };
        if !this.banner.starts_with("SSH-2.0-") || this.banner.len() > 253 {
            return Err(fault(
                "banner",
                "expected a line that starts with SSH-2.0-, at most 253 bytes".into(),
            ));
        }
        this.preferred().map_err(|(key, name)| {
            fault(&key, format!("\"{name}\" is not an algorithm this decoy can speak"))
        })?;
        for entry in &this.file {
            if u32::from_str_radix(&entry.mode, 8).is_err() || !entry.path.starts_with('/') {
                return Err(fault(&entry.path, "expected an absolute path and an octal mode".into()));
            }
            if entry.owner != "root" && !this.user.iter().any(|u| u.name == entry.owner) {
                return Err(fault(
                    &entry.path,
                    format!("owner \"{}\" is no user of this system", entry.owner),
                ));
            }
        }
        Ok(this)
    }

    /// The lists as the library takes them.
    ///
    /// # Errors
    /// The key and the name that is unknown.
    pub fn preferred(&self) -> Result<Preferred, (String, String)> {
        let mut kexes: Vec<kex::Name> = names("kex", &self.kex)?;
        kexes.push(kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER);
        Ok(Preferred {
            kex: kexes.into(),
            cipher: names::<cipher::Name>("ciphers", &self.ciphers)?.into(),
            mac: names::<mac::Name>("macs", &self.macs)?.into(),
            key: self.key_algorithms()?.into(),
            compression: vec![compression::NONE].into(),
            ..Preferred::DEFAULT
        })
    }

    /// The library sends one list as `server-sig-algs` and, cut to the keys at hand, as host key
    /// algorithms: so the host keys must keep that list's order.
    fn key_algorithms(&self) -> Result<Vec<Algorithm>, (String, String)> {
        let unknown = |name: &String| ("signature_algorithms".to_owned(), name.clone());
        let mut order = self.signature_algorithms.iter();
        if let Some(name) = self.host_keys.iter().find(|name| !order.any(|s| s == *name)) {
            return Err(("host_keys".to_owned(), name.clone()));
        }
        self.signature_algorithms
            .iter()
            .map(|name| name.parse::<Algorithm>().map_err(|_| unknown(name)))
            .collect()
    }
}

fn names<T: for<'a> TryFrom<&'a str>>(key: &str, list: &[String]) -> Result<Vec<T>, (String, String)> {
    list.iter().map(|name| T::try_from(name).map_err(|_| (key.to_owned(), name.clone()))).collect()
}
