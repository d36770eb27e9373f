//! The machine under a server, as commands on it show it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::drives::Drives;
use crate::persona::{Account, Hospital, Host, Installation, Pack, Protocol, Running};

/// Seconds after the machine's start at which the server is up, and how much that differs.
const SERVER_LATE: (u64, u64) = (70, 90);

/// The machine.
#[derive(Debug)]
pub(in crate::database) struct Machine {
    host: Host,
    pub hospital: Arc<Hospital>,
    running: Running,
    installation: Installation,
    pub drives: Drives,
    /// Other machines of the network: those that stand here.
    pub neighbours: Vec<Neighbour>,
}

/// Another machine.
#[derive(Debug, Clone)]
pub(in crate::database) struct Neighbour {
    pub hostname: String,
    pub address: IpAddr,
    pub windows: bool,
    /// Whether the IT department runs it: it is in the same domain, or named as its servers are.
    pub member: bool,
}

impl Machine {
    pub(super) fn of(pack: &Pack, host: &Host) -> Machine {
        let others = pack.hosts.iter().filter(|other| other.name != host.name);
        let neighbour = |other: &Arc<Host>| Neighbour {
            hostname: other.hostname.clone(),
            address: other.address,
            windows: other.os.family == "windows",
            member: (!other.os.domain.is_empty() && other.os.domain == host.os.domain)
                || other.hostname.to_lowercase().starts_with(&pack.hospital.code.to_lowercase()),
        };
        Machine {
            host: host.clone(),
            hospital: Arc::clone(&pack.hospital),
            running: Running::of(pack, host),
            drives: Drives::of(pack, host),
            installation: pack.installation.clone(),
            neighbours: others.map(neighbour).collect(),
        }
    }

    /// Its name as Windows has it: upper case, 15 characters at most.
    pub(in crate::database) fn computer(&self) -> String {
        self.host.hostname.to_uppercase().chars().take(15).collect()
    }

    /// Its name as it was given.
    pub(in crate::database) fn hostname(&self) -> &str {
        &self.host.hostname
    }

    /// The NetBIOS name of its domain; empty where it has none.
    pub(in crate::database) fn domain(&self) -> &str {
        &self.host.os.domain
    }

    /// Its operating system's name and build.
    pub(in crate::database) fn system(&self) -> (&str, &str) {
        (&self.host.os.name, &self.host.os.kernel)
    }

    /// Its address; one of version 6 is none that its commands would show.
    pub(in crate::database) fn address(&self) -> Ipv4Addr {
        match self.host.address {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        }
    }

    /// Its ports of TCP, in order.
    pub(in crate::database) fn ports(&self) -> Vec<(Protocol, u16)> {
        let mut ports: Vec<_> = self
            .host
            .services
            .iter()
            .filter(|service| service.protocol.transport() == crate::persona::Transport::Tcp)
            .map(|service| (service.protocol, service.port))
            .collect();
        ports.sort_by_key(|(_, port)| *port);
        ports
    }

    /// Accounts of the machine itself, not of its database.
    pub(in crate::database) fn users(&self) -> Vec<&Account> {
        let of_server = |account: &&Account| {
            !account.services.iter().all(|p| *p == Protocol::Tds || *p == Protocol::Mysql)
        };
        self.host.accounts.iter().filter(of_server).collect()
    }

    /// The password of a login of the server, where it is a lure's.
    pub(in crate::database) fn password(&self, login: &str) -> Option<&str> {
        let account = self.host.accounts.iter().find(|account| account.name.eq_ignore_ascii_case(login));
        account.map(|account| account.password.as_str())
    }

    /// Its hardware address.
    pub(in crate::database) fn hardware(&self) -> [u8; 6] {
        self.host.mac
    }

    /// Bytes of this installation and this host, for one purpose.
    pub(in crate::database) fn derive(&self, purpose: &str) -> [u8; 32] {
        self.installation.derive(&format!("machine/{}/{purpose}", self.host.name))
    }

    /// A number below `bound` of this installation and this host.
    pub(in crate::database) fn number(&self, purpose: &str, bound: u64) -> u64 {
        self.installation.number(&format!("machine/{}/{purpose}", self.host.name), bound)
    }

    /// When it was installed, local time.
    pub(in crate::database) fn installed(&self) -> DateTime {
        self.running.installed
    }

    /// When it was started last, local time.
    pub(in crate::database) fn booted(&self, now: Timestamp) -> DateTime {
        let zone = Offset::from_seconds(self.running.offset_minutes * 60).unwrap_or(Offset::UTC);
        zone.to_datetime(self.running.booted(now))
    }

    /// When the server on it was started last, local time.
    pub(in crate::database) fn served(&self, now: Timestamp) -> DateTime {
        let (least, more) = SERVER_LATE;
        let millis = i64::try_from(least * 1_000 + self.number("server", more * 1_000)).unwrap_or(0);
        let zone = Offset::from_seconds(self.running.offset_minutes * 60).unwrap_or(Offset::UTC);
        let up = self.booted(now).saturating_add(jiff::Span::new().milliseconds(millis));
        up.min(zone.to_datetime(now))
    }
}
