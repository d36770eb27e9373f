//! What an interface may know of its host and of its caller.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::samr_info::filetime;
use super::services;
use super::sid::Sid;
use crate::persona::{Host, Installation, Pack, Protocol, Running};
use crate::session::windows_names;
use crate::wire::ntlm::Names;

/// A Windows host as all of its interfaces see it, and who calls.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The host's name in the pack.
    pub host: String,
    /// Its names.
    pub names: Names,
    /// Its address.
    pub address: IpAddr,
    /// Its Windows.
    pub windows: Windows,
    /// What it shares, in the order in which it lists them.
    pub shares: Vec<ShareInfo>,
    /// Its own accounts, by their numbers.
    pub accounts: Vec<AccountInfo>,
    /// The SID of its own accounts.
    pub machine: Sid,
    /// The SID of its domain, of members.
    pub domain: Option<Sid>,
    /// TCP ports at which its processes answer, beside 135.
    pub endpoints: Vec<Endpoint>,
    /// What makes the installation differ.
    pub installation: Installation,
    /// Since when it runs.
    pub running: Running,
    /// Whether a SQL Server runs on it.
    pub has_sql_server: bool,
    /// Who calls.
    pub caller: Caller,
}

/// `rpc.toml` of a host: which process answers at which port.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Ports beside 135, which is the endpoint mapper's.
    #[serde(rename = "endpoint")]
    pub endpoints: Vec<Endpoint>,
}

/// A port and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The TCP port.
    pub port: u16,
    /// The process: `wininit`, `eventlog`, `schedule`, `lsass`, `spooler`, `services`.
    pub process: String,
}

/// Which Windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// Its name, as the persona has it.
    pub name: String,
    /// Major version.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
    /// Build.
    pub build: u32,
    /// Whether it is a server's edition.
    pub is_server: bool,
}

impl Windows {
    /// Whether it is as new as a build: 9600 is 2012 R2 and 8.1, 14393 is 2016, 17763 is 2019.
    pub fn since(&self, build: u32) -> bool {
        self.build >= build
    }
}

/// Something shared, MS-SRVS 2.2.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareInfo {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ShareKind,
    /// Its comment.
    pub comment: String,
    /// Its folder on the host.
    pub path: String,
}

/// What is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareKind {
    /// A folder.
    Disk,
    /// A folder for administrators: `C$`, `ADMIN$`.
    Administrative,
    /// `IPC$`.
    Ipc,
}

impl ShareKind {
    /// STYPE_…, MS-SRVS 2.2.2.4.
    pub fn number(self) -> u32 {
        match self {
            ShareKind::Disk => 0,
            ShareKind::Administrative => 0x8000_0000,
            ShareKind::Ipc => 0x8000_0003,
        }
    }
}

/// An account of the host itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountInfo {
    /// Its number, the last part of its SID.
    pub rid: u32,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub full_name: String,
    /// Its description.
    pub comment: String,
    /// Whether it is of the administrators.
    pub is_administrator: bool,
    /// Whether it is switched off.
    pub is_disabled: bool,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// His account, as he names it; empty for nobody.
    pub account: String,
    /// The domain that he names.
    pub domain: String,
    /// What he may do.
    pub rights: Rights,
    /// His machine, as he names it or by its address.
    pub client: String,
    /// When he logged on.
    pub since: Timestamp,
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rights {
    /// He gave no name.
    Anonymous,
    /// He was let in as a guest.
    Guest,
    /// A user.
    User,
    /// An administrator.
    Administrator,
}

impl Caller {
    /// Nobody.
    pub fn nobody(client: &str, now: Timestamp) -> Self {
        Caller {
            account: String::new(),
            domain: String::new(),
            rights: Rights::Anonymous,
            client: client.to_owned(),
            since: now,
        }
    }

    /// Whether he may do what administrators may.
    pub fn is_administrator(&self) -> bool {
        self.rights == Rights::Administrator
    }
}

impl Setting {
    /// A host of a pack, with nobody calling and nothing shared.
    pub fn of(pack: &Pack, host: &Host) -> Self {
        let names = windows_names(host, &pack.hospital);
        let member = names.dns_tree.is_some();
        Setting {
            host: host.name.clone(),
            address: host.address,
            windows: windows(host),
            shares: Vec::new(),
            accounts: accounts(host),
            machine: Sid::of(&pack.installation, &names.netbios_computer),
            domain: member.then(|| Sid::of(&pack.installation, &names.netbios_domain)),
            endpoints: endpoints(host),
            installation: pack.installation.clone(),
            running: Running::of(pack, host),
            has_sql_server: host.services.iter().any(|service| service.protocol == Protocol::Tds),
            caller: Caller::nobody("", Timestamp::UNIX_EPOCH),
            names,
        }
    }

    /// The port at which a process answers.
    pub(super) fn port(&self, process: &str) -> Option<u16> {
        self.endpoints.iter().find(|endpoint| endpoint.process == process).map(|endpoint| endpoint.port)
    }

    /// How long it has been up.
    pub fn up(&self, now: Timestamp) -> Duration {
        now.duration_since(self.running.booted(now)).unsigned_abs()
    }

    /// Display names of the services that run.
    pub fn running_services(&self) -> Vec<String> {
        services::of_windows(self)
            .into_iter()
            .filter(|service| service.is_running)
            .map(|s| s.display)
            .collect()
    }

    /// When it was installed.
    pub(super) fn installed_at(&self) -> Timestamp {
        self.running.installed_at()
    }

    /// When an account's password was set, as a FILETIME: in the year after the installation.
    pub(super) fn password_set(&self, account: &AccountInfo) -> u64 {
        let label = format!("rpc/{}/password/{}", self.host, account.rid);
        let seconds = self.installation.number(&label, 360 * 86_400);
        filetime(self.installed_at()).saturating_add(seconds * 10_000_000)
    }

    /// Its domain's name, or that of its workgroup.
    pub fn group(&self) -> String {
        match self.domain {
            Some(_) => self.names.netbios_domain.clone(),
            None => "WORKGROUP".to_owned(),
        }
    }

    /// A share by its name, in whatever case.
    pub fn share(&self, name: &str) -> Option<&ShareInfo> {
        self.shares.iter().find(|share| share.name.eq_ignore_ascii_case(name))
    }

    /// An account of the host by its name, in whatever case.
    pub fn account(&self, name: &str) -> Option<&AccountInfo> {
        self.accounts.iter().find(|account| account.name.eq_ignore_ascii_case(name))
    }

    /// The SID by which the caller is known here.
    pub fn caller_sid(&self) -> Sid {
        match self.account(&self.caller.account) {
            Some(account) => self.machine.with(account.rid),
            None => Sid::nt(&[7]),
        }
    }
}

fn windows(host: &Host) -> Windows {
    let mut parts = host.os.kernel.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let name = host.os.name.clone();
    let is_server = name.contains("Server");
    Windows { name, major: next(), minor: next(), build: next(), is_server }
}

/// Built-in accounts, then those of the persona that log on to Windows.
fn accounts(host: &Host) -> Vec<AccountInfo> {
    let built_in = |rid, name: &str, comment: &str| AccountInfo {
        rid,
        name: name.to_owned(),
        full_name: String::new(),
        comment: comment.to_owned(),
        is_administrator: rid == 500,
        is_disabled: rid != 500,
    };
    let mut accounts = vec![
        built_in(500, "Administrator", "管理计算机(域)的内置帐户"),
        built_in(501, "Guest", "供来宾访问计算机或访问域的内置帐户"),
    ];
    if windows(host).since(14_393) {
        accounts.push(built_in(503, "DefaultAccount", "系统管理的用户帐户。"));
    }
    let administrators = administrators(host);
    let own = host.accounts.iter().filter(|account| account.services.iter().any(|s| is_windows(*s)));
    for (rid, account) in (1000..).zip(own) {
        if let Some(known) = accounts.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&account.name))
        {
            known.is_disabled = false;
            continue;
        }
        accounts.push(AccountInfo {
            rid,
            name: account.name.clone(),
            full_name: account.full_name.clone(),
            comment: String::new(),
            is_administrator: administrators.iter().any(|name| name.eq_ignore_ascii_case(&account.name)),
            is_disabled: false,
        });
    }
    accounts
}

/// Accounts of the persona that are administrators: file sharing says so.
fn administrators(host: &Host) -> Vec<String> {
    let service = host.services.iter().find(|service| service.protocol.as_str() == "smb");
    let table = service.and_then(|service| service.behaviour.parse::<toml::Table>().ok());
    let names = table.as_ref().and_then(|table| table.get("administrators")?.as_array());
    names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Whether a service's accounts are those of Windows itself.
pub(super) fn is_windows(protocol: Protocol) -> bool {
    matches!(protocol.as_str(), "smb" | "rdp" | "rpc" | "winrm")
}

fn endpoints(host: &Host) -> Vec<Endpoint> {
    let service = host.services.iter().find(|service| service.protocol.as_str() == "rpc");
    let known = service.and_then(|service| service.behaviour.parse::<Behaviour>().ok());
    known.map(|behaviour| behaviour.endpoints).unwrap_or_default()
}
